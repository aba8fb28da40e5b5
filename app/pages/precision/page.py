"""The page of what comes before and after a conversion: precision, preflight, repair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.i18n import Lang
from app.pages.paned import PanedPage
from app.pages.precision.fix import FixPane
from app.pages.precision.lint import LintPane
from app.pages.precision.precision import PrecisionPane
from app.settings import Settings


class PrecisionPage(PanedPage):
    """Emulate, look before a conversion, repair after it."""

    def __init__(self, look: Look, lang: Lang, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(look, lang, settings, parent)
        self.precision = PrecisionPane(look, lang, self)
        self.lint = LintPane(look, lang, self)
        self.fix = FixPane(look, lang, self)
        self.lay_out((("precision", self.precision, self.tr("Precision")),
                      ("lint", self.lint, self.tr("Before conversion")), ("fix", self.fix, self.tr("Repair"))))

    def open_files(self, paths: Sequence[Path]) -> None:
        """Two models are a pair to repair; one goes into the pane in front."""
        pane = self.fix if len(paths) > 1 or paths[0].suffix.lower() in (".mindir", ".toml") else self.front
        self.tabs.setCurrentWidget(pane)
        pane.open(paths)
