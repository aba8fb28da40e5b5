"""What a healthy target must show of error: the golden model again, every float stored in the target's dtype."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import onnx
import onnxruntime as ort
from onnx import helper

from diag.cancel import Cancel
from diag.compare.metrics import compare
from diag.compare.sides import Side
from diag.compare.tape import Tape
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import onnx_type
from diag.runtimes.program import Program, Step
from diag.types.dtype import DType
from diag.types.metrics import Metrics
from diag.types.tensor import TensorInfo

_RAW = "#unrounded"


class Envelope:
    """Runs beside the golden tape. ``metrics``: golden against its rounded self, by golden tensor."""

    def __init__(self, golden: Side, feeds: Mapping[str, Array], dtype: DType, infos: Mapping[str, TensorInfo],
                 segment_bytes: int, threads: int) -> None:
        program = rounded(golden.session.program, dtype, infos)
        self._dtype = dtype
        bound: dict[str, ort.OrtValue] = golden.session.bind(feeds)
        self._tape = Tape(Engine(program, threads), range(len(program.steps)), bound, infos, segment_bytes)
        self._values = [v for s in program.steps for v in s.writes]
        self.metrics: dict[str, Metrics] = {}

    def advance(self, golden: Tape, cancel: Cancel) -> None:
        """Catch up with the golden tape and judge what both hold now."""
        self._tape.advance(golden.position, cancel)
        for value in list(self._tape.values):
            if value in self.metrics:
                continue
            theirs, ours = golden.array(value), self._tape.array(value)
            if theirs is not None and ours is not None and theirs.dtype.kind == "f" and ours.shape == theirs.shape:
                self.metrics[value] = compare(theirs, ours, target_dtype=self._dtype)
        self._tape.release(lambda v: v not in self.metrics and golden.array(v) is not None)


def rounded(program: Program, dtype: DType, infos: Mapping[str, TensorInfo]) -> Program:
    """The program with every float32 value cast to ``dtype`` and back where it is stored; overflow gives infinity."""
    return replace(program, steps=tuple(_rounded(s, dtype, infos) for s in program.steps))


def _rounded(step: Step, dtype: DType, infos: Mapping[str, TensorInfo]) -> Step:
    wide = [v for v in step.writes if v in infos and infos[v].dtype is DType.FLOAT32]
    if not wide or not step.protos:
        return step
    protos = []
    for proto in step.protos:
        copy = onnx.NodeProto()
        copy.CopyFrom(proto)
        copy.output[:] = [v + _RAW if v in wide else v for v in proto.output]
        protos.append(copy)
    for value in wide:
        narrow = f"{value}#narrow"
        protos.append(helper.make_node("Cast", [value + _RAW], [narrow], to=onnx_type(dtype)))
        protos.append(helper.make_node("Cast", [narrow], [value], to=onnx.TensorProto.FLOAT))
    return replace(step, protos=tuple(protos))
