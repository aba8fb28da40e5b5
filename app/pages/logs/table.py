"""The table of lines, as its reader uses it: keys, folds, copies, and a menu on what the pointer is at."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QFontDatabase, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from app.pages.logs.lines import FILE, LEVEL, LINE, MODULE, PID, TIME, LineModel
from diag.logs.codes import codes_in

_COPIED = 10_000
_SAMPLES = {FILE: "plog-1234567_20240506", LINE: "10,000,000", TIME: "05-06 10:00:00.000", LEVEL: "CRITICAL",
            MODULE: "ASCENDCL", PID: "1234567"}


class LineTable(QTableView):
    """Signals:
    code_wanted: (text) explain a code.
    only_wanted: (what, value) show only this "module" or "pid".
    """

    code_wanted = Signal(str)
    only_wanted = Signal(str, object)

    def __init__(self, model: LineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent, showGrid=False, wordWrap=False)
        self.lines = model
        self.setModel(model)
        self.setAccessibleName(self.tr("Lines of the logs"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.setFont(font)
        metrics = QFontMetrics(font)
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.hide()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setMinimumSectionSize(metrics.height() + 3)
        down.setDefaultSectionSize(metrics.height() + 3)
        across.setHighlightSections(False)
        across.setStretchLastSection(True)
        across.setSectionsMovable(True)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, sample in _SAMPLES.items():
            self.setColumnWidth(column, metrics.horizontalAdvance(sample) + 14)
        self.setColumnHidden(FILE, True)
        self.doubleClicked.connect(lambda index: model.fold(index.row()))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)

    def go_to(self, row: int) -> bool:
        """Select a row of the book and bring it to the middle; False where it is hidden."""
        place = self.lines.place_of(row)
        if place < 0:
            return False
        index = self.lines.index(place, LINE)
        self.setCurrentIndex(index)
        self.selectRow(place)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        return True

    def current_row(self) -> int:
        """The chosen row of the book, -1 without one."""
        index = self.currentIndex()
        return self.lines.row_at(index.row()) if index.isValid() else -1

    def copied(self) -> str:
        """The chosen lines as printed."""
        places = sorted(index.row() for index in self.selectionModel().selectedRows())[:_COPIED]
        return "\n".join(self.lines.text(self.lines.row_at(place)) for place in places)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Ctrl+C copies lines, Space and Return fold a record."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.copied())
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.lines.fold(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def menu_at(self, index: QModelIndex) -> QMenu:
        """What can be done with a line."""
        menu = QMenu(self)
        menu.addAction(self.tr("Copy lines"), lambda: QGuiApplication.clipboard().setText(self.copied()))
        menu.addAction(self.tr("Fold or unfold the record"), lambda: self.lines.fold(index.row()))
        module = str(index.siblingAtColumn(MODULE).data())
        if module:
            menu.addAction(self.tr("Only module {name}").format(name=module),
                           lambda: self.only_wanted.emit("module", module))
        pid = str(index.siblingAtColumn(PID).data())
        if pid:
            menu.addAction(self.tr("Only process {number}").format(number=pid),
                           lambda: self.only_wanted.emit("pid", int(pid)))
        for code in list(dict.fromkeys(codes_in(self.lines.text(self.lines.row_at(index.row()))[:4096])))[:6]:
            menu.addAction(self.tr("Explain {code}").format(code=code), partial(self.code_wanted.emit, code))
        return menu

    def _menu(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if index.isValid():
            menu = self.menu_at(index)
            menu.exec(self.viewport().mapToGlobal(at))
            menu.deleteLater()
