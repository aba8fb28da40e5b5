"""A region of target nodes as two models: what it computes in the target, and the golden nodes that it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx

from diag.cancel import Cancel
from diag.compare.reduce import onnx_cut
from diag.compare.reduce.answers import Answer
from diag.compare.reduce.regions import Region, Wiring
from diag.compare.reduce.values import Values
from diag.compare.sides import Side
from diag.formats import weights as weight_files
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR, edit
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.tensor import Span, TensorInfo


@dataclass(frozen=True, slots=True)
class GoldenPart:
    """``inputs`` and ``expected`` by golden tensor; ``inputs`` may hold tensors that only the target part wants."""

    model: onnx.ModelProto
    nodes: tuple[int, ...]
    inputs: Mapping[str, Array]
    expected: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class TargetPart:
    """The file, and the values behind its inputs and outputs by their names, in order."""

    path: Path
    inputs: Mapping[str, str]
    outputs: Sequence[tuple[str, str]]
    weights_bytes: int


def golden_nodes(wiring: Wiring, fed: Iterable[str], outs: Iterable[str]) -> list[int]:
    """Golden nodes between ``fed`` tensors and ``outs``; branches that come in from the side are left out."""
    fed, outs = frozenset(fed), list(outs)
    upward = wiring.back([o for o in outs if o not in fed], fed)
    inside = wiring.reached(fed, upward)
    own = {wiring.writer[o] for o in outs if o in wiring.writer and o not in fed}
    return sorted(inside | own)


def cut_golden(side: Side, wiring: Wiring, values: Values, fed: Iterable[str], outs: Iterable[str],
               cancel: Cancel) -> GoldenPart:
    """The golden part. Shapes that the whole model computes are constants of the part."""
    fed, outs = list(dict.fromkeys(fed)), list(dict.fromkeys(outs))
    nodes = golden_nodes(wiring, fed, outs)
    reads, constants = _outside(side, wiring, nodes)
    taken = values.take({*fed, *outs, *reads, *constants}, cancel)
    model = onnx_cut.cut(side, nodes, {v: taken[v] for v in reads}, {v: taken[v] for v in outs},
                         {v: taken[v] for v in constants})
    return GoldenPart(model, tuple(nodes), {v: taken[v] for v in dict.fromkeys((*reads, *fed))},
                      {v: taken[v] for v in outs})


def cut_target(side: Side, wiring: Wiring, values: Values, region: Region, answers: Mapping[str, Answer],
               folder: Path, key: bytes | None, cancel: Cancel) -> TargetPart:
    """The target part as ``target.mindir`` or ``target.onnx`` in ``folder``."""
    if side.file is not None:
        return _onnx(side, wiring, values, region, folder, cancel)
    path = folder / "target.mindir"
    feeds = {v: info_of(v, side, values, a) for v, a in answers.items()}
    edited = edit.extract(side.path, region.outs, region.stop, feeds, key)
    path.write_bytes(edited.data)
    _take_weights_in(path, side.path)
    held = MINDIR.read(path, ReadOptions())
    size = sum(w.nbytes for w in held.weights.values())
    return TargetPart(path, {name: v for v, name in edited.inputs.items()},
                      list(zip(held.output_names, edited.values, strict=True)), size)


def info_of(value: str, side: Side, values: Values, answer: Answer) -> TensorInfo:
    """Element type and shape of a target value: as it was computed here, else as the file and its row say."""
    known = values.infos.get(value) or side.graph.info(value)
    row = answer.row
    shape = known.shape if known.static_shape is not None else row.shape if row is not None else known.shape
    dtype = known.dtype if known.dtype is not DType.UNDEFINED else row.dtype if row is not None else DType.FLOAT32
    return TensorInfo(value, dtype, shape)


def _onnx(side: Side, wiring: Wiring, values: Values, region: Region, folder: Path, cancel: Cancel) -> TargetPart:
    reads, constants = _outside(side, wiring, region.nodes)
    taken = values.take({*reads, *region.outs, *constants}, cancel)
    model = onnx_cut.cut(side, region.nodes, {v: taken[v] for v in reads}, {v: taken[v] for v in region.outs},
                         {v: taken[v] for v in constants})
    path = folder / "target.onnx"
    onnx_cut.save(model, path)
    return TargetPart(path, {v: v for v in reads}, [(v, v) for v in region.outs], onnx_cut.weights_bytes(model))


def _outside(side: Side, wiring: Wiring, nodes: Sequence[int]) -> tuple[list[str], list[str]]:
    """What the nodes read from elsewhere: tensors that depend on the input, and values that do not."""
    written = wiring.written(nodes)
    weights = side.session.program.weights
    reads = dict.fromkeys(v for n in nodes for v in wiring.reads(n) if v not in written and v not in weights)
    return [v for v in reads if v in wiring.data], [v for v in reads if v not in wiring.data]


def _take_weights_in(path: Path, source: Path) -> None:
    """Weights that lie in files beside the source go into the part itself."""
    beside = [b for b in source.absolute().parent.glob("*_variables") if not (path.parent / b.name).exists()]
    for folder in beside:
        (path.parent / folder.name).symlink_to(folder)
    try:
        graph = MINDIR.read(path, ReadOptions())
        away = {n: weight_files.load(w) for n, w in graph.weights.items()
                if isinstance(w.data, Span) and w.data.path.absolute() != path.absolute() and not w.problem}
        if away:
            whole = path.with_suffix(".whole")
            whole.write_bytes(edit.write_weights(path, away))
            whole.replace(path)
    finally:
        for folder in beside:
            (path.parent / folder.name).unlink()
