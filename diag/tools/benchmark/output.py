"""Reads what ``benchmark`` printed: header, times, tables, accuracy, failures, of every version that we know.

Spellings differ (``MaxRuntime``, ``calledTimess``, ``node/tensor``): words are matched without case, numbers by form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf)"
_HEADER = re.compile(r"^\s*(ModelPath|ModelType|InDataPath|GroupInfoFile|ConfigFilePath|InDataType|LoopCount|DeviceType"
                     r"|AccuracyThreshold|CosineDistanceThreshold|WarmUpLoopCount|NumThreads|InterOpParallelNum"
                     r"|Fp16Priority|EnableParallel|calibDataPath|EnableGLTexture|cpuBindMode|CalibDataType) =\s*(.*?)"
                     r"\s*$", re.IGNORECASE)
_TIMING = re.compile(rf"Model = (.+?), NumThreads = (\d+), MinRunTime = ({_NUMBER}) ms, MaxRunTime = ({_NUMBER}) ms, "
                     rf"AvgRunTime = ({_NUMBER}) ms", re.IGNORECASE)
_PREPARE = re.compile(rf"^\s*PrepareTime = ({_NUMBER}) ms", re.IGNORECASE)
_TOTAL = re.compile(rf"total time\s*:\s*({_NUMBER})\s*ms,\s*kernel cost\s*:\s*({_NUMBER})\s*ms", re.IGNORECASE)
_BIAS = re.compile(rf"Mean bias of (?:node/tensor|node|tensor) (.+?) ?: ({_NUMBER})\s*%", re.IGNORECASE)
_ALL_BIAS = re.compile(rf"Mean bias of all (?:nodes/tensors|nodes|tensors)(?: is too big)?\s*: ({_NUMBER})\s*%",
                       re.IGNORECASE)
_COSINE = re.compile(rf"Mean cosine distance of (?:node/tensor|node|tensor) (.+?) ?: ({_NUMBER})\s*%?", re.IGNORECASE)
_ALL_COSINE = re.compile(rf"cosine distance of all (?:nodes/tensors|nodes|tensors)(?: is too small)?\s*: ({_NUMBER})",
                         re.IGNORECASE)
_PARALLEL = re.compile(rf"(warm up index|parallel index): (\d+) \|(?: task index: (\d+) \|)? (?:predict )?time: "
                       rf"({_NUMBER}) ms", re.IGNORECASE)
_PARALLEL_ALL = re.compile(rf"parallel predict (init|all run) time: ({_NUMBER}) ms", re.IGNORECASE)
_END = re.compile(r"^Run Benchmark (.+) (Success\.|Failed : (-?\d+))", re.IGNORECASE)
_DASHES = re.compile(r"^-{20,}\s*$")
_FAILURES = re.compile(
    r"(Mean bias of all nodes(?:/tensors)? is too big: .*"
    r"|Mean cosine distance of all nodes(?:/tensors)? is too small: .*"
    r"|Output tensor has nan or inf data, compare fail|Shape of mslite output\(.*|Error in CompareData.*"
    r"|Compare output error .*|Input binary file size error, required: .*|Inference error ?.*"
    r"|Input tensor resize failed\.|ms_model_\.Build failed while running ?.*|Device type:.* is not supported\."
    r"|modelPath is required|Run MarkAccuracy error: .*|Read calibration data failed.*|Open file failed.*)",
    re.IGNORECASE)
_COUNTERS = re.compile(r"(\w[\w ]*?)\((k|%)\)")
_MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Timing:
    """The one line of times, ms."""

    model: str
    threads: int
    min_ms: float
    max_ms: float
    avg_ms: float


@dataclass(frozen=True, slots=True)
class TimeRow:
    """One line of a time profile: ``share`` 0..1, ``calls`` over all loops, ``total_ms`` over all of them."""

    name: str
    avg_ms: float
    share: float
    calls: int
    total_ms: float


@dataclass(frozen=True, slots=True)
class CounterRow:
    """One line of a perf profile: two counters in thousands and their shares 0..1, named by ``BenchmarkOutput``."""

    name: str
    first: float
    first_share: float
    second: float
    second_share: float


@dataclass(frozen=True, slots=True)
class OutputAccuracy:
    """What was said about one output: bias in percent, similarity 0..1; NaN where it was not."""

    name: str
    bias_percent: float = math.nan
    cosine: float = math.nan


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of the whole: bias over the elements that differ, in percent, and cosine similarity."""

    outputs: tuple[OutputAccuracy, ...]
    bias_percent: float = math.nan
    cosine: float = math.nan


