"""What the page shows where no graph is open."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.assets import Look
from app.pages.invitation import Invitation


class Empty(Invitation):
    """One card with the ways to begin.

    Signals:
        open_wanted: choose one or two files.
        folder_wanted: choose a folder of dumps, or a run.
    """

    open_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.invite(
            self.tr("What did the compiler do to my model?"),
            (self.tr("Drop one graph to look at it: ONNX, MindIR, ge_proto or ge_onnx dump, OM, JSON of atc."),
             self.tr("Drop two to see what differs, or a folder of dumps to go through it pass by pass: fused, "
                     "added, removed and changed nodes, and the life of each node."),
             self.tr("Drop the run folder of a comparison with an NPU recording to see its errors on both graphs."),
             self.tr("The compiler writes dumps where DUMP_GE_GRAPH=2 and DUMP_GRAPH_PATH=FOLDER are set.")),
            (((self.tr("Open graphs …"), "open", self.open_wanted),
              (self.tr("Open a folder …"), "folder", self.folder_wanted)),))
