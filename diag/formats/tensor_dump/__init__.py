"""Tensors that a device wrote down: dumps of the Ascend (small chips too), statistics, reports of overflows, MindSpore.

``read(folder)`` gives a Recording, its elements left in the files; ``load(tensor)`` maps them.
"""

from diag.formats.tensor_dump.arrays import load
from diag.formats.tensor_dump.reader import read, read_op, recordings
from diag.formats.tensor_dump.recording import (
    Overflow,
    Place,
    RecordedOp,
    RecordedTensor,
    Recording,
    Summary,
)

__all__ = ["Overflow", "Place", "RecordedOp", "RecordedTensor", "Recording", "Summary", "load", "read", "read_op",
           "recordings"]
