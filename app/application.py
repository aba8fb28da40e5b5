"""The application around the window: language, theme, and a new window when one of them changes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTranslator, Signal
from PySide6.QtWidgets import QApplication

from app import i18n, theme
from app.assets import Look
from app.catcher import Catcher
from app.garbage import Collector
from app.settings import Settings
from app.window import MainWindow

_SWITCH_S = 0.0001


class Application(QObject):
    """Owns the settings and the one window."""

    restyled = Signal()

    def __init__(self, app: QApplication, settings: Settings) -> None:
        super().__init__(app)
        self._app = app
        self.settings = settings
        self._translators: list[QTranslator] = []
        self.window: MainWindow | None = None
        self.catcher = Catcher(self)
        self._collector = Collector(self)
        self._collector.start()
        # Painting asks for the interpreter many times; each time it may have to wait this long for a job's thread.
        sys.setswitchinterval(_SWITCH_S)

    def open(self, paths: Sequence[Path] = ()) -> MainWindow:
        """Show the window in the language and theme of the settings; it replaces an older one."""
        lang = self._speak()
        chosen = theme.chosen(self.settings.theme)
        self._app.setStyle("Fusion")
        self._app.setPalette(theme.palette(chosen))
        self._app.setPalette(theme.boxes(chosen), "QCheckBox")  # type: ignore[arg-type]  # takes a str, its stub says bytes
        self._app.setStyleSheet(theme.stylesheet(chosen))
        look = Look(chosen)
        self._app.setWindowIcon(look.icon("app"))
        window = MainWindow(look, lang, self.settings, paths)
        window.restyle_wanted.connect(self.restyle)
        self.catcher.caught.connect(window.show_problem)
        self.window = window
        window.show()
        return window

    def restyle(self) -> None:
        """Open the same again in another language or theme."""
        old = self.window
        if old is None:
            return
        self.catcher.caught.disconnect(old.show_problem)
        old.save()
        self.open()
        old.close()
        old.deleteLater()
        self.restyled.emit()

    def shut_down(self) -> None:
        """Close the window, take the translations back."""
        if self.window is not None:
            self.window.close()
            self.window.deleteLater()
            self.window = None
        self._collector.stop()
        self._silence()

    def _silence(self) -> None:
        for translator in self._translators:
            self._app.removeTranslator(translator)
            translator.deleteLater()
        self._translators = []

    def _speak(self) -> i18n.Lang:
        self._silence()
        lang = i18n.chosen(self.settings.language)
        self._translators = i18n.install(self._app, lang)
        return lang


def make_qt(argv: Sequence[str]) -> QApplication:
    """The Qt application, named and without a session manager's help."""
    QApplication.setApplicationName("Ascend Diag")
    QApplication.setDesktopFileName("ascend-diag")
    app = QApplication(list(argv))
    app.setQuitOnLastWindowClosed(True)
    return app
