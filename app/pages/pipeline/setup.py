"""From two folders to a ``pipeline.toml``: what is in them is shown while the folders are chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.dialogs.fields import FileField, Problem
from app.i18n import Lang
from app.jobs import LatestRunner, call
from app.models.records import Record, RecordModel
from app.views.tables import small_table
from diag.errors import DiagError
from diag.pipeline.init import Folder, examine, written
from diag.pipeline.spec import load
from diag.report.write import save
from diag.telling import lines

_WAIT_MS = 250


class FolderField(FileField):
    """A folder instead of a file."""

    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.title, self.text())
        if name:
            self.edit.setText(name)


class SetupDialog(QDialog):
    """Asks for the ONNX folder, the MindIR folder, a picture, and where the file goes.

    Signals:
        written: the ``pipeline.toml`` that was written and can be read.
    """

    written = Signal(object)

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lang = lang
        self.setWindowTitle(self.tr("Set up a pipeline"))
        self.resize(760, 560)
        self._folder: Folder | None = None
        self.onnx = FolderField(look, self.tr("ONNX models"), "", self)
        self.onnx.edit.setPlaceholderText(self.tr("the folder with text_encoder, unet, vae_decoder …"))
        self.mindir = FolderField(look, self.tr("MindIR models"), "", self)
        self.image = FileField(look, self.tr("Picture"), self.tr("Pictures (*.png *.jpg *.jpeg *.webp)"), self)
        self.image.edit.setPlaceholderText(self.tr("img2img starts from it"))
        self.out = FileField(look, self.tr("File to write"), self.tr("Pipelines (*.toml)"), self)
        self.problem = Problem(look, self)
        self.model = RecordModel((self.tr("Submodel"), self.tr("MindIR"), self.tr("Input"), self.tr("Type"),
                                  self.tr("Shape"), self.tr("Known from")), parent=self)
        self.table = small_table(self.model, self.tr("What the submodels take"), (120, 150, 150, 70, 130))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for field in (self.onnx, self.mindir, self.image, self.out):
            form.addRow(field.title, field)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.ok = self.buttons.addButton(self.tr("Write and open"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self._write)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(QLabel(self.tr("What the submodels take, read from the models and their configuration:"),
                                self))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.buttons)
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._show)
        self._wait = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._wait.timeout.connect(self._look)
        for field in (self.onnx, self.mindir):
            field.edit.textChanged.connect(lambda _: self._wait.start())
        self.ok.setEnabled(False)

    def _look(self) -> None:
        home, other = self.onnx.text(), self.mindir.text()
        if home:
            self._runner.request(call(lambda _: examine(Path(home), Path(other) if other else None)))
        if home and not self.out.text():
            self.out.edit.setText(str(Path(home).parent / "pipeline.toml"))

    def _show(self, outcome: object) -> None:
        self._folder = outcome if isinstance(outcome, Folder) else None
        self.ok.setEnabled(self._folder is not None)
        if isinstance(outcome, DiagError):
            self.problem.tell(" ".join(lines(outcome, self._lang)))
            self.model.set_records([])
        elif self._folder is not None:
            self.problem.tell("")
            self.model.set_records([
                Record((seen.name if not i else "", (seen.mindir.name if seen.mindir else self.tr("none found"))
                        if not i else "", w.name, w.dtype, "×".join(map(str, w.static)), w.source))
                for seen in self._folder.submodels for i, w in enumerate(seen.inputs)])
        else:
            raise TypeError(repr(outcome))

    def _write(self) -> None:
        if self._folder is None:
            return
        out = Path(self.out.text()).absolute()
        try:
            save(written(self._folder, self.image.text(), out), out)
            load(out)
        except DiagError as error:
            self.problem.tell(" ".join(lines(error, self._lang)))
            return
        self.written.emit(out)
        self.accept()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """No reading goes on."""
        self._runner.shut_down()
        super().closeEvent(event)

    def done(self, code: int) -> None:
        """Likewise where it is left by a key."""
        self._wait.stop()
        self._runner.shut_down()
        super().done(code)
