"""Recordings in other clothes: statistics, tables of a whole run, arrays of MindSpore, raw files of MindSpore Lite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from npu_dumps import TIME

from diag.formats.tensor_dump import load, read
from diag.types.dtype import DType

A = np.arange(24, dtype=np.float16).reshape(2, 3, 4)


def test_a_statistics_dump(tmp_path: Path) -> None:
    path = tmp_path / f"Conv2D._conv2_Conv.5.3.{TIME}.csv"
    path.write_text("Input/Output,Index,Data Size,Data Type,Format,Shape,Max Value,Min Value,Avg Value,Count,Nan Count,"
                    "Negative Inf Count,Positive Inf Count\n"
                    "Input,0,64,DT_FLOAT16,NC1HWC0,1x1x2x1x16,3.5,-1,0.25,32,0,0,0\nOutput,0,4,DT_FLOAT,ND,-,nan,inf,0,1,1,0,2\n")
    found = read(tmp_path)
    assert found.kind == "ascend-statistics"
    op = found.ops[0]
    assert (op.name, op.op, op.task) == ("_conv2_Conv", "Conv2D", 5)
    first, second = op.tensors
    assert first.summary is not None
    assert first.shape == (1, 1, 2, 1, 16)
    assert (first.summary.max, first.summary.mean, first.summary.count) == (3.5, 0.25, 32)
    assert second.summary is not None
    assert (second.shape, second.summary.nan, second.summary.pos_inf) == ((), 1, 2)


def test_mindspores_arrays_are_put_together(tmp_path: Path) -> None:
    folder = tmp_path / "rank_0" / "net" / "0" / "0"
    folder.mkdir(parents=True)
    base = f"Conv2D.Default_conv-Conv2D-op1.3.2.{TIME}"
    np.save(folder / f"{base}.input.0.NC1HWC0.npy", np.zeros((1, 1, 2, 2, 16), np.float16))
    np.save(folder / f"{base}.output.0.DefaultFormat.npy", A)
    np.save(folder / f"{base}.output.1.DefaultFormat.bfloat16.npy", A.view(np.uint16))
    found = read(tmp_path)
    assert found.kind == "mindspore"
    op = found.ops[0]
    assert (op.name, op.op, len(op.files)) == ("Default_conv-Conv2D-op1", "Conv2D", 3)
    assert [(t.side, t.slot, t.layout) for t in op.tensors] == [("input", 0, "NC1HWC0"), ("output", 0, "ND"),
                                                                ("output", 1, "ND")]
    assert np.array_equal(load(op.outputs[0]), A)
    assert op.outputs[1].dtype is DType.BFLOAT16


def test_a_table_of_a_whole_run(tmp_path: Path) -> None:
    (tmp_path / "statistic.csv").write_text(
        "Op Type,Op Name,Task ID,Stream ID,Timestamp,IO,Slot,Data Size,Data Type,Shape,Max Value,Min Value,Avg Value\n"
        f'Add,Default/a,1,0,{TIME},input,0,8,float16,"(2,2)",1,0,0.5\n'
        f'Add,Default/a,1,0,{TIME},output,0,8,float16,"(2,2)",2,0,1\n')
    found = read(tmp_path)
    assert (found.ops[0].name, found.ops[0].outputs[0].shape) == ("Default/a", (2, 2))


def test_mindspore_lites_raw_files(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    (tmp_path / "Default.fc_output_0_shape_2_3_Float32_NCHW.bin").write_bytes(array.tobytes())
    (tmp_path / "Default.fc_input_0_shape_2_9_Float32_NCHW.bin").write_bytes(b"1234")
    found = read(tmp_path)
    assert found.kind == "mindspore-lite"
    op = found.ops[0]
    assert np.array_equal(load(op.outputs[0]), array)
    assert "needs 72 bytes, the file says it has 4" in op.inputs[0].problem


def test_pickled_arrays_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / f"x.0.{TIME}.npy", np.array([{}], object), allow_pickle=True)
    tensor = read(tmp_path).ops[0].outputs[0]
    assert tensor.span is None
    assert "cannot be compared" in tensor.problem


def test_fortran_order_is_kept_in_mind(tmp_path: Path) -> None:
    np.save(tmp_path / f"x.0.{TIME}.npy", np.asfortranarray(A))
    assert np.array_equal(load(read(tmp_path).ops[0].outputs[0]), A)


@pytest.mark.parametrize("head", [
    "Input/Output,Index,Data Type,Shape,Max Value,Min Value,Avg Value,L2norm",
    "IO,Slot,Data Type,Shape,MaxValue,MinValue,AvgValue,L2NormValue",
    "Input/Output,Index,Data_Type,Shape,Max,Min,Avg,L2 Norm",
    "input/output\tindex\tdata type\tshape\tmax value\tmin value\tmean value\tl2norm value",
])
@pytest.mark.parametrize("ending", [".csv", ".CSV"])
def test_columns_of_statistics_have_several_names(tmp_path: Path, head: str, ending: str) -> None:
    comma = "\t" if "\t" in head else ","
    row = comma.join(("Output", "0", "DT_FLOAT16", "2x3", "4.5", "-1", "0.25", "7"))
    path = tmp_path / f"Relu.r.1.2.{TIME}{ending}"
    path.write_bytes(f"\ufeff{head}\r\n{row}\r\n".encode())
    said = read(tmp_path).ops[0].outputs[0].summary
    assert said is not None
    assert (said.max, said.min, said.mean, said.l2) == (4.5, -1.0, 0.25, 7.0)


def test_numbers_that_are_none_tell_of_nan_where_nobody_counts_it(tmp_path: Path) -> None:
    path = tmp_path / f"Relu.r.1.2.{TIME}.csv"
    path.write_text("Input/Output,Index,Data Type,Shape,Max Value,Min Value\nOutput,0,DT_FLOAT16,4,nan,0\n"
                    "Output,1,-,4,,\n")
    first, second = read(tmp_path).ops[0].outputs
    assert first.summary is not None
    assert first.summary.nan == 1
    assert second.summary is not None
    assert (second.summary.nan, second.dtype) == (0, DType.UNDEFINED)


def test_rows_of_an_operation_may_have_their_own_times(tmp_path: Path) -> None:
    """MindSpore writes each tensor down when it has it."""
    rows = [f'Sub,a/Sub-op0,0,0,{TIME + k},{side},{slot},float32,"()",{k},{k},{k},'
            for k, (side, slot) in enumerate([("input", 0), ("input", 1), ("output", 0)] * 2)]
    (tmp_path / "statistic.csv").write_text("\n".join([
        "Op Type,Op Name,Task ID,Stream ID,Timestamp,IO,Slot,Data Type,Shape,Max Value,Min Value,L2Norm Value",
        *rows, ""]))
    found = read(tmp_path)
    assert len(found.ops) == 1
    assert "recorded 2 times" in found.notes[0]
    assert [(t.side, t.slot, t.summary.max) for t in found.ops[0].tensors if t.summary is not None] == [
        ("input", 0, 0.0), ("input", 1, 1.0), ("output", 0, 2.0)]


def test_arrays_of_an_operation_may_have_their_own_times(tmp_path: Path) -> None:
    for k, (side, slot) in enumerate([("input", 0), ("output", 0)] * 2):
        np.save(tmp_path / f"Relu.Default_Relu-op0.0.0.{TIME + k}.{side}.{slot}.DefaultFormat.npy", A + k)
    found = read(tmp_path)
    assert len(found.ops) == 1
    assert "recorded 2 times" in found.notes[0]
    assert [float(load(t).ravel()[0]) for t in found.ops[0].tensors] == [0.0, 1.0]
