"""The pane that emulates a narrower type: outputs, layers, what to keep in float32, and the files that say so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QTabWidget, QWidget

from app.dialogs.fields import FileField
from app.models.columns import Array, Column, ColumnModel
from app.models.records import Record, RecordModel
from app.pages.fields import check, choice, group, must_exist, number, spoken
from app.pages.pane import Pane
from app.pages.precision.plots import ParetoPlot, SensitivityPlot
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import precision as command
from diag.cli.parse import read
from diag.events import Event
from diag.jobs.precision import PrecisionJob, run_precision
from diag.precision.settings import DEFAULT_SEARCH_S
from diag.report import precision as report
from diag.report.catalogues import remedy_words
from diag.report.numbers import error, factor
from diag.types.precision import Emulation, LayerRow


class PrecisionPane(Pane):
    """What fp16 or bf16 would do."""

    report_name = "precision"
    teller = report

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Emulate")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Emulation | None = None
        self.model = FileField(self.look, self.tr("Model"), self.tr("ONNX models (*.onnx)"), self)
        self.dtype = choice([("fp16", "float16"), ("bf16", "bfloat16")])
        self.accumulate = choice([("float32", self.tr("plain float32")), ("device", self.tr("float32, 16 at a time")),
                                  ("narrow", self.tr("in the narrow type"))])
        self.saturate = check(self.tr("too large values stick at the limit"))
        self.search = check(self.tr("find the layers to keep in float32"), on=True)
        self.error = QLineEdit(placeholderText=self.tr("the limit up to which an output passes"))
        self.limit = number(int(DEFAULT_SEARCH_S), 1, 86_400, " s")
        self.version = QLineEdit("2.0.0")
        self.inputs = FileField(self.look, self.tr("Inputs"), self.tr("Arrays (*.npz)"), self)
        self.inputs.edit.setPlaceholderText(self.tr("generated, by what they mean"))
        self.shapes = QLineEdit(placeholderText="x:1,3,224,224; mask:1,77")
        groups = (
            group(self.tr("Model"), [(self.tr("ONNX"), self.model), (self.tr("Inputs"), self.inputs),
                                     (self.tr("Shapes"), self.shapes)]),
            group(self.tr("What the device does"), [
                (self.tr("Floats in"), self.dtype), (self.tr("Sums"), self.accumulate), ("", self.saturate)]),
            group(self.tr("Plan"), [
                ("", self.search), (self.tr("Error wanted"), self.error), (self.tr("Search at most"), self.limit),
                (self.tr("Converter"), self.version)]))
        return self.filled(groups, (
            self.model.edit.textChanged, self.inputs.edit.textChanged, self.shapes.textChanged,
            self.error.textChanged, self.version.textChanged, self.dtype.currentIndexChanged,
            self.accumulate.currentIndexChanged, self.saturate.toggled, self.search.toggled, self.limit.valueChanged))

    def results(self) -> QWidget:
        """See ``Pane``."""
        self.effect, self.own = (SensitivityPlot(self.look, own=own, parent=self) for own in (False, True))
        self.pareto = ParetoPlot(self.look, self)
        self.charts = QTabWidget(self)
        self.charts.setDocumentMode(True)
        self.charts.addTab(self.effect, self.tr("Effect on the outputs"))
        self.charts.addTab(self.own, self.tr("Own error"))
        self.charts.addTab(self.pareto, self.tr("Cost against error"))
        self.layer_model = ColumnModel(self._columns(), self)
        self.layer_table = small_table(self.layer_model, self.tr("Layers"), (230, 100, 62, 76, 72, 76, 130))
        self.layer_table.setSortingEnabled(True)
        self.kept_model = RecordModel((self.tr("Layer"), self.tr("Operator"), self.tr("Alone"), self.tr("Effect")),
                                      right=(2, 3), parent=self)
        self.kept_table = small_table(self.kept_model, self.tr("Layers that stay in float32"), (420, 140, 80))
        self.file_model = RecordModel((self.tr("File"), self.tr("What it is for")), parent=self)
        self.file_table = small_table(self.file_model, self.tr("What was written"), (300,))
        self.tabs.addTab(self.layer_table, self.tr("Layers"))
        self.tabs.addTab(self.kept_table, self.tr("Kept in float32"))
        self.tabs.addTab(self.file_table, self.tr("Files"))
        return self.charts

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Drop an ONNX model here.\n\nIt is run with every tensor stored in the narrower type, on this "
                       "machine: what overflows, which layers are sensitive, and the fewest layers to keep in float32.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        words = ["precision", self.model.text(), "--dtype", str(self.dtype.currentData()), *spoken((
            ("--accumulate", str(self.accumulate.currentData()), "float32"),
            ("--error", self.error.text().strip(), ""),
            ("--max-time", str(self.limit.value()), str(int(DEFAULT_SEARCH_S))),
            ("--converter", self.version.text().strip() or "2.0.0", "2.0.0"),
            ("--inputs", self.inputs.text(), ""), ("--shape", self.shapes.text().strip(), "")))]
        words += ["--overflow", "saturate"] if self.saturate.isChecked() else []
        return words + ([] if self.search.isChecked() else ["--no-plan"])

    def missing(self) -> str:
        """See ``Pane``."""
        for box in (self.error, self.limit, self.version):
            box.setEnabled(self.search.isChecked())
        if not self.model.text():
            return self.tr("Choose a model first")
        must_exist((self.model.text(), self.inputs.text()))
        command.plan_of(read("precision", command, self.words()[1:]))
        return ""

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        return run_precision(PrecisionJob(command.plan_of(read("precision", command, words[1:]))), cancel)

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Emulation):
            raise TypeError(repr(result))
        self.result = result
        self.effect.show_rows(result.layers)
        self.own.show_rows(result.layers)
        self.charts.setTabVisible(0, result.plan is not None)
        self.charts.setTabVisible(2, result.plan is not None)
        if result.plan is not None:
            self.pareto.show_plan(result.plan)
        self.layer_model.replace(_columns_of(result.layers))
        self.layer_table.sortByColumn(4 if result.plan is not None else 2, Qt.SortOrder.DescendingOrder)
        names = set(result.plan.kept) if result.plan is not None else set()
        self.kept_model.renew([
            Record((r.node, r.op, factor(r.own_nr), _effect(r)), tip=r.node)
            for r in sorted(result.layers, key=report.by_sensitivity) if r.node in names])
        text = remedy_words(self.lang)["precision"]
        self.file_model.renew([Record((Path(f.path).name, text[f"file_{f.purpose}"]), tip=f.path)
                               for f in result.files])
        self.tell_findings(result.findings)
        self.tabs.setCurrentWidget(self.findings)
        self.say(report.headline(result, self.lang))
        self.tell_shown([Path(result.model.path)], Path(result.model.path).name)

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            return "run", self.tr("Emulating {name}").format(name=Path(self.model.text()).name), ""
        if self.result is not None:
            kept = len(self.result.plan.kept) if self.result.plan is not None else 0
            return self.result.verdict.value, report.headline(self.result, self.lang), self.tr(
                "{count} layers, {kept} kept in float32  ·  {runs} runs  ·  {seconds} s").format(
                    count=len(self.result.layers), kept=kept, runs=self.result.measured_runs,
                    seconds=f"{self.result.wall_s:.1f}")
        if self.stopped:
            return "stop", self.tr("The emulation was stopped"), ""
        return "precision", self.tr("What would fp16 break, and what must stay in float32?"), self.tr(
            "No NPU is needed: the model runs here with every tensor stored in the narrower type.")

    def open(self, paths: Sequence[Path]) -> None:
        """The model is put into the form."""
        self.model.edit.setText(str(paths[0]))
        self.check()

    def files(self) -> dict[str, FileField]:
        """See ``Pane``."""
        return {"model": self.model, "inputs": self.inputs}

    def _columns(self) -> list[Column]:
        return [Column("node", self.tr("Layer")), Column("op", self.tr("Operator")),
                Column("own", self.tr("Alone"), factor, right=True,
                       tip=self.tr("On exact inputs, in units of the error of merely storing the result")),
                Column("nr", self.tr("All before"), factor, right=True,
                       tip=self.tr("The same with every layer before it in the narrow type too")),
                Column("effect", self.tr("Effect"), lambda v: "∞" if math.isinf(v) else error(v), right=True,
                       tip=self.tr("Error of the worst output if only this layer is in the narrow type")),
                Column("largest", self.tr("Largest"), lambda v: f"{v:.3g}", right=True),
                Column("lost", self.tr("Lost")), Column("kept", self.tr("Plan"))]


def _effect(row: LayerRow) -> str:
    return "∞" if row.breaks else error(row.effect)


def _columns_of(rows: Sequence[LayerRow]) -> dict[str, Array]:
    lost = [f"{r.lost.overflow:,} ↑  {r.lost.underflow:,} → 0  {r.lost.nan:,} NaN"
            if r.lost.overflow or r.lost.underflow or r.lost.nan else "" for r in rows]
    return {"node": _texts([r.node for r in rows]), "op": _texts([r.op for r in rows]),
            "own": np.array([r.own_nr for r in rows], float), "nr": np.array([r.nr for r in rows], float),
            "effect": np.array([math.inf if r.breaks else r.effect for r in rows], float),
            "largest": np.array([r.largest for r in rows], float), "lost": _texts(lost),
            "kept": _texts(["float32" if r.kept else "" for r in rows])}


def _texts(values: Sequence[str]) -> Array:
    return np.array([*values, None], object)[:-1]
