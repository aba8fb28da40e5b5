"""The real converter of MindSpore Lite 2.0.0: what it gets wrong is seen, what rewrites cure is proved."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import rewrite_models as models
from onnx import TensorProto, helper
from samples import shared

from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.events import Finished, Message
from diag.tools.converter.batch import AUTO
from diag.tools.converter.following import LOG
from diag.tools.converter.offered import convert_with_offers
from diag.tools.converter.plan import Checks, ConverterLimits, ConverterPlan
from diag.tools.converter.run import convert
from diag.types.conversion import Conversion, ConvertStatus
from diag.types.layer import Verdict

pytestmark = pytest.mark.mslite


@pytest.fixture(autouse=True)
def only_python(mslite_python, monkeypatch):
    monkeypatch.setenv("DIAG_MSLITE_PYTHON", str(mslite_python))


def plan(onnx: Path, **more: object) -> ConverterPlan:
    python = Path(os.environ["DIAG_MSLITE_PYTHON"])  # named, so that no other is looked for
    return ConverterPlan(onnx, onnx.parent / "out" / f"{onnx.stem}.mindir", tool="python", converter=python, **more)


def done(ask: ConverterPlan) -> Conversion:
    *_, last = convert(ask, Cancel())
    assert isinstance(last, Finished)
    return last.result


def test_the_tiny_text_encoder_is_right(tmp_path):
    onnx = shared("diffusion/tiny/onnx/text_encoder/model.onnx")
    ask = replace(plan(onnx), output=tmp_path / "text_encoder.mindir")
    found = done(ask)
    assert (found.status, found.tool, found.tool_version) == (ConvertStatus.OK, "python", "2.0.0")
    assert found.smoke is not None
    assert all(o.cumulative is not None and o.cumulative.rel_l2 < 1e-5 for o in found.smoke.outputs)
    assert found.command[:3] == ("converter_lite", "--fmk=ONNX", f"--modelFile={onnx}")


@pytest.mark.parametrize(("make", "before", "rewrites"), [
    (models.layer_norm, ConvertStatus.WRONG, ("layer_norm_decomposed",)),
    (models.layer_norm, ConvertStatus.WRONG, ("opset_lowered",)),
    (models.group_norm_export, ConvertStatus.NOT_RUNNING, ("instance_norm_4d", "attributes_explicit")),
    (models.channels_last, ConvertStatus.NOT_RUNNING, ("attributes_explicit",)),
    (models.isnan, ConvertStatus.FAILED, ("isnan_compare",)),
    (models.activation("Mish", 18), ConvertStatus.FAILED, ("activation_expanded",)),
    (models.where, ConvertStatus.NOT_RUNNING, ("where_arithmetic",)),
    (models.group_norm(18), ConvertStatus.FAILED, ("group_norm_decomposed",)),
    (models.unused_input, ConvertStatus.NOT_RUNNING, ("unused_inputs_dropped",))])
def test_a_rewrite_cures(tmp_path, make, before, rewrites):
    ask = plan(make(tmp_path / "m.onnx"))
    assert done(ask).status is before
    cured = done(replace(ask, rewrites=rewrites))
    assert (cured.status, cured.rewrites) == (ConvertStatus.OK, rewrites)
    assert cured.rewritten is not None


def test_auto_converts_as_it_is_first_and_then_with_what_is_offered(tmp_path):
    ask = plan(models.layer_norm(tmp_path / "m.onnx"), rewrites=(AUTO,))
    *_, last = convert_with_offers(ask, Cancel())
    assert isinstance(last, Finished)
    assert last.result.status is ConvertStatus.OK
    assert "layer_norm_decomposed" in last.result.rewrites
    *_, plain = convert_with_offers(replace(ask, rewrites=()), Cancel())
    assert isinstance(plain, Finished)
    assert plain.result.status is ConvertStatus.WRONG
    assert "CNV040" in {f.code for f in plain.result.findings}  # the rewrite is offered


def test_dynamic_profiles_are_each_run(tmp_path):
    ask = plan(models.shape_arithmetic(tmp_path / "m.onnx"), shapes={"x": (-1, 2, 3)},
               profiles=((1,), (2,), (4,), (8,)))
    found = done(ask)
    assert found.status is ConvertStatus.OK
    assert [(s.profile, s.shapes["x"], s.verdict) for s in found.smokes] == [
        (1, (1, 2, 3), Verdict.PASS), (2, (2, 2, 3), Verdict.PASS), (3, (4, 2, 3), Verdict.PASS)]


def test_fixed_shapes(tmp_path):
    found = done(plan(models.shape_arithmetic(tmp_path / "m.onnx"), shapes={"x": (4, 2, 3)}))
    assert found.smoke is not None
    assert (found.status, found.smoke.shapes) == (ConvertStatus.OK, {"x": (4, 2, 3)})


def test_without_cann_the_missing_library_is_named(tmp_path):
    found = done(plan(models.shared_scale(tmp_path / "m.onnx"), optimize="ascend_oriented"))
    assert found.status is ConvertStatus.FAILED
    assert "libgraph.so" in found.findings[0].values["reason"]
    assert found.root_cause is not None


def test_limits(tmp_path):
    ask = plan(models.shared_scale(tmp_path / "m.onnx"))
    slow = done(replace(ask, limits=ConverterLimits(wall_s=0.1)))
    assert [f.code for f in slow.findings] == ["CNV003"]
    small = done(replace(ask, limits=ConverterLimits(memory_bytes=200 << 20)))
    assert [f.code for f in small.findings] == ["CNV004"]
    assert done(replace(ask, limits=ConverterLimits(memory_bytes=4 << 30))).status is ConvertStatus.OK


def test_diagnostics_make_the_log_tell_more(tmp_path):
    ask = plan(models.shared_scale(tmp_path / "m.onnx"), checks=Checks(smoke=False))
    quiet, loud = done(ask), done(replace(ask, diagnostics=True))
    assert loud.log is not None
    assert quiet.status is loud.status is ConvertStatus.UNCHECKED
    assert "parse op:Mul" in loud.log.read_text(encoding="utf-8")


def test_the_log_is_followed_and_a_stop_is_quick(tmp_path):
    ask = plan(shared("diffusion/tiny/onnx/unet/model.onnx"), diagnostics=True)
    ask = replace(ask, output=tmp_path / "unet.mindir")
    cancel = Cancel()
    events = convert(ask, cancel)
    line = next(e for e in events if isinstance(e, Message) and e.text.startswith(LOG))
    assert "LITE" in line.text
    began = time.monotonic()
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)
    assert time.monotonic() - began < 1
    assert not list(tmp_path.glob("*.mindir"))


def test_what_was_rewritten_is_told(tmp_path):
    found = done(plan(models.layer_norm(tmp_path / "m.onnx"), rewrites=("layer_norm_decomposed",)))
    assert found.rewritten is not None
    assert 0 < found.change <= 1e-6
    lines = found.rewritten.with_suffix(".diff").read_text(encoding="utf-8").splitlines()
    assert "- n = LayerNormalization(m, s, b) {epsilon=0.01}" in lines


def test_a_crash_of_the_real_converter_is_named(tmp_path):
    info = [helper.make_tensor_value_info(name, TensorProto.COMPLEX64, [2]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "complex", info[:1], info[1:])
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), path)
    found = done(plan(path))
    assert (found.ending, found.findings[0].code) == ("SIGSEGV", "CNV002")
    assert found.root_cause is not None
    assert "unsupported onnx data type: 14" in found.root_cause.text


def test_an_encrypted_model_is_run_with_its_key(tmp_path):
    key = "30313233343637383939414243444546"
    ask = plan(models.shared_scale(tmp_path / "m.onnx"), flags={"encryption": "true", "encryptKey": key})
    found = done(ask)
    assert found.status is ConvertStatus.OK
    assert found.output is not None
    assert b"mul1" not in found.output.read_bytes()
