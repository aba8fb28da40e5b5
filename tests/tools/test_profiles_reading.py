"""Profiles of every tool: real files, broken ones, and any bytes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import small_models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import shared

from diag.cancel import Cancel
from diag.cli.main import main
from diag.errors import Cancelled, FormatError, UsageError
from diag.events import Finished
from diag.perf.hotspots import hotspots
from diag.tools.profiles import read_profile, tables
from diag.types.timeline import Profile

REAL = "formats/profiler"


def read(path: Path) -> Profile:
    *_, last = read_profile(path, Cancel())
    assert isinstance(last, Finished)
    return last.result


@pytest.mark.parametrize(("name", "source", "rows", "first", "kind", "core", "total"), [
    (f"{REAL}/msinsight_op_summary_1.csv", "msprof", 21, "ZerosLike", "ZerosLike", "AI_CORE", None),
    (f"{REAL}/pt_level1_kernel_details.csv", "kernel_details", 191, "trans_TransData_0", "TransData",
     "AI_VECTOR_CORE", 114865.613),
    (f"{REAL}/pt_level1_op_statistic.csv", "op_statistic", 33, "ForeachAddList", "ForeachAddList", "AI_VECTOR_CORE",
     None),
    (f"{REAL}/pt_20260601", "msprof", 35, "aclnnAddmm_MatMulCommon_MatMulV2", "MatMulV2", "AI_CORE", 174.32),
    ("tools/msprof/op_summary_min_real.csv", "msprof", 3, "main_kernel", "main_kernel", "MIX_AIC", 260794.52),
    ("tools/msprof/op_statistic_real.csv", "op_statistic", 1, "main_kernel", "main_kernel", "MIX_AIC", 260794.52),
    ("tools/msprof/task_time_real.csv", "task_time", 3, "main_kernel", "main_kernel", "MIX_AIC", 260801.38),
    ("tools/benchmark/time_profiling_table.txt", "benchmark", 16, "conv2d_1/convolution", "", "CPU", 27485.003),
    ("tools/benchmark/perf_profiling_table.txt", "cycles", 8, "Add_Plus214_Output_0", "", "CPU", 233.56),
])
def test_real_files(name, source, rows, first, kind, core, total):
    found = read(shared(name))
    assert (found.source, len(found)) == (source, rows)
    assert (found.names[0], found.types[0], found.cores[0]) == (first, kind, core)
    assert found.unreadable == 0
    if total is not None:
        assert float(found.duration_us.sum()) == pytest.approx(total, abs=0.05)


def test_starts_keep_their_nanoseconds_though_a_double_does_not():
    found = read(shared("tools/msprof/op_summary_min_real.csv"))
    assert found.start_us.tolist() == pytest.approx([0, 94098.12, 187466.88], abs=1e-9)
    assert found.wait_us[1] == pytest.approx(6958.62)
    assert found.blocks.tolist() == [256, 256, 256]


def test_the_folder_and_the_trace_of_one_recording_agree():
    folder = shared(f"{REAL}/board_20260624")
    table = read(folder)
    trace = read(folder / "mindstudio_profiler_output" / "msprof_20260624165819.json")
    assert table.names.words == trace.names.words
    assert table.duration_us.tolist() == trace.duration_us.tolist() == [7.84]
    assert [h.name for h in table.host][:2] == ["aclrtResetDevice", "aclrtCreateStream"]
    assert {h.name for h in trace.host} >= {"aclrtCreateStream"}


def test_several_recordings_in_one_folder_are_not_mixed():
    with pytest.raises(UsageError, match="holds 3 profiles"):
        read(shared(REAL))


def test_slices_of_one_recording_share_their_clock(tmp_path: Path):
    head = "Device_id,Op Name,OP Type,Task Type,Task Start Time(us),Task Duration(us)\n"
    out = tmp_path / "PROF_000001_20250101000000000_ABC" / "mindstudio_profiler_output"
    out.mkdir(parents=True)
    (out / "op_summary_1.csv").write_text(head + "0,a,Conv2D,AI_CORE,1700000000000100.250\t,5\n")
    (out / "op_summary_2.csv").write_text(head + "0,b,Add,AI_CORE,1700000000000000.000\t,7\n")
    found = read(tmp_path)
    assert [found.names[i] for i in range(2)] == ["b", "a"]
    assert found.start_us.tolist() == [0, 100.25]


def test_onnxruntime_s_own_profile(tmp_path: Path):
    options = ort.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "p")
    session = ort.InferenceSession(str(small_models.perceptron(tmp_path / "m.onnx")), options,
                                   providers=["CPUExecutionProvider"])
    for _ in range(4):
        session.run(None, {"x": np.zeros((1, 8), np.float32)})
    found = read(Path(session.end_profiling()))
    assert (found.source, found.runs) == ("onnxruntime", 4)
    assert found.has_axis
    sums = hotspots(found)
    assert {g.calls for g in sums.by_name} == {4}
    assert {g.core for g in sums.by_name} == {"CPU"}
    assert any(g.shapes for g in sums.by_name)


def _event(name, kind, start, duration, tid=1):
    return {"cat": "Node", "ph": "X", "pid": 1, "tid": tid, "ts": start, "dur": duration,
            "name": f"{name}_kernel_time", "args": {"op_name": kind, "provider": "CPUExecutionProvider"}}


def test_a_loop_keeps_only_its_own_time(tmp_path: Path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps([_event("loop", "Loop", 0, 100), _event("in1", "Add", 10, 30),
                                _event("if", "If", 50, 40), _event("in2", "Mul", 60, 10),
                                _event("after", "Add", 110, 5)]))
    found = read(path)
    times = {found.names[i]: float(found.duration_us[i]) for i in range(len(found))}
    assert times == {"loop": 30, "in1": 30, "if": 30, "in2": 10, "after": 5}


def test_a_trace_that_was_cut_off_is_read_up_to_there(tmp_path: Path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps([_event(f"n{i}", "Add", i, 1) for i in range(50)])[:-40])
    found = read(path)
    assert len(found) == 49
    assert found.unreadable == 1


def test_broken_rows_are_counted_and_the_rest_is_read(tmp_path: Path):
    path = tmp_path / "op_summary.csv"
    path.write_text("Op Name,OP Type,Task Type,Task Start Time(us),Task Duration(us)\na,X,AI_CORE,1,5\n"
                    "b,X,AI_CORE,2,much\nc,X,AI_CORE,N/A,4\ne,X,AI_CORE,4,-1\nf,X\ng,Y,AI_CPU,9,1\n")
    found = read(path)
    assert [found.names[i] for i in range(len(found))] == ["a", "g"]
    assert found.unreadable == 4
    assert "much" in found.first_unreadable


def test_old_tables_in_nanoseconds_and_without_units(tmp_path: Path):
    path = tmp_path / "op_summary.csv"
    path.write_text("Model Name,Op Name,OP Type,Task Type,Task Start Time(ns),Task Duration(ns),total_cycles,mac_ratio,"
                    "mte2_ratio\nm,a,Conv2D,AI_CORE,5000,2000,9,0.5,0.7\nm,b,Add,AI_CORE,9000,1000,9,0,0.9\n")
    found = read(path)
    assert found.duration_us.tolist() == [2, 1]
    assert found.start_us.tolist() == [0, 4]
    assert found.mac.tolist() == [0.5, 0]
    assert found.load.tolist() == [0.7, 0.9]


def test_a_large_table_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 100)
    path = tmp_path / "op_summary.csv"
    rows = [f"op{i % 7},T{i % 3},AI_CORE,{1000 + 10 * i}.5,{i % 5 + 1},1" for i in range(1000)]
    path.write_text("Op Name,OP Type,Task Type,Task Start Time(us),Task Duration(us),Infer ID\n" + "\n".join(rows))
    events = list(read_profile(path, Cancel()))
    assert len(events) == 11
    found = events[-1].result
    assert len(found) == 1000
    assert float(found.duration_us.sum()) == sum(i % 5 + 1 for i in range(1000))
    assert sorted(found.names.words) == sorted(f"op{i}" for i in range(7))


def test_cancel_stops_between_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 10)
    path = tmp_path / "op_summary.csv"
    path.write_text("Op Name,OP Type,Task Start Time(us),Task Duration(us)\n" + "a,T,1,1\n" * 100)
    cancel = Cancel()
    events = read_profile(path, cancel)
    next(events)
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0\1\2", b"{}", b"[", b"a,b,c\n1,2,3\n", b"Op Name\n", b'{"a":1}',
                                     b"[1,2,3]", b"\xff\xfe,\n"])
def test_what_is_no_profile_says_so_or_is_empty(tmp_path: Path, content: bytes):
    path = tmp_path / "x"
    path.write_bytes(content)
    assert _rows_or_sentence(path) in (0, "sentence")


def _rows_or_sentence(path: Path) -> int | str:
    """Rows of the profile, or that it was refused with a sentence and a hint."""
    try:
        return len(read(path))
    except FormatError as error:
        return "sentence" if error.message and error.hint else "nothing"


PIECES = [b"Op Name,OP Type,Task Type,Task Start Time(us),Task Duration(us)\n", b"a,X,AI_CORE,1.5,2\n", b"[", b"]",
          b"{", b'{"ph":"X","ts":"1.5","dur":1,"name":"n","args":{"Task Type":"AI_CORE"}}', b",",
          b'"traceEvents":', b"\n",
          b"Device_id,kernel_name,kernel_type,stream_id,task_id,task_time(us),task_start(us),task_stop(us)\n", b'"',
          b"0,k,AI_CORE,1,2,3,4,5\n", b"nan,inf,-1\n", b"opName avg(ms) percent calledTimes opTotalTime\n",
          b"a 1 2 3 4\n", b"\xe4\xb8", b"OP Type,Core Type,Count,Total Time(us)\nX,AI_CPU,99999999999,1e308\n"]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=12).map(b"".join))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_give_a_profile_or_a_sentence(tmp_path: Path, content: bytes):
    path = tmp_path / "fuzz"
    path.write_bytes(content)
    if isinstance(_rows_or_sentence(path), str):
        assert _rows_or_sentence(path) == "sentence"
        return
    found = read(path)
    sums = hotspots(found)
    assert math.isfinite(sums.total_us)
    assert sum(g.calls for g in sums.by_name) == sums.calls


@pytest.mark.parametrize(("head", "comma"), [
    ("Op Name,OP Type,Task Type,Task Start Time(us),Task Duration(us)", ","),
    ("Op_Name,OP_Type,Task_Type,Task_Start_Time(us),Task_Duration(us)", ","),
    ("Op Name;OP Type;Task Type;Task Start Time(us);Task Duration(us)", ";"),
    ("Op Name\tOP Type\tTask Type\tTask Start Time(us)\tTask Duration(us)", "\t"),
    ("Op Name,OP Type,Task Type,Task Start Time(ns),Task Duration(us)", ","),
    ("Op Name,OP Type,Task Type,Task Start Time(us),Task Duration(ms)", ","),
])
def test_tables_have_their_own_separators_and_each_column_its_unit(tmp_path: Path, head: str, comma: str):
    start = 7_000_000 if "(ns)" in head else 7_000
    path = tmp_path / "op_summary.csv"
    rows = [("a", "Conv2D", "AI_CORE", "0", "2"), ("b", "Add", "AI_CORE", str(start), "1")]
    path.write_text("\r\n".join([head, *(comma.join(row) for row in rows), ""]))
    found = read(path)
    factor = 1000 if "(ms)" in head else 1
    assert found.duration_us.tolist() == [2 * factor, 1 * factor]
    assert found.start_us.tolist() == [0, 7000]


@pytest.mark.parametrize("content", [b"Op Name,OP Type,Task Duration(us)\n", b"[]", b'{"traceEvents": []}', b"[1, 2]"])
def test_a_profile_without_operators_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="No operator was recorded"):
        read(path)


@pytest.mark.parametrize(("content", "found"), [(b"\x1f\x8b\x08\0", "an archive"), (b"PK\x03\x04\0", "an archive"),
                                                ("Op Name".encode("utf-16"), "UTF-16 text")])
def test_packed_and_wide_files_are_told_for_what_they_are(tmp_path: Path, content: bytes, found: str):
    path = tmp_path / "op_summary.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=found):
        read(path)


def test_tasks_of_the_device_are_told_in_both_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "task_time_20260101000000.csv"
    path.write_text("Device_id,kernel_name,kernel_type,stream_id,task_id,task_time(us),task_start(us),task_stop(us)\n"
                    "0,MatMul_k,AI_CORE,2,1,8.5,1000.5\t,1009\n0,N/A,EVENT_RECORD,2,2,0.1,1010\t,1010.1\n")
    for lang in ("en", "zh"):
        assert main(["profile", str(path), "--lang", lang, "--no-color"]) == 0
        assert "MatMul_k" in capsys.readouterr().out
