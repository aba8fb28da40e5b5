"""diag bench, profile and tune as their users call them: answers, documents by their schemas, exit codes, bad input."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import fake_tools
import goldenfile
import jsonschema
import numpy as np
import pytest
import small_models
from samples import shared

import diag.cli.parse as diag_parse
from diag.cli.main import main


@pytest.fixture
def diag(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs ``diag`` with these words, jobs in this process; (exit code, stdout, stderr)."""
    import diag.cli.bench as bench
    import diag.cli.tune as tune
    from diag.jobs.bench import bench_here
    from diag.jobs.tune import tune_here

    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(bench, "run_bench", lambda job, cancel, _host: bench_here(job, cancel))
    monkeypatch.setattr(tune, "run_tune", lambda job, cancel, _host: tune_here(job, cancel))
    monkeypatch.setattr(diag_parse, "_WARMED", {})

    def run(*words: object) -> tuple[int, str, str]:
        capfd.readouterr()
        return main([str(w) for w in words]), *capfd.readouterr()

    return run


def document(kind: str, text: str) -> dict:
    schema = json.loads((files("resources") / "schema" / f"diag.{kind}-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    found = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


class Page(HTMLParser):
    """Collects what a page loads and runs; it must be nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.charts = 0

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.charts += tag == "svg"
        self.links += [value for name, value in attrs if name in ("src", "href", "style") or name.startswith("on")]


def page(path: Path) -> Page:
    found = Page()
    found.feed(path.read_text(encoding="utf-8"))
    assert not found.links
    assert "script" not in found.tags
    return found


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    small = small_models.perceptron(tmp_path / "small.onnx")
    rng = np.random.default_rng(0)
    held = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in (
        ("w1", (8, 65536)), ("b1", (65536,)), ("w2", (65536, 8)), ("b2", (8,)))}
    return small, small_models.perceptron(tmp_path / "<b>&large.onnx", held=held)


def test_bench_tells_a_large_difference_and_how_it_was_measured(diag, pair, tmp_path):
    code, out, _ = diag("bench", *pair, "--runs", 25, "--warmup", 2, "--json", tmp_path / "b.json", "--html",
                        tmp_path / "b.html", "--csv", tmp_path / "b.csv")
    assert code == 0
    found = document("bench", (tmp_path / "b.json").read_text())
    (ratio,) = found["comparison"]
    # How wide the interval is depends on what else the machine does; where the middle lies does not.
    assert ratio["ratio"] > 2
    assert ratio["low"] < ratio["ratio"] < ratio["high"]
    assert ratio["different"] is (ratio["low"] > 1)
    assert [m["runs"] for m in found["models"]] == [25, 25]
    assert found["findings"][0]["code"] == ("PRF001" if ratio["different"] else "PRF003")
    assert "25 samples of each model in 6 rounds" in out
    assert page(tmp_path / "b.html").charts == 2
    rows = list(csv.DictReader(io.StringIO((tmp_path / "b.csv").read_text("utf-8-sig"))))
    assert len(rows) == 50
    assert float(rows[0]["ms"]) == found["models"][0]["samples_ms"][0]


def test_slower_than_allowed_is_a_failure(diag, tmp_path):
    for name, middle in (("a", 1.0), ("b", 1.3)):
        (tmp_path / name).write_text(json.dumps([middle + 0.001 * (i * 7 % 20) for i in range(20)]))
    words = ("bench", "--import", tmp_path / "a", tmp_path / "b", "--json", "-")
    code, out, _ = diag(*words, "--slower", "10")
    assert code == 1
    found = document("bench", out)
    assert found["verdict"] == "fail"
    assert found["comparison"][0]["ratio"] == pytest.approx(1.3, abs=0.01)
    assert diag(*words, "--slower", "35%")[0] == 0
    assert diag(*words, "--fail-on", "watch")[0] == 1


def test_the_run_folder_holds_the_samples_and_the_document(diag, pair, tmp_path):
    code, out, _ = diag("bench", *pair, "--runs", 9, "--rounds", 3, "--out", tmp_path / "run", "--json", "-")
    found = document("bench", out)
    assert found["run"] == str(tmp_path / "run")
    assert json.loads((tmp_path / "run" / "bench.json").read_text()) == found
    code, out, _ = diag("bench", "--import", tmp_path / "run" / "samples.csv", "--json", "-")
    again = document("bench", out)
    assert code in (0, 1)
    assert [m["samples_ms"] for m in again["models"]] == [m["samples_ms"] for m in found["models"]]
    assert again["comparison"][0]["ratio"] == pytest.approx(found["comparison"][0]["ratio"])
    assert again["comparison"][0]["method"] == "rounds"


def test_one_model_in_chinese(diag, pair):
    code, out, _ = diag("bench", pair[0], "--runs", 6, "--rounds", 2, "--lang", "zh")
    assert code == 0
    assert "：small.onnx：每次运行 " in out.splitlines()[0]


def test_layers_of_a_recorded_comparison(diag, pair, tmp_path):
    small = pair[0]
    main(["compare", str(small), str(small), "--out", str(tmp_path / "run"), "-q"])
    code, out, _ = diag("bench", small, small, "--runs", 6, "--rounds", 3, "--run", tmp_path / "run", "--no-optimize",
                        "--json", "-")
    assert code == 0
    found = document("bench", out)
    layers = found["layers"]
    assert {layer["node"] for layer in layers} == {n["golden_node"] for n in json.loads(
        (tmp_path / "run" / "comparison.json").read_text())["layers"]}
    assert all(layer["cumulative"] == 0 and min(layer["times_ms"]) > 0 for layer in layers)
    assert [n["joined"] for n in found["layer_notes"]] == [1.0, 1.0]
    for model in (0, 1):
        assert sum(layer["shares"][model] for layer in layers) == pytest.approx(1)


@pytest.mark.parametrize(("words", "code", "said"), [
    (["bench"], 2, "Which models?"), (["bench", "no.onnx"], 2, "There is no such file"),
    (["bench", "MODEL", "--runtime", "mindspore-lite", "--runtime", "reference"], 2, "given 2 times for 1 models"),
    (["bench", "MODEL", "--slower", "much"], 2, "is not a percentage"),
    (["bench", "MODEL", "--runs", "0"], 2, "--runs"),
    (["bench", "MODEL", "--runtime", "reference"], 3, "does not run ONNX models"),
    (["bench", "MODEL", "--device", "ascend:7"], 2, "no device 'ascend:7'"),
    (["bench", "MODEL", "--import", "MODEL"], 2, "cannot be mixed"),
    (["bench", "--import", "MODEL"], 2, "Expected output"),
    (["bench", "MODEL", "--shape", "y:1"], 2, "which the model does not have"),
    (["bench", "MODEL", "--run", "no"], 2, "no"), (["profile"], 2, "PATH"),
    (["profile", "no"], 2, "There is no such file"),
    (["profile", "MODEL"], 2, "Expected a profile"), (["tune"], 2, "Which model?"),
    (["tune", "no.onnx"], 2, "There is no such file"), (["tune", "MODEL", "--before", "MODEL"], 2, "belong together"),
    (["tune", "MODEL", "--precision", "fp64"], 2, "no precision mode"),
    (["tune", "MODEL", "--shape", "x:-1,a", "--profiles", "1"], 2, "is not a shape"),
    (["tune", "MODEL", "--shape", "x:-1,8", "--profiles", "1,2"], 2, "A profile has 2 sizes"),
    (["tune", "--import", "MODEL"], 2, "Expected results of AOE"),
])
def test_bad_use_is_three_lines_and_no_traceback(diag, pair, words, code, said):
    found, out, err = diag(*(str(pair[0]) if w == "MODEL" else w for w in words))
    assert found == code
    assert said in err
    assert len(err.splitlines()) <= 3
    assert out == ""


def test_the_tool_is_missing(diag, pair, monkeypatch):
    for name in ("DIAG_BENCHMARK", "LITE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = diag("bench", "--tool", pair[0])
    assert code == 3
    assert "diag bench --import FILE" in err


def test_tuning_is_planned_where_aoe_is_not(diag, pair, monkeypatch, tmp_path):
    monkeypatch.delenv("DIAG_AOE", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    code, out, _ = diag("tune", pair[0], "--out", tmp_path / "plan", "--json", "-")
    assert code == 3
    found = document("tune", out)
    assert (found["missing"], found["ran"], found["verdict"]) == ("aoe (CANN)", False, "not_comparable")
    assert len(found["plan"]["commands"]) == 5
    assert (tmp_path / "plan" / "tune.sh").is_file()


def test_recorded_tuning_with_proofs(diag, pair, tmp_path):
    code, out, _ = diag("tune", pair[0], "--import", shared("tools/aoe/aoe_result_opat_wholemodel.json"), "--before",
                        pair[0], "--after", pair[0], "--runs", 9, "--out", tmp_path / "t", "--json", "-", "--html",
                        tmp_path / "t.html", "--csv", tmp_path / "t.csv")
    assert code == 0
    found = document("tune", out)
    assert [a["error"] for a in found["accuracy"]] == [0, 0]
    assert {f["code"] for f in found["findings"]} >= {"PRF040", "PRF050"}
    assert found["bench"]["schema"] == "diag.bench/1"
    assert page(tmp_path / "t.html").charts >= 3
    (row,) = csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text("utf-8-sig")))
    assert (row["operator"], row["before_us"], row["after_us"]) == ("strided_slice_10", "134.0", "99.0")


def test_the_tool_measures_two_models(diag, pair, tmp_path, monkeypatch):
    fake_tools.install(tmp_path / "bin", "benchmark", fake_tools.REPLAY_BENCHMARK)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("DIAG_BENCHMARK", "LITE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAKE_ANSWER", str(tmp_path / "answer.json"))
    (tmp_path / "answer.json").write_text(json.dumps({"text": (
        "Model = MODEL, NumThreads = 1, MinRunTime = 1 ms, MaxRuntime = 3 ms, AvgRunTime = 2 ms\n"
        "Run Benchmark MODEL Success.\n")}))
    code, out, _ = diag("bench", "--tool", *pair, "--flag", "enableFp16=true", "--out", tmp_path / "run", "--json", "-")
    assert code == 0
    found = document("bench", out)
    assert [m["samples_ms"] for m in found["models"]] == [[2.0] * 6] * 2
    assert found["comparison"][0]["different"] is False
    assert "--enableFp16=true" in json.loads((tmp_path / "run" / "1-1" / "args.json").read_text())
    assert diag("bench", "--tool", pair[0], "--flag", "fp16=true")[0] == 2


def test_profiles_and_a_change(diag, tmp_path):
    new = shared("formats/profiler/pt_level1_kernel_details.csv")
    code, out, _ = diag("profile", new, "--json", "-", "--html", tmp_path / "p.html", "--csv", tmp_path / "p.csv")
    assert code == 0
    found = document("profile", out)
    assert found["calls"] == 191
    assert found["hotspots"][0]["type"] == "hcom_allReduce_"
    assert {f["code"] for f in found["findings"]} == {"PRF020", "PRF027"}
    assert sum(g["total_us"] for g in found["by_type"]) == pytest.approx(found["total_us"])
    assert page(tmp_path / "p.html").charts == 2
    code, out, _ = diag("profile", new, new, "--json", "-")
    assert document("profile", out)["change"]["here_us"] == found["total_us"]


def test_a_profile_joined_to_the_layers_of_a_comparison(diag, pair, tmp_path):
    import onnxruntime as ort

    main(["compare", str(pair[0]), str(pair[0]), "--out", str(tmp_path / "run"), "-q"])
    options = ort.SessionOptions()
    options.enable_profiling = True
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.profile_file_prefix = str(tmp_path / "p")
    session = ort.InferenceSession(str(pair[0]), options, providers=["CPUExecutionProvider"])
    session.run(None, {"x": np.zeros((1, 8), np.float32)})
    code, out, _ = diag("profile", session.end_profiling(), "--run", tmp_path / "run", "--json", "-")
    assert code == 0
    spots = document("profile", out)["hotspots"]
    assert [s["layer"] for s in spots] == [s["name"] for s in spots]


@pytest.mark.parametrize("command", ["bench", "profile", "tune"])
def test_help(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    goldenfile.check(f"help-{command}.txt", capsys.readouterr().out)


@pytest.mark.mslite
def test_the_real_runtime_against_onnxruntime_with_layers(diag, mslite_spec, tmp_path):
    folder = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "defect"
    golden, target = folder / "text_encoder.onnx", folder / "text_encoder.mindir"
    main(["compare", str(golden), str(target), "--out", str(tmp_path / "run"), "-q"])
    code, out, _ = diag("bench", golden, target, "--runtime", "onnxruntime", "--runtime", "mindspore-lite", "--runs",
                        15, "--rounds", 3, "--run", tmp_path / "run", "--json", "-")
    assert code == 0
    found = document("bench", out)
    assert [m["runtime"] for m in found["models"]] == ["onnxruntime", mslite_spec.name]
    assert all(min(m["samples_ms"]) > 0 for m in found["models"])
    assert [n["method"] for n in found["layer_notes"]] == ["profile", "alone"]
    assert found["layer_notes"][1]["joined"] > 0.8
    injects = [layer for layer in found["layers"] if layer["role"] == "injects"]
    assert injects
    assert all(layer["times_ms"][1] > 0 and layer["own_input"] > 1e-4 for layer in injects)


def test_the_reference_runtime_is_timed_and_says_what_it_is(diag):
    folder = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "healthy"
    code, out, _ = diag("bench", folder / "text_encoder.mindir", "--runtime", "reference", "--runs", 6, "--rounds", 2,
                        "--layers", "--json", "-")
    assert code == 0
    found = document("bench", out)
    assert found["models"][0]["runtime"] == "reference"
    assert "PRF008" in {f["code"] for f in found["findings"]}
    assert [n["method"] for n in found["layer_notes"]] == ["none"]
    assert any("does not tell the times of layers" in line for line in found["how"])
