"""Compare, change the least that could be the cause, convert, compare again; until it is proved or nothing is left."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan
from diag.compare.result import environment
from diag.errors import Cancelled, DiagError, ToolFailed
from diag.events import Event, Finished, Message, Partial, Progress, passed_on, result_of
from diag.fix.hypotheses import Hypothesis, hypotheses
from diag.fix.plan import FixPlan
from diag.formats.registry import identify
from diag.machine import peak_bytes
from diag.precision.engine import emulate
from diag.precision.settings import PrecisionPlan
from diag.rewrites.apply import Rewritten, rewrite
from diag.rules.accuracy import examined
from diag.runtimes.interface import Runtime, RuntimeSpec
from diag.runtimes.registry import runtime as runtime_of
from diag.tools.converter.command import shell
from diag.tools.converter.run import convert
from diag.types.codes import Code
from diag.types.comparison import Comparison
from diag.types.conversion import Conversion
from diag.types.fix import Came, Fix, Measured, Step, Try
from diag.types.layer import Verdict
from diag.types.precision import Emulation

_HARMLESS_INSIDE = (Code.FP16_OVERFLOW, Code.MASK_OVERFLOW)

_HELPED = 0.5
"""Share of the error that may be left for a try to count as a help."""


def fix(plan: FixPlan, runtime: Runtime | None, converter: str, cancel: Cancel,
        others: Mapping[str, RuntimeSpec] | None = None) -> Iterator[Event]:
    """Progress, Message, Partial(Try) for each try, Finished(Fix) (findings are made by ``diag.rules.repair``).

    ``runtime`` runs targets, None: they run here; ``converter``: its name and version, for what is told; ``others``:
    further converters (with the runtimes beside them) by name.
    Raises DiagError where the pair itself cannot be compared.
    """
    started = time.monotonic()
    work = _Work(plan, runtime, converter, dict(others or {}))
    yield Progress("Comparing the pair", 0, 0)
    first = yield from work.compared(plan.compare.target, "before", cancel)
    before = measured(first)
    tries: list[Try] = []
    proved: int | None = None
    if not is_right(first):
        for event in work.search(first, cancel):
            if isinstance(event, Partial):
                tries.append(event.item)
                if event.item.came is Came.PROVED:
                    proved = len(tries) - 1
            yield event
    output = "" if proved is None else work.kept(tries[proved])
    verdict = Verdict.PASS if proved is not None or is_right(first) else Verdict.FAIL
    yield Finished(Fix(verdict, first.golden, first.target, before, tuple(tries), proved, output, converter, (),
                       environment(), plan.told, time.monotonic() - started, peak_bytes(), str(plan.compare.out)))


def is_right(found: Comparison) -> bool:
    """Whether nothing is to be fixed: no output fails, and no layer is to blame.

    A mask that is minus infinity in a 16-bit type, with right outputs behind it, is no fault.
    """
    blamed = [c for c in found.culprits if c.finding not in _HARMLESS_INSIDE]
    return found.verdict in (Verdict.PASS, Verdict.WATCH) and not blamed


def measured(found: Comparison) -> Measured:
    """A comparison in short."""
    error = error_of(found)
    return Measured(found.verdict, error if math.isfinite(error) else math.nan,
                    tuple(c.golden_node for c in found.culprits),
                    tuple(dict.fromkeys(c.finding for c in found.culprits)), found.run or "")


def error_of(found: Comparison) -> float:
    """The worst output's relative L2 error; infinite where one is not finite or could not be compared."""
    worst = 0.0
    for output in found.outputs:
        metrics = output.cumulative
        if metrics is None or metrics.nonfinite:
            return math.inf
        if not math.isnan(metrics.mismatch):
            worst = max(worst, metrics.mismatch)
        elif math.isfinite(metrics.rel_l2):
            worst = max(worst, metrics.rel_l2)
        elif metrics.max_abs > 0:
            return math.inf
    return worst


