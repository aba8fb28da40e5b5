"""The inputs that the device ran on, taken from the recording, for the golden model to run on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from diag.compare.align.layout import distance
from diag.compare.inputs import Inputs, archive, gather
from diag.compare.plan import InputChoice
from diag.compare.recorded.device import Device, Place, plain_name
from diag.compare.recorded.names import Names
from diag.compare.recorded.tensors import placed
from diag.errors import UsageError
from diag.runtimes.feeds import checked, describe
from diag.runtimes.interface import Array
from diag.types.comparison import InputUsed
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo

_SAME = {DType.FLOAT16: 2e-3, DType.BFLOAT16: 1e-2}


@dataclass(frozen=True, slots=True)
class DeviceInputs:
    """What both sides ran on.

    ``places``: by the model's input name, the operation's input slots that read it. ``differences``: by input name,
    the relative L2 distance of what the user gave from what was recorded, where it is more than rounding.
    """

    inputs: Inputs
    places: Mapping[str, tuple[Place, ...]]
    differences: Mapping[str, float]


def inputs_of(device: Device, golden: Graph, choice: InputChoice, beside: Path | None = None) -> DeviceInputs:
    """The golden model's inputs: those given, else the recorded ones, else those in the archive ``beside`` it.

    Raises UsageError where an input is neither given nor recorded.
    """
    places = dict(device.inputs) or dict(_searched(device, golden))
    given = {} if choice.archive is None else {n: (a, f"from {choice.archive}")
                                               for n, a in archive(choice.archive).items()}
    if choice.files:
        named = gather(_only(golden, tuple(choice.files)), InputChoice(files=choice.files, shapes=choice.shapes))
        given.update({n: (a, f"from {choice.files[n]}") for n, a in named.arrays.items()})
    spare = {} if beside is None else archive(beside)
    arrays: dict[str, Array] = {}
    stories: dict[str, str] = {}
    differences: dict[str, float] = {}
    for info, name in zip(golden.inputs, golden.input_names, strict=True):
        recorded = _recorded(device, places.get(name, ()), info)
        recorded = recorded if recorded is not None else _by_itself(device, name, info)
        if name in given:
            arrays[name], stories[name] = given.pop(name)
            gap = _apart(arrays[name], recorded)
            if gap is not None:
                differences[name] = gap
        elif recorded is not None:
            arrays[name], stories[name] = recorded, "recorded on the device"
        elif name in spare:
            arrays[name], stories[name] = spare[name], f"from {beside}"
        else:
            raise _missing(name, info, device)
    arrays.update({n: a for n, (a, _) in given.items()})
    wanted = [replace(i, name=n) for i, n in zip(golden.inputs, golden.input_names, strict=True)]
    fitting = checked(arrays, wanted)
    used = tuple(InputUsed(n, DType.of(fitting[n].dtype).value, fitting[n].shape, stories[n])
                 for n in golden.input_names)
    return DeviceInputs(Inputs(fitting, used), places, differences)


def _missing(name: str, info: TensorInfo, device: Device) -> UsageError:
    known = ", ".join(sorted(device.inputs)) if device.inputs else ""
    where = f"the model wants {describe(info)}" + (f"; the device's graph has the inputs {known}" if known else "")
    return UsageError(f"The recording does not hold the input '{name}'", where=where,
                      hint=f"Give it with --input {name}=FILE.npy or --inputs FILE.npz, as the device got it; or "
                           "record with dump_mode all")


def _only(golden: Graph, names: Sequence[str]) -> Graph:
    unknown = [n for n in names if n not in golden.input_names]
    if unknown:
        raise UsageError(f"The model has no input '{unknown[0]}'",
                         where=f"its inputs are: {', '.join(golden.input_names)}", hint="Inputs are matched by name")
    kept = [(i, n) for i, n in zip(golden.inputs, golden.input_names, strict=True) if n in names]
    return replace(golden, inputs=tuple(i for i, _ in kept), input_names=tuple(n for _, n in kept))


def _recorded(device: Device, places: Sequence[Place], info: TensorInfo) -> Array | None:
    """What the device read for an input, with the most digits that any of its readers kept."""
    best: Array | None = None
    for index, slot in places:
        op = device.ops[index]
        tensor = op.input(slot)
        if tensor is None or tensor.span is None:
            continue
        found = placed(op, tensor, _shape(info, tensor.original or op.shapes.get(("input", slot)) or tensor.shape))
        if found.array is not None and (best is None or found.array.dtype.itemsize > best.dtype.itemsize):
            best = found.array
    return None if best is None else _cast(best, info.dtype)


def _by_itself(device: Device, name: str, info: TensorInfo) -> Array | None:
    """An input that was written down like an operation of that name."""
    for op in device.ops:
        tensor = op.output(0)
        if tensor is not None and tensor.span is not None and plain_name(op.name) == plain_name(name) and not op.reads:
            array = placed(op, tensor, _shape(info, tensor.original or tensor.shape)).array
            return None if array is None else _cast(array, info.dtype)
    return None


def _shape(info: TensorInfo, recorded: Sequence[int]) -> tuple[int, ...]:
    """The golden shape with its open sizes as they were recorded."""
    if info.static_shape is not None:
        return info.static_shape
    if info.shape is not None and len(info.shape) == len(recorded):
        return tuple(d if isinstance(d, int) and d >= 0 else r for d, r in zip(info.shape, recorded, strict=True))
    return tuple(recorded)


def _cast(array: Array, dtype: DType) -> Array:
    return array if dtype is DType.UNDEFINED or not dtype.bits else np.ascontiguousarray(array.astype(dtype.numpy))


def _apart(given: Array, recorded: Array | None) -> float | None:
    if recorded is None or given.size != recorded.size:
        return None
    gap = distance(given.reshape(recorded.shape), recorded)
    return gap if not gap <= max(_SAME.values()) / 5 else None


def _searched(device: Device, golden: Graph) -> Iterator[tuple[str, tuple[Place, ...]]]:
    """Input slots that read an input of the model, without a graph that says so.

    An operation that passes on an input often says which; else an input slot that no operation fills and that has the
    size of an input (and no other input's) is taken for it. Weights are no candidates: golden nodes tell by their name.
    """
    names = Names(golden)
    free = list(_free_slots(device, names, golden))
    for info, name in zip(golden.inputs, golden.input_names, strict=True):
        said = [p for p, origin, _ in free if origin == name]
        fits = [p for p, origin, reads in free if origin is None and _fits(device, p, info) and (not reads or
                                                                                                info.name in reads)]
        alone = sum(_alike(info, other) for other in golden.inputs) == 1
        places = said or (fits if alone else [p for p in fits if _reads(device, p, info, names, golden)])
        if places:
            yield name, tuple(places)


def _free_slots(device: Device, names: Names, golden: Graph) -> Iterator[tuple[Place, str | None, set[str]]]:
    """Slots that no operation fills: with the input that the operation passes on, and what its golden nodes read."""
    for i, op in enumerate(device.ops):
        if op.record is None:
            continue
        origin = next((o[0] for o in op.origins if o is not None and o[0] in names.inputs), None)
        group = [] if op.inserted else names.parts(op.name)
        reads = {v for n in group for v in golden.nodes[n].inputs}
        for tensor in op.record.inputs:
            filled = tensor.slot < len(op.reads) and op.reads[tensor.slot] is not None
            if not filled and tensor.span is not None and (tensor.slot == 0 or not op.inserted):
                yield (i, tensor.slot), origin if op.inserted else None, reads


def _fits(device: Device, place: Place, info: TensorInfo) -> bool:
    tensor = device.ops[place[0]].input(place[1])
    if tensor is None:
        return False
    shape = tensor.original or tensor.shape
    wanted = info.static_shape
    kinds = tensor.dtype.is_float == info.dtype.is_float
    if wanted is None:
        return kinds and (info.shape is None or len(info.shape) == len(shape))
    return kinds and math.prod(shape) == math.prod(wanted)


def _alike(a: TensorInfo, b: TensorInfo) -> bool:
    x, y = a.static_shape, b.static_shape
    same = x is None or y is None or math.prod(x) == math.prod(y)
    return same and a.dtype.is_float == b.dtype.is_float


def _reads(device: Device, place: Place, info: TensorInfo, names: Names, golden: Graph) -> bool:
    return any(info.name in golden.nodes[n].inputs for n in names.parts(device.ops[place[0]].name))


def as_check(found: DeviceInputs) -> dict[str, Any]:
    """For ``Comparison.checks``."""
    return {name: gap if math.isfinite(gap) else None for name, gap in found.differences.items()}
