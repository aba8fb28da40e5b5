"""Takes the samples: rounds of freshly opened models, turn by turn, so that what the machine does meets all alike."""

from __future__ import annotations

import csv
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from diag.cancel import Cancel
from diag.compare.inputs import gather
from diag.compare.plan import InputChoice
from diag.events import Event, Finished, Message, Progress
from diag.formats.interface import ReadOptions, key_of
from diag.formats.registry import open_model
from diag.perf.plan import BenchPlan, Contender
from diag.perf.stats import drift, mad, median_interval, outliers, quantile
from diag.perf.timers import Timed, no_garbage, open_timed
from diag.runtimes.interface import Array
from diag.types.bench import Series

_SHORTEST_S = 500e-6
"""A sample is at least this long: shorter runs are timed several at a time, because a clock and a call cost too."""

_MOST_AT_ONCE = 1000
_LEAST_TRIED = 10
_ALIKE = 2.0

SAMPLES = "samples.csv"
COLUMNS = ("model", "runtime", "device", "source", "round", "sample", "ms")
"""The file of samples in a run folder, and its columns: those of the report's CSV."""


@dataclass(slots=True)
class _Taken:
    """What was taken of one model so far."""

    samples_s: list[float] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    builds_s: list[float] = field(default_factory=list)
    batch: int = 0
    clock: str = ""


class _Keep:
    """Writes the samples of each turn into the run folder: what was measured stays when the rest is stopped."""

    def __init__(self, plan: BenchPlan) -> None:
        """Raises OSError where the folder cannot be written."""
        self._plan = plan
        self._path = plan.out / SAMPLES if plan.out is not None else None
        if plan.out is not None and self._path is not None:
            plan.out.mkdir(parents=True, exist_ok=True)
            self._path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")

    def add(self, taken: Sequence[_Taken]) -> None:
        """The newest sample of each model."""
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            for one, got in zip(self._plan.contenders, taken, strict=True):
                rows.writerow((one.label or one.path, one.spec.name, one.device, "measured", got.rounds[-1],
                               len(got.samples_s) - 1, 1e3 * got.samples_s[-1]))


def measure(plan: BenchPlan, cancel: Cancel) -> Iterator[Event]:
    """Progress, then Finished(tuple of Series), one a contender.

    A measurement that ``max_s`` ends has fewer samples, the same number of each model. Raises what opening raises.
    """
    feeds = inputs_of(plan.contenders, plan.inputs)
    taken = [_Taken() for _ in plan.contenders]
    began = time.monotonic()
    end = began + plan.max_s
    keep = _Keep(plan)
    per_round = [len(range(r, plan.runs, plan.rounds)) for r in range(plan.rounds)]
    for number, wanted in enumerate(per_round):
        if number and time.monotonic() > end:
            yield Message(f"The time of {plan.max_s:g} s is over: {sum(per_round[:number])} of {plan.runs} runs were "
                          "measured", "warning")
            break
        yield from _round(plan, number, wanted, feeds, taken, cancel, end, keep)
    yield Finished(tuple(_series(plan, one, got) for one, got in zip(plan.contenders, taken, strict=True)))


def _round(plan: BenchPlan, number: int, wanted: int, feeds: Sequence[Mapping[str, Array]], taken: list[_Taken],
           cancel: Cancel, end: float, keep: _Keep) -> Iterator[Event]:
    yield Progress("Opening the models", number, plan.rounds, "rounds")
    with ExitStack() as stack:
        opened: list[Timed] = []
        # Who is opened first, and who runs first, changes from round to round and from turn to turn.
        for i in _turn(len(plan.contenders), number):
            start = time.perf_counter()
            one = open_timed(plan.contenders[i], feeds[i], plan.threads, plan.optimise, cancel)
            taken[i].builds_s.append(time.perf_counter() - start)
            stack.callback(one.close)
            opened.append(one)
        ordered = [opened[_turn(len(opened), number).index(i)] for i in range(len(opened))]
        times = [_warm_up(one, got, plan.warmup, cancel) for one, got in zip(ordered, taken, strict=True)]
        if not taken[0].batch:
            for got, batch in zip(taken, batches(times), strict=True):
                got.batch = batch
        gc.collect()  # what opening left behind; none is done inside a turn
        for turn in range(wanted):
            yield Progress("Measuring", sum(len(t.samples_s) for t in taken), plan.runs * len(taken), "samples")
            with no_garbage():
                for i in _turn(len(ordered), number + turn):
                    batch = taken[i].batch
                    taken[i].samples_s.append(sum(ordered[i].seconds(batch, cancel)) / batch)
                    taken[i].rounds.append(number)
            keep.add(taken)
            if turn + 1 >= 2 and time.monotonic() > end:
                return


