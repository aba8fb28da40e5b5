"""``diag convert`` as a user types it."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import goldenfile
import jsonschema
import pytest
import rewrite_models
from small_models import perceptron

import diag.cli.convert as diag_convert
from diag.cli.main import main
from diag.jobs.convert import convert_here

PAIR = Path(str(files("resources") / "samples" / "text_encoder" / "healthy"))
SCHEMA = json.loads((files("resources") / "schema" / "diag.convert-1.schema.json").read_text(encoding="utf-8"))
FAKE = f"""#!{sys.executable}
import os, sys, time
flags = dict(a[2:].split("=", 1) for a in sys.argv[1:] if "=" in a)
if os.environ.get("FAKE_HOW") == "sleep":
    print("started", flush=True)
    time.sleep(600)
if os.environ.get("FAKE_HOW") == "fail":
    sys.stderr.write("[ERROR] LITE(1,7f,converter_lite):2026-01-02-03:04:05.678.901 [mindspore/x.cc:12] ConvertNodes] "
                     "not support onnx data type MyOp\\n")
    sys.exit(255)
open(flags["outputFile"] + ".mindir", "wb").write(open({str(PAIR / "text_encoder.mindir")!r}, "rb").read())
print("CONVERT RESULT SUCCESS:0")
"""


@pytest.fixture
def convert(diag, tmp_path, monkeypatch):
    """Runs ``diag convert`` in this process, with a converter_lite that copies a model."""
    program = tmp_path / "bin" / "converter_lite"
    program.parent.mkdir()
    program.write_text(FAKE, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("LITE_HOME", raising=False)
    monkeypatch.setattr(diag_convert, "run_convert", lambda job, cancel, _host: convert_here(job, cancel))
    monkeypatch.chdir(tmp_path)
    return lambda *words: diag("convert", *words)


def document(answer) -> dict:
    doc = json.loads(answer.out)
    jsonschema.validate(doc, SCHEMA)
    return doc


def test_a_model_is_converted_and_told(convert, tmp_path):
    answer = convert(PAIR / "text_encoder.onnx", "--runtime", "reference", "--html", "r.html", "--csv", "r.csv")
    assert answer.code == 0, answer.err
    told = " ".join(answer.out.split())
    assert "PASS: text_encoder is converted and proved" in told
    assert "--outputFile=text_encoder --saveType=MINDIR --optimize=general" in told
    assert (tmp_path / "text_encoder.mindir").is_file()
    assert "converter_lite" in (tmp_path / "r.html").read_text(encoding="utf-8")
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(r["model"], r["status"], r["smoke_verdict"]) for r in rows] == [("text_encoder", "ok", "pass")]


def test_a_batch_as_a_document_in_chinese(convert, tmp_path):
    (tmp_path / "b.toml").write_text(
        f"[defaults]\nruntime='reference'\n[[model]]\nname='a'\nonnx='{PAIR / 'text_encoder.onnx'}'\n"
        "[[model]]\nname='b'\nonnx='nowhere.onnx'\n", encoding="utf-8")
    answer = convert("b.toml", "--json", "-", "--lang", "zh", "--out", "made")
    doc = document(answer)
    assert (answer.code, doc["verdict"]) == (1, "fail")
    assert [(m["name"], m["status"]) for m in doc["models"]] == [("a", "ok"), ("b", "failed")]
    assert doc["headline"] == "2 个模型中有 1 个已转换并得到证明；1 失败"
    assert (tmp_path / "made" / "a.mindir").is_file()
    again = convert("b.toml", "--json", "-", "--resume", "--out", "made")
    assert [m["status"] for m in document(again)["models"]] == ["kept", "failed"]


def test_a_failure_is_explained_from_its_log(convert, monkeypatch):
    monkeypatch.setenv("FAKE_HOW", "fail")
    answer = convert(PAIR / "text_encoder.onnx", "--json", "-", "--lang", "zh")
    model = document(answer)["models"][0]
    assert (answer.code, model["status"], model["smoke"]) == (1, "failed", {})
    assert model["root_cause"]["line"] == 1
    assert "MyOp" in model["root_cause"]["text"]
    assert model["root_cause"]["finding"]["title"]
    text = convert(PAIR / "text_encoder.onnx").out
    assert "Why, from the logs" in text
    assert "CNV010" in text


def test_dry_run_writes_the_configuration_and_says_the_command(convert, tmp_path):
    answer = convert(PAIR / "text_encoder.onnx", "--dry-run", "--optimize", "ascend_oriented", "--shape",
                     "input_ids:1,-1", "--profiles", "77;33", "--precision", "enforce_fp32", "--set",
                     "acl_init_options:ge.deterministic=1", "--flag", "encryptKey=00112233445566778899aabbccddeeff")
    assert answer.code == 0, answer.err
    assert "--configFile=text_encoder.mindir.ini" in answer.out
    assert "encryptKey=…" in answer.out
    assert "00112233" not in answer.out
    assert 'ge.dynamicDims="77;33"\n' in (tmp_path / "text_encoder.mindir.ini").read_text(encoding="utf-8")
    assert not (tmp_path / "text_encoder.mindir").exists()


def test_a_configuration_is_examined_and_mended(convert, tmp_path):
    bad = tmp_path / "bad.ini"
    bad.write_text("[ascend_context]\nprecision_mode=enforce_fp32 #fp32\n", encoding="utf-8")
    answer = convert("--check-config", bad, "--fix", tmp_path / "good.ini", "--json", "-", "--csv", "r.csv")
    doc = document(answer)
    assert (answer.code, doc["findings"][0]["code"]) == (1, "CNV020")
    assert doc["config"]["values"] == {"ascend_context": {"precision_mode": "enforce_fp32 #fp32"}}
    assert (tmp_path / "good.ini").read_text(encoding="utf-8") == doc["config"]["corrected"]
    good = convert("--check-config", tmp_path / "good.ini")
    assert good.code == 0
    assert "Nothing is wrong with good.ini" in good.out


def test_rewrites_are_shown_and_proved(convert, tmp_path):
    model = rewrite_models.layer_norm(tmp_path / "m.onnx")
    answer = convert(model, "--show-rewrites", "--json", "-")
    offered = {r["name"]: r for r in document(answer)["rewrites"]}
    assert offered["layer_norm_decomposed"]["proved"]
    assert offered["layer_norm_decomposed"]["places"] == ["norm"]
    assert any(line.startswith("-n = LayerNormalization") for line in
               offered["layer_norm_decomposed"]["difference"])
    assert "layer_norm_decomposed" in convert(model, "--show-rewrites").out
    plain = convert(perceptron(tmp_path / "p.onnx"), "--show-rewrites", "--json", "-")
    assert "layer_norm_decomposed" not in {r["name"] for r in document(plain)["rewrites"]}


@pytest.mark.parametrize(("words", "said"), [
    ((), "Which model?"), (("nowhere.onnx",), "There is no such file"), (("a.toml", "b.onnx"), "stands alone"),
    (("a.onnx", "b.onnx", "-o", "x.mindir"), "there are several models"),
    (("a/m.onnx", "b/m.onnx"), "would be called 'm'"),
    (("a.onnx", "--set", "x=1"), "'x=1' is no option"), (("a.onnx", "--flag", "x"), "'x' is no flag"),
    (("a.onnx", "--shape", "x"), "'x' is not a shape"), (("--check-config", "nowhere.ini"), "There is no such file"),
    (("a.onnx", "--check-config", "x.ini"), "converts nothing"),
    (("a.onnx", "--memory", "lots"), "'lots' is not a size"),
    (("a.onnx", "--rewrite", "layernorm"), "Did you mean")])
def test_what_makes_no_sense_is_said(convert, words, said):
    answer = convert(*words)
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_help_is_as_it_was(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.suppress(SystemExit):
        main(["convert", "--help"])
    _, _, text = capsys.readouterr().out.partition("\n\n")
    goldenfile.check("help-convert.txt", text)


def test_ctrl_c_ends_within_a_second_and_leaves_nothing(convert, tmp_path):
    env = {**os.environ, "FAKE_HOW": "sleep"}
    child = subprocess.Popen([sys.executable, "-m", "diag.cli.main", "convert", str(PAIR / "text_encoder.onnx"), "-v"],
                             stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env, text=True, cwd=tmp_path)
    assert child.stderr is not None
    while "started" not in child.stderr.readline():
        assert child.poll() is None
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert child.wait(10) == 130
    assert time.monotonic() - began < 1.5  # one, and what a busy machine adds
    child.stderr.close()
    assert not list(tmp_path.glob(".convert-*"))
    alive = [p for p in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _read(p)]
    assert alive == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
