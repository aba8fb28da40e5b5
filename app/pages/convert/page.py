"""The page of conversions: a head, and three panes under tabs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.convert.accept import pane_of
from app.pages.convert.config import ConfigPane
from app.pages.convert.convert import ConvertPane
from app.pages.convert.rewrites import RewritesPane
from app.pages.head import Head
from app.pages.interface import Page, Verb
from app.pages.pane import Pane
from app.pages.recognise import kind_of_result
from app.settings import Settings
from app.stages import stage
from diag.events import Progress


class ConvertPage(Page):
    """Convert, rewrite, configure."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.head = Head(look, self)
        self.head.cancel_wanted.connect(self._cancel)
        self.convert = ConvertPane(look, lang, self)
        self.rewrites = RewritesPane(look, lang, self)
        self.config = ConfigPane(look, lang, self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        for widget, title in ((self.convert, self.tr("Convert")), (self.rewrites, self.tr("Rewrites")),
                              (self.config, self.tr("Configuration"))):
            self.tabs.addTab(widget, title)
            widget.changed.connect(self._tell)
            widget.failed.connect(self.failed)
            widget.said.connect(self.said)
            widget.shown.connect(self.opened)
        for pane in (self.convert, self.rewrites):
            pane.progress.connect(lambda event, p=pane: self._progress(p, event))
        self.rewrites.chosen.connect(self._use_rewrites)
        self.config.use_wanted.connect(self._use_config)
        self.tabs.currentChanged.connect(lambda _: self._tell())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.tabs, 1)
        self._tell()

    @property
    def front(self) -> QWidget:
        """The pane that is seen."""
        return self.tabs.currentWidget()

    def open(self, paths: Sequence[Path]) -> None:
        """A recorded conversion is shown, a configuration examined; models and batch plans are converted."""
        if kind_of_result(paths[0]) == "convert":
            self.tabs.setCurrentWidget(self.convert)
            self.convert.reopen(paths[0] if paths[0].is_dir() else paths[0].parent)
        elif pane_of(paths[0]) == "config":
            self.tabs.setCurrentWidget(self.config)
            self.config.open(paths)
        else:
            self.tabs.setCurrentWidget(self.convert)
            self.convert.open(paths)

    def verbs(self) -> Mapping[str, Verb]:
        """Those of the pane in front."""
        pane = self.front
        if isinstance(pane, Pane):
            return pane.verbs()
        return {"copy_command": self.config.copy_command, "export_report": self.config.write}

    def save(self) -> str:
        """What the forms say, and which is in front."""
        return json.dumps({"front": self.tabs.currentIndex(), "convert": self.convert.save(),
                           "rewrites": self.rewrites.save(), "config": str(self.config.path or "")})

    def restore(self, text: str) -> None:
        """The same forms."""
        kept = json.loads(text)
        self.tabs.setCurrentIndex(int(kept.get("front", 0)))
        self.convert.restore(kept["convert"])
        self.rewrites.restore(kept["rewrites"])
        config = Path(kept.get("config", ""))
        if config.is_file():
            self.config.open([config])

    def shut_down(self) -> None:
        """Everything stops."""
        for pane in (self.convert, self.rewrites, self.config):
            pane.shut_down()

    def _progress(self, pane: Pane, event: Progress) -> None:
        """In a batch the stage is that of one model: its name stands before it."""
        if pane is not self.front:
            return
        name, colon, rest = event.stage.partition(": ")
        self.head.set_progress(replace(event, stage=f"{name}: {stage(rest)}") if colon else event)

    def _cancel(self) -> None:
        if isinstance(self.front, Pane):
            self.front.runner.cancel()

    def _use_rewrites(self, path: Path, names: Sequence[str]) -> None:
        self.convert.use_rewrites(path, names)
        self.tabs.setCurrentWidget(self.convert)

    def _use_config(self, path: Path) -> None:
        self.convert.use_config(path)
        self.tabs.setCurrentWidget(self.convert)

    def _tell(self) -> None:
        pane = self.front
        if not isinstance(pane, Pane | ConfigPane):
            raise TypeError(repr(pane))
        icon, sentence, detail = pane.sentence()
        self.head.tell(icon, sentence, detail)
        self.head.set_running(on=isinstance(pane, Pane) and pane.runner.busy)
        self.title_changed.emit(sentence if icon in ("pass", "watch", "fail", "not_comparable") else "")
        self.verbs_changed.emit()
