"""The menus of the main window, and their keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from app.actions import Actions, Entry
from app.pages.table import COMPARE, COMPARE_WORDS, PAGES

if TYPE_CHECKING:
    from app.window import MainWindow

CONTEXT = ("close", "copy_command", "again", "cancel", "culprit", "next", "previous", "own_input", "swap", "find",
           "clear_filters", "export_report", "export_table")
"""Actions that depend on what the page in front shows."""


def build(window: MainWindow, actions: Actions) -> None:
    """Make every menu and action. An action's name is what ``MainWindow.do`` understands."""
    translate = QCoreApplication.translate

    def entry(name: str, title: str, *keys: str, icon: str = "", checkable: bool = False) -> Entry:
        return Entry(name, title, lambda: window.do(name), keys, icon, checkable)

    recent = QMenu(translate("Menus", "Open &recent"), window)
    recent.aboutToShow.connect(lambda: window.fill_recent(recent))
    file = actions.add_menu("file", translate("Menus", "&File"), (
        entry("new", translate("Menus", "&New comparison …"), "Ctrl+N", icon="compare"),
        entry("open", translate("Menus", "&Open files …"), "Ctrl+O", icon="open"),
        entry("open_run", translate("Menus", "Open r&un folder …"), "Ctrl+Shift+O"),
        entry("paste", translate("Menus", "Open &pasted paths"), "Ctrl+Shift+V"),
        None,
        entry("export_report", translate("Menus", "Export re&port …"), "Ctrl+Shift+E", icon="export"),
        entry("export_table", translate("Menus", "Export &table …")),
        entry("copy_command", translate("Menus", "&Copy as command"), "Ctrl+Shift+C", icon="copy"),
        None,
        entry("close", translate("Menus", "Cl&ose"), "Ctrl+W"),
        entry("quit", translate("Menus", "&Quit"), "Ctrl+Q")))
    file.insertMenu(actions["open_run"], recent)
    for i in range(1, 10):
        key = QShortcut(QKeySequence(f"Ctrl+{i}"), window)
        key.activated.connect(partial(window.open_nth_recent, i))
    actions.add_menu("run", translate("Menus", "&Compare"), (
        entry("again", translate("Menus", "Compare &again"), "F5", icon="run"),
        entry("cancel", translate("Menus", "&Cancel"), "Esc", icon="stop"),
        None,
        entry("sample", translate("Menus", "Open the &sample")),
        entry("sample_right", translate("Menus", "Open the sample that is &right"))))
    actions.add_menu("go", translate("Menus", "&Go"), (
        entry("culprit", translate("Menus", "&Culprit"), "C", icon="target"),
        entry("next", translate("Menus", "&Next failure"), "N", icon="next"),
        entry("previous", translate("Menus", "&Previous failure"), "P", icon="previous"),
        None,
        entry("find", translate("Menus", "&Find layer"), "Ctrl+F", icon="search"),
        entry("clear_filters", translate("Menus", "Show &every layer"), "Ctrl+Backspace")))
    _add_pages(window, actions)
    actions.add_menu("view", translate("Menus", "&View"), (
        entry("own_input", translate("Menus", "Look at each layer &alone (own input)"), "O", checkable=True),
        entry("swap", translate("Menus", "S&wap sides"), "X", checkable=True),
        None,
        entry("theme", translate("Menus", "&Dark or light"), "Ctrl+Shift+D"),
        entry("usual_layout", translate("Menus", "&Usual layout")),
        entry("preferences", translate("Menus", "P&references …"), "Ctrl+,", icon="settings"),
        None))
    actions.add_menu("help", translate("Menus", "&Help"), (
        entry("palette", translate("Menus", "&All commands …"), "Ctrl+K", icon="search"),
        entry("shortcuts", translate("Menus", "&Keys"), "?", "F1"),
        entry("about", translate("Menus", "A&bout and runtimes"), icon="info")))


def _add_pages(window: MainWindow, actions: Actions) -> None:
    """A line a page in the menu "Go", with Alt and its number as key."""
    words = [(COMPARE, QCoreApplication.translate("Pages", COMPARE_WORDS[0])),
             *((e.name, e.words()[0]) for e in PAGES)]
    menu = actions.menus["go"]
    menu.addSeparator()
    for i, (name, title) in enumerate(words, 1):
        keys = (f"Alt+{i}",) if i < 10 else ()
        menu.addAction(actions.add(Entry(f"page_{name}", title, partial(window.turn, name), keys)))
