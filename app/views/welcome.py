"""What is shown when nothing is open: what to drop, the sample, and what was opened before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.assets import Look
from app.pages.table import Entry

_WIDTH = 640
_RECENT = 5


class Welcome(QWidget):
    """The first page.

    Signals:
    sample_wanted: the shipped pair that fails.
    files_wanted: choose files.
    run_wanted: choose a run folder.
    recent_wanted: these paths again.
    page_wanted: (name) another page of the window.
    """

    sample_wanted = Signal()
    files_wanted = Signal()
    run_wanted = Signal()
    recent_wanted = Signal(object)
    page_wanted = Signal(str)

    def __init__(self, look: Look, recent: Sequence[tuple[tuple[str, ...], str]], pages: Sequence[Entry] = (),
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout()
        column.setSpacing(12)
        title = QLabel("Ascend Diag", self)
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 2)
        font.setBold(True)
        title.setFont(font)
        column.addWidget(title)
        words = QLabel(self.tr("Why does the model give another answer after it was moved from ONNX to MindSpore Lite "
                               "or Ascend? Both models run layer by layer, and the layer that makes the error is "
                               "named."), self, wordWrap=True)
        words.setObjectName("muted")
        column.addWidget(words)
        column.addWidget(self._drop_card(look))
        if recent:
            column.addWidget(self._recent_card(recent[:_RECENT]))
        if pages:
            column.addWidget(self._pages_card(pages))
        outer = QHBoxLayout(self)
        box = QWidget(self)
        box.setLayout(column)
        box.setMaximumWidth(_WIDTH)
        outer.addStretch(1)
        outer.addWidget(box, 4, Qt.AlignmentFlag.AlignVCenter)
        outer.addStretch(1)

    def _drop_card(self, look: Look) -> QFrame:
        card, layout = self._card()
        head = QLabel(self.tr("Drop an ONNX and a MindIR here"), card)
        font = head.font()
        font.setBold(True)
        head.setFont(font)
        layout.addWidget(head)
        hint = QLabel(self.tr("Or a folder: pairs are found by name. A run folder that was made on a server opens "
                              "here, too."), card, wordWrap=True)
        hint.setObjectName("muted")
        layout.addWidget(hint)
        row = QHBoxLayout()
        self.sample = QPushButton(look.icon("run"), self.tr("Open the sample"), card)
        self.sample.setToolTip(self.tr("A small text encoder that the converter got wrong; takes two seconds"))
        self.sample.setDefault(True)
        self.sample.clicked.connect(self.sample_wanted)
        files = QPushButton(look.icon("compare"), self.tr("New comparison …"), card)
        files.clicked.connect(self.files_wanted)
        run = QPushButton(look.icon("open"), self.tr("Open a run …"), card)
        run.clicked.connect(self.run_wanted)
        for button in (self.sample, files, run):
            button.setIconSize(QSize(18, 18))
            button.setMinimumHeight(34)
            row.addWidget(button)
        row.addStretch(1)
        layout.addLayout(row)
        return card

    def _pages_card(self, pages: Sequence[Entry]) -> QFrame:
        card, layout = self._card()
        head = QLabel(self.tr("Or"), card)
        font = head.font()
        font.setBold(True)
        head.setFont(font)
        layout.addWidget(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setColumnStretch(1, 1)
        for row, entry in enumerate(pages):
            title, tip = entry.words()
            button = QPushButton(title, card, flat=True)
            button.setObjectName("link")
            button.setAccessibleDescription(tip)
            button.clicked.connect(lambda _=False, n=entry.name: self.page_wanted.emit(n))
            words = QLabel(tip, card, wordWrap=True)
            words.setObjectName("muted")
            grid.addWidget(button, row, 0)
            grid.addWidget(words, row, 1)
        layout.addLayout(grid)
        return card

    def _recent_card(self, recent: Sequence[tuple[tuple[str, ...], str]]) -> QFrame:
        card, layout = self._card()
        head = QLabel(self.tr("Opened before"), card)
        font = head.font()
        font.setBold(True)
        head.setFont(font)
        layout.addWidget(head)
        for paths, title in recent:
            button = QPushButton(recent_title(paths, title), card, flat=True)
            button.setStyleSheet("text-align: left; padding: 4px;")
            button.setToolTip("\n".join(paths))
            button.clicked.connect(lambda _=False, p=paths: self.recent_wanted.emit(p))
            layout.addWidget(button)
        return card

    def _card(self) -> tuple[QFrame, QVBoxLayout]:
        card = QFrame(self)
        card.setObjectName("card")
        layout = QVBoxLayout(card)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(10)
        return card, layout


def recent_title(paths: Sequence[str], title: str) -> str:
    """A recent item in one line: what it is, or else where it is."""
    names = " ↔ ".join(Path(p).name for p in paths)
    return f"{title}   —   {names}" if title else f"{names}   —   {Path(paths[0]).parent}"
