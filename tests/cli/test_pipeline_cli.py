"""diag pipeline init, run, locate as a user runs them: files, exit codes, reports, stopping."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from importlib.resources import files
from pathlib import Path

import goldenfile
import jsonschema
import pytest
from conftest import Command
from onnx import helper
from small_models import save, value

import diag.cli.parse as diag_parse
import diag.cli.pipeline as diag_pipeline
from diag.cli.main import main
from diag.jobs.pipeline import locate_here, once_here
from diag.pipeline.spec import load

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "resources" / "samples" / "pipeline"
HEALTHY, DEFECT = SHIPPED / "healthy", SHIPPED / "defect"


def schema(kind: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        (files("resources") / "schema" / f"diag.{kind}-1.schema.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def here(apart: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line with its work in this process."""
    monkeypatch.setattr(diag_pipeline, "run_locate", lambda job, cancel, _host: locate_here(job, cancel))
    monkeypatch.setattr(diag_pipeline, "run_once", lambda job, cancel, _host: once_here(job, cancel))
    monkeypatch.setattr(diag_parse, "_WARMED", {})
    return apart


def test_locate_names_the_submodel_and_the_layer_in_every_report(apart: Command, tmp_path: Path) -> None:
    out = tmp_path / "run"
    answer = apart("pipeline", "locate", DEFECT / "pipeline.toml", "--runtime", "reference", "--out", out, "--json",
                   tmp_path / "d.json", "--html", tmp_path / "d.html", "--csv", tmp_path / "d.csv")
    assert answer.code == 1
    told = " ".join(answer.out.split())
    assert told.startswith("FAIL: text_encoder is at fault: swapped alone it takes the picture to 21.0 dB")
    assert "because epsilon is 0 in the MindIR and 1e-05 in the ONNX" in told
    document = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema("pipeline"))
    assert [c["submodel"] for c in document["culprits"]] == ["text_encoder"]
    assert document["culprits"][0]["layer"]["finding"] == "ACC011"
    assert len(document["runs"]) == 13
    assert document["run"] == str(out)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "d.csv").read_text(encoding="utf-8-sig"))))
    alone = next(r for r in rows if r["kind"] == "single" and r["swapped"] == "text_encoder" and r["psnr_db"])
    assert float(alone["psnr_db"]) == pytest.approx(21.0, abs=0.1)
    assert float(alone["output.text_encoder"]) == pytest.approx(0.444, abs=0.001)
    assert len([r for r in rows if r["step"]]) == 12 * 8
    page = (tmp_path / "d.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") >= 13 + 5
    assert "layer_norm1/LayerNormalization" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)

    again = apart("report", out, "--json", "-")
    repeated = json.loads(again.out)
    assert again.code == 1
    same = ("verdict", "headline", "culprits", "findings", "runs", "submodels")
    assert {k: repeated[k] for k in same} == {k: document[k] for k in same}
    layers = apart("report", out / "layers" / "text_encoder", "--json", "-")
    assert json.loads(layers.out)["culprits"][0]["finding"] == "ACC011"
    chinese = apart("report", out, "--lang", "zh", "--html", tmp_path / "zh.html")
    assert chinese.out.startswith("失败：出错的是 text_encoder")
    assert "从图片到层" in (tmp_path / "zh.html").read_text(encoding="utf-8")


def test_a_healthy_pipeline_is_exit_code_0(here: Command, tmp_path: Path) -> None:
    answer = here("pipeline", "locate", HEALTHY / "pipeline.toml", "--runtime", "reference", "--out", tmp_path / "run",
                  "--no-layers", "--json", "-")
    document = json.loads(answer.out)
    jsonschema.validate(document, schema("pipeline"))
    assert (answer.code, document["verdict"], document["findings"]) == (0, "pass", [])
    assert document["headline"].startswith("every submodel is right: the picture stays at 1")


