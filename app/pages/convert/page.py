"""The page of conversions: convert, rewrite, configure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.convert.accept import pane_of
from app.pages.convert.config import ConfigPane
from app.pages.convert.convert import ConvertPane
from app.pages.convert.rewrites import RewritesPane
from app.pages.paned import PanedPage
from app.settings import Settings


class ConvertPage(PanedPage):
    """What the other panes find out goes into the form of the conversion."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.convert = ConvertPane(look, lang, self)
        self.rewrites = RewritesPane(look, lang, self)
        self.config = ConfigPane(look, lang, self)
        self.rewrites.chosen.connect(self._use_rewrites)
        self.config.use_wanted.connect(self._use_config)
        self.lay_out((("convert", self.convert, self.tr("Convert")), ("rewrites", self.rewrites, self.tr("Rewrites")),
                      ("config", self.config, self.tr("Configuration"))))

    def open_files(self, paths: Sequence[Path]) -> None:
        """A configuration is examined; models and batch plans are converted."""
        pane = self.config if pane_of(paths[0]) == "config" else self.convert
        self.tabs.setCurrentWidget(pane)
        pane.open(paths)

    def _use_rewrites(self, path: Path, names: Sequence[str]) -> None:
        self.convert.use_rewrites(path, names)
        self.tabs.setCurrentWidget(self.convert)

    def _use_config(self, path: Path) -> None:
        self.convert.use_config(path)
        self.tabs.setCurrentWidget(self.convert)
