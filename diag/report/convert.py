"""Conversions as the document ``diag.convert/1``, as a sheet (terminal, HTML) and as CSV."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from diag.report.catalogues import convert_words, labels
from diag.report.csv_ import csv_text
from diag.report.document import told
from diag.report.numbers import error
from diag.report.sheet import Column, Findings, Lines, Part, Sheet, Table
from diag.rules import Lang
from diag.tools.converter.command import shell
from diag.tools.converter.config import config_text
from diag.tools.converter.profiles import shapes_text
from diag.types.conversion import Conversion, Conversions, ConvertStatus, RootCause, Smoke
from diag.workspace.codec import to_json

_COLUMNS = ("model", "source", "output", "status", "tool", "version", "seconds", "smoke_runtime", "smoke_verdict",
            "rel_l2", "root_cause", "rewrites", "log", "command")
_GOOD = (ConvertStatus.OK, ConvertStatus.KEPT)


def document(found: Conversions, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    facts: dict[str, Any] = to_json(replace(found, findings=(), models=()))
    return {
        "schema": "diag.convert/1", "kind": "convert", "verdict": facts["verdict"], "headline": headline(found, lang),
        "findings": [told(f, lang) for f in found.findings], "environment": facts["environment"],
        "timing": {"wall_s": facts["wall_s"]}, "memory": {"peak_bytes": facts["peak_bytes"]}, "run": facts["run"],
        "models": [_model(model, lang) for model in found.models],
    }


def headline(found: Conversions, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    text, status = convert_words(lang)["convert"], convert_words(lang)["status"]
    good = sum(m.status in _GOOD for m in found.models)
    if len(found.models) == 1:
        model = found.models[0]
        key = "ok" if model.status in _GOOD else str(model.status)
        reason = text["proof"].format(runtime=_where(model.smoke)) if model.smoke is not None else ""
        return text[f"headline_one_{key}"].format(name=model.name or model.source.name, reason=reason)
    if good == len(found.models):
        return text["headline_all"].format(count=good)
    bad = Counter(m.status for m in found.models if m.status not in _GOOD)
    words = ", ".join(f"{count} {status[str(kind)]}" for kind, count in bad.items())
    return text["headline_some"].format(good=good, count=len(found.models), bad=words)


def sheet(found: Conversions, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text = convert_words(lang)["convert"]
    parts: list[Part] = [_models(found, lang)]
    rewritten = [text["rewritten"].format(name=m.name, rewrites=", ".join(m.rewrites), change=f"{m.change:.2g}",
                                          path=m.rewritten.with_suffix(".diff") if m.rewritten else "–")
                 for m in found.models if m.rewrites]
    if rewritten:
        parts.append(Lines(text["rewrites"], tuple(rewritten)))
    causes = [line for m in found.models if m.root_cause is not None for line in _cause(m, m.root_cause, lang)]
    if causes:
        parts.append(Lines(text["causes"], tuple(causes)))
    if found.findings:
        parts.append(Findings(text["findings"], found.findings))
    profiles = [(m, s) for m in found.models for s in m.smokes if s.profile]
    if profiles:
        parts.append(_profiles(profiles, lang))
    parts.append(Lines(text["commands"], tuple(shell(m.command) for m in found.models if m.command), code=True))
    parts += [Lines(text["config"].format(name=m.name or m.source.name), tuple(config_text(m.config).splitlines()),
                    code=True) for m in found.models if m.config]
    parts.append(Lines(text["how"], (text["how_success"], text["how_smoke"], text["how_log"])))
    return Sheet(found.verdict, headline(found, lang), tuple(parts))


def to_csv(found: Conversions) -> str:
    """One row a model."""
    return csv_text(_COLUMNS, (
        (m.name, str(m.source), str(m.output or ""), m.status, m.tool, m.tool_version, f"{m.seconds:.3f}",
         _where(m.smoke) if m.smoke else "", m.smoke.verdict if m.smoke else "", _worst(m.smoke),
         m.root_cause.text if m.root_cause else "", " ".join(m.rewrites), str(m.log or ""), shell(m.command))
        for m in found.models))


def _model(model: Conversion, lang: Lang) -> dict[str, Any]:
    facts: dict[str, Any] = to_json(replace(model, findings=(), root_cause=None))
    del facts["findings"]
    facts["command"] = shell(model.command)
    facts["smoke"] = facts["smoke"] or {}
    facts["root_cause"] = _told_cause(model.root_cause, lang)
    return facts


def _told_cause(cause: RootCause | None, lang: Lang) -> dict[str, Any] | None:
    if cause is None:
        return None
    finding: dict[str, Any] = to_json(cause.finding)
    said = cause.words.get(lang)
    if said is not None:
        finding = {**finding, "title": said.title, "explanation": said.explanation,
                   "advice": [said.advice] if said.advice else []}
    return {"file": cause.file, "line": cause.line, "text": cause.text, "finding": finding}


def _models(found: Conversions, lang: Lang) -> Table:
    text, status = convert_words(lang)["convert"], convert_words(lang)["status"]
    columns = (Column(text["model"], wide=True), Column(text["state"]), Column(text["seconds"], right=True),
               Column(text["run"]), Column(text["error"], right=True), Column(text["converter"], spare=True),
               Column(text["file"], spare=True))
    rows = []
    for m in found.models:
        run = text["not_run"] if m.smoke is None or not m.smoke.ran else \
            f"{_where(m.smoke)}: {labels(lang)['verdict'][str(m.smoke.verdict)]}"
        rows.append((m.name or m.source.name, status[str(m.status)], f"{m.seconds:.1f}", run, error(_worst(m.smoke)),
                     f"{m.tool} {m.tool_version}".strip(), str(m.output or "–")))
    return Table(text["models"], columns, tuple(rows), note=text["error_name"], limit=100)


def _profiles(rows: list[tuple[Conversion, Smoke]], lang: Lang) -> Table:
    text = convert_words(lang)["convert"]
    columns = (Column(text["model"], wide=True), Column("#", right=True), Column(text["shapes"]),
               Column(text["verdict"]), Column(text["error"], right=True))
    cells = tuple((m.name, str(s.profile), shapes_text(s.shapes),
                   labels(lang)["verdict"][str(s.verdict)] if s.ran else s.problem, error(_worst(s))) for m, s in rows)
    return Table(text["profiles"], columns, cells, limit=100)


def _cause(model: Conversion, cause: RootCause, lang: Lang) -> list[str]:
    said: Mapping[str, Any] = cause.words
    words = said.get(lang)
    name = model.name or model.source.name
    place = f"{cause.file}:{cause.line}" if cause.line else cause.file
    lines = [f"{name}: {words.title if words else cause.finding.code}", f"  {place}: {cause.text.strip()[:300]}"]
    return [*lines, *([f"  {words.explanation}", f"  {words.advice}"] if words else [])]


def _where(smoke: Smoke | None) -> str:
    return f"{smoke.runtime} {smoke.runtime_version}".strip() if smoke is not None else ""


def _worst(smoke: Smoke | None) -> float:
    """Largest relative L2 error of the outputs; NaN where none was compared."""
    errors = [o.cumulative.rel_l2 for o in smoke.outputs if o.cumulative is not None] if smoke is not None else []
    return max((e for e in errors if not math.isnan(e)), default=math.nan)
