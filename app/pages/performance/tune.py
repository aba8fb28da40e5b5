"""The pane of AOE: plan and run, results from elsewhere, before and after in speed and accuracy."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from app.dialogs.fields import FileField
from app.models.records import Record, RecordModel
from app.pages.fields import FileList, FolderField, check, choice, group, must_exist, number, spoken
from app.pages.pane import Pane
from app.pages.performance.bench_plots import RatioPlot, SamplePlot
from app.pages.performance.tune_plots import BeforeAfter
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import tune as command
from diag.cli.parse import read
from diag.events import Event
from diag.jobs.tune import run_tune
from diag.report import tune as report
from diag.report.catalogues import labels, performance_words
from diag.report.sheet import Table
from diag.rules.performance import names_of
from diag.types.tuning import Tuning

_MODES = ("", "enforce_fp16", "preferred_fp32", "enforce_fp32", "enforce_origin", "preferred_optimal")


class TunePane(Pane):
    """AOE, and what it really brought."""

    report_name = "tune"
    teller = report

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Tune")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Tuning | None = None
        self.model = FileField(self.look, self.tr("ONNX model"), self.tr("Models (*.onnx)"), self)
        self.shapes = QLineEdit(placeholderText="x:1,3,224,224")
        self.shapes.setToolTip(self.tr("-1 for a size that varies; then give the sizes of each profile"))
        self.profiles = QLineEdit(placeholderText="1,1; 2,2")
        self.subgraph = check(self.tr("subgraphs"), on=True)
        self.operator = check(self.tr("operators"), on=True)
        jobs = QWidget()
        row = QHBoxLayout(jobs)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.subgraph)
        row.addWidget(self.operator)
        row.addStretch(1)
        self.through = choice([("converter", self.tr("the converter")), ("aoe", self.tr("the command aoe"))])
        self.precision = choice([(m, m or self.tr("the converter's own")) for m in _MODES])
        self.device = number(0, 0, 1023)
        self.bank = FolderField(self.look, self.tr("Knowledge bank"), "", self)
        self.bank.edit.setPlaceholderText(self.tr("AOE's own"))
        self.recorded = FileList(self.look, self.tr("Results"), self.tr("Results (*.json *.txt *.log *.ini *.cfg)"),
                                 self.tr("Drop aoe_result_*.json, printed output, or the converter's configuration"),
                                 self)
        self.version = QLineEdit(placeholderText="2.1")
        self.version.setToolTip(self.tr("Of the MindSpore Lite that tuned, if it is known"))
        self.before = FileField(self.look, self.tr("Before"), self.tr("Models (*.mindir *.ms *.onnx)"), self)
        self.after = FileField(self.look, self.tr("After"), self.tr("Models (*.mindir *.ms *.onnx)"), self)
        self.plan = group(self.tr("Tuning"), [
            (self.tr("What"), jobs), (self.tr("Through"), self.through), (self.tr("Precision"), self.precision),
            (self.tr("Profiles"), self.profiles), (self.tr("NPU"), self.device), (self.tr("Bank"), self.bank)])
        groups = (group(self.tr("Model"), [(self.tr("ONNX"), self.model), (self.tr("Shapes"), self.shapes)]), self.plan,
                  group(self.tr("Results from elsewhere"), [("", self.recorded),
                                                            (self.tr("Lite version"), self.version)]),
                  group(self.tr("Proof: speed and accuracy of converted models"), [
                      (self.tr("Before"), self.before), (self.tr("After"), self.after)]))
        return self.filled(groups, (
            *(f.edit.textChanged for f in (self.model, self.bank, self.before, self.after)), self.recorded.changed,
            self.shapes.textChanged, self.profiles.textChanged, self.version.textChanged, self.subgraph.toggled,
            self.operator.toggled, self.through.currentIndexChanged, self.precision.currentIndexChanged,
            self.device.valueChanged))

    def results(self) -> QWidget:
        """See ``Pane``."""
        self.chart = BeforeAfter(self.look, self)
        self.samples, self.ratio = SamplePlot(self.look, self), RatioPlot(self.look, self)
        speed = QWidget(self)
        column = QVBoxLayout(speed)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.samples, 3)
        column.addWidget(self.ratio, 2)
        self.charts = QTabWidget(self)
        self.charts.setDocumentMode(True)
        self.charts.addTab(self.chart, self.tr("By AOE"))
        self.charts.addTab(speed, self.tr("Measured"))
        text = performance_words(self.lang)["tune"]
        self.tasks_model = RecordModel([text[k] for k in ("task", "job", "status", "before", "after", "improvement",
                                                          "operators", "seconds")], right=(3, 4, 5, 6, 7), parent=self)
        self.tasks = small_table(self.tasks_model, text["results"], (190, 90, 90, 90, 90, 90, 110))
        self.ops_model = RecordModel([text[k] for k in ("operator", "type", "change", "before_us", "after_us",
                                                        "improvement")], right=(3, 4, 5), parent=self)
        self.ops = small_table(self.ops_model, text["op_table"], (280, 150, 90, 90, 90))
        self.accuracy_model = RecordModel((self.tr("Model"), self.tr("Verdict"), self.tr("Worst output"),
                                           self.tr("Compared in")), right=(2,), parent=self)
        self.accuracy = small_table(self.accuracy_model, text["accuracy"], (260, 110, 140))
        self.commands = QPlainTextEdit(self, readOnly=True)
        self.commands.setAccessibleName(text["commands"])
        self.commands.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.commands.setPlaceholderText(self.tr("The plan with its commands comes when tuning begins."))
        for table, title in ((self.tasks, text["results"]), (self.ops, text["op_table"]),
                             (self.accuracy, text["accuracy"]), (self.commands, text["plan"])):
            self.tabs.addTab(table, title)
        return self.charts

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Choose an ONNX model: where AOE is installed it is tuned, elsewhere plan and commands are "
                       "written for the server.\n\nDrop results here to see what was tuned and how much, and give the "
                       "converted models to prove speed and accuracy.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        words = ["tune", *([self.model.text()] if self.model.text() else [])]
        recorded = [str(p) for p in self.recorded.paths()]
        proof = self.before.text() or self.after.text()
        words += ["--shape", self.shapes.text().strip()] if self.shapes.text().strip() else []
        if not recorded and not proof:
            if self.subgraph.isChecked() != self.operator.isChecked():
                words += ["--job", "subgraph" if self.subgraph.isChecked() else "operator"]
            words += spoken((("--through", str(self.through.currentData()), "converter"),
                             ("--precision", str(self.precision.currentData()), ""),
                             ("--profiles", self.profiles.text().replace(" ", ""), ""),
                             ("--bank", self.bank.text(), ""),
                             ("--device", f"ascend:{self.device.value()}", "ascend:0")))
        if recorded:
            words += ["--import", *recorded]
        return words + spoken((("--version", self.version.text().strip(), ""), ("--before", self.before.text(), ""),
                               ("--after", self.after.text(), "")))

    def missing(self) -> str:
        """See ``Pane``."""
        recorded, proof = self.recorded.paths(), bool(self.before.text() or self.after.text())
        self.plan.setEnabled(not recorded and not proof)
        self.start.setText(self.tr("Read") if recorded and not proof else self.tr("Prove") if proof
                           else self.tr("Tune"))
        must_exist((self.model.text(), self.before.text(), self.after.text(), *map(str, recorded)), Path.exists)
        if not self.model.text() and not recorded and not proof:
            return self.tr("Choose an ONNX model, or drop results of AOE")
        if self.plan.isEnabled() and not self.subgraph.isChecked() and not self.operator.isChecked():
            return self.tr("Choose subgraphs, operators, or both")
        command.job_of(read("tune", command, self.words()[1:]))
        return ""

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        return run_tune(command.job_of(read("tune", command, words[1:])), cancel)

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Tuning):
            raise TypeError(repr(result))
        self.result = result
        tables = {part.title: part for part in report.sheet(result, self.lang).parts if isinstance(part, Table)}
        text, verdicts = performance_words(self.lang)["tune"], labels(self.lang)["verdict"]
        for model, key in ((self.tasks_model, "results"), (self.ops_model, "op_table")):
            rows = tables[text[key]].rows if text[key] in tables else ()
            model.renew([Record(tuple(row)) for row in rows])
        self.accuracy_model.renew([Record((
            a.path, verdicts[a.verdict.value], f"{a.metric} {a.error:.2e}" if math.isfinite(a.error) else "–", a.run),
            self.look.verdict(a.verdict.value)) for a in result.accuracy])
        self.commands.setPlainText("\n\n".join((*result.commands, *(f"export {k}={v}" for k, v
                                                                    in result.variables.items()))))
        for widget, full in ((self.tasks, result.tasks), (self.ops, any(t.operators for t in result.tasks)),
                             (self.accuracy, result.accuracy), (self.commands, result.commands)):
            self.tabs.setTabVisible(self.tabs.indexOf(widget), bool(full))
        self.chart.show_tasks(result.tasks, self.lang)
        self.charts.setTabVisible(1, result.bench is not None)
        if result.bench is not None:
            names = names_of(result.bench.models)
            self.samples.show_models(result.bench.models, names)
            self.ratio.show_ratios(result.bench.comparison, names)
            if not result.tasks:
                self.charts.setCurrentIndex(1)
        self.tell_findings(result.findings, report.how(result, self.lang))
        self.tabs.setCurrentWidget(self.findings)
        self.tell_shown(tuple(str(p) for p in (self.recorded.paths() or [Path(self.model.text())])),
                        report.headline(result, self.lang))

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            return "run", self.tr("Tuning; AOE may be silent for hours"), ""
        if self.result is not None:
            return self.result.verdict.value, report.headline(self.result, self.lang), self.result.folder
        if self.stopped:
            return "stop", self.tr("The tuning was stopped"), ""
        return "performance", self.tr("What does AOE bring, and is the tuned model still right?"), self.tr(
            "Where AOE is not installed, plan and commands are written for the server. Results can be dropped.")

    def open(self, paths: Sequence[Path]) -> None:
        """Results are read at once."""
        self.recorded.set_paths(paths)
        self.check()
        self.run()

    def take(self, paths: Sequence[Path]) -> None:
        """A model is what to tune; anything else are results."""
        if paths[0].suffix.lower() == ".onnx":
            self.model.edit.setText(str(paths[0]))
        else:
            self.open(paths)

    def save(self) -> str:
        """The model and the results of the form."""
        return json.dumps({"model": self.model.text(), "recorded": [str(p) for p in self.recorded.paths()]})

    def restore(self, text: str) -> None:
        """The same, what is still there."""
        kept = json.loads(text)
        self.model.edit.setText(kept["model"] if Path(kept["model"]).is_file() else "")
        self.recorded.set_paths([p for p in map(Path, kept["recorded"]) if p.exists()])
        self.check()
