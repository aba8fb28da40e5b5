"""diag compare, report, demo as a user runs them: what goes where, exit codes, stopping, options."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import goldenfile
import jsonschema
import numpy as np
import pytest
import small_models
from conftest import Command
from onnx import helper

import diag.cli.report as diag_report
from diag.cli.main import COMMANDS, main
from diag.errors import ToolFailed

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "samples" / "text_encoder"
SCHEMA = json.loads((ROOT / "resources" / "schema" / "diag.compare-1.schema.json").read_text(encoding="utf-8"))
HEALTHY = (SAMPLES / "healthy" / "text_encoder.onnx", SAMPLES / "healthy" / "text_encoder.mindir")
DEFECT = (SAMPLES / "defect" / "text_encoder.onnx", SAMPLES / "defect" / "text_encoder.mindir")
REFERENCE = ("--runtime", "reference", "--no-checks")


def pair(folder: Path, change: float) -> tuple[Path, Path]:
    """A model and one whose second weight is off by this factor."""
    held = small_models.weights()
    golden = small_models.perceptron(folder / "golden.onnx", held=held)
    return golden, small_models.perceptron(folder / "target.onnx", held={**held, "w2": held["w2"] * np.float32(change)})


@pytest.mark.parametrize(("change", "words", "code", "verdict"), [
    (1.0, [], 0, "pass"),
    (1.00000002, [], 0, "pass"),
    (1.00005, ["--no-own-input"], 0, "watch"),
    (1.00005, ["--no-own-input", "--fail-on", "watch"], 1, "watch"),
    (1.04, [], 1, "fail"),
    (np.nan, [], 1, "fail"),
])
def test_exit_codes_of_verdicts(diag: Command, tmp_path: Path, change: float, words: list[str], code: int,
                                verdict: str) -> None:
    answer = diag("compare", *pair(tmp_path, change), "--json", "-", *words)
    document = json.loads(answer.out)
    assert (document["verdict"], answer.code) == (verdict, code)


def test_a_verdict_that_cannot_be_given_is_a_finding(diag: Command, tmp_path: Path) -> None:
    golden = small_models.save(tmp_path / "a.onnx", [helper.make_node("Relu", ["x"], ["y"], "act")],
                               [small_models.value("x", (4,))], [small_models.value("y", (4,))])
    np.save(tmp_path / "x.npy", -np.ones(4, np.float32))
    answer = diag("compare", golden, golden, "--input", f"x={tmp_path / 'x.npy'}", "--json", "-")
    assert (json.loads(answer.out)["verdict"], answer.code) == ("not_comparable", 1), "all zeros prove nothing"


def fake_lite(folder: Path, then: str) -> Path:
    """An interpreter that says it has MindSpore Lite; started as a worker it does ``then``."""
    probe = {"version": [3, 7, 16], "prefix": str(folder), "bits": 64, "packages": {"mindspore-lite": "2.0.0"},
             "folders": {str(folder): folder.stat().st_mtime}}
    script = folder / "python3.7"
    script.write_text(f"#!/bin/sh\ncase \"$*\" in *main.py*) {then};; esac\n"
                      f"/bin/cat <<'END'\ndiag-probe:{json.dumps(probe)}\nEND\n")
    script.chmod(0o755)
    return script


def test_exit_code_of_a_runtime_that_crashes(diag: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIAG_MSLITE_PYTHON", str(fake_lite(tmp_path, "echo it breaks >&2; kill -SEGV $$")))
    answer = diag("compare", *HEALTHY, "--runtime", "mindspore-lite")
    assert answer.code == 4
    assert "SIGSEGV" in answer.err
    assert "Traceback" not in answer.err
    assert len(answer.lines) <= 3
    assert "log" in answer.err


def test_a_runtime_that_crashes_is_no_end_where_another_can_go_on(
        diag: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIAG_MSLITE_PYTHON", str(fake_lite(tmp_path, "kill -SEGV $$")))
    answer = diag("compare", *HEALTHY, "--json", "-")
    document = json.loads(answer.out)
    assert (answer.code, document["verdict"], document["target"]["runtime"]) == (0, "pass", "reference")
    assert "warning: mindspore-lite could not run it" in answer.err
    assert "ENV002" in [f["code"] for f in document["findings"]]


def test_exit_code_of_our_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_args: object) -> int:
        raise ZeroDivisionError("one by zero")

    monkeypatch.setattr(diag_report, "run", broken)
    assert main(["report", "x"]) == 70
    error = capsys.readouterr().err
    assert error.startswith("This is a bug in Ascend Diag")
    assert "diag report x" in error
    assert "one by zero" in error


def test_exit_code_of_a_tool_that_failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_args: object) -> int:
        raise ToolFailed("It answered with an error", where="in the log", hint="Read it")

    monkeypatch.setattr(diag_report, "run", broken)
    assert main(["report", "x"]) == 4
    assert capsys.readouterr().err == "It answered with an error\nin the log\nRead it\n"


def test_json_on_stdout_is_one_document_and_nothing_else(apart: Command) -> None:
    answer = apart("compare", *DEFECT, *REFERENCE, "--json", "-", "--progress", "plain", "-v")
    document = json.loads(answer.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert (document["schema"], document["verdict"], answer.code) == ("diag.compare/1", "fail", 1)
    assert document["culprits"][0]["finding"] == "ACC011"
    assert Path(document["run"], "comparison.json").exists()


def test_report_tells_a_recorded_run_again(diag: Command, tmp_path: Path) -> None:
    first = diag("compare", *DEFECT, *REFERENCE, "--json", "-", "--out", tmp_path / "run")
    again = diag("report", tmp_path / "run", "--json", "-")
    assert again.code == first.code == 1
    a, b = json.loads(first.out), json.loads(again.out)
    assert a == b
    moved = tmp_path / "elsewhere"
    (tmp_path / "run").rename(moved)
    assert json.loads(diag("report", moved, "--json", "-").out)["culprits"] == a["culprits"]


def test_files_of_every_format(diag: Command, tmp_path: Path) -> None:
    files = {name: tmp_path / "new folder" / f"r.{name}" for name in ("json", "html", "csv")}
    answer = diag("compare", *DEFECT, *REFERENCE, *(w for n, f in files.items() for w in (f"--{n}", f)))
    assert answer.code == 1
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(files["json"].read_text(encoding="utf-8")))
    assert files["html"].read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text(encoding="utf-8-sig"))))
    document = json.loads(files["json"].read_text(encoding="utf-8"))
    assert len(rows) == len(document["layers"])
    assert "layer_norm1" in answer.out
    assert "epsilon" in answer.out


def test_progress_plain_says_each_stage_once(apart: Command, tmp_path: Path) -> None:
    answer = apart("compare", *pair(tmp_path, 1.0), "--progress", "plain", "-q")
    assert (answer.out, answer.err) == ("", ""), "quiet is quiet"
    answer = apart("compare", *pair(tmp_path, 1.0), "--progress", "plain")
    assert answer.lines == ["Opening the models", "Comparing layers", "Looking for the reason"]
    answer = apart("compare", *pair(tmp_path, 1.0))
    assert answer.err == "", "progress is drawn on terminals only"


def test_quiet_says_nothing_but_errors(diag: Command, tmp_path: Path) -> None:
    answer = diag("compare", *pair(tmp_path, 1.04), "-q")
    assert (answer.code, answer.out, answer.err) == (1, "", "")
    assert diag("compare", tmp_path / "no.onnx", tmp_path / "golden.onnx", "-q").err != ""


def test_words_in_chinese(diag: Command, tmp_path: Path) -> None:
    answer = diag("compare", *DEFECT, *REFERENCE, "--lang", "zh", "--html", tmp_path / "r.html", "--json",
                  tmp_path / "r.json")
    for text in (answer.out, (tmp_path / "r.html").read_text(encoding="utf-8")):
        assert any("\u4e00" <= c <= "\u9fff" for c in text)
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    finding = next(f for f in document["findings"] if f["code"] == "ACC011")
    assert any("\u4e00" <= c <= "\u9fff" for c in finding["title"] + finding["explanation"])


def test_no_colours_where_nobody_sees_them(diag: Command, tmp_path: Path) -> None:
    assert "\x1b" not in diag("compare", *pair(tmp_path, 1.04)).out


def slow(folder: Path) -> Path:
    """Takes many seconds, in many pieces."""
    n = 1024
    nodes = [helper.make_node("MatMul", [f"v{i}" if i else "x", "w"], [f"v{i + 1}" if i < 119 else "y"], f"mm{i}")
             for i in range(120)]
    w = np.eye(n, dtype=np.float32)
    w[0, 1] = 0.5
    return small_models.save(folder / "slow.onnx", nodes, [small_models.value("x", (n, n))],
                             [small_models.value("y", (n, n))], {"w": w})


def test_ctrl_c_ends_it_within_a_second_and_keeps_what_was_finished(tmp_path: Path) -> None:
    model, out = slow(tmp_path), tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "diag.cli.main", "compare", str(model), str(model), "--out", str(out)], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "DIAG_HOME": str(tmp_path / "home")})
    rows = out / "layers.jsonl"
    deadline = time.monotonic() + 60
    while not (rows.exists() and rows.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = [int(p) for t in Path(f"/proc/{process.pid}/task").iterdir()
                for p in (t / "children").read_text().split()]
    assert children, "the comparison runs in a process of its own"
    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=20)
    took = time.monotonic() - begin
    assert process.returncode == 130
    assert took < 1.0
    assert error.splitlines() == ["Stopped on request. What was finished is kept."]
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    kept = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    assert kept
    assert {row["golden_node"] for row in kept} <= {f"mm{i}" for i in range(120)}
    assert not (out / "comparison.json").exists()


def test_a_stopped_run_says_so(diag: Command, tmp_path: Path) -> None:
    diag("compare", *pair(tmp_path, 1.0), "--out", tmp_path / "run")
    (tmp_path / "run" / "comparison.json").unlink()
    answer = diag("report", tmp_path / "run")
    assert answer.code == 2
    assert "stopped before its end" in answer.lines[0]


COMMON = ("--json", "--html", "--csv", "--out", "--lang", "-v", "-q", "--progress", "--no-color", "--fail-on")
COMPARE = ("--inputs", "--input", "--seed", "--shape", "--runtime", "--device", "--dtype", "--own-input",
           "--no-own-input", "--preset", "--map", "--budget", "--jobs", "--key")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_the_common_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert [o for o in COMMON if o not in text] == []


def test_compare_has_the_options_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    text = capsys.readouterr().out
    assert [o for o in COMPARE if o not in text] == []


@pytest.mark.parametrize("command", ["", "compare", "report", "demo", "log"])
def test_help_is_as_it_was(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.suppress(SystemExit):
        main([*command.split(), "--help"])
    _, _, text = capsys.readouterr().out.partition("\n\n")  # how the usage above is wrapped depends on Python
    goldenfile.check(f"help-{command or 'diag'}.txt", text)


def test_demo_tells_the_story(apart: Command, tmp_path: Path) -> None:
    answer = apart("demo", "--out", tmp_path / "demo", "--json", tmp_path / "demo.json")
    assert answer.code == 0, answer.out
    told = " ".join(answer.out.split())
    for words in ("PASS", "FAIL", "layers.0/layer_norm1", "epsilon: 1e-05 in the ONNX, 0 in the MindIR",
                  "with the original's value put back, the error is gone", "diag report"):
        assert words in told
    assert (tmp_path / "demo" / "report.html").exists()
    told = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert told["culprits"][0]["layer"]["finding"] == "ACC011"
