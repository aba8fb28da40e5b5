"""One region cut out, run on golden input and judged: does it show the error?"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from diag.cancel import Cancel
from diag.compare.align.layout import arrange, distance, layouts
from diag.compare.reduce import onnx_cut
from diag.compare.reduce.answers import Answer
from diag.compare.reduce.parts import GoldenPart, TargetPart, cut_golden, cut_target, golden_nodes, info_of
from diag.compare.reduce.regions import Region, Wiring
from diag.compare.reduce.result import Attempt, OutputError, Port
from diag.compare.reduce.values import Values
from diag.compare.rows import error_of, metrics_of
from diag.compare.sides import Side
from diag.compare.tolerance import RELATIVE, Preset, judge
from diag.errors import ToolFailed, UsageError
from diag.runtimes.interface import Array, RunOptions, Runtime
from diag.runtimes.onnxruntime import OnnxRuntime
from diag.types.dtype import DType
from diag.types.layer import Verdict
from diag.types.metrics import Metrics
from diag.types.tensor import TensorInfo

_SAME = 2.0
"""An error within this factor of the recorded one is the same error."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A region as files in ``folder`` (golden.onnx, target.*), with what goes in, should come out, and came out."""

    region: Region
    golden: GoldenPart
    target: TargetPart
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    observed: Mapping[str, Array]
    errors: tuple[OutputError, ...]


@dataclass(frozen=True, slots=True)
class Judging:
    """By which limits: the element type of each value's verdict, and the preset."""

    preset: Preset
    dtype: DType

    def judged(self, golden: str, expected: Array, got: Array, *, own: bool, answer: Answer | None = None,
               name: str = "") -> OutputError:
        """One output: ``expected`` in golden's order, ``got`` in the target's; ``answer`` says how they correspond."""
        row = answer.row if answer is not None else None
        dtype = row.dtype if row is not None else self.dtype
        arranged = fitted(expected, answer.layout if answer is not None else None, got.shape)
        if arranged is None:
            return OutputError(golden, name, Verdict.NOT_COMPARABLE,
                               f"golden has shape {list(expected.shape)}, the target {list(got.shape)}", None)
        metrics = metrics_of(arranged, got, dtype if dtype.is_float else None, self.preset)
        info = TensorInfo(golden, dtype, tuple(got.shape))
        verdict, reason = judge(metrics, info, dtype, own_input=own, preset=self.preset)
        return OutputError(golden, name, verdict, reason, metrics)


def fitted(golden: Array, layout: tuple[int, ...] | None, shape: tuple[int, ...]) -> Array | None:
    """The golden elements in the target's order and shape; None if they cannot be brought there."""
    if golden.size != math.prod(shape):
        return None
    if layout is None and golden.shape != tuple(shape):
        layout = next(iter(layouts(golden.shape, shape)), None)
    return arrange(golden, layout, shape)


