"""The page: a head, and panes under tabs: precision, before a conversion, and repair."""

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
from app.pages.precision.fix import FixPane
from app.pages.precision.lint import LintPane
from app.pages.precision.precision import PrecisionPane
from app.settings import Settings


class PrecisionPage(Page):
    """Emulate, look before a conversion, repair after it."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.head = Head(look, self)
        self.head.cancel_wanted.connect(lambda: self.front.runner.cancel())
        self.precision = PrecisionPane(look, lang, self)
        self.lint = LintPane(look, lang, self)
        self.fix = FixPane(look, lang, self)
        self.panes: dict[str, Pane] = {"precision": self.precision, "lint": self.lint, "fix": self.fix}
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        for pane, title in ((self.precision, self.tr("Precision")), (self.lint, self.tr("Before conversion")),
                            (self.fix, self.tr("Repair"))):
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
    def front(self) -> Pane:
        """The pane that is seen."""
        return list(self.panes.values())[self.tabs.currentIndex()]

    def open(self, paths: Sequence[Path]) -> None:
        """Two models are a pair to repair; one goes into the pane in front."""
        pane = self.fix if len(paths) > 1 or paths[0].suffix.lower() in (".mindir", ".toml") else self.front
        self.tabs.setCurrentWidget(pane)
        pane.open(paths)

    def verbs(self) -> Mapping[str, Verb]:
        """Those of the pane in front."""
        return dict(self.front.verbs())

    def save(self) -> str:
        """What each pane's form says, and which is in front."""
        return json.dumps({"front": self.tabs.currentIndex(), "precision": self.precision.save(),
                           "lint": self.lint.save(), "fix": self.fix.save()})

    def restore(self, text: str) -> None:
        """The same forms."""
        kept = json.loads(text)
        self.tabs.setCurrentIndex(int(kept.get("front", 0)))
        self.precision.restore(kept["precision"])
        self.lint.restore(kept["lint"])
        self.fix.restore(kept["fix"])

    def shut_down(self) -> None:
        """Everything stops."""
        for pane in self.panes.values():
            pane.shut_down()

    def _tell(self) -> None:
        pane = self.front
        icon, sentence, detail = pane.sentence()
        self.head.tell(icon, sentence, detail)
        self.head.set_running(on=pane.runner.busy)
        self.title_changed.emit(sentence if icon not in ("precision", "run", "stop") else "")
        self.verbs_changed.emit()
