"""A pipeline: the submodels at fault are found, repaired one by one, and the whole is searched again."""

from __future__ import annotations

import json
import math
import time
import tomllib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from diag.cancel import Cancel
from diag.compare.plan import ComparePlan, InputChoice
from diag.compare.result import environment
from diag.events import Event, Finished, Message, Progress, passed_on
from diag.fix.engine import fix
from diag.fix.plan import FixPlan, PipelineFixPlan
from diag.machine import peak_bytes
from diag.pipeline.locate import locate
from diag.pipeline.plan import PipelinePlan
from diag.rules.repair import examined
from diag.runtimes.interface import Runtime, RuntimeSpec
from diag.tools.converter.plan import Checks, ConverterPlan
from diag.types.fix import Fix, PipelineFix, SubmodelFix
from diag.types.pipeline import PipelineDiagnosis, Submodel, SwapKind

_PATHS = ("image", "tokenizer", "feature_extractor", "arrays", "folder", "scheduler")


def fix_pipeline(plan: PipelineFixPlan, specs: Sequence[RuntimeSpec], runtime: Runtime | None, converter: str,
                 cancel: Cancel) -> Iterator[Event]:
    """Progress, Message, Partial(Try), then Finished(PipelineFix). Raises DiagError."""
    started = time.monotonic()
    out = plan.pipeline.out
    first = yield from _located(replace(plan.pipeline, out=out / "before"), specs, cancel)
    found: list[SubmodelFix] = []
    by_name = {s.name: s for s in plan.pipeline.spec.submodels}
    for culprit in first.culprits:
        inputs = _recorded(first, culprit.comparison)
        one = yield from _fixed(plan, by_name[culprit.submodel], inputs, runtime, converter, cancel)
        found.append(SubmodelFix(culprit.submodel, one))
    made = {f.name: f.fix.output for f in found if f.fix.output}
    last: PipelineDiagnosis | None = None
    fixed = ""
    if made:
        spec = replace(plan.pipeline.spec, submodels=tuple(
            replace(s, mindir=made.get(s.name, s.mindir)) for s in plan.pipeline.spec.submodels))
        last = yield from _located(replace(plan.pipeline, spec=spec, out=out / "after"), specs, cancel)
        fixed = str(_written(Path(plan.pipeline.spec.path), made, out / "fixed.toml"))
    end = last or first
    yield Finished(PipelineFix(
        end.verdict, plan.pipeline.spec.path, fixed, first.verdict, last.verdict if last else None,
        tuple(c.submodel for c in first.culprits), tuple(c.submodel for c in end.culprits), tuple(found),
        (_psnr(first), _psnr(last) if last else math.nan), environment(), plan.told, time.monotonic() - started,
        peak_bytes(), str(out)))


def _located(plan: PipelinePlan, specs: Sequence[RuntimeSpec],
             cancel: Cancel) -> Generator[Event, None, PipelineDiagnosis]:
    found: PipelineDiagnosis = yield from passed_on(locate(plan, specs, cancel), Progress | Message)
    return found


def _recorded(found: PipelineDiagnosis, comparison: str) -> InputChoice:
    """What the pipeline gave the submodel, as its layer comparison kept it."""
    path = Path(found.run or "") / comparison / "inputs.npz"
    return InputChoice(path if comparison and path.is_file() else None)


def _fixed(plan: PipelineFixPlan, submodel: Submodel, inputs: InputChoice, runtime: Runtime | None, converter: str,
           cancel: Cancel) -> Generator[Event, None, Fix]:
    out = plan.pipeline.out / submodel.name
    pair = ComparePlan(Path(submodel.onnx), Path(submodel.mindir), out, inputs, submodel.device, submodel.dtype,
                       threads=plan.pipeline.threads, jobs=plan.pipeline.jobs, checks=False)
    shapes = _shapes(inputs)
    convert = ConverterPlan(pair.golden, out / "model.mindir", shapes, checks=Checks(inputs=inputs))
    yield Message(f"Repairing {submodel.name}")
    repair = fix(FixPlan(pair, convert, tries=plan.tries), runtime, converter, cancel)
    return examined((yield from passed_on(
        replace(e, stage=f"{submodel.name}: {e.stage}") if isinstance(e, Progress) else e for e in repair)))


def _shapes(inputs: InputChoice) -> dict[str, tuple[int, ...]]:
    """Fixed shapes, from the recorded inputs: converters want them."""
    if inputs.archive is None:
        return {}
    from diag.compare.inputs import archive

    return {name: tuple(a.shape) for name, a in archive(inputs.archive).items() if a.ndim}


def _psnr(found: PipelineDiagnosis) -> float:
    """Of the worst picture that any swap gave."""
    runs = [r for r in found.runs if r.image is not None and r.kind is not SwapKind.GOLDEN]
    values = [r.image.psnr for r in runs if r.image is not None and math.isfinite(r.image.psnr)]
    return min(values, default=math.nan)


def _written(source: Path, made: Mapping[str, str], target: Path) -> Path:
    """The pipeline's file again with the repaired models, all paths absolute."""
    facts = tomllib.loads(source.read_text(encoding="utf-8"))
    home = source.absolute().parent
    for key in _PATHS:
        if isinstance(facts.get(key), str) and facts[key]:
            facts[key] = str((home / facts[key]).resolve())
    for one in facts.get("submodels", ()):
        for key in ("onnx", "mindir"):
            if one.get(key):
                one[key] = str((home / one[key]).resolve())
        one["mindir"] = made.get(one["name"], one.get("mindir", ""))
    target.write_text("\n".join(_toml(facts)) + "\n", encoding="utf-8")
    return target


def _toml(facts: Mapping[str, Any]) -> Iterator[str]:
    tables = {k: v for k, v in facts.items() if isinstance(v, dict)}
    lists = {k: v for k, v in facts.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
    yield from (f"{k} = {_value(v)}" for k, v in facts.items() if k not in tables and k not in lists)
    for name, table in tables.items():
        yield from ("", f"[{name}]", *(f"{k} = {_value(v)}" for k, v in table.items()))
    for name, rows in lists.items():
        for row in rows:
            yield from ("", f"[[{name}]]", *(f"{k} = {_value(v)}" for k, v in row.items()))


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
