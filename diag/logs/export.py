"""A diagnosis as CSV and as one HTML page that needs nothing else. Text of logs is escaped: it is never markup."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from html import escape
from typing import Any

_COLUMNS = ("role", "file", "line", "time", "module", "level", "code", "rule", "count", "node", "operator", "text")
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70em;
margin:2em auto;padding:0 1em;color:#222;background:#fff}
h1{font-size:1.3em}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3em .5em;
text-align:left;vertical-align:top}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f5f5;padding:.7em}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1c1c1c}pre{background:#2a2a2a}td,th{border-color:#444}}"""


def to_csv(document: Mapping[str, Any]) -> str:
    """The chain, cause first, one line a row. A text that a spreadsheet would take for a formula gets a quote."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow((*_COLUMNS, "title"))
    for item in document["chain"]:
        writer.writerow([_plain(item[name]) for name in _COLUMNS] + [_plain(item["finding"]["title"])])
    return out.getvalue()


def to_html(document: Mapping[str, Any], lang: str) -> str:
    """The whole answer as a page."""
    first, *rest = document["headline"]
    root = document["root_cause"]
    parts = [f"<h1>{escape(first)}</h1>", *(f"<p>{escape(line)}</p>" for line in rest)]
    if root is not None:
        parts.append(f"<pre>{escape(root['text'])}</pre>")
    parts.append(_table(("line", "file", "module", "code", "count", "text"), [
        (item["line"], item["file"], item["module"], item["code"], item["count"],
         f"{item['finding']['title']}\n{item['text']}") for item in document["chain"]]))
    parts.append(_table(("code", "count", "family", "meaning"), [
        (item["code"], item["count"], item["family"], item["meaning"]) for item in document["codes"]]))
    parts += [f"<p>{escape(note)}</p>" for note in document["notes"]]
    return (f'<!doctype html><html lang="{escape(lang)}"><head><meta charset="utf-8"><title>{escape(first)}</title>'
            f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n")


def _table(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") and not text.lstrip("-").isdigit() else text
