"""A one-way switch that says: stop."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from diag.errors import Cancelled


class Cancel:
    """Set once, by any thread; looked at by the work between its steps.

    Callbacks let a blocked read end: the launcher registers one that stops its child process.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        # Reentrant: a signal handler sets it in the main thread, which may be inside one of these methods.
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Ask for the stop. Returns after all callbacks ran."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_set(self, callback: Callable[[], None]) -> Callable[[], object]:
        """Run ``callback`` when set (at once if it is already); returns a function that takes it back."""
        with self._lock:
            self._callbacks.append(callback)
            late = self._event.is_set() and self._forget(callback)
        if late:
            callback()
        return functools.partial(self._forget, callback)

    def check(self) -> None:
        """Raise Cancelled if the stop was asked for."""
        if self:
            raise Cancelled("Stopped on request", hint="What was finished is kept.")

    def _forget(self, callback: Callable[[], None]) -> bool:
        with self._lock:
            known = callback in self._callbacks
            if known:
                self._callbacks.remove(callback)
            return known
