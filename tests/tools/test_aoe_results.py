"""AOE's results in every form, its printed output, and the known causes of no effect."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHARED, shared

from diag.errors import FormatError, UsageError
from diag.tools.aoe import read_result
from diag.tools.aoe.causes import of_setting, of_tasks
from diag.tools.aoe.plan import TunePlan, aoe_command, checked, commands, converter_config, ini, write
from diag.tools.aoe.printed import read_output
from diag.tools.aoe.result import parse_result, percent
from diag.types.tuning import Bank, TuneStatus

FILES = sorted(p.name for p in (SHARED / "tools" / "aoe").glob("*.json")) or ["aoe_result_opat_wholemodel.json"]


@pytest.mark.parametrize("name", FILES)
def test_every_recorded_file_is_one_task(name):
    (task,) = read_result(shared(f"tools/aoe/{name}"))
    assert task.job == "operator"
    assert task.status in (TuneStatus.SUCCESS, TuneStatus.FAILURE)
    assert task.seconds > 0


@pytest.mark.parametrize("name", ["aoe_result_opat_wholemodel.json",
                                  "aoe_result_opat_wholemodel_variant_tuning_result_key.json"])
def test_a_whole_model(name):
    (task,) = read_result(shared(f"tools/aoe/{name}"))
    assert (task.name, task.before_ms, task.after_ms, task.improvement) == ("resnet50", 113.588725, 113.236731,
                                                                            pytest.approx(0.0031))
    (op,) = task.operators
    assert (op.name, op.type, op.change) == ("strided_slice_10", "stridedsliced", "add")
    assert (op.before_us, op.after_us) == (134, 99)
    assert op.improvement == pytest.approx(op.before_us / op.after_us - 1, abs=1e-4)
    assert task.bank == Bank(19, 17, 2, 2, 15, 0)


def test_operators_as_a_list_with_their_times_further_inside():
    (task,) = read_result(shared("tools/aoe/aoe_result_opat_63RC2_list_form_PARTIAL.json"))
    (op,) = task.operators
    assert (op.name, op.type, op.before_us, op.after_us) == ("softmax", "SoftmaxV2", 134, 99)
    assert op.improvement == pytest.approx(0.3535)


def test_a_failure_names_what_could_not_be_tuned():
    (task,) = read_result(shared("tools/aoe/aoe_result_opat_singleop_failed.json"))
    assert task.status is TuneStatus.FAILURE
    assert task.failed == ("res4a_branch1",)
    assert [f.code for f in of_tasks([task])] == ["PRF041"]


SUBGRAPHS = {"report_1": [{"basic": {"tuning_name": "unet", "tuning_time(s)": "77"}}, {"SGAT": {
    "model_baseline_performance(ms)": 20.0, "model_result_performance(ms)": 16.0, "sgat_tune_result": "tune success",
    "repo_modified_subgraphs": {"add_repo_subgraphs": [
        {"repo_key": "k1", "performance_before_tune(us)": "50", "performance_after_tune(us)": "40 ",
         "performance_improvement": "25%"}], "update_repo_subgraphs": []},
    "future": {"anything": [1, None, {"x": True}]}}}],
    "report_2": [{"basic": {"tuning_name": "vae"}}, {"OPAT": {"opat_tuning_result": "tuning failed"}}]}


def test_several_tasks_subgraphs_and_a_missing_improvement():
    first, second = parse_result(json.dumps(SUBGRAPHS))
    assert (first.name, first.job, first.seconds, first.improvement) == ("unet", "subgraph", 77, 0.25)
    assert [(o.name, o.before_us, o.after_us, o.change) for o in first.operators] == [("k1", 50, 40, "add")]
    assert (second.name, second.job, second.status) == ("vae", "operator", TuneStatus.FAILURE)
    assert math.isnan(second.before_ms)


@pytest.mark.parametrize(("text", "value"), [("0.31%", 0.0031), ("35.35 %", 0.3535), (5, 0.05), ("xx%", None),
                                             (None, None), (True, None), ("inf%", None), ("", None)])
def test_percentages(text, value):
    found = percent(text)
    assert math.isnan(found) if value is None else found == pytest.approx(value)


JSON = st.recursive(st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
                        ["basic", "OPAT", "SGAT", "tuning_name", "tuning_time(s)", "repo_summary", "total_num",
                         "op_name",
                         "repo_modified_operators", "add_repo_operators", "performance_before_tune(us)", "op_type",
                         "performance_improvement", "opat_tune_result", "tune_failed_operators"]), inner, max_size=5),
                    max_leaves=25)


@given(JSON)
@settings(max_examples=200)
def test_any_json_gives_tasks_or_none(data):
    tasks = parse_result(json.dumps(data))
    assert all(t.job in ("operator", "subgraph", "gradient") for t in tasks)
    assert all(math.isfinite(o.before_us) for t in tasks for o in t.operators)
    assert len(of_tasks(tasks)) <= 3 * len(tasks)


@pytest.mark.parametrize("content", ["", "{}", "[]", "hello", '[{"basic": {}}]', "[" * 3000, '{"OPAT": 3}',
                                     '[{"basic": {}}, {"OPAT": {}}]',
                                     '{"SGAT": {"model_baseline_performance(ms)": "N/A"}}'])
def test_what_is_no_result_says_so(tmp_path: Path, content: str):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(FormatError, match="result of AOE"):
        read_result(path)


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_result(tmp_path / "no.json")


def test_printed_output():
    found = read_output(shared("tools/aoe/aoe_stdout_phrases.txt").read_text())
    assert found.jobs == ["subgraph", "operator"]
    assert (found.ends, found.seconds) == (2, 2218)
    assert found.failures == []


def test_printed_gains_are_tasks_where_there_is_no_file():
    found = read_output("Start to operator tuning\nunet process finished. Performance improved by 12.5%\n"
                        "[Aoe]conv1 Single operator tuning process finished.\n"
                        "[Aoe]Aoe process finished,cost time 90s.\n")
    (task,) = found.tasks("log")
    assert (task.name, task.job, task.status, task.improvement) == ("unet", "operator", TuneStatus.SUCCESS, 0.125)
    assert found.finished == ["conv1"]


def test_printed_failures():
    found = read_output("Start to subgraph tuning\nEZ3002: Optype [X] unsupported\nAoe process failed, mode= 1\n")
    assert found.failures == ["EZ3002: Optype [X] unsupported", "Aoe process failed, mode= 1"]
    assert found.tasks("x")[0].status is TuneStatus.FAILURE


@given(st.text(max_size=300))
@settings(max_examples=100)
def test_any_text_is_read(text):
    found = read_output(text)
    assert found.ends >= 0
    assert len(found.failures) <= 20


@pytest.mark.parametrize(("config", "version", "codes"), [
    ({"ascend_context": {"aoe_mode": "subgraph tuning, operator tuning"},
      "acl_init_options": {"ge.op_compiler_cache_mode": "force"}}, "2.3.1", []),
    ({"ascend_context": {"aoe_mode": "subgraph turing, operator tuning"},
      "acl_init_options": {"ge.op_compiler_cache_mode": "force"}}, "", ["PRF045"]),
    ({"ascend_context": {"aoe_mode": "operator tuning"},
      "acl_init_options": {"ge.op_compiler_cache_mode": "enable"}}, "2.1", ["PRF043"]),
    ({"ascend_context": {"aoe_mode": "subgraph tuning"}}, "2.0.0", ["PRF043", "PRF044"]),
    ({"aoe_global_options": {"job_type": "1,2"}}, "1.9", ["PRF043", "PRF044"]),
    ({"ascend_context": {"precision_mode": "enforce_fp32"}}, "2.0.0", []),
])
def test_known_causes_of_no_effect(config, version, codes):
    assert [f.code for f in of_setting(config, version, "x.ini")] == codes


def test_the_wanted_phrase_is_what_was_meant():
    (found, *_) = of_setting({"ascend_context": {"aoe_mode": "operator turning"}})
    assert found.values["wanted"] == "aoe_mode=operator tuning"


def test_no_improvement_and_a_full_bank():
    result = [{"basic": {"tuning_name": "m"}}, {"OPAT": {
        "model_baseline_performance(ms)": 5, "model_result_performance(ms)": 5, "model_performance_improvement": "0%",
        "opat_tune_result": "tune success", "repo_summary": {"total_num": 9, "repo_hit_num": 9}}}]
    assert [f.code for f in of_tasks(parse_result(json.dumps(result)))] == ["PRF042", "PRF046"]


@pytest.fixture
def plan(tmp_path: Path) -> TunePlan:
    model = tmp_path / "in put" / "m.onnx"
    model.parent.mkdir()
    model.write_bytes(b"x")
    return TunePlan(model, tmp_path / "out", ("operator", "subgraph"), shapes={"x": (1, 3)})


def test_subgraphs_come_first_and_the_cache_is_forced(plan: TunePlan):
    plan = checked(plan)
    assert plan.jobs == ("subgraph", "operator")
    text = ini(converter_config(plan))
    assert text == ("[ascend_context]\naoe_mode=subgraph tuning, operator tuning\n\n[acl_init_options]\n"
                    "ge.op_compiler_cache_mode=force\n")
    assert of_setting(converter_config(plan), "2.2") == ()
    assert "aoe_mode" not in ini(converter_config(plan, tune=False))


def test_command_lines_of_aoe(plan: TunePlan):
    plan = checked(TunePlan(plan.model, plan.folder, ("operator",), "aoe", dynamic={"x": (-1, 3), "y": (-1,)},
                            profiles=((1, 1), (2, 2)), precision="enforce_fp32", device=3))
    words = aoe_command(plan, "operator")
    assert words[:4] == ["aoe", "--framework=5", f"--model={plan.model}", "--job_type=2"]
    assert words[5:] == ["--device=3", "--progress_bar=off", "--input_format=ND", "--input_shape=x:-1,3;y:-1",
                         "--dynamic_dims=1,1;2,2", "--precision_mode=force_fp32"]
    assert [c[0] for c in commands(plan)] == ["converter_lite", "aoe", "converter_lite", "diag", "diag", "diag"]


@pytest.mark.parametrize(("change", "said"), [
    ({"jobs": ()}, "no tuning job"), ({"jobs": ("magic",)}, "no tuning job 'magic'"),
    ({"dynamic": {"x": (-1, 3)}, "profiles": ((1, 2),)}, "A profile has 2 sizes"),
    ({"model": Path("no")}, "no such file")])
def test_a_plan_that_makes_no_sense(plan: TunePlan, change, said):
    from dataclasses import replace

    with pytest.raises(UsageError, match=said):
        checked(replace(plan, **change))


def test_precision_words_that_aoe_does_not_know(plan: TunePlan):
    from dataclasses import replace

    with pytest.raises(UsageError, match="no precision mode"):
        aoe_command(replace(plan, precision="precision_mode_v2"), "operator")


def test_the_script_runs_in_a_shell_with_blanks_in_names(plan: TunePlan, tmp_path: Path):
    import os
    import subprocess

    plan = checked(plan)
    files = {p.name for p in write(plan)}
    assert files == {"tune.ini", "plain.ini", "tune.sh"}
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("converter_lite", "diag"):
        (tools / name).write_text('#!/bin/sh\nfor word in "$@"; do echo "$0|$word" >> "$LOG"; done\n')
        (tools / name).chmod(0o755)
    log = tmp_path / "log"
    subprocess.run(["sh", str(plan.folder / "tune.sh")], check=True, cwd="/", env={
        "PATH": f"{tools}:{os.environ['PATH']}", "LOG": str(log), "MODEL": str(plan.model)})
    said = [line.partition("|")[2] for line in log.read_text().splitlines()]
    assert f"--modelFile={plan.model}" in said
    assert said.count("--configFile=./tune.ini") == said.count("--configFile=./plain.ini") == 1
    assert said.count("compare") == 2


def test_a_result_saved_as_utf_16_is_read(tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_bytes(json.dumps([{"basic": {"tuning_name": "n"}}, {"OPAT": {"opat_tuning_result": "tuning success"}}],
                                indent=1).encode("utf-16"))
    assert [t.name for t in read_result(path)] == ["n"]
