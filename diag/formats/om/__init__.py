"""OM: a model that the Ascend compiler made, and the JSON that ``atc --mode=1`` writes of one.

``read(path)`` gives a Compiled: header, partitions, graphs, tasks. ``read_json(path)`` gives the GeModel of the JSON.
``within(graph)`` finds the compiled models inside a MindIR.
"""

from diag.formats.om.container import MODEL_TYPES
from diag.formats.om.json_form import read as read_json
from diag.formats.om.json_form import sniff as sniff_json
from diag.formats.om.reader import Compiled, read, sniff
from diag.formats.om.tasks import Task
from diag.formats.om.within import within

__all__ = ["MODEL_TYPES", "Compiled", "Task", "read", "read_json", "sniff", "sniff_json", "within"]
