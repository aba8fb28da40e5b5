"""A diagnosis as plain text for an issue tracker."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from app.i18n import Lang
from app.pages.logs.plain import shown
from diag import __version__
from diag.logs.diagnosis import LogDiagnosis
from diag.logs.words import explain, three_lines

_CHAIN = 12


def issue_text(found: LogDiagnosis, lang: Lang) -> str:
    """Markdown in which every text of a log stands in a fence, so that nothing of it is markup."""
    return "\n".join(_lines(found, lang)) + "\n"


def _lines(found: LogDiagnosis, lang: Lang) -> Iterator[str]:
    yield "```text"
    yield from (_fenced(line) for line in three_lines(found, lang))
    yield ""
    for cause in found.chain[:_CHAIN]:
        yield _fenced(f"{cause.role}: {explain(cause, lang).title}  [{cause.rule}, x{cause.count}]")
        yield "    " + _fenced(f"{cause.file}:{cause.line}: {cause.text.strip()[:800]}")
    yield "```"
    if found.codes:
        yield "Codes: " + ", ".join(f"{seen.code} x{seen.count}" for seen in found.codes[:20])
    yield f"Outcome: {found.outcome}; lines: {found.counts.lines:,} in {len(found.files):,} files"
    yield f"Ascend Diag {__version__}, Python {platform.python_version()}, {platform.platform()}"


def _fenced(text: str) -> str:
    return shown(text).replace("```", "'''")