@dataclass(slots=True)
class Bench:
    """Everything that trials share. Use as a context manager: the folder with their files goes at the end."""

    golden: Side
    target: Side
    golden_wiring: Wiring
    target_wiring: Wiring
    golden_values: Values
    target_values: Values
    answers: Mapping[str, Answer]
    runtime: Runtime
    options: RunOptions
    judging: Judging
    key: bytes | None
    golden_threads: int
    home: Path
    attempts: list[Attempt]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    def show(self, region: Region, focus: Answer, recorded: Metrics | None, cancel: Cancel) -> Piece | None:
        """The region as a piece if it shows the error, else None.

        ``recorded``: the focus's own error, which a piece of only its own node must show again.
        """
        cancel.check()
        answers = {**self.answers, focus.value: focus}
        outs = [answers[v].golden for v in region.outs]
        nodes = golden_nodes(self.golden_wiring, self._fed(region, answers), outs)
        if not nodes:
            self._note(region, 0, "the golden model has no node here")
            return None
        try:
            return self._try(region, focus, answers, recorded, cancel)
        except (UsageError, ToolFailed) as error:
            self._note(region, len(nodes), error.message)
            return None

    def _try(self, region: Region, focus: Answer, answers: Mapping[str, Answer], recorded: Metrics | None,
             cancel: Cancel) -> Piece | None:
        folder = Path(tempfile.mkdtemp(dir=self.home))
        target = cut_target(self.target, self.target_wiring, self.target_values, region, answers, folder, self.key,
                            cancel)
        golden = cut_golden(self.golden, self.golden_wiring, self.golden_values,
                            [answers[v].golden for v in target.inputs.values()],
                            [answers[v].golden for v in region.outs], cancel)
        onnx_cut.save(golden.model, folder / "golden.onnx")
        got = run_golden(folder / "golden.onnx", golden.inputs, self.golden_threads, cancel)
        if any(distance(a, got[v]) > RELATIVE[True].good for v, a in golden.expected.items()):
            self._note(region, len(golden.nodes), "the golden part alone gives other values than in the model")
            return None
        return self._judged(self._run(region, focus, answers, golden, target, cancel), focus, recorded)

    def _fed(self, region: Region, answers: Mapping[str, Answer]) -> list[str]:
        """Golden tensors behind what the region reads from outside."""
        wiring = self.target_wiring
        written = wiring.written(region.nodes)
        reads = dict.fromkeys(v for n in region.nodes for v in wiring.data_reads(n) if v not in written)
        return [answers[v].golden for v in reads if v in answers]

    def _run(self, region: Region, focus: Answer, answers: Mapping[str, Answer], golden: GoldenPart,
             target: TargetPart, cancel: Cancel) -> Piece:
        ports = tuple(self._port(name, answers[value]) for name, value in target.inputs.items())
        with self.runtime.open(target.path, self.options, cancel) as session:
            feeds = {p.name: feed(golden.inputs[p.golden], p) for p in ports}
            got = session.run(feeds, cancel)
            observed = {value: np.array(got[name]) for name, value in target.outputs}
        outs = []
        errors = []
        for name, value in target.outputs:
            answer, array = answers[value], observed[value]
            outs.append(Port(name, value, answer.golden, DType.of(array.dtype).value, tuple(array.shape),
                             self._layout(answer, golden.expected[answer.golden], array)))
            errors.append(self.judging.judged(answer.golden, golden.expected[answer.golden], array, answer=answer,
                                              name=name, own=value == focus.value and region.hops >= 0))
        return Piece(region, golden, target, ports, tuple(outs), observed, tuple(errors))

    def _port(self, name: str, answer: Answer) -> Port:
        info = info_of(answer.value, self.target, self.target_values, answer)
        shape = info.static_shape
        if shape is None:
            raise ToolFailed(f"The shape of '{answer.value}' is not known", where=f"in {self.target.path}",
                             hint="Take another --layer")
        return Port(name, answer.value, answer.golden, info.dtype.value, shape, answer.layout)

    def _layout(self, answer: Answer, golden: Array, got: Array) -> tuple[int, ...] | None:
        if answer.layout is not None or golden.shape == got.shape:
            return answer.layout
        return next(iter(layouts(golden.shape, got.shape)), None)

    def _judged(self, piece: Piece, focus: Answer, recorded: Metrics | None) -> Piece | None:
        worst = max(piece.errors, key=lambda e: (e.verdict is Verdict.FAIL, _size(e)))
        note = worst.reason if worst.verdict is not Verdict.FAIL else ""
        shows = worst.verdict is Verdict.FAIL
        if shows and piece.region.hops == 0 and recorded is not None:
            mine = next(e for e, p in zip(piece.errors, piece.outputs, strict=True) if p.value == focus.value)
            shows = same_error(recorded, mine.metrics)
            note = "" if shows else "another error than the comparison measured"
        self.attempts.append(Attempt(piece.region.hops, len(piece.region.nodes), len(piece.golden.nodes), shows,
                                     error_of(worst.metrics), note))
        return piece if shows else None

    def _note(self, region: Region, golden: int, note: str) -> None:
        self.attempts.append(Attempt(region.hops, len(region.nodes), golden, False, math.nan, note))


def feed(golden: Array, port: Port) -> Array:
    """The golden tensor as the target part wants it. Raises ToolFailed where it cannot be brought there."""
    array = fitted(golden, port.layout, port.shape)
    if array is None:
        raise ToolFailed(f"'{port.value}' has the shape {list(port.shape)} and '{port.golden}' {list(golden.shape)}",
                         hint="The two do not answer each other: take another --layer, or give --map")
    return np.ascontiguousarray(array.astype(DType(port.dtype).numpy, copy=False))


def run_golden(path: Path, inputs: Mapping[str, Array], threads: int, cancel: Cancel) -> dict[str, Array]:
    """The golden part on its inputs, in onnxruntime as the comparison runs it."""
    with OnnxRuntime().open(path, RunOptions(threads=threads), cancel) as session:
        return session.run({i.name: inputs[i.name] for i in session.inputs}, cancel)


def same_error(recorded: Metrics, now: Metrics | None) -> bool:
    """Whether two measurements show the same error: as many non-finite values, or about the same distance."""
    if now is None:
        return False
    if recorded.nonfinite or now.nonfinite:
        return bool(recorded.nonfinite and now.nonfinite)
    before, after = error_of(recorded), error_of(now)
    if math.isinf(before) or math.isinf(after):
        return before == after
    return before <= _SAME * after and after <= _SAME * before


def _size(error: OutputError) -> float:
    value = error_of(error.metrics)
    return -1.0 if math.isnan(value) else value
