"""Icons from resources/icons: line drawings in black, given the colour that the theme has for what they mean."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.places import RESOURCES
from app.theme import Theme

_SIZES = (20, 64)


class Look:
    """A theme and its icons; every view gets one."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._icons: dict[tuple[str, str], QIcon] = {}

    def icon(self, name: str, colour: str = "") -> QIcon:
        """An icon in a colour of the theme (its text colour if none is given)."""
        key = name, colour or self.theme.text
        if key not in self._icons:
            self._icons[key] = _draw(*key)
        return self._icons[key]

    def verdict(self, verdict: str) -> QIcon:
        """The icon of a verdict by its value."""
        return self.icon(verdict, self.theme.verdict(verdict))


def _draw(name: str, colour: str) -> QIcon:
    text = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8").replace("#000000", colour)
    renderer = QSvgRenderer(QByteArray(text.encode()))
    icon = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        icon.addPixmap(pixmap)
    return icon
