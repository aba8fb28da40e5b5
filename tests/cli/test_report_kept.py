"""diag report on the folders of every command: the same page, table and exit code as when it was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from samples import shared
from small_models import perceptron

from diag.cli.main import main
from diag.report.kept import FILE, KINDS

LOG = "[ERROR] GE(7,python):2024-05-06-10:00:01.000.000 [a.cc:1]9 Run: AOE failed, ret=507011\n"
SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "healthy"


@pytest.fixture
def diag(capfd, tmp_path, monkeypatch):
    """Runs ``diag`` with these words; (exit code, stdout, stderr)."""
    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))

    def run(*words: object) -> tuple[int, str, str]:
        capfd.readouterr()
        return main([str(w) for w in words]), *capfd.readouterr()

    return run


def recorded_profile(tmp_path: Path) -> Path:
    """What onnxruntime writes of a few runs."""
    options = ort.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "onnxruntime_profile")
    session = ort.InferenceSession(str(perceptron(tmp_path / "p.onnx")), options)
    feed = {i.name: np.ones([d if isinstance(d, int) else 1 for d in i.shape], np.float32)
            for i in session.get_inputs()}
    for _ in range(3):
        session.run(None, feed)
    return Path(session.end_profiling())


def words_of(kind: str, folder: Path) -> list[object]:
    """A quick command of that kind, on files of its own."""
    model = perceptron(folder / "m.onnx")
    match kind:
        case "bench":
            (folder / "a").write_text(json.dumps([1 + 0.001 * (i % 5) for i in range(20)]))
            return ["bench", "--import", folder / "a", folder / "a"]
        case "log":
            (folder / "a.log").write_text(LOG)
            return ["log", "triage", folder / "a.log"]
        case "profile":
            return ["profile", recorded_profile(folder)]
        case "tune":
            return ["tune", "--import", shared("tools/aoe/aoe_result_opat_wholemodel.json")]
        case "fix":
            return ["fix", SAMPLE / "text_encoder.onnx", SAMPLE / "text_encoder.mindir", "--runtime", "reference"]
        case "pipeline_run":
            return ["pipeline", "run", SAMPLE.parents[1] / "pipeline" / "healthy" / "pipeline.toml"]
        case "fix_pipeline":
            return ["fix", SAMPLE.parents[1] / "pipeline" / "healthy" / "pipeline.toml", "--runtime", "reference"]
        case _:
            return [kind, model]


@pytest.mark.parametrize("kind", [k if not k.startswith("fix") else pytest.param(k, marks=pytest.mark.mslite)
                                  for k in KINDS if k != "convert"])
def test_a_recorded_result_is_told_again(diag, tmp_path, kind):
    out = tmp_path / "run"
    words = words_of(kind, tmp_path)
    code, said, _ = diag(*words, "--out", out, "--html", tmp_path / "1.html", "--csv", tmp_path / "1.csv",
                         "--lang", "zh")
    assert code in (0, 1)
    assert json.loads((out / FILE).read_text(encoding="utf-8"))["kind"] == kind
    again = diag("report", out, "--html", tmp_path / "2.html", "--csv", tmp_path / "2.csv", "--lang", "zh")
    assert again == (code, said, "")
    for name in ("html", "csv"):
        assert (tmp_path / f"1.{name}").read_bytes() == (tmp_path / f"2.{name}").read_bytes()
    _, english, _ = diag("report", out, "--lang", "en")
    assert english != said
    code, text, _ = diag("report", out, "--json", "-")
    assert json.loads(text)["schema"].startswith("diag.")


def test_of_a_run_and_a_search_in_one_folder_the_later_is_told(diag, tmp_path):
    spec, out = SAMPLE.parents[1] / "pipeline" / "defect" / "pipeline.toml", tmp_path / "run"
    search = ("pipeline", "locate", spec, "--out", out, "--runtime", "reference", "--no-layers")
    assert diag("pipeline", "run", spec, "--out", out)[0] == 0
    code, said, _ = diag(*search)
    assert (code, diag("report", out)[:2]) == (1, (1, said))
    _, said, _ = diag("pipeline", "run", spec, "--out", out)
    assert diag("report", out)[:2] == (0, said)


@pytest.mark.mslite
def test_a_recorded_conversion_is_told_again(diag, tmp_path, mslite_spec):
    out = tmp_path / "run"
    code, said, _ = diag("convert", perceptron(tmp_path / "m.onnx"), "--out", out, "--csv", tmp_path / "1.csv")
    assert code == 0
    assert diag("report", out, "--csv", tmp_path / "2.csv") == (0, said, "")
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.parametrize(("text", "told"), [
    ("{", "A recorded result is wanted"), ("[]", "A result of diag.result/1 is wanted"),
    ('{"schema": "diag.result/1", "kind": "dance", "result": {}}', "dance"),
    ('{"schema": "diag.result/1", "kind": "bench", "result": {}}', "This is not a Bench"),
    ('{"schema": "diag.result/1", "kind": "lint", "result": []}', "This is not a Lint"),
    ('{"schema": "diag.result/9", "kind": "bench"}', "newer one"), ("\udcff", "A recorded result is wanted")])
def test_what_is_no_result_is_said(diag, tmp_path, text, told):
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    code, out, err = diag("report", tmp_path)
    assert (code, out) == (2, "")
    assert told in err
    assert str(tmp_path / FILE) in err
