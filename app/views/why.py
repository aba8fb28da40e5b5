"""Why a layer is wrong: its two nodes side by side, the difference that explains the number, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from app.assets import Look
from app.jobs import LatestRunner, call
from app.models.layers import decisive, error_text
from app.models.records import Record, RecordModel
from app.models.sides import Line, Part, side_by_side
from app.session import Session
from app.views.findings import finding_html
from app.views.tables import small_table
from diag.compare.reasons import reason
from diag.report.catalogues import labels, stage_words
from diag.report.headline import difference, format_name
from diag.report.numbers import factor
from diag.rules import Lang
from diag.types.finding import Finding
from diag.types.layer import Culprit, LayerResult, Verdict


class WhyView(QWidget):
    """The story of the selected layer above, its two nodes below."""

    def __init__(self, session: Session, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._look, self._lang = session, look, lang
        self._lines: tuple[Line, ...] = ()
        self.story = QTextBrowser()
        self.story.setAccessibleName(self.tr("Why"))
        self.model = RecordModel((self.tr("What"), "ONNX", "MindIR"), parent=self)
        self.table = small_table(self.model, self.tr("Both nodes"), (150,), share=(1, 2))
        self.note = QLabel(wordWrap=True)
        self.note.setObjectName("muted")
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.addWidget(self.story)
        splitter.addWidget(below)
        splitter.setSizes([300, 220])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(splitter)
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._compared)
        session.selected.connect(self._show)
        session.graphs_changed.connect(lambda _: self._show(self._session.selection))
        session.swap_changed.connect(lambda _: self._list())
        self._show(session.selection)

    def _show(self, row: LayerResult | None) -> None:
        self._lines = ()
        self._list()
        if row is None:
            self.story.setHtml(f"<p>{escape(self._invitation())}</p>")
            self.note.setText("")
            return
        self.story.setHtml("".join(self._tell(row)))
        graphs = self._session.graphs
        self.note.setText(graphs.problem)
        self.note.setVisible(bool(graphs.problem))
        if graphs.golden is not None or graphs.target is not None:
            self._runner.request(call(lambda _: side_by_side(row, graphs.golden, graphs.target)))

    def _invitation(self) -> str:
        if self._session.comparison is not None and self._session.culprit() is None:
            return self.tr("No layer fails. Select one to see both of its nodes.")
        return self.tr("Select a layer to see why it differs. N goes to the next failure, C to the culprit.")

    def _compared(self, outcome: object) -> None:
        if isinstance(outcome, tuple):
            self._lines = outcome
            self._list()
        elif isinstance(outcome, Exception):
            self.note.setText(str(outcome))
            self.note.show()

    def _list(self) -> None:
        titles = {Part.NODE: self.tr("node"), Part.ATTRIBUTE: self.tr("attribute"), Part.INPUT: self.tr("input"),
                  Part.WEIGHT: self.tr("weight"), Part.OUTPUT: self.tr("output")}
        warn = self._look.icon("fail", self._look.theme.failed)
        records = []
        ordered = sorted(self._lines, key=lambda line: not line.differs)
        for line in ordered:
            sides = (line.target, line.golden) if self._session.swap else (line.golden, line.target)
            name = self._name(line, titles)
            tip = self.tr("The two sides differ here.") if line.differs else "\n".join(s for s in sides if s)
            records.append(Record((name, *(s.replace("\n", ", ") for s in sides)), warn if line.differs else None, tip))
        self.model.set_records([])
        self.model.set_titles(self._titles())
        self.model.set_records(records)

    def _name(self, line: Line, titles: dict[Part, str]) -> str:
        if line.part is Part.NODE:
            return {"op": self.tr("operator"), "name": self.tr("name")}[line.name]
        return line.name if line.part is Part.ATTRIBUTE else f"{titles[line.part]} {line.name}"

    def _titles(self) -> tuple[str, str, str]:
        found = self._session.comparison
        golden, target = (format_name(found.golden.format), format_name(found.target.format)) if found \
            else ("ONNX", "MindIR")
        golden, target = self.tr("{format} (original)").format(format=golden), \
            self.tr("{format} (target)").format(format=target)
        return (self.tr("What"), target, golden) if self._session.swap else (self.tr("What"), golden, target)

    # the story

    def _tell(self, row: LayerResult) -> Iterator[str]:
        theme, words = self._look.theme, labels(self._lang)
        colour = theme.verdict(row.verdict.value)
        verdict, role = words["verdict"][row.verdict.value], words["role"][row.role.value]
        yield f"<p><b>{escape(row.golden_node)}</b><br><span style='color:{theme.muted}'>{escape(row.golden_op)}"
        if row.target_node:
            kind = words["mapping"][row.mapping.kind.value]
            yield f" → {escape(row.target_op or '')} &nbsp;({escape(kind)}, {row.mapping.confidence:.0%})"
        yield "</span></p>"
        yield f"<p><b style='color:{colour}'>{escape(verdict)}</b>"
        if role != verdict:
            yield f" · <b style='color:{theme.role(row.role.value)}'>{escape(role)}</b>"
        yield f"<br>{escape(reason(row, self._lang))}</p>"
        yield self._errors(row)
        culprit = self._culprit(row)
        if culprit is not None:
            yield from self._explain(culprit)
        elif row.verdict in (Verdict.FAIL, Verdict.WATCH):
            yield f"<p>{escape(self._carried(row))}</p>"

    def _errors(self, row: LayerResult) -> str:
        def cell(title: str, value: float) -> str:
            text = f"{escape(title)} <b>{error_text(value)}</b>"
            return "" if math.isnan(value) else f"<td style='padding-right:18px'>{text}</td>"

        reference = row.reference_own_input
        cells = cell(self.tr("cumulative"), decisive(row.cumulative, row.dtype)) + \
            cell(self.tr("own input"), decisive(row.own_input, row.dtype)) + \
            cell(self.tr("in the reference runtime"), decisive(reference, row.dtype))
        return f"<table><tr>{cells}</tr></table>" if cells else ""

    def _explain(self, culprit: Culprit) -> Iterator[str]:
        found = self._session.comparison
        if found is None:
            return
        theme = self._look.theme
        for one in culprit.differences:
            proof = f"<br><b style='color:{theme.passed}'>✓ " + escape(self.tr(
                "With the original's value put back, the error is gone.")) + "</b>" if one.explains else ""
            yield f"<p>{escape(difference(one, found, self._lang))}{proof}</p>"
        times = labels(self._lang)["console"]["times_noise"].format(score=factor(culprit.score))
        stage = stage_words(found, self._lang)[culprit.stage.value]
        yield f"<p style='color:{theme.muted}'>{escape(times)}; {escape(stage)}</p>"
        finding = self._finding(culprit)
        if finding is not None:
            yield finding_html(finding, self._lang, self.tr("What to do"))

    def _carried(self, row: LayerResult) -> str:
        if row.own_input is None:
            return self.tr("It could not be run alone, so it is not known whether it makes the error itself.")
        return self.tr("On the original's own values this layer is right: it only carries an error that an earlier "
                       "layer made.")

    def _culprit(self, row: LayerResult) -> Culprit | None:
        found = self._session.comparison
        return next((c for c in found.culprits if row.golden_node in (c.golden_node, *c.golden_nodes)), None) \
            if found else None

    def _finding(self, culprit: Culprit) -> Finding | None:
        found = self._session.comparison
        return next((f for f in found.findings if f.code == culprit.finding and f.subject == culprit.golden_node),
                    None) if found else None
