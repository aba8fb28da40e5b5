"""The jobs of this window: phase, items, time, cancel, and the last lines that were said."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.models.records import Record, RecordModel
from app.stages import told
from app.views.tables import small_table
from app.work import JobRecord, Work
from diag.report.numbers import nbytes

_ICONS = {"waiting": "next", "running": "run", "done": "pass", "cancelled": "stop", "failed": "fail"}


class JobsView(QWidget):
    """A list of jobs, newest first, and the details of the chosen one."""

    def __init__(self, work: Work, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work, self._look = work, look
        self._words = {"waiting": self.tr("waiting"), "running": self.tr("running"), "done": self.tr("done"),
                       "cancelled": self.tr("cancelled"), "failed": self.tr("failed")}
        self.model = RecordModel((self.tr("State"), self.tr("Time"), self.tr("Comparison")), (1,), self)
        self.table = small_table(self.model, self.tr("Jobs"), (96, 60))
        self.phase = QLabel(self)
        self.bar = QProgressBar(self, maximum=1000, textVisible=False)
        self.bar.setMaximumHeight(8)
        self.cancel = QPushButton(look.icon("stop", look.theme.failed), self.tr("Cancel"), self)
        self.cancel.clicked.connect(self._drop)
        self.open = QPushButton(look.icon("open", look.theme.text), self.tr("Open"), self)
        self.open.setToolTip(self.tr("Show what this comparison found"))
        self.open.clicked.connect(self._open)
        self.table.activated.connect(lambda _: self._open())
        self.lines = QPlainTextEdit(self, readOnly=True)
        self.lines.setAccessibleName(self.tr("What the job said"))
        self._arrange()
        self._clock = QTimer(self, interval=500)
        self._clock.timeout.connect(self._reload)
        work.jobs_changed.connect(self._reload)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._detail())
        self._reload()

    def _arrange(self) -> None:
        detail = QWidget(self)
        column = QVBoxLayout(detail)
        column.setContentsMargins(6, 0, 0, 0)
        line = QHBoxLayout()
        line.addWidget(self.phase, 1)
        line.addWidget(self.open)
        line.addWidget(self.cancel)
        column.addLayout(line)
        column.addWidget(self.bar)
        column.addWidget(self.lines, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(self.table)
        splitter.addWidget(detail)
        splitter.setSizes([480, 460])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(splitter)

    def _reload(self) -> None:
        jobs = self._work.jobs[::-1]
        more = len(jobs) != self.model.rowCount()
        self.model.set_records([self._record(job) for job in jobs])
        if more and jobs:
            self.table.selectRow(0)
        if any(job.state == "running" for job in jobs) != self._clock.isActive():
            (self._clock.stop if self._clock.isActive() else self._clock.start)()
        self._detail()

    def _record(self, job: JobRecord) -> Record:
        theme = self._look.theme
        colour = {"done": theme.passed, "failed": theme.failed, "running": theme.accent}.get(job.state, theme.none)
        return Record((self._words[job.state], f"{job.seconds:.1f} s", job.title),
                      self._look.icon(_ICONS[job.state], colour), job.command, job)

    def _chosen(self) -> JobRecord | None:
        row = self.table.currentIndex().row()
        job = self.model.records[row].about if 0 <= row < len(self.model.records) else None
        return job if isinstance(job, JobRecord) else None

    def _drop(self) -> None:
        job = self._chosen()
        if job is not None:
            self._work.drop(job)

    def _open(self) -> None:
        job = self._chosen()
        if job is not None and job.state == "done":
            self._work.open_run(job.folder)

    def _detail(self) -> None:
        job = self._chosen()
        running = job is not None and job.state == "running"
        self.bar.setVisible(job is not None)
        self.cancel.setVisible(job is not None and job.state in ("running", "waiting"))
        self.open.setVisible(job is not None and job.state == "done")
        if job is None:
            self.phase.setText(self.tr("No job yet. A comparison appears here while it runs."))
            self.lines.setPlainText("")
            return
        self.phase.setText(self._phase(job))
        progress = job.progress
        total = progress.total if progress else 0
        self.bar.setMaximum(1000 if total or not running else 0)
        self.bar.setValue(1000 if job.state == "done" else 1000 * progress.done // total if progress and total else 0)
        text = "\n".join([job.command, *job.lines[-200:]])
        if text != self.lines.toPlainText():
            self.lines.setPlainText(text)
            self.lines.verticalScrollBar().setValue(self.lines.verticalScrollBar().maximum())

    def _phase(self, job: JobRecord) -> str:
        if job.state != "running" or job.progress is None:
            return "   ".join(part for part in (self._words[job.state], self._memory(job.note)) if part)
        peak = job.progress.peak_bytes
        return "   ".join(part for part in (told(job.progress), self._memory(nbytes(peak) if peak else "")) if part)

    def _memory(self, size: str) -> str:
        return self.tr("memory {size}").format(size=size) if size else ""
