"""The pane that looks before a conversion: which nodes will fail or be wrong, why, and which rewrite avoids it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QWidget

from app.dialogs.fields import FileField
from app.models.records import Record, RecordModel
from app.pages.fields import check, group, must_exist, spoken
from app.pages.pane import Pane
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import lint as command
from diag.cli.options import parse_shapes
from diag.cli.parse import read
from diag.events import Event
from diag.jobs.lint import LintJob, run_lint
from diag.report import lint as report
from diag.report.catalogues import remedy_words
from diag.report.numbers import error
from diag.types.lint import Lint, NodeForecast

_USUAL = "mindspore-lite@2.0.0:cpu"
_ICONS = {"right": "pass", "wrong": "fail", "unknown": "watch"}


class LintPane(Pane):
    """What a conversion would do."""

    report_name = "lint"
    teller = report

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Look")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Lint | None = None
        self.model = FileField(self.look, self.tr("Model"), self.tr("ONNX models (*.onnx)"), self)
        self.target = QLineEdit(_USUAL)
        self.measure = check(self.tr("measure unknown forms on this machine"))
        self.apply = check(self.tr("apply the rewrites that avoid it"))
        self.inputs = FileField(self.look, self.tr("Inputs"), self.tr("Arrays (*.npz)"), self)
        self.inputs.edit.setPlaceholderText(self.tr("generated, by what they mean"))
        self.shapes = QLineEdit(placeholderText="x:1,3,224,224; mask:1,77")
        groups = (group(self.tr("Model"), [(self.tr("ONNX"), self.model), (self.tr("Inputs"), self.inputs),
                                           (self.tr("Shapes"), self.shapes)]),
                  group(self.tr("Converter and runtime"), [(self.tr("For"), self.target), ("", self.measure)]),
                  group(self.tr("Rewrites"), [("", self.apply)]))
        return self.filled(groups, (
            self.model.edit.textChanged, self.inputs.edit.textChanged, self.shapes.textChanged,
            self.target.textChanged, self.measure.toggled, self.apply.toggled))

    def results(self) -> QWidget:
        """See ``Pane``."""
        self.node_model = RecordModel((self.tr("Node"), self.tr("Operator"), self.tr("Expected"), self.tr("Evidence"),
                                       self.tr("Rewrite")), parent=self)
        self.node_table = small_table(self.node_model, self.tr("Nodes"), (290, 130, 90, 150))
        self.rewrite_model = RecordModel((self.tr("Rewrite"), self.tr("Nodes"), self.tr("Applied"),
                                          self.tr("Outputs moved"), self.tr("Note")), right=(1, 3), parent=self)
        self.rewrite_table = small_table(self.rewrite_model, self.tr("Rewrites that avoid it"), (220, 70, 90, 120))
        self.tabs.addTab(self.rewrite_table, self.tr("Rewrites"))
        return self.node_table

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Drop an ONNX model here.\n\nEvery node is looked up among thousands of measured cases: will it "
                       "convert, load, run, and be right. Known defects that depend on the numbers are imitated on the "
                       "model's inputs.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        words = ["lint", self.model.text(), *spoken((
            ("--for", self.target.text().strip(), _USUAL), ("--inputs", self.inputs.text(), ""),
            ("--shape", self.shapes.text().strip(), "")))]
        words += ["--measure"] if self.measure.isChecked() else []
        return words + (["--apply", "all"] if self.apply.isChecked() else [])

    def missing(self) -> str:
        """See ``Pane``."""
        if not self.model.text():
            return self.tr("Choose a model first")
        must_exist((self.model.text(), self.inputs.text()))
        args = read("lint", command, self.words()[1:])
        parse_shapes(args.shape)
        command.target_of(args.target)
        return ""

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        yield from run_lint(LintJob(command.plan_of(read("lint", command, words[1:]))), cancel)

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Lint):
            raise TypeError(repr(result))
        self.result = result
        self.node_model.renew([self._record(n) for n in result.nodes])
        self.rewrite_model.renew([
            Record((o.name, f"{len(o.nodes):,}", self.tr("yes") if o.applied else "", error(o.error),
                    o.note or ", ".join(o.nodes[:3])), tip=o.name) for o in result.rewrites])
        self.tell_findings(result.findings)
        self.tabs.setCurrentWidget(self.findings)
        self.say(report.headline(result, self.lang))
        if result.written:
            self.say(self.tr("Written: {path}").format(path=result.written))
        self.tell_shown([Path(result.model.path)], Path(result.model.path).name)

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            return "run", self.tr("Looking at {name}").format(name=Path(self.model.text()).name), ""
        if self.result is not None:
            said = report.headline(self.result, self.lang)
            return self.result.verdict.value, said[:1].upper() + said[1:], self.tr(
                "{count} nodes  ·  {seconds} s").format(count=len(self.result.nodes),
                                                        seconds=f"{self.result.wall_s:.1f}")
        if self.stopped:
            return "stop", self.tr("The look was stopped"), ""
        return "precision", self.tr("Which nodes will fail, or be wrong without a word?"), self.tr(
            "Before any conversion, by what was measured on the real converter and runtime.")

    def open(self, paths: Sequence[Path]) -> None:
        """The model is put into the form."""
        self.model.edit.setText(str(paths[0]))
        self.check()

    def files(self) -> dict[str, FileField]:
        """See ``Pane``."""
        return {"model": self.model, "inputs": self.inputs}

    def _record(self, node: NodeForecast) -> Record:
        text = remedy_words(self.lang)["lint"]
        shown = report.evidence(node, text)
        icon = _ICONS.get(node.outcome, "fail")
        tip = "\n".join([node.node, node.note, *(f"{c.name}: {c.why or c.cause}" for c in node.cases[:3])]).strip()
        return Record((node.node, node.op, text[f"outcome_{node.outcome}"], shown, ", ".join(node.rewrites)),
                      self.look.icon(icon, self.look.theme.verdict(icon)), tip)
