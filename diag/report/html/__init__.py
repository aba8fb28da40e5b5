"""One self-contained HTML file: it works offline, loads nothing, and runs no script but its own.

The parts (page.html, style.css, *.js) lie beside this file and are put together when a report is written. Names that
come from models are text for the script, never markup; a content security policy by hash would stop anything else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from importlib.resources import files

from diag.report.catalogues import labels
from diag.report.headline import headline
from diag.report.html.data import Histogram, embed, page_data
from diag.rules import Lang
from diag.types.comparison import Comparison

__all__ = ["Histogram", "render"]

_SCRIPTS = ("core.js", "table.js", "curve.js", "details.js", "sections.js", "main.js")
_LANGUAGE = {"en": "en", "zh": "zh-CN"}


def render(comparison: Comparison, lang: Lang = "en", *, histograms: Mapping[str, Histogram] | None = None) -> str:
    """The page as text. ``histograms``, by golden tensor, worst first, are drawn where they are given."""
    said = headline(comparison, lang)
    text = labels(lang)
    verdict, _, sentence = said.partition(text["headline"]["colon"])
    script = "(() => {\n'use strict';\n" + "\n".join(map(_part, _SCRIPTS)) + "\n})();"
    style = _part("style.css")
    values = {
        "lang": _LANGUAGE[lang], "title": html.escape(f"{said} – Ascend Diag"),
        "policy": f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; "
                  "form-action 'none'",
        "style": style, "script": script, "verdict": html.escape(comparison.verdict.value),
        "banner": html.escape(verdict), "headline": html.escape(sentence[:1].upper() + sentence[1:]),
        "no_script": html.escape(text["html"]["no_script"]),
        "data": embed(page_data(comparison, lang, histograms or {})),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], _part("page.html"))


def _part(name: str) -> str:
    return (files("diag.report.html") / name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
