"""What benchmark prints, in every form that is known: recorded files, and forms from the tool's source."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHARED, shared

from diag.tools.benchmark import parse
from diag.tools.benchmark.output import CounterRow, TimeRow, Timing

FOLDER = SHARED / "tools" / "benchmark"
FILES = sorted(p.name for p in FOLDER.glob("*.txt")) or ["perf_mobilenetv2_full_stdout.txt"]


@pytest.mark.parametrize("name", FILES)
def test_every_recorded_file_is_one(name):
    assert not parse(shared(f"tools/benchmark/{name}").read_text()).empty


def test_a_whole_run_with_times():
    found = parse(shared("tools/benchmark/perf_mobilenetv2_full_stdout.txt").read_text())
    assert found.timings == (Timing("mobilenetv2.ms", 2, 6.677, 8.656, 7.291),)
    assert found.prepare_ms == 30.013
    assert found.succeeded is True
    assert found.failures == ()
    assert found.header["LoopCount"] == "10"
    assert found.header["InDataPath"] == ""
    assert found.header["cpuBindMode"] == "HIGHER_CPU"
    assert found.accuracy is None


def test_a_whole_run_with_accuracy():
    found = parse(shared("tools/benchmark/accuracy_mobilenetv2_full_stdout.txt").read_text())
    assert found.accuracy is not None
    assert [(o.name, o.bias_percent) for o in found.accuracy.outputs] == [
        ("Default/head-MobileNetV2Head/Softmax-op204", 0.0)]
    assert found.accuracy.bias_percent == 0.0
    assert math.isnan(found.accuracy.cosine)
    assert found.succeeded is True


def test_the_time_profile_of_old_builds():
    found = parse(shared("tools/benchmark/time_profiling_table.txt").read_text())
    assert len(found.ops) == 16
    assert len(found.types) == 11
    assert found.ops[0] == TimeRow("conv2d_1/convolution", 2.2648, 0.824012, 10, 22.648003)
    assert sum(row.share for row in found.ops) == pytest.approx(1, abs=2e-3)
    assert (found.total_ms, found.kernel_ms) == (2.908, 2.74851)


def test_the_perf_profile():
    found = parse(shared("tools/benchmark/perf_profiling_table.txt").read_text())
    assert found.counter_names == ("cycles", "ins")
    assert found.counters[0] == CounterRow("Add_Plus214_Output_0", 1.53, 0.006572, 1.27, 0.002148)
    assert len(found.counters) == 8
    assert len(found.counter_types) == 6
    assert found.timings == (Timing("model.ms", 1, 0.104, 0.179, 0.116),)


NEW = """ModelPath = unet.mindir
GroupInfoFile =
DeviceType = Ascend
InterOpParallelNum = 1
Resize Dims: 1 3 224 224\x20
start unified benchmark run
PrepareTime = 2101.5 ms
Running warm up loops...
Running benchmark loops...
-------------------------------------------------------------------------
opName\tavg(ms)\tpercent\tcalledTimes\topTotalTime
/conv one/Conv\t1.5e-01\t0.75\t10\t1.5
/a\t0.05\t0.25\t10\t0.5
-------------------------------------------------------------------------
Model = unet.mindir, numThreads = 4, MinRunTime = 40.1 ms, MaxRunTime = 41.9 ms, AvgRunTime = 40.8 ms
Run Benchmark unet.mindir Success.
"""


def test_the_newest_form_with_tabs_and_other_spellings():
    found = parse(NEW)
    assert found.resize == ((1, 3, 224, 224),)
    assert found.timings == (Timing("unet.mindir", 4, 40.1, 41.9, 40.8),)
    assert [row.name for row in found.ops] == ["/conv one/Conv", "/a"]
    assert found.header["GroupInfoFile"] == ""


COSINE = """MarkAccuracy
InData 0: 1 2 3
================ Comparing Output data ================
Data of node out:0 : 1 2 3
Mean bias of node/tensor out:0 : 0.25%
Mean bias of all nodes/tensors: 0.25%
=======================================================
================ Comparing Output data ================
Mean cosine distance of node/tensor out:0 : 0.9987%
Cosine distance of all nodes/tensors: 0.9987
=======================================================
"""


def test_bias_and_cosine_of_an_output_whose_name_holds_a_colon():
    found = parse(COSINE).accuracy
    assert found is not None
    assert [(o.name, o.bias_percent, o.cosine) for o in found.outputs] == [("out:0", 0.25, 0.9987)]
    assert (found.bias_percent, found.cosine) == (0.25, 0.9987)


@pytest.mark.parametrize("line", [
    "Mean bias of all nodes/tensors is too big: 12.5%", "Mean cosine distance of all nodes/tensors is too small: 0.5",
    "Output tensor has nan or inf data, compare fail", "Error in CompareData", "Compare output error -1",
    "Shape of mslite output([1, 3]) and shape source model output([3]) are different",
    "Input binary file size error, required: 150528, in fact: 602112", "Inference error ",
    "Input tensor resize failed.",
    "ms_model_.Build failed while running ", "Device type:TPU is not supported.", "modelPath is required",
    "Run MarkAccuracy error: -1"])
def test_failures_are_told_in_the_tool_s_own_words(line):
    logged = "[ERROR] LITE(1,7f,benchmark):2025-01-01-00:00:00.000.000 [b.cc:1] Run]"
    found = parse(f"ModelPath = m.mindir\n{logged} {line}\n"
                  "Run Benchmark m.mindir Failed : -1\n")
    assert found.failures == (line.strip(),)
    assert found.succeeded is False
    assert found.status == -1


def test_parallel_mode():
    found = parse("warm up index: 0 | time: 5 ms\nparallel index: 0 | task index: 1 | predict time: 3.5 ms\n"
                  "parallel index: 1 | task index: 0 | predict time: 4 ms\nparallel predict init time: 100 ms\n"
                  "parallel predict all run time: 8.5 ms\n")
    assert found.parallel_ms == (3.5, 4.0)
    assert found.parallel_all_ms == 8.5


PIECES = [*NEW.splitlines(), *COSINE.splitlines(), "opName x (k)", "\x00", "optype cycles(k) ins(k)", "a b c d e f g",
          "1 2 3 4 5"]


@given(st.text(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=30).map("\n".join))
@settings(max_examples=150)
def test_any_text_is_read_without_an_error(text):
    found = parse(text)
    assert found.succeeded in (None, True, False)


def test_text_of_something_else_is_empty():
    assert parse("hello\nworld\n").empty
