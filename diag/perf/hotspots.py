"""Where the time of a profile goes: by operator, by type, by unit, by kind of work, over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diag.types.timeline import Floats, Kind, Profile, Texts

BINS = 120
_LAYOUT = frozenset({
    "transdata", "transpose", "transposed", "cast", "permute", "reformat", "nchw2nhwc", "nhwc2nchw", "reorderinput",
    "reorderoutput", "dequantizelinear", "quantizelinear", "identity", "formattranspose", "layouttransform"})
_TRANSFER = ("memcpy", "hosttodevice", "devicetohost", "memcpyfromhost", "memcpytohost", "sdma")
_COMMUNICATION = ("hcom_", "hccl", "communication", "allreduce", "allgather", "reducescatter")
_CORES = ("ai_core", "ai_vector_core", "mix_aic", "mix_aiv", "aicore", "aivec", "aiv", "aic")
_AI_CPU = ("ai_cpu", "aicpu")
CUBE_TYPES = ("matmul", "conv", "gemm", "flashattention", "attention", "fullyconnection", "deconv")


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that belong together: ``total_us`` over all runs; ``share`` of the sum over all groups."""

    name: str
    type: str
    core: str
    calls: int
    total_us: float
    longest_us: float
    share: float
    shapes: str = ""
    dtypes: str = ""
    mac: float = math.nan
    vector: float = math.nan
    load: float = math.nan

    @property
    def mean_us(self) -> float:
        """Of one call."""
        return self.total_us / self.calls if self.calls else math.nan


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which no operator runs, µs from the start."""

    start_us: float
    length_us: float
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Busy:
    """How the span from the first start to the last end is used. All µs; ``core_us``: some AI Core works.

    ``bins``: by kind of work, the busy share of each of equal parts of the span.
    """

    span_us: float
    busy_us: float
    core_us: float
    gaps: tuple[Gap, ...]
    bins: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Hotspots:
    """A profile in sums. ``busy`` is None without a time axis."""

    total_us: float
    calls: int
    runs: int
    by_name: tuple[Group, ...]
    by_type: tuple[Group, ...]
    by_core: tuple[Group, ...]
    by_kind: tuple[Group, ...]
    busy: Busy | None
    mac_use: float


def hotspots(profile: Profile) -> Hotspots:
    """All sums, each list by total time, the largest first."""
    kinds = kinds_of(profile)
    total = float(profile.duration_us.sum())
    names = groups(profile, _pairs(profile.names, profile.types))
    types = groups(profile, profile.types.codes)
    if profile.type_totals:
        whole = sum(us for _, _, us in profile.type_totals) or 1.0
        types = sorted((Group(name, name, "", calls, us, math.nan, us / whole)
                        for name, calls, us in profile.type_totals), key=lambda g: -g.total_us)
    by_kind = [_named(g, kind) for g, kind in _by_code(profile, kinds)]
    cores = [_core_named(g) for g in groups(profile, profile.cores.codes)]
    return Hotspots(total, int(profile.calls.sum()), profile.runs, tuple(names), tuple(_typed(g) for g in types),
                    tuple(cores), tuple(by_kind), busy(profile, kinds) if profile.has_axis else None,
                    mac_use(profile))


def groups(profile: Profile, codes: npt.NDArray[np.integer]) -> list[Group]:
    """The rows with equal codes as one group each, the largest first; texts are those of its longest row."""
    if not len(profile):
        return []
    known, inverse = np.unique(codes, return_inverse=True)
    count = len(known)
    total = np.bincount(inverse, profile.duration_us, count)
    calls = np.bincount(inverse, profile.calls, count)
    longest_of_call = profile.duration_us / np.maximum(profile.calls, 1)
    # After a stable sort by group and duration the last row of each group is its longest.
    order = np.lexsort((longest_of_call, inverse))
    last = order[np.searchsorted(inverse[order], np.arange(count), side="right") - 1]
    weighted = {name: _weighted(getattr(profile, name), profile.duration_us, inverse, count)
                for name in ("mac", "vector", "load")}
    whole = float(total.sum()) or 1.0
    found = [Group(profile.names[row], profile.types[row], profile.cores[row], int(calls[i]), float(total[i]),
                   float(longest_of_call[row]) if (profile.calls[row] == 1) else math.nan, float(total[i]) / whole,
                   profile.shapes[row], profile.dtypes[row],
                   *(float(weighted[name][i]) for name in ("mac", "vector", "load")))
             for i, row in enumerate(last)]
    return sorted(found, key=lambda group: (-group.total_us, group.name))


def kinds_of(profile: Profile) -> npt.NDArray[np.int32]:
    """The Kind of each row, from its type, unit and name."""
    by_type = np.array([int(kind_of(word)) for word in profile.types.words] or [0], np.int32)[profile.types.codes]
    by_core = np.array([int(kind_of(word)) for word in profile.cores.words] or [0], np.int32)[profile.cores.codes]
    return np.where(by_type != Kind.COMPUTE, by_type, by_core).astype(np.int32)


def kind_of(word: str) -> Kind:
    """The kind of an operator type or a unit."""
    plain = word.lower()
    if plain.replace("_", "") in _LAYOUT:
        return Kind.LAYOUT
    if plain.replace("_", "").startswith(_TRANSFER):
        return Kind.TRANSFER
    return Kind.COMMUNICATION if plain.startswith(_COMMUNICATION) else Kind.COMPUTE


def is_core(core: str) -> bool:
    """Whether a unit is an AI Core, cube or vector."""
    return core.lower().startswith(_CORES)


def is_ai_cpu(core: str) -> bool:
    """Whether a unit is the AI CPU."""
    return core.lower().startswith(_AI_CPU)


def is_cube(kind: str) -> bool:
    """Whether an operator type lives from the matrix unit."""
    plain = kind.lower()
    return any(word in plain for word in CUBE_TYPES) and not plain.startswith("convert")


def busy(profile: Profile, kinds: npt.NDArray[np.int32], bins: int = BINS) -> Busy:
    """The span and how it is used; overlapping operators count once."""
    start, end = profile.start_us, profile.start_us + profile.duration_us
    span = float(end.max()) if len(end) else 0.0
    lows, highs = union(start, end)
    cores = np.array([is_core(word) for word in profile.cores.words] or [False])[profile.cores.codes]
    core_lows, core_highs = union(start[cores], end[cores])
    shares = tuple(tuple(float(v) for v in _shares(*union(start[kinds == k], end[kinds == k]), span, bins))
                   for k in range(4))
    return Busy(span, float((highs - lows).sum()), float((core_highs - core_lows).sum()),
                tuple(_gaps(profile, lows, highs)), shares)


def union(start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Intervals that cover the same as these and do not overlap."""
    if not len(start):
        return np.zeros(0), np.zeros(0)
    order = np.argsort(start, kind="stable")
    lows, reach = start[order], np.maximum.accumulate(end[order])
    fresh = np.concatenate(([True], lows[1:] > reach[:-1]))
    return lows[fresh], reach[np.concatenate((np.flatnonzero(fresh)[1:] - 1, [len(lows) - 1]))]


