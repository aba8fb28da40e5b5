"""The document of a triage: by its schema, with findings about the whole, kept where --out says."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from diag.cli.main import main
from diag.logs import triage
from diag.report.log import document

SCHEMA = json.loads((files("resources") / "schema" / "diag.log-1.schema.json").read_text(encoding="utf-8"))
HEAD = "LITE(77,7f00,python):2024-05-06-10:00:00.000.000 [x/y.cc:10]"
FAILED = f"[ERROR] {HEAD} ParseNodes] not support onnx data type NonZeroish\nCONVERT RESULT FAILED:-300: x\n"
HIDDEN = (f"[WARNING] {HEAD} InferProcess] node infer shape failed, node is /fc/MatMul\n"
          f"[WARNING] {HEAD} Run] Run infershape opt pass failed\nCONVERT RESULT SUCCESS:0\n")
WRAPPED = "[ERROR] RUNTIME(5,python):2024-05-06-10:00:00.000.000 [api.cc:1]5 rtStreamSynchronize:failed, ret=507011\n"
GOOD = "CONVERT RESULT SUCCESS:0\n"


@pytest.mark.parametrize(("text", "verdict", "codes"), [
    (FAILED, "fail", ["LOG101", "LOG001"]), (HIDDEN, "fail", ["LOG106", "LOG003"]),
    (WRAPPED, "not_comparable", ["LOG002"]), (GOOD, "pass", [])])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_findings_about_the_whole(text: str, verdict: str, codes: list[str], lang: str) -> None:
    doc = document(triage(text), lang)  # type: ignore[arg-type]
    jsonschema.validate(doc, SCHEMA)
    assert doc["verdict"] == verdict
    assert [finding["code"] for finding in doc["findings"]] == codes
    assert all(finding["title"] and "{" not in finding["title"] for finding in doc["findings"])


def test_what_could_not_be_read_is_a_matter_to_watch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.log").write_text(GOOD)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    words = ["log", "triage", str(tmp_path), "--json", "-"]
    assert main(words) == 0
    doc = json.loads(capsys.readouterr().out)
    jsonschema.validate(doc, SCHEMA)
    assert (doc["verdict"], [finding["code"] for finding in doc["findings"]]) == ("watch", ["LOG004"])
    assert main([*words, "--fail-on", "watch"]) == 1


def test_out_keeps_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, out = tmp_path / "a.log", tmp_path / "kept"
    log.write_text(FAILED)
    assert main(["log", "triage", str(log), "--out", str(out), "--lang", "zh", "-q"]) == 1
    assert capsys.readouterr().out == ""
    doc = json.loads((out / "log.json").read_text("utf-8"))
    jsonschema.validate(doc, SCHEMA)
    assert doc["run"] == str(out)
    assert "NonZeroish" in (out / "log.html").read_text("utf-8")
    assert (out / "log.csv").read_text("utf-8").splitlines()[1].startswith("cause,")
