"""The command palette: type a few letters, press Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.actions import Actions

_ICON = 18


class CommandPalette(QDialog):
    """Every action that is possible now."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("All commands"))
        self._actions = [a for a in actions.all() if a.isEnabled() and a.objectName() != "palette"]
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText(self.tr("What do you want to do?"))
        self.edit.setAccessibleName(self.tr("Command"))
        self.list = QListWidget(self)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(_ICON, _ICON))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.edit)
        layout.addWidget(self.list)
        self.edit.textChanged.connect(self._filter)
        self.edit.returnPressed.connect(self._run)
        self.edit.installEventFilter(self)
        self.list.itemClicked.connect(lambda _: self._run())
        self._filter("")
        self.resize(460, 360)
        if parent is not None:
            at = parent.mapToGlobal(parent.rect().topLeft())
            self.move(at.x() + (parent.width() - self.width()) // 2, at.y() + 80)
        self.edit.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Arrow keys move in the list while the field has the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and \
                event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.list.count():
            by = 1 if event.key() == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + by) % self.list.count())
            return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        self.list.clear()
        for action in self._actions:
            title = action.text().replace("&", "")
            if fits(text, title):
                keys = action.shortcut().toString(action.shortcut().SequenceFormat.NativeText)
                item = QListWidgetItem(self._icon(action), f"{title}    {keys}" if keys else title, self.list)
                item.setSizeHint(QSize(0, self.fontMetrics().height() + 12))
                item.setData(Qt.ItemDataRole.UserRole, action)
        self.list.setCurrentRow(0)

    def _icon(self, action: QAction) -> QIcon:
        """The action's drawing, or nothing in its place, so that all titles begin at the same place."""
        if not action.icon().isNull():
            return action.icon()
        nothing = QPixmap(_ICON, _ICON)
        nothing.fill(Qt.GlobalColor.transparent)
        return QIcon(nothing)

    def _run(self) -> None:
        item = self.list.currentItem()
        action = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self.close()
        if isinstance(action, QAction):
            action.trigger()


def fits(typed: str, title: str) -> bool:
    """Whether the typed letters stand in the title in this order."""
    letters = iter(title.casefold())
    return all(letter in letters for letter in typed.casefold().replace(" ", ""))
