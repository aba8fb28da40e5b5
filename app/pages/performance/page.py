"""The page of performance: measure, tune, profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.interface import Verb
from app.pages.pane import Pane
from app.pages.paned import PanedPage
from app.pages.performance.accept import pane_of
from app.pages.performance.bench import MODELS, BenchPane
from app.pages.performance.profile import ProfilePane
from app.pages.performance.tune import TunePane
from app.settings import Settings


class PerformancePage(PanedPage):
    """How fast, what tuning brings, where the time goes."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.bench = BenchPane(look, lang, self)
        self.tune = TunePane(look, lang, self)
        self.profile = ProfilePane(look, lang, self)
        self.lay_out((("bench", self.bench, self.tr("Measure")), ("tune", self.tune, self.tr("Tune (AOE)")),
                      ("profile", self.profile, self.tr("Profile"))))
        for pane in (self.bench, self.tune, self.profile):
            pane.dropped.connect(lambda paths, p=pane: self._take(p, paths))
            pane.setAcceptDrops(True)

    def open_files(self, paths: Sequence[Path]) -> None:
        """The first path decides which pane; models are measured."""
        name = "bench" if paths[0].suffix.lower() in MODELS else pane_of(paths[0]) or "profile"
        pane = self.panes[name]
        self.tabs.setCurrentWidget(pane)
        pane.open([p for p in paths if (pane_of(p) or name) == name] or paths)

    def verbs(self) -> Mapping[str, Verb]:
        """Those of the pane in front."""
        verbs = dict(super().verbs())
        if self.front is self.profile:
            verbs["find"] = self.profile.to_filter
        return verbs

    def _take(self, pane: Pane, paths: Sequence[Path]) -> None:
        """What was dropped stays in its pane, unless it is another one's."""
        name = pane_of(paths[0])
        if name and self.panes[name] is not pane:
            self.open(paths)
        else:
            pane.take(paths)
