"""The pane that measures: models turn by turn, samples with their intervals, ratios, layers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QTabWidget, QVBoxLayout, QWidget

from app.models.columns import ColumnModel
from app.models.records import Record, RecordModel
from app.pages.fields import FileList, FolderField, check, choice, group, must_exist, number, spoken
from app.pages.pane import Pane
from app.pages.performance.bench_plots import OverTime, RatioPlot, SamplePlot
from app.pages.performance.layers import layer_columns, layer_rows
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import bench as command
from diag.cli.options import parse_device, parse_shapes
from diag.cli.parse import read
from diag.errors import UsageError
from diag.events import Event, Finished
from diag.jobs.bench import BenchJob, recorded, run_bench
from diag.perf.plan import DEFAULT_MAX_S, DEFAULT_ROUNDS, DEFAULT_RUNS, DEFAULT_WARMUP
from diag.report import bench as report
from diag.rules.performance import names_of
from diag.runtimes.registry import NAMES
from diag.types.bench import Bench

MODELS = (".onnx", ".mindir", ".ms")

_ORDER = (0, 3, 4, 8, 9, 10, 5, 6, 7, 2, 1)
"""Columns of the report in the order of the table: what decides stands where it is seen without scrolling."""


class BenchPane(Pane):
    """Latency, before and after."""

    report_name = "bench"
    teller = report

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Measure")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Bench | None = None
        self.models = FileList(self.look, self.tr("Models"), self.tr("Models (*.onnx *.mindir *.ms)"),
                               self.tr("The first is what the others are compared with. Drop models or recorded times "
                                       "here; drag to change the order."), self)
        self.models.changed.connect(self._changed)
        self.runtime = choice([("auto", self.tr("automatic")), *((n, n) for n in NAMES),
                               ("--tool", self.tr("MindSpore Lite's benchmark"))])
        self.device = QLineEdit("cpu")
        self.device.setPlaceholderText("cpu, ascend:0")
        self.threads = number(1, 0, 512)
        self.threads.setSpecialValueText(self.tr("the runtime's choice"))
        self.runs = number(DEFAULT_RUNS, 1, 100_000)
        self.rounds = number(DEFAULT_ROUNDS, 1, 1000)
        self.rounds.setToolTip(self.tr("How often each model is opened anew; intervals of ratios need 3, and are "
                                       "exact from 6 on"))
        self.warmup = number(DEFAULT_WARMUP, 0, 10_000)
        self.limit = number(int(DEFAULT_MAX_S), 1, 86_400, " s")
        self.optimise = check(self.tr("onnxruntime may optimise"), on=True)
        self.shapes = QLineEdit(placeholderText="x:1,3,224,224; mask:1,77")
        self.layers = check(self.tr("time each layer too"))
        self.compared = FolderField(self.look, self.tr("Comparison"), "", self)
        self.compared.edit.setPlaceholderText(self.tr("run folder: errors beside the times"))
        groups = (
            group(self.tr("Models"), [("", self.models), (self.tr("Shapes"), self.shapes)]),
            group(self.tr("Runtime"), [
                (self.tr("Runtime"), self.runtime), (self.tr("Device"), self.device),
                (self.tr("Threads"), self.threads), ("", self.optimise)]),
            group(self.tr("Measurement"), [
                (self.tr("Samples"), self.runs), (self.tr("Rounds"), self.rounds),
                (self.tr("Warm-up runs"), self.warmup), (self.tr("At most"), self.limit)]),
            group(self.tr("Layers"), [("", self.layers), (self.tr("Comparison"), self.compared)]))
        return self.filled(groups, (
            self.runtime.currentIndexChanged, self.device.textChanged, self.shapes.textChanged,
            self.compared.edit.textChanged, self.optimise.toggled, self.layers.toggled,
            *(n.valueChanged for n in (self.threads, self.runs, self.rounds, self.warmup, self.limit))))

    def results(self) -> QWidget:
        """See ``Pane``."""
        self.samples, self.over_time = SamplePlot(self.look, self), OverTime(self.look, self)
        self.ratio = RatioPlot(self.look, self)
        self.charts = QTabWidget(self)
        self.charts.setDocumentMode(True)
        first = QWidget(self)
        column = QVBoxLayout(first)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.samples, 3)
        column.addWidget(self.ratio, 2)
        self.charts.addTab(first, self.tr("Samples and ratio"))
        self.charts.addTab(self.over_time, self.tr("Sample by sample"))
        titles = (self.tr("Model"), self.tr("Median ms"), self.tr("95 % interval"), self.tr("Ratio"),
                  self.tr("Ratio's interval"), self.tr("Difference"), self.tr("p90"), self.tr("Least"),
                  self.tr("MAD"), self.tr("Samples"), self.tr("Runtime"))
        self.table_model = RecordModel(titles, right=(1, 2, 3, 4, 6, 7, 8, 9), parent=self)
        self.table = small_table(self.table_model, self.tr("Times"), (180, 78, 110, 56, 116, 110, 66, 66, 70, 66))
        self.layer_model = ColumnModel(layer_columns((), ""), self)
        self.layer_table = small_table(self.layer_model, self.tr("Layers: time and error"), (320, 150))
        self.layer_table.setSortingEnabled(True)
        self.tabs.addTab(self.table, self.tr("Times"))
        self.tabs.addTab(self.layer_table, self.tr("Layers"))
        return self.charts

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Drop a model here, or a first one and others to compare with it.\n\n"
                       "They take turns in rounds, each opened anew, so that what the machine does meets all alike. "
                       "A difference is told only where the interval of the ratio says so.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        paths = [str(p) for p in self.models.paths()]
        if self._imports():
            return ["bench", "--import", *paths]
        words = ["bench", *paths]
        runtime = str(self.runtime.currentData())
        if runtime == "--tool":
            words, runtime = [*words, runtime], "auto"
        words += spoken((
            ("--runtime", runtime, "auto"), ("--device", self.device.text().strip(), "cpu"),
            ("--threads", str(self.threads.value()), "1"), ("--runs", str(self.runs.value()), str(DEFAULT_RUNS)),
            ("--rounds", str(self.rounds.value()), str(DEFAULT_ROUNDS)),
            ("--warmup", str(self.warmup.value()), str(DEFAULT_WARMUP)),
            ("--max-time", str(self.limit.value()), str(int(DEFAULT_MAX_S))),
            ("--shape", self.shapes.text().strip(), ""), ("--run", self.compared.text(), "")))
        words += [] if self.optimise.isChecked() else ["--no-optimize"]
        return words + (["--layers"] if self.layers.isChecked() and not self.compared.text() else [])

    def missing(self) -> str:
        """See ``Pane``."""
        imports = self._imports()
        for box in (self.runtime, self.device, self.threads, self.runs, self.rounds, self.warmup, self.limit,
                    self.shapes, self.layers, self.compared, self.optimise):
            box.setEnabled(not imports)
        paths = self.models.paths()
        must_exist(map(str, paths))
        if not paths:
            return self.tr("Choose a model first")
        kinds = {p.suffix.lower() in MODELS for p in paths}
        if len(kinds) > 1:
            raise UsageError(self.tr("Models and recorded times cannot be mixed"),
                             hint=self.tr("Measure, export as JSON, and import that too"))
        if self.compared.text() and not Path(self.compared.text()).is_dir():
            raise UsageError("There is no such folder", where=f"in {self.compared.text()}")
        args = read("bench", command, self.words()[1:])
        parse_shapes(args.shape)
        for device in args.device:
            parse_device(device)
        return ""

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        args = read("bench", command, words[1:])
        if args.recorded:
            yield Finished(recorded(args.recorded))
            return
        yield from run_bench(command.tool_job(args) if args.tool else BenchJob(command.plan_of(args)), cancel)

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Bench):
            raise TypeError(repr(result))
        self.result = result
        names = names_of(result.models)
        self.samples.show_models(result.models, names)
        self.over_time.show_models(result.models, names)
        self.ratio.show_ratios(result.comparison, names)
        self.ratio.setVisible(bool(result.comparison))
        self.table_model.renew([Record(tuple(cells[i] for i in _ORDER), tip=cells[0])
                                for cells in report.rows(result, self.lang)])
        self.layer_model.set_columns(layer_columns(names, self.lang, result.layers))
        self.layer_model.replace(layer_rows(result.layers, len(names)))
        for place in range(len(names)):
            self.layer_table.setColumnWidth(2 + place, 150)
        self.layer_table.sortByColumn(2 + len(names), Qt.SortOrder.DescendingOrder)
        self.tabs.setTabVisible(self.tabs.indexOf(self.layer_table), bool(result.layers))
        self.tell_findings(result.findings, report.how(result, self.lang))
        if self.tabs.currentWidget() is self.log:
            self.tabs.setCurrentIndex(0)
        self.tell_shown(tuple(str(p) for p in self.models.paths()), report.headline(result, self.lang))

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            names = ", ".join(p.name for p in self.models.paths())
            return "run", self.tr("Measuring {names}").format(names=names), ""
        if self.result is not None:
            return self.result.verdict.value, report.headline(self.result, self.lang), self.tr(
                "{count} models  ·  {seconds} s").format(count=len(self.result.models),
                                                         seconds=f"{self.result.wall_s:.1f}")
        if self.stopped:
            return "stop", self.tr("The measurement was stopped"), ""
        return "performance", self.tr("How fast is it, and is the difference real?"), self.tr(
            "Choose one model, or a first one and others to compare with it. Recorded times can be dropped as well.")

    def open(self, paths: Sequence[Path]) -> None:
        """Models are put into the form; recorded times are read at once."""
        self.models.set_paths(paths)
        self.check()
        if self._imports():
            self.run()

    def take(self, paths: Sequence[Path]) -> None:
        """Models join those that are there already."""
        if paths[0].suffix.lower() in MODELS and not self._imports():
            self.models.add(paths)
        else:
            self.open(paths)

    def save(self) -> str:
        """The files of the form."""
        return json.dumps([str(p) for p in self.models.paths()])

    def restore(self, text: str) -> None:
        """The same files, those that are still there."""
        self.models.set_paths([p for p in map(Path, json.loads(text)) if p.is_file()])
        self.check()

    def _imports(self) -> bool:
        paths = self.models.paths()
        return bool(paths) and all(p.suffix.lower() not in MODELS for p in paths)

    def _changed(self) -> None:
        self.touched()
