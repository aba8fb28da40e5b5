"""Made-up comparisons of any size that are consistent in themselves: what a writer must be able to tell."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from diag.rules import Code, finding
from diag.types.comparison import Comparison, InputUsed, ModelRun, Unmatched
from diag.types.dtype import DType
from diag.types.finding import Evidence, Finding
from diag.types.layer import (
    Culprit,
    Difference,
    LayerResult,
    Mapping,
    MappingKind,
    OutputResult,
    Role,
    Stage,
    Verdict,
)
from diag.types.metrics import Metrics, Stats

OPS = ("Conv", "Sigmoid", "Mul", "LayerNormalization", "MatMul", "Add", "Softmax", "Transpose")
SHAPES = ((1, 77, 512), (1, 320, 64, 64), (8, 77, 77), (1, 512))


def metrics(rel_l2: float, *, size: int = 39424, nonfinite: int = 0, seed: int = 0) -> Metrics:
    """Metrics of a tensor with values around 1 that is ``rel_l2`` off."""
    rng = random.Random(seed)
    spread = 1.0 + rng.random()
    golden = Stats(-4.2 * spread, 4.4 * spread, 0.01, spread, spread * math.sqrt(size), 0, 0, 0, 3)
    target = replace(golden, mean=0.01 + rel_l2 / 10, nan=nonfinite)
    return Metrics(
        cosine=1 - rel_l2**2 / 2, one_minus_cosine=rel_l2**2 / 2, pearson=1 - rel_l2**2 / 2, rel_l2=rel_l2,
        max_abs=rel_l2 * spread * 6, max_rel=rel_l2 * 40, mean_rel=rel_l2 * 1.5, rmse=rel_l2 * spread,
        nr=rel_l2 / 2.5e-8, max_abs_over_p999=rel_l2 * 2, size=size, worst_index=(0, 3, 17), nonfinite=nonfinite,
        golden=golden, target=target)


def name(i: int) -> str:
    op = OPS[i % len(OPS)]
    return f"/text_model/encoder/layers.{i // len(OPS)}/{'self_attn' if i % 2 else 'mlp'}/{op}_{i}"


def number(i: int) -> int:
    """Place in the graph: a node in ten has no row, as constants have none."""
    return i + i // 9


def layer(i: int, faulty: int, seed: int) -> LayerResult:
    rng = random.Random(seed * 100_003 + i)
    op, shape = OPS[i % len(OPS)], SHAPES[i % len(SHAPES)]
    noise = 10 ** rng.uniform(-7.6, -6.4)
    if i % 29 == 13:
        return LayerResult(number(i), name(i), op, f"{name(i)}_output_0", None, None, None,
                           Mapping(MappingKind.NONE, 0.0), shape, DType.UNDEFINED, Verdict.NOT_COMPARABLE,
                           f"computed inside {name(i + 1)}, which gives no tensor for it", None, None,
                           Role.NOT_COMPARABLE)
    fused = i % 7 == 4
    own, cumulative = noise, noise * (1 + i / 40)
    verdict, role, reason = Verdict.PASS, Role.CLEAN, ""
    if i == faulty:
        own = cumulative = 5.0e-2
        verdict, role, reason = Verdict.FAIL, Role.INJECTS, "own-input relative L2 5.0e-02 > 1.0e-04"
    elif i > faulty >= 0:
        cumulative = 5.0e-2 * 10 ** rng.uniform(-0.25, 0.25)
        verdict, role, reason = Verdict.FAIL, Role.INHERITS, "cumulative relative L2 above 1.0e-03, own input clean"
    return LayerResult(
        number(i), name(i), op, f"{name(i)}_output_0", name(i), op + "Fusion" if fused else op, f"{name(i)}_out",
        Mapping(MappingKind.FUSED if fused else MappingKind.NAME, 0.9 if fused else 1.0,
                (name(i - 1), name(i)) if fused else (name(i),),
                (0, 2, 3, 1) if i % 11 == 5 and len(shape) == 4 else None),
        shape, DType.FLOAT32, verdict, reason, metrics(cumulative, seed=i), metrics(own, seed=i), role)


def comparison(layers: int = 40, *, faulty: int = 11, seed: int = 1) -> Comparison:
    """``layers`` layers of which number ``faulty`` lost its epsilon; a negative number: a healthy pair."""
    results = tuple(layer(i, faulty, seed) for i in range(layers))
    healthy = faulty < 0
    last = next(r for r in reversed(results) if r.cumulative is not None)
    assert last.cumulative is not None
    verdict = Verdict.PASS if healthy else Verdict.FAIL
    output = OutputResult("last_hidden_state", "last_hidden_state", verdict,
                          "" if healthy else f"relative L2 {last.cumulative.rel_l2:.1e} > 1.0e-03", last.cumulative)
    constant = OutputResult("mask", "mask", Verdict.NOT_COMPARABLE, "constant: every element is 1", None)
    return Comparison(
        verdict=verdict, golden=model("onnx", "onnxruntime"), target=model("mindir", "mindspore-lite"),
        outputs=(output,) if healthy else (output, constant), layers=results,
        culprits=() if healthy else (culprit(results[faulty]),),
        first_divergence=None if healthy else (name(faulty), name(faulty)),
        unmatched_golden=tuple(Unmatched(r.golden_tensor, r.golden_node, r.golden_op, r.reason)
                               for r in results if r.cumulative is None),
        unmatched_target=(Unmatched("Default/Cast-op12", "Default/Cast-op12", "Cast", "inserted by the converter"),),
        checks={"observer_effect": {"max_abs": 0.0, "outputs": 1},
                "golden_stability": {"twice": 0.0, "threads": 1.2e-7, "optimisation": math.nan}},
        findings=findings(results, faulty), environment={"diag": "0.1.0", "python": "3.11.7", "cpus": 2},
        inputs=(InputUsed("input_ids", "int64", (1, 77), "generated, token ids, seed 0", "inputs/input_ids.npy"),),
        preset="calibrated", wall_s=12.34, peak_bytes=734_003_200, run="runs/text_encoder", options={"seed": 0})


def model(format_: str, runtime: str) -> ModelRun:
    return ModelRun(f"models/text_encoder.{format_}", "ab" * 32, format_, runtime, "1.2.3", "cpu", "float32")


def culprit(result: LayerResult) -> Culprit:
    return Culprit(result.golden_node, result.mapping.golden_nodes, result.target_node, 4213.0, Stage.CONVERSION,
                   "epsilon differs", result.own_input, str(Code.LAYERNORM_EPSILON),
                   (Difference("attribute", "epsilon", "1e-05", "0", "putting it back: error 2.1e-07", explains=True),
                    Difference("attribute", "begin_norm_axis", "-1", "2")))


def findings(results: tuple[LayerResult, ...], faulty: int) -> tuple[Finding, ...]:
    notes = (finding(Code.INPUT_CAST, "input_ids", golden="int64", target="int32"),
             finding(Code.UNMATCHED_TENSORS, "models/text_encoder.mindir", golden=2, target=1))
    if faulty < 0:
        return notes
    return (finding(Code.LAYERNORM_EPSILON, name(faulty), op="LayerNormalization", name="epsilon", golden=1e-5,
                    target=0.0, evidence=[Evidence("models/text_encoder.mindir")]),
            finding(Code.OUTPUT_DIFFERS, "last_hidden_state", metric="relative L2", error=5.0e-2, limit=1e-3), *notes)


def hostile(text: str) -> Comparison:
    """A small comparison in which every name and sentence that a model or file can bring is ``text``."""
    base = comparison(6, faulty=3)
    layers = tuple(replace(r, golden_node=text, golden_tensor=text, target_node=text, target_op=text, golden_op=text,
                           target_tensor=text, reason=text,
                           mapping=replace(r.mapping, golden_nodes=(text, text))) for r in base.layers)
    bad = replace(base.culprits[0], golden_node=text, target_node=text, golden_nodes=(text,), why=text,
                  differences=(Difference("attribute", text, text, text, text, explains=True),))
    lost = (Unmatched(text, text, text, text),)
    return replace(
        base, golden=replace(base.golden, path=text), target=replace(base.target, path=text), layers=layers,
        outputs=tuple(replace(o, golden_tensor=text, target_tensor=text, reason=text) for o in base.outputs),
        culprits=(bad,), unmatched_golden=lost, unmatched_target=lost, checks={text: {text: text}},
        findings=tuple(replace(f, subject=text, evidence=(Evidence(text),)) for f in base.findings),
        inputs=(InputUsed(text, "int64", (1,), text, text),), environment={text: text}, options={text: text}, run=text)
