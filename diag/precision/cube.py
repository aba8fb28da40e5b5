"""Products as a device's matrix unit sums them: sixteen products at a time, the running sum kept between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from diag.compare.metrics.rounding import largest
from diag.formats import weights as weight_files
from diag.precision.emulate import round_storage
from diag.precision.layers import Layer
from diag.precision.narrow import RAW, Narrow
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.runtimes.program import Program
from diag.types.graph import Node

F32 = NDArray[np.float32]
Store = Callable[[F32], F32]
"""What happens to the running sum between two blocks."""

BLOCK = 16
"""Products that the unit adds at once: the edge of its fractal."""

_AUTO = (None, "", "NOTSET", b"", b"NOTSET")


class CubeEngine(Engine):
    """Runs a narrowed program; its products and convolutions are summed in blocks.

    ``narrow_sum``: the running sum is stored in the narrow type after each block, as units do that have no float32
    accumulator; else it is float32. Transposed convolutions, and automatic padding, are left to onnxruntime.
    """

    def __init__(self, program: Program, threads: int, layers: Sequence[Layer], how: Narrow, *,
                 narrow_sum: bool) -> None:
        super().__init__(program, threads)
        self._how = how
        self._store: Store = self._stored if narrow_sum else _as_it_is
        self._cube = {layer.step: layer for layer in layers if self._covered(layer)}

    def _covered(self, layer: Layer) -> bool:
        """Whether the layer is a product, and narrow in this program."""
        step = self.program.steps[layer.step]
        narrow = any(v + RAW in p.output for p in step.protos for v in layer.writes)
        return narrow and covers(self.program.graph.nodes[step.node])

    def run(self, steps: Sequence[int], values: Mapping[str, ort.OrtValue],
            wanted: Iterable[str]) -> dict[str, ort.OrtValue]:
        """As ``Engine.run``."""
        asked = set(wanted)
        held = dict(values)
        for cube, part in itertools.groupby(steps, key=lambda i: i in self._cube):
            chosen = list(part)
            if cube:
                for i in chosen:
                    held.update(self._product(i, held))
                continue
            later = {v for i in steps if i > chosen[-1] for v in self.program.steps[i].reads}
            made = [v for i in chosen for v in self.program.steps[i].writes if v in asked or v in later]
            held.update(super().run(chosen, held, made))
        return {v: held[v] for v in dict.fromkeys(asked) if v in held}

    def isolate(self, steps: Sequence[int], values: Mapping[str, ort.OrtValue],
                wanted: Iterable[str]) -> dict[str, ort.OrtValue]:
        """As ``Engine.isolate``."""
        asked = list(wanted)
        others = [i for i in steps if i not in self._cube]
        found = super().isolate(others, values, asked) if others else {}
        for i in steps:
            if i in self._cube:
                found.update({v: o for v, o in self._product(i, values).items() if v in asked})
        return found

    def _product(self, index: int, values: Mapping[str, ort.OrtValue]) -> dict[str, ort.OrtValue]:
        step, layer = self.program.steps[index], self._cube[index]
        node = self.program.graph.nodes[step.node]
        arrays = [self._stored(_float(self._input(v, values))) if v else None for v in node.inputs]
        raw = product(node, arrays, self._store)
        return {layer.writes[0] + RAW: to_ort(raw), layer.writes[0]: to_ort(self._stored(raw))}

    def _input(self, value: str, values: Mapping[str, ort.OrtValue]) -> NDArray[Any]:
        weight = self.program.weights.get(value)
        return weight_files.load(weight) if weight is not None else to_numpy(values[value])

    def _stored(self, array: F32) -> F32:
        if self._how.saturate:
            limit = np.float32(largest(self._how.dtype))
            array = np.clip(array, -limit, limit)
        return round_storage(array, self._how.dtype).values


def covers(node: Node) -> bool:
    """Whether ``product`` computes this node."""
    if node.op in ("MatMul", "Gemm"):
        return True
    return node.op == "Conv" and node.attributes.get("auto_pad") in _AUTO


def product(node: Node, arrays: Sequence[F32 | None], store: Store) -> F32:
    """The node's output before it is stored, from inputs that are."""
    first, second = arrays[0], arrays[1]
    if first is None or second is None:
        raise AssertionError("a product has two factors")
    bias = arrays[2] if len(arrays) > 2 else None
    match node.op:
        case "Conv":
            return convolution(node, first, second, bias, store)
        case "Gemm":
            return _gemm(node, first, second, bias, store)
        case _:
            return _matmul(first, second, store)