@dataclass(slots=True)
class _Work:
    """What all tries share. ``base``: names of changes that helped, and the model that has them."""

    plan: FixPlan
    runtime: Runtime | None
    converter: str
    others: Mapping[str, RuntimeSpec]
    base: tuple[str, ...] = ()
    onnx: Path = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.onnx = self.plan.compare.golden

    @property
    def folder(self) -> Path:
        return self.plan.compare.out

    def search(self, first: Comparison, cancel: Cancel) -> Iterator[Event]:
        """Partial(Try) for each, the last one proved where one is."""
        found, done = first, set[tuple[str, tuple[str, ...], tuple[str, ...]]]()
        again = True
        while again and self.count < self.plan.tries:
            again = False
            for one in self._next(found, done):
                done.add((one.name, one.nodes, self.base))
                if self.count >= self.plan.tries:
                    break
                result, after = yield from self._try(one, error_of(found), cancel)
                yield Partial(result)
                if result.came is Came.PROVED:
                    return
                if result.came is Came.HELPED and after is not None and one.rewrites:
                    # What helps is kept, and the culprits that are left decide what comes next.
                    self.base, self.onnx, found, again = (*self.base, one.name), Path(result.onnx), after, True
                    break
                if one.step is Step.AGAIN and after is not None:
                    found = after  # the converter's own answer to this model, not the file's unknown history

    def _next(self, found: Comparison, done: set[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> Iterator[Hypothesis]:
        ascend = "ascend" in self.plan.convert.optimize
        onnx_target = identify(self.plan.compare.target) == "onnx"
        for one in hypotheses(self.onnx, found, first=not done, for_ascend=ascend, converter=self.converter,
                              others=self.others):
            if (one.name, one.nodes, self.base) in done or (one.missing and (one.name, one.nodes, ()) in done):
                continue
            if onnx_target and one.step is not Step.PRECISION:
                continue
            yield one

    def _try(self, one: Hypothesis, error: float, cancel: Cancel) -> Generator[
            Event, None, tuple[Try, Comparison | None]]:
        started = time.monotonic()
        told = Try(one.step, one.name, one.nodes, self.base, Came.NOT_HERE, None, one.missing)
        if one.missing:
            return told, None
        self.count += 1
        yield Progress(f"Trying {one.name}", self.count, self.plan.tries, "tries")
        after: Comparison | None = None
        try:
            told, after = yield from self._carried_out(one, told, error, cancel)
        except Cancelled:
            raise
        except DiagError as problem:
            told = replace(told, came=Came.NOT_CONVERTED, reason=f"{problem.message} {problem.where}".strip())
        return replace(told, seconds=time.monotonic() - started), after

    def _carried_out(self, one: Hypothesis, told: Try, error: float, cancel: Cancel) -> Generator[
            Event, None, tuple[Try, Comparison | None]]:
        place = self.folder / f"try-{self.count}"
        onnx = self.onnx
        if one.rewrites:
            yield Progress(f"Rewriting: {one.name}", 0, 0)
            rewritten = self._rewritten(one, place, cancel)
            if not rewritten.proved:
                return replace(told, came=Came.NOT_PROVED_ONNX, reason=f"{rewritten.largest:.1e}"), None
            onnx = rewritten.path
        elif one.step is Step.PRECISION:
            mixed = yield from self._mixed(place, cancel)
            if mixed is None:
                return replace(told, came=Came.NOT_PROVED_ONNX, reason="no choice of layers reaches the error"), None
            onnx = mixed
        told = replace(told, onnx=str(onnx))
        if identify(self.plan.compare.target) == "onnx":
            made, command = onnx, ""
        else:
            conversion = yield from self._converted(one, onnx, place, cancel)
            command = shell(conversion.command)
            if conversion.output is None:
                cause = conversion.root_cause.text if conversion.root_cause is not None else conversion.ending
                return replace(told, came=Came.NOT_CONVERTED, reason=cause, command=command), None
            made = conversion.output
        told = replace(told, output=str(made), command=command)
        try:
            after = yield from self.compared(made, f"try-{self.count}", cancel, self.others.get(one.name))
        except ToolFailed as problem:
            return replace(told, came=Came.NOT_RUNNING, reason=f"{problem.message} {problem.where}".strip()), None
        short = measured(after)
        came = Came.PROVED if is_right(after) else _came(error_of(after), error)
        return replace(told, came=came, after=short), after

    def _rewritten(self, one: Hypothesis, place: Path, cancel: Cancel) -> Rewritten:
        out = place / f"{self.plan.compare.golden.stem}.onnx"
        result: Rewritten = result_of(rewrite(self.onnx, one.rewrites, out, cancel, choice=self.plan.compare.inputs,
                                              nodes=one.nodes, limit=self.plan.convert.rewrite_limit))
        return result

    def _mixed(self, place: Path, cancel: Cancel) -> Generator[Event, None, Path | None]:
        dtype = "bfloat16" if self.plan.compare.dtype == "bfloat16" else "float16"
        told = PrecisionPlan(self.onnx, place, self.plan.compare.inputs, dtype, jobs=self.plan.compare.jobs)
        found: Emulation = yield from passed_on(emulate(told, cancel))
        return Path(found.mixed.path) if found.mixed is not None and found.mixed.agrees else None

    def _converted(self, one: Hypothesis, onnx: Path, place: Path, cancel: Cancel) -> Generator[
            Event, None, Conversion]:
        place.mkdir(parents=True, exist_ok=True)
        base = self.plan.convert
        precision = {Step.FLOAT32: "enforce_fp32", Step.PRECISION: "enforce_origin"}.get(one.step, base.precision)
        if "ascend" not in base.optimize:
            precision = base.precision
        plan = replace(base, onnx=onnx, output=place / f"{self.plan.compare.golden.stem}.mindir", precision=precision,
                       checks=replace(base.checks, smoke=False))
        other = self.others.get(one.name)
        if other is not None:
            plan = replace(plan, converter=other.python, version=other.version)
        result: Conversion = yield from passed_on(convert(plan, cancel), Progress)
        return result

    def compared(self, target: Path, name: str, cancel: Cancel,
                 other: RuntimeSpec | None = None) -> Generator[Event, None, Comparison]:
        """The comparison of a target with the original model, with its findings; ``other`` runs it, if given."""
        plan: ComparePlan = replace(self.plan.compare, target=target, out=self.folder / f"compare-{name}")
        mine = self.runtime if other is None or self.runtime is None else runtime_of(other)
        runtime = None if identify(target) == "onnx" else mine
        return examined((yield from passed_on(compare(plan, runtime, cancel), Message)))

    def kept(self, proved: Try) -> str:
        """The proved model at its place, with what lies beside it."""
        source = Path(proved.output)
        place = self.plan.output or self.folder / f"fixed{source.suffix}"
        if place.suffix != source.suffix:
            place = place.with_name(place.name + source.suffix)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
        for beside in source.parent.iterdir():
            if beside.is_dir() and beside.name.endswith("variables"):
                shutil.copytree(beside, place.parent / beside.name, dirs_exist_ok=True)
        return str(place)


def _came(error: float, before: float) -> Came:
    if error <= before * _HELPED:
        return Came.HELPED
    return Came.WORSE if error > 1.5 * before else Came.SAME


