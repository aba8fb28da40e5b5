"""diag precision, lint and fix as their users call them: answers, documents by their schemas, exit codes, bad input."""

from __future__ import annotations

import csv
import io
import json
import re
from importlib.resources import files
from pathlib import Path

import goldenfile
import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from precision_models import keep, large_weight, mask
from small_models import perceptron

import diag.cli.fix as diag_fix
import diag.cli.lint as diag_lint
import diag.cli.precision as diag_precision
from diag.cli.main import main
from diag.jobs.fix import fix_here
from diag.jobs.lint import lint_here
from diag.jobs.precision import precision_here

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "defect"


@pytest.fixture
def diag(capfd, tmp_path, monkeypatch):
    """Runs ``diag`` with these words in this process: many short jobs are quicker so."""
    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(diag_precision, "run_precision", lambda job, cancel, _host: precision_here(job, cancel))
    monkeypatch.setattr(diag_lint, "run_lint", lambda job, cancel, _host: lint_here(job, cancel))
    monkeypatch.setattr(diag_fix, "run_fix", lambda job, cancel, _host: fix_here(job, cancel))

    def run(*words):
        capfd.readouterr()
        code = main([str(w) for w in words])
        return (code, *capfd.readouterr())

    return run


def document(kind, text):
    schema = json.loads((files("resources") / "schema" / f"diag.{kind}-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    found = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


@pytest.fixture
def masked(tmp_path):
    np.savez(tmp_path / "in.npz", x=np.random.default_rng(0).standard_normal((1, 6, 16)).astype(np.float32),
             keep=keep())
    return mask(tmp_path / "mask.onnx")


def test_precision_tells_the_mask_and_the_plan(diag, masked, tmp_path):
    html, table = tmp_path / "p.html", tmp_path / "p.csv"
    code, out, err = diag("precision", masked, "--inputs", tmp_path / "in.npz", "--out", tmp_path / "out", "--html",
                          html, "--csv", table)
    assert (code, err) == (1, "")
    assert "ACC070  Mul mask gives 4 NaN in float16" in out
    assert "100 % of the multiplications stay in float16" in re.sub(r"\s+", " ", out)
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert {r["node"] for r in rows if r["kept"] == "True"} >= {"mask"}
    page = html.read_text(encoding="utf-8")
    assert page.count("<svg") >= 2
    assert "<script src" not in page
    assert (tmp_path / "out" / "mask.fp16.onnx").is_file()


def test_precisions_document(diag, masked, tmp_path):
    code, out, _ = diag("precision", masked, "--inputs", tmp_path / "in.npz", "--json", "-", "--dtype", "bf16",
                        "--accumulate", "device", "--overflow", "saturate", "--seed", "3")
    found = document("precision", out)
    assert code in (0, 1)
    assert (found["dtype"], found["accumulate"], found["saturate"]) == ("bfloat16", "device", True)
    assert found["command"].endswith(f"--dtype bf16 --accumulate device --overflow saturate --inputs "
                                     f"{tmp_path / 'in.npz'} --seed 3")
    assert all(row["lost"]["nan"] == 0 for row in found["layers"])


def test_infinite_effects_are_null_and_said_otherwise(diag, tmp_path):
    code, out, _ = diag("precision", large_weight(tmp_path / "m.onnx"), "--json", "-", "--lang", "zh")
    found = document("precision", out)
    assert code == 1
    wide = next(r for r in found["layers"] if r["node"] == "wide")
    assert (wide["effect"], wide["breaks"], wide["kept"]) == (None, True, True)
    assert found["plan"]["all_narrow"]["error"] is None
    assert any("超出" in f["title"] for f in found["findings"])


def test_configuration_that_is_written_has_nothing_to_correct(diag, masked, tmp_path):
    from diag.tools.converter_config.lint import lint_config

    diag("precision", masked, "--inputs", tmp_path / "in.npz", "--out", tmp_path / "out", "--converter", "2.3.0", "-q")
    written = sorted((tmp_path / "out").glob("*.ini"))
    assert [p.name for p in written] == ["enforce_origin.ini", "mixed_by_type.ini"]
    for path in written:
        assert [f for f in lint_config(path, (2, 3, 0)) if f.severity == "fail"] == []


@pytest.mark.parametrize(("words", "code", "said"), [
    (("precision", "no.onnx"), 2, "no.onnx"), (("precision",), 2, "MODEL.onnx"),
    (("precision", "{m}", "--dtype", "fp8"), 2, "invalid choice"),
    (("precision", "{m}", "--error", "-1"), 2, "positive"),
    (("precision", "{m}", "--budget", "1KiB"), 2, "too small"), (("precision", "{m}", "--input", "x"), 2, "NAME=FILE"),
    (("precision", "{m}", "--shape", "z:1"), 2, "does not have"),
    (("precision", SAMPLE / "text_encoder.mindir"), 2, "must be ONNX"),
    (("lint", "no.onnx"), 2, "no.onnx"), (("lint", "{m}", "--for", "tensorrt@1:gpu"), 2, "names no runtime"),
    (("lint", "{m}", "--for", "mindspore-lite@9.9:cpu"), 2, "was not measured"),
    (("lint", "{m}", "--apply", "all,opset_lowered"), 2, "takes no other names"),
    (("lint", "{m}", "--apply", "layer_norm"), 2, "no rewrite 'layer_norm'"),
    (("fix", "{m}"), 2, "GOLDEN TARGET"), (("fix", "no.toml"), 2, "does not exist"),
    (("fix", "{m}", "no.mindir"), 2, "no.mindir"), (("fix", "{m}", "{m}", "--config", "no.ini"), 2, "--config"),
])
def test_bad_input_is_said_in_at_most_three_lines(diag, tmp_path, words, code, said):
    model = perceptron(tmp_path / "m.onnx")
    got, out, err = diag(*(str(w).replace("{m}", str(model)) for w in words))
    assert got == code
    assert said in err
    assert len(err.splitlines()) <= 3
    assert out == ""
    assert "Traceback" not in err


def test_lint_names_the_node_and_the_rewrite_and_applies_it(diag, tmp_path):
    code, out, _ = diag("lint", SAMPLE / "text_encoder.onnx", "--json", "-")
    found = document("lint", out)
    assert (code, found["outcome"]) == (1, "wrong")
    bad = [n for n in found["nodes"] if n["outcome"] != "right"]
    assert [(n["node"], n["rewrites"]) for n in bad] == [
        ("/model/encoder/layers.0/layer_norm1/LayerNormalization", ["layer_norm_decomposed"])]
    code, out, _ = diag("lint", SAMPLE / "text_encoder.onnx", "--apply", "all", "--output", tmp_path / "r.onnx",
                        "--html", tmp_path / "l.html", "--csv", tmp_path / "l.csv")
    assert code == 1  # of the model that was given
    assert "layer_norm_decomposed" in out
    code, out, _ = diag("lint", tmp_path / "r.onnx")
    assert code == 0
    assert out.startswith("PASS: all ")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "l.csv").read_text(encoding="utf-8-sig"))))
    assert [int(r["index"]) for r in rows] == sorted(int(r["index"]) for r in rows)


