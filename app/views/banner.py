"""The line above everything: the verdict, the culprit in one sentence, and the way to it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.assets import Look
from app.session import Session, State
from app.stages import told
from diag.events import Progress
from diag.report.catalogues import labels
from diag.report.headline import headline
from diag.rules import Lang
from diag.types.layer import Role, Verdict

_ICON = 30


class Banner(QFrame):
    """Verdict and culprit; while a comparison runs, how far it is.

    Signals:
        cancel_wanted: the running comparison is to be stopped.
        again_wanted: the comparison is to be run again.
    """

    cancel_wanted = Signal()
    again_wanted = Signal()

    def __init__(self, session: Session, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._session, self._look, self._lang = session, look, lang
        self._icon = QLabel(self)
        self._icon.setFixedSize(_ICON, _ICON)
        self.sentence = QLabel(self, wordWrap=True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        font = self.sentence.font()
        font.setPointSizeF(font.pointSizeF() * 1.12)
        font.setBold(True)
        self.sentence.setFont(font)
        self.detail = QLabel(self)
        self.detail.setObjectName("muted")
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar(self, maximum=1000, textVisible=False)
        self.bar.setMaximumHeight(8)
        self.culprit = QPushButton(look.icon("target"), "", self)
        self.culprit.clicked.connect(self._to_culprit)
        self.stop = QPushButton(look.icon("stop", look.theme.failed), self.tr("Cancel"), self)
        self.stop.setToolTip(self.tr("Stop; what was compared stays (Esc)"))
        self.stop.clicked.connect(self.cancel_wanted)
        self.again = QPushButton(look.icon("run"), self.tr("Compare again"), self)
        self.again.clicked.connect(self.again_wanted)
        self._arrange()
        session.state_changed.connect(self._tell)
        session.rows_added.connect(lambda _: self._count())
        self._tell(session.state)

    def set_progress(self, progress: Progress) -> None:
        """Show how far the job is."""
        self.bar.setMaximum(1000 if progress.total else 0)
        if progress.total:
            self.bar.setValue(1000 * progress.done // progress.total)
        self.detail.setText(told(progress))

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        for widget in (self.sentence, self.detail, self.bar):
            words.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(12)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        for button in (self.culprit, self.stop, self.again):
            layout.addWidget(button)

    def _tell(self, state: State) -> None:
        running = state is State.RUNNING
        self.bar.setVisible(running)
        self.bar.setValue(0)
        self.stop.setVisible(running)
        self.again.setVisible(state is State.STOPPED and self._session.pair is not None)
        found = self._session.comparison
        if found is not None:
            self._paint(found.verdict.value)
            self.sentence.setText(headline(found, self._lang))
            self.detail.setText(self._facts())
        elif running:
            self._paint("run")
            pair = self._session.pair
            self.sentence.setText(self.tr("Comparing {golden} and {target}").format(
                golden=pair.golden.name, target=pair.target.name) if pair else "")
            self.detail.setText(self.tr("Starting …"))
        else:
            self._paint("stop")
            self.sentence.setText(self.tr("Stopped before the end: what was compared is kept"))
            self._count()
        self._offer()

    def _facts(self) -> str:
        found = self._session.comparison
        if found is None:
            return ""
        words = labels(self._lang)["console"]
        count = {v: sum(r.verdict is v for r in found.layers) for v in Verdict}
        counts = words["counts"].format(total=f"{len(found.layers):,}", **{v.value: f"{n:,}" for v, n in count.items()})
        target = found.target
        ran = f"{target.runtime} {target.runtime_version}, {target.device}, {target.dtype}"
        return f"{counts}   ·   {ran}   ·   {found.wall_s:.1f} s"

    def _count(self) -> None:
        if self._session.state is State.STOPPED:
            failing = len(self._session.failures())
            self.detail.setText(self.tr("{total} layers compared, {failing} of them fail").format(
                total=f"{len(self._session.rows):,}", failing=f"{failing:,}"))
        self._offer()

    def _offer(self) -> None:
        injects = any(r.role is Role.INJECTS for r in self._session.rows)
        self.culprit.setText(self.tr("Show the culprit") if injects else self.tr("Show the first failure"))
        self.culprit.setToolTip(self.tr("Select it in every view (C)"))
        self.culprit.setVisible(self._session.culprit() is not None)

    def _to_culprit(self) -> None:
        node = self._session.culprit()
        if node is not None:
            self._session.select_node(node)

    def _paint(self, name: str) -> None:
        colour = self._look.theme.accent if name in ("run", "stop") else self._look.theme.verdict(name)
        self._icon.setPixmap(self._look.icon(name, colour).pixmap(QSize(_ICON, _ICON)))
        self._icon.setAccessibleName(name)
