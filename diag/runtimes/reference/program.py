"""A MindIR graph as a program of ONNX nodes."""

from __future__ import annotations

from collections.abc import Collection

from diag.errors import DiagError
from diag.runtimes.program import Program, Step
from diag.runtimes.reference.lowering import Lowering, NotCovered
from diag.runtimes.reference.table import OPERATORS
from diag.runtimes.reference.types import OPSET, Types
from diag.types.graph import Graph, Node
from diag.types.tensor import Weight


def lower(graph: Graph) -> Program:
    """The graph as steps that onnxruntime can run; step i is node i of the graph.

    Values keep the MindIR's names and layout. A node that is not covered becomes a step with a problem; the rest
    goes on. Never raises for a single node.
    """
    weights = dict(graph.weights)
    types = Types(graph, weights)
    wanted = {*graph.consumers, *(o.name for o in graph.outputs)}
    steps = tuple(_whole(_lower(i, node, types, weights), node, wanted) for i, node in enumerate(graph.nodes))
    return Program(graph, steps, weights, {"": OPSET}, ir_version=10)


def _lower(index: int, node: Node, types: Types, weights: dict[str, Weight]) -> Step:
    function = OPERATORS.get(node.op)
    if function is None:
        return _uncovered(index, node, f"operator {node.op} is not covered by the reference runtime")
    if not any(node.outputs):
        return Step(index, (), (), (), ())
    lowering = Lowering(node, types, weights)
    try:
        return lowering.finish(index, function(lowering))
    except NotCovered as reason:
        return _uncovered(index, node, str(reason))
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, DiagError) as error:
        # Whatever a damaged or foreign file holds in place of an attribute: this node is lost, the rest is not.
        return _uncovered(index, node, f"operator {node.op} has attributes that make no sense: {error}")


def _whole(step: Step, node: Node, wanted: Collection[str]) -> Step:
    """The step, unless it leaves out an output that somebody reads: then the node counts as not covered."""
    missing = [i for i, o in enumerate(node.outputs) if o in wanted and o not in step.writes]
    if not missing:
        return step
    return _uncovered(step.node, node, f"output {missing[0]} of operator {node.op} is not covered by the reference "
                      "runtime")


def _uncovered(index: int, node: Node, problem: str) -> Step:
    return Step(index, (), (), (), tuple(o for o in node.outputs if o), problem)
