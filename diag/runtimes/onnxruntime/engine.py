"""Runs chosen steps of a Program in onnxruntime: a segment of the whole, or every step on its own input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnxruntime as ort
from onnx import helper

from diag.errors import DiagError, ToolFailed, refused
from diag.formats import weights as weight_files
from diag.runtimes.onnxruntime.values import onnx_type, to_ort, type_proto
from diag.runtimes.program import Program, Step
from diag.types.tensor import Weight

_INLINE_BYTES = 1024
_OWN = "@own"
_FOLDER = "session.model_external_initializers_file_folder_path"


@dataclass(frozen=True, slots=True)
class Built:
    """A session, and the weights that it reads from our memory: they must live as long as it does."""

    session: ort.InferenceSession
    weights: tuple[ort.OrtValue, ...]


class Engine:
    """Runs steps of one program. Graph optimisation is off: every value is computed as the graph says.

    Weights stay initializers (not feeds), so that kernels see constants as they would in a plain session and the
    numbers are the same to the last bit; large ones are mapped from the model file and never copied by us.
    """

    def __init__(self, program: Program, threads: int = 1) -> None:
        self.program = program
        self._threads = threads

    def run(self, steps: Sequence[int], values: Mapping[str, ort.OrtValue],
            wanted: Iterable[str]) -> dict[str, ort.OrtValue]:
        """Run ``steps`` (indices into ``program.steps``) as one graph; give back the ``wanted`` values they write."""
        chosen = [self.program.steps[i] for i in steps]
        written = {value for step in chosen for value in step.writes}
        reads = [v for v in dict.fromkeys(v for step in chosen for v in step.reads) if v not in written]
        outputs = [v for v in dict.fromkeys(wanted) if v in written]
        if not outputs:
            return {}
        protos = [proto for step in chosen for proto in step.protos]
        results = self._execute(protos, chosen, {v: values[v] for v in reads}, outputs)
        return dict(zip(outputs, results, strict=True))

    def isolate(self, steps: Sequence[int], values: Mapping[str, ort.OrtValue],
                wanted: Iterable[str]) -> dict[str, ort.OrtValue]:
        """Run each of ``steps`` alone: whatever it reads is taken from ``values``, never from another step."""
        chosen = [self.program.steps[i] for i in steps]
        reads = list(dict.fromkeys(v for step in chosen for v in step.reads))
        mine = {value for step in chosen for value in step.writes}
        outputs = [v for v in dict.fromkeys(wanted) if v in mine]
        if not outputs:
            return {}
        protos = [_renamed(proto, step) for step in chosen for proto in step.protos]
        results = self._execute(protos, chosen, {v: values[v] for v in reads}, [v + _OWN for v in outputs])
        return dict(zip(outputs, results, strict=True))

    def built(self, values: Mapping[str, ort.OrtValue], outputs: Sequence[str]) -> Built:
        """All steps as one session, for a caller that runs it often with values of the same types and shapes."""
        protos = [proto for step in self.program.steps for proto in step.protos]
        return self._session(protos, self.program.steps, values, outputs)

    def _execute(self, protos: Sequence[onnx.NodeProto], steps: Sequence[Step], feeds: Mapping[str, ort.OrtValue],
                 outputs: Sequence[str]) -> list[ort.OrtValue]:
        built = self._session(protos, steps, feeds, outputs)
        try:
            results: list[ort.OrtValue] = built.session.run_with_ort_values(list(outputs), dict(feeds))
        except Exception as error:
            raise translate(error, steps, self.program) from error
        return results

    def _session(self, protos: Sequence[onnx.NodeProto], steps: Sequence[Step], feeds: Mapping[str, ort.OrtValue],
                 outputs: Sequence[str]) -> Built:
        inputs = [helper.make_value_info(name, type_proto(value)) for name, value in feeds.items()]
        graph = helper.make_graph(protos, "segment", inputs, [helper.make_empty_tensor_value_info(v) for v in outputs])
        options = session_options(self._threads)
        if self.program.graph.path is not None:
            # Tensors inside If and Loop branches stay in the model's own file.
            options.add_session_config_entry(_FOLDER, str(self.program.graph.path.parent))
        names = list(dict.fromkeys(w for step in steps for w in step.weights))
        shared: dict[str, ort.OrtValue] = {}
        for name in names:
            weight = self.program.weights[name]
            if weight.nbytes <= _INLINE_BYTES or weight.strings:
                graph.initializer.append(_inline(name, weight))
            else:
                graph.initializer.append(_placeholder(name, weight))
                shared[name] = to_ort(weight_files.load(weight))
        if shared:
            options.add_external_initializers(list(shared), list(shared.values()))
        return Built(make_session(_model(graph, self.program), options), tuple(shared.values()))


def session_options(threads: int, *, optimise: bool = False) -> ort.SessionOptions:
    """Options of every session here; ``threads`` 0 means all cores."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Sessions are many and short: threads that spin while they wait would take the cores from those that work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena would keep the largest segment's memory for the rest of the run.
    options.enable_cpu_mem_arena = False
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimise else level.ORT_DISABLE_ALL
    return options


