"""Everything that menus, keys and the command palette can do: one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from app.assets import Look


class Entry(NamedTuple):
    """One action. ``keys``: shortcuts; ``icon``: its drawing, empty for none; ``name``: how tests and code call it.

    A tuple: the first window does not wait for dataclasses.
    """

    name: str
    title: str
    slot: Callable[[], object]
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False


class Actions(QObject):
    """The actions of a window, by name, in menus."""

    def __init__(self, window: QMainWindow, look: Look) -> None:
        super().__init__(window)
        self._window, self._look = window, look
        self._by_name: dict[str, QAction] = {}
        self._bare: dict[str, str] = {}
        self.menus: dict[str, QMenu] = {}

    def add_menu(self, name: str, title: str, entries: Sequence[Entry | None]) -> QMenu:
        """A menu of the menu bar; None is a line between."""
        menu = self._window.menuBar().addMenu(title)
        self.menus[name] = menu
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            else:
                menu.addAction(self.add(entry))
        return menu

    def add(self, entry: Entry) -> QAction:
        """An action of the window, also without a menu."""
        action = QAction(entry.title, self._window)
        action.setObjectName(entry.name)
        action.setCheckable(entry.checkable)
        action.setShortcuts([QKeySequence(k) for k in entry.keys])
        if entry.icon:
            self._bare[entry.name] = entry.icon
        slot = entry.slot
        action.triggered.connect(lambda _=False: slot())
        self._window.addAction(action)
        self._by_name[entry.name] = action
        return action

    def decorate(self) -> None:
        """Draw the icons: not before the first window is shown."""
        for name, icon in self._bare.items():
            self._by_name[name].setIcon(self._look.icon(icon))
        self._bare.clear()

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    def all(self) -> Iterator[QAction]:
        """Every action, in order."""
        yield from self._by_name.values()

    def enable(self, names: Sequence[str], on: bool) -> None:
        """Make actions possible or not."""
        for name in names:
            self._by_name[name].setEnabled(on)
