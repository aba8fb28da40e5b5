"""An emulation as the document ``diag.precision/1``, as a sheet (terminal, HTML) and as CSV."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from diag.report.catalogues import labels, remedy_words
from diag.report.csv_ import csv_text
from diag.report.document import told
from diag.report.numbers import error, factor, nbytes
from diag.report.reproduce import line
from diag.report.scatter import Axis, Dot, scatter
from diag.report.sheet import Chart, Column, Findings, Lines, Part, Sheet, Table
from diag.rules import Lang
from diag.types.layer import Verdict
from diag.types.precision import Emulation, LayerRow, ParetoPoint, Plan
from diag.workspace.codec import to_json

_COLUMNS = ("index", "node", "op", "tensor", "shape", "macs", "elements", "largest", "headroom", "own_nr",
            "own_rel_l2", "nr", "rel_l2", "overflow", "underflow", "subnormal", "nan", "own_overflow",
            "own_underflow", "effect", "share", "kept")
_KEPT_LINES = 40


def document(emulation: Emulation, lang: Lang = "en") -> dict[str, Any]:
    """The document; its keys are API."""
    facts: dict[str, Any] = to_json(replace(emulation, findings=()))
    return {
        "schema": "diag.precision/1", "kind": "precision", "verdict": facts["verdict"],
        "headline": headline(emulation, lang), "findings": [told(f, lang) for f in emulation.findings],
        "environment": facts["environment"], "timing": {"wall_s": facts["wall_s"]},
        "memory": {"peak_bytes": facts["peak_bytes"]}, "run": facts["run"], "options": facts["options"],
        "command": command(emulation), "model": facts["model"], "dtype": facts["dtype"],
        "accumulate": facts["accumulate"], "saturate": facts["saturate"], "inputs": facts["inputs"],
        "input_overflow": facts["input_overflow"], "outputs": facts["outputs"], "layers": facts["layers"],
        "origin": facts["origin"], "plan": facts["plan"], "mixed": facts["mixed"], "files": facts["files"],
        "measured_runs": facts["measured_runs"], "how": how(emulation, lang),
    }


def headline(emulation: Emulation, lang: Lang = "en") -> str:
    """The answer in one sentence."""
    text, plan = remedy_words(lang)["precision"], emulation.plan
    if plan is not None and not plan.reached:
        return text["headline_no_plan"].format(dtype=emulation.dtype)
    if plan is not None and plan.kept:
        percent = f"{math.floor(1e4 * (1 - plan.point.macs_kept)) / 100:g}"  # 100 means all of them
        return text["headline_plan"].format(dtype=emulation.dtype, count=f"{len(plan.kept):,}", percent=percent)
    key = {Verdict.PASS: "pass", Verdict.WATCH: "watch"}.get(emulation.verdict, "fail")
    return text[f"headline_{key}"].format(dtype=emulation.dtype)


def command(emulation: Emulation) -> str:
    """A line for the shell that measures the same again."""
    dtype = {"float16": "fp16"}.get(emulation.dtype, "bf16")
    return line(["diag", "precision", emulation.model.path, "--dtype", dtype], emulation.options)


def sheet(emulation: Emulation, lang: Lang = "en") -> Sheet:
    """The whole report."""
    text = remedy_words(lang)["precision"]
    parts: list[Part] = [Findings(text["findings"], emulation.findings), _outputs(emulation, text, lang)]
    if emulation.plan is not None:
        parts += _plan(emulation, emulation.plan, text)
    parts += _charts(emulation, text)
    parts.append(_layers(emulation, text))
    parts.append(Lines(text["how"], tuple(how(emulation, lang))))
    return Sheet(emulation.verdict, headline(emulation, lang), tuple(parts))


def how(emulation: Emulation, lang: Lang = "en") -> list[str]:
    """How every number that is shown was measured."""
    text = remedy_words(lang)["precision"]
    inputs = "; ".join(f"{i.name} {i.source}" for i in emulation.inputs)
    lines = [text["how_storage"].format(dtype=emulation.dtype, inputs=inputs or "–"),
             text[f"how_{emulation.accumulate}"].format(dtype=emulation.dtype)]
    if emulation.saturate:
        lines.append(text["how_saturate"])
    if emulation.plan is not None:
        wanted = ", ".join(f"{name} ≤ {error(limit)}" for name, limit in emulation.plan.wanted.items())
        lines.append(text["how_search"].format(runs=f"{emulation.measured_runs:,}", dtype=emulation.dtype,
                                               wanted=wanted))
    if emulation.mixed is not None and math.isfinite(emulation.mixed.error):
        lines.append(text["how_checked"].format(error=error(emulation.mixed.error)))
    lines.append(text["how_time"].format(seconds=f"{emulation.wall_s:.1f}", memory=nbytes(emulation.peak_bytes)))
    return lines


def to_csv(emulation: Emulation) -> str:
    """One row a layer."""
    return csv_text(_COLUMNS, (
        (row.index, row.node, row.op, row.tensor, "x".join(map(str, row.shape)), row.macs, row.elements, row.largest,
         row.headroom, row.own_nr, row.own_rel_l2, row.nr, row.rel_l2, row.lost.overflow, row.lost.underflow,
         row.lost.subnormal, row.lost.nan, row.own_lost.overflow, row.own_lost.underflow, row.effect, row.share,
         row.kept) for row in emulation.layers))


def by_sensitivity(row: LayerRow) -> tuple[float, float]:
    """Sorting key: the largest effect on the outputs first, then the largest error of its own."""
    effect = math.inf if row.breaks else row.effect if not math.isnan(row.effect) else -1.0
    return -effect, -(row.own_nr if math.isfinite(row.own_nr) else math.inf)


def _outputs(emulation: Emulation, text: Mapping[str, str], lang: Lang) -> Table:
    columns = (Column(text["output"]), Column(text["verdict"]), Column(text["rel_l2"], right=True),
               Column(text["nr"], right=True), Column(text["reason"], wide=True))
    verdicts = labels(lang)["verdict"]
    rows = tuple((o.golden_tensor, verdicts[o.verdict], error(o.cumulative.rel_l2 if o.cumulative else None),
                  factor(o.cumulative.nr if o.cumulative else math.nan), o.reason) for o in emulation.outputs)
    return Table(text["outputs"].format(dtype=emulation.dtype), columns, rows)


def _layers(emulation: Emulation, text: Mapping[str, str]) -> Table:
    columns = (Column(text["layer"], wide=True), Column(text["op"]), Column(text["own"], right=True),
               Column(text["cumulative"], right=True), Column(text["effect"], right=True),
               Column(text["largest"], right=True), Column(text["lost"]), Column(text["kept"]))
    rows = tuple((r.node, r.op, factor(r.own_nr), factor(r.nr), _own_effect(r), f"{r.largest:.3g}",
                  _lost(r, text), text["yes"] if r.kept else "")
                 for r in sorted(emulation.layers, key=by_sensitivity))
    return Table(text["layers"], columns, rows, text["layers_note"].format(dtype=emulation.dtype), 12)


def _own_effect(row: LayerRow) -> str:
    return "∞" if row.breaks else f"{'~' if row.share else ''}{error(row.effect)}"


def _charts(emulation: Emulation, text: Mapping[str, str]) -> Iterator[Chart]:
    rows = emulation.layers
    effects = [Dot(r.index, r.effect, f"{r.node}: {error(r.effect)}", 1 if r.kept else 0) for r in rows
               if r.effect > 0]
    if effects:
        yield Chart(text["effect_chart"], scatter(effects, Axis(text["layer"]), Axis(text["effect"], log=True)))
    own = [Dot(r.index, r.own_nr, f"{r.node}: {factor(r.own_nr)}", 1 if r.kept else 0) for r in rows if r.own_nr > 0]
    if own:
        yield Chart(text["own_chart"], scatter(own, Axis(text["layer"]), Axis(text["own"], log=True), mark=4.0))


def _plan(emulation: Emulation, plan: Plan, text: Mapping[str, str]) -> Iterator[Part]:
    points = [*plan.pareto]
    dots = [Dot(p.elements_kept, p.error, f"{p.layers} {text['count']}: {error(p.error)}",
                1 if p == plan.point else 0) for p in sorted(points, key=lambda p: p.elements_kept)]
    chart = scatter(dots, Axis(text["elements"], percent=True), Axis(text["error"]), line=True,
                    mark=min(plan.wanted.values()) if len(plan.wanted) == 1 else None)
    if chart and len(points) > 1:
        yield Chart(text["pareto_chart"], chart)
    columns = (Column(text["count"], right=True), Column(text["macs"], right=True),
               Column(text["elements"], right=True), Column(text["casts"], right=True),
               Column(text["error"], right=True), Column("", wide=True))
    rows = [_point(p, text["this"] if p == plan.point else "") for p in points]
    if plan.by_type is not None:
        rows.append(_point(plan.by_type, text["by_type"]))
    yield Table(text["pareto"], columns, tuple(rows), text["pareto_note"], 16)
    if plan.kept and plan.reached:
        yield Lines(text["plan"], tuple(_kept(plan, text)))
    if emulation.files:
        yield Lines(text["files"], tuple(f"{f.path}: {text[f'file_{f.purpose}']}" for f in emulation.files))
        yield Lines(text["commands"], tuple(_commands(emulation)), code=True)


def _point(point: ParetoPoint, name: str) -> tuple[str, ...]:
    return (f"{point.layers:,}", _percent(point.macs_kept), _percent(point.elements_kept), f"{point.casts:,}",
            _effect(point.error), name)


def _kept(plan: Plan, text: Mapping[str, str]) -> Iterator[str]:
    yield text["plan_ops"].format(ops=", ".join(f"{op} {count}" for op, count in plan.kept_ops.items()))
    yield text["smallest"] if plan.smallest else text["not_smallest"]
    yield from plan.kept[:_KEPT_LINES]
    if len(plan.kept) > _KEPT_LINES:
        yield f"… +{len(plan.kept) - _KEPT_LINES:,}"


def _commands(emulation: Emulation) -> Iterator[str]:
    found = {f.purpose: f.path for f in emulation.files}
    if "mixed" in found and "origin" in found:
        yield ("converter_lite --fmk=ONNX --saveType=MINDIR --optimize=ascend_oriented --modelFile="
               f"{shlex.quote(found['mixed'])} --outputFile=mixed --configFile={shlex.quote(found['origin'])}")
    name = "by_type" if "by_type" in found else "enforce_fp16"
    if name in found:
        yield ("converter_lite --fmk=ONNX --saveType=MINDIR --optimize=ascend_oriented --modelFile="
               f"{shlex.quote(emulation.model.path)} --outputFile=by_type --configFile={shlex.quote(found[name])}")


def _lost(row: LayerRow, text: Mapping[str, str]) -> str:
    lost = row.lost
    if not (lost.overflow or lost.underflow or lost.nan):
        return ""
    return text["lost_words"].format(overflow=f"{lost.overflow:,}", underflow=f"{lost.underflow:,}",
                                     nan=f"{lost.nan:,}")


def _effect(value: float) -> str:
    return error(value) if math.isfinite(value) else "∞"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
