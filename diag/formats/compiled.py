"""Files that hold a graph of the Ascend compiler: its dumps, compiled models, the JSON of one, a MindIR around one.

``read(path)`` gives the GeModel, ``facts(model)`` what ``diag inspect`` tells of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from diag.errors import FormatError
from diag.formats import ge_dump, om
from diag.formats.facts import InnerGraph, ModelFacts
from diag.formats.registry import read_head
from diag.types.ge import GeGraph, GeModel, GeOp, GeTensor, GeValue
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo

INPUTS = frozenset({"Data", "AippData", "RefData", "AnnData"})
"""Operations that hand in what the caller gives."""

CONSTANTS = frozenset({"Const", "Constant"})
"""Operations that hold a weight."""

OUTPUTS = "NetOutput"
"""The operation that hands out what the caller gets."""

_TOLD = ("soc_version", "atc_version", "opp_version", "framework_type", "target_type", "atc_cmdline", "memory_size",
         "weight_size", "stream_num", "event_num")
_LONG = 2000


def sniff(path: Path) -> bool:
    """Whether a file is one of them by itself; a MindIR around a compiled model is not. Raises FormatError as
    ``read_head`` does.
    """
    head = read_head(path)
    return ge_dump.sniff(head, path) or om.sniff(head) or om.sniff_json(head)


def read(path: Path) -> GeModel:
    """The graphs in the file. Raises FormatError with the byte."""
    path = path.absolute()
    head = read_head(path)
    if om.sniff(head):
        return _of_compiled(om.read(path))
    if om.sniff_json(head) and path.suffix != ".txt":
        return om.read_json(path)
    if ge_dump.sniff(head, path):
        return ge_dump.read(path)
    raise FormatError(path, "Expected a graph of the Ascend compiler (ge_proto_*.txt, ge_onnx_*.pbtxt, .om)", offset=0,
                      found=f"bytes {head[:8].hex(' ')}", hint="Is it the right file?")


def inside(graph: Graph) -> GeModel | None:
    """The compiled model that a MindIR is wrapped around; None for an ordinary model. Raises FormatError."""
    if "om" not in graph.metadata:
        return None
    return next((_of_compiled(found) for found in om.within(graph)), None)


def _of_compiled(found: om.Compiled) -> GeModel:
    head, model = found.header, found.model
    more: dict[str, GeValue] = {
        "om_name": head.name, "om_version": f"0x{head.version:08x}", "om_models": head.models,
        "om_type": om.MODEL_TYPES.get(head.type, str(head.type)), "platform_version": head.platform,
        "om_shapes": "dynamic" if head.dynamic else "static",
        "partitions": ", ".join(f"{name} {size:,}" for name, size in _sizes(found).items()),
        "tasks": ", ".join(f"{kind} {count:,}" for kind, count in Counter(t.kind for t in found.tasks).items())}
    return GeModel(model.path, model.kind, model.graphs, attributes={**model.attributes, **more}, notes=model.notes)


def _sizes(found: om.Compiled) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for part in (p for model in found.partitions for p in model):
        sizes[part.kind] = sizes.get(part.kind, 0) + part.end - part.start
    return sizes


def facts(model: GeModel) -> ModelFacts:
    """Numbers of one file. Weights are counted by what the graph says of them; none is read."""
    main = model.main if model.graphs else GeGraph("", ())
    sizes: Counter[str] = Counter()
    constants = [op for _, op in model.ops() if op.type in CONSTANTS]
    for tensor in (t for op in constants for t in op.sketch.outputs[:1]):
        sizes[tensor.dtype.value] += tensor.dtype.nbytes(_elements(tensor.shape))
    inputs = tuple(_info(op.name, op.sketch.outputs) for op in main.ops if op.type in INPUTS)
    return ModelFacts(
        str(model.path), model.path.stat().st_size if model.path.is_file() else 0, model.kind, main.name,
        told(model), inputs, tuple(_outputs(main)), len(main.ops),
        dict(Counter(op.type for op in main.ops).most_common()), len(constants), dict(sizes.most_common()), 0, (),
        tuple(InnerGraph(g.name, len(g.ops)) for g in model.graphs[1:]),
        {f"{i.name}[{axis}]": "?" for i in inputs for axis, d in enumerate(i.shape or ()) if d is None},
        (*model.notes, *(("The file is not laid out as the compiler prints it; it was read strictly.",)
                         if model.strict else ())))


def told(model: GeModel) -> Mapping[str, str]:
    """How it was compiled, for which chip, in which stage: what the file says, as texts."""
    known: dict[str, GeValue] = {"stage": model.stage, **{k: model.attributes.get(k) for k in _TOLD},
                                 **{k: v for k, v in model.attributes.items() if k.startswith("om_") or k in
                                    ("partitions", "tasks", "platform_version")}}
    return {k: str(v)[:_LONG] for k, v in known.items() if isinstance(v, str | int | float) and v != ""}


def _outputs(main: GeGraph) -> Iterator[TensorInfo]:
    for op in (op for op in main.ops if op.type == OUTPUTS):
        described = op.body.inputs
        for k, (source, _) in enumerate(op.inputs):
            yield _info(source, described[k:k + 1] or _written(main, op, k))


def _written(main: GeGraph, op: GeOp, k: int) -> tuple[GeTensor, ...]:
    source, index = op.inputs[k]
    writer = main.by_name.get(source)
    return writer.sketch.outputs[index:index + 1] if writer is not None else ()


def _info(name: str, tensors: tuple[GeTensor, ...]) -> TensorInfo:
    if not tensors:
        return TensorInfo(name)
    return TensorInfo(name, tensors[0].dtype, tuple(d if d >= 0 else None for d in tensors[0].shape))


def _elements(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= max(size, 0)
    return total