def mac_use(profile: Profile) -> float:
    """Use of the matrix unit over the AI Core tasks that tell it, weighted by their time; NaN where none does."""
    cores = np.array([is_core(word) for word in profile.cores.words] or [False])[profile.cores.codes]
    told = cores & np.isfinite(profile.mac)
    weight = float(profile.duration_us[told].sum())
    return float((profile.mac[told] * profile.duration_us[told]).sum()) / weight if weight > 0 else math.nan


def _gaps(profile: Profile, lows: Floats, highs: Floats, most: int = 20) -> list[Gap]:
    lengths = lows[1:] - highs[:-1]
    if not len(lengths):
        return []
    order = np.argsort(profile.start_us, kind="stable")
    starts = profile.start_us[order]
    ends = np.argsort(profile.start_us + profile.duration_us, kind="stable")
    ended = (profile.start_us + profile.duration_us)[ends]
    found = []
    for i in np.argsort(-lengths)[:most]:
        after = order[min(np.searchsorted(starts, lows[i + 1]), len(order) - 1)]
        before = ends[min(np.searchsorted(ended, highs[i]), len(ends) - 1)]
        found.append(Gap(float(highs[i]), float(lengths[i]), profile.names[before], profile.names[after]))
    return found


def _shares(lows: Floats, highs: Floats, span: float, bins: int) -> Floats:
    if span <= 0:
        return np.zeros(bins)
    edges = np.linspace(0, span, bins + 1)
    # Time covered up to each edge, by interpolating between the ends of the intervals.
    points = np.concatenate(([0.0], np.column_stack((lows, highs)).ravel(), [span]))
    covered = np.concatenate(([0.0], np.column_stack((np.concatenate(([0.0], np.cumsum(highs - lows)[:-1])),
                                                      np.cumsum(highs - lows))).ravel(),
                              [float((highs - lows).sum())])) if len(lows) else np.zeros(2)
    found: Floats = np.diff(np.interp(edges, points, covered)) / (span / bins)
    return np.clip(found, 0, 1)


def _weighted(values: Floats, weights: Floats, inverse: npt.NDArray[np.intp], count: int) -> Floats:
    told = np.isfinite(values)
    weight = np.bincount(inverse[told], weights[told], count)
    summed = np.bincount(inverse[told], values[told] * weights[told], count)
    mean: Floats = np.divide(summed, weight, out=np.full(count, np.nan), where=weight > 0)
    return mean


def _pairs(names: Texts, types: Texts) -> npt.NDArray[np.int64]:
    return names.codes.astype(np.int64) * (len(types.words) + 1) + types.codes


def _by_code(profile: Profile, kinds: npt.NDArray[np.int32]) -> Sequence[tuple[Group, Kind]]:
    return [(groups_of[0], kind) for kind in Kind
            if (groups_of := groups_where(profile, kinds == kind)) and groups_of[0].calls]


def groups_where(profile: Profile, rows: npt.NDArray[np.bool_]) -> list[Group]:
    """The chosen rows as one group; its share is of the whole profile. Empty for no rows."""
    if not rows.any():
        return []
    total, whole = float(profile.duration_us[rows].sum()), float(profile.duration_us.sum()) or 1.0
    return [Group("", "", "", int(profile.calls[rows].sum()), total, float(profile.duration_us[rows].max()),
                  total / whole)]


def _named(group: Group, kind: Kind) -> Group:
    name = kind.name.lower()
    return Group(name, name, "", group.calls, group.total_us, group.longest_us, group.share)


def _core_named(group: Group) -> Group:
    return Group(group.core, "", group.core, group.calls, group.total_us, group.longest_us, group.share,
                 mac=group.mac, vector=group.vector, load=group.load)


def _typed(group: Group) -> Group:
    return Group(group.type, group.type, group.core, group.calls, group.total_us, group.longest_us, group.share,
                 mac=group.mac, vector=group.vector, load=group.load)
