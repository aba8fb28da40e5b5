"""A page that is a head and panes under tabs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.head import VERDICTS, Head
from app.pages.interface import Page, Verb
from app.pages.recognise import kind_of_result
from app.pages.tab import Tab
from app.settings import Settings


class PanedPage(Page):
    """Subclasses make their panes and pass them to ``lay_out``."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.head = Head(look, self)
        self.head.cancel_wanted.connect(lambda: self.front.cancel())
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.panes: dict[str, Tab] = {}

    def lay_out(self, panes: Sequence[tuple[str, Tab, str]]) -> None:
        """Put (name, pane, title of its tab) into the page."""
        for name, pane, title in panes:
            self.panes[name] = pane
            self.tabs.addTab(pane, title)
            pane.changed.connect(self._tell)
            pane.progress.connect(lambda event, p=pane: self.head.set_progress(event) if p is self.front else None)
            pane.failed.connect(self.failed)
            pane.said.connect(self.said)
            pane.shown.connect(self.opened)
        self.tabs.currentChanged.connect(lambda _: self._tell())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.tabs, 1)
        self._tell()

    @property
    def front(self) -> Tab:
        """The pane that is seen."""
        return list(self.panes.values())[self.tabs.currentIndex()]

    def open(self, paths: Sequence[Path]) -> None:
        """A recorded result is shown in the pane of its kind; other files go where the page puts them."""
        pane = self.panes.get(kind_of_result(paths[0]))
        if pane is None:
            self.open_files(paths)
            return
        self.tabs.setCurrentWidget(pane)
        pane.reopen(paths[0] if paths[0].is_dir() else paths[0].parent)

    def open_files(self, paths: Sequence[Path]) -> None:
        """Put files into the pane that is for them."""
        raise NotImplementedError

    def verbs(self) -> Mapping[str, Verb]:
        """Those of the pane in front."""
        return dict(self.front.verbs())

    def save(self) -> str:
        """What each pane's form says, and which is in front."""
        return json.dumps({"front": self.tabs.currentIndex(), **{name: p.save() for name, p in self.panes.items()}})

    def restore(self, text: str) -> None:
        """The same forms."""
        kept = json.loads(text)
        self.tabs.setCurrentIndex(int(kept.get("front", 0)))
        for name, pane in self.panes.items():
            if name in kept:
                pane.restore(kept[name])

    def shut_down(self) -> None:
        """Everything stops."""
        for pane in self.panes.values():
            pane.shut_down()

    def _tell(self) -> None:
        pane = self.front
        icon, sentence, detail = pane.sentence()
        self.head.tell(icon, sentence, detail)
        self.head.set_running(on=pane.busy)
        self.title_changed.emit(sentence if icon in VERDICTS else "")
        self.verbs_changed.emit()
