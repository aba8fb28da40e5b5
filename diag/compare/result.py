"""What a finished run amounts to: outputs, checks, culprits, and all of it as one Comparison."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from diag import __version__
from diag.compare.attribute import first_divergence
from diag.compare.checks import golden_stability, random_nodes
from diag.compare.conclude import Surroundings, culprits
from diag.compare.envelope import Envelope
from diag.compare.inputs import Inputs, nonfinite
from diag.compare.lockstep import Lockstep
from diag.compare.observed import Observed
from diag.compare.outputs import compare_outputs, overall
from diag.compare.plan import ComparePlan
from diag.compare.reasons import tell
from diag.compare.session import Comparing
from diag.compare.sides import Side, casts, output_pairs
from diag.compare.tolerance import Preset
from diag.errors import ToolFailed
from diag.machine import peak_bytes
from diag.runtimes.interface import Runtime
from diag.types.comparison import Comparison, InputUsed, ModelRun, Unmatched
from diag.types.dtype import DType
from diag.types.layer import Decision, LayerResult, MappingKind, OutputResult, Role, Verdict
from diag.types.metrics import Metrics
from diag.workspace.digest import Digests

_CHECKED_BYTES = 256 * 2**20
"""Models with larger tensors are not run four more times only to see whether golden is stable."""


def computes_in(plan: ComparePlan) -> DType | None:
    """The dtype that the target is judged as; None: each tensor as its own dtype says."""
    if plan.dtype != "auto":
        return DType(plan.dtype)
    if plan.device.startswith("ascend"):
        return DType.FLOAT16  # the converter's default there (precision_mode enforce_fp16)
    return None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The run's parts when all batches are done."""

    plan: ComparePlan
    golden: Side
    target: Side
    inputs: Inputs
    used: tuple[InputUsed, ...]
    runtime: Runtime | None
    lockstep: Lockstep
    observed: Observed | None
    envelope: Envelope | None
    comparing: Comparing
    cores: int
    digests: Digests

    def comparison(self, rows: Sequence[LayerResult], preset: Preset, dtype: DType | None, started: float,
                   run: str) -> Comparison:
        """Judge the outputs, explain the culprits, gather the checks."""
        outputs = self._outputs(preset, dtype)
        verdict = overall(outputs)
        around = Surroundings(self.golden, self.target, self.comparing, preset, self.observed is None, self._name(),
                              self._version(), self.plan.device, self.plan.threads)
        blamed, harmless = culprits(rows, verdict, around)
        checks = {**self._checks(), "harmless": [{"golden_node": r.golden_node, "target_node": r.target_node}
                                                 for r in harmless]}
        mine, theirs = self.plan.golden, self.plan.target
        return Comparison(
            verdict=verdict,
            golden=ModelRun(str(mine), self.digests[mine], "onnx", "onnxruntime", ort.__version__, "cpu",
                            self._golden_dtype()),
            target=ModelRun(str(theirs), self.digests[theirs], self.target.graph.format, self._name(), self._version(),
                            self.plan.device, dtype.value if dtype else _usual(rows)),
            outputs=tuple(outputs), layers=tuple(rows), culprits=tuple(blamed),
            first_divergence=first_divergence(rows, preset), unmatched_golden=_unmatched(rows),
            unmatched_target=self._unmatched_target(), checks=checks, findings=(), inputs=self.used,
            environment=environment(), preset=preset.value, wall_s=time.monotonic() - started,
            peak_bytes=peak_bytes(), run=run, options=self.plan.told)

    def _outputs(self, preset: Preset, dtype: DType | None) -> list[OutputResult]:
        mine = self.lockstep.golden_outputs
        lost = next((n for n in self.golden.graph.output_names if n not in mine), None)
        if lost is not None:
            raise ToolFailed(f"The golden model gave no output '{lost}'", where=f"in {self.plan.golden}",
                             hint="diag inspect shows its outputs")
        theirs = self.observed.outputs if self.observed is not None else self.lockstep.target_outputs
        judged = compare_outputs(output_pairs(self.golden.graph, self.target.graph), mine, theirs, dtype, preset,
                                 self._envelopes())
        filled = self._filled()
        return [_doubted(o, filled) for o in judged] if filled and self.observed is None else judged

    def _filled(self) -> list[str]:
        """Target nodes that the reference runtime cannot run, where it went on with golden values."""
        nodes = self.target.graph.nodes
        return list(dict.fromkeys(nodes[self.target.graph.producers[v]].name for v in self.lockstep.target.filled))

    def _envelopes(self) -> Mapping[str, Metrics]:
        if self.envelope is None:
            return {}
        found = self.envelope.metrics
        return {n: found[o.name] for o, n in zip(self.golden.graph.outputs, self.golden.graph.output_names,
                                                 strict=True) if o.name in found}

    def _checks(self) -> dict[str, Any]:
        total = sum(a.nbytes for a in self.inputs.arrays.values()) + self.lockstep.golden.made_bytes
        wanted = total <= _CHECKED_BYTES if self.plan.checks is None else self.plan.checks
        stability: dict[str, Any] = {"measured": False, "tensor_bytes": total}
        if wanted:
            found = golden_stability(self.plan.golden, self.inputs.arrays, self.lockstep.golden_outputs, self.cores)
            stability = {"measured": True, **found}
        nodes = self.target.graph.nodes
        uncovered = Counter(nodes[s.node].op for s in self.target.session.program.steps if s.problem)
        return {
            "observer_effect": {"max_abs": None if self.observed is None else self.observed.effect},
            "golden_stability": stability,
            "random_nodes": random_nodes(self.golden.graph),
            "input_nonfinite": nonfinite(self.inputs.arrays),
            "input_casts": casts(self.golden.graph, self.target.graph),
            "uncovered": dict(uncovered),
            "filled_with_golden": self._filled(),
            "om_inside": self.target.graph.metadata.get("om", ""),
        }

    def _unmatched_target(self) -> tuple[Unmatched, ...]:
        found = []
        for i, node in enumerate(self.target.graph.nodes):
            for value in node.outputs:
                if value in self.comparing.target_live and value not in self.comparing.pairs:
                    problem = self.comparing.uncovered.get(i) or "no golden tensor has its values or its name"
                    found.append(Unmatched(value, node.name, node.op, problem))
        return tuple(found)

    def _golden_dtype(self) -> str:
        kinds = Counter(w.dtype for w in self.golden.graph.weights.values() if w.dtype.is_float)
        return kinds.most_common(1)[0][0].value if kinds else DType.FLOAT32.value

    def _name(self) -> str:
        if self.runtime is not None:
            return self.runtime.spec.name
        return "onnxruntime" if self.target.file is not None else "reference"

    def _version(self) -> str:
        if self.runtime is not None:
            return self.runtime.spec.version
        return ort.__version__ if self.target.file is not None else __version__


