"""The main job: ONNX against what it became, layer by layer, and the layer that injects the error is named."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort

from diag.cancel import Cancel
from diag.compare.align import manual
from diag.compare.attribute import with_roles
from diag.compare.envelope import Envelope
from diag.compare.inputs import Inputs, gather
from diag.compare.lockstep import Lockstep
from diag.compare.observed import Observed
from diag.compare.plan import ComparePlan
from diag.compare.recorder import RECORD_BYTES, Recorder, resolve
from diag.compare.result import Conclusion, computes_in
from diag.compare.session import Comparing
from diag.compare.sides import Side, check_pair, open_golden, open_target, target_feeds
from diag.compare.tolerance import Preset
from diag.events import Event, Finished, Message, Partial, Progress
from diag.runtimes.interface import RunOptions, Runtime, Session
from diag.types.comparison import InputUsed
from diag.types.dtype import DType
from diag.types.tensor import Span
from diag.workspace.captures import Captures, digest
from diag.workspace.digest import Digests, sha256
from diag.workspace.golden import GoldenCache
from diag.workspace.runs import RunFolder

_SEGMENT_BYTES = 16 * 2**20
_WIDE_SEGMENT_BYTES = 256 * 2**20
_EVIDENCE_BYTES = 48 * 2**20


def compare(plan: ComparePlan, runtime: Runtime | None, cancel: Cancel) -> Iterator[Event]:
    """Compare two models; ``runtime`` runs the target, None: it runs here (reference, or onnxruntime).

    Yields Progress, Message, Partial(LayerResult) for each row as it is decided (its role comes with the result), and
    Finished(Comparison). The run folder holds all of it. Raises DiagError.
    """
    started = time.monotonic()
    cores = plan.jobs or os.cpu_count() or 1
    folder = RunFolder.create(plan.out)
    yield Progress("Opening the models", 0, 2, "models")
    half = max(1, cores // 2)  # golden and target run at the same time
    golden = open_golden(plan.golden, half)
    target = open_target(plan.target, half, plan.threads, plan.key_bytes)
    check_pair(golden.graph, target.graph)
    inputs = gather(golden.graph, plan.inputs)
    used = folder.save_inputs(inputs.arrays, inputs.used)
    session = None
    if runtime is not None:
        yield Progress(f"Starting {runtime.spec.name}", 0, 0)
        session = runtime.open(plan.target, RunOptions(plan.device, plan.threads, key=plan.key_bytes), cancel)
    try:
        with Digests((plan.golden, plan.target)) as digests:
            run = _Run(plan, golden, target, inputs, used, runtime, session, folder, cores, digests)
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
    digests: Digests

    def events(self, cancel: Cancel, started: float) -> Iterator[Event]:
        plan, preset = self.plan, Preset(self.plan.preset)
        dtype = computes_in(plan)
        lockstep = self._lockstep()
        captures = self._captures()
        observed = None
        if self.session is not None:
            yield Progress("Running the target", 0, 0)
            observed = Observed(self.session, self.target.graph, target_feeds(self.inputs.arrays, self.target.graph),
                                lockstep.target_live, captures, cancel)
        envelope = self._envelope(dtype)
        names, worst = resolve(plan.record, self.golden.graph, self.target.graph)
        recorder = Recorder(self.folder.tensors_folder, names, worst=worst)
        comparing = Comparing(self.golden, self.target, lockstep, observed, envelope, preset, dtype,
                              min(plan.budget // 8, _EVIDENCE_BYTES), recorder)
        try:
            for batch, fresh in comparing.batches(cancel):
                for row in fresh:
                    yield Partial(row)
                self.folder.append(fresh)
                done, total = (batch.done, batch.total) if batch.total else (len(lockstep.golden),) * 2
                yield Progress("Comparing layers", done, total, "nodes", _eta(started, done, total))
        finally:
            lockstep.close()
            comparing.close()
        if lockstep.cache is not None:
            lockstep.cache.finish()
        rows = sorted([*comparing.rows, *comparing.unanswered()], key=lambda r: r.index)
        rows = with_roles(rows, comparing.fed, preset, own_input=plan.own_input)
        yield Progress("Looking for the reason", 0, 0)
        conclusion = Conclusion(plan, self.golden, self.target, self.inputs, self.used, self.runtime, lockstep,
                                observed, envelope, comparing, self.cores, self.digests)
        result = conclusion.comparison(rows, preset, dtype, started, str(self.folder.path))
        self.folder.save(result, comparing.evidence.kept, recorder.entries)
        if recorder.left_out:
            yield Message(f"The tensors of {recorder.left_out:,} layers were not recorded: there was no room on the "
                          f"disk (at most {RECORD_BYTES >> 30} GiB are taken)", "warning")
        captures.discard()
        if not result.checks["golden_stability"]["measured"] and plan.checks is None:
            yield Message("Golden stability was not checked: the model is large (--checks does it)")
        yield Finished(result)

    def _lockstep(self) -> Lockstep:
        # A foreign runtime builds a model for each piece: fewer, larger pieces. Here a piece costs next to nothing.
        wide = self.session is not None or self.target.file is None
        size = min(_WIDE_SEGMENT_BYTES if wide else _SEGMENT_BYTES, max(self.plan.budget // 8, 2**20))
        by_hand = {} if self.plan.map_file is None else manual.read(self.plan.map_file, self.golden.graph,
                                                                   self.target.graph)
        return Lockstep(self.golden, self.target, self.inputs.arrays, segment_bytes=size,
                        own_input=self.plan.own_input, pairs=by_hand, cache=self._cache)

    def _cache(self) -> GoldenCache | None:
        """Asked for only if the tensors are small enough to be kept: the key costs a reading of the whole model."""
        if self.plan.cache is None:
            return None
        key = {"model": self._content(self.plan.golden, self.golden), "inputs": digest(self.inputs.arrays),
               "runtime": ort.__version__, "options": f"optimisation off, {self.cores} cores"}
        return GoldenCache(self.plan.cache, key)

    def _content(self, path: Path, side: Side) -> str:
        """Hashes of all files that a model consists of: weights may lie in others."""
        outside = {w.data.path for w in side.graph.weights.values() if isinstance(w.data, Span)} - {path.absolute()}
        return " ".join([self.digests[path], *(sha256(p) for p in sorted(outside) if p.is_file())])

    def _captures(self) -> Captures:
        spec = self.runtime.spec if self.runtime is not None else None
        key = {} if spec is None else {
            "model": self._content(self.plan.target, self.target), "inputs": digest(self.inputs.arrays),
            "runtime": f"{spec.name} {spec.version}", "device": self.plan.device, "threads": str(self.plan.threads)}
        return Captures(self.folder.path / "captures", key)

    def _envelope(self, dtype: DType | None) -> Envelope | None:
        if dtype not in (DType.FLOAT16, DType.BFLOAT16):
            return None
        shapes = {n: a.shape for n, a in self.inputs.arrays.items()}
        return Envelope(self.golden, self.inputs.arrays, dtype, self.golden.infos(shapes), _SEGMENT_BYTES, self.cores)


def _eta(started: float, done: int, total: int) -> float | None:
    spent = time.monotonic() - started
    return spent * (total - done) / done if 0 < done < total and spent > 2 else None
