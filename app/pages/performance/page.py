"""The page of performance: a head, and three panes under tabs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.head import Head
from app.pages.interface import Page, Verb
from app.pages.pane import Pane
from app.pages.performance.accept import pane_of
from app.pages.performance.bench import MODELS, BenchPane
from app.pages.performance.profile import ProfilePane
from app.pages.performance.tune import TunePane
from app.settings import Settings


class PerformancePage(Page):
    """Measure, tune, profile."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.head = Head(look, self)
        self.head.cancel_wanted.connect(lambda: self.front.runner.cancel())
        self.bench = BenchPane(look, lang, self)
        self.tune = TunePane(look, lang, self)
        self.profile = ProfilePane(look, lang, self)
        self.panes: dict[str, Pane] = {"bench": self.bench, "tune": self.tune, "profile": self.profile}
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        for pane, title in ((self.bench, self.tr("Measure")), (self.tune, self.tr("Tune (AOE)")),
                            (self.profile, self.tr("Profile"))):
            self.tabs.addTab(pane, title)
            pane.changed.connect(self._tell)
            pane.progress.connect(lambda event, p=pane: self.head.set_progress(event) if p is self.front else None)
            pane.failed.connect(self.failed)
            pane.said.connect(self.said)
            pane.shown.connect(self.opened)
            pane.dropped.connect(self._take)
            pane.setAcceptDrops(True)
        self.tabs.currentChanged.connect(lambda _: self._tell())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.tabs, 1)
        self._tell()

    @property
    def front(self) -> Pane:
        """The pane that is seen."""
        return list(self.panes.values())[self.tabs.currentIndex()]

    def open(self, paths: Sequence[Path]) -> None:
        """The first path decides which pane; models are measured."""
        name = "bench" if paths[0].suffix.lower() in MODELS else pane_of(paths[0]) or "profile"
        pane = self.panes[name]
        self.tabs.setCurrentWidget(pane)
        pane.open([p for p in paths if (pane_of(p) or name) == name] or paths)

    def _take(self, paths: Sequence[Path]) -> None:
        """What was dropped goes to the pane in front, unless it is another one's."""
        name = pane_of(paths[0])
        if name and self.panes[name] is not self.front:
            self.open(paths)
        else:
            self.front.take(paths)

    def verbs(self) -> Mapping[str, Verb]:
        """Those of the pane in front."""
        verbs = dict(self.front.verbs())
        if self.front is self.profile:
            verbs["find"] = self.profile.to_filter
        return verbs

    def save(self) -> str:
        """What each pane's form says, and which is in front."""
        return json.dumps({"front": self.tabs.currentIndex(), "bench": self.bench.save(), "tune": self.tune.save(),
                           "profile": self.profile.save()})

    def restore(self, text: str) -> None:
        """The same forms; a profile is read again."""
        kept = json.loads(text)
        self.tabs.setCurrentIndex(int(kept.get("front", 0)))
        self.bench.restore(kept["bench"])
        self.tune.restore(kept["tune"])
        self.profile.restore(kept["profile"])

    def shut_down(self) -> None:
        """Everything stops."""
        for pane in self.panes.values():
            pane.shut_down()

    def _tell(self) -> None:
        pane = self.front
        icon, sentence, detail = pane.sentence()
        self.head.tell(icon, sentence, detail)
        self.head.set_running(on=pane.runner.busy)
        self.title_changed.emit(sentence if icon not in ("performance", "run", "stop") else "")
        self.verbs_changed.emit()
