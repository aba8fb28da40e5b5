"""What the board shows where no pipeline is open."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.assets import Look

_WIDTH = 640


class Empty(QWidget):
    """One card with the ways to begin.

    Signals:
        open_wanted: choose a file.
        folder_wanted: describe a pipeline from a folder of models.
        sample_wanted: the shipped pipeline.
    """

    open_wanted = Signal()
    folder_wanted = Signal()
    sample_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        card = QFrame(self)
        card.setObjectName("card")
        card.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        head = QLabel(self.tr("The picture is wrong. Which submodel is it?"), card)
        font = head.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        head.setFont(font)
        words = QLabel(self.tr("Drop a pipeline.toml or a recorded run here. Every submodel is swapped to its MindIR, "
                               "alone and all but one; pictures, latents and outputs tell which one is at fault, and "
                               "its layers are compared on what the pipeline gave it."), card, wordWrap=True)
        words.setObjectName("muted")
        row = QHBoxLayout()
        self.buttons: list[QPushButton] = []
        for text, icon, signal in ((self.tr("Open the sample"), "run", self.sample_wanted),
                                   (self.tr("Set up from folders …"), "settings", self.folder_wanted),
                                   (self.tr("Open a pipeline …"), "open", self.open_wanted)):
            button = QPushButton(look.icon(icon), text, card)
            button.setIconSize(QSize(18, 18))
            button.setMinimumHeight(34)
            button.clicked.connect(signal)
            row.addWidget(button)
            self.buttons.append(button)
        row.addStretch(1)
        column.addWidget(head)
        column.addWidget(words)
        column.addLayout(row)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(card, 4, Qt.AlignmentFlag.AlignVCenter)
        outer.addStretch(1)
