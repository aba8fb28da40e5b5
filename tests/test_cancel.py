"""The switch that says stop, also when a signal handler throws it in the middle of its own methods."""

from __future__ import annotations

import pytest

from diag.cancel import Cancel
from diag.errors import Cancelled


def test_callbacks_run_once_each():
    cancel, ran = Cancel(), []
    cancel.on_set(lambda: ran.append("a"))
    cancel.on_set(lambda: ran.append("b"))()
    cancel.set()
    cancel.set()
    assert ran == ["a"]
    cancel.on_set(lambda: ran.append("late"))()
    assert ran == ["a", "late"]
    with pytest.raises(Cancelled):
        cancel.check()


def test_set_from_a_signal_handler_inside_on_set():
    cancel, ran = Cancel(), []

    class Interrupting(list):
        """Where the handler strikes: with the lock held."""

        def append(self, callback):
            super().append(callback)
            cancel.set()

    cancel._callbacks = Interrupting()
    cancel.on_set(lambda: ran.append("once"))
    assert ran == ["once"]
