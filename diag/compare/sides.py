"""The two models of a comparison, opened, and the proof that they belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from diag.errors import UsageError
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR
from diag.formats.onnx import OnnxFile, infer, load
from diag.formats.registry import identify
from diag.runtimes.feeds import describe
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.program import from_onnx
from diag.runtimes.onnxruntime.session import ProgramSession
from diag.runtimes.reference import lower
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo

_SAME_NUMBERS = ({DType.INT64, DType.INT32}, {DType.FLOAT64, DType.FLOAT32}, {DType.FLOAT16, DType.FLOAT32},
                 {DType.BFLOAT16, DType.FLOAT32}, {DType.FLOAT16, DType.FLOAT64})

_NAMES = {"mindir": "MindIR"}


@dataclass(frozen=True, slots=True)
class Side:
    """One model: its graph, and a session in this process that can run all of it that is covered.

    ``file`` is the ONNX file behind it, None for a MindIR.
    """

    path: Path
    graph: Graph
    session: ProgramSession
    file: OnnxFile | None

    def infos(self, shapes: Mapping[str, tuple[int, ...]]) -> Mapping[str, TensorInfo]:
        """What is known of each value's dtype and shape, given the inputs' shapes (by caller-visible name)."""
        return self.graph.values if self.file is None else infer(self.file, shapes)


def open_golden(path: Path, threads: int) -> Side:
    """The golden side. It must be an ONNX model."""
    kind = identify(path)
    if kind != "onnx":
        raise UsageError(f"The golden model must be ONNX; this is a {_NAMES.get(kind, kind)}", where=f"in {path}",
                         hint="Give the ONNX model first and what it became second")
    return _onnx(path, threads)


def open_target(path: Path, cores: int, threads: int, key: bytes | None) -> Side:
    """The target side: a MindIR (lowered for the reference runtime) or an ONNX model (which gets all cores)."""
    if identify(path) == "onnx":
        return _onnx(path, cores)
    graph = MINDIR.read(path, ReadOptions(key))
    return Side(path, graph, ProgramSession(lower(graph), threads), None)


def _onnx(path: Path, threads: int) -> Side:
    file = load(path)
    if not file.graph.nodes:
        raise UsageError("The model has no nodes: there is nothing to compare", where=f"in {path}",
                         hint="Check that the export wrote the whole model")
    return Side(path, file.graph, ProgramSession(from_onnx(file), threads), file)


def check_pair(golden: Graph, target: Graph) -> None:
    """Raise UsageError where the two cannot be the same model: inputs or outputs that do not correspond."""
    mine = {n: i for i, n in zip(golden.inputs, golden.input_names, strict=True)}
    theirs = {n: i for i, n in zip(target.inputs, target.input_names, strict=True)}
    for name in (n for n in theirs if n not in mine):
        raise UsageError(f"The target has an input '{name}' that the golden model has not",
                         where=f"golden: {_list(mine)}; target: {_list(theirs)}",
                         hint="Are these two the same model? Compare the ONNX file that was converted")
    for name, info in theirs.items():
        _check_input(name, mine[name], info)
    if len(golden.outputs) != len(target.outputs):
        raise UsageError(f"The golden model has {len(golden.outputs)} outputs and the target {len(target.outputs)}",
                         where=f"golden: {', '.join(golden.output_names)}; target: {', '.join(target.output_names)}",
                         hint="Are these two the same model? Compare the ONNX file that was converted")


def output_pairs(golden: Graph, target: Graph) -> list[tuple[str, str]]:
    """Caller-visible output names that answer each other: by name where all agree, else by position."""
    if set(golden.output_names) == set(target.output_names):
        return [(n, n) for n in golden.output_names]
    return list(zip(golden.output_names, target.output_names, strict=True))


def target_feeds(arrays: Mapping[str, Array], target: Graph) -> dict[str, Array]:
    """The golden inputs that the target also wants (a converter drops inputs that nobody reads)."""
    return {name: arrays[name] for name in target.input_names}


def casts(golden: Graph, target: Graph) -> dict[str, tuple[str, str]]:
    """Inputs whose element type the conversion changed: (golden's, the target's) by name."""
    mine = {n: i.dtype for n, i in zip(golden.input_names, golden.inputs, strict=True)}
    return {n: (mine[n].value, i.dtype.value) for n, i in zip(target.input_names, target.inputs, strict=True)
            if n in mine and DType.UNDEFINED not in (mine[n], i.dtype) and mine[n] is not i.dtype}


def _check_input(name: str, golden: TensorInfo, target: TensorInfo) -> None:
    known = DType.UNDEFINED not in (golden.dtype, target.dtype)
    if known and golden.dtype is not target.dtype and {golden.dtype, target.dtype} not in _SAME_NUMBERS:
        raise UsageError(f"The input '{name}' has another type on each side",
                         where=f"golden: {describe(golden)}; target: {describe(target)}",
                         hint="Compare the ONNX file that was converted")
    a, b = golden.static_shape, target.static_shape
    if a is not None and b is not None and a != b:
        raise UsageError(f"The input '{name}' has another shape on each side",
                         where=f"golden: {describe(golden)}; target: {describe(target)}",
                         hint="Convert the model again for this shape, or compare the model that was converted")


def _list(infos: Mapping[str, TensorInfo]) -> str:
    return ", ".join(f"{n} {describe(i)}" for n, i in infos.items()) or "none"
