"""Words in boxes: set once, kept, cut in the middle where they are too long. And how wide they are."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QStaticText

from app.graph.model import GraphModel
from app.graph.wording import Words, badge, detail, title

Array = npt.NDArray[Any]
Kind = Literal["title", "detail", "frame", "end"]

_KEPT = 20_000


class Labels:
    """Draws labels of items; remembers them set."""

    def __init__(self, font: QFont, words: Words) -> None:
        self._fonts = {"title": _sized(font, 12, QFont.Weight.DemiBold), "detail": _sized(font, 10.5),
                       "frame": _sized(font, 12, QFont.Weight.DemiBold), "end": _sized(font, 11)}
        self._metrics = {kind: QFontMetricsF(f) for kind, f in self._fonts.items()}
        self._words = words
        self._set: dict[tuple[str, str, int], QStaticText] = {}

    def start(self, painter: QPainter, kind: Kind, colour: str) -> None:
        """Set font and colour for the labels of a kind that are put next."""
        painter.setFont(self._fonts[kind])
        painter.setPen(QColor(colour))

    def put(self, painter: QPainter, model: GraphModel, item: int, kind: Kind, x: float, y: float,
            room: float) -> bool:
        """Draw a label with its upper left corner at a place; whether there was anything to draw."""
        text = detail(model, item, self._words) if kind == "detail" else title(model, item)
        if not text or room < 12:
            return False
        painter.drawStaticText(QPointF(x, y), self._text(text, kind, int(room)))
        return True

    def badge(self, painter: QPainter, weights: int, right: float, y: float) -> float:
        """Draw the number of weights with its right end at a place; how wide it is. Its kind is "detail"."""
        made = self._text(badge(weights), "detail", 60)
        wide = made.size().width()
        painter.drawStaticText(QPointF(right - wide, y), made)
        return wide

    def advances(self) -> dict[str, Array]:
        """Width of each of the first 256 characters, by kind: what ``widths`` needs, off the GUI thread."""
        return {kind: np.array([metrics.horizontalAdvance(chr(c)) if c >= 32 else 0.0 for c in range(256)])
                for kind, metrics in self._metrics.items()}

    @property
    def words(self) -> Words:
        """The words that details are made of."""
        return self._words

    def _text(self, text: str, kind: Kind, room: int) -> QStaticText:
        key = text, kind, room
        if key not in self._set:
            if len(self._set) > _KEPT:
                self._set.clear()
            made = QStaticText(self._metrics[kind].elidedText(text, Qt.TextElideMode.ElideMiddle, room))
            made.setTextFormat(Qt.TextFormat.PlainText)
            made.prepare(font=self._fonts[kind])
            self._set[key] = made
        return self._set[key]


def _sized(font: QFont, pixels: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    made = QFont(font)
    made.setPixelSize(round(pixels))
    made.setWeight(weight)
    # Hinted glyphs jump while one zooms.
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made
