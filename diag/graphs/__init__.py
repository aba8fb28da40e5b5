"""Graphs looked at side by side: what a compiler pass did, what became of a node, how two models differ.

``view`` makes one kind of picture of every file format; ``diff`` compares two; ``history`` follows a node through many.
"""

from diag.graphs.diff import Change, Fused, GraphDiff, diff
from diag.graphs.history import Event, Step, history
from diag.graphs.opened import Stage, compilations, open_view, stages_of
from diag.graphs.view import Tensor, View, ViewNode, of_ge, of_graph

__all__ = ["Change", "Event", "Fused", "GraphDiff", "Stage", "Step", "Tensor", "View", "ViewNode", "compilations",
           "diff", "history",
           "of_ge", "of_graph", "open_view", "stages_of"]