def test_lint_takes_configuration_files(diag, tmp_path):
    (tmp_path / "c.ini").write_text("[ascend_context]\nprecision_mode=enforce_fp32 #why\n", encoding="utf-8")
    code, out, _ = diag("lint", tmp_path / "c.ini", "--apply", "all", "--output", tmp_path / "d.ini")
    assert code == 1
    assert "CNV020" in out
    assert "precision_mode=enforce_fp32\n" in (tmp_path / "d.ini").read_text(encoding="utf-8")
    code, _, _ = diag("lint", tmp_path / "d.ini")
    assert code == 0


@pytest.mark.mslite
def test_fix_from_a_wrong_mindir_to_a_right_one(diag, tmp_path, mslite_spec):
    code, out, _ = diag("fix", SAMPLE / "text_encoder.onnx", SAMPLE / "text_encoder.mindir", "--out", tmp_path / "out",
                        "--json", tmp_path / "f.json", "--html", tmp_path / "f.html", "--csv", tmp_path / "f.csv")
    assert code == 0
    assert out.startswith("PASS: fixed and proved by layer_norm_decomposed")
    found = document("fix", (tmp_path / "f.json").read_text(encoding="utf-8"))
    assert [t["came"] for t in found["tries"]] == ["same", "proved"]
    assert Path(found["output"]).is_file()
    assert found["tries"][1]["command"].startswith("converter_lite --fmk=ONNX")
    code, out, _ = diag("fix", SAMPLE / "text_encoder.onnx", found["output"], "--lang", "zh")
    assert code == 0
    assert "没有需要修复的问题" in out


@pytest.mark.mslite
def test_a_job_crosses_the_process_boundary(tmp_path, mslite_spec, capfd, monkeypatch):
    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))
    assert main(["lint", str(SAMPLE / "text_encoder.onnx"), "--json", "-"]) == 1
    assert document("lint", capfd.readouterr().out)["outcome"] == "wrong"
    assert main(["precision", str(perceptron(tmp_path / "m.onnx")), "--json", "-"]) == 0
    assert document("precision", capfd.readouterr().out)["plan"]["reached"] is True


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_bytes_give_an_answer_or_three_lines(diag, tmp_path, data):
    model = perceptron(tmp_path / "m.onnx").read_bytes()
    at = data.draw(st.integers(0, len(model) - 1))
    broken = model[:at] + data.draw(st.binary(min_size=0, max_size=8)) + model[at + data.draw(st.integers(0, 8)):]
    (tmp_path / "broken.onnx").write_bytes(broken)
    for command in (("lint",), ("precision", "--no-plan")):
        code, _, err = diag(command[0], tmp_path / "broken.onnx", *command[1:], "-q")
        assert code in (0, 1, 2, 4)
        assert "Traceback" not in err


@pytest.mark.parametrize("command", ["precision", "lint", "fix"])
def test_help(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    goldenfile.check(f"help-{command}.txt", capsys.readouterr().out)
