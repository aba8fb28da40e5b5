"""Installing a runtime: what is happening, cancel, and what the installer said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from app import problems
from app.jobs import Job, JobRunner
from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError
from diag.events import Event, Message, Progress
from diag.runtimes import provision
from diag.runtimes.interface import RuntimeSpec
from diag.telling import lines


class InstallDialog(QDialog):
    """Runs the installation as soon as it is opened; closing it cancels. Run again, it goes on where it was stopped.

    Signals:
        installed: the RuntimeSpec.
    """

    installed = Signal(object)

    def __init__(self, job: Job | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Install a runtime"))
        self.resize(620, 380)
        self._job = job if job is not None else _install
        self._stages = {"look": self.tr("Looking at what is here"),
                        "make the environment": self.tr("Making an environment"),
                        "install": self.tr("Getting and installing packages"), "try": self.tr("Trying it")}
        words = self.tr("{name} {version} is installed into an environment of its own; nothing else on this computer "
                        "is changed.").format(name=provision.NAME, version=provision.VERSION)
        self.words = QLabel(words, self, wordWrap=True)
        self.phase = QLabel(self)
        self.bar = QProgressBar(self, maximum=0, textVisible=False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.log = QPlainTextEdit(self, readOnly=True)
        self.log.setAccessibleName(self.tr("What the installer said"))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.words, self.phase, self.bar, self.log, self.buttons):
            layout.addWidget(widget)
        self._runner = JobRunner(self)
        self._runner.events.connect(self._events)
        self._runner.ended.connect(self._ended)

    def start(self) -> None:
        """Open and begin."""
        self.open()
        self._runner.start(self._job)

    def reject(self) -> None:
        """Cancel; the dialog closes when everything has stopped."""
        if self._runner.busy:
            self.phase.setText(self.tr("Stopping …"))
            self._runner.cancel()
        else:
            super().reject()

    def _events(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Progress():
                    self.bar.setMaximum(event.total)
                    self.bar.setValue(event.done)
                    self.phase.setText(self._stages.get(event.stage, event.stage))
                case Message(text):
                    self.log.appendPlainText(text)

    def _ended(self, outcome: object) -> None:
        self.bar.setMaximum(1)
        if isinstance(outcome, RuntimeSpec):
            self.bar.setValue(1)
            self.installed.emit(outcome)
            self.accept()
            return
        if isinstance(outcome, Cancelled):
            super().reject()
            return
        self.phase.setText(self.tr("It was not installed."))
        self.buttons.setStandardButtons(QDialogButtonBox.StandardButton.Close)
        if isinstance(outcome, DiagError):
            self.log.appendPlainText("\n".join(lines(outcome, problems.language(self))))
        problems.show(self, outcome)


def _install(cancel: Cancel) -> Iterator[Event]:
    return provision.install(provision.NAME, cancel)
