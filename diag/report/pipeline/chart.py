"""Errors step by step, on a logarithmic axis, as SVG markup that the page's stylesheet colours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

_WIDTH, _HEIGHT = 1000, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 16, 44


def curves(series: Sequence[tuple[str, Sequence[float]]], ticks: Sequence[str], x_name: str, y_name: str) -> str:
    """One line a series; values that are not above 0 leave gaps. "" where there is nothing to draw."""
    values = [v for _, row in series for v in row if math.isfinite(v) and v > 0]
    if not values or not ticks:
        return ""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    inside = [*_grid(low, high), *_ticks(ticks), _name(x_name, y_name)]
    for i, (name, row) in enumerate(series):
        inside += _line(row, i, low, high)
        inside.append(f'<rect class="bar s{i}" x="{_LEFT + 14 + 330 * i}" y="{_HEIGHT - 12}" width="18" height="3"/>'
                      f'<text x="{_LEFT + 38 + 330 * i}" y="{_HEIGHT - 6}">{escape(name)}</text>')
    return (f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(y_name)}">' + "".join(inside)
            + "</svg>")


def _line(row: Sequence[float], index: int, low: int, high: int) -> Iterator[str]:
    points = [(i, v) for i, v in enumerate(row) if math.isfinite(v) and v > 0]
    place = [(_x(i, len(row)), _y(v, low, high)) for i, v in points]
    if place:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
        yield f'<polyline class="curve s{index}" points="{path}"/>'
    for x, y in place:
        yield f'<circle class="s{index}" cx="{x:.1f}" cy="{y:.1f}" r="3.4"/>'


def _grid(low: int, high: int) -> Iterator[str]:
    stride = max(1, (high - low) // 6)
    for power in range(low, high + 1, stride):
        y = _y(10.0 ** power, low, high)
        yield (f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
               f'<text class="faint" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>')


def _ticks(ticks: Sequence[str]) -> Iterator[str]:
    stride = max(1, math.ceil(len(ticks) / 25))
    for i in range(0, len(ticks), stride):
        yield (f'<text class="faint" x="{_x(i, len(ticks)):.1f}" y="{_HEIGHT - _BOTTOM + 18}" '
               f'text-anchor="middle">{escape(ticks[i])}</text>')


def _name(x_name: str, y_name: str) -> str:
    return (f'<text class="faint" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}" text-anchor="end">{escape(x_name)}</text>'
            f'<text class="faint" x="{_LEFT + 4}" y="{_TOP - 4}">{escape(y_name)}</text>')


def _x(i: int, count: int) -> float:
    return _LEFT + 20 + (_WIDTH - _LEFT - _RIGHT - 40) * (i / (count - 1) if count > 1 else 0.5)


def _y(value: float, low: int, high: int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - math.log10(value)) / (high - low)
