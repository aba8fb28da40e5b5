"""What a comparison with a recording amounts to: outputs, culprits, checks, as one Comparison."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import onnxruntime as ort

from diag.compare.attribute import first_divergence, injecting, score, with_roles
from diag.compare.checks import golden_stability, random_nodes
from diag.compare.conclude import constants
from diag.compare.inputs import nonfinite
from diag.compare.outputs import compare_outputs, overall
from diag.compare.plan import ComparePlan
from diag.compare.reasons import tell
from diag.compare.recorded.blame import blame
from diag.compare.recorded.device import Device, DeviceOp, plain_name, value_of
from diag.compare.recorded.inputs import DeviceInputs, as_check
from diag.compare.recorded.judging import Judging
from diag.compare.recorded.matching import FIXED
from diag.compare.recorded.statistics import other
from diag.compare.result import environment
from diag.compare.sides import Side
from diag.compare.tolerance import Preset
from diag.formats.tensor_dump import Recording
from diag.formats.tensor_dump.ranges import report_facts
from diag.machine import peak_bytes
from diag.types.comparison import RECORDING, Comparison, InputUsed, ModelRun, Unmatched
from diag.types.layer import Culprit, LayerResult, MappingKind, OutputResult, Role, Stage, Verdict
from diag.types.metrics import Metrics
from diag.workspace.digest import Digests

_MOST = 10
_CHECKED_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The run's parts when golden has run to its end."""

    plan: ComparePlan
    recording: Recording
    golden: Side
    device: Device
    inputs: DeviceInputs
    used: tuple[InputUsed, ...]
    judging: Judging
    cores: int
    digests: Digests

    def comparison(self, started: float, run: str) -> Comparison:
        """Roles, culprits, outputs, checks."""
        preset = Preset(self.plan.preset)
        rows = sorted([*self.judging.rows, *self.judging.unanswered()], key=lambda r: r.index)
        rows = with_roles(rows, self.judging.fed, preset, own_input=self.plan.own_input)
        outputs = self._outputs(preset)
        verdict = overall(outputs)
        blamed, harmless = self._culprits(rows, verdict)
        place = self.recording.place
        usual = self.judging.computes_in
        return Comparison(
            verdict=verdict,
            golden=ModelRun(str(self.plan.golden), self.digests[self.plan.golden], "onnx", "onnxruntime",
                            ort.__version__, "cpu", _usual_golden(self.golden)),
            target=ModelRun(str(self.plan.target), "", self.recording.kind, RECORDING,
                            place.time or self.recording.kind, f"ascend:{place.device}" if place.device else "ascend",
                            usual.value if usual else "auto"),
            outputs=tuple(outputs), layers=tuple(rows), culprits=tuple(blamed),
            first_divergence=first_divergence(rows, preset),
            unmatched_golden=tuple(Unmatched(r.golden_tensor, r.golden_node, r.golden_op, r.reason, r.decision)
                                   for r in rows
                                   if r.mapping.kind is MappingKind.NONE and r.role is Role.NOT_COMPARABLE),
            unmatched_target=tuple(self._unmatched()), checks=self._checks(harmless), findings=(), inputs=self.used,
            environment=environment(), preset=preset.value, wall_s=time.monotonic() - started,
            peak_bytes=peak_bytes(), run=run, options=self.plan.told)

    def _outputs(self, preset: Preset) -> list[OutputResult]:
        names = list(self.golden.graph.output_names)
        found = compare_outputs([(n, n) for n in names], self.judging.outputs, self.judging.recorded,
                                self.judging.computes_in, preset, self._envelopes())
        return [self._by_statistics(one) for one in found]

    def _by_statistics(self, one: OutputResult) -> OutputResult:
        """An output of which only statistics were recorded: they can prove it wrong, never right."""
        if one.cumulative is not None or one.golden_tensor not in self.judging.said:
            return one
        verdict, decision = self.judging.said[one.golden_tensor]
        return replace(one, target_tensor=one.golden_tensor, verdict=verdict, decision=decision, reason=tell(decision))

    def _envelopes(self) -> Mapping[str, Metrics]:
        if self.judging.envelope is None:
            return {}
        found = self.judging.envelope.metrics
        graph = self.golden.graph
        return {n: found[o.name] for o, n in zip(graph.outputs, graph.output_names, strict=True) if o.name in found}

    def _culprits(self, rows: Sequence[LayerResult], verdict: Verdict) -> tuple[list[Culprit], list[LayerResult]]:
        """A layer that the compiled model gets wrong is a culprit whatever the outputs say; see ``conclude``."""
        found: list[Culprit] = []
        harmless: list[LayerResult] = []
        constant = constants(self.golden)
        for row in injecting(rows):
            culprit = self._culprit(row, constant)
            if verdict in (Verdict.PASS, Verdict.WATCH) and culprit.stage is not Stage.CONVERSION:
                harmless.append(row)
            elif len(found) < _MOST:
                found.append(culprit)
        return found, harmless

    def _culprit(self, row: LayerResult, constant: Any) -> Culprit:  # noqa: ANN401 - a Constant
        kept = self.judging.injecting.get(row.target_tensor or "")
        index = self.device.labels.index(row.target_node or "")
        group = self.judging.near.between(self.judging.fed.get(row.golden_tensor, ()), row.golden_tensor)
        names = tuple(self.golden.graph.nodes[i].name for i in group) or (row.golden_node,)
        why = blame(row, self.device.ops[index], kept, group, self.golden.graph, constant)
        return Culprit(golden_node=_anchor(row, names), golden_nodes=names, target_node=row.target_node,
                       score=score(row), stage=why.stage, why=why.text, own_input=row.own_input or row.cumulative,
                       finding=why.code, differences=why.differences, values=why.values)

    def _unmatched(self) -> list[Unmatched]:
        answered = {place[0] for place in self.judging.matching.answers}
        answered |= {i for i, reason in self.judging.matching.reasons.items() if reason == FIXED}
        answered |= {i for i, op in enumerate(self.device.ops) if self._is_input(op)}
        return [Unmatched(value_of(self.device, (i, 0)), op.name, op.op,
                          self.judging.matching.reasons.get(i, "no golden tensor has its values or its name"))
                for i, op in enumerate(self.device.ops) if i not in answered and op.record is not None]

    def _is_input(self, op: DeviceOp) -> bool:
        """Whether it is an input of the model, written down like an operation."""
        return not op.reads and plain_name(op.name) in {plain_name(n) for n in self.golden.graph.input_names}

    def _checks(self, harmless: Sequence[LayerResult]) -> dict[str, Any]:
        total = sum(a.nbytes for a in self.inputs.inputs.arrays.values()) + self.judging.tape.made_bytes
        wanted = total <= _CHECKED_BYTES if self.plan.checks is None else self.plan.checks
        stability: dict[str, Any] = {"measured": False, "tensor_bytes": total}
        if wanted:
            stability = {"measured": True, **golden_stability(self.plan.golden, self.inputs.inputs.arrays,
                                                              self.judging.outputs, self.cores)}
        return {
            "observer_effect": {"max_abs": None}, "golden_stability": stability,
            "random_nodes": random_nodes(self.golden.graph), "input_nonfinite": nonfinite(self.inputs.inputs.arrays),
            "input_casts": {}, "uncovered": {}, "filled_with_golden": [], "om_inside": "",
            "harmless": [{"golden_node": r.golden_node, "target_node": r.target_node} for r in harmless],
            "recording": self._recording(),
        }

    def _other_inputs(self) -> dict[str, float | None]:
        """Inputs that the device did not run on, with the distance; None where only statistics tell it."""
        found: dict[str, float | None] = dict(as_check(self.inputs))
        read = [t for op in self.recording.ops for t in op.inputs if t.span is None and t.summary is not None]
        found.update({name: None for name, array in self.inputs.inputs.arrays.items()
                      if name not in found and other(array, read)})
        return found

    def _overflows(self) -> list[dict[str, Any]]:
        nodes, largest = {}, {}
        producers = self.golden.graph.producers
        for place, answer in self.judging.matching.answers.items():
            name = self.device.ops[place[0]].name
            index = producers.get(answer.golden)
            nodes[name] = self.golden.graph.nodes[index].name if index is not None else answer.golden
            if answer.golden in self.judging.largest:
                largest[name] = self.judging.largest[answer.golden]
        return [{**r, "golden_node": nodes.get(r["name"], ""), "largest_golden": largest.get(r["name"])}
                for r in report_facts(self.recording)]

    def _recording(self) -> dict[str, Any]:
        """Facts of the recording, for findings and reports."""
        place = self.recording.place
        damaged = [op.name for op in self.recording.damaged]
        kinds = Counter(r.mapping.kind.value for r in self.judging.rows)
        return {
            "path": str(self.recording.path), "kind": self.recording.kind,
            "place": {"time": place.time, "device": place.device, "model": place.model, "model_id": place.model_id,
                      "iteration": place.iteration},
            "operations": len(self.recording.ops), "graph": str(self.plan.graph) if self.plan.graph else "",
            "damaged": damaged, "notes": list(self.recording.notes), "lost": list(self.device.lost),
            "strange": list(self.device.strange), "input_differences": self._other_inputs(),
            "mapping": dict(kinds), "recognised": len({p[0] for p in self.judging.matching.answers}),
            "statistics": sum(all(t.span is None and t.summary is not None for t in op.tensors)
                              for op in self.recording.ops if op.tensors),
            "overflows": self._overflows(),
        }


def _anchor(row: LayerResult, names: Sequence[str]) -> str:
    named = row.target_node or ""
    return next((n for n in names if n and (n == named or named.startswith(n))), row.golden_node)


def _usual_golden(golden: Side) -> str:
    kinds = Counter(w.dtype for w in golden.graph.weights.values() if w.dtype.is_float)
    return kinds.most_common(1)[0][0].value if kinds else "float32"
