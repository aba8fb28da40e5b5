"""All findings: what each means, and what to do."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QSplitter, QTextBrowser, QVBoxLayout, QWidget

from app.assets import Look
from app.models.records import Record, RecordModel
from app.session import Session
from app.views.tables import small_table
from diag.report.catalogues import labels
from diag.rules import Lang, words
from diag.types.finding import Finding, Severity

_VERDICT = {Severity.FAIL: "fail", Severity.WATCH: "watch", Severity.INFO: "info"}


class FindingsView(QWidget):
    """A list of findings; the chosen one is explained below, and its layer is selected."""

    def __init__(self, session: Session, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._look, self._lang = session, look, lang
        self.model = RecordModel((self.tr("Code"), self.tr("Finding"), self.tr("About")), parent=self)
        self.table = small_table(self.model, self.tr("Findings"), (92,), share=(1, 2))
        self.text = QTextBrowser(openExternalLinks=True)
        self.text.setAccessibleName(self.tr("Explanation"))
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.addWidget(self.table)
        splitter.addWidget(self.text)
        splitter.setSizes([180, 260])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(splitter)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        session.opened.connect(self._reload)
        self._reload()

    def _reload(self) -> None:
        found = self._session.comparison.findings if self._session.comparison else ()
        severities = labels(self._lang)["severity"]
        self.model.renew([self._record(f, severities[f.severity.value]) for f in found])
        if found:
            self.table.selectRow(0)
        else:
            said = self.tr("No findings.") if self._session.comparison else \
                self.tr("Findings come when the comparison has ended.")
            self.text.setHtml(f"<p>{escape(said)}</p>")

    def _record(self, finding: Finding, severity: str) -> Record:
        name = _VERDICT[finding.severity]
        colour = self._look.theme.accent if name == "info" else self._look.theme.verdict(name)
        title = words(finding, self._lang).title
        return Record((finding.code, title, finding.subject), self._look.icon(name, colour), f"{severity}: {title}",
                      finding)

    def _chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            return
        finding = self.model.records[current.row()].about
        if isinstance(finding, Finding):
            self.text.setHtml(finding_html(finding, self._lang, self.tr("What to do")))
            if self.table.hasFocus() or self.table.underMouse():
                self._session.select_node(finding.subject)


def finding_html(finding: Finding, lang: Lang, to_do: str) -> str:
    """A finding with its words, as rich text."""
    said = words(finding, lang)
    steps = "".join(f"<li>{escape(step)}</li>" for step in said.advice)
    advice = f"<p><b>{escape(to_do)}</b></p><ol>{steps}</ol>" if steps else ""
    return (f"<p><b>{escape(said.title)}</b> &nbsp;<code>{escape(finding.code)}</code></p>"
            f"<p>{escape(said.explanation)}</p>{advice}")
