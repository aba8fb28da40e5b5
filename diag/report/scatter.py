"""Points and steps as SVG markup, both axes by powers of ten where the numbers ask for it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 1000, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 30, 12, 44


@dataclass(frozen=True, slots=True)
class Dot:
    """``group``: colour, 0…5. ``text``: shown when pointed at."""

    x: float
    y: float
    text: str
    group: int = 0


@dataclass(frozen=True, slots=True)
class Axis:
    """``log``: by powers of ten; numbers that are not positive then lie at the low end."""

    name: str
    log: bool = False
    percent: bool = False


def scatter(dots: Sequence[Dot], x: Axis, y: Axis, *, line: bool = False, mark: float | None = None) -> str:
    """All dots, joined by steps where ``line``; ``mark`` is a dashed line at a height. Empty without finite numbers."""
    known = [d for d in dots if math.isfinite(d.x) and math.isfinite(d.y)]
    if not known:
        return ""
    heights = [d.y for d in known] + ([mark] if mark is not None else [])
    across, up = _Scale([d.x for d in known], x, _LEFT, _WIDTH - _RIGHT), _Scale(heights, y, _HEIGHT - _BOTTOM, _TOP)
    inside = [*_x_axis(across, x), *_y_axis(up, y)]
    if mark is not None:
        y_mark = f"{up(mark):.1f}"
        inside.append(f'<line class="one" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y_mark}" y2="{y_mark}"/>')
    if line:
        for a, b in itertools.pairwise(known):
            for x1, y1, x2, y2 in ((a.x, a.y, b.x, a.y), (b.x, a.y, b.x, b.y)):
                inside.append(f'<line class="span thin s0" x1="{across(x1):.1f}" x2="{across(x2):.1f}" '
                              f'y1="{up(y1):.1f}" y2="{up(y2):.1f}"/>')
    inside += [f'<circle class="dot s{d.group}" cx="{across(d.x):.1f}" cy="{up(d.y):.1f}" r="{4 if line else 2.6}">'
               f"<title>{escape(d.text)}</title></circle>" for d in known]
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(inside)}</svg>'


class _Scale:
    def __init__(self, values: Sequence[float], axis: Axis, low_at: float, high_at: float) -> None:
        self.log = axis.log and any(v > 0 for v in values)
        positive = [v for v in values if v > 0]
        self._floor = min(positive) if positive else 1.0
        own = [self._own(v) for v in values]
        low, high = min(own), max(own)
        room = 0.04 * (high - low) or 0.5
        self.low, self.high = low - room, high + room
        if not self.log:
            self.low = min(0.0, low) if low >= 0 else self.low
        self._low_at, self._high_at = low_at, high_at

    def _own(self, value: float) -> float:
        return math.log10(max(value, self._floor)) if self.log else value

    def __call__(self, value: float) -> float:
        share = (self._own(value) - self.low) / (self.high - self.low)
        return self._low_at + (self._high_at - self._low_at) * share

    def ticks(self) -> list[float]:
        if self.log:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            steps = (1, 2, 5) if len(powers) < 4 else (1,)
            found = [m * 10.0**p for p in powers for m in steps]
            return [v for v in found if self.low <= math.log10(v) <= self.high]
        raw = (self.high - self.low) / 6
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
        return [n * step for n in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)]


def _x_axis(scale: _Scale, axis: Axis) -> Iterator[str]:
    y = _HEIGHT - _BOTTOM
    for value in scale.ticks():
        x = f"{scale(value):.1f}"
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{_TOP}" y2="{y + 4}"/>'
        yield f'<text class="faint" x="{x}" y="{y + 17}" text-anchor="middle">{_told(value, axis)}</text>'
    yield f'<text class="faint" x="{_WIDTH - _RIGHT}" y="{y + 36}" text-anchor="end">{escape(axis.name)}</text>'


def _y_axis(scale: _Scale, axis: Axis) -> Iterator[str]:
    for value in scale.ticks():
        y = scale(value)
        yield f'<line class="axis" x1="{_LEFT - 4}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="faint" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_told(value, axis)}</text>'
    yield f'<text class="faint" x="{_LEFT}" y="{_HEIGHT - 8}">{escape(axis.name)}</text>'


def _told(value: float, axis: Axis) -> str:
    return f"{100 * value:g} %" if axis.percent else f"{value:.3g}"
