"""The pane that repairs a wrong converted model: what is tried, and what is proved."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QWidget

from app.dialogs.fields import FileField
from app.models.records import Record, RecordModel
from app.pages.fields import choice, group, must_exist, number, spoken
from app.pages.pane import Pane
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import fix as command
from diag.cli.parse import read
from diag.events import Event, Partial
from diag.fix.plan import DEFAULT_TRIES
from diag.jobs.fix import FixJob, run_fix
from diag.report import fix as report
from diag.report.catalogues import remedy_words
from diag.report.numbers import error
from diag.types.fix import Came, Fix, Try

_ICONS = {Came.PROVED: "pass", Came.HELPED: "watch", Came.NOT_HERE: "not_comparable"}


class FixPane(Pane):
    """From a wrong model to a proved right one."""

    report_name = "fix"
    teller = report

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Repair")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Fix | None = None
        self.golden = FileField(self.look, self.tr("Golden"), self.tr("ONNX models (*.onnx)"), self)
        self.target = FileField(self.look, self.tr("Target"), self.tr("Models (*.mindir *.onnx)"), self)
        self.output = QLineEdit(placeholderText=self.tr("in a folder of its own"))
        self.inputs = FileField(self.look, self.tr("Inputs"), self.tr("Arrays (*.npz)"), self)
        self.inputs.edit.setPlaceholderText(self.tr("generated, by what they mean"))
        self.shapes = QLineEdit(placeholderText="x:1,3,224,224; mask:1,77")
        self.tries = number(DEFAULT_TRIES, 1, 100)
        self.runtime = choice([("auto", self.tr("automatic")), ("mindspore-lite", "mindspore-lite"),
                               ("reference", self.tr("reference"))])
        groups = (group(self.tr("Pair"), [(self.tr("Golden"), self.golden), (self.tr("Target"), self.target),
                                          (self.tr("Inputs"), self.inputs), (self.tr("Shapes"), self.shapes)]),
                  group(self.tr("Repair"), [(self.tr("Most tries"), self.tries), (self.tr("Runtime"), self.runtime),
                                            (self.tr("Result"), self.output)]))
        return self.filled(groups, (
            self.golden.edit.textChanged, self.target.edit.textChanged, self.output.textChanged,
            self.inputs.edit.textChanged, self.shapes.textChanged, self.tries.valueChanged,
            self.runtime.currentIndexChanged))

    def results(self) -> QWidget:
        """See ``Pane``."""
        self.try_model = RecordModel((self.tr("Try"), self.tr("Nodes"), self.tr("Result"), self.tr("Error"),
                                      self.tr("Seconds"), self.tr("Layer to blame, or the reason")),
                                     right=(1, 3, 4), parent=self)
        self.try_table = small_table(self.try_model, self.tr("Tries"), (200, 56, 110, 76, 72))
        self.runner.events.connect(self._tried)
        self._tries: list[Try] = []
        return self.try_table

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Drop an ONNX model and the MindIR that it became.\n\nThe cause is found, the least is changed, "
                       "the real converter converts it again, and the result is compared layer by layer. The first try "
                       "that is proved ends the search.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        return ["fix", self.golden.text(), self.target.text(), *spoken((
            ("--output", self.output.text().strip(), ""), ("--tries", str(self.tries.value()), str(DEFAULT_TRIES)),
            ("--inputs", self.inputs.text(), ""), ("--shape", self.shapes.text().strip(), ""),
            ("--runtime", str(self.runtime.currentData()), "auto")))]

    def missing(self) -> str:
        """See ``Pane``."""
        if not self.golden.text() or not self.target.text():
            return self.tr("Choose two models first")
        must_exist((self.golden.text(), self.target.text(), self.inputs.text()))
        command.job_of(read("fix", command, self.words()[1:]))
        return ""

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        job: FixJob = command.job_of(read("fix", command, words[1:]))
        return run_fix(job, cancel)

    def run(self) -> None:
        """See ``Pane``; the tries come as they end."""
        if not self.runner.busy and self.start.isEnabled():
            self._tries = []
            self.try_model.set_records([])
        super().run()

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Fix):
            raise TypeError(repr(result))
        self.result = result
        self._tries = list(result.tries)
        self._show()
        self.tell_findings(result.findings)
        self.tabs.setCurrentWidget(self.findings)
        self.say(report.headline(result, self.lang))
        if result.output:
            self.say(self.tr("Written: {path}").format(path=result.output))
        self.tell_shown([Path(result.golden.path), Path(result.target.path)], Path(result.target.path).name)

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            return "run", self.tr("Repairing {name}").format(name=Path(self.target.text()).name), ""
        if self.result is not None:
            said = report.headline(self.result, self.lang)
            return self.result.verdict.value, said[:1].upper() + said[1:], self.tr(
                "{count} tries  ·  {seconds} s  ·  {path}").format(
                    count=len(self.result.tries), seconds=f"{self.result.wall_s:.1f}", path=self.result.output or "–")
        if self.stopped:
            return "stop", self.tr("The repair was stopped"), ""
        return "precision", self.tr("From a wrong model to a right one, proved"), self.tr(
            "Hypotheses in order of cost; each is really converted, run and compared again.")

    def open(self, paths: Sequence[Path]) -> None:
        """A pair is put into the form; a single model where it belongs."""
        for path in paths[:2]:
            onnx = path.suffix.lower() == ".onnx"
            field = self.golden if onnx and (not self.golden.text() or len(paths) < 2 or path == paths[0]) \
                else self.target
            field.edit.setText(str(path))
        self.check()

    def files(self) -> dict[str, FileField]:
        """See ``Pane``."""
        return {"golden": self.golden, "target": self.target, "inputs": self.inputs}

    def _tried(self, events: Sequence[Event]) -> None:
        fresh = [e.item for e in events if isinstance(e, Partial)]
        if fresh:
            self._tries += fresh
            self.stage.setCurrentIndex(1)
            self._show()

    def _show(self) -> None:
        text = remedy_words(self.lang)["fix"]
        rows = []
        for one in self._tries:
            after = one.after
            blamed = (", ".join(after.culprits[:3]) or "–") if after is not None else one.reason
            name = " + ".join((*one.base, text.get(f"step_{one.step.value}", "") or one.name))
            shown = "" if after is None else error(after.error) if math.isfinite(after.error) else "∞"
            icon = _ICONS.get(one.came, "fail")
            rows.append(Record((name, f"{len(one.nodes):,}" if one.nodes else "", text[f"came_{one.came.value}"], shown,
                                f"{one.seconds:.1f}" if math.isfinite(one.seconds) else "", blamed),
                               self.look.icon(icon, self.look.theme.verdict(icon)), one.command or name))
        self.try_model.renew(rows)
