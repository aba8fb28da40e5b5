"""Installing a runtime from the window: progress, what is said, cancel, failure, and what is chosen afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtWidgets import QMessageBox

from app.dialogs.install import InstallDialog
from app.dialogs.runtime_choice import RuntimeChoice
from diag.cancel import Cancel
from diag.errors import ToolFailed
from diag.events import Event, Finished, Message, Progress
from diag.runtimes.interface import RuntimeSpec

SPEC = RuntimeSpec("mindspore-lite", "2.0.0", Path("/somewhere/bin/python"))


def test_it_is_told_and_handed_on(qtbot):
    def job(_cancel: Cancel) -> Iterator[Event]:
        yield Progress("look", 0, 4)
        yield Message("Using Python 3.7.17")
        yield Progress("install", 2, 4)
        yield Finished(SPEC)

    dialog = InstallDialog(job)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.installed, timeout=5000) as told:
        dialog.start()
    assert told.args == [SPEC]
    assert dialog.log.toPlainText() == "Using Python 3.7.17"
    assert not dialog.isVisible()


def test_cancel_stops_it_within_a_second(qtbot):
    def job(cancel: Cancel) -> Iterator[Event]:
        yield Progress("install", 1, 4)
        while True:
            cancel.check()
            time.sleep(0.01)

    dialog = InstallDialog(job)
    qtbot.addWidget(dialog)
    dialog.start()
    qtbot.waitUntil(lambda: dialog.bar.maximum() == 4)
    begun = time.monotonic()
    dialog.buttons.rejected.emit()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=5000)
    assert time.monotonic() - begun < 1


def test_a_failure_stays_to_be_read(qtbot):
    def job(_cancel: Cancel) -> Iterator[Event]:
        yield Progress("install", 1, 4)
        raise ToolFailed("The package index was not reached", hint="Check the network and proxy settings")

    dialog = InstallDialog(job)
    qtbot.addWidget(dialog)
    dialog.start()
    qtbot.waitUntil(lambda: bool(dialog.findChildren(QMessageBox)), timeout=5000)
    dialog.findChildren(QMessageBox)[0].close()
    assert "Check the network" in dialog.log.toPlainText()
    assert dialog.isVisible()
    dialog.reject()
    assert not dialog.isVisible()


def test_the_new_runtime_is_chosen(qtbot, monkeypatch):
    missing = RuntimeSpec("mindspore-lite", "", problem="No Python has it", hint="Install it")
    found: list[list[RuntimeSpec]] = [[missing], [SPEC]]
    monkeypatch.setattr("app.dialogs.runtime_choice.discover", lambda: found.pop(0))
    choice = RuntimeChoice()
    qtbot.addWidget(choice)
    qtbot.waitUntil(lambda: choice.box.count() == 3)
    assert choice.install.isVisibleTo(choice)
    choice._installed(SPEC)
    qtbot.waitUntil(lambda: choice.chosen()[1] == SPEC)
    assert choice.box.count() == 3
    assert not choice.install.isVisibleTo(choice)
