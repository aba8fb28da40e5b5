"""What a profile says: what wastes the device's time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diag.perf.change import Change
from diag.perf.hotspots import Group, Hotspots, groups_where, is_ai_cpu, is_core, is_cube, kind_of
from diag.rules.codes import finding
from diag.types.codes import Code
from diag.types.finding import Finding, Severity
from diag.types.timeline import Kind, Profile

_WORTH = 0.01
"""Findings below this share of the time are not worth a sentence."""

_HOT, _MOST_HOT = 0.10, 3
_LAYOUT, _IDLE, _TRANSFER = 0.10, 0.20, 0.05
_LOW_CUBE, _BUSY_LOAD = 0.30, 1.0
_MOST_CORES = 64
_FLOAT32 = ("float", "float32", "dt_float")
_SLOWER = 0.05


def of_profile(profile: Profile, sums: Hotspots, changed: Change | None = None) -> tuple[Finding, ...]:
    """Findings, what costs most first."""
    found = [*_waste(profile, sums), *_hot(sums, profile)]
    if changed is not None:
        found += _slower(changed)
    if profile.unreadable:
        found.append(finding(Code.ROWS_UNREADABLE, profile.path, count=profile.unreadable,
                             first=profile.first_unreadable))
    return tuple(sorted(found, key=lambda f: f.severity is Severity.INFO))


def _waste(profile: Profile, sums: Hotspots) -> Iterator[Finding]:
    name = profile.path
    device = [g for g in sums.by_name if is_core(g.core) or is_ai_cpu(g.core)]
    total = sums.total_us or 1.0
    yield from _some(Code.AI_CPU_TASKS, name, [g for g in device if is_ai_cpu(g.core)], total)
    layout = [g for g in sums.by_name if kind_of(g.type) is Kind.LAYOUT]
    if _share(layout, total) > _LAYOUT:
        yield from _some(Code.LAYOUT_WORK, name, layout, total)
    yield from _transfers(profile, sums)
    if device and sums.busy is not None and sums.busy.span_us > 0:
        idle = 1 - sums.busy.busy_us / sums.busy.span_us
        if idle > _IDLE and sums.busy.gaps:
            yield finding(Code.DEVICE_IDLE, name, percent=100 * idle,
                          time=(sums.busy.span_us - sums.busy.busy_us) / 1e3,
                          largest=sums.busy.gaps[0].length_us / 1e3)
    yield from _cores(profile, name, total)
    yield from _cube(device, name, total)


def _transfers(profile: Profile, sums: Hotspots) -> Iterator[Finding]:
    """Copies among the device's tasks, or else among the host's calls of the same recording."""
    moved = next((g for g in sums.by_kind if g.name == "transfer"), None)
    if moved is not None and moved.share > _TRANSFER:
        yield finding(Code.TRANSFERS, profile.path, count=moved.calls, percent=100 * moved.share,
                      time=moved.total_us / 1e3)
        return
    calls = [call for call in profile.host if call.level == "acl"]
    copies = [call for call in calls if "memcpy" in call.name.lower()]
    copied, whole = (sum(call.total_us for call in some) for some in (copies, calls))
    if copied > _TRANSFER * whole:
        yield finding(Code.TRANSFERS, profile.path, count=sum(call.count for call in copies),
                      percent=100 * copied / whole, time=copied / 1e3)


def _cores(profile: Profile, name: str, total: float) -> Iterator[Finding]:
    """Tasks with fewer blocks than the largest seen on the same unit."""
    few, cores = [], 0
    for code, core in enumerate(profile.cores.words):
        rows = (profile.cores.codes == code) & (profile.blocks > 0) & (profile.blocks <= _MOST_CORES)
        if not is_core(core) or rows.sum() < 2:
            continue
        most = int(profile.blocks[rows].max())
        small = rows & (profile.blocks * 2 <= most)
        if small.any():
            cores = max(cores, most)
            few.append(small)
    if few:
        chosen = few[0]
        for one in few[1:]:
            chosen = chosen | one
        group = groups_where(profile, chosen)[0]
        if group.total_us / total > _WORTH:
            kinds = sorted({profile.types[int(i)] for i in chosen.nonzero()[0]},
                           key=lambda kind: -float(profile.duration_us[chosen & (
                               profile.types.codes == profile.types.words.index(kind))].sum()))
            yield finding(Code.FEW_BLOCKS, name, count=int(chosen.sum()), percent=100 * group.total_us / total,
                          cores=cores, ops=kinds[:5])


def _cube(device: Sequence[Group], name: str, total: float) -> Iterator[Finding]:
    cube = [g for g in device if is_core(g.core) and is_cube(g.type)]
    told = [g for g in cube if g.mac == g.mac]  # a number, not NaN
    time = sum(g.total_us for g in told)
    use = sum(g.mac * g.total_us for g in told) / time if time else 1.0
    if use < _LOW_CUBE and time / total > _WORTH:
        yield finding(Code.CUBE_LOW, name, use=100 * use, percent=100 * time / total, ops=_ops(told))
    wide = [g for g in cube if g.dtypes.split(";")[0].lower() in _FLOAT32]
    yield from _some(Code.CUBE_FLOAT32, name, wide, total)
    bound = [g for g in device if g.load == g.load and kind_of(g.type) is Kind.COMPUTE
             and g.load > _BUSY_LOAD * max(_known(g.mac), _known(g.vector), 1e-9)]
    if _share(bound, total) > _LAYOUT:
        yield from _some(Code.MEMORY_BOUND, name, bound, total)


def _hot(sums: Hotspots, profile: Profile) -> Iterator[Finding]:
    for group in sums.by_name[:_MOST_HOT]:
        if group.share > _HOT and len(sums.by_name) > 1:
            yield finding(Code.HOTSPOT, group.name, op=group.type or profile.source, percent=100 * group.share,
                          time=group.total_us / 1e3)


def _slower(changed: Change) -> Iterator[Finding]:
    limit = _SLOWER * changed.other_us
    for one in [c for c in changed.names if c.difference_us > limit][:_MOST_HOT]:
        yield finding(Code.SLOWER_THAN_OTHER, one.name, op=one.type, time=one.here_us / 1e3, other=one.other_us / 1e3,
                      difference=one.difference_us / 1e3)


def _some(code: Code, name: str, groups: Sequence[Group], total: float) -> Iterator[Finding]:
    if _share(groups, total) > _WORTH:
        yield finding(code, name, count=sum(g.calls for g in groups), percent=100 * _share(groups, total),
                      ops=_ops(groups))


def _share(groups: Sequence[Group], total: float) -> float:
    return sum(g.total_us for g in groups) / total


def _ops(groups: Sequence[Group]) -> list[str]:
    return list(dict.fromkeys(g.type or g.name for g in sorted(groups, key=lambda g: -g.total_us)))[:5]


def _known(value: float) -> float:
    return value if value == value else 0.0  # NaN is unknown
