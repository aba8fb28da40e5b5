"""Cyclic garbage is collected on the thread of the window, and nowhere else.

Python collects on whatever thread happens to allocate: a job's thread would then delete widgets and timers that lie in
a cycle, which Qt answers with a crash.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_INTERVAL_MS = 2000


class Collector(QObject):
    """Collects between events, the youngest generation most often. ``stop`` gives the work back to Python."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=_INTERVAL_MS)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        """From now on."""
        # What is here now stays until the end: there is no need to look through it again and again.
        gc.freeze()
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Python collects by itself again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def collect(self) -> None:
        """Collect the generations that are due, by Python's own thresholds."""
        for generation, (count, limit) in reversed(list(enumerate(zip(gc.get_count(), gc.get_threshold(),
                                                                      strict=True)))):
            if limit and count > limit:
                gc.collect(generation)
                return
