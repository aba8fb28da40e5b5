"""Any bytes, names and folders give a recording or a worded error, quickly; no tensor leaves its file's bounds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from npu_dumps import TIME, Dumped, dump, overflow
from samples import shared

from diag.errors import DiagError, FormatError
from diag.formats.layouts import Unplaced, restore
from diag.formats.tensor_dump import RecordedOp, load, read, read_op
from diag.formats.tensor_dump.names import GRAMMAR, parse

SLOW_S = 5.0
NAME = f"Conv2D.a.1.0.{TIME}"
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(path: Path, data: bytes) -> RecordedOp | None:
    path.write_bytes(data)
    started = time.perf_counter()
    try:
        op = read_op(path)
    except FormatError as error:
        worded(error, path.name)
        return None
    finally:
        assert time.perf_counter() - started < SLOW_S
    for t in op.tensors:
        assert (t.span is None) == bool(t.problem)
        if t.span is None:
            continue
        assert 0 <= t.span.offset <= t.span.offset + t.span.length <= len(data)
        array = load(t)
        assert array.shape == t.shape
        for original in (t.original, None):
            try:
                assert restore(array, t.layout, original, groups=t.groups).size >= 0
            except Unplaced:
                continue
    return op


def worded(error: DiagError, name: str = "") -> None:
    assert error.message
    assert name in error.where


def good() -> bytes:
    a = np.arange(64, dtype=np.float16).reshape(1, 1, 2, 2, 16)
    w = np.ones((4, 1, 16, 16), np.float16)
    return dump("/a/b", [Dumped(a, "NC1HWC0", (1, 10, 2, 2)), Dumped(w, "FRACTAL_Z", (10, 10, 2, 2), groups=2)],
                [Dumped(a, "NC1HWC0", (1, 10, 2, 2), ("/a", 0))], spaces=[b"12"])


def nano() -> bytes:
    return shared("formats/dump_bin/nano_Ascend031_ConcatV2D.bin").read_bytes()


SOURCES: dict[str, Callable[[], bytes]] = {"standard": good, "nano": nano, "overflow": lambda: overflow(1, 2)}


@QUIET
@given(data=st.binary(max_size=400))
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    check(tmp_path / NAME, data)


@QUIET
@given(data=st.binary(max_size=200), length=st.integers(0, 300))
def test_any_header(tmp_path: Path, data: bytes, length: int) -> None:
    check(tmp_path / NAME, length.to_bytes(8, "little") + data)


@pytest.mark.parametrize("kind", list(SOURCES))
@pytest.mark.parametrize("seed", range(6))
def test_edits_of_good_files(tmp_path: Path, kind: str, seed: int) -> None:
    rng = random.Random(seed)
    source = SOURCES[kind]()
    head = min(len(source), 400)
    for _ in range(60):
        data = bytearray(source)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(head)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)):]
        check(tmp_path / NAME, bytes(data))


@QUIET
@given(name=st.text(st.sampled_from("abO._-/\\ 0123456789npycsv\u00e9"), max_size=60))
def test_any_name(name: str) -> None:
    found = parse(name)
    assert found is None or found.kind in dict(GRAMMAR)


@QUIET
@given(text=st.text(max_size=200))
def test_any_mapping(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "d"
    folder.mkdir(exist_ok=True)
    (folder / "12345678901234567890").write_bytes(good())
    (folder / "mapping.csv").write_text(text, encoding="utf-8", errors="replace")
    found = read(folder)
    assert [o.name for o in found.ops] == ["/a/b"]
    assert all(f.parent == folder for o in found.ops for f in o.files)


@QUIET
@given(text=st.text(max_size=300))
def test_any_table(tmp_path: Path, text: str) -> None:
    head = "Input/Output,Index,Data Type,Format,Shape,Max Value\n"
    path = tmp_path / f"Conv2D.a.1.0.{TIME}.csv"
    path.write_text(head + text, encoding="utf-8", errors="replace")
    try:
        op = read_op(path)
    except DiagError as error:
        worded(error)
    else:
        assert all(t.span is None for t in op.tensors)


@QUIET
@given(data=st.binary(max_size=300))
def test_any_array_file(tmp_path: Path, data: bytes) -> None:
    check(tmp_path / f"Add.a.1.0.{TIME}.output.0.npy", b"\x93NUMPY\x01\x00" + data)


@QUIET
@given(data=st.binary(max_size=100), unit=st.integers(0, 2**32 - 1))
def test_any_overflow_report(tmp_path: Path, data: bytes, unit: int) -> None:
    report = (0x5A5A5A5A).to_bytes(4, "little") + unit.to_bytes(4, "little") + data
    path = tmp_path / f"Opdebug.Node_OpDebug.0.3.{TIME}"
    path.write_bytes(dump("Node_OpDebug", outputs=[Dumped(np.frombuffer(report, np.uint8))]))
    try:
        assert all(o.unit in ("AIC", "AIV", "AICPU", "SDMA", "") for o in read(tmp_path).overflows)
    except FormatError as error:
        worded(error)
