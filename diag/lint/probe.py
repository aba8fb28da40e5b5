"""Measures nodes of a model on the real converter and runtime, one at a time, on their real input.

Each chosen node becomes a model of its own: what comes from other nodes is an input with the values that the whole
model gives it, constants stay constants. What came out is compared with what onnxruntime says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from diag.cancel import Cancel
from diag.compare.sides import Side
from diag.compare.tape import Tape
from diag.events import Event, Finished, Partial, Progress
from diag.formats import weights as weight_files
from diag.lint.forms import Form
from diag.lint.practice import PRACTICE, Probed
from diag.runtimes.conformance import measure
from diag.runtimes.conformance.cases import Case
from diag.runtimes.conformance.table import CaseResult
from diag.runtimes.interface import Array, RuntimeSpec
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import onnx_type
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo

_EMPTY = "meta_graph is invalid"
_SEGMENT_BYTES = 16 * 2**20


def probe(side: Side, chosen: Mapping[int, Form], feeds: Mapping[str, Array], infos: Mapping[str, TensorInfo],
          spec: RuntimeSpec, folder: Path, cancel: Cancel) -> Iterator[Event]:
    """Partial(Probed) for each chosen node (index in the graph), then Finished(tuple of them). Raises DiagError."""
    yield Progress("Recording what the nodes are given", 0, 0)
    cases = list(_cases(side, chosen, feeds, infos, cancel))
    forms = {case.key: chosen[int(case.name.partition(" ")[0])] for case in cases}
    found: list[Probed] = []
    for event in measure(cases, spec, folder, cancel):
        if isinstance(event, Partial):
            found.append(Probed(forms[event.item.key], _alone(event.item)))
            yield Partial(found[-1])
        elif isinstance(event, Progress):
            yield Progress("Measuring nodes on the converter", event.done, event.total, "nodes", event.eta_s)
    yield Finished(tuple(found))


def _alone(result: CaseResult) -> CaseResult:
    """A node that a converter takes out of the graph leaves nothing to build where it stands alone: that is right."""
    if result.reached == "build" and _EMPTY in result.why:
        return replace(result, reached="ran", error=0.0, why="", reference="")
    return result


def _cases(side: Side, chosen: Mapping[int, Form], feeds: Mapping[str, Array], infos: Mapping[str, TensorInfo],
           cancel: Cancel) -> Iterator[Case]:
    program = side.session.program
    tape = Tape(Engine(program), range(len(program.steps)), side.session.bind(feeds), infos, _SEGMENT_BYTES)
    for index in range(len(program.steps)):
        cancel.check()
        tape.run([index])
        if index in chosen:
            case = _case(side, index, tape)
            if case is not None:
                yield case
        tape.release(lambda _v: False, index)


def _case(side: Side, index: int, tape: Tape) -> Case | None:
    program, node = side.session.program, side.graph.nodes[index]
    step = program.steps[index]
    if len(step.protos) != 1 or any(a.HasField("g") or a.graphs for a in step.protos[0].attribute):
        return None
    arrays = {v: tape.array(v) for v in dict.fromkeys((*step.reads, *step.writes))}
    if any(a is None or a.dtype.kind not in "fiub" for a in arrays.values()):
        return None
    held = {v: np.array(a) for v, a in arrays.items() if a is not None}
    return single(side, index, f"{index} {node.name}", {v: held[v] for v in step.reads},
                  {v: held[v] for v in step.writes})


def single(side: Side, index: int, name: str, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Case:
    """The node as a model of its own."""
    program, node = side.session.program, side.graph.nodes[index]
    step = program.steps[index]
    opsets = [helper.make_opsetid(domain, version) for domain, version in program.opsets.items()]
    weights = [numpy_helper.from_array(np.array(weight_files.load(program.weights[w])), w) for w in step.weights]
    graph = helper.make_graph(step.protos, "node", [_info(v, a) for v, a in inputs.items()],
                              [_info(v, a) for v, a in outputs.items()], weights)
    model = helper.make_model(graph, opset_imports=opsets, ir_version=program.ir_version)
    opset = max((o.version for o in opsets if not o.domain), default=0)
    return Case(PRACTICE, name, node.op, opset, "", model, tuple(inputs.items()), tuple(outputs.values()))


def _info(name: str, array: Array) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx_type(DType.of(array.dtype)), array.shape)
