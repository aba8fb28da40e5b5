"""An ONNX model against what an NPU recorded: layer by layer, on a machine without an NPU.

Golden runs here on the inputs that the device had. Each recorded tensor is judged twice: against golden of the whole
run, and against golden nodes that are run on what the device's operation itself read. The second is the operation's
own error, as if it had been run alone on the device.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diag.cancel import Cancel
from diag.compare.align import manual
from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.names import varying
from diag.compare.envelope import Envelope
from diag.compare.evidence import Evidence
from diag.compare.plan import ComparePlan
from diag.compare.recorded.compiled import from_graph, open_compiled
from diag.compare.recorded.device import Device, as_graph, from_recording
from diag.compare.recorded.inputs import DeviceInputs, inputs_of
from diag.compare.recorded.judging import Judging, usual_dtype
from diag.compare.recorded.matching import Matcher, Matching
from diag.compare.recorded.own import Reruns, constants
from diag.compare.recorded.result import Conclusion
from diag.compare.recorded.source import open_source
from diag.compare.sides import Side, open_golden
from diag.compare.tape import Tape
from diag.compare.tolerance import Preset
from diag.errors import UsageError
from diag.events import Event, Finished, Message, Partial, Progress
from diag.formats.tensor_dump import Recording
from diag.types.comparison import InputUsed
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.workspace.digest import Digests
from diag.workspace.runs import RunFolder

_SEGMENT_BYTES = 16 * 2**20
_EVIDENCE_BYTES = 48 * 2**20


def compare_recording(plan: ComparePlan, cancel: Cancel) -> Iterator[Event]:
    """Compare ``plan.golden`` with the recording in ``plan.target``; the events of ``diag.compare.engine.compare``."""
    started = time.monotonic()
    folder = RunFolder.create(plan.out)
    yield Progress("Opening the model and the recording", 0, 2, "models")
    cores = plan.jobs or os.cpu_count() or 1
    golden = open_golden(plan.golden, cores)
    source = open_source(plan.target, folder.path)
    recording = source.recording
    plan = replace(plan, graph=plan.graph or source.graph)
    device = device_of(recording, plan.graph, golden.graph)
    inputs = inputs_of(device, golden.graph, plan.inputs, source.inputs)
    used = folder.save_inputs(inputs.inputs.arrays, inputs.inputs.used)
    for note in recording.notes[:20]:
        yield Message(note, "warning")
    with Digests((plan.golden,)) as digests:
        run = _Run(plan, recording, golden, device, inputs, used, folder, cores, digests)
        yield from run.events(cancel, started)


def device_of(recording: Recording, graph: Path | None, golden: Graph) -> Device:
    """What ran: from the compiler's graph where there is one, else as the recording alone shows it."""
    if not recording.ops:
        raise UsageError("The recording holds no tensors", where=f"in {recording.path}",
                         hint="diag inspect shows what is in it; record with dump_mode all")
    if graph is None:
        return from_recording(recording)
    return from_graph(recording, open_compiled(graph), golden)


@dataclass(slots=True)
class _Run:
    """Everything that one comparison holds on to."""

    plan: ComparePlan
    recording: Recording
    golden: Side
    device: Device
    inputs: DeviceInputs
    used: tuple[InputUsed, ...]
    folder: RunFolder
    cores: int
    digests: Digests

    def events(self, cancel: Cancel, started: float) -> Iterator[Event]:
        judging = self._judging()
        yield Progress("Matching operations", 0, len(self.device.ops), "operations")
        judging.matching = judging.matcher.match()
        self._belongs(judging.matching)
        done = 0
        for fresh in judging.batches(cancel):
            for row in fresh:
                yield Partial(row)
            self.folder.append(fresh)
            done = max(done, judging.tape.position + 1)
            yield Progress("Comparing layers", done, len(judging.tape), "nodes")
        yield Progress("Looking for the reason", 0, 0)
        conclusion = Conclusion(self.plan, self.recording, self.golden, self.device, self.inputs, self.used, judging,
                                self.cores, self.digests)
        result = conclusion.comparison(started, str(self.folder.path))
        self.folder.save(result, judging.evidence.kept)
        yield Finished(result)

    def _belongs(self, found: Matching) -> None:
        """Raise UsageError where nothing of the recording is anything of the golden model."""
        if any(not a.forwards for a in found.answers.values()):
            return
        names = [op.name for op in self.recording.ops if not op.name.startswith("trans_")] or ["none"]
        model = self.recording.place.model
        raise UsageError("The recording is of another model: none of its operations is one of the golden model's",
                         where=f"in {self.recording.path}: {', '.join(names[:3])}"
                               f"{' …' if len(names) > 3 else ''}" + (f", of the model '{model}'" if model else ""),
                         hint="Give the ONNX model that the recorded one was made from"
                              + ("" if self.plan.graph else ", and the compiler's graph with --graph"))

    def _judging(self) -> Judging:
        graph, arrays = self.golden.graph, self.inputs.inputs.arrays
        live = varying(graph)
        infos = self.golden.infos({n: a.shape for n, a in arrays.items()})
        bound = self.golden.session.bind(arrays)
        sizes = {n: i.static_shape for n, i in infos.items()}
        fixed = constants(self.golden, live, infos)
        live -= set(fixed)
        near = Neighbourhood(graph, live, lambda v: None if sizes.get(v) is None else math.prod(sizes[v] or ()))
        reruns = Reruns(self.golden, near, fixed, bound, infos)
        device_graph = as_graph(self.device, self.recording)
        by_hand = {} if self.plan.map_file is None else manual.read(self.plan.map_file, graph, device_graph)
        matcher = Matcher(graph, live, near, self._told_inputs(), reruns, sizes.get, by_hand)
        segment = min(_SEGMENT_BYTES, max(self.plan.budget // 8, 2**20))
        order = range(len(self.golden.session.program.steps))
        tape = Tape(self.golden.session.engine, order, bound, infos, segment)
        dtype = self._dtype()
        envelope = None
        if dtype in (DType.FLOAT16, DType.BFLOAT16):
            envelope = Envelope(self.golden, arrays, dtype, infos, segment, self.cores)
        return Judging(self.golden, self.device, device_graph, matcher.found, matcher, reruns,
                       near, live, tape, envelope, Preset(self.plan.preset), dtype, self.plan.own_input,
                       Evidence(12, min(self.plan.budget // 8, _EVIDENCE_BYTES)), bool(self.recording.overflows))

    def _told_inputs(self) -> Device:
        return replace(self.device, inputs=self.inputs.places)

    def _dtype(self) -> DType | None:
        return usual_dtype(self.device) if self.plan.dtype == "auto" else DType(self.plan.dtype)