def make_session(model: onnx.ModelProto | Path, options: ort.SessionOptions) -> ort.InferenceSession:
    """A CPU session; onnxruntime's refusal becomes ToolFailed."""
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    try:
        return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if _no_memory(error):
            raise refused(MemoryError()) from error
        raise ToolFailed("onnxruntime cannot build this model", where=_first_line(error),
                         hint="diag inspect shows what the file holds; a newer onnxruntime may know more") from error


def translate(error: Exception, steps: Sequence[Step], program: Program) -> DiagError:
    """A run-time failure of onnxruntime, with the graph's own node named where it can be told."""
    if _no_memory(error):
        return refused(MemoryError())
    text = _first_line(error)
    nodes = [program.graph.nodes[s.node].name for s in steps]
    named = next((n for n in nodes if f"'{n}'" in text), nodes[0] if len(nodes) == 1 else "")
    return ToolFailed("onnxruntime failed while it ran the model", where=f"at node {named}: {text}" if named else text,
                      hint="Check the shapes and values of the inputs (--inputs, --shape)")


def _no_memory(error: Exception) -> bool:
    text = str(error)
    return isinstance(error, MemoryError) or "bad_alloc" in text or "bad allocation" in text or \
        "Failed to allocate memory" in text


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:400]


def _renamed(proto: onnx.NodeProto, step: Step) -> onnx.NodeProto:
    """The same node with its graph-visible outputs (and the step's inner values) under names of their own."""
    own = set(step.writes) | {v for p in step.protos for v in p.output}
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.output[:] = [v + _OWN if v else v for v in proto.output]
    first_writer = {v: i for i, p in enumerate(step.protos) for v in p.output}
    position = next(i for i, p in enumerate(step.protos) if p is proto)
    copy.input[:] = [v + _OWN if v in own and first_writer.get(v, position) < position else v for v in proto.input]
    return copy


def _model(graph: onnx.GraphProto, program: Program) -> onnx.ModelProto:
    opsets = [helper.make_opsetid(domain, version) for domain, version in program.opsets.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=program.ir_version)
    model.functions.extend(program.functions)
    return model


def _inline(name: str, weight: Weight) -> onnx.TensorProto:
    proto = onnx.TensorProto(name=name, data_type=onnx_type(weight.dtype), dims=weight.shape)
    if weight.strings:
        proto.string_data.extend(weight.strings)
    elif isinstance(weight.data, bytes):
        proto.raw_data = weight.data
    else:
        weight_files.load(weight)  # says what is wrong with a file that is missing or cut short
        with weight.data.path.open("rb") as file:
            file.seek(weight.data.offset)
            proto.raw_data = file.read(weight.data.length)
    return proto


def _placeholder(name: str, weight: Weight) -> onnx.TensorProto:
    proto = onnx.TensorProto(name=name, data_type=onnx_type(weight.dtype), dims=weight.shape)
    proto.data_location = onnx.TensorProto.EXTERNAL
    entry = proto.external_data.add()
    # Never read: the memory is given with add_external_initializers.
    entry.key, entry.value = "location", "memory"
    return proto
