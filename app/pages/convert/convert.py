"""The pane of conversions: a form that speaks the command line, the models with their status, and why one failed."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.models.records import Record, RecordModel
from app.pages.convert.form import ConvertForm
from app.pages.fields import must_exist
from app.pages.pane import Pane
from app.views.findings import finding_html
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import convert as command
from diag.cli.parse import read
from diag.errors import DiagError
from diag.events import Event, Message, Partial
from diag.jobs.convert import ConvertJob, run_convert
from diag.report import convert as report
from diag.report.catalogues import convert_words, labels
from diag.rewrites.registry import rewrites
from diag.tools.converter.command import shell
from diag.tools.converter.config import config_text
from diag.tools.converter.following import LOG
from diag.tools.converter.profiles import shapes_text
from diag.types.conversion import Conversion, Conversions, ConvertStatus, Smoke

_ICONS = {ConvertStatus.OK: "pass", ConvertStatus.KEPT: "pass", ConvertStatus.UNCHECKED: "watch",
          ConvertStatus.SKIPPED: "watch", ConvertStatus.WRONG: "fail", ConvertStatus.NOT_RUNNING: "fail",
          ConvertStatus.FAILED: "fail"}
_OFFERS = {str(one.code): one.name for one in rewrites()}


class ConvertPane(Pane):
    """Convert, prove, tell why not."""

    report_name = "convert"
    teller = report

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Convert")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Conversions | None = None
        self.done: list[Conversion] = []
        self.waiting: list[str] = []
        self.fields = ConvertForm(self.look, self)
        self.fields.changed.connect(self.touched)
        return self.fields

    def results(self) -> QWidget:
        """See ``Pane``."""
        text = convert_words(self.lang)["convert"]
        self.models_model = RecordModel([text[k] for k in ("model", "state", "seconds", "run", "error", "converter",
                                                           "file")], right=(2, 4), parent=self)
        self.models = small_table(self.models_model, text["models"], (130, 96, 50, 190, 74, 106))
        self.models.selectionModel().currentRowChanged.connect(lambda *_: self._row())
        self.outputs_model = RecordModel((self.tr("Output"), self.tr("Verdict"), self.tr("Error"), self.tr("Inputs"),
                                          self.tr("Why")), right=(2,), parent=self)
        self.outputs = small_table(self.outputs_model, self.tr("First run"), (190, 110, 90, 240))
        self.commands = QPlainTextEdit(self, readOnly=True)
        self.commands.setFont(self.log.font())
        self.commands.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.commands.setAccessibleName(self.tr("Command and configuration"))
        for widget in (self.outputs, self.commands):
            widget.hide()
        return self.models

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Add models at the left, or drop them on the list: each one is converted, run once, and "
                       "compared with the ONNX model on the same inputs.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        return ["convert", *self.fields.words()]

    def missing(self) -> str:
        """See ``Pane``."""
        paths = self.fields.models.paths()
        self.fields.fit()
        if not paths:
            return self.tr("Add an ONNX model or a batch plan")
        must_exist(map(str, paths))
        plans = command.plans_of(read("convert", command, self.words()[1:]))
        for plan in plans.values():
            command.checked(plan)
        return ""

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        args = read("convert", command, words[1:])
        plans = command.plans_of(args)
        yield Message(", ".join(plans))
        yield from run_convert(ConvertJob(plans, args.resume), cancel)

    def run(self) -> None:
        """See ``Pane``."""
        if self.runner.busy or not self.start.isEnabled():
            return
        self.result, self.done = None, []
        self.waiting = list(command.plans_of(read("convert", command, self.words()[1:])))
        super().run()
        self.stage.setCurrentIndex(1)
        self._list()
        self.tabs.setCurrentWidget(self.log)

    def say(self, text: str) -> None:
        """Lines of the converter's log stand as they are."""
        if text.startswith(LOG):
            self.log.appendPlainText(text.removeprefix(LOG))
        else:
            super().say(text)

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Conversions):
            raise TypeError(repr(result))
        self.result, self.done, self.waiting = result, list(result.models), []
        self._list()
        bad = next((i for i, m in enumerate(self.done) if _ICONS[m.status] == "fail"), 0)
        self.models.selectRow(bad)
        self.tabs.setCurrentWidget(self.findings)
        self.tell_shown(tuple(str(p) for p in self.fields.models.paths()), self.tr("conversion"))

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            total = len(self.done) + len(self.waiting)
            return "run", self.tr("Converting … {done} of {total} models done").format(
                done=len(self.done), total=total), ""
        if self.result is not None:
            return str(self.result.verdict), report.headline(self.result, self.lang), \
                self.tr("{seconds} s altogether").format(seconds=f"{self.result.wall_s:.1f}")
        if self.stopped:
            return "stop", self.tr("Stopped; what was finished is kept"), self.tr("Resume keeps what is done well")
        return "convert", self.tr("ONNX to MindIR, proved by a first run"), ""

    def open(self, paths: Sequence[Path]) -> None:
        """See ``Pane``."""
        self.fields.models.set_paths(paths)
        self.check()

    def use_rewrites(self, path: Path, names: Sequence[str]) -> None:
        """Convert this model with these rewrites."""
        if self.fields.models.paths() != (path,):
            self.fields.models.set_paths([path])
        self.fields.set_rewrites(names)
        self.check()

    def use_config(self, path: Path) -> None:
        """Convert with this configuration file."""
        self.fields.config.edit.setText(str(path))
        self.check()

    def save(self) -> str:
        """What the form says."""
        return json.dumps(self.fields.state())

    def restore(self, text: str) -> None:
        """The same form."""
        self.fields.set_state(json.loads(text))
        self.check()

    def shut_down(self) -> None:
        """See ``Pane``."""
        self.fields.shut_down()
        super().shut_down()

    def _events(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Partial) and isinstance(event.item, Conversion):
                self.done.append(event.item)
                self.waiting = [name for name in self.waiting if name != event.item.name]
                self._list()
                self.changed.emit()
        super()._events(events)

    def copy_command(self) -> None:
        """See ``Pane``; nothing while the form makes no sense, which it says itself."""
        with contextlib.suppress(DiagError):
            super().copy_command()

    def _ended(self, outcome: object) -> None:
        if isinstance(outcome, BaseException):
            self.waiting = []
        super()._ended(outcome)
        self._list()

    def _list(self) -> None:
        row = self.models.currentIndex().row()
        waiting = [Record((name, self.tr("running") if self.runner.busy and not i else self.tr("waiting"), "", "", "",
                           "", ""), self.look.icon("run" if not i else "next", self.look.theme.muted))
                   for i, name in enumerate(self.waiting)]
        self.models_model.set_records([*(self._record(m) for m in self.done), *waiting])
        if self.done:
            self.models.selectRow(row if row >= 0 else 0)
            self._row()

    def _record(self, model: Conversion) -> Record:
        words = convert_words(self.lang)
        smoke = model.smoke
        run = words["convert"]["not_run"] if smoke is None or not smoke.ran else \
            f"{smoke.runtime} {smoke.runtime_version}: {labels(self.lang)['verdict'][str(smoke.verdict)]}"
        worst = _worst(smoke)
        cells = (model.name, words["status"][str(model.status)], f"{model.seconds:.1f}", run,
                 f"{worst:.2g}" if math.isfinite(worst) else "–", f"{model.tool} {model.tool_version}".strip(),
                 str(model.output or "–"))
        return Record(cells, self.look.verdict(_ICONS[model.status]), about=model)

    def _row(self) -> None:
        row = self.models.currentIndex().row()
        if not 0 <= row < len(self.done):
            return
        model = self.done[row]
        self._tell(model)
        verdicts = labels(self.lang)["verdict"]
        rows = [Record((o.golden_tensor, verdicts[str(o.verdict)],
                        f"{o.cumulative.rel_l2:.2g}" if o.cumulative is not None else "–", shapes_text(s.shapes),
                        o.reason), self.look.verdict(str(o.verdict))) for s in model.smokes for o in s.outputs]
        rows += [Record((self.tr("(none)"), self.tr("does not run"), "–", shapes_text(s.shapes), s.problem),
                        self.look.verdict("fail")) for s in model.smokes if not s.ran]
        self.outputs_model.renew(rows)
        blocks = [shell(model.command)] if model.command else []
        blocks += [config_text(model.config)] if model.config else []
        self.commands.setPlainText("\n\n".join(blocks))
        for widget, full, title in ((self.outputs, rows, self.tr("First run")),
                                    (self.commands, blocks, self.tr("Command and configuration"))):
            if self.tabs.indexOf(widget) < 0:
                self.tabs.addTab(widget, title)
            self.tabs.setTabVisible(self.tabs.indexOf(widget), bool(full))

    def _tell(self, model: Conversion) -> None:
        """Its root cause first, then its findings."""
        parts = []
        heading = self.tr("Why, from the log")
        hint = self.tr("To see what these rewrites change, open the tab Rewrites.")
        cause = model.root_cause
        if cause is not None:
            said = cause.words.get(self.lang)
            place = f"{Path(cause.file).name}:{cause.line}" if cause.line else Path(cause.file).name
            title = said.title if said is not None else cause.finding.code
            parts.append(
                f"<h3>{escape(heading)}</h3><p><b>{escape(title)}</b></p>"
                f"<p><code>{escape(place)}: {escape(cause.text.strip()[:600])}</code></p>"
                + (f"<p>{escape(said.explanation)}</p><p>{escape(said.advice)}</p>" if said is not None else ""))
        parts += [finding_html(f, self.lang, self.tr("What to do")) for f in model.findings]
        offered = [_OFFERS[f.code] for f in model.findings if f.code in _OFFERS]
        if offered:
            parts.append(f"<p>{escape(hint)}</p>")
        if parts:
            self.findings.setHtml("<hr>".join(parts))
        else:
            self.findings.setPlainText(self.tr("Converted, run and compared: nothing is wrong."))


def _worst(smoke: Smoke | None) -> float:
    errors = [o.cumulative.rel_l2 for o in smoke.outputs if o.cumulative is not None] if smoke is not None else []
    return max((e for e in errors if math.isfinite(e)), default=math.nan)
