"""Dump files and folders: what they hold, what is told of damage, and that nothing leaves the folder."""

from __future__ import annotations

import os
import struct
import tracemalloc
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from npu_dumps import TIME, Dumped, dump, overflow
from samples import shared

from diag.errors import DiagError, FormatError, UsageError
from diag.formats.layouts import restore
from diag.formats.tensor_dump import Place, Recording, load, read, read_op, recordings
from diag.types.dtype import DType

LEAF = "20260101000000/0/net/1/0"
A = np.arange(24, dtype=np.float16).reshape(2, 3, 4)


def leaf(root: Path, inner: str = LEAF) -> Path:
    folder = root / inner
    folder.mkdir(parents=True)
    return folder


def write(folder: Path, name: str = "a", *, op: str = "Add", task: int = 1, time: int = TIME,
          array: np.ndarray = A) -> Path:
    path = folder / f"{op}.{name.replace('/', '_')}.{task}.0.{time}"
    path.write_bytes(dump(name, [Dumped(array, original=array.shape)], [Dumped(array * 2, original=array.shape)],
                          time=time))
    return path


def test_a_file_gives_its_tensors_and_its_own_name(tmp_path: Path) -> None:
    op = read_op(write(tmp_path, "/block/add"))
    assert (op.name, op.op, op.task, op.stream, op.time) == ("/block/add", "Add", 1, 0, TIME)
    assert [(t.side, t.slot, t.dtype, t.layout, t.shape, t.original) for t in op.tensors] == [
        (side, 0, DType.FLOAT16, "ND", (2, 3, 4), (2, 3, 4)) for side in ("input", "output")]
    assert np.array_equal(load(op.inputs[0]), A)
    assert np.array_equal(load(op.outputs[0]), A * 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.uint8, np.int32, np.int64, bool,
                                   ml_dtypes.bfloat16])
def test_every_element_type_comes_back(tmp_path: Path, dtype: type) -> None:
    array = np.arange(6).astype(dtype)
    path = tmp_path / f"Add.a.1.0.{TIME}"
    path.write_bytes(dump("a", outputs=[Dumped(array)]))
    found = load(read_op(path).outputs[0])
    assert found.dtype == np.dtype(dtype)
    assert np.array_equal(found, array)


@pytest.mark.parametrize("number", [28, 29, 30, 31, 13, 40, 99])
def test_packed_and_unknown_element_types_are_not_guessed(tmp_path: Path, number: int) -> None:
    path = tmp_path / f"Add.a.1.0.{TIME}"
    path.write_bytes(dump("a", outputs=[Dumped(A, data_type=number)]))
    tensor = read_op(path).outputs[0]
    assert tensor.span is None
    assert "cannot be compared" in tensor.problem


def test_the_order_is_input_output_workspace_and_padding_is_skipped(tmp_path: Path) -> None:
    b = np.full(5, 7, np.int32)
    path = tmp_path / f"Add.a.1.0.{TIME}"
    path.write_bytes(dump("a", [Dumped(A, size=A.nbytes + 32), Dumped(b)], [Dumped(A + 1)], spaces=[b"1234"]))
    op = read_op(path)
    assert np.array_equal(load(op.inputs[0]), A)
    assert np.array_equal(load(op.inputs[1]), b)
    assert np.array_equal(load(op.outputs[0]), A + 1)


def test_an_optional_input_that_is_not_there_keeps_its_slot(tmp_path: Path) -> None:
    path = tmp_path / f"Add.a.1.0.{TIME}"
    absent = Dumped(np.zeros(0, np.float16), shape=(), size=0)
    path.write_bytes(dump("a", [Dumped(A), absent, Dumped(A + 3)], [Dumped(A)]))
    op = read_op(path)
    assert [t.slot for t in op.inputs] == [0, 2]
    assert np.array_equal(load(op.inputs[1]), A + 3)
    assert not op.problem


@pytest.mark.parametrize("cut", [1, 8, 20, 40, 60])
def test_a_file_that_is_cut_short_says_what_is_missing(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:cut])
    with pytest.raises(FormatError) as caught:
        read_op(path)
    assert caught.value.message
    assert path.name in caught.value.where


