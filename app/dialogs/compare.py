"""The dialog of a new comparison: files, runtime, inputs; problems are told at the field, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import commands
from app.assets import Look
from app.dialogs.fields import FileField, Problem
from app.dialogs.runtime_choice import RuntimeChoice
from app.jobs import JobRunner, LatestRunner, call
from app.models.draft import Checked, Draft, check
from app.models.layers import shape_text
from app.models.records import Record, RecordModel
from app.pairs import Pair
from app.problems import language
from app.views.tables import small_table
from diag.telling import tell

_DTYPES = ("auto", "float32", "float16", "bfloat16")


class CompareDialog(QDialog):
    """Asks what to compare, and how.

    Signals:
    job_wanted: the CompareJob to run.
    """

    job_wanted = Signal(object)

    def __init__(self, pairs: Sequence[Pair], alone: Sequence[Path], look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lang = language(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("New comparison"))
        self.resize(760, 640)
        self._checked = Checked(None)
        self._make_fields(pairs, look)
        self._make_buttons(look)
        self._arrange(len(pairs) > 1)
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._show)
        self._wait = QTimer(self, singleShot=True, interval=250)
        self._wait.timeout.connect(self._check)
        self._connect()
        self._fill(pairs, alone)
        self._check()

    # making

    def _make_fields(self, pairs: Sequence[Pair], look: Look) -> None:
        self.pairs = QComboBox(self)
        for pair in pairs:
            self.pairs.addItem(f"{pair.golden.name} ↔ {pair.target.name}", pair)
        self.golden = FileField(look, self.tr("Original"), self.tr("ONNX model (*.onnx)"), self)
        self.target = FileField(look, self.tr("Target"), self.tr("Models (*.mindir *.onnx)"), self, folders=True)
        self.graph = FileField(look, self.tr("Compiler's graph"),
                               self.tr("Compiled graphs (ge_proto_*.txt *.om *.json)"), self)
        self.graph.edit.setPlaceholderText(self.tr("empty: names and values decide what each operation is"))
        self.runtime = RuntimeChoice(self)
        self.dtype = QComboBox(self)
        self.dtype.addItems(_DTYPES)
        self.dtype.setItemText(0, self.tr("automatic"))
        self.archive = FileField(look, self.tr("Inputs"), self.tr("Arrays by input name (*.npz)"), self)
        self.shapes = QLineEdit(self)
        self.shapes.setPlaceholderText("input_ids:1,77; mask:1,77")
        self.seed = QSpinBox(self, maximum=2**31 - 1)
        self.preset = QComboBox(self)
        self.preset.addItem(self.tr("calibrated: limits from the element type"), "calibrated")
        self.preset.addItem(self.tr("MindStudio: the limits of its documents"), "mindstudio")
        self.budget = QLineEdit(self)
        self.budget.setPlaceholderText("2GiB")
        self.threads = QSpinBox(self, minimum=1, maximum=256)
        self.own_input = QCheckBox(self.tr("Measure each layer alone, too"), self)
        self.checks = QComboBox(self)
        for title, value in ((self.tr("if the model is small"), None), (self.tr("yes"), True), (self.tr("no"), False)):
            self.checks.addItem(title, value)
        self.own_input.setChecked(True)
        self.map_file = FileField(look, self.tr("Map"), self.tr("Pairings given by hand (*.json)"), self)
        self.key = QLineEdit(self, echoMode=QLineEdit.EchoMode.Password)
        self.key.setPlaceholderText(self.tr("only for an encrypted MindIR"))
        self.out = QLineEdit(self)
        self.out.setPlaceholderText(self.tr("empty: a new folder in the cache"))
        self.inputs = RecordModel((self.tr("Input"), self.tr("Type"), self.tr("Shape"), self.tr("Values"),
                                   self.tr("Where from")), parent=self)
        self.preview = small_table(self.inputs, self.tr("Inputs as both models get them"), (110, 64, 84, 190), self)
        self.preview.setMinimumHeight(80)
        self._files: dict[str, str] = {}
        self.one_file = QPushButton(look.icon("open"), self.tr("File for this input …"), self)
        self.one_file.setToolTip(self.tr("An array (*.npy) for the input that is selected in the table"))
        self.no_files = QPushButton(self.tr("Forget these files"), self)
        for button in (self.one_file, self.no_files):
            button.setEnabled(False)
        self.problems = {name: Problem(look, self) for name in
                         ("golden", "target", "graph", "archive", "shapes", "budget", "map_file", "key")}

    def _make_buttons(self, look: Look) -> None:
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.start = self.buttons.addButton(self.tr("Compare"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setIcon(look.icon("run", look.theme.passed))
        self.start.setDefault(True)
        self.copy = self.buttons.addButton(self.tr("Copy as command"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setIcon(look.icon("copy"))

    def _arrange(self, many: bool) -> None:
        models = QFormLayout()
        if many:
            models.addRow(self.tr("Pair"), self.pairs)
        self.pairs.setVisible(many)
        self._row(models, self.tr("Original"), self.golden, "golden")
        self._row(models, self.tr("Target"), self.target, "target")
        self._row(models, self.tr("Compiler's graph"), self.graph, "graph")
        models.addRow(self.tr("Runtime"), self.runtime)
        self._models = models
        models.addRow(self.tr("Element type"), self.dtype)
        inputs = QGroupBox(self.tr("Inputs"), self)
        form = QFormLayout(inputs)
        self._row(form, self.tr("From file"), self.archive, "archive")
        self._row(form, self.tr("Shapes"), self.shapes, "shapes")
        form.addRow(self.tr("Seed"), self.seed)
        form.addRow(self.preview)
        own = QHBoxLayout()
        own.addWidget(self.one_file)
        own.addWidget(self.no_files)
        own.addStretch(1)
        form.addRow(own)
        more = QGroupBox(self.tr("More"), self)
        rest = QFormLayout(more)
        rest.addRow(self.tr("Limits"), self.preset)
        self._row(rest, self.tr("Memory for tensors"), self.budget, "budget")
        rest.addRow(self.tr("Threads"), self.threads)
        rest.addRow("", self.own_input)
        rest.addRow(self.tr("Check that the original is stable"), self.checks)
        self._row(rest, self.tr("Pairings"), self.map_file, "map_file")
        self._row(rest, self.tr("Key"), self.key, "key")
        rest.addRow(self.tr("Run folder"), self.out)
        self.more = more
        self._open_more = QCheckBox(self.tr("More settings"), self)
        self._open_more.toggled.connect(self._show_more)
        more.hide()
        layout = QVBoxLayout(self)
        layout.addLayout(models)
        layout.addWidget(inputs, 1)
        layout.addWidget(self._open_more)
        layout.addWidget(more)
        layout.addWidget(self.buttons)

    def _row(self, form: QFormLayout, title: str, widget: QWidget, name: str) -> None:
        label = QLabel(title, self)
        label.setBuddy(widget)
        form.addRow(label, widget)
        form.addRow("", self.problems[name])

    def _connect(self) -> None:
        self.pairs.activated.connect(lambda _: self._take(self.pairs.currentData()))
        for edit in (self.golden.edit, self.target.edit, self.graph.edit, self.archive.edit, self.map_file.edit,
                     self.shapes, self.budget, self.key, self.out):
            edit.textChanged.connect(lambda _: self._wait.start())
        self.seed.valueChanged.connect(lambda _: self._wait.start())
        self.preview.selectionModel().currentRowChanged.connect(lambda now, _: self.one_file.setEnabled(now.isValid()))
        self.preview.activated.connect(lambda _: self._choose_file())
        self.one_file.clicked.connect(self._choose_file)
        self.no_files.clicked.connect(lambda: self.set_files({}))
        self.start.clicked.connect(self._start)
        self.copy.clicked.connect(self._copy)
        self.buttons.rejected.connect(self.reject)
        self.finished.connect(lambda _: self.shut_down())

    # what happens

    def draft(self) -> Draft:
        """What the fields say."""
        name, spec, device = self.runtime.chosen()
        return Draft(self.golden.text(), self.target.text(), name, spec, device, _DTYPES[self.dtype.currentIndex()],
                     self.archive.text(), self.shapes.text(), self.seed.value(), self.budget.text(),
                     str(self.preset.currentData()), self.threads.value(), self.own_input.isChecked(),
                     self.checks.currentData(), self.map_file.text(), self.graph.text(), self.key.text(),
                     self.out.text().strip(), tuple(self._files.items()))

    def set_files(self, files: Mapping[str, str]) -> None:
        """Arrays (.npy) by input; the others come from the archive, or are generated."""
        self._files = dict(files)
        self.no_files.setEnabled(bool(self._files))
        self._wait.start()

    def _choose_file(self) -> None:
        row = self.preview.currentIndex().row()
        if not 0 <= row < len(self.inputs.records):
            return
        name = self.inputs.records[row].cells[0]
        file, _ = QFileDialog.getOpenFileName(self, name, "", self.tr("Arrays (*.npy)"))
        if file:
            self.set_files({**self._files, name: file})

    def shut_down(self) -> None:
        """Stop what runs beside the dialog."""
        self._wait.stop()
        for runner in self.findChildren(JobRunner):
            runner.shut_down()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """No thread outlives the dialog."""
        self.shut_down()
        super().closeEvent(event)

    def _fill(self, pairs: Sequence[Pair], alone: Sequence[Path]) -> None:
        if pairs:
            self._take(pairs[0])
        for path in alone:
            (self.golden if path.suffix == ".onnx" and not self.golden.text() else self.target).edit.setText(str(path))

    def _take(self, pair: Pair) -> None:
        self.golden.edit.setText(str(pair.golden))
        self.target.edit.setText(str(pair.target))
        self.graph.edit.setText(str(pair.graph) if pair.graph is not None else "")

    def _check(self) -> None:
        draft = self.draft()
        # A recording was made by its own runtime, and has a compiler's graph.
        recorded = bool(draft.target) and Path(draft.target).is_dir()
        self._models.setRowVisible(self.graph, recorded)
        self._models.setRowVisible(self.runtime, not recorded)
        self.archive.edit.setPlaceholderText(
            self.tr("empty: what the device recorded") if recorded else
            self.tr("empty: generated, so that they mean something to the model"))
        self._runner.request(call(lambda _: check(draft, self._lang)))

    def _show(self, outcome: object) -> None:
        if not isinstance(outcome, Checked):
            raise outcome if isinstance(outcome, BaseException) else TypeError(repr(outcome))
        self._checked = outcome
        typed = {"golden": self.golden.text(), "target": self.target.text()}
        for name, label in self.problems.items():
            # An empty field that nobody touched yet is not a mistake.
            label.tell(outcome.problems.get(name, "") if typed.get(name, "x") else "")
        if {"budget", "map_file", "key"} & set(outcome.problems):
            self._open_more.setChecked(True)
        self._show_more(self._open_more.isChecked())
        self.start.setEnabled(outcome.job is not None)
        self.copy.setEnabled(outcome.job is not None)
        self.inputs.set_records([Record((p.used.name, p.used.dtype, shape_text(p.used.shape), p.values,
                                         tell(p.used.source, self._lang)))
                                 for p in outcome.inputs])

    def _show_more(self, more: bool) -> None:
        self.more.setVisible(more)
        room = self.screen().availableGeometry().height()
        self.resize(self.width(), max(self.height(), min(self.sizeHint().height(), room)))

    def _now(self) -> Checked:
        """Checked again, with what was changed since (choices are not checked while they are made)."""
        return check(self.draft(), self._lang)

    def _start(self) -> None:
        checked = self._now()
        if checked.job is None:
            self._show(checked)
            return
        self.job_wanted.emit(checked.job)
        self.accept()

    def _copy(self) -> None:
        checked = self._now()
        if checked.job is not None:
            QGuiApplication.clipboard().setText(commands.line(checked.job))
