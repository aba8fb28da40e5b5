"""What a pipeline's loop needs of its models: one way to call a submodel, checked at its boundary."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from diag.errors import UsageError
from diag.runtimes.feeds import describe
from diag.runtimes.interface import Array
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo

Numbers = npt.NDArray[Any]
"""An array that is computed with; the text says its element type."""

_WIDENS = {(DType.FLOAT16, DType.FLOAT32), (DType.FLOAT64, DType.FLOAT32), (DType.BFLOAT16, DType.FLOAT32)}
_HALVES = {(DType.FLOAT32, DType.FLOAT16), (DType.FLOAT32, DType.BFLOAT16)}


class Caller(Protocol):
    """Runs submodels by name. A loop knows nothing else of them."""

    def inputs(self, name: str) -> tuple[TensorInfo, ...]:
        """What the submodel wants."""
        ...

    def outputs(self, name: str) -> tuple[TensorInfo, ...]:
        """What it gives."""
        ...

    def has(self, name: str) -> bool:
        """Whether the pipeline has it."""
        ...

    def __call__(self, name: str, feeds: Mapping[str, Array]) -> list[Array]:
        """Its outputs in order. Raises UsageError where the feeds do not fit, ToolFailed, WorkerCrashed."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One denoising step: what went in, and the latents after it ([1, C, h, w]); ``state`` is the scheduler's."""

    number: int
    total: int
    timestep: float
    before: Array
    state: Any
    latents: Array


@dataclass(frozen=True, slots=True)
class Picture:
    """The end of a run, N×H×W×3 in [0, 1]. ``decoded``: before the safety checker; ``flagged``: it blacked it out."""

    decoded: Array
    final: Array
    flagged: bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run gave: its denoising steps and picture (diffusion), or its final outputs by name (chain)."""

    steps: tuple[Step, ...]
    picture: Picture | None
    outputs: Mapping[str, Array]


class Application(Protocol):
    """A pipeline's own logic around its submodels. It keeps no state between runs.

    ``source``: the picture that it starts from, [H, W, 3] in [0, 1] and in the models' size; None if there is none.
    """

    @property
    def source(self) -> Array | None:
        """See above."""
        ...

    def run(self, caller: Caller) -> Generator[Step, None, Outcome]:
        """One whole run; its steps as they are done."""
        ...


def fitted(submodel: str, feeds: Mapping[str, Array], wanted: Sequence[TensorInfo], *,
           halve: bool = False) -> dict[str, Array]:
    """The feeds as the submodel wants them, contiguous.

    Whole numbers of another width are cast if they survive it, float16 and float64 become float32; float32 becomes
    float16 only with ``halve``. Raises UsageError that names submodel, input, what is expected and what was given.
    """
    known = [w.name for w in wanted]
    for name in feeds:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise UsageError(f"{submodel} has no input '{name}'", where=f"its inputs: {_list(wanted)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "Export it with the usual input names")
    return {w.name: _fit(submodel, feeds.get(w.name), w, halve=halve) for w in wanted}


def _fit(submodel: str, array: Array | None, info: TensorInfo, *, halve: bool) -> Array:
    if array is None:
        raise UsageError(f"{submodel} wants the input '{info.name}', and the pipeline does not give it",
                         where=f"expected: {describe(info)}", hint="Is this the right model for this place?")
    if info.shape is not None and (len(info.shape) != array.ndim or any(
            isinstance(d, int) and d >= 0 and d != n for d, n in zip(info.shape, array.shape, strict=False))):
        raise _unfit(submodel, array, info, "shape", _shape_hint(info))
    given = DType.of(array.dtype)
    if info.dtype in (given, DType.UNDEFINED):
        return np.ascontiguousarray(array)
    whole = given.is_integer and info.dtype.is_integer
    if whole or (given.is_integer and info.dtype.is_float) or (given, info.dtype) in _WIDENS or \
            (halve and (given, info.dtype) in _HALVES):
        cast = np.ascontiguousarray(array, info.dtype.numpy)
        if not whole or np.array_equal(cast, array):
            return cast
    raise _unfit(submodel, array, info, "data type", f"Cast it before the call: array.astype('{info.dtype.value}')")


def _unfit(submodel: str, array: Array, info: TensorInfo, what: str, hint: str) -> UsageError:
    given = TensorInfo(info.name, DType.of(array.dtype), array.shape)
    return UsageError(f"{submodel} got its input '{info.name}' with another {what}",
                      where=f"expected: {describe(info)}; given: {describe(given)}", hint=hint)


def _shape_hint(info: TensorInfo) -> str:
    if info.name == "timestep" and info.shape == ():
        return "Export the unet with a timestep of shape [1]"
    return "Export or convert it for this size, or change the size of the picture in the pipeline's file"


def _list(infos: Sequence[TensorInfo]) -> str:
    return ", ".join(f"{i.name} {describe(i)}" for i in infos)
