"""The strip at the left edge: one button a page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.assets import Look
from app.pages.table import Entry

_ICON, _LEAST = 22, 74


class Rail(QScrollArea):
    """Icons with words under them; scrolls where the window is low.

    Signals:
        chosen: (page name).
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName(self.tr("Pages"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        inside = QWidget(self)
        inside.setObjectName("rail_inside")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(4, 6, 4, 6)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        self.setWidget(inside)

    def add(self, name: str, title: str, tip: str) -> None:
        """One more button, below the others; its icon comes with ``decorate``."""
        button = QToolButton(self)
        button.setObjectName("page")
        button.setText(title)
        button.setToolTip(f"{tip}   (Alt+{len(self.buttons) + 1})" if len(self.buttons) < 9 else tip)
        button.setAccessibleName(title)
        button.setAccessibleDescription(tip)
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(_ICON, _ICON))
        button.setMinimumWidth(_LEAST)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _=False, n=name: self.chosen.emit(n))
        self._group.addButton(button)
        self._column.insertWidget(self._column.count() - 1, button)
        self.buttons[name] = button
        self.setFixedWidth(max(_LEAST, *(b.sizeHint().width() for b in self.buttons.values())) + 9)

    def decorate(self, look: Look, pages: Sequence[Entry]) -> None:
        """Draw the icons: not before the first window is shown."""
        for name, icon in (("compare", "compare"), *((e.name, e.icon) for e in pages)):
            self.buttons[name].setIcon(look.icon(icon))

    def mark(self, name: str) -> None:
        """Show which page is in front."""
        self.buttons[name].setChecked(True)