def test_a_search_has_the_same_folder_each_time_and_goes_on(here: Command, tmp_path: Path) -> None:
    words = ("pipeline", "locate", HEALTHY / "pipeline.toml", "--runtime", "reference", "--no-layers", "--json", "-")
    first, second = json.loads(here(*words).out), json.loads(here(*words).out)
    assert first["run"] == second["run"]
    assert [r["seconds"] for r in first["runs"][1:]] == [r["seconds"] for r in second["runs"][1:]]
    third = json.loads(here(*words, "--fresh").out)
    assert [r["seconds"] for r in first["runs"][1:]] != [r["seconds"] for r in third["runs"][1:]]


def test_run_writes_the_picture(here: Command, tmp_path: Path) -> None:
    answer = here("pipeline", "run", HEALTHY / "pipeline.toml", "--runtime", "reference", "--swap", "unet,vae_decoder",
                  "--out", tmp_path / "run", "--json", "-")
    document = json.loads(answer.out)
    jsonschema.validate(document, schema("pipeline-run"))
    assert (answer.code, document["swapped"], document["steps"]) == (0, ["unet", "vae_decoder"], 8)
    assert document["calls"] == {"text_encoder": 2, "vae_encoder": 1, "unet": 8, "vae_decoder": 1, "safety_checker": 1}
    assert (tmp_path / "run" / "pictures" / "run.png").read_bytes().startswith(b"\x89PNG")
    plain = here("pipeline", "run", HEALTHY / "pipeline.toml", "--out", tmp_path / "plain", "--lang", "zh")
    assert "全部为 ONNX" in plain.out


def test_init_writes_a_file_that_locate_takes(here: Command, tmp_path: Path) -> None:
    spec = tmp_path / "own" / "pipeline.toml"
    answer = here("pipeline", "init", HEALTHY / "onnx", "--mindir", HEALTHY / "mindir", "-o", spec, "--image",
                  HEALTHY / "picture.png", "--json", "-")
    document = json.loads(answer.out)
    jsonschema.validate(document, schema("pipeline-init"))
    assert (answer.code, document["pipeline_kind"], document["unpaired"]) == (0, "sd-img2img", [])
    unet = next(s for s in document["submodels"] if s["name"] == "unet")
    assert unet["input_shape"] == "sample:2,4,24,24;timestep:1;encoder_hidden_states:2,77,32"
    read = load(spec)
    assert [Path(s.mindir).resolve() for s in read.submodels] == [
        (HEALTHY / "mindir" / f"{s.name}.mindir").resolve() for s in read.submodels]
    located = here("pipeline", "locate", spec, "--runtime", "reference", "--no-layers", "--out", tmp_path / "run", "-q")
    assert located.code == 0
    second = here("pipeline", "init", HEALTHY / "onnx", "-o", spec)
    assert second.code == 2
    assert second.lines[0] == "There is a file of that name"
    assert here("pipeline", "init", HEALTHY / "onnx", "-o", spec, "--force").code == 0
    assert "mindir" not in tomllib.loads(spec.read_text(encoding="utf-8"))["submodels"][0]


def test_init_takes_open_sizes_from_the_config_files(here: Command, tmp_path: Path) -> None:
    home = tmp_path / "sd"
    for name, inputs in (("text_encoder", {"input_ids": ("batch", "sequence")}),
                         ("unet", {"sample": ("batch", "channels", "height", "width"), "timestep": ("batch",),
                                   "encoder_hidden_states": ("batch", "sequence", 16)}),
                         ("vae_decoder", {"latent_sample": ("batch", "channels", "height", "width")})):
        (home / name).mkdir(parents=True)
        first = next(iter(inputs))
        save(home / name / "model.onnx", [helper.make_node("Identity", [first], ["out"], "same")],
             [value(n, s) for n, s in inputs.items()], [value("out", inputs[first])])
    (home / "unet" / "config.json").write_text(json.dumps(
        {"sample_size": 48, "in_channels": 4, "cross_attention_dim": 16}))
    (home / "tokenizer").mkdir()
    (home / "tokenizer" / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 55}))
    answer = here("pipeline", "init", home, "-o", tmp_path / "p.toml", "--json", "-")
    found = {s["name"]: s for s in json.loads(answer.out)["submodels"]}
    assert json.loads(answer.out)["pipeline_kind"] == "sd-text2img"
    assert found["unet"]["input_shape"] == "sample:2,4,48,48;timestep:1;encoder_hidden_states:2,55,16"
    assert found["text_encoder"]["input_shape"] == "input_ids:1,55"
    assert found["vae_decoder"]["input_shape"] == "latent_sample:1,4,48,48"
    assert "unet/config.json" in found["unet"]["inputs"][0]["source"]
    assert tomllib.loads((tmp_path / "p.toml").read_text(encoding="utf-8"))["height"] == 384
    told = here("pipeline", "init", home, "-o", tmp_path / "q.toml").out
    assert 'unet: --inputShape="sample:2,4,48,48;timestep:1;encoder_hidden_states:2,55,16"' in told


