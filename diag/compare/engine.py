"""The main job: ONNX against what it became, layer by layer, and the layer that injects the error is named."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from diag import __version__
from diag.cancel import Cancel
from diag.compare.align import manual
from diag.compare.attribute import first_divergence, with_roles
from diag.compare.checks import golden_stability, random_nodes
from diag.compare.conclude import Surroundings, culprits
from diag.compare.envelope import Envelope
from diag.compare.inputs import Inputs, gather
from diag.compare.lockstep import Lockstep
from diag.compare.observed import Observed
from diag.compare.outputs import compare_outputs, overall
from diag.compare.plan import ComparePlan
from diag.compare.session import Comparing
from diag.compare.sides import Side, check_pair, open_golden, open_target, output_pairs, target_feeds
from diag.compare.tolerance import Preset
from diag.errors import ToolFailed
from diag.events import Event, Finished, Message, Partial, Progress
from diag.runtimes.interface import RunOptions, Runtime, Session
from diag.types.comparison import Comparison, InputUsed, ModelRun, Unmatched
from diag.types.dtype import DType
from diag.types.layer import LayerResult, MappingKind, OutputResult, Role
from diag.workspace.digest import sha256
from diag.workspace.runs import RunFolder

_SEGMENT_BYTES = 16 * 2**20
_WIDE_SEGMENT_BYTES = 256 * 2**20
_CHECKED_BYTES = 256 * 2**20
"""Models with larger tensors are not run three more times only to see whether golden is stable."""


def compare(plan: ComparePlan, runtime: Runtime | None, cancel: Cancel) -> Iterator[Event]:
    """Compare two models; ``runtime`` runs the target, None: it runs here (reference, or onnxruntime).

    Yields Progress, Message, Partial(LayerResult) for each row as it is decided (its role comes with the result), and
    Finished(Comparison). The run folder holds all of it. Raises DiagError.
    """
    started = time.monotonic()
    cores = os.cpu_count() or 1
    folder = RunFolder.create(plan.out)
    yield Progress("Opening the models", 0, 2, "models")
    golden = open_golden(plan.golden, cores)
    target = open_target(plan.target, cores if plan.target.suffix == ".onnx" else plan.threads, plan.key_bytes)
    check_pair(golden.graph, target.graph)
    inputs = gather(golden.graph, plan.inputs)
    used = folder.save_inputs(inputs.arrays, inputs.used)
    session = None
    if runtime is not None:
        yield Progress(f"Starting {runtime.spec.name}", 0, 0)
        options = RunOptions(plan.device, plan.threads, key=plan.key_bytes)
        session = runtime.open(plan.target, options, cancel)
    try:
        run = _Run(plan, golden, target, inputs, used, runtime, session, folder, cores)
        yield from run.events(cancel, started)
    finally:
        if session is not None:
            session.close()


@dataclass(slots=True)
class _Run:
    """Everything that one comparison holds on to."""

    plan: ComparePlan
    golden: Side
    target: Side
    inputs: Inputs
    used: tuple[InputUsed, ...]
    runtime: Runtime | None
    session: Session | None
    folder: RunFolder
    cores: int

    def events(self, cancel: Cancel, started: float) -> Iterator[Event]:
        feeds = self.inputs.arrays
        preset = Preset(self.plan.preset)
        computes_in = self._computes_in()
        observed = None
        lockstep = self._lockstep()
        if self.session is not None:
            yield Progress("Running the target", 0, 0)
            observed = Observed(self.session, self.target.graph, target_feeds(feeds, self.target.graph),
                                lockstep.target_live, cancel)
        envelope = self._envelope(computes_in)
        comparing = Comparing(self.golden, self.target, lockstep, observed, envelope, preset, computes_in,
                              self.plan.budget // 8)
        rows: list[LayerResult] = []
        for batch, fresh in comparing.batches(cancel):
            for row in fresh:
                yield Partial(row)
            self.folder.append(fresh)
            done, total = (batch.done, batch.total) if batch.total else (len(lockstep.golden), len(lockstep.golden))
            eta = _eta(started, done, total)
            yield Progress("Comparing layers", done, total, "nodes", eta)
        rows = sorted([*comparing.rows, *comparing.unanswered()], key=lambda r: r.index)
        rows = with_roles(rows, comparing.fed, preset, own_input=self.plan.own_input)
        theirs = observed.outputs if observed is not None else lockstep.target_outputs
        self._complete(lockstep)
        outputs = compare_outputs(output_pairs(self.golden.graph, self.target.graph), lockstep.golden_outputs, theirs,
                                  computes_in, preset, self._output_envelopes(envelope))
        yield Progress("Looking for the reason", 0, 0)
        checks = self._checks(lockstep, observed)
        result = self._conclude(rows, outputs, comparing, checks, preset, computes_in, started)
        self.folder.save(result, comparing.evidence.kept)
        if not checks["golden_stability"].get("measured", True):
            yield Message("Golden stability was not checked: the model is large (--checks does it)")
        yield Finished(result)

    def _lockstep(self) -> Lockstep:
        # A foreign runtime builds a model for each piece: fewer, larger pieces. Here a piece costs next to nothing.
        wide = self.session is not None or self.target.file is None
        size = min(_WIDE_SEGMENT_BYTES if wide else _SEGMENT_BYTES, max(self.plan.budget // 8, 2**20))
        return Lockstep(self.golden, self.target, self.inputs.arrays, segment_bytes=size,
                        own_input=self.plan.own_input, pairs=self._by_hand())

    def _by_hand(self) -> dict[str, str]:
        if self.plan.map_file is None:
            return {}
        return manual.read(self.plan.map_file, self.golden.graph, self.target.graph)

    def _computes_in(self) -> DType | None:
        if self.plan.dtype != "auto":
            return DType(self.plan.dtype)
        if self.plan.device.startswith("ascend"):
            return DType.FLOAT16  # the converter's default there (precision_mode enforce_fp16)
        return None

    def _envelope(self, computes_in: DType | None) -> Envelope | None:
        if computes_in not in (DType.FLOAT16, DType.BFLOAT16):
            return None
        shapes = {n: a.shape for n, a in self.inputs.arrays.items()}
        return Envelope(self.golden, self.inputs.arrays, computes_in, self.golden.infos(shapes), _SEGMENT_BYTES,
                        self.cores)

    def _output_envelopes(self, envelope: Envelope | None) -> Mapping[str, Any]:
        if envelope is None:
            return {}
        graph = self.golden.graph
        return {n: envelope.metrics[o.name] for o, n in zip(graph.outputs, graph.output_names, strict=True)
                if o.name in envelope.metrics}

    def _complete(self, lockstep: Lockstep) -> None:
        """Outputs that no step writes: inputs or constants handed through."""
        missing = [n for n in self.golden.graph.output_names if n not in lockstep.golden_outputs]
        if missing:
            raise ToolFailed(f"The golden model gave no output '{missing[0]}'", where=f"in {self.plan.golden}",
                             hint="diag inspect shows its outputs")

    def _checks(self, lockstep: Lockstep, observed: Observed | None) -> dict[str, Any]:
        total = sum(a.nbytes for a in self.inputs.arrays.values()) + lockstep.golden.made_bytes
        checks: dict[str, Any] = {
            "observer_effect": {"max_abs": None if observed is None else observed.effect},
            "golden_stability": {"measured": False, "tensor_bytes": total},
            "random_nodes": random_nodes(self.golden.graph),
        }
        if self.plan.checks and total <= _CHECKED_BYTES:
            found = golden_stability(self.plan.golden, self.inputs.arrays, lockstep.golden_outputs, self.cores)
            checks["golden_stability"] = {"measured": True, **found}
        return checks

    def _conclude(self, rows: list[LayerResult], outputs: list[OutputResult], comparing: Comparing,
                  checks: Mapping[str, Any], preset: Preset, computes_in: DType | None, started: float) -> Comparison:
        verdict = overall(outputs)
        by_reference = self.session is None
        name = self._runtime_name()
        around = Surroundings(self.golden, self.target, comparing, preset, by_reference, name, self.plan.threads)
        blamed, harmless = culprits(rows, verdict, around)
        dtype = computes_in.value if computes_in is not None else "auto"
        return Comparison(
            verdict=verdict,
            golden=ModelRun(str(self.plan.golden), sha256(self.plan.golden), "onnx", "onnxruntime", ort.__version__,
                            "cpu", "as in the file"),
            target=ModelRun(str(self.plan.target), sha256(self.plan.target), self.target.graph.format, name,
                            self._runtime_version(), self.plan.device, dtype),
            outputs=tuple(outputs), layers=tuple(rows), culprits=tuple(blamed),
            first_divergence=first_divergence(rows, preset), unmatched_golden=_unmatched(rows),
            unmatched_target=self._unmatched_target(comparing), checks={**checks, "harmless": [
                {"golden_node": r.golden_node, "target_node": r.target_node} for r in harmless]},
            findings=(), inputs=self.used, environment=environment(), preset=preset.value,
            wall_s=time.monotonic() - started, peak_bytes=peak_bytes(), run=str(self.folder.path),
            options=self.plan.told)

    def _unmatched_target(self, comparing: Comparing) -> tuple[Unmatched, ...]:
        graph = self.target.graph
        answered = set(comparing.pairs)
        found = []
        for i, node in enumerate(graph.nodes):
            for value in node.outputs:
                if value in comparing.target_live and value not in answered:
                    problem = comparing.uncovered.get(i) or "no golden tensor has its values or its name"
                    found.append(Unmatched(value, node.name, node.op, problem))
        return tuple(found)

    def _runtime_name(self) -> str:
        if self.runtime is not None:
            return self.runtime.spec.name
        return "onnxruntime" if self.target.file is not None else "reference"

    def _runtime_version(self) -> str:
        if self.runtime is not None:
            return self.runtime.spec.version
        return ort.__version__ if self.target.file is not None else __version__


def environment() -> dict[str, Any]:
    """Versions that a number may depend on."""
    return {"diag": __version__, "python": platform.python_version(), "platform": platform.platform(),
            "onnx": onnx.__version__, "onnxruntime": ort.__version__, "numpy": np.__version__,
            "cpus": os.cpu_count()}


def peak_bytes() -> int:
    """Largest resident size of this process so far (mapped model files included)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _unmatched(rows: list[LayerResult]) -> tuple[Unmatched, ...]:
    return tuple(Unmatched(r.golden_tensor, r.golden_node, r.golden_op, r.reason) for r in rows
                 if r.mapping.kind is MappingKind.NONE and r.role is Role.NOT_COMPARABLE)


def _eta(started: float, done: int, total: int) -> float | None:
    spent = time.monotonic() - started
    return spent * (total - done) / done if 0 < done < total and spent > 2 else None
