"""Two tensors, whole or in pieces, to Metrics."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diag.compare.metrics.ahead import measured
from diag.compare.metrics.block import BLOCK, MANY, NumpyBlock, ranges
from diag.compare.metrics.discrete import differ, exact_difference, is_discrete
from diag.compare.metrics.finite import SideRest, Split, extreme_limit, split
from diag.compare.metrics.kernel import RUN, kernel_for
from diag.compare.metrics.kl import divergence
from diag.compare.metrics.moments import Moments, Spread, Sums
from diag.compare.metrics.rounding import smallest_normal, unit_roundoff
from diag.compare.metrics.tail import Tail
from diag.compare.metrics.walk import FIRST, blocks, real_view, unravel
from diag.types.dtype import DType
from diag.types.metrics import NAN, Metrics, Stats

FLOOR_WHEN_EXACT = 0.42
"""Expected ||round(g) - g|| in units of u ||g||, used where golden needs no rounding at all."""

Array = NDArray[Any]


class Accumulator:
    """Judges a tensor that arrives in pieces.

    Args:
        shape: of the whole tensor; the pieces follow each other in C order and may have any shape.
        golden_dtype, array_dtype: numpy element types of the golden and the target pieces.
        target_dtype: what the target computes in.
    """

    def __init__(self, shape: tuple[int, ...], golden_dtype: np.dtype[Any], array_dtype: np.dtype[Any],
                 target_dtype: DType) -> None:
        self.shape = shape
        self.size = math.prod(shape)
        self.target_dtype = target_dtype if target_dtype is not DType.UNDEFINED else DType.of(array_dtype)
        self._complex = 2 if golden_dtype.kind == "c" or array_dtype.kind == "c" else 1
        self._discrete = is_discrete(golden_dtype)
        self._numbers = "O" not in (golden_dtype.kind, array_dtype.kind) and not {"S", "U", "T"} & {
            golden_dtype.kind, array_dtype.kind}
        self._work = _work_dtype(golden_dtype, array_dtype)
        self._tail = Tail(self.size * self._complex, self._work)
        self._stored_in = _narrower(golden_dtype, self.target_dtype)
        self._tiny = smallest_normal(self.target_dtype)
        self._blocks: dict[np.dtype[Any], NumpyBlock] = {}
        self._limits = extreme_limit(golden_dtype, None), extreme_limit(array_dtype, self.target_dtype)
        self._kernel = kernel_for(golden_dtype, array_dtype, self._stored_in, self._tiny, self._limits,
                                  self.size >= MANY)
        self._wide_integers = max(_integer_bytes(golden_dtype), _integer_bytes(array_dtype)) > 4
        self._moments = Moments()
        self._rest = SideRest(), SideRest()
        self._seen = self._nonfinite = self._extreme = self._unequal = 0
        self._worst: int | None = None
        self._worst_nonfinite: int | None = None

    def update(self, golden: Array, target: Array) -> None:
        """Take the next piece in; the two have the same shape.

        Raises:
            ValueError: the shapes differ, or there are more elements than ``shape`` has.
        """
        if golden.shape != target.shape:
            raise ValueError(f"golden has shape {golden.shape}, target {target.shape}")
        if self._seen // self._complex + golden.size > self.size:
            raise ValueError(f"more than the {self.size:,} elements of shape {self.shape}")
        if self._complex == 2:
            golden, target = real_view(golden), real_view(target)
        with np.errstate(all="ignore"):  # what overflows is seen in the result, and told there
            self._walk(golden, target)

    def _walk(self, golden: Array, target: Array) -> None:
        if self._kernel is None:
            for g, t in blocks(golden, target, BLOCK, BLOCK):
                self._take(g, t)
            return
        steady = golden.flags.c_contiguous and target.flags.c_contiguous
        # Runs grow to their full size first: by then the tail's threshold spares most of the golden magnitudes.
        growing = (RUN // FIRST).bit_length()
        for (g, t), found in measured(blocks(golden, target, BLOCK, RUN), growing if steady else None, self._run):
            if found is not None:
                self._tail.offer(found[1])
                self._add(found[0], g, t, None, None)
                self._seen += g.size
                continue
            for start in range(0, g.size, BLOCK):
                self._take(g[start:start + BLOCK], t[start:start + BLOCK])

    def _run(self, g: Array, t: Array) -> tuple[Sums, Array] | None:
        """By the compiled kernel; None for what it does not take."""
        if self._kernel is None or not all(x.flags.aligned and x.flags.c_contiguous for x in (g, t)):
            return None
        return self._kernel.measure(g, t, self._tail.threshold)

    def _take(self, g: Array, t: Array) -> None:
        """One block, both flat."""
        if self._discrete:
            unequal = differ(g, t)
            count = int(np.count_nonzero(unequal))
            if count and not self._unequal and not self._numbers:
                self._worst = self._seen + int(unequal.argmax())
            self._unequal += count
        if self._numbers:
            self._take_numbers(g, t)
        self._seen += g.size

    def _take_numbers(self, g: Array, t: Array) -> None:
        difference = exact_difference(g, t) if self._wide_integers else None
        g, t = g.astype(self._work, copy=False), t.astype(self._work, copy=False)
        sums = ranges(g, t)
        if self._plain(sums):
            self._add(self._numpy(self._work).measure(sums, g, t, difference), g, t, difference, None)
            return
        wide_g, wide_t = g.astype(np.float64), t.astype(np.float64)
        parts = split(wide_g, wide_t, *self._limits)
        self._count(parts)
        keep = parts.keep
        if keep.size:
            chosen = None if difference is None else difference[keep]
            g, t = wide_g[keep], wide_t[keep]
            sums = self._numpy(np.dtype(np.float64)).measure(ranges(g, t), g, t, chosen)
            self._add(sums, g, t, chosen, keep)

    def _numpy(self, dtype: np.dtype[Any]) -> NumpyBlock:
        """The working arrays for a float type; made when the first block needs them."""
        if dtype not in self._blocks:
            self._blocks[dtype] = NumpyBlock(dtype, self._stored_in, self._tiny, self._tail,
                                              self.size * self._complex)
        return self._blocks[dtype]

    def _plain(self, s: Sums) -> bool:
        """Whether the block's numbers are all finite, in range of float arithmetic, and no pair is at its extreme."""
        g, t = max(s.g_max, -s.g_min), max(s.t_max, -s.t_min)
        safe = float(np.finfo(self._work).max) / 4
        return g < safe and t < safe and not (g >= self._limits[0] and t >= self._limits[1])

    def _count(self, parts: Split) -> None:
        if parts.nonfinite.size and self._worst_nonfinite is None:
            self._worst_nonfinite = self._seen + int(parts.nonfinite[0])
        self._nonfinite += parts.nonfinite.size
        self._extreme += parts.extreme
        for mine, rest in zip(self._rest, (parts.golden_rest, parts.target_rest), strict=True):
            mine.add(rest)

    def _add(self, sums: Sums, g: Array, t: Array, difference: Array | None, where: Array | None) -> None:
        """Take a block's sums in; ``where`` its elements lie, if not one after the other."""
        if sums.max_abs > self._moments.max_abs:
            if difference is None:
                difference = np.subtract(t, g, dtype=self._work if where is None else np.float64)
            at = int(np.abs(difference).argmax())
            self._worst = self._seen + (at if where is None else int(where[at]))
        self._moments.add(sums)

    def result(self) -> Metrics:
        """The numbers of everything that came so far."""
        m, size = self._moments, self._seen // self._complex
        worst = self._worst if self._worst_nonfinite is None else self._worst_nonfinite
        index = None if worst is None else unravel(worst // self._complex, self.shape)
        mismatch = self._unequal / self._seen if self._discrete and self._seen else NAN
        n = m.golden.n
        common = {"mismatch": mismatch, "size": size, "worst_index": index, "nonfinite": self._nonfinite,
                  "extreme": self._extreme, "golden": self._stats(m.golden, m.g_zero, self._rest[0]),
                  "target": self._stats(m.target, m.t_zero, self._rest[1])}
        if n == 0:
            return Metrics(**common)  # type: ignore[arg-type]
        cosine, distance = m.cosine()
        golden_l2, error = math.sqrt(m.golden.square_sum), math.sqrt(m.dd)
        p999 = self._tail.quantile(n)
        return Metrics(
            cosine=cosine, one_minus_cosine=distance, pearson=m.pearson(), rel_l2=_ratio(error, golden_l2),
            max_abs=m.max_abs, max_rel=m.max_rel, mean_rel=m.rel / n, rmse=math.sqrt(m.dd / n),
            nr=_ratio(error, self._floor(golden_l2)), max_abs_over_p999=_ratio(m.max_abs, p999),
            **common)  # type: ignore[arg-type]

    def _floor(self, golden_l2: float) -> float:
        """The error of merely storing golden in the target's type."""
        if self._discrete:
            return NAN
        return math.sqrt(self._moments.noise) or FLOOR_WHEN_EXACT * unit_roundoff(self.target_dtype) * golden_l2

    def _stats(self, paired: Spread, zeros: int, rest: SideRest) -> Stats:
        whole = Spread(paired.n, paired.mean, paired.m2, paired.min, paired.max)
        whole.add(rest.spread)
        counts = (rest.nan, rest.pos_inf, rest.neg_inf, zeros + rest.zero)
        if whole.n == 0:
            return Stats(NAN, NAN, NAN, NAN, NAN, *counts)
        return Stats(whole.min, whole.max, whole.mean, whole.std, math.sqrt(whole.square_sum), *counts)


def compare(golden: Array, target: Array, *, target_dtype: DType, with_kl: bool = False) -> Metrics:
    """Metrics of two tensors of the same shape and any element types.

    ``target_dtype`` is what the target computes in (its array may be wider). Nothing is copied as a whole: extra
    memory is below 20 MB, besides 0.2 % of a very large tensor. Views in any axis order are read as they lie.
    ``with_kl`` asks for MindStudio's divergence too, which takes a second pass.

    Raises:
        ValueError: the shapes differ.
    """
    golden, target = np.asanyarray(golden), np.asanyarray(target)
    if golden.shape != target.shape:
        raise ValueError(f"golden has shape {golden.shape}, target {target.shape}")
    # Metrics do not depend on the order of the elements: golden's order in memory is the fastest one to walk in.
    axes = sorted(range(golden.ndim), key=lambda a: -abs(golden.strides[a]))
    turned_golden, turned_target = golden.transpose(axes), target.transpose(axes)
    accumulator = Accumulator(turned_golden.shape, golden.dtype, target.dtype, target_dtype)
    accumulator.update(turned_golden, turned_target)
    found = accumulator.result()
    if with_kl and not {golden.dtype.kind, target.dtype.kind} & set("cOSUT"):
        found = replace(found, kl=divergence(turned_golden, turned_target, found))
    if found.worst_index is None or axes == sorted(axes):
        return found
    back = dict(zip(axes, found.worst_index, strict=True))
    return replace(found, worst_index=tuple(back[a] for a in range(golden.ndim)))


def _ratio(a: float, b: float) -> float:
    """The quotient; 0 / 0 is 0, anything else over 0 has no meaning."""
    if b == 0:
        return 0.0 if a == 0 else NAN
    return a / b if math.isfinite(a) and math.isfinite(b) else NAN


def _integer_bytes(dtype: np.dtype[Any]) -> int:
    return dtype.itemsize if dtype.kind in "iu" else 0


def _work_dtype(golden: np.dtype[Any], target: np.dtype[Any]) -> np.dtype[Any]:
    """float32 where it holds every value of both sides, else float64."""
    floats = all(DType.of(d.newbyteorder("=")).is_float and d.itemsize <= 4 for d in (golden, target))
    narrow = floats or {golden, target} <= {np.dtype(np.complex64), np.dtype(np.float32)}
    return np.dtype(np.float32 if narrow else np.float64)


def _narrower(golden: np.dtype[Any], target: DType) -> DType | None:
    """The target's type where storing golden in it may change golden; None where it holds every value."""
    kind = DType.of(golden.newbyteorder("="))
    if not target.is_float or kind is target or not (kind.is_float or golden.kind == "c"):
        return None
    single = golden.itemsize <= (8 if golden.kind == "c" else 4)
    return None if target.bits >= (32 if single else 64) else target
