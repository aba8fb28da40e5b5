"""Pictures as SVG markup without inline styles: the page's stylesheet colours them, light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABEL, _RIGHT = 1000, 230, 110
_ROW, _TOP, _AXIS = 34, 8, 30
_COLOURS = 6
_MOST_DOTS = 600


@dataclass(frozen=True, slots=True)
class Strip:
    """One row of ``strips``: all samples, the middle with its interval (NaN bounds: none), and text at the right."""

    name: str
    samples: Sequence[float]
    middle: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of ``bars``: its length in parts that are stacked, and text at the right."""

    name: str
    parts: Sequence[float]
    text: str


def strips(rows: Sequence[Strip], unit: str, *, mark: float | None = None) -> str:
    """Samples as dots along one axis, medians as ticks, intervals as bars; ``mark`` is a dashed line."""
    values = [v for row in rows for v in (*row.samples, row.middle, row.low, row.high) if math.isfinite(v)]
    if mark is not None:
        values.append(mark)
    if not values:
        return ""
    scale = _Scale(*_padded(min(values), _robust_high(values)))
    height = _TOP + _ROW * len(rows) + _AXIS
    inside = [*_axis(scale, height - _AXIS, unit)]
    if mark is not None:
        inside.append(f'<line class="one" x1="{scale(mark):.1f}" x2="{scale(mark):.1f}" y1="{_TOP}" '
                      f'y2="{height - _AXIS}"/>')
    for i, row in enumerate(rows):
        inside += _strip(row, i, scale)
    return _svg(height, inside)


def bars(rows: Sequence[Bar], unit: str, names: Sequence[str] = ()) -> str:
    """Horizontal bars from 0; ``names`` are the parts' legend."""
    longest = max((sum(row.parts) for row in rows), default=0.0)
    if longest <= 0:
        return ""
    scale = _Scale(0.0, longest)
    thin = 24
    top = _TOP + (20 if names else 0)
    height = top + thin * len(rows) + _AXIS
    inside = [*_axis(scale, height - _AXIS, unit), *_legend(names)]
    for i, row in enumerate(rows):
        y, at = top + thin * i, 0.0
        inside.append(_label(row.name, y + 15))
        for part, size in enumerate(row.parts):
            if size > 0:
                inside.append(f'<rect class="bar s{part % _COLOURS}" x="{scale(at):.1f}" y="{y + 4}" '
                              f'width="{max(0.5, scale(at + size) - scale(at)):.1f}" height="{thin - 8}"/>')
            at += size
        inside.append(f'<text x="{scale(at) + 6:.1f}" y="{y + 15}">{escape(row.text)}</text>')
    return _svg(height, inside)


def areas(columns: Sequence[Sequence[float]], names: Sequence[str], start: float, end: float, unit: str) -> str:
    """Stacked columns over time: ``columns[part][bin]`` is the share (0..1) of the bin's width."""
    bins = len(columns[0]) if columns else 0
    if not bins or end <= start:
        return ""
    scale = _Scale(start, end)
    top, tall = _TOP + 20, 120
    height = top + tall + _AXIS
    inside = [*_axis(scale, height - _AXIS, unit), *_legend(names)]
    step = (scale(end) - scale(start)) / bins
    below = [0.0] * bins
    for part, shares in enumerate(columns):
        for i, share in enumerate(shares):
            size = max(0.0, min(share, 1 - below[i]))
            if size > 0.002:
                y = top + tall * (1 - below[i] - size)
                inside.append(f'<rect class="bar s{part % _COLOURS}" x="{scale(start) + i * step:.1f}" y="{y:.1f}" '
                              f'width="{step + .3:.1f}" height="{tall * size:.1f}"/>')
            below[i] += size
    inside.append(f'<text class="faint" x="{_LABEL - 10}" y="{top + 10}" text-anchor="end">100 %</text>')
    return _svg(height, inside)


class _Scale:
    """From values to x."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _LABEL + (_WIDTH - _LABEL - _RIGHT) * min(1.0, max(0.0, share))


def _strip(row: Strip, i: int, scale: _Scale) -> Iterator[str]:
    y = _TOP + _ROW * i + _ROW / 2
    colour = f"s{i % _COLOURS}"
    yield _label(row.name, y + 4)
    stride = max(1, len(row.samples) // _MOST_DOTS)
    for n, value in enumerate(row.samples[::stride]):
        yield f'<circle class="dot {colour}" cx="{scale(value):.1f}" cy="{y + (n * 7 % 13 - 6):.1f}" r="2.2"/>'
    if math.isfinite(row.low) and math.isfinite(row.high):
        yield f'<line class="span {colour}" x1="{scale(row.low):.1f}" x2="{scale(row.high):.1f}" y1="{y}" y2="{y}"/>'
    if math.isfinite(row.middle):
        x = scale(row.middle)
        yield f'<line class="tick {colour}" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 10}" y2="{y + 10}"/>'
    yield f'<text x="{_WIDTH - _RIGHT + 8}" y="{y + 4}">{escape(row.text)}</text>'


def _axis(scale: _Scale, y: float, unit: str) -> Iterator[str]:
    yield f'<line class="axis" x1="{_LABEL}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
    for value in ticks(scale.low, scale.high):
        x = scale(value)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{y + 4}"/>'
        yield f'<text class="faint" x="{x:.1f}" y="{y + 18}" text-anchor="middle">{value:g}</text>'
    yield f'<text class="faint" x="{_WIDTH - _RIGHT + 8}" y="{y + 18}">{escape(unit)}</text>'


def ticks(low: float, high: float) -> list[float]:
    """Round values between the two, about six."""
    if not high > low:
        return [low]
    raw = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    first = math.ceil(low / step - 1e-9)
    return [float(f"{n * step:.12g}") for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _legend(names: Sequence[str]) -> Iterator[str]:
    x = float(_LABEL)
    for i, name in enumerate(names):
        yield f'<rect class="bar s{i % _COLOURS}" x="{x:.0f}" y="{_TOP - 2}" width="11" height="11"/>'
        yield f'<text x="{x + 16:.0f}" y="{_TOP + 8}">{escape(name)}</text>'
        x += 34 + 7.2 * sum(2 if ord(c) > 0x2e80 else 1 for c in name)


def _label(text: str, y: float) -> str:
    short = text if len(text) <= 32 else text[:11] + "…" + text[-20:]
    return (f'<text x="{_LABEL - 10}" y="{y}" text-anchor="end">{escape(short)}'
            f"<title>{escape(text)}</title></text>")


def _svg(height: float, inside: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img">{"".join(inside)}</svg>'


def _padded(low: float, high: float) -> tuple[float, float]:
    room = 0.04 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room




def _robust_high(values: Sequence[float]) -> float:
    """The largest, or twice the middle: a few outliers must not squeeze all others into one line."""
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    usual = max(2 * middle, 1.1 * ordered[int(0.95 * (len(ordered) - 1))])
    return min(ordered[-1], usual) if middle > 0 else ordered[-1]
