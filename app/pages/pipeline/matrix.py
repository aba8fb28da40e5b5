"""The table of swaps. Selecting a row shows its picture and its steps."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QVBoxLayout, QWidget

from app.assets import Look
from app.pages.pipeline.runs import THUMB, RunsModel
from app.pages.pipeline.state import Board
from app.views.tables import small_table
from diag.rules import Lang
from diag.types.pipeline import SwapRun


class Matrix(QWidget):
    """Runs down, submodels and scores across."""

    def __init__(self, board: Board, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self.model = RunsModel(look, lang, self)
        self.table = small_table(self.model, self.tr("Swaps"), ())
        self.table.setIconSize(QSize(THUMB, THUMB))
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.verticalHeader().setDefaultSectionSize(THUMB + 6)
        self.table.selectionModel().currentRowChanged.connect(lambda index, _: self._choose(index.row()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        board.opened.connect(self._fill)
        board.runs_added.connect(self._fill)
        board.run_selected.connect(self._mark)

    def _fill(self) -> None:
        spec = self._board.spec
        names = [s.name for s in spec.submodels] if spec else []
        self.model.set_runs(names, self._board.runs, self._board.folder)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column in range(self.model.columnCount() - 1):
            self.table.resizeColumnToContents(column)
        self._mark(self._board.run)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.model.runs):
            self._board.select_run(self.model.runs[row])

    def _mark(self, run: SwapRun | None) -> None:
        row = next((i for i, r in enumerate(self.model.runs) if r is run), -1)
        if row >= 0 and self.table.currentIndex().row() != row:
            self.table.selectRow(row)
