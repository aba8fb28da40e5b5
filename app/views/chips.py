"""Filter chips: small buttons that are in or out, each with an icon, a word and a count."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QToolButton, QWidget


class Chip(QToolButton):
    """One filter. ``flipped`` is emitted when a person turns it on or off."""

    flipped = Signal()

    def __init__(self, icon: QIcon, word: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self._word = word
        self.setObjectName("chip")
        self.setIcon(icon)
        self.setIconSize(QSize(14, 14))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_count(0)
        self.clicked.connect(self.flipped)

    def set_count(self, count: int) -> None:
        """How many rows it would show; without any it is hidden, unless it is on."""
        self.setText(f"{self._word} {count:,}")
        self.setAccessibleName(self.text())
        self.setVisible(count > 0 or self.isChecked())
