"""MindIR: the model files of MindSpore and MindSpore Lite."""

from diag.formats.mindir.reader import MindIR

MINDIR = MindIR()

__all__ = ["MINDIR"]
