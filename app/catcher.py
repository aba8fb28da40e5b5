"""Exceptions that nobody caught."""

from __future__ import annotations

import sys
from types import TracebackType

from PySide6.QtCore import QObject, Signal


class Catcher(QObject):
    """Python's last resort: exceptions in slots end here. ``caught`` brings them to the window.

    Signals:
        caught: the exception.
    """

    caught = Signal(object)

    def install(self) -> None:
        """Become ``sys.excepthook``."""
        sys.excepthook = self._hook

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            self.caught.emit(error)
