"""Tensors that a device wrote down while it ran: facts, with the elements left in their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from diag.types.dtype import DType
from diag.types.tensor import Span

Side = Literal["input", "output"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a statistics dump says of a tensor; NaN where a column is missing. ``count`` is of stored elements."""

    max: float
    min: float
    mean: float
    count: int = -1
    nan: int = 0
    neg_inf: int = 0
    pos_inf: int = 0
    l2: float = float("nan")


@dataclass(frozen=True, slots=True)
class RecordedTensor:
    """One input or output of a recorded operation.

    Attributes:
        side, slot: which one; slots count from 0 as the device's operator has them.
        dtype: element type as stored.
        layout: how the elements lie: ``NCHW``, ``ND``, ``NC1HWC0``, ``FRACTAL_NZ`` …; "" if the file says nothing.
        shape: of the stored elements, C order.
        original: the shape before the device's layout; None where the file does not say.
        span: where the elements lie; None where there are none (statistics, or see ``problem``).
        groups: groups of a FRACTAL_Z weight (1: none).
        origin: (original operation, output index) that the file itself names, if it does.
        summary: of a statistics dump.
        fortran: the elements lie in Fortran order (only .npy can say so).
        problem: why the elements cannot be had, one sentence; "" if they can.
        slices: the same tensor of all threads of a task that was sliced, this one first; they lie one after the other
            along an axis that no file names. Empty where it is whole.
    """

    side: Side
    slot: int
    dtype: DType
    layout: str
    shape: tuple[int, ...]
    original: tuple[int, ...] | None = None
    span: Span | None = None
    groups: int = 1
    origin: tuple[str, int] | None = None
    summary: Summary | None = None
    fortran: bool = False
    problem: str = ""
    slices: tuple[RecordedTensor, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedOp:
    r"""One run of one operation on the device.

    ``name`` is as the file has it: with its own characters where the content says it, else with '_' for '/', '.',
    ' ' and '\'. ``task``, ``stream``: -1 where unknown; ``time`` in microseconds (0: unknown); ``context`` and
    ``thread`` of a task that was sliced. ``files``: where it was read from.
    """

    name: str
    op: str
    tensors: tuple[RecordedTensor, ...]
    files: tuple[Path, ...]
    task: int = -1
    stream: int = -1
    time: int = 0
    context: int = -1
    thread: int = -1
    problem: str = ""

    @property
    def inputs(self) -> tuple[RecordedTensor, ...]:
        """What it read, by slot."""
        return tuple(t for t in self.tensors if t.side == "input")

    @property
    def outputs(self) -> tuple[RecordedTensor, ...]:
        """What it wrote, by slot."""
        return tuple(t for t in self.tensors if t.side == "output")


@dataclass(frozen=True, slots=True)
class Overflow:
    """One report of the device's overflow detection.

    ``unit``: AIC, AIV, AICPU, SDMA, or "" for the layout of old versions; ``status`` as the hardware has it
    (bit 5, 32: a floating point overflow); ``fields``: everything else by name. ``op`` is the operation with the same
    task and stream, "" if the recording holds none.
    """

    file: Path
    time: int
    unit: str
    task: int
    stream: int
    status: int
    model: int = -1
    context: int = -1
    thread: int = -1
    fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the usual folders the files lie: time/device/model/model_id/iteration; "" where there is no such."""

    time: str = ""
    device: str = ""
    model: str = ""
    model_id: str = ""
    iteration: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """All that one run of one model left in a folder.

    ``kind``: ascend, ascend-statistics, mindspore, mindspore-lite, arrays. ``ops`` in running order. ``notes``: files
    that could not be used and other things worth knowing, as sentences.
    """

    path: Path
    kind: str
    ops: tuple[RecordedOp, ...]
    place: Place = Place()
    overflows: tuple[Overflow, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def damaged(self) -> Iterator[RecordedOp]:
        """Operations of which something could not be read."""
        return (o for o in self.ops if o.problem or any(t.problem for t in o.tensors))
