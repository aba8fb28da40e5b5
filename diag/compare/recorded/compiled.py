"""What ran on the device, as the compiler's graph says it, joined with what was recorded."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diag.compare.recorded.device import Device, DeviceOp, Place, content, plain_name
from diag.errors import UsageError
from diag.formats import compiled, ge_dump
from diag.formats.registry import open_model
from diag.formats.tensor_dump import RecordedOp, Recording
from diag.types.ge import GeGraph, GeModel, GeOp, GeTensor
from diag.types.graph import Graph

_NEVER = frozenset({"Const", "Constant", "Data", "AippData", "RefData", "Variable", "NetOutput", "PartitionedCall",
                    "PlaceHolder", "End", "NoOp", "FileConstant"})
"""Operations that leave no tensors of their own."""

_SILENT = ("GE_LOCAL", "RTS", "HOST_CPU", "HCCL")
"""Parts of an engine's name whose operations run beside the chip's cores."""

_MOST_HOPS = 64
_FEWEST = 0.25
"""Share of the recorded operations that the graph must know: below it, they are of two different models."""


def open_compiled(path: Path) -> GeModel:
    """The compiler's graph in a file: a dump, an OM, its JSON, a MindIR around one; of a folder of dumps, the last one.

    Raises FormatError, UsageError.
    """
    if path.is_dir():
        dumps = ge_dump.dumps_in(path, "ge_proto")
        path = max(dumps, key=lambda d: (d.name.stage == "Build", d.name.rank, d.name.number)).path
    if compiled.sniff(path):
        return compiled.read(path)
    found_inside = compiled.inside(open_model(path))
    if found_inside is None:
        raise UsageError("This model was not compiled for the Ascend: it holds no compiler's graph",
                         where=f"in {path}", hint="Give ge_proto_…_Build.txt, the OM, or the MindIR that holds it")
    return found_inside


def from_graph(recording: Recording, model: GeModel, golden: Graph) -> Device:
    """The operations of the compiled model in running order, with their recordings.

    Raises UsageError where graph and recording cannot belong together.
    """
    edges = _Edges(model)
    records = _records(recording)
    known = [(graph, op) for graph, op in model.ops() if op.type not in _NEVER]
    taken = {id(r) for _, op in known for r in (_record(op.name, records),) if r is not None}
    strange = [r for r in recording.ops if id(r) not in taken]
    if recording.ops and len(taken) < _FEWEST * len(recording.ops):
        raise _strangers(recording, model, strange)
    index = {(graph.name, op.name): i for i, (graph, op) in enumerate(known)}
    ops = [_device_op(graph, op, _record(op.name, records), edges, index) for graph, op in known]
    ops = _with_parts(ops)
    ops += [_unknown(r, ops) for r in strange]
    lost = [op.name for (_, op), d in zip(known, ops, strict=False) if d.record is None and _leaves_tensors(op)]
    return Device(tuple(ops), _inputs(model, edges, index, golden), tuple(edges.outputs(index)), model.main.name,
                  tuple(lost), tuple(r.name for r in strange))


def _strangers(recording: Recording, model: GeModel, strange: Sequence[RecordedOp]) -> UsageError:
    example = strange[0].name if strange else ""
    near = difflib.get_close_matches(example, [op.name for _, op in model.ops()], 1)
    return UsageError("The graph and the recording are of different models",
                      where=f"{len(strange)} of {len(recording.ops)} recorded operations are not in {model.path}, "
                            f"{example} for one",
                      hint=f"Did you mean the graph in which '{near[0]}' is called '{example}'? " if near else
                      "Give the graph that was written when this very model was compiled (…_Build.txt)")


def _records(recording: Recording) -> dict[str, RecordedOp]:
    found: dict[str, RecordedOp] = {}
    for record in recording.ops:
        found.setdefault(record.name, record)
        found.setdefault(plain_name(record.name), record)
    return found


def _record(name: str, records: Mapping[str, RecordedOp]) -> RecordedOp | None:
    return records.get(name) or records.get(plain_name(name))


def _leaves_tensors(op: GeOp) -> bool:
    return not any(word in op.engine for word in _SILENT) and bool(op.engine)


Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _End:
    """Where an edge comes from: an operation's output."""

    graph: str
    op: GeOp
    slot: int


class _Edges:
    """Edges across the borders of subgraphs: a call is seen through."""

    def __init__(self, model: GeModel) -> None:
        self._model = model
        self._graphs = {g.name: g for g in model.graphs}
        self._caller = {name: (graph, op) for graph, op in model.ops() if op.type in _CALLS
                        for name in op.body.subgraphs}

    def source(self, graph: GeGraph, name: str, slot: int) -> _End | None:
        """What really writes (operation, output)."""
        for _ in range(_MOST_HOPS):
            op = graph.by_name.get(name)
            if op is None:
                return None
            if op.type == "Data" and graph.name in self._caller:
                outer, call = self._caller[graph.name]
                at = op.body.attributes.get("_parent_node_index", op.body.attributes.get("index", 0))
                at = at if isinstance(at, int) and not isinstance(at, bool) else 0
                if not 0 <= at < len(call.inputs):
                    return None
                graph, (name, slot) = outer, call.inputs[at]
            elif op.type in _CALLS and op.body.subgraphs and op.body.subgraphs[0] in self._graphs:
                graph = self._graphs[op.body.subgraphs[0]]
                end = next((o for o in graph.ops if o.type == "NetOutput"), None)
                if end is None or slot >= len(end.inputs):
                    return None
                name, slot = end.inputs[slot]
            else:
                return _End(graph.name, op, slot)
        return None

    def outputs(self, index: Mapping[Key, int]) -> Iterator[Place]:
        """What the model gives, in order."""
        end = next((o for o in self._model.main.ops if o.type == "NetOutput"), None)
        for name, slot in end.inputs if end is not None else ():
            found = self.source(self._model.main, name, slot) if name else None
            if found is not None and (found.graph, found.op.name) in index:
                yield index[found.graph, found.op.name], found.slot


