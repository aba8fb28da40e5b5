"""What the times say: findings about series, ratios and how they were measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from diag.rules.codes import finding
from diag.types.bench import Ratio, Series
from diag.types.codes import Code
from diag.types.finding import Finding, Severity
from diag.types.layer import Verdict

NOISY = 0.10
"""Median absolute deviation over median above which single runs say little."""

BUSY = 0.10
"""Share of the machine that others may use before it is told."""

_MANY_OUTLIERS = 0.02


def of_bench(models: Sequence[Series], comparison: Sequence[Ratio], slower: float | None, *,
             others: float = math.nan, cpus: int = 0) -> tuple[Finding, ...]:
    """Findings, the ratios first; ``slower`` is the share by which a model may be slower than the first.

    ``others``: the share of the machine that other programs used meanwhile.
    """
    names = names_of(models)
    told = [of_ratio(one, names, slower) for one in comparison]
    if others > BUSY:
        told.append(finding(Code.MACHINE_BUSY, "machine", percent=100 * others, cpus=cpus))
    told += [f for series, name in zip(models, names, strict=True) for f in _of_series(series, name)]
    return tuple(told)


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """The worst of them."""
    worst = {f.severity for f in findings}
    if Severity.FAIL in worst:
        return Verdict.FAIL
    return Verdict.WATCH if Severity.WATCH in worst else Verdict.PASS


def names_of(models: Sequence[Series]) -> list[str]:
    """A short name each, all different: the file's name, with what tells it apart."""
    short = [m.label or Path(m.path).name or m.path for m in models]
    rivals = {name: {m.runtime for m, other in zip(models, short, strict=True) if other == name} for name in short}
    runtimes = [f"{name} ({m.runtime})" if len(rivals[name]) > 1 and m.runtime else name
                for name, m in zip(short, models, strict=True)]
    seen: dict[str, int] = {}
    names = []
    for name in runtimes:
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{name} #{seen[name]}" if runtimes.count(name) > 1 else name)
    return names


def of_ratio(one: Ratio, names: Sequence[str], slower: float | None = None) -> Finding:
    """One statement about a pair."""
    facts: dict[str, Any] = {"other": names[one.a], "ratio": one.ratio, "low": one.low, "high": one.high}
    if one.different is None:
        return finding(Code.SPEED_UNKNOWN, names[one.b], **facts)
    if not one.different:
        return finding(Code.SPEED_SAME, names[one.b], **facts)
    if one.ratio < 1:
        return finding(Code.FASTER, names[one.b], percent=100 * (1 - one.ratio), **facts)
    bad = slower is not None and one.low > 1 + slower
    return finding(Code.SLOWER, names[one.b], severity=Severity.FAIL if bad else None,
                   percent=100 * (one.ratio - 1), **facts)


def _of_series(series: Series, name: str) -> Iterator[Finding]:
    if series.drift:
        yield finding(Code.TIMES_DRIFT, name, percent=100 * series.drift)
    if series.median_ms > 0 and series.mad_ms / series.median_ms > NOISY:
        yield finding(Code.TIMES_NOISY, name, percent=100 * series.mad_ms / series.median_ms)
    if series.outliers > _MANY_OUTLIERS * max(series.runs, 1):
        yield finding(Code.TIMES_OUTLIERS, name, count=series.outliers, runs=series.runs, largest=series.max_ms,
                      median=series.median_ms)
    if series.runtime == "reference":
        yield finding(Code.REFERENCE_TIMED, name)
