"""What ran on the device, as operations that read each other: from the recording, and from the compiler's graph.

Without a graph, who reads whom is seen in the bytes: an input that holds exactly what an earlier operation wrote is
that operation's output.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from diag.formats.tensor_dump import RecordedOp, RecordedTensor, Recording
from diag.formats.tensor_dump.names import sanitised
from diag.types.dtype import DType
from diag.types.graph import Graph, Node
from diag.types.tensor import Span, TensorInfo

Place = tuple[int, int]
"""Index of a device operation, and one of its outputs."""

_MOVES = frozenset({"TransData", "Cast", "TransDataRNN", "Identity", "MemcpyAsync", "TensorMove", "ReFormat"})
_BLOCK, _BLOCKS = 4096, 16


@dataclass(frozen=True, slots=True)
class DeviceOp:
    """One operation on the device.

    Attributes:
        name, op: as the compiler calls it; the recording's spelling where there is no graph.
        record: what was recorded of it; None: nothing.
        originals: names of the operations of the original model that it does the work of; empty: the compiler put it
            in; None: nobody says.
        reads: by input slot, the output that it reads; None: a constant, an input of the model, or unknown.
        origins: by output slot, (original operation, its output); None: nobody says.
        shapes: shapes before the device's layout by (side, slot), where the graph says them.
        axes: axis order of those shapes ("NCHW") by (side, slot).
        parts: whether the compiler split an original operation into several, of which this is one.
        attributes: of the operator, where there is a graph.
        alike: by input slot, further outputs with the very same bytes (a reshape's), where bytes are all that tells.
    """

    name: str
    op: str
    record: RecordedOp | None
    originals: tuple[str, ...] | None = None
    reads: tuple[Place | None, ...] = ()
    origins: tuple[tuple[str, int] | None, ...] = ()
    shapes: Mapping[tuple[str, int], tuple[int, ...]] = field(default_factory=dict)
    axes: Mapping[tuple[str, int], str] = field(default_factory=dict)
    parts: bool = False
    attributes: Mapping[str, object] = field(default_factory=dict)
    alike: Mapping[int, tuple[Place, ...]] = field(default_factory=dict)

    @property
    def inserted(self) -> bool:
        """Whether the compiler put it in: a change of layout or type, which changes no value."""
        if self.originals is not None:
            return not self.originals
        return self.op in _MOVES and self.name.startswith("trans_")

    def output(self, slot: int) -> RecordedTensor | None:
        """What was recorded of an output; None: nothing."""
        return None if self.record is None else next((t for t in self.record.outputs if t.slot == slot), None)

    def input(self, slot: int) -> RecordedTensor | None:
        """What was recorded of an input; None: nothing."""
        return None if self.record is None else next((t for t in self.record.inputs if t.slot == slot), None)


@dataclass(frozen=True)
class Device:
    """All operations in running order.

    Attributes:
        ops: those that were recorded, and those between them.
        inputs: (operation, input slot) pairs that read an input of the model, by the input's name in the graph.
        outputs: what the model gives, in order; empty where no graph says it.
        graph: name of the compiler's graph; "" where there is none.
        lost: names of operations of the graph that the recording should hold and does not.
        strange: recorded operations that the graph does not have.
    """

    ops: tuple[DeviceOp, ...]
    inputs: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    outputs: tuple[Place, ...] = ()
    graph: str = ""
    lost: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name of its own for each operation: that of the second with one name ends in "#2"."""
        count: Counter[str] = Counter()
        found = []
        for op in self.ops:
            count[op.name] += 1
            found.append(op.name if count[op.name] == 1 else f"{op.name}#{count[op.name]}")
        return tuple(found)

    def readers(self) -> dict[Place, list[Place]]:
        """(operation, input slot) pairs that read each output."""
        found: dict[Place, list[Place]] = {}
        for i, op in enumerate(self.ops):
            for slot, source in enumerate(op.reads):
                if source is not None:
                    found.setdefault(source, []).append((i, slot))
        return found


def from_recording(recording: Recording) -> Device:
    """The operations as the recording alone shows them."""
    written: dict[tuple[int, int], list[Place]] = {}
    ops: list[DeviceOp] = []
    for i, record in enumerate(recording.ops):
        slots = 1 + max((t.slot for t in record.inputs), default=-1)
        reads: list[Place | None] = [None] * slots
        alike: dict[int, tuple[Place, ...]] = {}
        for t in record.inputs:
            key = content(t)
            same = written.get(key, []) if key is not None else []
            reads[t.slot] = same[-1] if same else None
            alike[t.slot] = tuple(same[:-1])
        for t in record.outputs:
            key = content(t)
            if key is not None:
                written.setdefault(key, []).append((i, t.slot))
        outs = 1 + max((t.slot for t in record.outputs), default=-1)
        origins: list[tuple[str, int] | None] = [None] * outs
        for t in record.outputs:
            origins[t.slot] = t.origin
        ops.append(DeviceOp(record.name, record.op, record, None, tuple(reads), tuple(origins),
                            alike={k: v for k, v in alike.items() if v}))
    return Device(tuple(ops))


def content(tensor: RecordedTensor) -> tuple[int, int] | None:
    """Size and checksum of the stored elements (of samples of large ones); None: there are none, or all are equal."""
    span = tensor.span
    if span is None or span.length < 2:
        return None
    data = b"".join(_samples(span))
    if len(data) < 2 or data == data[:1] * len(data):
        return None
    return span.length, zlib.crc32(data)


def _samples(span: Span) -> Iterator[bytes]:
    with span.path.open("rb") as file:
        if span.length <= _BLOCK * _BLOCKS:
            file.seek(span.offset)
            yield file.read(span.length)
            return
        step = (span.length - _BLOCK) // (_BLOCKS - 1)
        for k in range(_BLOCKS):
            file.seek(span.offset + k * step)
            yield file.read(_BLOCK)


def as_graph(device: Device, recording: Recording) -> Graph:
    """The operations as a graph whose values are called ``name:slot``: what rows and reports are made from."""
    nodes, values = [], {}
    for i, op in enumerate(device.ops):
        count = max(len(op.origins), 1 + max((t.slot for t in op.record.outputs), default=-1) if op.record else 0, 1)
        outputs = tuple(value_of(device, (i, k)) for k in range(count))
        for k, value in enumerate(outputs):
            t = op.output(k)
            if t is not None:
                values[value] = TensorInfo(value, t.dtype, t.original or t.shape)
        reads = tuple("" if r is None else value_of(device, r) for r in op.reads)
        nodes.append(Node(device.labels[i], op.op, reads, outputs))
    name = device.graph or recording.place.model or recording.path.name
    return Graph(name, "recording", recording.path, (), (), tuple(nodes), values=values)


def value_of(device: Device, place: Place) -> str:
    """Name of an output: the operation's label and the slot."""
    return f"{device.labels[place[0]]}:{place[1]}"


def narrowest(tensors: Sequence[RecordedTensor]) -> DType | None:
    """The float type with the fewest digits among these; None: no floats."""
    floats = [t.dtype for t in tensors if t.dtype.is_float and t.dtype.unit_roundoff]
    return max(floats, key=lambda d: d.unit_roundoff or 0.0, default=None)


def plain_name(name: str) -> str:
    """A name as it stands in file names, for comparisons."""
    return sanitised(name)
