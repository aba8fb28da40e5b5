"""The strip above a page: what was found in one sentence, how far a job is, and the page's main buttons."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.assets import Look
from app.stages import told
from diag.events import Progress
from diag.types.layer import Verdict

VERDICTS = frozenset(verdict.value for verdict in Verdict)
"""Names of drawings that say what was found."""

_ICON = 30


class Head(QFrame):
    """The same on every page. Words are plain text: nothing from a file is ever markup.

    Signals:
        cancel_wanted: the running job is to be stopped.
    """

    cancel_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._look = look
        self._icon = QLabel(self)
        self._icon.setFixedSize(_ICON, _ICON)
        self.sentence = QLabel(self, wordWrap=True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        font = self.sentence.font()
        font.setPointSizeF(font.pointSizeF() * 1.12)
        font.setBold(True)
        self.sentence.setFont(font)
        self.detail = QLabel(self)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setObjectName("muted")
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar(self, maximum=1000, textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.hide()
        self.stop = QPushButton(look.icon("stop", look.theme.failed), self.tr("Cancel"), self)
        self.stop.setToolTip(self.tr("Stop; what was finished stays (Esc)"))
        self.stop.clicked.connect(self.cancel_wanted)
        self.stop.hide()
        words = QVBoxLayout()
        words.setSpacing(2)
        for widget in (self.sentence, self.detail, self.bar):
            words.addWidget(widget)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 8, 12, 8)
        self._row.setSpacing(8)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(words, 1)
        self._row.addWidget(self.stop)

    def add(self, *buttons: QWidget) -> None:
        """Buttons and choices at the right, before Cancel."""
        for button in buttons:
            self._row.insertWidget(self._row.count() - 1, button)

    def tell(self, icon: str, sentence: str, detail: str = "") -> None:
        """``icon``: a verdict (pass, watch, fail, not_comparable) in its colour, or any other drawing."""
        colour = self._look.theme.verdict(icon) if icon in VERDICTS else self._look.theme.accent
        self._icon.setPixmap(self._look.icon(icon, colour).pixmap(QSize(_ICON, _ICON)))
        self._icon.setAccessibleName(icon)
        self.sentence.setText(sentence)
        self.detail.setText(detail)

    def set_running(self, *, on: bool) -> None:
        """Show or hide the bar and Cancel."""
        self.bar.setMaximum(0)
        self.bar.setVisible(on)
        self.stop.setVisible(on)

    def set_progress(self, progress: Progress) -> None:
        """How far the job is."""
        self.bar.setMaximum(1000 if progress.total else 0)
        if progress.total:
            self.bar.setValue(1000 * progress.done // progress.total)
        self.detail.setText(told(progress))