_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})


def _device_op(graph: GeGraph, op: GeOp, record: RecordedOp | None, edges: _Edges,
               index: Mapping[Key, int]) -> DeviceOp:
    ends = [edges.source(graph, name, slot) if name else None for name, slot in _slots(op, record)]
    reads = tuple(None if e is None or (e.graph, e.op.name) not in index else (index[e.graph, e.op.name], e.slot)
                  for e in ends)
    body = op.body
    said = {("input", k): t for k, t in enumerate(body.inputs)} | {("output", k): t for k, t in
                                                                   enumerate(body.outputs)}
    return DeviceOp(
        op.name, op.type, record, op.originals if op.originals is not None else (op.name,), reads,
        tuple(t.original for t in body.outputs),
        {key: shape for key, t in said.items() for shape in (_before(t),) if shape is not None},
        {key: t.origin_layout for key, t in said.items() if t.origin_layout and t.origin_layout != "ND"},
        op.split, body.attributes)


def _slots(op: GeOp, record: RecordedOp | None) -> Sequence[tuple[str, int]]:
    """Inputs by slot. An optional input that is not connected has a slot in some versions and none in others."""
    connected = [i for i in op.inputs if i[0]]
    if len(connected) == len(op.inputs) or record is None:
        return op.inputs
    most = 1 + max((t.slot for t in record.inputs), default=-1)
    return connected if most <= len(connected) else op.inputs


def _before(t: GeTensor) -> tuple[int, ...] | None:
    if t.origin_shape is not None:
        return t.origin_shape if all(d >= 0 for d in t.origin_shape) else None
    plain = t.layout in ("NCHW", "NHWC", "ND", "") or t.layout == t.origin_layout
    return t.shape if plain and all(d >= 0 for d in t.shape) else None


def _with_parts(ops: Sequence[DeviceOp]) -> list[DeviceOp]:
    """Operations that are a part of an original operation, and not the one that writes its result, are marked."""
    family: dict[tuple[str, ...], list[int]] = {}
    for i, op in enumerate(ops):
        if op.originals:
            family.setdefault(tuple(sorted(op.originals)), []).append(i)
    readers: dict[int, set[int]] = {}
    for i, op in enumerate(ops):
        for place in op.reads:
            if place is not None:
                readers.setdefault(place[0], set()).add(i)
    result = list(ops)
    for members in family.values():
        inside = set(members)
        for i in members if len(members) > 1 else ():
            below = _through(readers.get(i, set()), ops, readers)
            result[i] = replace(ops[i], parts=bool(below) and below <= inside)
    return result


def _through(found: set[int], ops: Sequence[DeviceOp], readers: Mapping[int, set[int]]) -> set[int]:
    """Readers, with the compiler's own operations between seen through."""
    queue, seen, result = list(found), set(found), set()
    while queue:
        i = queue.pop()
        if not ops[i].inserted:
            result.add(i)
            continue
        for j in readers.get(i, ()):
            if j not in seen:
                seen.add(j)
                queue.append(j)
    return result


def _unknown(record: RecordedOp, ops: Sequence[DeviceOp]) -> DeviceOp:
    """A recorded operation that the graph does not have: what it reads is seen in the bytes."""
    written = {key: (i, t.slot) for i, op in enumerate(ops) if op.record is not None
               for t in op.record.outputs for key in (content(t),) if key is not None}
    reads: list[Place | None] = [None] * (1 + max((t.slot for t in record.inputs), default=-1))
    for t in record.inputs:
        key = content(t)
        reads[t.slot] = None if key is None else written.get(key)
    origins: list[tuple[str, int] | None] = [None] * (1 + max((t.slot for t in record.outputs), default=-1))
    for t in record.outputs:
        origins[t.slot] = t.origin
    return DeviceOp(record.name, record.op, record, None, tuple(reads), tuple(origins))


def _inputs(model: GeModel, edges: _Edges, index: Mapping[Key, int], golden: Graph) -> dict[str, tuple[Place, ...]]:
    """Input slots that read an input of the model, by golden's name of it (by its number where names differ)."""
    data = [op for op in model.main.ops if op.type in ("Data", "RefData")]
    names = {op.name: op.name for op in data if op.name in golden.input_names}
    rest = sorted((op for op in data if op.name not in names), key=_number)
    free = [n for n in golden.input_names if n not in names]
    if len(rest) == len(free):
        names.update({op.name: n for op, n in zip(rest, free, strict=True)})
    found: dict[str, list[Place]] = {}
    for graph, op in model.ops():
        place = index.get((graph.name, op.name))
        for slot, (name, output) in enumerate(op.inputs) if place is not None else ():
            end = edges.source(graph, name, output) if name else None
            if end is not None and end.op.type in ("Data", "RefData") and end.op.name in names and place is not None:
                found.setdefault(names[end.op.name], []).append((place, slot))
    return {name: tuple(places) for name, places in found.items()}


def _number(op: GeOp) -> int:
    value = op.body.attributes.get("index", 0)
    return value if isinstance(value, int) else 0
