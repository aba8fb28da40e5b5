"""``converter_lite`` as a program that cannot be trusted: every way in which it ends is told for what it is."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import rewrite_models
from fake_converter import SUCCESS, FakeConverter
from samples import shared

from diag.cancel import Cancel
from diag.errors import Cancelled, FormatError, RuntimeUnavailable, ToolFailed, UsageError
from diag.events import Finished, Message
from diag.tools.converter.find import find_converter, find_program
from diag.tools.converter.following import LOG
from diag.tools.converter.plan import Checks, ConverterLimits, ConverterPlan
from diag.tools.converter.run import convert
from diag.types.conversion import Conversion, ConvertStatus
from diag.types.layer import Verdict

PAIR = Path(str(files("resources") / "samples" / "text_encoder" / "healthy"))
DEFECT = Path(str(files("resources") / "samples" / "text_encoder" / "defect"))
ERROR_LINE = ("[ERROR] LITE(1,7f,converter_lite):2026-01-02-03:04:05.678.901 [mindspore/lite/tools/x.cc:12] Fold] "
              "Constant folding failed\n")


@pytest.fixture
def fake(tmp_path, monkeypatch):
    made = FakeConverter(tmp_path / "bin")
    monkeypatch.setenv("FAKE_CONVERTER", str(made.plan))
    monkeypatch.setenv("PATH", f"{made.path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("LITE_HOME", raising=False)
    monkeypatch.delenv("DIAG_CONVERTER", raising=False)
    return made


def plan(tmp_path: Path, **more: object) -> ConverterPlan:
    told = {"onnx": PAIR / "text_encoder.onnx", "output": tmp_path / "out" / "text_encoder.mindir",
            "checks": Checks(runtime="reference"), **more}
    return ConverterPlan(**told)


def done(ask: ConverterPlan) -> Conversion:
    *_, last = convert(ask, Cancel())
    assert isinstance(last, Finished)
    return last.result


def codes(found: Conversion) -> list[str]:
    return [f.code for f in found.findings]


def test_success_is_proved_by_a_first_run(fake, tmp_path):
    fake.answers(stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    found = done(plan(tmp_path))
    assert found.status is ConvertStatus.OK
    assert found.output == tmp_path / "out" / "text_encoder.mindir"
    assert found.output.read_bytes() == (PAIR / "text_encoder.mindir").read_bytes()
    assert found.output.stat().st_mode & 0o777 == 0o644  # the converter leaves files that only their owner reads
    assert found.smoke is not None
    assert (found.smoke.ran, found.smoke.verdict, found.smoke.runtime) == (True, Verdict.PASS, "reference")
    assert (found.tool, codes(found)) == ("converter_lite", ["CNV012"])
    assert fake.flags["fmk"] == "ONNX"
    assert Path(fake.flags["modelFile"]) == PAIR / "text_encoder.onnx"
    assert found.log is not None
    assert found.log.read_text(encoding="utf-8") == SUCCESS
    assert sorted(p.name for p in found.output.parent.iterdir()) == ["text_encoder.mindir", "text_encoder.mindir.log"]


def test_a_rewrite_whose_rounding_grows_is_used_only_where_that_is_allowed(fake, tmp_path):
    fake.answers(stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    source = rewrite_models.layer_norm_amplified(tmp_path / "m.onnx")
    ask = plan(tmp_path, onnx=source, rewrites=("layer_norm_decomposed",), checks=Checks(smoke=False))
    with pytest.raises(ToolFailed, match="change the model's answers") as refused:
        done(ask)
    assert "--rewrite-limit 1e-05" in refused.value.hint
    allowed = done(replace(ask, rewrite_limit=1e-5))
    assert allowed.output is not None
    assert 1e-6 < allowed.change <= 1e-5


def test_errors_on_the_way_to_success_mean_nothing(fake, tmp_path):
    fake.answers(stderr=ERROR_LINE * 3, stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    found = done(plan(tmp_path))
    assert found.status is ConvertStatus.OK
    told = next(f for f in found.findings if f.code == "CNV008")
    assert (told.values["count"], told.values["first"]) == (3, "Constant folding failed")


def test_a_wrong_model_is_no_success(fake, tmp_path):
    fake.answers(stdout=SUCCESS, model=DEFECT / "text_encoder.mindir")
    found = done(plan(tmp_path, onnx=DEFECT / "text_encoder.onnx"))
    assert found.status is ConvertStatus.WRONG
    assert "CNV006" in codes(found)


def test_rubbish_that_is_called_success_does_not_run(fake, tmp_path):
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"not a model at all")
    fake.answers(stdout=SUCCESS, model=rubbish)
    found = done(plan(tmp_path))
    assert found.status is ConvertStatus.NOT_RUNNING
    assert codes(found) == ["CNV005"]


@pytest.mark.parametrize("answer", [{"stdout": SUCCESS}, {"stdout": "done\n"}])
def test_success_without_a_file_is_none(fake, tmp_path, answer):
    fake.answers(**answer)
    found = done(plan(tmp_path))
    assert (found.status, found.output, codes(found)) == (ConvertStatus.FAILED, None, ["CNV009"])


def test_a_file_without_the_word_of_success_is_none(fake, tmp_path):
    fake.answers(stdout="Convert failed. Ret: Common error code.\n", model=PAIR / "text_encoder.mindir", code=255)
    found = done(plan(tmp_path))
    assert (found.status, found.ending) == (ConvertStatus.FAILED, "exit code 255 (status -1: common error)")
    assert found.findings[0].values["reason"] == "It says: Common error code"
    assert not (tmp_path / "out" / "text_encoder.mindir").exists()


@pytest.mark.parametrize(("code", "ending"), [
    (254, "exit code 254 (status -2: a null pointer)"), (3, "exit code 3"),
    (168, "exit code 168 (status -600: an invalid option given by the user)"),
    (56, "exit code 56 (status -200: the graph file)")])
def test_exit_codes_are_decoded(fake, tmp_path, code, ending):
    fake.answers(code=code)
    assert done(plan(tmp_path)).ending == ending


def test_recorded_unsupported_operator_byte_for_byte(fake, tmp_path):
    recorded = shared("tools/converter/mslite200_convert_badop.onnx.log")
    fake.answers(replay=recorded, stdout="Convert failed. Ret: Common error code.\n", code=255)
    found = done(plan(tmp_path))
    assert codes(found)[0] == "CNV010"
    assert found.findings[0].values["operators"] == ["MyWeirdOp"]
    assert found.log is not None
    assert found.log.read_bytes().startswith(recorded.read_bytes())
    assert found.root_cause is not None
    assert "not support onnx data type MyWeirdOp" in found.root_cause.text
    assert found.root_cause.line == 1
    assert set(found.root_cause.words) == {"en", "zh"}


@pytest.mark.parametrize("name", ["ascend_690_real_excerpt.log", "ascend_743_real.log", "mslite200_no_cann_ascend.log"])
def test_recorded_failures_have_a_root_cause(fake, tmp_path, name):
    fake.answers(replay=shared(f"tools/converter/{name}"), code=255)
    found = done(plan(tmp_path))
    assert (found.status, codes(found)[0]) == (ConvertStatus.FAILED, "CNV001")
    assert found.root_cause is not None or found.findings[0].values["reason"]


def test_a_crash_is_named(fake, tmp_path):
    fake.answers(replay=shared("tools/converter/mslite200_convert_badtype.onnx.log"), how="crash")
    found = done(plan(tmp_path))
    assert (found.ending, codes(found)[0]) == ("SIGSEGV", "CNV002")
    assert "unsupported onnx data type: 14" in found.findings[0].values["reason"]


def test_a_hang_ends_by_its_lack_of_life(fake, tmp_path):
    fake.answers(how="sleep")
    began = time.monotonic()
    found = done(plan(tmp_path, limits=ConverterLimits(60, 0.6)))
    assert codes(found)[0] == "CNV003"
    assert "hangs: no line and no processor time used for 0.6 s" in found.ending
    assert time.monotonic() - began < 10


def test_too_long_ends_by_the_clock_even_if_it_is_deaf(fake, tmp_path):
    fake.answers(how="deaf")
    found = done(plan(tmp_path, limits=ConverterLimits(0.5, 60)))
    assert (codes(found)[0], found.ending) == ("CNV003", "did not end within 0.5 s")


def test_memory_is_limited(fake, tmp_path):
    fake.answers(how="greedy")
    found = done(plan(tmp_path, limits=ConverterLimits(memory_bytes=1 << 30)))
    assert codes(found)[0] == "CNV004"
    assert found.findings[0].values["limit"] == "1,024 MiB"
    assert found.log is not None
    assert found.log.read_text(encoding="utf-8").splitlines()[0] == str(1 << 30)


def test_a_stop_takes_less_than_a_second_and_leaves_nothing(fake, tmp_path):
    fake.answers(how="deaf", stderr="started\n")
    cancel = Cancel()
    events = convert(plan(tmp_path), cancel)
    for event in events:
        if isinstance(event, Message) and event.text == f"{LOG}started":
            break
    began = time.monotonic()
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)
    assert time.monotonic() - began < 1
    assert [p.name for p in (tmp_path / "out").iterdir()] == []


def test_a_flag_that_is_refused_is_told_in_its_words(fake, tmp_path):
    fake.answers(stderr="optimise is not a valid flag\n", code=255)
    assert done(plan(tmp_path)).findings[0].values["reason"] == "optimise is not a valid flag"


def test_everything_of_the_plan_reaches_the_program(fake, tmp_path):
    fake.answers(stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    mine = tmp_path / "mine.ini"
    mine.write_text("[ascend_context]\nop_select_impl_mode=high_precision\n")
    found = done(plan(tmp_path, shapes={"input_ids": (1, -1)}, profiles=((77,), (33,)), optimize="ascend_oriented:910b",
                      precision="enforce_fp32", aoe="subgraph tuning, operator tuning", custom_ops="All",
                      config={"acl_init_options": {"ge.deterministic": "1"}}, config_file=mine,
                      flags={"inputDataType": "INT32"}, diagnostics=True, version="2.3"))
    assert fake.flags["optimize"] == "ascend_oriented:910b"
    assert fake.flags["inputDataType"] == "INT32"
    assert fake.flags["DUMP_GE_GRAPH"] == "2"
    assert "inputShape" not in fake.flags
    assert fake.config == (
        '[acl_build_options]\ninput_format=ND\ninput_shape="input_ids:1,-1"\nge.dynamicDims="77;33"\n\n'
        "[acl_init_options]\nge.op_compiler_cache_mode=force\nge.deterministic=1\n\n"
        '[ascend_context]\nprecision_mode=enforce_fp32\nplugin_custom_ops=All\n'
        'aoe_mode="subgraph tuning, operator tuning"\nop_select_impl_mode=high_precision\n')
    assert found.status is ConvertStatus.UNCHECKED  # what is compiled for a chip does not run here
    assert codes(found) == ["CNV007"]
    assert found.config["ascend_context"]["op_select_impl_mode"] == "high_precision"


def test_version_2_0_gets_the_older_form_of_profiles(fake, tmp_path):
    fake.answers(stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    ask = plan(tmp_path, shapes={"a": (-1, 3), "b": (-1, 4)}, profiles=((1, 1), (2, 2)), optimize="ascend_oriented",
               version="2.0.0")
    done(ask)
    assert fake.config == '[ascend_context]\ninput_shape="a:[-1,3];b:[-1,4]"\ndynamic_dims="[1],[2];[1],[2]"\n'
    with pytest.raises(UsageError, match="must all vary in the same way"):
        done(plan(tmp_path, shapes=ask.shapes, profiles=((1, 2),), optimize="ascend_oriented", version="2.0.0"))


def test_options_of_other_versions_are_told(fake, tmp_path):
    fake.answers(stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    found = done(plan(tmp_path, flags={"outputDataFormat": "NCHW", "fp16": "on"}, version="2.2"))
    assert [f.values.get("since") for f in found.findings if f.code == "CNV011"] == ["from 2.7 on"]
    assert "CNV013" in codes(found)


@pytest.mark.parametrize(("more", "said"), [
    ({"flags": {"inputDataTyp": "INT32"}}, "Did you mean 'inputDataType'?"),
    ({"flags": {"inputDataType": "INT23"}}, "Did you mean 'INT32'?"),
    ({"optimize": "ascend_orientated"}, "Did you mean 'ascend_oriented'?"),
    ({"save_type": "OM"}, "Use MINDIR or MINDIR_LITE"), ({"output": Path("x.onnx")}, "Call it x.mindir"),
    ({"flags": {"encryption": "true"}}, "Give --flag encryptKey=HEX as well"),
    ({"onnx": Path("nowhere.onnx")}, "Check the path"), ({"tool": "atc"}, ""),
    ({"converter": Path("/nowhere/converter_lite")}, "Give converter_lite, or a Python"),
    ({"shapes": {"input_ids": (1, -1)}, "profiles": ((1, 2),)}, "One number for each -1, in order")])
def test_a_plan_that_makes_no_sense(fake, tmp_path, more, said):
    with pytest.raises(UsageError) as caught:
        done(plan(tmp_path, **more))
    assert caught.value.hint == said


def test_a_mindir_is_not_converted(fake, tmp_path):
    with pytest.raises(UsageError, match="Only ONNX models are converted"):
        done(plan(tmp_path, onnx=PAIR / "text_encoder.mindir"))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\x0a\xff\xff")
    with pytest.raises(FormatError):
        done(plan(tmp_path, onnx=broken, rewrites=("constants_folded",)))


def test_where_it_is_found(fake, tmp_path, monkeypatch):
    assert find_program() == fake.path
    home = tmp_path / "mindspore-lite-2.3.1-linux-x64"
    inside = FakeConverter(home / "tools" / "converter" / "converter").path
    (home / "runtime" / "lib").mkdir(parents=True)
    monkeypatch.setenv("LITE_HOME", str(home))
    found = find_converter(plan(tmp_path))
    assert (found.path, found.version, found.kind) == (inside, "2.3.1", "converter_lite")
    assert found.env["LD_LIBRARY_PATH"].startswith(f"{home}/runtime/lib:")
    monkeypatch.setenv("DIAG_CONVERTER", str(fake.path))
    assert find_program() == fake.path


def test_without_any_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("LITE_HOME", "DIAG_CONVERTER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeUnavailable, match="converter_lite is not on this machine"):
        find_converter(plan(tmp_path, tool="converter_lite"))
