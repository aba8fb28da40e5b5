"""What the page shows where no log is open."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.assets import Look

_WIDTH = 680


class Empty(QWidget):
    """One card with the ways to begin.

    Signals:
        files_wanted, folder_wanted, code_wanted, diagnostics_wanted: what was chosen.
    """

    files_wanted = Signal()
    folder_wanted = Signal()
    code_wanted = Signal()
    diagnostics_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        card = QFrame(self)
        card.setObjectName("card")
        card.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        head = QLabel(self.tr("Ten thousand lines, one cause. Which line is it?"), card)
        font = head.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        head.setFont(font)
        words = QLabel(self.tr("Drop logs here: files, whole folders such as ~/ascend/log, or archives. The line that "
                               "is the cause is shown first, with what it means and what to do; consequences, "
                               "wrappers and harmless errors are set aside."), card, wordWrap=True)
        words.setObjectName("muted")
        rows = QVBoxLayout()
        self.buttons: list[QPushButton] = []
        ways = ((self.tr("Open logs …"), "open", self.files_wanted),
                (self.tr("Open a folder …"), "open", self.folder_wanted),
                (self.tr("Explain an error code …"), "search", self.code_wanted),
                (self.tr("Get a better log …"), "settings", self.diagnostics_wanted))
        for pair in (ways[:2], ways[2:]):
            row = QHBoxLayout()
            for text, icon, signal in pair:
                button = QPushButton(look.icon(icon), text, card)
                button.setIconSize(QSize(18, 18))
                button.setMinimumHeight(34)
                button.clicked.connect(signal)
                row.addWidget(button, 1)
                self.buttons.append(button)
            rows.addLayout(row)
        column.addWidget(head)
        column.addWidget(words)
        column.addLayout(rows)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(card, 4, Qt.AlignmentFlag.AlignVCenter)
        outer.addStretch(1)