def environment() -> dict[str, Any]:
    """Versions that a number may depend on."""
    # Not platform.platform(): it starts a process, which for a moment doubles the memory that is counted.
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {"diag": __version__, "python": platform.python_version(), "platform": system, "onnx": onnx.__version__,
            "onnxruntime": ort.__version__, "numpy": np.__version__, "cpus": os.cpu_count()}


def _doubted(output: OutputResult, filled: Sequence[str]) -> OutputResult:
    """A good output proves nothing where golden values stood in for a node that could not run."""
    if output.verdict not in (Verdict.PASS, Verdict.WATCH):
        return output
    decision = Decision("stood_in", values={"node": filled[0]})
    return replace(output, verdict=Verdict.NOT_COMPARABLE, reason=tell(decision), decision=decision)


def _usual(rows: Sequence[LayerResult]) -> str:
    """The float type that most target tensors have."""
    kinds = Counter(r.dtype for r in rows if r.dtype.is_float and r.target_tensor is not None)
    return kinds.most_common(1)[0][0].value if kinds else "auto"


def _unmatched(rows: Sequence[LayerResult]) -> tuple[Unmatched, ...]:
    return tuple(Unmatched(r.golden_tensor, r.golden_node, r.golden_op, r.reason, r.decision) for r in rows
                 if r.mapping.kind is MappingKind.NONE and r.role is Role.NOT_COMPARABLE)
