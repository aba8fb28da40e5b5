"""What the page shows where no log is open."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.pages.invitation import Invitation


class Empty(Invitation):
    """One card with the ways to begin.

    Signals:
        files_wanted, folder_wanted, code_wanted, diagnostics_wanted: what was chosen.
    """

    files_wanted = Signal()
    folder_wanted = Signal()
    code_wanted = Signal()
    diagnostics_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.invite(
            self.tr("Ten thousand lines, one cause. Which line is it?"),
            (self.tr("Drop logs here: files, whole folders such as ~/ascend/log, or archives. The line that "
                     "is the cause is shown first, with what it means and what to do; consequences, "
                     "wrappers and harmless errors are set aside."),),
            (((self.tr("Open logs …"), "open", self.files_wanted),
              (self.tr("Open a folder …"), "open", self.folder_wanted)),
             ((self.tr("Explain an error code …"), "search", self.code_wanted),
              (self.tr("Get a better log …"), "settings", self.diagnostics_wanted))))
