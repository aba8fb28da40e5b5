"""Plan files: five models in one command, each told by itself, and a stopped batch goes on where it was."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest
from fake_converter import SUCCESS, FakeConverter
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.cancel import Cancel
from diag.errors import DiagError, FormatError, UsageError
from diag.events import Finished, Partial
from diag.jobs.convert import ConvertJob, convert_here
from diag.tools.converter.batch import read_batch
from diag.tools.converter.record import record_of
from diag.types.conversion import Conversion, Conversions, ConvertStatus
from diag.types.layer import Verdict

PAIR = Path(str(files("resources") / "samples" / "text_encoder" / "healthy"))
PLAN = """
[defaults]
optimize = "ascend_oriented"
out = "made"
timeout_s = 30
[defaults.config.ascend_context]
precision_mode = "enforce_fp32"
[[model]]
name = "text"
onnx = "text_encoder.onnx"
shapes = "input_ids:1,-1"
profiles = "77;33"
rewrites = ["constants_folded"]
memory = "8GiB"
[model.config.ascend_context]
op_select_impl_mode = "high_precision"
[[model]]
onnx = "unet/model.onnx"
optimize = "general"
output = "here/u.mindir"
flags = {inputDataType = "FLOAT"}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "batch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_is_read(tmp_path):
    plans = read_batch(written(tmp_path, PLAN)).plans
    text, unet = plans["text"], plans["unet"]
    assert (text.onnx, text.output) == (tmp_path / "text_encoder.onnx", tmp_path / "made" / "text.mindir")
    assert (text.shapes, text.profiles) == ({"input_ids": (1, -1)}, ((77,), (33,)))
    assert text.config == {"ascend_context": {"precision_mode": "enforce_fp32",
                                              "op_select_impl_mode": "high_precision"}}
    assert (text.limits.wall_s, text.limits.memory_bytes) == (30.0, 8 << 30)
    assert (text.rewrites, text.for_ascend) == (("constants_folded",), True)
    assert (unet.output, unet.optimize, unet.flags) == (tmp_path / "here" / "u.mindir", "general",
                                                        {"inputDataType": "FLOAT"})


@pytest.mark.parametrize(("text", "said"), [
    ("[[model]]\nonx = 'a'\n", "Did you mean 'onnx'?"), ("[[modle]]\n", "Did you mean 'model'?"),
    ("[defaults]\n", 'Add [[model]] and onnx = "…" below it'),
    ("[[model]]\nname='x'\n", 'Add onnx = "path/to/model.onnx"'),
    ("[[model]]\nonnx=1\n", ""), ("[[model]]\nonnx='a'\nmemory='lots'\n", "Write it like 8GiB"),
    ("[[model]]\nonnx='a.onnx'\n[[model]]\nonnx='b/a.onnx'\n", "Give each a name of its own"),
    ("[[model]]\nonnx='a'\nsmoke='yes'\n", ""), ("model=3\n", "Write [defaults] and [[model]]"),
    ("[[model]]\nonnx='a'\n[model.config]\nx=1\n", 'Write [model.config.ascend_context] and key = "value" below it')])
def test_what_a_plan_gets_wrong_is_told(tmp_path, text, said):
    with pytest.raises(UsageError) as caught:
        read_batch(written(tmp_path, text))
    assert caught.value.hint == said


def test_what_is_no_toml(tmp_path):
    with pytest.raises(FormatError):
        read_batch(written(tmp_path, "[[model"))
    with pytest.raises(UsageError):
        read_batch(tmp_path / "nowhere.toml")


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
                    max_leaves=6),
       st.sampled_from(["onnx", "shapes", "profiles", "rewrites", "config", "memory", "flags", "timeout_s", "seed"]))
def test_any_value_gives_a_plan_or_a_sentence(value, key):
    from diag.tools.converter.batch import plan_of

    try:
        plan_of({"onnx": "a.onnx", key: value}, Path(), "in a test")
    except DiagError as error:
        assert error.message  # noqa: PT017 - either is fine, a traceback is not


@pytest.fixture
def fake(tmp_path, monkeypatch):
    made = FakeConverter(tmp_path / "bin")
    monkeypatch.setenv("FAKE_CONVERTER", str(made.plan))
    monkeypatch.setenv("PATH", f"{made.path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("LITE_HOME", raising=False)
    made.answers(stdout=SUCCESS, model=PAIR / "text_encoder.mindir")
    return made


def run(job: ConvertJob) -> tuple[Conversions, list[Conversion]]:
    events = list(convert_here(job, Cancel()))
    assert isinstance(events[-1], Finished)
    return events[-1].result, [e.item for e in events if isinstance(e, Partial)]


def test_each_model_is_told_and_one_bad_one_stops_nothing(fake, tmp_path):
    text = "".join(f"[[model]]\nname='{n}'\nonnx='{p}'\nruntime='reference'\n" for n, p in (
        ("one", PAIR / "text_encoder.onnx"), ("gone", "nowhere.onnx"), ("two", PAIR / "text_encoder.onnx")))
    found, each = run(ConvertJob(dict(read_batch(written(tmp_path, text)).plans)))
    assert [(m.name, m.status) for m in found.models] == [
        ("one", ConvertStatus.OK), ("gone", ConvertStatus.FAILED), ("two", ConvertStatus.OK)]
    assert list(found.models) == each
    assert found.verdict is Verdict.FAIL
    assert "There is no such file" in found.models[1].findings[0].values["reason"]


def test_resuming_keeps_what_is_good_and_unchanged(fake, tmp_path):
    text = f"[[model]]\nname='one'\nonnx='{PAIR / 'text_encoder.onnx'}'\nruntime='reference'\n"
    plans = dict(read_batch(written(tmp_path, text)).plans)
    first, _ = run(ConvertJob(plans, resume=True))
    assert first.models[0].status is ConvertStatus.OK
    again, _ = run(ConvertJob(plans, resume=True))
    assert again.models[0].status is ConvertStatus.KEPT
    assert again.verdict is Verdict.PASS
    assert again.models[0].smoke == first.models[0].smoke
    changed = dict(read_batch(written(tmp_path, text + "precision='enforce_fp32'\n")).plans)
    assert run(ConvertJob(changed, resume=True))[0].models[0].status is ConvertStatus.OK
    output = plans["one"].output
    output.write_bytes(b"something else")
    assert run(ConvertJob(changed, resume=True))[0].models[0].status is ConvertStatus.OK
    record_of(output).write_text("{broken", encoding="utf-8")
    assert run(ConvertJob(changed, resume=True))[0].models[0].status is ConvertStatus.OK
    assert run(ConvertJob(changed, resume=False))[0].models[0].status is ConvertStatus.OK


def test_alone_a_bad_plan_is_an_error(fake, tmp_path):
    plans = dict(read_batch(written(tmp_path, "[[model]]\nonnx='nowhere.onnx'\n")).plans)
    with pytest.raises(UsageError):
        run(ConvertJob(plans))