@dataclass(frozen=True, slots=True)
class BenchmarkOutput:
    """Everything that one run printed.

    Attributes:
        header: the options as printed (``LoopCount`` …), keys as in the newest version.
        resize: shapes of ``Resize Dims`` lines.
        timings: one a model; usually one.
        parallel_ms: times of single predictions in parallel mode.
        ops, types: the time profile by operator and by type; ``counters`` and ``counter_types`` the perf profile.
        succeeded: what its last line says; None where the end is missing.
        failures: lines that say what went wrong, each once.
    """

    header: dict[str, str] = field(default_factory=dict)
    resize: tuple[tuple[int, ...], ...] = ()
    prepare_ms: float = math.nan
    timings: tuple[Timing, ...] = ()
    parallel_ms: tuple[float, ...] = ()
    parallel_all_ms: float = math.nan
    ops: tuple[TimeRow, ...] = ()
    types: tuple[TimeRow, ...] = ()
    total_ms: float = math.nan
    kernel_ms: float = math.nan
    counter_names: tuple[str, str] = ("", "")
    counters: tuple[CounterRow, ...] = ()
    counter_types: tuple[CounterRow, ...] = ()
    accuracy: Accuracy | None = None
    succeeded: bool | None = None
    status: int | None = None
    failures: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing of a benchmark was found: the text is something else."""
        return not (self.header or self.timings or self.ops or self.types or self.counters or self.accuracy
                    or self.failures or self.succeeded is not None)

    @property
    def model(self) -> str:
        """The model's name, as printed anywhere."""
        return self.header.get("ModelPath", "") or (self.timings[0].model if self.timings else "")


def parse(text: str) -> BenchmarkOutput:
    """Whatever can be read from the text; never raises."""
    reader = _Reader()
    for line in text.splitlines():
        reader.feed(line)
    return reader.result()


