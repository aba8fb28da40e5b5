"""The inputs of a model with their shapes, to be changed; and what the dynamic profiles make of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.jobs import LatestRunner, call
from app.pages.convert.combine import Combine
from diag.errors import DiagError
from diag.formats.onnx import load
from diag.tools.converter.profiles import MOST, Profiles, read_profiles, read_shapes
from diag.types.tensor import TensorInfo

_SHOWN = 3
_NAME, _TYPE, _FILE, _WANTED = range(4)


class Shapes(QWidget):
    """One row an input: its name, type, the shape in the file, the shape that is wanted; below them the profiles.

    Signals:
        changed: another shape or profile.
    """

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._path: Path | None = None
        self.table = QTableWidget(0, 4, self)
        self.table.setHorizontalHeaderLabels([self.tr("Input"), self.tr("Type"), self.tr("In the file"),
                                              self.tr("Wanted")])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setAccessibleName(self.tr("Inputs"))
        self.table.setEditTriggers(QTableWidget.EditTrigger.AllEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        heading = self.table.horizontalHeader()
        heading.setHighlightSections(False)
        heading.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_TYPE, _FILE, _WANTED):
            heading.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.itemChanged.connect(self._changed)
        self.profiles = QLineEdit(self, clearButtonEnabled=True, placeholderText="1,1; 2,2")
        self.profiles.setAccessibleName(self.tr("Dynamic profiles"))
        self.profiles.setToolTip(self.tr("A number for each -1, in the order of the inputs; profiles by semicolon"))
        self.profiles.textChanged.connect(self._changed)
        self.combine = QPushButton(self.tr("Combine sizes …"), self)
        self.combine.setToolTip(self.tr("Give the sizes that each -1 takes; all combinations become profiles"))
        self.combine.clicked.connect(self.ask)
        self.preview = QLabel(self, wordWrap=True)
        self.preview.setObjectName("muted")
        self.preview.setTextFormat(Qt.TextFormat.PlainText)
        self.preview.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.table, self.profiles, self.combine, self.preview):
            layout.addWidget(widget)
        self._reader = LatestRunner(self)
        self._reader.done.connect(self._show)
        self._fit()
        self._tell()

    def read(self, path: Path | None) -> None:
        """Show the inputs of this ONNX model; None: of none."""
        if path == self._path:
            return
        self._path = path
        if path is None or not path.is_file():
            self._show(())
        else:
            self._reader.request(call(lambda _: _inputs(path)))

    def wanted(self) -> dict[str, tuple[int, ...]]:
        """The shapes that differ from the file's. Raises UsageError for one that makes no sense."""
        told = [(self._text(row, _NAME), self._text(row, _FILE), self._text(row, _WANTED))
                for row in range(self.table.rowCount())]
        changed = any(wanted.replace(" ", "") != there.replace(" ", "") for _, there, wanted in told)
        whole = [f"{name}:{wanted}" for name, _, wanted in told if wanted] if changed else []
        return read_shapes(";".join(whole))

    def shape_words(self) -> str:
        """As the command line has them."""
        return ";".join(f"{n}:{','.join(map(str, s))}" for n, s in self.wanted().items())

    def profile_words(self) -> str:
        """As the command line has them."""
        return self.profiles.text().replace(" ", "")

    def ask(self) -> None:
        """The dialog in which sizes are combined."""
        try:
            shapes = self.wanted()
        except DiagError:
            return
        dialog = Combine(shapes, self._look, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda found: self.profiles.setText(found.dynamic_dims))
        dialog.open()

    def shut_down(self) -> None:
        """Nothing is read any more."""
        self._reader.shut_down()

    def _show(self, outcome: object) -> None:
        infos: Sequence[TensorInfo] = outcome if isinstance(outcome, tuple) else ()
        self.table.blockSignals(True)
        self.table.setRowCount(len(infos))
        for row, info in enumerate(infos):
            dims = [str(d) if isinstance(d, int) and d >= 0 else "-1" for d in info.shape or ()]
            there = [str(d) if d is not None else "?" for d in info.shape or ()]
            fixed = "-1" not in dims
            for column, text in enumerate((info.name, info.dtype.value, ",".join(there),
                                           ",".join(dims if fixed else there))):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column != _WANTED:
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                self.table.setItem(row, column, item)
        self.table.blockSignals(False)
        self._fit()
        self._changed()

    def _text(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text().strip().strip("[]") if item is not None else ""

    def _fit(self) -> None:
        rows = min(max(self.table.rowCount(), 1), 6)
        heading, row = self.table.horizontalHeader().sizeHint(), self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(heading.height() + rows * row + 4)

    def _changed(self, *_: object) -> None:
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        """What the profiles are, or what is wrong with them."""
        try:
            found = Profiles(self.wanted(), read_profiles(self.profile_words()))
        except DiagError as error:
            self.preview.setText(error.message)
            return
        varies = bool(found.varying)
        self.combine.setEnabled(varies)
        if not varies and not found.sizes:
            self.preview.setText(self.tr("Write -1 where a size varies."))
            return
        problems = found.problems()
        if problems:
            self.preview.setText(problems[0])
            return
        lines = [self.tr("{count} of at most {most} profiles").format(count=len(found.sizes), most=MOST)]
        for number in range(min(_SHOWN, len(found.sizes))):
            shapes = "   ".join(f"{n} {'×'.join(map(str, s))}" for n, s in found.inputs(number).items())
            lines.append(f"{number + 1}:  {shapes}")
        self.preview.setText("\n".join(lines + (["…"] if len(found.sizes) > _SHOWN else [])))


def _inputs(path: Path) -> tuple[TensorInfo, ...]:
    graph = load(path).graph
    return tuple(TensorInfo(n, i.dtype, i.shape) for n, i in zip(graph.input_names, graph.inputs, strict=True))