def _matmul(a: F32, b: F32, store: Store) -> F32:
    wide = a if a.ndim > 1 else a[None, :]
    tall = b if b.ndim > 1 else b[:, None]
    total = summed(((wide[..., k:k + BLOCK], tall[..., k:k + BLOCK, :]) for k in range(0, wide.shape[-1], BLOCK)),
                   store)
    if a.ndim == 1:
        total = total[..., 0, :]
    return total if b.ndim > 1 else total[..., 0]


def summed(blocks: Iterable[tuple[F32, F32]], store: Store) -> F32:
    """The sum of the products of the blocks, stored after each."""
    total: F32 | None = None
    with np.errstate(all="ignore"):
        for left, right in blocks:
            part = np.matmul(left, right)
            total = store(part if total is None else total + part)
    if total is None:
        raise AssertionError("nothing to sum")
    return total


def _gemm(node: Node, a: F32, b: F32, c: F32 | None, store: Store) -> F32:
    left = a.T if node.attributes.get("transA") else a
    right = b.T if node.attributes.get("transB") else b
    total = _matmul(left, right, store) * np.float32(_number(node, "alpha", 1.0))
    return total if c is None else total + c * np.float32(_number(node, "beta", 1.0))


def convolution(node: Node, x: F32, w: F32, bias: F32 | None, store: Store) -> F32:
    """Sixteen channels at a time, for one place of the kernel after the other."""
    rank = w.ndim - 2
    strides, dilations = _ints(node, "strides", (1,) * rank), _ints(node, "dilations", (1,) * rank)
    pads, groups = _ints(node, "pads", (0,) * 2 * rank), int(_number(node, "group", 1))
    padded = np.pad(x, ((0, 0), (0, 0), *zip(pads[:rank], pads[rank:], strict=True)))
    sizes = [(padded.shape[2 + i] - dilations[i] * (w.shape[2 + i] - 1) - 1) // strides[i] + 1 for i in range(rank)]
    per_in, per_out = w.shape[1], w.shape[0] // groups
    parts = []
    for g in range(groups):
        blocks = []
        for c in range(0, per_in, BLOCK):
            channels = slice(g * per_in + c, g * per_in + min(c + BLOCK, per_in))
            for place in itertools.product(*(range(s) for s in w.shape[2:])):
                window = tuple(slice(k * d, k * d + s * (n - 1) + 1, s)
                               for k, d, s, n in zip(place, dilations, strides, sizes, strict=True))
                seen = padded[(slice(None), channels, *window)].reshape(x.shape[0], -1, int(np.prod(sizes)))
                part: tuple[Any, ...] = (slice(g * per_out, (g + 1) * per_out), slice(c, c + BLOCK), *place)
                kernel = w[part]
                blocks.append((kernel, seen))
        parts.append(summed(blocks, store))
    total = np.concatenate(parts, axis=1).reshape(x.shape[0], w.shape[0], *sizes)
    return total if bias is None else total + bias.reshape(-1, *(1,) * rank)


def _as_it_is(array: F32) -> F32:
    return array


def _float(array: NDArray[Any]) -> F32:
    return np.asarray(array, np.float32)


def _number(node: Node, name: str, default: float) -> float:
    value = node.attributes.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def _ints(node: Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    value = node.attributes.get(name)
    return tuple(int(v) for v in value if isinstance(v, int)) if isinstance(value, tuple) and value else default
