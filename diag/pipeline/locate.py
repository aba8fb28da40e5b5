"""The search: golden twice, every submodel swapped alone, all but one, and the one at fault looked into."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Sequence

from diag.cancel import Cancel
from diag.compare.metrics import compare
from diag.errors import UsageError
from diag.events import Event, Finished, Message, Partial, Progress
from diag.pipeline.calls import Application, Caller, Outcome
from diag.pipeline.conclude import Evidence, conclude, failure
from diag.pipeline.judge import suspects
from diag.pipeline.layers import Looked, look_into
from diag.pipeline.models import Side
from diag.pipeline.own import OwnError, measure
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.runs import application, by_call, driven, forced_steps, gap, keep, png
from diag.pipeline.session import Session
from diag.pipeline.swap import Recorded, SubmodelFailed
from diag.runtimes.interface import RuntimeSpec
from diag.types.dtype import DType
from diag.types.finding import Finding
from diag.types.layer import Verdict
from diag.types.pipeline import PipelineSpec, SwapKind, SwapRun
from diag.workspace.pipelines import run_name

_MOST_PAIRS = 6


def locate(plan: PipelinePlan, specs: Sequence[RuntimeSpec], cancel: Cancel,
           wired: Callable[[PipelineSpec, Caller], Application] = application) -> Iterator[Event]:
    """Find the submodel at fault. ``specs`` are the runtimes to choose from, ``wired`` makes the pipeline's logic.

    Yields Progress, Message, Partial(SwapRun) for each run as it ends (its verdict against the healthy swaps comes with
    the result) and Finished(PipelineDiagnosis). The run folder holds all of it, and a search that was stopped goes on
    from there. Raises UsageError, FormatError, RuntimeUnavailable, and ToolFailed where golden itself fails.
    """
    started = time.monotonic()
    yield Progress("Opening the pipeline", 0, 0)
    with Session(plan, specs, cancel, wired) as session:
        search = _Search(session, cancel)
        yield from search.events()
        found = conclude(session, search.evidence, time.monotonic() - started)
        session.folder.save(found)
    yield Finished(found)


class _Search:
    """What one search knows so far."""

    def __init__(self, session: Session, cancel: Cancel) -> None:
        self._session, self._cancel = session, cancel
        self._folder = session.folder
        self._known = dict(session.folder.finished())
        self._outcome: Outcome | None = None
        self._recorded: list[Recorded] = []
        self._runs: list[SwapRun] = []
        self._owns: dict[str, OwnError] = {}
        self._failed: dict[str, Finding] = {}
        self._looked: dict[str, Looked] = {}
        self._unstable: dict[str, float] = {}
        self._targets = [m.spec.name for m in session.models.values() if m.target is not None]
        if not self._targets:
            raise UsageError("No submodel has a MindIR, so there is nothing to swap", where=f"in {session.spec.path}",
                             hint="Add mindir = \"…\" to the submodels that were converted")
        self._total = 2 + 2 * len(self._targets) + 1

    @property
    def evidence(self) -> Evidence:
        """What the search found out."""
        return Evidence(self._golden, tuple(self._runs), self._owns, self._failed, self._looked, self._unstable)

    def events(self) -> Iterator[Event]:
        """All of it, in order."""
        yield from self._notes()
        yield from self._golden_runs()
        for name in self._targets:
            yield from self._own_error(name)
        for name in self._targets:
            yield from self._swap(SwapKind.SINGLE, (name,))
        working = [name for name in self._targets if name not in self._failed]
        if len(working) > 2:
            for name in working:
                yield from self._swap(SwapKind.LEAVE_ONE_OUT, tuple(n for n in working if n != name))
        if len(working) > 1:
            yield from self._swap(SwapKind.ALL, tuple(working))
        chosen = [name for name in suspects(self._owns) if name not in self._failed]
        wrong = [name for name in self._targets if name in chosen and self._owns[name].verdict is not Verdict.PASS]
        for pair in list(itertools.combinations(wrong, 2))[:_MOST_PAIRS]:
            yield from self._swap(SwapKind.PAIR, pair)
        yield from self._look(chosen)

    @property
    def _golden(self) -> Outcome:
        if self._outcome is None:
            raise AssertionError("the golden run comes first")
        return self._outcome

    def _notes(self) -> Iterator[Event]:
        for model in self._session.models.values():
            if model.random:
                yield Message(f"{model.spec.name} draws random numbers ({', '.join(model.random[:3])}): "
                              "their mean is used, or no two runs would be the same", "warning")
            if model.note:
                yield Message(f"{model.spec.name} runs in the reference runtime. {model.note}")

    def _golden_runs(self) -> Iterator[Event]:
        session = self._session
        if session.app.source is not None:
            self._folder.save_picture("source", png(session.app.source), session.app.source)
        started = time.monotonic()
        self._outcome = yield from driven(session.app.run(session.caller((), self._recorded)), "Golden run")
        for one in self._recorded:
            names = [o.name for o in session.models[one.name].outputs]
            self._folder.save_boundary(one.name, one.number, one.feeds, dict(zip(names, one.outputs, strict=True)))
        picture = keep(self._folder, "golden", self._golden)
        yield from self._ended("", SwapRun(SwapKind.GOLDEN, (), Verdict.PASS, "what every run is compared with",
                                           seconds=time.monotonic() - started, picture=picture))
        yield from self._swap(SwapKind.GOLDEN, ())
        again = self._runs[-1]
        if (again.image is not None and not again.image.equal) or any(m.max_abs for m in again.outputs.values()):
            session.memory.distrust(Side.GOLDEN)
            yield Message("Two golden runs differ: what golden answers is not remembered from run to run", "warning")

    def _own_error(self, name: str) -> Iterator[Event]:
        """A target on golden inputs, before any swap: what fails here fails everywhere."""
        calls = [c for c in self._recorded if c.name == name]
        yield Progress(f"{name} on golden inputs", 0, len(calls), "calls")
        try:
            for done, found in enumerate(measure(self._session.models[name], calls, self._session.caller(())), 1):
                if found is None:
                    yield Progress(f"{name} on golden inputs", done, len(calls), "calls")
                else:
                    self._owns[name] = found
            if calls:
                self._unstable[name] = self._repeated(name, calls[0])
        except SubmodelFailed as error:
            self._failed[name] = failure(error)
            yield Message(f"{name} does not run as its MindIR: {error.message}", "warning")

    def _repeated(self, name: str, one: Recorded) -> float:
        """Largest relative L2 error between two answers to the same input."""
        first = self._session.caller(()).ask(name, Side.TARGET, one.feeds)
        second = self._session.caller((), fresh=True).ask(name, Side.TARGET, one.feeds)
        gaps = [compare(a, b, target_dtype=DType.of(a.dtype)) for a, b in zip(first, second, strict=True)]
        return max((g.rel_l2 for g in gaps if g.max_abs > 0), default=0.0)

    def _swap(self, kind: SwapKind, swapped: tuple[str, ...]) -> Iterator[Event]:
        """One run, or the same one from an older search."""
        key = self._session.keys.of(kind.value, swapped)
        stuck = next((self._failed[n] for n in swapped if n in self._failed), None)
        if stuck is not None:
            yield from self._ended("", SwapRun(kind, swapped, Verdict.NOT_COMPARABLE, "it does not run", error=stuck))
        elif key in self._known:
            yield from self._ended("", self._known[key])
        else:
            yield from self._ended(key, (yield from self._swapped(kind, swapped)))

    def _swapped(self, kind: SwapKind, swapped: tuple[str, ...]) -> Generator[Event, None, SwapRun]:
        again = kind is SwapKind.GOLDEN
        started = time.monotonic()
        stage = _words(kind, swapped, self._targets)
        yield Progress(stage, len(self._runs), self._total, "runs")
        calls: list[Recorded] = []
        caller = self._session.caller(swapped, calls, fresh=again)
        try:
            outcome = yield from driven(self._session.app.run(caller), stage)
            seconds = time.monotonic() - started
            forced = forced_steps(self._session.app, self._golden, self._session.caller(()),
                                  self._session.caller(swapped), swapped[0]) if kind is SwapKind.SINGLE else []
        except SubmodelFailed as error:
            found = failure(error)
            self._failed.setdefault(error.submodel, found)
            return SwapRun(kind, swapped, Verdict.NOT_COMPARABLE, "it does not run to its end",
                           seconds=time.monotonic() - started, error=found)
        told = gap(self._golden, by_call(self._recorded), outcome, calls, forced)
        name = "golden-again" if again else run_name(kind, swapped, self._targets)
        return SwapRun(kind, swapped, told.verdict, told.reason, told.image, told.latents, told.submodels,
                       told.outputs, told.steps, seconds, keep(self._folder, name, outcome))

    def _look(self, chosen: Sequence[str]) -> Iterator[Event]:
        if not self._session.plan.layers:
            return
        self._session.pool.close()  # a comparison opens the model itself, and needs the room
        for name in chosen:
            self._looked[name] = yield from look_into(self._session, self._owns[name], self._cancel)

    def _ended(self, key: str, run: SwapRun) -> Iterator[Event]:
        self._runs.append(run)
        if key:
            self._folder.append(key, run)
        yield Partial(run)
        yield Progress("Swapping", min(len(self._runs), self._total), self._total, "runs")


def _words(kind: SwapKind, swapped: Sequence[str], targets: Sequence[str]) -> str:
    match kind:
        case SwapKind.GOLDEN:
            return "Golden run again"
        case SwapKind.SINGLE:
            return f"Only {swapped[0]} as its MindIR"
        case SwapKind.LEAVE_ONE_OUT:
            return f"All but {', '.join(t for t in targets if t not in swapped)}"
        case SwapKind.ALL:
            return "All as their MindIR"
        case SwapKind.PAIR:
            return f"{' and '.join(swapped)} as their MindIR"
