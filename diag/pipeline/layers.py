"""A suspect looked into: its layers compared on the inputs that the pipeline gave it."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, replace

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import DEFAULT_BUDGET, LEAST_BUDGET, ComparePlan, InputChoice
from diag.errors import Cancelled, DiagError
from diag.events import Event, Message, Progress, passed_on
from diag.pipeline.models import Side
from diag.pipeline.own import OwnError
from diag.pipeline.session import Session
from diag.types.comparison import Comparison
from diag.workspace.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Looked:
    """What a layer comparison said, or why it could not be made."""

    comparison: Comparison | None
    problem: str = ""


def look_into(session: Session, own: OwnError, cancel: Cancel) -> Generator[Event, None, Looked]:
    """Compare a submodel's layers at the first call that shows its error; one that was finished before is read."""
    model = session.models[own.name]
    out = session.folder.layers(own.name)
    key = {"golden": session.keys.sides[own.name, Side.GOLDEN], "target": session.keys.sides[own.name, Side.TARGET],
           "request": session.keys.request, "call": own.call}
    mark = session.folder.path / "layers" / f"{own.name}.json"
    if model.target is None:
        return Looked(None)
    try:
        if mark.is_file() and json.loads(mark.read_text(encoding="utf-8")) == key:
            return Looked(RunFolder.open(out).comparison())
    except (DiagError, OSError, ValueError):
        mark.unlink(missing_ok=True)
    plan = ComparePlan(
        golden=model.golden, target=model.target, out=out,
        inputs=InputChoice(session.folder.boundary(own.name, own.call)), device=model.spec.device,
        dtype=model.spec.dtype, budget=max(LEAST_BUDGET, min(session.plan.budget, DEFAULT_BUDGET)),
        threads=session.plan.threads, jobs=session.cores, checks=False)
    try:
        result: Comparison = yield from passed_on(
            (replace(e, stage=f"{own.name}: {e.stage}") if isinstance(e, Progress) else e
             for e in compare(plan, model.runtime, cancel)), Progress | Message)
    except Cancelled:
        raise
    except DiagError as error:
        return Looked(None, ". ".join(error.lines()[:2]))
    mark.write_text(json.dumps(key), encoding="utf-8")
    return Looked(result)
