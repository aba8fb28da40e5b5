"""One reduction as a job: compare, or open a recorded run, then find the smallest failing part. In a process of its
own, because native libraries may crash on a part as they may on the whole.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diag.cancel import Cancel
from diag.compare.reduce import bundle
from diag.compare.reduce.engine import reduce
from diag.compare.reduce.plan import ReducePlan
from diag.compare.reduce.result import Reduction
from diag.errors import RuntimeUnavailable, UsageError
from diag.events import Event, passed_on
from diag.jobs.compare import CompareJob, compare_here
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.report.document import told
from diag.rules.accuracy import examined
from diag.runtimes.discover import discover
from diag.runtimes.interface import Runtime, RuntimeSpec
from diag.runtimes.onnxruntime import OnnxRuntime
from diag.runtimes.reference import Reference
from diag.runtimes.registry import choose, runtime
from diag.types.comparison import RECORDING, Comparison
from diag.types.layer import Stage
from diag.workspace.digest import sha256
from diag.workspace.runs import RunFolder


@dataclass(frozen=True, slots=True)
class ReduceJob:
    """``compare``: how to compare, or, where ``run`` names a recorded run, which models it was made of.

    The others: see ``diag.compare.reduce.plan``.
    """

    compare: CompareJob
    bundle: Path
    run: Path | None = None
    layer: str = ""
    context: int = 0
    zip: bool = False


def run_reduce(job: ReduceJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``reduce_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    made = not job.bundle.exists()
    try:
        yield from run_remote("reduce", job, cancel, Reduction, host)
    finally:
        if made:
            bundle.forget(job.bundle)  # a child that was killed had no time to


def reduce_here(job: ReduceJob, cancel: Cancel) -> Iterator[Event]:
    """Compare and reduce; the rows of the comparison come as Partial, then Finished(Reduction)."""
    made = bundle.prepare(job.bundle)
    try:
        found = examined((yield from _comparison(job, cancel)))
        if found.target.runtime == RECORDING:
            raise UsageError("A recording cannot be cut down: it ran elsewhere and cannot run again",
                             where=f"in {found.target.path}",
                             hint="Reduce the model that ran: diag reduce GOLDEN MODEL.mindir")
        plan = job.compare.plan
        specs = _Specs(job.compare.spec)
        named = {(c.finding, c.golden_node) for c in found.culprits}
        story = [f for f in found.findings if (f.code, f.subject) in named]
        blames = found.target.format == "mindir" and any(c.stage is Stage.CONVERSION for c in found.culprits)
        converter = specs.converter() if blames else None
        ask = ReducePlan(plan.golden, plan.target, job.bundle, job.layer, job.context, job.zip, plan.threads,
                         plan.key_bytes, tuple(told(f) for f in story))
        yield from reduce(ask, found, specs.of(found), converter, cancel)
    finally:
        if made:
            bundle.forget(job.bundle)


def _comparison(job: ReduceJob, cancel: Cancel) -> Generator[Event, None, Comparison]:
    if job.run is not None:
        return _recorded(job, job.run)
    found: Comparison = yield from passed_on(compare_here(job.compare, cancel))
    return found


def _recorded(job: ReduceJob, run: Path) -> Comparison:
    folder = RunFolder.open(run)
    found = folder.comparison()
    for path, side in ((job.compare.plan.golden, found.golden), (job.compare.plan.target, found.target)):
        if sha256(path) != side.sha256:
            raise UsageError("The model is not the one that the run was made with", where=f"in {path}",
                             hint=f"The run compared {side.path}; leave --run out to compare anew")
    return replace(found, run=str(folder.path))


class _Specs:
    """Runtimes of this machine, looked for once and only if they are needed."""

    def __init__(self, given: RuntimeSpec | None) -> None:
        self._given = given
        self._found: list[RuntimeSpec] | None = None

    def of(self, found: Comparison) -> Runtime:
        """The runtime that the target ran in."""
        name = found.target.runtime
        if name == "reference":
            return Reference()
        if name == "onnxruntime":
            return OnnxRuntime()
        if self._given is not None and self._given.name == name:
            return runtime(self._given)
        return runtime(choose(self._all(), name, found.target.device))

    def converter(self) -> RuntimeSpec | None:
        """MindSpore Lite, which has the converter; None if it is not here."""
        try:
            return choose(self._all(), "mindspore-lite")
        except (RuntimeUnavailable, UsageError):
            return None

    def _all(self) -> list[RuntimeSpec]:
        if self._found is None:
            self._found = discover()
        return self._found
