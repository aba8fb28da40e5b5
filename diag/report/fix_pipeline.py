"""A pipeline's repair as a document (``diag.fix/1``, kind ``fix_pipeline``), as a sheet and as CSV."""

from __future__ import annotations

import math
import shlex
from typing import Any

from diag.report import fix as one_fix
from diag.report.catalogues import labels, remedy_words
from diag.report.csv_ import csv_text
from diag.report.document import told
from diag.report.numbers import error
from diag.report.sheet import Column, Findings, Lines, Part, Sheet, Table
from diag.rules import Lang
from diag.types.fix import PipelineFix, SubmodelFix
from diag.workspace.codec import to_json


def document(found: PipelineFix, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API. ``submodels`` hold one ``diag.fix/1`` document each."""
    facts: dict[str, Any] = to_json(found)
    return {
        "schema": "diag.fix/1", "kind": "fix_pipeline", "verdict": facts["verdict"], "headline": headline(found, lang),
        "findings": [told(f, lang) for s in found.submodels for f in s.fix.findings],
        "environment": facts["environment"], "timing": {"wall_s": facts["wall_s"]},
        "memory": {"peak_bytes": facts["peak_bytes"]}, "run": facts["run"], "options": facts["options"],
        "command": shlex.join(["diag", "fix", found.spec]), "spec": facts["spec"], "fixed": facts["fixed"],
        "before": facts["before"], "after": facts["after"], "culprits": facts["culprits"], "left": facts["left"],
        "psnr": facts["psnr"],
        "submodels": [{"name": s.name, "fix": one_fix.document(s.fix, lang)} for s in found.submodels],
    }


def headline(found: PipelineFix, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    text = remedy_words(lang)["fix_pipeline"]
    if not found.culprits:
        return text["headline_healthy"]
    key = "headline_fail" if found.left else "headline_pass"
    return text[key].format(names=", ".join(found.culprits), left=", ".join(found.left))


def sheet(found: PipelineFix, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text, verdicts = remedy_words(lang)["fix_pipeline"], labels(lang)["verdict"]
    parts: list[Part] = []
    if found.submodels:
        columns = (Column(text["submodel"]), Column(text["result"]), Column(text["before"], right=True),
                   Column(text["after"], right=True), Column(text["what"], wide=True))
        parts.append(Table(text["submodels"], columns, tuple(_row(s, text) for s in found.submodels)))
    after = "–" if found.after is None else verdicts[found.after]
    lines = [text["searched"].format(before=verdicts[found.before], after=after)]
    if any(map(math.isfinite, found.psnr)):
        lines.append(text["psnr"].format(before=_db(found.psnr[0]), after=_db(found.psnr[1])))
    if found.fixed:
        lines.append(text["spec"].format(path=found.fixed))
    parts.append(Lines(text["pictures"], tuple(lines)))
    for submodel in found.submodels:
        parts += [p for p in one_fix.sheet(submodel.fix, lang).parts if not isinstance(p, Findings)]
    parts.append(Lines(text["how"], (text["how_text"], f"{found.wall_s:.1f} s")))
    return Sheet(found.verdict, headline(found, lang), tuple(parts))


def to_csv(found: PipelineFix) -> str:
    """One row a try of any submodel."""
    return csv_text(("submodel", *one_fix.COLUMNS), ((submodel.name, *row) for submodel in found.submodels
                                                  for row in one_fix.rows(submodel.fix)))


def _row(submodel: SubmodelFix, text: Any) -> tuple[str, ...]:  # noqa: ANN401 - words by key
    fix = submodel.fix
    if fix.proved is None:
        return submodel.name, text["not_fixed"], error(fix.before.error), "", ""
    one = fix.tries[fix.proved]
    return (submodel.name, text["proved"], error(fix.before.error), error(one.after.error if one.after else None),
            " + ".join((*one.base, one.name)))


def _db(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "–"
