"""The pane of rewrites: what is offered for a model, what each changes, the proof, and which are to be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, Signal
from PySide6.QtWidgets import QAbstractItemView, QPushButton, QWidget

from app.dialogs.fields import FileField
from app.models.records import Record, RecordModel
from app.pages.convert.diff import DiffView
from app.pages.convert.shapes import Shapes
from app.pages.fields import group, must_exist
from app.pages.pane import Pane
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import convert as command
from diag.cli.parse import read
from diag.events import Event
from diag.jobs.rewrites import Offered, RewriteJob, run_rewrites
from diag.report.document import dumps
from diag.report.sheet import Column, Lines, Part, Sheet, Table, page
from diag.rewrites.apply import Offer, Rewritten
from diag.rewrites.interface import LIMIT
from diag.rules import words as say
from diag.tools.converter.offered import LAST
from diag.tools.converter.plan import name_of
from diag.types.layer import Verdict

_ROW = QItemSelectionModel.SelectionFlag.Rows
_ON, _OFF = QItemSelectionModel.SelectionFlag.Select, QItemSelectionModel.SelectionFlag.Deselect


class RewritesPane(Pane):
    """Offered, shown, proved.

    Signals:
        chosen: (path, names) rewrites to convert this model with.
    """

    chosen = Signal(object, object)
    report_name = "rewrites"

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Look for rewrites")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Offered | None = None
        self.pairs: list[tuple[Offer, Rewritten]] = []
        self.model = FileField(self.look, self.tr("ONNX model"), self.tr("Models (*.onnx)"), self)
        self.shapes = Shapes(self.look, self)
        for widget in (self.shapes.profiles, self.shapes.combine, self.shapes.preview):
            widget.hide()
        self.use = QPushButton(self.look.icon("convert"), self.tr("Convert with the selected ones"), self)
        self.use.setEnabled(False)
        self.use.clicked.connect(self._use)
        groups = (group(self.tr("Model"), [(self.tr("ONNX"), self.model), ("", self.shapes)]), self.use)
        return self.filled(groups, (self.model.edit.textChanged, self.shapes.changed))

    def results(self) -> QWidget:
        """See ``Pane``."""
        self.offers_model = RecordModel((self.tr("Rewrite"), self.tr("Places"), self.tr("Largest change"),
                                         self.tr("Proved"), self.tr("What for")), right=(1, 2), parent=self)
        self.offers = small_table(self.offers_model, self.tr("Rewrites"), (190, 64, 118, 76))
        self.offers.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.offers.selectionModel().currentRowChanged.connect(lambda *_: self._row())
        self.offers.selectionModel().selectionChanged.connect(lambda *_: self.use.setEnabled(bool(self.selected())))
        self.difference = DiffView(self.look, self.tr("What changes"), self)
        self.difference.setPlaceholderText(self.tr("Choose a rewrite to see what it changes."))
        self.difference.hide()
        return self.offers

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Choose a model: everything in it that can be said in other operators is shown, with what "
                       "changes, and proved to change no answer. Nothing is used before you say so.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        shapes = self.shapes.shape_words()
        return ["convert", *([self.model.text()] if self.model.text() else []), "--show-rewrites",
                *(["--shape", shapes] if shapes else [])]

    def missing(self) -> str:
        """See ``Pane``."""
        text = self.model.text()
        self.shapes.read(Path(text) if text.endswith(".onnx") and Path(text).is_file() else None)
        if not text:
            return self.tr("Choose an ONNX model")
        must_exist((text,))
        command.plans_of(read("convert", command, self.words()[1:]))
        return ""

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        plan = next(iter(command.plans_of(read("convert", command, words[1:])).values()))
        fixed = {n: s for n, s in plan.shapes.items() if -1 not in s}
        return run_rewrites(RewriteJob(plan.onnx, fixed, plan.checks.inputs), cancel)

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Offered):
            raise TypeError(repr(result))
        self.result = result
        self.pairs = [(one.offer, one.result) for one in result.offers]
        self.offers_model.renew([self._record(o, r) for o, r in self.pairs])
        self.tell_findings([o.finding for o, _ in self.pairs])
        self.difference.clear()
        if self.pairs:
            self.offers.setCurrentIndex(self.offers_model.index(0, 0))
        for row, (offer, made) in enumerate(self.pairs):
            usual = made.proved and offer.name not in LAST
            self.offers.selectionModel().select(self.offers_model.index(row, 0), _ROW | (_ON if usual else _OFF))
        if self.tabs.indexOf(self.difference) < 0:
            self.tabs.insertTab(0, self.difference, self.tr("What changes"))
        self.tabs.setCurrentWidget(self.difference)
        self.tell_shown((str(result.model),), self.tr("rewrites"))

    def selected(self) -> list[str]:
        """Names of the proved rewrites that are selected."""
        rows = {index.row() for index in self.offers.selectionModel().selectedRows()}
        return [o.name for row, (o, r) in enumerate(self.pairs) if row in rows and r.proved]

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            return "run", self.tr("Looking for rewrites …"), ""
        if self.result is None:
            return "convert", self.tr("The same model, said in operators that the converter knows"), \
                self.tr("Each is proved in onnxruntime to change nothing (at most {limit} relative)").format(
                    limit=f"{LIMIT:g}")
        proved = sum(r.proved for _, r in self.pairs)
        return "info", self.tr("{count} rewrites apply to {name}, {proved} of them proved").format(
            count=len(self.pairs), name=name_of(self.result.model), proved=proved), str(self.result.model)

    def report(self, ending: str) -> str | None:
        """See ``Pane``."""
        if self.result is None:
            return None
        if ending == ".csv":
            rows = [f"{o.name},{len(o.sites)},{r.largest:.3g},{r.proved}\r\n" for o, r in self.pairs]
            return "\ufeffname,places,largest_change,proved\r\n" + "".join(rows)
        if ending == ".json":
            return dumps({"model": str(self.result.model), "rewrites": [
                {"name": o.name, "places": [s.node for s in o.sites], "largest_change": r.largest, "proved": r.proved,
                 "difference": [f"{x.kind} {x.text}" for x in r.lines]} for o, r in self.pairs]})
        columns = (Column(self.tr("Rewrite"), wide=True), Column(self.tr("Places"), right=True),
                   Column(self.tr("Largest change"), right=True), Column(self.tr("Proved")))
        parts: list[Part] = [Table(self.tr("Rewrites"), columns, tuple(r.cells[:4] for r in self.offers_model.records))]
        parts += [Lines(o.name, tuple(f"{x.kind} {x.text}" for x in r.lines), code=True) for o, r in self.pairs]
        return page(Sheet(Verdict.PASS, self.sentence()[1], tuple(parts)), self.lang)

    def open(self, paths: Sequence[Path]) -> None:
        """See ``Pane``."""
        self.model.edit.setText(str(paths[0]))
        self.check()

    def files(self) -> dict[str, FileField]:
        """See ``Pane``."""
        return {"model": self.model}

    def shut_down(self) -> None:
        """See ``Pane``."""
        self.shapes.shut_down()
        super().shut_down()

    def _record(self, offer: Offer, made: Rewritten) -> Record:
        title = say(offer.finding, self.lang).title
        yes = self.tr("yes") if made.proved else self.tr("no")
        return Record((offer.name, f"{len(offer.sites):,}", f"{made.largest:.2g}", yes, title),
                      self.look.verdict("pass" if made.proved else "fail"), about=(offer, made))

    def _row(self) -> None:
        row = self.offers.currentIndex().row()
        if self.result is not None and 0 <= row < len(self.pairs):
            self.difference.show_lines(self.pairs[row][1].lines)

    def _use(self) -> None:
        if self.result is not None:
            self.chosen.emit(self.result.model, self.selected())
