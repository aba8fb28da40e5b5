"""Fields of the forms: choices, numbers, and a list of model files that can be dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.dialogs.fields import FileField
from diag.errors import UsageError


def number(value: int, low: int, high: int, suffix: str = "") -> QSpinBox:
    """A whole number."""
    box = QSpinBox(minimum=low, maximum=high, value=value)
    box.setSuffix(suffix)
    return box


def check(text: str, *, on: bool = False) -> QCheckBox:
    """Yes or no."""
    box = QCheckBox(text)
    box.setChecked(on)
    return box


def choice(items: Sequence[tuple[str, str]]) -> QComboBox:
    """One of (word of the command line, text)."""
    box = QComboBox()
    for word, text in items:
        box.addItem(text, word)
    return box


def group(title: str, rows: Sequence[tuple[str, QWidget]], parent: QWidget | None = None) -> QGroupBox:
    """Fields under a heading; a row without a label takes the whole width."""
    box = QGroupBox(title, parent)
    form = QFormLayout(box)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setContentsMargins(10, 8, 10, 10)
    for label, widget in rows:
        if label:
            form.addRow(label, widget)
            widget.setAccessibleName(label)
        else:
            form.addRow(widget)
    return box


def spoken(options: Iterable[tuple[str, str, str]]) -> list[str]:
    """The words of a command line for (option, value, usual value): what is usual is not said."""
    return [word for option, value, usual in options if value != usual for word in (option, value)]


def must_exist(texts: Iterable[str], there: Callable[[Path], bool] = Path.is_file) -> None:
    """Raises UsageError for the first path that is not there; "" is none."""
    for text in texts:
        if text and not there(Path(text)):
            raise UsageError("There is no such file", where=f"in {text}")


class FolderField(FileField):
    """A folder instead of a file."""

    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.title, self.text())
        if name:
            self.edit.setText(name)


class FileList(QWidget):
    """Files in an order that can be changed: added, dropped, removed.

    Signals:
        changed: other files, or another order.
    """

    changed = Signal()

    def __init__(self, look: Look, title: str, kinds: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._kinds = title, kinds
        self.list = _Drop(self)
        self.list.setAccessibleName(title)
        self.list.setToolTip(hint)
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setFixedHeight(4 * (self.fontMetrics().height() + 8))
        self.list.dropped.connect(self.add)
        self.list.model().rowsMoved.connect(lambda *_: self.changed.emit())
        buttons = QVBoxLayout()
        for icon, text, slot in (("open", self.tr("Add files"), self._choose),
                                 ("stop", self.tr("Remove the selected"), self._remove)):
            button = QToolButton(self)
            button.setIcon(look.icon(icon))
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.clicked.connect(slot)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)

    def paths(self) -> tuple[Path, ...]:
        """The files, in order."""
        return tuple(Path(str(self.list.item(i).data(Qt.ItemDataRole.UserRole))) for i in range(self.list.count()))

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Exactly these files."""
        self.list.clear()
        self.add(paths)

    def add(self, paths: Sequence[Path]) -> None:
        """More files."""
        for path in paths:
            item = QListWidgetItem(path.name)
            item.setData(Qt.ItemDataRole.UserRole, str(path))
            item.setToolTip(str(path))
            self.list.addItem(item)
        self.changed.emit()

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self._title, "", self._kinds)
        if names:
            self.add([Path(name) for name in names])

    def _remove(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self.changed.emit()


class _Drop(QListWidget):
    """A list that takes files from outside."""

    dropped = Signal(object)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files are welcome."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Files are added; anything else is a change of order."""
        if not event.mimeData().hasUrls():
            super().dropEvent(event)
            return
        self.dropped.emit([Path(url.toLocalFile()) for url in event.mimeData().urls() if QUrl(url).isLocalFile()])
        event.acceptProposedAction()
