"""Wrong MindIRs become right ones by the real converter: its own defects by other wording, planted faults by anew."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from corpus.naturals import NATURALS
from small_models import perceptron, weights

from diag.cancel import Cancel
from diag.compare.plan import ComparePlan, InputChoice
from diag.events import Finished, Partial
from diag.fix.engine import fix
from diag.fix.plan import FixPlan
from diag.rules.repair import examined
from diag.runtimes.mindspore_lite.convert import ConvertPlan, convert
from diag.runtimes.registry import runtime
from diag.tools.converter.plan import ConverterPlan
from diag.types.fix import Came, Fix, Step
from diag.types.layer import Verdict

pytestmark = pytest.mark.mslite

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder"
WORDING = {"elu_default": "defaults_spelled", "leaky_relu_default": "defaults_spelled",
           "hard_sigmoid_default": "hard_sigmoid_expanded", "clip_max_only": "clip_limits_spelled",
           "pow_integer": "pow_exponent_float", "average_pool_padding": "average_pool_padded",
           "resize_nearest": "resize_as_matmul", "cos": "cos_half_angle"}


def repaired(golden: Path, target: Path, out: Path, spec, inputs: Path | None = None, **options) -> Fix:
    pair = ComparePlan(golden, target, out, InputChoice(inputs), checks=False, jobs=1)
    plan = FixPlan(pair, ConverterPlan(golden, out / "m.mindir", converter=spec.python), **options)
    *_, last = fix(plan, runtime(spec), f"{spec.name} {spec.version}", Cancel())
    assert isinstance(last, Finished)
    return examined(last.result)


def converted(model: Path, output: Path, spec) -> Path:
    *_, last = convert(spec, ConvertPlan(model, output), Cancel())
    return last.result.path


@pytest.mark.parametrize("name", list(WORDING))
def test_a_defect_of_the_converter_is_avoided_by_other_wording(name, tmp_path, mslite_spec):
    example = NATURALS[name].build(np.random.default_rng([7, zlib.crc32(name.encode())]))
    golden = tmp_path / "golden.onnx"
    onnx.save(example.model, golden)
    np.savez(tmp_path / "in.npz", **example.feeds)
    target = converted(golden, tmp_path / "target.mindir", mslite_spec)
    found = repaired(golden, target, tmp_path / "out", mslite_spec, tmp_path / "in.npz")
    assert found.verdict is Verdict.PASS
    assert [t.came for t in found.tries] == [Came.SAME, Came.PROVED]
    proved = found.tries[found.proved]
    assert (proved.step, proved.name, proved.nodes) == (Step.REWRITE, WORDING[name], (NATURALS[name].node,))
    assert found.before.error > 1e-4 > 1e-5 > proved.after.error
    assert Path(found.output).is_file()
    assert [f.code for f in found.findings] == ["CNV070"]


def test_the_opset_17_sample_is_fixed_and_proved_by_itself(tmp_path, mslite_spec):
    folder = SAMPLE / "defect"
    found = repaired(folder / "text_encoder.onnx", folder / "text_encoder.mindir", tmp_path / "out", mslite_spec,
                     output=tmp_path / "right.mindir")
    assert [(t.step, t.came) for t in found.tries] == [(Step.AGAIN, Came.SAME), (Step.REWRITE, Came.PROVED)]
    assert found.tries[1].name == "layer_norm_decomposed"
    assert found.tries[1].nodes == ("/model/encoder/layers.0/layer_norm1/LayerNormalization",)
    assert found.output == str(tmp_path / "right.mindir")
    again = repaired(folder / "text_encoder.onnx", Path(found.output), tmp_path / "again", mslite_spec)
    assert again.verdict is Verdict.PASS
    assert again.tries == ()
    assert [f.code for f in again.findings] == ["CNV071"]


def noise(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return weight + 0.1 * np.abs(weight).mean() * rng.standard_normal(weight.shape).astype(np.float32)


PLANTED = {"noise": noise, "scaled": lambda w, _: w * np.float32(1.2),
           "nan": lambda w, _: np.where(w == w.max(), np.nan, w), "transposed": lambda w, _: w.T.copy(),
           "saturated": lambda w, _: np.clip(w, -0.2, 0.2), "one channel zero": lambda w, _: np.where(
               np.arange(8) == 3, 0, w)}


@pytest.mark.parametrize("kind", list(PLANTED))
def test_a_file_that_came_from_another_model_is_made_anew(kind, tmp_path, mslite_spec):
    held = weights()
    changed = {**held, "w1": PLANTED[kind](held["w1"], np.random.default_rng(5)).astype(np.float32)}
    golden = perceptron(tmp_path / "golden.onnx")
    target = converted(perceptron(tmp_path / "faulty.onnx", held=changed), tmp_path / "target.mindir", mslite_spec)
    found = repaired(golden, target, tmp_path / "out", mslite_spec)
    assert found.verdict is Verdict.PASS
    assert [(t.step, t.came) for t in found.tries] == [(Step.AGAIN, Came.PROVED)]
    assert found.before.culprits[0] == "fc1"
    assert [f.code for f in found.findings] == ["CNV073"]


def test_another_converter_is_tried_last(tmp_path, mslite_spec):
    """The same one under another name: it converts, runs and is judged like a real other one."""
    example = NATURALS["cos"].build(np.random.default_rng(3))
    golden = tmp_path / "golden.onnx"
    onnx.save(example.model, golden)
    np.savez(tmp_path / "in.npz", **example.feeds)
    target = converted(golden, tmp_path / "target.mindir", mslite_spec)
    pair = ComparePlan(golden, target, tmp_path / "out", InputChoice(tmp_path / "in.npz"), checks=False, jobs=1)
    plan = FixPlan(pair, ConverterPlan(golden, tmp_path / "out" / "m.mindir", converter=mslite_spec.python), tries=9)
    found = [e.item for e in fix(plan, runtime(mslite_spec), "mindspore-lite 1.0", Cancel(),
                                 {"mindspore-lite 9.9": mslite_spec}) if isinstance(e, Partial)]
    assert [t.name for t in found] == ["again", "cos_half_angle"]  # proved: the dearer one is not needed
    _, second = fix_of("mindspore-lite 9.9", plan, mslite_spec)
    assert second.came is Came.SAME
    assert second.after.error > 1e-4


def fix_of(name, plan, spec):
    """The try of another converter alone."""
    from diag.fix.engine import _Work
    from diag.fix.hypotheses import Hypothesis

    work = _Work(plan, runtime(spec), "mindspore-lite 1.0", {name: spec})
    events = work._try(Hypothesis(Step.CONVERTER, name), 8e-4, Cancel())
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value[1], end.value[0]


def test_what_cannot_be_fixed_is_said_with_everything_that_was_tried(tmp_path, mslite_spec):
    example = NATURALS["cos"].build(np.random.default_rng(3))
    golden = tmp_path / "golden.onnx"
    onnx.save(example.model, golden)
    np.savez(tmp_path / "in.npz", **example.feeds)
    target = converted(golden, tmp_path / "target.mindir", mslite_spec)
    found = repaired(golden, target, tmp_path / "out", mslite_spec, tmp_path / "in.npz", tries=1)
    assert found.verdict is Verdict.FAIL
    assert found.proved is None
    assert found.output == ""
    assert [t.came for t in found.tries] == [Came.SAME]
    assert [f.code for f in found.findings] == ["CNV072"]
