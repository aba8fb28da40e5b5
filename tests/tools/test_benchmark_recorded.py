"""Times from elsewhere."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from samples import shared

from diag.errors import FormatError, UsageError
from diag.jobs.bench import recorded
from diag.report import bench as report
from diag.tools.benchmark.recorded import merged, read_recorded


def test_a_run_of_the_tool_is_a_summary():
    (series,) = read_recorded(shared("tools/benchmark/perf_mobilenetv2_full_stdout.txt")).series
    assert (series.path, series.mean_ms, series.min_ms, series.max_ms, series.runs) == ("mobilenetv2.ms", 7.291, 6.677,
                                                                                        8.656, 10)
    assert math.isnan(series.median_ms)
    assert series.samples_ms == ()


def test_several_runs_of_one_model_are_samples(tmp_path: Path):
    lines = "Model = a.mindir, NumThreads = 2, MinRunTime = 1 ms, MaxRuntime = 9 ms, AvgRunTime = {} ms\n"
    paths = []
    for i in range(6):
        paths.append(tmp_path / f"{i}.txt")
        paths[-1].write_text(lines.format(2 + i / 10))
    (series,) = merged([s for p in paths for s in read_recorded(p).series])
    assert series.samples_ms == (2.0, 2.1, 2.2, 2.3, 2.4, 2.5)
    assert (series.median_ms, series.min_ms, series.max_ms) == (pytest.approx(2.25), 1, 9)


def test_samples_of_a_measurement_that_was_stopped(tmp_path: Path):
    path = tmp_path / "samples.csv"
    path.write_text("model,runtime,device,source,round,sample,ms\na.onnx,onnxruntime,cpu,measured,0,0,1.5\n"
                    "b.mindir,mindspore-lite,cpu,measured,0,0,2.5\na.onnx,onnxruntime,cpu,measured,0,1,1.6\n"
                    "b.mindir,mindspore-lite,cpu,measured,0,1,2.6\na.onnx,onnxruntime,cpu,measured,1,2,1.7\n")
    first, second = read_recorded(path).series
    assert (first.path, first.samples_ms, first.rounds) == ("a.onnx", (1.5, 1.6), (0, 0))
    assert (second.runtime, second.samples_ms) == ("mindspore-lite", (2.5, 2.6))


@pytest.mark.parametrize("content", ["1.5\n2.5\n3.5\n", "ms\n1.5\n2.5\n3.5", "1.5, 2.5; 3.5", "[1.5, 2.5, 3.5]",
                                     '{"samples_ms": [1.5, 2.5, 3.5]}', "\ufeff1.5\r\n2.5\r\n3.5\r\n"])
def test_plain_numbers(tmp_path: Path, content: str):
    path = tmp_path / "times"
    path.write_text(content, encoding="utf-8")
    (series,) = read_recorded(path).series
    assert series.samples_ms == (1.5, 2.5, 3.5)


def test_failures_and_bias_are_told(tmp_path: Path):
    path = tmp_path / "out.txt"
    path.write_text("ModelPath = m.mindir\nAccuracyThreshold = 0.5\nMarkAccuracy\n"
                    "Mean bias of all nodes/tensors is too big: 12.5%\nRun Benchmark m.mindir Failed : -1\n")
    found = read_recorded(path)
    assert [f.code for f in found.findings] == ["PRF009", "PRF010"]
    assert found.findings[1].values == {"bias": 12.5, "limit": 0.5}


@pytest.mark.parametrize("content", ["", "hello", "[]", "{}", '{"kind": "bench", "models": [{"path": 3}]}', "[1, -2]",
                                     "[1, NaN]", "[" * 5000, "1 2 three"])
def test_anything_else_is_refused_with_a_sentence(tmp_path: Path, content: str):
    path = tmp_path / "x"
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        read_recorded(path)
    assert caught.value.hint


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_recorded(tmp_path / "no")


def test_series_keep_everything_through_json(tmp_path: Path):
    from diag.perf.measure import summary
    from diag.workspace.codec import to_json

    one = summary([1.0, 2.0, 3.0, 2.0], path="m.onnx", runtime="onnxruntime", rounds=(0, 0, 1, 1))
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({"kind": "bench", "models": [to_json(one)]}))
    (back,) = read_recorded(path).series
    assert back.samples_ms == one.samples_ms
    assert back.rounds == one.rounds
    assert back.source == str(path)


ACCURACY = """ModelPath = a.ms
start unified benchmark run
---------------- Mark Accuracy Start ----------------
Mean bias of node/tensor out : 0%
Mean bias of all nodes/tensors: {bias}%
=======================================================
Run Benchmark a.ms Success.
"""


def test_a_comparison_of_accuracy_alone_is_no_measurement(tmp_path: Path):
    path = tmp_path / "accuracy.txt"
    path.write_text(ACCURACY.format(bias=0))
    with pytest.raises(FormatError, match="accuracy, but no times"):
        recorded([path])
    times = tmp_path / "times.txt"
    times.write_text("Model = a.ms, NumThreads = 2, MinRunTime = 1 ms, MaxRuntime = 9 ms, AvgRunTime = 2 ms\n")
    assert len(recorded([path, times]).models) == 1


def test_output_with_nothing_but_a_finding_is_told(tmp_path: Path):
    path = tmp_path / "accuracy.txt"
    path.write_text(ACCURACY.format(bias=60))
    found = recorded([path])
    assert not found.models
    for lang in ("en", "zh"):
        assert report.document(found, lang)["findings"]
        assert report.headline(found, lang)


TIMES = "Model = a.ms, NumThreads = 2, MinRunTime = 1 ms, MaxRuntime = 9 ms, AvgRunTime = 2.5 ms\n"


@pytest.mark.parametrize("content", [
    TIMES.encode("utf-16"), TIMES.encode("utf-8-sig"), TIMES.replace("\n", "\r\n").encode(),
    b"[WARNING] LITE(1,7f,benchmark):2026-01-01-00:00:00.000.000 [a.cc:1] f] text\n" + TIMES.encode()])
def test_output_is_read_however_it_was_saved(tmp_path: Path, content: bytes):
    path = tmp_path / "out.txt"
    path.write_bytes(content)
    (series,) = read_recorded(path).series
    assert (series.path, series.mean_ms) == ("a.ms", 2.5)


@pytest.mark.parametrize("average", ["nan", "0.0", "-1", "inf"])
def test_an_average_that_is_no_time_is_refused(tmp_path: Path, average: str):
    path = tmp_path / "out.txt"
    path.write_text(TIMES.replace("2.5", average))
    with pytest.raises(FormatError, match=r"holds no times|Expected output"):
        read_recorded(path)


def test_a_log_is_no_broken_json(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("[INFO] GE(1,x):2026-01-01-00:00:00.000.000 [a.cc:1] text\n")
    with pytest.raises(FormatError, match="Expected output"):
        read_recorded(path)