def test_a_mindir_says_its_sizes_better_than_config_files(here: Command, tmp_path: Path) -> None:
    home, mindirs = tmp_path / "onnx", tmp_path / "mindir"
    (home / "text_encoder").mkdir(parents=True)
    mindirs.mkdir()
    save(home / "text_encoder" / "model.onnx", [helper.make_node("Identity", ["input_ids"], ["out"], "same")],
         [value("input_ids", ("batch", "sequence"))], [value("out", ("batch", "sequence"))])
    shutil.copy(HEALTHY / "mindir" / "text_encoder.mindir", mindirs)
    answer = here("pipeline", "init", home, "--mindir", mindirs, "-o", tmp_path / "p.toml", "--json", "-")
    found = json.loads(answer.out)["submodels"][0]
    assert (found["input_shape"], found["inputs"][0]["source"]) == ("input_ids:1,77", "text_encoder.mindir")


def test_init_of_other_models_is_a_chain(here: Command, tmp_path: Path) -> None:
    for name in ("detect", "classify"):
        save(tmp_path / f"{name}.onnx", [helper.make_node("Relu", ["x"], ["y"], "act")], [value("x", (2, 3))],
             [value("y", (2, 3))])
    answer = here("pipeline", "init", tmp_path, "-o", tmp_path / "p.toml", "--json", "-")
    assert json.loads(answer.out)["pipeline_kind"] == "chain"
    assert [s.name for s in load(tmp_path / "p.toml").submodels] == ["classify", "detect"]


