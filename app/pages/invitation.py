"""What a page shows where nothing is open: one card with a question, what to drop, and buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.assets import Look

_WIDTH = 660
_HEIGHT, _ICON = 34, 18

Way = tuple[str, str, SignalInstance]
"""Words of a button, its icon, and the signal that it emits."""


class Invitation(QWidget):
    """Subclasses say the words, because translations belong to where they are said, and call ``invite``."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.buttons: list[QPushButton] = []

    def invite(self, question: str, words: Sequence[str], rows: Sequence[Sequence[Way]]) -> None:
        """Fill the card. Rows of buttons are as wide as the card where there are several of them."""
        card = QFrame(self)
        card.setObjectName("card")
        card.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        head = QLabel(question, card)
        font = head.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        head.setFont(font)
        column.addWidget(head)
        for text in words:
            label = QLabel(text, card, wordWrap=True)
            label.setObjectName("muted")
            column.addWidget(label)
        for ways in rows:
            column.addLayout(self._row(ways, card, wide=len(rows) > 1))
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(card, 4, Qt.AlignmentFlag.AlignVCenter)
        outer.addStretch(1)

    def _row(self, ways: Sequence[Way], card: QFrame, *, wide: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        for text, icon, signal in ways:
            button = QPushButton(self._look.icon(icon), text, card)
            button.setIconSize(QSize(_ICON, _ICON))
            button.setMinimumHeight(_HEIGHT)
            button.clicked.connect(signal)
            row.addWidget(button, int(wide))
            self.buttons.append(button)
        if not wide:
            row.addStretch(1)
        return row
