"""What the board shows where no pipeline is open."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.pages.invitation import Invitation


class Empty(Invitation):
    """One card with the ways to begin.

    Signals:
        open_wanted: choose a file.
        folder_wanted: describe a pipeline from a folder of models.
        sample_wanted: the shipped pipeline.
    """

    open_wanted = Signal()
    folder_wanted = Signal()
    sample_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.invite(
            self.tr("The picture is wrong. Which submodel is it?"),
            (self.tr("Drop a pipeline.toml or a recorded run here. Every submodel is swapped to its MindIR, "
                     "alone and all but one; pictures, latents and outputs tell which one is at fault, and "
                     "its layers are compared on what the pipeline gave it."),),
            (((self.tr("Open the sample"), "run", self.sample_wanted),
              (self.tr("Set up from folders …"), "settings", self.folder_wanted),
              (self.tr("Open a pipeline …"), "open", self.open_wanted)),))