@pytest.mark.parametrize(("words", "code", "lines"), [
    (["init", "nowhere"], 2, ["The folder with the ONNX models is not there"]),
    (["init", "{empty}"], 2, ["The folder holds no ONNX model"]),
    (["init", "{onnx}", "--mindir", "{home}/mindri"], 2, ["The folder with the MindIRs is not there",
                                                          "Did you mean 'mindir'?"]),
    (["locate", "nowhere.toml"], 2, ["The pipeline's file does not exist"]),
    (["locate", "{home}/picture.png"], 2, ["A TOML file is wanted"]),
    (["locate", "{spec}", "--budget", "1MiB"], 2, ["--budget 1MiB is too small for any model"]),
    (["locate", "{spec}", "--out", "{home}"], 2, ["The folder for the run holds other files"]),
    (["run", "{spec}", "--swap", "unett"], 2, ["The pipeline has no submodel 'unett'", "Did you mean 'unet'?"]),
    (["find", "{spec}"], 2, ["Argument action: invalid choice: 'find'"]),
])
def test_bad_input_is_said_in_a_few_lines(here: Command, tmp_path: Path, words: list[str], code: int,
                                          lines: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    places = {"empty": tmp_path / "empty", "onnx": HEALTHY / "onnx", "home": HEALTHY, "spec": HEALTHY / "pipeline.toml"}
    answer = here("pipeline", *(w.format(**places) for w in words))
    assert answer.code == code
    assert len(answer.lines) <= 3
    for line in lines:
        assert line in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(("change", "line"), [
    (('prompt = "a lighthouse by the sea at sunset"', f'prompt = "{"sea " * 90}"'),
     "The prompt has 92 tokens, text_encoder takes 77"),
    (("/picture.png", "/onnx/tokenizer/merges.txt"), "A picture is wanted"),
    (("strength = 0.3", "strenght = 0.3"), "There is no setting 'strenght'"),
    (("/onnx/unet/model.onnx", "/onnx/vae_decoder/model.onnx"), "unet gives 3 and vae_decoder takes 4"),
    (('name = "unet"', 'name = "unte"'), "sd-img2img has no submodel 'unte'"),
])
def test_what_the_file_gets_wrong_is_said_before_anything_is_searched(here: Command, tmp_path: Path,
                                                                      change: tuple[str, str], line: str) -> None:
    text = (HEALTHY / "pipeline.toml").read_text(encoding="utf-8")
    for part in ("picture.png", "onnx/", "mindir/"):
        text = text.replace(f'"{part}', f'"{HEALTHY}/{part}')
    assert change[0] in text
    (tmp_path / "p.toml").write_text(text.replace(*change), encoding="utf-8")
    answer = here("pipeline", "locate", tmp_path / "p.toml", "--runtime", "reference", "--out", tmp_path / "run")
    assert answer.code == 2
    assert line in answer.err
    assert len(answer.lines) <= 3


def test_a_crash_of_the_original_is_exit_code_4_and_a_missing_runtime_3(here: Command, tmp_path: Path) -> None:
    lost = here("pipeline", "locate", HEALTHY / "pipeline.toml", "--runtime", "mindspore", "--out", tmp_path / "a")
    assert lost.code == 3
    shutil.copytree(HEALTHY, tmp_path / "copy")
    (tmp_path / "copy" / "onnx" / "unet" / "model.onnx").write_bytes(b"no model")
    broken = here("pipeline", "locate", tmp_path / "copy" / "pipeline.toml", "--out", tmp_path / "b")
    assert broken.code == 2
    assert len(broken.lines) <= 3


def test_inspect_and_report_know_pipelines(here: Command, tmp_path: Path) -> None:
    answer = here("inspect", DEFECT / "pipeline.toml", "--json", "-")
    facts = json.loads(answer.out)["files"][0]
    assert (answer.code, facts["format"], facts["spec"]["kind"]) == (0, "pipeline", "sd-img2img")
    assert [(s["onnx_format"], s["mindir_format"]) for s in facts["submodels"]] == [("onnx", "mindir")] * 5
    assert "sd-img2img, 5 submodels" in here("inspect", DEFECT / "pipeline.toml").out
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"kind": "pipeline", "layout": 99}')
    newer = here("report", tmp_path / "run")
    assert newer.code == 2
    assert "layout 99" in newer.err


def test_ctrl_c_ends_within_a_second_leaves_nothing_and_keeps_what_was_finished(tmp_path: Path) -> None:
    environment = {**os.environ, "DIAG_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "diag.cli.main", "pipeline", "locate", str(HEALTHY / "pipeline.toml"), "--runtime",
         "reference", "--out", str(out)], env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (out / "runs.jsonl").exists():
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=10)
    assert time.monotonic() - began < 1.5, "a second, and a busy machine's share"
    assert process.returncode in (130, 0)  # 0: it was done before the signal came
    assert process.returncode == 0 or "What was finished is kept" in told
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert (out / "runs.jsonl").read_text(encoding="utf-8").count("\n") >= 1


def test_help_is_as_it_was(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.suppress(SystemExit):
        main(["pipeline", "--help"])
    _, _, text = capsys.readouterr().out.partition("\n\n")
    goldenfile.check("help-pipeline.txt", text)


def test_demo_is_the_whole_story_in_chinese_too(apart: Command, tmp_path: Path) -> None:
    answer = apart("demo", "--out", tmp_path / "out", "--json", tmp_path / "d.json", "--lang", "zh")
    assert answer.code == 0, answer.out
    order = [answer.out.index(part) for part in (
        "图片：全部替换后为 21.0 dB", "仅 text_encoder：21.0 dB", "text_encoder 的误差为", "layers.0/layer_norm1",
        "epsilon：ONNX 中是 1e-05，MindIR 中是 0", "出错的是 text_encoder", "opset 16", "report.html")]
    assert order == sorted(order)
    assert "意外" not in answer.out
    jsonschema.validate(json.loads((tmp_path / "d.json").read_text(encoding="utf-8")), schema("pipeline"))
    assert '<html lang="zh-CN">' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