def _turn(count: int, number: int) -> list[int]:
    """An order of the models: rotated, and every second time backwards (a b, b a, …)."""
    first = number // 2 % count
    order = [(first + i) % count for i in range(count)]
    return order[::-1] if number % 2 else order


def _warm_up(one: Timed, got: _Taken, runs: int, cancel: Cancel) -> float:
    """Seconds of the quickest run."""
    got.clock = one.clock
    return min(one.seconds(max(1 if got.batch else _LEAST_TRIED, runs), cancel))


def batches(times_s: Sequence[float]) -> list[int]:
    """How many runs a sample of each model is the mean of, from the time of its quickest run.

    Models of about the same speed get the same number: the median of single runs and that of means of five are not
    the same figure on a machine that interrupts, and their ratio would not be 1 for equal models.
    """
    fastest = max(1e-9, min(times_s))
    return [_batch(fastest if time_s <= _ALIKE * fastest else time_s) for time_s in times_s]


def _batch(time_s: float) -> int:
    return max(1, min(_MOST_AT_ONCE, round(_SHORTEST_S / time_s)))


def inputs_of(contenders: Sequence[Contender], choice: InputChoice) -> list[Mapping[str, Array]]:
    """The arrays of each model. Those with the same input names as the first get the same arrays."""
    found: list[Mapping[str, Array]] = []
    for one in contenders:
        graph = open_model(one.path, ReadOptions(key_of(one.key or "")))
        if found and set(found[0]) == set(graph.input_names):
            found.append(found[0])
        else:
            found.append(gather(graph, choice).arrays)
    return found


def _series(plan: BenchPlan, one: Contender, got: _Taken) -> Series:
    samples = tuple(1e3 * s for s in got.samples_s)
    return summary(samples, path=str(one.path), label=one.label, runtime=one.spec.name,
                   runtime_version=one.spec.version, device=one.device, threads=plan.threads, source="measured",
                   clock=got.clock, warmup=plan.warmup, batch=got.batch, rounds=tuple(got.rounds),
                   build_ms=1e3 * quantile(got.builds_s, 0.5))


def summary(samples_ms: Sequence[float], *, path: str, label: str = "", runtime: str = "", runtime_version: str = "",
            device: str = "", threads: int = 0, source: str = "measured", clock: str = "", warmup: int = 0,
            batch: int = 1, rounds: tuple[int, ...] = (), build_ms: float = float("nan")) -> Series:
    """The series of these samples (at least one), ms, with every figure that follows from them."""
    samples = tuple(map(float, samples_ms))
    return Series(path=path, label=label, runtime=runtime, runtime_version=runtime_version, device=device,
                  threads=threads, source=source, clock=clock, warmup=warmup, runs=len(samples), batch=batch,
                  samples_ms=samples, rounds=rounds, median_ms=quantile(samples, 0.5),
                  median=median_interval(samples), p90_ms=quantile(samples, 0.9), min_ms=min(samples),
                  max_ms=max(samples), mean_ms=sum(samples) / len(samples), mad_ms=mad(samples), build_ms=build_ms,
                  drift=drift(samples), outliers=outliers(samples))
