"""Judging pictures blind: nobody says which one is the original's, the votes are counted and kept.

A vote says which picture looks better, or that no difference is seen. Whether the votes mean anything is told by the
exact sign test on those that preferred one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.assets import Look
from app.pages.pipeline.gallery import Pictures
from app.pages.pipeline.viewer import Viewer
from diag.pipeline.votes import Choice, Vote, summary


class BlindTest(QDialog):
    """A and B in an order that nobody knows; after each vote they are dealt anew.

    ``keep`` stores a vote; ``before`` are those already made for this pair; ``seed`` makes a test repeatable.
    """

    def __init__(self, pictures: Pictures, before: list[Vote], keep: Callable[[Vote], object], look: Look,
                 parent: QWidget | None = None, seed: int | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Judge blind"))
        self.resize(900, 620)
        self._pictures, self._keep = pictures, keep
        self.votes = list(before)
        self._random = np.random.default_rng(seed)
        self.swapped = False
        question = QLabel(self.tr("Which picture is better? One is the original's, the other the swap's; which is "
                                  "which is not told, and is drawn anew for every vote."), self, wordWrap=True)
        self.viewer = Viewer(look, self)
        self.viewer.setAccessibleName(self.tr("Pictures A and B"))
        row = QHBoxLayout()
        self.buttons: list[QPushButton] = []
        for text, key, slot in ((self.tr("&A is better"), "A", lambda: self._vote(0)),
                                (self.tr("&No difference"), "N", lambda: self._vote(None)),
                                (self.tr("&B is better"), "B", lambda: self._vote(1))):
            button = QPushButton(text, self)
            button.setAutoDefault(False)
            button.setMinimumHeight(34)
            button.clicked.connect(slot)
            QShortcut(QKeySequence(key), self, slot)
            row.addWidget(button)
            self.buttons.append(button)
        self.count = QLabel(self, wordWrap=True)
        self.reveal = QPushButton(self.tr("Show the result"), self)
        self.reveal.setAutoDefault(False)
        self.reveal.clicked.connect(self._tell)
        foot = QHBoxLayout()
        foot.addWidget(self.count, 1)
        foot.addWidget(self.reveal)
        layout = QVBoxLayout(self)
        layout.addWidget(question)
        layout.addWidget(self.viewer, 1)
        layout.addLayout(row)
        layout.addLayout(foot)
        self._deal()
        self._count()

    def _deal(self) -> None:
        self.swapped = bool(self._random.integers(2))
        pair = (self._pictures.golden, self._pictures.target)
        first, second = pair[::-1] if self.swapped else pair
        self.viewer.set_pictures(first, second, None, ("A", "B"))

    def _vote(self, side: int | None) -> None:
        choice = Choice.NEITHER if side is None else \
            Choice.GOLDEN if (side == 0) != self.swapped else Choice.TARGET
        vote = Vote(self._pictures.names[1], choice)
        self.votes.append(vote)
        self._keep(vote)
        self._deal()
        self._count()

    def _count(self) -> None:
        self.count.setText(self.tr("{count} votes").format(count=len(self.votes)))
        self.reveal.setEnabled(bool(self.votes))

    def _tell(self) -> None:
        found = summary(self.votes)
        text = self.tr("Original better: {golden} · swap better: {target} · no difference: {neither}.").format(
            golden=found.golden, target=found.target, neither=found.neither)
        chance = self.tr("By chance alone this or more happens with probability {p}.").format(p=f"{found.p_value:.2g}")
        meaning = self.tr("The votes see a difference.") if found.p_value < 0.05 else \
            self.tr("The votes do not show that a difference is seen.")
        self.count.setText(f"{text} {chance} {meaning}")
