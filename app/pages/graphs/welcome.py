"""What the page shows where no graph is open."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.assets import Look

_WIDTH = 660


class Empty(QWidget):
    """One card with the ways to begin.

    Signals:
        open_wanted: choose one or two files.
        folder_wanted: choose a folder of dumps, or a run.
    """

    open_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        card = QFrame(self)
        card.setObjectName("card")
        card.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        head = QLabel(self.tr("What did the compiler do to my model?"), card)
        font = head.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        head.setFont(font)
        column.addWidget(head)
        for text in (
                self.tr("Drop one graph to look at it: ONNX, MindIR, ge_proto or ge_onnx dump, OM, JSON of atc."),
                self.tr("Drop two to see what differs, or a folder of dumps to go through it pass by pass: fused, "
                        "added, removed and changed nodes, and the life of each node."),
                self.tr("Drop the run folder of a comparison with an NPU recording to see its errors on both graphs."),
                self.tr("The compiler writes dumps where DUMP_GE_GRAPH=2 and DUMP_GRAPH_PATH=FOLDER are set.")):
            words = QLabel(text, card, wordWrap=True)
            words.setObjectName("muted")
            column.addWidget(words)
        row = QHBoxLayout()
        self.buttons: list[QPushButton] = []
        for text, icon, signal in ((self.tr("Open graphs …"), "open", self.open_wanted),
                                   (self.tr("Open a folder …"), "folder", self.folder_wanted)):
            button = QPushButton(look.icon(icon), text, card)
            button.setIconSize(QSize(18, 18))
            button.setMinimumHeight(34)
            button.clicked.connect(signal)
            row.addWidget(button)
            self.buttons.append(button)
        row.addStretch(1)
        column.addLayout(row)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(card, 4, Qt.AlignmentFlag.AlignVCenter)
        outer.addStretch(1)