def test_what_is_whole_of_a_cut_file_is_still_given(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:-10])
    op = read_op(path)
    assert np.array_equal(load(op.inputs[0]), A)
    assert op.outputs[0].problem == "the file is cut short: 10 of its 48 bytes are missing"


def test_a_version_that_nobody_knows_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / f"Add.a.1.0.{TIME}"
    path.write_bytes(struct.pack("<Q", 2**40) + bytes(100))
    with pytest.raises(FormatError, match="Expected the length of a dump's header") as caught:
        read_op(path)
    assert "1,099,511,627,776" in caught.value.found
    assert "cut short, or it is no tensor dump" in caught.value.hint


def test_the_first_version_is_a_message_alone(tmp_path: Path) -> None:
    from npu_dumps import block, dims, number

    out = number(1, 2) + number(2, 2) + block(3, dims(A.shape)) + block(5, A.tobytes()) + number(6, A.nbytes)
    path = tmp_path / f"Add.a.1.{TIME}"
    path.write_bytes(block(1, b"1.0") + block(3, out) + block(6, b"a"))
    op = read_op(path)
    assert np.array_equal(load(op.outputs[0]), A)


def test_a_folder_is_read_in_running_order_with_its_place(tmp_path: Path) -> None:
    folder = leaf(tmp_path)
    write(folder, "second", task=2, time=TIME + 5)
    write(folder, "first", task=7, time=TIME)
    found = read(tmp_path)
    assert [o.name for o in found.ops] == ["first", "second"]
    assert found.place == Place("20260101000000", "0", "net", "1", "0")
    assert (found.kind, found.path) == ("ascend", folder)


def test_an_operation_in_a_loop_is_taken_once(tmp_path: Path) -> None:
    folder = leaf(tmp_path)
    for k in range(3):
        write(folder, "loop", task=k, time=TIME + k, array=A + k)
    found = read(folder)
    assert len(found.ops) == 1
    assert np.array_equal(load(found.ops[0].inputs[0]), A)
    assert found.notes == ("loop is recorded 3 times: the first one is taken",)


def test_the_first_of_several_iterations_is_taken(tmp_path: Path) -> None:
    for k in (10, 9, 2):
        write(leaf(tmp_path, f"20260101000000/0/net/1/{k}"), array=A + k)
    found = read(tmp_path)
    assert found.place.iteration == "2"
    assert "3 iterations are recorded" in found.notes[0]
    assert len(recordings(tmp_path)) == 3


def test_several_runs_must_be_chosen_from(tmp_path: Path) -> None:
    for device in (0, 1):
        write(leaf(tmp_path, f"20260101000000/{device}/net/1/0"))
    with pytest.raises(UsageError, match="2 recordings lie in this folder") as caught:
        read(tmp_path)
    assert f"20260101000000{os.sep}0" in caught.value.hint


def test_a_folder_without_dumps_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(FormatError, match=r"Expected tensor dumps in this folder; found readme\.txt"):
        read(tmp_path)


# names that are hashes

HASH = "14695981039346656037"


def hashed(folder: Path, mapping: str, name: str = "/long/name") -> Recording:
    write(folder, name).rename(folder / HASH)
    write(folder, "other", task=2)
    (folder / "mapping.csv").write_text(mapping, encoding="utf-8")
    return read(folder)


def test_a_hash_is_looked_up(tmp_path: Path) -> None:
    found = hashed(leaf(tmp_path), f"{HASH},Conv2D._long_name.9.4.{TIME + 3}\n")
    op = next(o for o in found.ops if o.name == "/long/name")
    assert (op.op, op.task, op.stream, op.time) == ("Conv2D", 9, 4, TIME + 3)
    assert found.notes == ()