class _Reader:
    def __init__(self) -> None:
        self.header: dict[str, str] = {}
        self.resize: list[tuple[int, ...]] = []
        self.numbers = {"prepare_ms": math.nan, "total_ms": math.nan, "kernel_ms": math.nan,
                        "parallel_all_ms": math.nan}
        self.timings: list[Timing] = []
        self.parallel: list[float] = []
        self.tables: dict[tuple[str, str], list[tuple[str, list[float]]]] = {}
        self.names: tuple[str, ...] = ()
        self.bias: dict[str, float] = {}
        self.cosine: dict[str, float] = {}
        self.overall = {"bias": math.nan, "cosine": math.nan}
        self.compared = False
        self.end: tuple[bool | None, int | None] = (None, None)
        self.failures: list[str] = []
        self._table: tuple[str, str] | None = None

    def feed(self, line: str) -> None:
        """One line. A table ends with an empty line or a rule; its lines hold no sentence."""
        if self._table is not None and self._row(line):
            return
        self._table = None
        if _DASHES.match(line) or self._heading(line):
            return
        self._sentence(line.strip())

    def _heading(self, line: str) -> bool:
        words = line.split()
        if not words or words[0].lower() not in ("opname", "optype"):
            return False
        kind = "counter" if "(k)" in line else "time"
        if kind == "counter":
            self.names = tuple(dict.fromkeys(m[1].strip() for m in _COUNTERS.finditer(line[len(words[0]):])))
        self._table = (kind, words[0].lower())
        self.tables.setdefault(self._table, [])
        return True

    def _row(self, line: str) -> bool:
        key = self._table
        cells = re.split(r"\t+| {2,}", line.strip())
        if len(cells) != 5:
            # Names that fill their column touch the number after them by one blank.
            cells = line.rsplit(None, 4)
        if key is None or len(cells) != 5 or len(self.tables[key]) >= _MOST_ROWS:
            return False
        try:
            numbers = [float(cell.rstrip("%")) for cell in cells[1:]]
        except ValueError:
            return False
        self.tables[key].append((cells[0].strip(), numbers))
        return True

    def _sentence(self, line: str) -> None:
        if found := _HEADER.match(line):
            self.header.setdefault(found[1], found[2])
        elif found := _TIMING.search(line):
            self.timings.append(Timing(found[1], int(found[2]), *(float(found[i]) for i in (3, 4, 5))))
        elif found := _PREPARE.match(line):
            self.numbers["prepare_ms"] = float(found[1])
        elif line.startswith("Resize Dims:"):
            self.resize.append(tuple(int(d) for d in re.findall(r"-?\d+", line[12:])))
        elif found := _TOTAL.search(line):
            self.numbers["total_ms"], self.numbers["kernel_ms"] = float(found[1]), float(found[2])
        elif found := _PARALLEL.search(line):
            if found[1].lower() == "parallel index":
                self.parallel.append(float(found[4]))
        elif found := _PARALLEL_ALL.search(line):
            if found[1].lower() == "all run":
                self.numbers["parallel_all_ms"] = float(found[2])
        elif found := _END.search(line):
            self.end = (found[3] is None, int(found[3]) if found[3] else 0)
        else:
            self._compared(line)

    def _compared(self, line: str) -> None:
        if line == "MarkAccuracy" or "Comparing Output data" in line:
            self.compared = True
        elif found := _ALL_BIAS.search(line):
            self.compared, self.overall["bias"] = True, float(found[1])
        elif found := _ALL_COSINE.search(line):
            self.compared, self.overall["cosine"] = True, float(found[1])
        elif found := _BIAS.search(line):
            self.bias[found[1]] = float(found[2])
        elif found := _COSINE.search(line):
            # Printed with a percent sign, but it is a similarity between -1 and 1.
            self.cosine[found[1]] = float(found[2])
        if found := _FAILURES.search(line):
            self.failures.append(found[1].strip()[:500])

    def result(self) -> BenchmarkOutput:
        """All that was found."""
        accuracy = None
        if self.compared:
            names = dict.fromkeys((*self.bias, *self.cosine))
            accuracy = Accuracy(tuple(OutputAccuracy(n, self.bias.get(n, math.nan), self.cosine.get(n, math.nan))
                                      for n in names), self.overall["bias"], self.overall["cosine"])
        first, second = (*self.names, "", "")[:2]
        return BenchmarkOutput(
            header=self.header, resize=tuple(self.resize), timings=tuple(self.timings),
            parallel_ms=tuple(self.parallel), ops=tuple(_times(self.tables.get(("time", "opname"), ()))),
            types=tuple(_times(self.tables.get(("time", "optype"), ()))), counter_names=(first, second),
            counters=tuple(_counts(self.tables.get(("counter", "opname"), ()))),
            counter_types=tuple(_counts(self.tables.get(("counter", "optype"), ()))), accuracy=accuracy,
            succeeded=self.end[0], status=self.end[1], failures=tuple(dict.fromkeys(self.failures)), **self.numbers)


def _times(rows: Sequence[tuple[str, list[float]]]) -> Iterator[TimeRow]:
    for name, (avg, share, calls, total) in rows:
        yield TimeRow(name, avg, share, int(calls) if math.isfinite(calls) else 0, total)


def _counts(rows: Sequence[tuple[str, list[float]]]) -> Iterator[CounterRow]:
    for name, (first, first_share, second, second_share) in rows:
        yield CounterRow(name, first, first_share, second, second_share)
