"""Any bytes give a diagnosis: never a traceback, never unbounded memory, never a command to the terminal."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.logs import Verdict, three_lines, triage
from diag.logs.codes import look_up
from diag.logs.columns import read_columns
from diag.logs.document import document
from diag.logs.source import Source
from diag.logs.sources import file_source
from diag.logs.story_text import story
from diag.logs.words import code_lines

SEEDS = [
    (b"[ERROR] RUNTIME(155320,python3):2025-05-08-09:56:18.522.534 [stars_engine.cc:1553]155320 "
    b"Cq:[INIT][DEFAULT]Task run failed\n"),
    (b"[WARNING] LITE(17688,7f63047d4b80,python):2026-11-22-08:56:32.971.852 [x.cc:94] Run] node infer shape failed, "
    b"node is /fc\n"),
    (b"E20001: [PID: 1] 2025-06-16-13:02:36.801.136 Failed to compile Op [x]. (optype: [Y])\n        TraceBack (most "
    b"recent call last):\n"),
    (b"EZ9999: Inner Error!\n       The extend info: errcode:(0x800000, 0, 0) errorStr: "
    b"x.[FUNC:P][FILE:d.cc][LINE:658]\n"),
    (b'x | 2025-11-19 11:14:59.028 | ERROR    | m:d:95 | {"detail":"E30006: Failed\\n        TraceBack (most recent '
    b'call last):\\n"}\n'),
    (b"(train pid=84) ERROR 06-08 14:11:34 [core.py:1136] RuntimeError: no\nTraceback (most recent call last):\n  "
    b"File \"a\", line 1, in f\n"),
    b"CONVERT RESULT SUCCESS:0\nATC run failed\nSegmentation fault\n", "算子编译失败\n".encode("gb18030"),
    b"\xff\xfe[\0E\0\n\0",
]


def check(data: bytes) -> None:
    found = triage(Source("f", lambda: io.BytesIO(data)))
    assert found.verdict in Verdict
    for lang in ("en", "zh"):
        assert len(three_lines(found, lang)) == 3
        document(found, lang)
        assert all(line.isprintable() for line in story(found, lang))
    columns = read_columns(io.BytesIO(data))
    assert int(columns.length.sum()) <= 2 * len(data) + 2


@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.lists(st.one_of(st.sampled_from(SEEDS), st.binary(max_size=40)), max_size=12).map(b"".join))
@settings(deadline=None)
def test_pieces_of_real_lines(data: bytes) -> None:
    check(data)


def test_damaged_lines() -> None:
    chance = random.Random(11)
    whole = b"".join(SEEDS)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at:at + chance.randrange(1, 40)]
                case _:
                    data[at:at] = data[:chance.randrange(1, 60)]
            data = data or bytearray(b"x")
        check(bytes(data))


@pytest.mark.parametrize("unit", [b"[", b"(", b"\\n", b"E10001: ", b"[ERROR] ", b"a" * 64, b" ", b"> ", b"[LINE:1] ",
                                  b"failed "])
def test_long_lines_take_no_long_time(unit: bytes) -> None:
    check(unit * (200_000 // len(unit)))


@given(st.binary(max_size=600), st.sampled_from(["a.zip", "a.tar.gz", "a.log.gz", "a.log"]),
       st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"\xfd7zXZ\0"]))
@settings(max_examples=60)
def test_any_file(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str, magic: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / name
    path.write_bytes(magic + data)
    triage(path)
    triage(file_source(path, "x", []))


@given(st.text(max_size=40))
def test_any_code(text: str) -> None:
    answer = look_up(text)
    assert code_lines(answer, "en")
    assert code_lines(answer, "zh")
