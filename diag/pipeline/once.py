"""One plain run of a pipeline, some submodels as their MindIR."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Sequence

from diag.cancel import Cancel
from diag.compare.result import environment
from diag.errors import UsageError
from diag.events import Event, Finished, Message, Progress
from diag.machine import peak_bytes
from diag.pipeline.models import Side
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.runs import driven, keep
from diag.pipeline.session import Session
from diag.runtimes.interface import RuntimeSpec
from diag.types.pipeline import PipelineRun


def once(plan: PipelinePlan, specs: Sequence[RuntimeSpec], cancel: Cancel) -> Iterator[Event]:
    """Run it; picture and latents are kept in the run folder as ``run``. Ends with Finished(PipelineRun)."""
    known = [s.name for s in plan.spec.submodels]
    for name in plan.swapped:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise UsageError(f"The pipeline has no submodel '{name}'", where=f"it has: {', '.join(known)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "")
        if not plan.spec.submodel(name).mindir:
            raise UsageError(f"{name} has no MindIR to run as", where=f"in {plan.spec.path}",
                             hint="Add mindir = \"…\" to it")
    started = time.monotonic()
    yield Progress("Opening the pipeline", 0, 0)
    with Session(plan, specs, cancel) as session:
        for name in plan.swapped:
            if session.models[name].note:
                yield Message(f"{name} runs in the reference runtime. {session.models[name].note}")
        caller = session.caller(plan.swapped, fresh=True)
        outcome = yield from driven(session.app.run(caller), "Running")
        seconds = {name: session.pool.milliseconds(name, Side.TARGET if name in plan.swapped else Side.GOLDEN) / 1000
                   for name in caller.calls}
        yield Finished(PipelineRun(
            plan.spec, plan.swapped, keep(session.folder, "run", outcome), len(outcome.steps),
            outcome.picture.flagged if outcome.picture else None, seconds, caller.calls, time.monotonic() - started,
            peak_bytes(), str(session.folder.path), environment()))
