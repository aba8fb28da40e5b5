"""The pages of one window: made when they are wanted, remembered when it closes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.table import COMPARE, Entry
from app.settings import Settings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.pages.interface import Page


class Shelf(QObject):
    """Pages by name, in a stack that also holds the comparison's widgets.

    Signals:
        turned: (page name) another page is in front.
        changed: what the front page can do, or its title, is other than before.
        made: (Page) it was just made; the window connects its signals.
    """

    turned = Signal(str)
    changed = Signal()
    made = Signal(object)

    def __init__(self, stack: QStackedWidget, entries: Sequence[Entry], look: Look, lang: Lang,
                 settings: Settings) -> None:
        super().__init__(stack)
        self._stack, self._entries = stack, {e.name: e for e in entries}
        self._look, self._lang, self._settings = look, lang, settings
        self._pages: dict[str, Page] = {}
        self._titles: dict[str, str] = {}
        self.front = COMPARE

    @property
    def page(self) -> Page | None:
        """The page in front; None for the comparison."""
        return self._pages.get(self.front)

    @property
    def title(self) -> str:
        """What is open in the front page."""
        return self._titles.get(self.front, "")

    def get(self, name: str) -> Page:
        """The page of a name, made if it was not there, with what it showed at the last end."""
        if name not in self._pages:
            page = self._entries[name].load()(self._look, self._lang, self._settings, self._stack)
            page.setObjectName(f"page_{name}")
            self._pages[name] = page
            page.verbs_changed.connect(lambda: self._tell(name))
            page.title_changed.connect(lambda text: self._name(name, text))
            self._stack.addWidget(page)
            self.made.emit(page)
            kept = self._settings.text(f"page/{name}")
            if kept:
                page.restore(kept)
        return self._pages[name]

    def turn(self, name: str, comparison: QWidget) -> None:
        """Bring a page to the front; ``comparison`` is the widget that stands for the comparison now."""
        other = name != self.front
        self.front = name
        self._stack.setCurrentWidget(comparison if name == COMPARE else self.get(name))
        if other:
            self.turned.emit(name)

    def save(self) -> None:
        """Remember the front page and what each page shows."""
        self._settings.put("page", self.front)
        for name, page in self._pages.items():
            self._settings.put(f"page/{name}", page.save())

    def shut_down(self) -> None:
        """Stop everything."""
        if not self._pages:
            return
        from app.jobs import JobRunner  # not before the first window is shown

        for page in self._pages.values():
            page.shut_down()
            for runner in page.findChildren(JobRunner):
                runner.shut_down()

    def _tell(self, name: str) -> None:
        if name == self.front:
            self.changed.emit()

    def _name(self, name: str, text: str) -> None:
        self._titles[name] = text
        self._tell(name)
