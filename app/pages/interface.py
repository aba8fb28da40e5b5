"""What a page is to the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.speaking import Speaking
from app.settings import Settings

Verb = Callable[[], object]


class Page(Speaking):
    """One place of the window. Subclasses build their widgets in ``__init__`` and override what they need.

    Signals:
        verbs_changed: ``verbs()`` answers otherwise than before.
        title_changed: (text) what is open, for the window's title; "" for nothing.
        opened: (paths, title) goes to the recent files.
        open_wanted: (page name or "", paths) something that another page shows; "" lets the paths decide.
    """

    verbs_changed = Signal()
    title_changed = Signal(str)
    opened = Signal(object, str)
    open_wanted = Signal(str, object)

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, parent)
        self.settings = settings

    def stacked(self, empty: QWidget, full: QWidget) -> QStackedWidget:
        """Fill the page with one of two: ``empty`` while nothing is open (0), or ``full`` (1)."""
        stack = QStackedWidget(self)
        stack.addWidget(empty)
        stack.addWidget(full)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(stack)
        return stack

    def open(self, paths: Sequence[Path]) -> None:
        """Show these absolute paths. Reading happens in a job; what goes wrong is emitted as ``failed``."""
        raise NotImplementedError

    def verbs(self) -> Mapping[str, Verb]:
        """What the window's actions do here, by the actions' names (``app.menus``): new, open, again, cancel, close,
        copy_command, export_report, export_table, find, next, previous, clear_filters … An action that is not in it
        is not possible now, unless it is the window's own (quit, preferences, palette …).
        """
        return {}

    def save(self) -> str:
        """What ``restore`` needs to show the same again (JSON, paths rather than contents)."""
        return ""

    def restore(self, text: str) -> None:
        """Show what was open at the last end; what is gone from the disk is left out silently."""

    def shut_down(self) -> None:
        """Stop every job, thread, timer and process of this page. JobRunner children are stopped by the window."""
