"""The pane of profiles: timeline, hotspots, every call, against another profile, joined to layers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.dialogs.fields import FileField
from app.models.columns import Column, ColumnModel
from app.pages.fields import FolderField, group, must_exist
from app.pages.pane import Pane
from app.pages.performance import spots
from app.pages.performance.timeline import Timeline
from app.views.tables import small_table
from diag.cancel import Cancel
from diag.cli import profile as command
from diag.cli.parse import read
from diag.events import Event
from diag.jobs.profile import examine
from diag.report import profile as report
from diag.report.profile import Told

_WIDTHS = (300, 150, 130, 130, 130, 130, 140, 140, 140, 140, 200)


class ProfilePane(Pane):
    """Where the time goes."""

    report_name = "profile"
    teller = report

    def start_text(self) -> str:
        """See ``Pane``."""
        return self.tr("Read")

    def form(self) -> QWidget:
        """See ``Pane``."""
        self.result: Told | None = None
        kinds = self.tr("Profiles (*.csv *.json *.txt *.log)")
        self.path = FileField(self.look, self.tr("Profile"), kinds, self)
        self.folder = FolderField(self.look, self.tr("Folder"), "", self)
        self.folder.edit.setPlaceholderText("PROF_…")
        self.other = FileField(self.look, self.tr("Earlier one"), kinds, self)
        self.other.edit.setPlaceholderText(self.tr("to compare with"))
        self.compared = FolderField(self.look, self.tr("Comparison"), "", self)
        self.compared.edit.setPlaceholderText(self.tr("run folder: layers and their errors"))
        self.facts = QLabel(self, wordWrap=True)
        self.facts.setObjectName("muted")
        groups = (group(self.tr("Profile"), [(self.tr("File"), self.path), (self.tr("or folder"), self.folder)]),
                  group(self.tr("Beside it"), [(self.tr("Earlier one"), self.other),
                                               (self.tr("Comparison"), self.compared)]), self.facts)
        return self.filled(groups, (f.edit.textChanged for f in (self.path, self.folder, self.other, self.compared)))

    def results(self) -> QWidget:
        """See ``Pane``."""
        self.timeline = Timeline(self.look, self)
        self.timeline.chosen.connect(self._clicked)
        self.kind = QComboBox(self)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kind.setAccessibleName(self.tr("What the table shows"))
        self.filter = QLineEdit(self, clearButtonEnabled=True)
        self.filter.setPlaceholderText(self.tr("Filter by name or type  (Ctrl+F)"))
        self.filter.textChanged.connect(self._narrow)
        self.count = QLabel(self)
        self.count.setObjectName("muted")
        self.model = ColumnModel([Column("name", self.tr("Operator"))], self)
        self.table = small_table(self.model, self.tr("Operators"), ())
        self.table.setSortingEnabled(True)
        self.table.selectionModel().currentRowChanged.connect(self._row)
        self.kind.currentIndexChanged.connect(self._fill)
        row = QHBoxLayout()
        row.addWidget(self.kind)
        row.addWidget(self.filter, 1)
        row.addWidget(self.count)
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 6, 0, 0)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        self.tabs.addTab(holder, self.tr("Operators"))
        return self.timeline

    def hint(self) -> str:
        """See ``Pane``."""
        return self.tr("Drop a profile here: a folder of msprof, its op_summary, a trace, onnxruntime's profile, or "
                       "what benchmark --timeProfiling printed.\n\nTwo at once are compared.")

    def words(self) -> list[str]:
        """See ``Pane``."""
        words = ["profile", self.path.text() or self.folder.text()]
        words += [self.other.text()] if self.other.text() else []
        return words + (["--run", self.compared.text()] if self.compared.text() else [])

    def missing(self) -> str:
        """See ``Pane``."""
        must_exist((f.text() for f in (self.path, self.folder, self.other, self.compared)), Path.exists)
        return "" if self.path.text() or self.folder.text() else self.tr("Choose a profile, or drop one here")

    def job(self, words: Sequence[str], cancel: Cancel) -> Iterator[Event]:
        """See ``Pane``."""
        args = read("profile", command, words[1:])
        return examine(args.path, args.other, args.run, cancel)

    def show_result(self, result: object) -> None:
        """See ``Pane``."""
        if not isinstance(result, Told):
            raise TypeError(repr(result))
        self.result = result
        self.timeline.show_profile(result.profile)
        choices = [("operators", self.tr("by operator")), ("types", self.tr("by type")), ("cores", self.tr("by unit")),
                   ("calls", self.tr("every call"))]
        choices += [("host", self.tr("calls of the host"))] if result.profile.host else []
        choices += [("changes", self.tr("against the earlier one"))] if result.change is not None else []
        self.kind.blockSignals(True)
        self.kind.clear()
        for name, text in choices:
            self.kind.addItem(text, name)
        self.kind.setCurrentIndex(len(choices) - 1 if result.change is not None else 0)
        self.kind.blockSignals(False)
        self._fill()
        self.facts.setText("\n".join(report.facts(result, self.lang)))
        self.tell_findings(result.findings, report.how(result, self.lang))
        self.tabs.setCurrentIndex(0)
        self.tell_shown((result.profile.path,), report.headline(result, self.lang))

    def sentence(self) -> tuple[str, str, str]:
        """See ``Pane``."""
        if self.runner.busy:
            return "run", self.tr("Reading the profile"), ""
        if self.result is not None:
            return self.result.verdict.value, report.headline(self.result, self.lang), self.result.profile.path
        if self.stopped:
            return "stop", self.tr("Reading was stopped"), ""
        return "performance", self.tr("Where does the time go?"), self.tr(
            "A folder PROF_… or op_summary*.csv of msprof, onnxruntime's profile, or benchmark --timeProfiling.")

    def open(self, paths: Sequence[Path]) -> None:
        """The first is read; a second one is what it is compared with."""
        first, *rest = paths
        self.path.edit.setText("" if first.is_dir() else str(first))
        self.folder.edit.setText(str(first) if first.is_dir() else "")
        self.other.edit.setText(str(rest[0]) if rest else "")
        self.check()
        self.run()

    def save(self) -> str:
        """The paths of the form."""
        return json.dumps([f.text() for f in (self.path, self.folder, self.other, self.compared)])

    def restore(self, text: str) -> None:
        """The same, what is still there; it is read again."""
        for field, kept in zip((self.path, self.folder, self.other, self.compared), json.loads(text), strict=False):
            field.edit.setText(kept if kept and Path(kept).exists() else "")
        self.check()
        self.run()

    def to_filter(self) -> None:
        """Typing goes to the filter."""
        self.filter.setFocus()
        self.filter.selectAll()

    def _fill(self) -> None:
        result = self.result
        if result is None:
            return
        make = {"operators": spots.by_operator, "types": spots.by_type, "cores": spots.by_core,
                "changes": spots.changes, "host": spots.host}.get(str(self.kind.currentData()))
        columns, values, ranks = make(result) if make is not None else spots.calls(result.profile)
        self.model.sort(-1)
        self.model.set_columns(columns)
        self.model.replace(values)
        self.model.know_ranks(ranks)
        self.table.horizontalHeader().setSortIndicator(-1, self.table.horizontalHeader().sortIndicatorOrder())
        for place, width in enumerate(_WIDTHS[:len(columns)]):
            self.table.setColumnWidth(place, _WIDTHS[0] if not place else 92 if columns[place].right else width)
        self._narrow()

    def _narrow(self) -> None:
        text = self.filter.text().strip().lower()
        if not self.model.columns:
            return
        if text:
            mask = np.zeros(self.model.total, bool)
            for key in ("name", "type"):
                if any(c.key == key for c in self.model.columns):
                    mask |= _holds(self.model.values(key), text)
            self.model.set_mask(mask)
        else:
            self.model.set_mask(None)
        shown, total = self.model.rowCount(), self.model.total
        self.count.setText(self.tr("{shown} of {total}").format(shown=f"{shown:,}", total=f"{total:,}")
                           if shown != total else f"{total:,}")

    def _row(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid() or self.result is None:
            return
        source = self.model.source(current.row())
        if self.kind.currentData() == "calls":
            self.timeline.select(source)
        elif self.kind.currentData() == "operators":
            name = self.model.text(source, "name")
            names = self.result.profile.names
            code = names.words.index(name) if name in names.words else -1
            rows = np.flatnonzero(names.codes == code)
            if len(rows):
                self.timeline.select(int(rows[int(np.argmax(self.result.profile.duration_us[rows]))]))

    def _clicked(self, row: int) -> None:
        if self.result is None:
            return
        if self.kind.currentData() == "calls":
            place = self.model.row(row)
        else:
            self.kind.setCurrentIndex(max(0, self.kind.findData("operators")))
            wanted = self.result.profile.names[row]
            places = np.flatnonzero(self.model.values("name") == wanted)
            place = self.model.row(int(places[0])) if len(places) else -1
        if place >= 0:
            self.tabs.setCurrentIndex(0)
            self.table.selectRow(place)
            self.table.scrollTo(self.model.index(place, 0))
            self.timeline.select(row)


def _holds(values: np.ndarray, text: str) -> np.ndarray:
    """Which of the texts hold the word: each different text is looked at once."""
    known: dict[str, bool] = {}
    return np.fromiter((known[v] if v in known else known.setdefault(v, text in v.lower()) for v in values), bool,
                       len(values))
