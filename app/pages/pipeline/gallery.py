"""The golden picture and that of the chosen swap, to be compared by eye in four ways, with the numbers under them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.pages.pipeline.viewer import Array, Mode, Viewer
from diag.pipeline.images import amplified


@dataclass(frozen=True, slots=True)
class Pictures:
    """H×W×3 in [0, 1]; ``names`` are said on them."""

    golden: Array | None
    target: Array | None
    names: tuple[str, str]
    caption: str = ""


class Gallery(QWidget):
    """Buttons for the ways of looking, the viewer, and the amplification of the difference (a power of two).

    Signals:
        blind_wanted: judge without knowing which is which.
    """

    blind_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = Pictures(None, None, ("", ""))
        self.viewer = Viewer(look, self)
        self.viewer.setAccessibleName(self.tr("Pictures"))
        self.viewer.pointed.connect(self._point)
        self.modes = QButtonGroup(self)
        top = QHBoxLayout()
        top.setSpacing(4)
        for mode, text, tip in (
                (Mode.SIDES, self.tr("Side by side"), self.tr("Both pictures at the same place and zoom")),
                (Mode.SWIPE, self.tr("Swipe"), self.tr("One over the other; drag the line")),
                (Mode.FLIP, self.tr("Flip"), self.tr("Hold Space to see the other one at the same place")),
                (Mode.DIFFERENCE, self.tr("Difference"), self.tr("Their distance, amplified"))):
            button = QToolButton(self)
            button.setObjectName("chip")
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setChecked(mode is Mode.SIDES)
            self.modes.addButton(button, list(Mode).index(mode))
            top.addWidget(button)
        self.modes.idClicked.connect(lambda i: self.show_mode(list(Mode)[i]))
        self.gain = QSlider(Qt.Orientation.Horizontal, self)
        self.gain.setRange(0, 20)
        self.gain.setValue(4)
        self.gain.setMaximumWidth(140)
        self.gain.setAccessibleName(self.tr("Amplification"))
        self.gain.valueChanged.connect(lambda _: self._amplify())
        self.times = QLabel(self)
        self.times.setMinimumWidth(self.fontMetrics().horizontalAdvance("×1,048,576 "))
        self.blind = QPushButton(self.tr("Judge blind …"), self)
        self.blind.setToolTip(self.tr("See both without being told which is which, and vote"))
        self.blind.clicked.connect(self.blind_wanted)
        top.addWidget(self.gain)
        top.addWidget(self.times)
        top.addStretch(1)
        top.addWidget(self.blind)
        self.caption = QLabel(self, wordWrap=True)
        self.caption.setObjectName("muted")
        self.value = QLabel(self)
        self.value.setObjectName("muted")
        foot = QHBoxLayout()
        foot.addWidget(self.caption, 1)
        foot.addWidget(self.value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.viewer, 1)
        layout.addLayout(foot)
        self.show_mode(Mode.SIDES)
        self.set_pictures(self._pictures)

    @property
    def pictures(self) -> Pictures:
        """What is shown."""
        return self._pictures

    def set_pictures(self, pictures: Pictures) -> None:
        """Show another pair."""
        self._pictures = pictures
        self.viewer.set_pictures(pictures.golden, pictures.target, self._difference(), pictures.names)
        self.caption.setText(pictures.caption)
        self.blind.setEnabled(pictures.golden is not None and pictures.target is not None)
        self._tell_gain()

    def show_mode(self, mode: Mode) -> None:
        """Look at the pair in another way."""
        self.modes.button(list(Mode).index(mode)).setChecked(True)
        self.viewer.set_mode(mode)
        for widget in (self.gain, self.times):
            widget.setVisible(mode is Mode.DIFFERENCE)

    def _amplify(self) -> None:
        self.viewer.set_difference(self._difference())
        self._tell_gain()

    def _tell_gain(self) -> None:
        self.times.setText(f"×{2 ** self.gain.value():,}")

    def _difference(self) -> Array | None:
        golden, target = self._pictures.golden, self._pictures.target
        if golden is None or target is None or golden.shape != target.shape:
            return None
        return amplified(golden, target, 2.0 ** self.gain.value())

    def _point(self, at: tuple[int, int] | None) -> None:
        pair = [p for p in (self._pictures.golden, self._pictures.target) if p is not None]
        if at is None or not pair or at[1] >= pair[0].shape[0] or at[0] >= pair[0].shape[1]:
            self.value.setText("")
            return
        told = ["(" + ", ".join(f"{v:.3f}" for v in np.asarray(p[at[1], at[0]], float)) + ")" for p in pair]
        self.value.setText(f"x {at[0]}  y {at[1]}   " + "  ↔  ".join(told))
