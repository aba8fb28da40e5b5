"""What both models are fed with: files of the user, or generated values that mean something to the model."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diag.compare.plan import InputChoice
from diag.errors import FormatError, UsageError
from diag.runtimes.feeds import checked, describe
from diag.runtimes.interface import Array
from diag.types.comparison import InputUsed
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo

_PASSES_ON = frozenset({"Cast", "Reshape", "Unsqueeze", "Squeeze", "Identity", "Slice", "Flatten", "Transpose",
                        "Concat", "Expand"})
_LOOKUPS = frozenset({"Gather", "GatherElements", "EmbeddingLookup", "EmbeddingLookupFusion"})
_TIMESTEPS = 1000


@dataclass(frozen=True, slots=True)
class Inputs:
    """The arrays by input name, and the story of each."""

    arrays: Mapping[str, Array]
    used: tuple[InputUsed, ...]


def gather(graph: Graph, choice: InputChoice) -> Inputs:
    """All inputs of the golden graph. Raises UsageError, FormatError."""
    wanted = [TensorInfo(n, i.dtype, _shape(n, i, choice))
              for i, n in zip(graph.inputs, graph.input_names, strict=True)]
    _no_strangers(choice.shapes, wanted, "--shape")
    given: dict[str, tuple[Array, str]] = {}
    if choice.archive is not None:
        given = {name: (array, f"from {choice.archive}") for name, array in archive(choice.archive).items()}
    for name, path in choice.files.items():
        given[name] = (_array(path), f"from {path}")
    arrays: dict[str, Array] = {}
    stories: dict[str, str] = {}
    for info in wanted:
        if info.name in given:
            arrays[info.name], stories[info.name] = given.pop(info.name)
        else:
            arrays[info.name], meaning = generated(graph, info, choice.seed)
            stories[info.name] = f"generated: {meaning}, seed {choice.seed}"
    arrays.update({name: array for name, (array, _) in given.items()})
    fitting = checked(arrays, wanted)
    used = tuple(InputUsed(w.name, DType.of(fitting[w.name].dtype).value, fitting[w.name].shape, stories[w.name])
                 for w in wanted)
    return Inputs(fitting, used)


def nonfinite(arrays: Mapping[str, Array]) -> dict[str, tuple[int, int]]:
    """NaN and infinity counts of the inputs that have any."""
    found = {}
    for name, array in arrays.items():
        if array.dtype.kind in "fcV":
            wide = array.astype(np.float64) if array.dtype.kind == "V" else array
            nan, inf = int(np.isnan(wide).sum()), int(np.isinf(wide).sum())
            if nan or inf:
                found[name] = (nan, inf)
    return found


def _shape(name: str, info: TensorInfo, choice: InputChoice) -> tuple[int | str | None, ...] | None:
    chosen = choice.shapes.get(name)
    if chosen is None:
        return info.shape
    fits = info.shape is None or (len(info.shape) == len(chosen) and all(
        not isinstance(d, int) or d < 0 or d == n for d, n in zip(info.shape, chosen, strict=True)))
    if not fits:
        raise UsageError(f"--shape gives the input '{name}' the shape {list(chosen)}",
                         where=f"the model wants {describe(info)}", hint="Only sizes that are open can be chosen")
    return chosen


def _no_strangers(names: Mapping[str, object], wanted: Sequence[TensorInfo], option: str) -> None:
    known = {w.name for w in wanted}
    for name in names:
        if name not in known:
            raise UsageError(f"{option} names the input '{name}', which the model does not have",
                             where=f"its inputs are: {', '.join(sorted(known))}", hint="Correct the name")


def archive(path: Path) -> dict[str, Array]:
    """The arrays of an .npz by name. Raises FormatError."""
    loaded = _loaded(path, ".npz archive")
    if isinstance(loaded, np.ndarray):
        raise FormatError(path, "An .npz archive is wanted", found="a single array",
                          hint="Give a single array with --input NAME=FILE.npy")
    return loaded


def _array(path: Path) -> Array:
    loaded = _loaded(path, ".npy file")
    if not isinstance(loaded, np.ndarray):
        raise FormatError(path, "One array is wanted", found="an archive", hint="Give an archive with --inputs")
    return loaded


def _loaded(path: Path, kind: str) -> Array | dict[str, Array]:
    """One array, or the arrays of an archive by name."""
    try:
        # numpy leaves a file open that turns out to be broken, unless it is ours to close.
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except (ValueError, OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(path, kind, error) from error


def _unreadable(path: Path, kind: str, error: Exception) -> FormatError:
    if isinstance(error, FileNotFoundError):
        return FormatError(path, "The file of inputs does not exist", hint="Check the path")
    return FormatError(path, f"An {kind} is wanted", found=str(error).splitlines()[0][:120],
                       hint="Write it with numpy.save or numpy.savez, without pickled objects")


def generated(graph: Graph, info: TensorInfo, seed: int) -> tuple[Array, str]:
    """Values that mean something to the model, and what they are. Raises UsageError where the shape is open."""
    shape = info.static_shape
    if shape is None:
        raise UsageError(f"The input '{info.name}' has no fixed shape", where=f"it is {describe(info)}",
                         hint=f'Choose one: --shape "{info.name}:{_example(info)}"')
    # The name is part of the seed: adding an input does not change the others.
    rng = np.random.default_rng([seed, zlib.crc32(info.name.encode())])
    value = next(i.name for i, n in zip(graph.inputs, graph.input_names, strict=True) if n == info.name)
    name = info.name.lower()
    if info.dtype is DType.STRING:
        raise UsageError(f"Strings cannot be made up for the input '{info.name}'",
                         hint=f"Give them with --input {info.name}=FILE.npy")
    if info.dtype is DType.BOOL:
        return rng.integers(0, 2, shape).astype(bool), "random truth values"
    if "timestep" in name or name in ("t", "time", "step"):
        steps = rng.integers(1, _TIMESTEPS, shape)
        return steps.astype(info.dtype.numpy), f"timesteps in 1…{_TIMESTEPS - 1}"
    if "mask" in name:
        return np.ones(shape, info.dtype.numpy), "a mask of ones"
    if info.dtype.is_integer:
        return _integers(graph, value, info.dtype, shape, rng)
    return _floats(name, info.dtype, shape, rng)


def _integers(graph: Graph, value: str, dtype: DType, shape: tuple[int, ...],
              rng: np.random.Generator) -> tuple[Array, str]:
    rows = _embedding_rows(graph, value)
    if rows is not None:
        return rng.integers(0, rows, shape).astype(dtype.numpy), f"token ids in 0…{rows - 1}"
    top = 2 if dtype.bits < 8 else 10
    return rng.integers(0, top, shape).astype(dtype.numpy), f"integers in 0…{top - 1}"


def _floats(name: str, dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Array, str]:
    normal = rng.standard_normal(shape)
    if dtype is DType.FLOAT8E8M0:
        return (np.abs(normal) + 0.1).astype(dtype.numpy), "positive values"  # it has no sign and no zero
    channels = {shape[1], shape[-1]} if len(shape) == 4 else set()
    if 3 in channels and "latent" not in name:
        low, word = (0.0, "[0, 1]") if name.startswith(("image", "pixel")) else (-1.0, "[-1, 1]")
        smooth = np.tanh(normal) if low else 0.5 + 0.5 * np.tanh(normal)
        return smooth.astype(dtype.numpy), f"image values in {word}"
    return normal.astype(dtype.numpy), "normal values, mean 0, deviation 1"


def _embedding_rows(graph: Graph, value: str) -> int | None:
    """Rows of the table that the ids index: the range in which they mean something."""
    queue, seen, smallest = [value], {value}, None
    while queue:
        current = queue.pop()
        for i in graph.consumers.get(current, ()):
            node = graph.nodes[i]
            if node.op in _LOOKUPS and len(node.inputs) > 1:
                table = graph.weights.get(node.inputs[0])
                if table is not None and table.shape and node.inputs[1] == current:
                    smallest = min(smallest or table.shape[0], table.shape[0])
            elif node.op in _PASSES_ON:
                new = [o for o in node.outputs if o not in seen]
                seen.update(new)
                queue += new
    return smallest


def _example(info: TensorInfo) -> str:
    dims = info.shape if info.shape is not None else (1,)
    return ",".join(str(d) if isinstance(d, int) and d >= 0 else "1" for d in dims)