LIES = {
    "another operation": (f"{HASH},Conv2D.quite_another.9.4.{TIME}\n", "which counts"),
    "a path": (f"{HASH},../../etc/passwd\n", "names a path, not a file: left out"),
    "an absolute path": (f"{HASH},/etc/passwd\n", "names a path, not a file: left out"),
    "no dump's name": (f"{HASH},hello\n", "which is none of a dump"),
    "a file that is not there": (f"{HASH},Add._long_name.9.4.{TIME}\n999999999,Add.x.1.0.{TIME}\n",
                                 "which is not there"),
    "two names": (f"{HASH},Add._long_name.9.4.{TIME}\n{HASH},Add.b.9.4.{TIME}\n", "two names: the first counts"),
    "half a line": (f"{HASH}\n", "is not 'hash,name'"),
    "bytes": ("\ufffd\x00\x01,,,\n", ""),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_mapping_that_lies_is_told_and_not_followed(tmp_path: Path, lie: str) -> None:
    text, told = LIES[lie]
    found = hashed(leaf(tmp_path), text)
    assert {o.name for o in found.ops} == {"/long/name", "other"}  # the files themselves say so
    assert any(told in note for note in found.notes) or not told


def test_links_that_lead_out_are_left_out(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.mkdir()
    write(outside, "stolen")
    folder = leaf(tmp_path / "dump")
    write(folder, "mine")
    (folder / f"Add.stolen.3.0.{TIME}").symlink_to(next(outside.iterdir()))
    (folder / "deeper").symlink_to(outside, target_is_directory=True)
    found = read(tmp_path / "dump")
    assert [o.name for o in found.ops] == ["mine"]
    assert "leads out of the folder" in found.notes[0]


def test_damaged_files_are_noted_and_the_others_read(tmp_path: Path) -> None:
    folder = leaf(tmp_path)
    write(folder, "whole")
    broken = write(folder, "broken", task=2)
    broken.write_bytes(broken.read_bytes()[:30])
    found = read(folder)
    assert [o.name for o in found.ops] == ["whole"]
    assert found.notes[0].startswith(broken.name)


def test_nothing_but_damage_is_an_error(tmp_path: Path) -> None:
    folder = leaf(tmp_path)
    broken = write(folder, "broken")
    broken.write_bytes(b"abc")
    with pytest.raises(FormatError, match="None of the dump files in this folder can be read"):
        read(folder)


def test_half_a_gigabyte_is_mapped_and_not_loaded(tmp_path: Path) -> None:
    folder = leaf(tmp_path)
    size = 500 * 2**20
    big = np.lib.stride_tricks.as_strided(np.zeros(1, np.float16), (size // 2,), (0,))
    head = dump("big", outputs=[Dumped(np.zeros(0, np.float16), shape=big.shape, size=size)])
    path = folder / f"Add.big.1.0.{TIME}"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    tracemalloc.start()
    try:
        op = read(folder).ops[0]
        array = load(op.outputs[0])
        assert array.shape == big.shape
        assert float(array[::1_000_000].astype(np.float32).sum()) == 0.0
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


# reports of overflows, statistics, other programs' dumps

def test_an_overflow_report_is_decoded(tmp_path: Path) -> None:
    folder = leaf(tmp_path)
    write(folder, "op", task=9)
    (folder / f"Opdebug.Node_OpDebug.0.3.{TIME}").write_bytes(overflow(9, 3, unit=1, status=48))
    report = read(folder).overflows[0]
    assert (report.unit, report.task, report.stream, report.status, report.model) == ("AIV", 9, 3, 48, 1)
    assert report.fields["pc_start"] == 0x1000


def test_an_overflow_report_of_the_old_layout(tmp_path: Path) -> None:
    data = bytearray(2048)
    struct.pack_into("<3Q", data, 256, 1, 5, 77)
    struct.pack_into("<Q", data, 1024, 32)
    path = tmp_path / f"Opdebug.Node_OpDebug.1.{TIME}"
    path.write_bytes(dump("Node_OpDebug", outputs=[Dumped(np.frombuffer(bytes(data), np.uint8))]))
    report = read(tmp_path).overflows[0]
    assert (report.unit, report.task, report.stream, report.status) == ("", 77, 5, 32)


# real and shared files

@pytest.mark.parametrize(("file", "ground"), [
    ("Add.A_nc1hwc0_f16", "A_nchw"), ("Add.A_nc1hwc0_f32_c08", "A_nchw"), ("Add.A_nchw_bf16", "A_nchw"),
    ("Add.no_stream_id", "A_nchw"), ("Add.with_workspace", "A_nchw"), ("Conv2D.ffts_sgt", "A_nchw"),
    ("MatMulV2.B_fracnz", "B_"), ("Conv2D.W_fracz", "W_oihw")])
def test_the_shared_files_give_their_ground_truth(file: str, ground: str) -> None:
    folder = shared("formats/synthetic/dump_formats")
    truth = np.load(next(folder.glob(f"ground_{ground}*.npy")))
    tensor = read_op(next(folder.glob(f"{file}*"))).tensors[0]
    found = restore(load(tensor), tensor.layout, tensor.original).astype(np.float32)
    rounded = truth if tensor.dtype is DType.FLOAT32 else truth.astype(np.float16).astype(np.float32)
    if tensor.dtype is DType.BFLOAT16:
        rounded = (truth.view(np.uint32) & 0xFFFF0000).view(np.float32)
    assert np.array_equal(found, rounded)


def test_the_shared_scalar_and_the_shared_cut_file() -> None:
    folder = shared("formats/synthetic/dump_formats")
    scalar = read_op(next(folder.glob("Add.scalar_i64.*"))).outputs[0]
    assert (scalar.shape, scalar.dtype) == ((), DType.INT64)
    assert int(load(scalar)) == 7
    cut = read_op(next(folder.glob("Add.truncated.*"))).outputs[0]
    assert cut.problem == "the file is cut short: 624 of its 1,200 bytes are missing"


def test_a_real_dump_of_a_small_chip(tmp_path: Path) -> None:
    path = tmp_path / "ConcatV2D.concatv2.0.0.550288648"
    path.write_bytes(shared("formats/dump_bin/nano_Ascend031_ConcatV2D.bin").read_bytes())
    op = read_op(path)
    assert [(t.side, t.shape, t.dtype, t.layout) for t in op.tensors] == [
        ("input", (1, 14652), DType.FLOAT16, "NHWC"), ("input", (1, 30), DType.FLOAT16, "NHWC"),
        ("output", (1, 14682), DType.FLOAT16, "NHWC")]
    assert op.outputs[0].origin == ("concatv2", 0)
    # It is what it says: the output is both inputs, one after the other.
    assert np.array_equal(load(op.outputs[0]), np.concatenate([load(t) for t in op.inputs], axis=1))


def test_the_shared_overflow_report_says_what_the_official_parser_said() -> None:
    import json

    official = json.loads(next(shared("formats/synthetic/overflow_parsed").glob("*.json")).read_text())["acc_list"]
    report = read(shared("formats/synthetic/overflow")).overflows[0]
    assert report.unit == official["acc_type"]
    assert dict(report.fields) == {k: int(v, 0) if isinstance(v, str) else v for k, v in official["data"].items()}


def test_every_error_is_worded(tmp_path: Path) -> None:
    for name, data in {"empty": b"", "zeros": bytes(64), "text": b"hello world, this is no dump"}.items():
        path = tmp_path / f"Add.{name}.1.0.{TIME}"
        path.write_bytes(data)
        with pytest.raises(DiagError) as caught:
            read_op(path)
        assert caught.value.hint or data == b"text"


def test_threads_of_a_sliced_task_belong_together(tmp_path: Path) -> None:
    for thread in (1, 0, 2):
        path = tmp_path / f"Conv2D.sgt_graph_0_conv.8.3.{TIME + thread}.4.{10 + thread}.{thread}.0"
        path.write_bytes(dump("conv", [Dumped(A)], [Dumped(A + thread)]))
    write(tmp_path, "other", task=9)
    found = read(tmp_path)
    assert [o.name for o in found.ops] == ["conv", "other"]
    output = found.ops[0].outputs[0]
    assert [float(load(s)[0, 0, 0]) for s in output.slices] == [0, 1, 2]
    assert len(found.ops[0].files) == 3
    assert found.notes == ()


def test_links_out_of_a_folder_are_not_followed_and_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    name = f"Relu.r.1.2.{TIME}"
    (tmp_path / "real" / name).write_bytes(dump("r", [], [Dumped(np.zeros(4, np.float16))]))
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / name).symlink_to(tmp_path / "real" / name)
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "links")
    assert "cp -rL" in caught.value.hint
