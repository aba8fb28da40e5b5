"""A graph of Huawei's graph engine (GE), as a compiler's dump or a compiled model holds it.

Operations name their inputs as (operation, output index). What only matters when an operation is looked at (attributes,
tensor descriptions) is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, Union

from diag.types.dtype import DType

GeValue = Union[str, int, float, bool, bytes, "GeTensor", tuple["GeValue", ...], Mapping[str, "GeValue"], None]


@dataclass(frozen=True, slots=True)
class GeTensor:
    """One input or output of an operation.

    Attributes:
        name: of the slot (``x``, ``y``), where the file says it.
        dtype, layout, shape: as the device has them; ``layout`` is a name such as ``NC1HWC0``; -1 is an open size.
        origin_layout, origin_shape: before the device's layout; "" and None where the file is silent, which means the
            same.
        origin_dtype: before the device's type; UNDEFINED where the file is silent.
        original: (original operation, its output index) that wrote it, if the file says so.
        tensor_name: name that the original model gave the tensor, if the file says so.
        attributes: everything else.
    """

    name: str = ""
    dtype: DType = DType.UNDEFINED
    layout: str = ""
    shape: tuple[int, ...] = ()
    origin_layout: str = ""
    origin_shape: tuple[int, ...] | None = None
    origin_dtype: DType = DType.UNDEFINED
    original: tuple[str, int] | None = None
    tensor_name: str = ""
    size: int = 0
    attributes: Mapping[str, GeValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GeBody:
    """What an operation holds. ``id`` and ``stream`` are -1 where the file is silent."""

    attributes: Mapping[str, GeValue] = field(default_factory=dict)
    inputs: tuple[GeTensor, ...] = ()
    outputs: tuple[GeTensor, ...] = ()
    id: int = -1
    stream: int = -1
    subgraphs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeSketch:
    """The few facts that a diff of many graphs needs; see the properties of GeOp. Output tensors without attributes."""

    originals: tuple[str, ...] | None = None
    original_types: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    outputs: tuple[GeTensor, ...] = ()


class BodySource(Protocol):
    """Reads what an operation holds when it is asked for."""

    def body(self) -> GeBody:
        """All of it. Raises FormatError where the file is damaged there."""
        ...

    def sketch(self) -> GeSketch:
        """The few facts, without reading the rest. Raises FormatError where the file is damaged there."""
        ...

    def text(self) -> bytes | None:
        """The bytes that hold it, where they are at hand: equal bytes are equal operations."""
        ...


def sketched(body: GeBody) -> GeSketch:
    """The few facts of a body."""
    known = body.attributes

    def names(key: str) -> tuple[str, ...]:
        value = known.get(key)
        return tuple(str(v) for v in (value if isinstance(value, tuple) else (value,)) if v)

    key = "_datadump_original_op_names"
    return GeSketch(None if known.get(key) is None else names(key), names("_datadump_original_op_types"),
                    names("pass_name"), tuple(GeTensor(t.name, t.dtype, t.layout, t.shape) for t in body.outputs))


@dataclass(frozen=True)
class GeOp:
    """One operation. ``inputs``: (operation, output index) in order, ("", 0) for one that is not connected."""

    name: str
    type: str
    inputs: tuple[tuple[str, int], ...]
    controls: tuple[str, ...]
    source: BodySource

    @cached_property
    def body(self) -> GeBody:
        """Attributes and tensors. Raises FormatError where the file is damaged there."""
        return self.source.body()

    @cached_property
    def sketch(self) -> GeSketch:
        """What a diff needs. Raises FormatError where the file is damaged there."""
        return self.source.sketch()

    @property
    def originals(self) -> tuple[str, ...] | None:
        """Names of the original operations in it: None where the file is silent (it is one, by its own name), empty
        where the compiler made it.
        """
        return self.sketch.originals

    @property
    def original_types(self) -> tuple[str, ...]:
        """Types of the original operations, parallel to ``originals``; empty where the file is silent."""
        return self.sketch.original_types

    @property
    def passes(self) -> tuple[str, ...]:
        """Names of the compiler passes that made it."""
        return self.sketch.passes

    @property
    def split(self) -> bool:
        """Whether the original operation became several."""
        return self.body.attributes.get("_datadump_is_multiop") is True

    @property
    def engine(self) -> str:
        """The library whose kernel it runs; "" where the file is silent."""
        return str(self.body.attributes.get("_ge_attr_op_kernel_lib_name") or "")


@dataclass(frozen=True)
class GeGraph:
    """One graph. ``ops`` in the file's order, which is an order in which they can run in a finished build."""

    name: str
    ops: tuple[GeOp, ...]
    attributes: Mapping[str, GeValue] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, GeOp]:
        """Operations by name; of two with one name the first counts."""
        found: dict[str, GeOp] = {}
        for op in self.ops:
            found.setdefault(op.name, op)
        return found

    @property
    def edges(self) -> int:
        """Number of connected data inputs."""
        return sum(bool(name) for op in self.ops for name, _ in op.inputs)


@dataclass(frozen=True)
class GeModel:
    """A file: the main graph and the graphs that its operations name.

    Attributes:
        kind: ``ge_proto``, ``ge_onnx``, ``om`` or ``om_json``.
        stage: of the compiler, "" where the file's name says none; ``number``: its counter, -1 likewise.
        graph_id: of new versions, -1 where the name says none.
        strict: read by the strict reader, because the file is not as the printer writes it (text dumps).
        notes: what could not be used, as sentences.
    """

    path: Path
    kind: str
    graphs: tuple[GeGraph, ...]
    stage: str = ""
    number: int = -1
    graph_id: int = -1
    attributes: Mapping[str, GeValue] = field(default_factory=dict)
    strict: bool = False
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> GeGraph:
        """The graph that is run."""
        return self.graphs[0]

    def ops(self) -> Iterator[tuple[GeGraph, GeOp]]:
        """Every operation with its graph."""
        return ((graph, op) for graph in self.graphs for op in graph.ops)
