"""A book shows what a triage reads: the same lines, whatever the bytes are; sifting says what ``show`` says."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.events import Finished, Partial
from diag.logs import Verdict, triage
from diag.logs.book import Book, Spool
from diag.logs.follow import look, seen_now
from diag.logs.leaf import leaf_through
from diag.logs.levels import LEVELS
from diag.logs.lines import LONGEST, is_binary
from diag.logs.record import Level
from diag.logs.select import Filter, make_pattern, select
from diag.logs.sift import heads, histogram, sift
from diag.logs.source import Source, text_source


def book_of(*items: Path | str | Source) -> tuple[Book, list[str]]:
    spool = Spool(1 << 30)
    book, notes = Book(spool), []
    for event in leaf_through(items, spool, Cancel()):
        if isinstance(event, Partial):
            for chunk in event.item:
                book.add(chunk)
        elif isinstance(event, Finished):
            notes = event.result
    return book, notes


PARTS = st.sampled_from([
    "[INFO] GE(7,python):2024-05-06-10:00:00.000.000 [a.cc:1]9 Run: built",
    "[ERROR] FE(8,python):2024-05-06-10:00:01.000.000 [a.cc:1]9 Run: failed, ret=507011",
    "[WARNING] LITE(9,7f00,python):2024-05-06-10:00:02.000.000 [a.cc:1] Run] slow",
    "  goes on", "", "Traceback (most recent call last):", "ValueError: 中文 bad", "(Worker pid=5) [ERROR] x",
    "2024-05-06 10:00:03,000 - ERROR - python log", "[DEBUG] TBE(7,python):2024-05-06-10:00:04.000.000 [a.py:1][f] x"])
LINES = st.lists(PARTS, min_size=1, max_size=40)
FILTERS = st.builds(
    Filter, least=st.sampled_from([None, Level.WARNING, Level.ERROR]),
    modules=st.sampled_from([frozenset(), frozenset({"GE"}), frozenset({"FE", "LITE"})]),
    pids=st.sampled_from([frozenset(), frozenset({7}), frozenset({8, 9})]),
    tids=st.sampled_from([frozenset(), frozenset({"7f00"})]),
    since_us=st.sampled_from([None, 1714989601000000]), until_us=st.sampled_from([None, 1714989602000000]),
    pattern=st.sampled_from([None, *map(make_pattern, ("RUN", "ret=\\d+", "^  goes", "中", "x$", "a.*x", "n\\s+\\["))]),
    around=st.sampled_from([0, 0, 2]))


@settings(max_examples=80, deadline=None)
@given(LINES, FILTERS, st.sampled_from(["\n", "\r\n"]))
def test_sifting_is_selecting(lines: list[str], wanted: Filter, end: str) -> None:
    text = end.join(lines) + end
    book, _ = book_of(text_source(text))
    shown = [line.line - 1 for line in select(text_source(text), wanted, Cancel())]
    assert sift(book, len(book), wanted, Cancel()).tolist() == shown
    half = len(book) // 2
    if not wanted.around:
        assert sift(book, len(book), wanted, Cancel(), half).tolist() == [row for row in shown if row >= half]
    book.close()


@pytest.mark.parametrize("pattern", ["x$", "^x", "x\\s*$", "^$", "b x$|^x"])
def test_ends_of_lines_are_found_in_files_of_windows_too(pattern: str) -> None:
    lines = ["[INFO] a", "b x", "", "x", "x y", "y  x ", "x"]
    wanted = Filter(pattern=make_pattern(pattern))
    shown = [[line.line - 1 for line in select(text_source(end.join(lines) + end), wanted, Cancel())]
             for end in ("\n", "\r\n")]
    assert shown[0] == shown[1] != []
    for end in ("\n", "\r\n"):
        book, _ = book_of(text_source(end.join(lines) + end))
        assert sift(book, len(book), wanted, Cancel()).tolist() == shown[0]
        book.close()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from(["a.log", "a.log.gz"]))
def test_any_bytes_become_lines(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    book, notes = book_of(path)
    if not is_binary(data[:4096]) and not is_wide_like(data) and b"\r" not in data:
        assert len(book) == len(data.split(b"\n")) - (data.endswith(b"\n") or not data)
        raw = data.split(b"\n")
        for row in range(len(book)):
            offset, length = int(book.column("offset")[row]), int(book.column("length")[row])
            assert book.read(0, offset, length) == raw[row]
            assert isinstance(book.text(row), str)
    assert all(isinstance(note, str) for note in notes)
    histogram(book, len(book), 7, Cancel())
    book.close()


def is_wide_like(data: bytes) -> bool:
    """Bytes that are taken for UTF-16 or another archive."""
    return data[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b") or data.count(0) > len(data) // 4


def test_places_and_rows(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one\ntwo\n")
    (tmp_path / "b.log").write_text("three\nhalf")
    book, _ = book_of(tmp_path)
    names = [str(tmp_path / "a.log"), str(tmp_path / "b.log")]
    assert [book.text(row) for row in range(len(book))] == ["one", "two", "three", "half"]
    assert [book.place(row) for row in range(4)] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert [book.row_of(name, line) for name in names for line in (1, 2, 3)] == [0, 1, -1, 2, 3, -1]
    assert book.row_of("nowhere", 1) == -1
    (tmp_path / "a.log").unlink()
    assert book.text(0) == "one"  # the file is still held open
    book.close()


def test_levels_behind_prefixes_are_seen() -> None:
    book, _ = book_of(text_source("(RayWorker pid=12) [ERROR] GE(5,python):2024-05-06-10:00:00.000.000 [a.cc:1]1 x\n"
                                  "E19999: Inner Error!\n2024-05-06 10:00:03,000 - WARNING - said\nfree text\n"))
    assert [LEVELS[number] for number in book.column("level")] == \
        [Level.ERROR, Level.ERROR, Level.WARNING, Level.NONE]
    assert book.column("pid")[0] == 5
    assert book.modules[book.column("module")[0]] == "GE"
    assert heads(book, np.arange(4)).tolist() == [0, 1, 2]
    book.close()


def test_a_histogram_counts_every_line() -> None:
    text = "".join(f"[INFO] GE(7,p):2024-05-06-10:00:{i:02d}.000.000 [a.cc:1]9 x\n" for i in range(60))
    book, _ = book_of(text_source(text))
    counts, first, last = histogram(book, len(book), 6, Cancel())
    assert counts[LEVELS.index(Level.INFO)].tolist() == [10] * 6
    assert last - first == 59_000_000
    book.close()
    book, _ = book_of(text_source("a\nb\nc\nd\n"))
    counts, first, _ = histogram(book, len(book), 2, Cancel())
    assert counts[LEVELS.index(Level.NONE)].tolist() == [2, 2]
    assert first == -1
    book.close()


def test_sifting_is_cancelled() -> None:
    book, _ = book_of(text_source("x\n" * 10))
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        sift(book, 10, Filter(pattern=make_pattern("x")), cancel)
    book.close()


def test_following(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\n")
    seen = seen_now(path, 4, 1)
    assert look(seen, 0, "a", ("",)).chunk is None
    with path.open("a") as file:
        file.write("two\nthr")
    grown = look(seen, 0, "a", ("",))
    assert grown.chunk is not None
    assert (len(grown.chunk.columns.offset), grown.chunk.first_line, grown.seen.offset) == (1, 2, 8)
    with path.open("a") as file:
        file.write("ee\n")
    assert look(grown.seen, 0, "a", ("",)).seen.lines == 3
    path.write_text("")
    assert look(grown.seen, 0, "a", ("",)).rotated
    path.unlink()
    assert look(seen, 0, "a", ("",)).chunk is None


def test_a_clock_that_is_wrong() -> None:
    error = "[ERROR] GE(7,p):{} [a.cc:1]9 not support onnx data type Odd\n"
    text = "".join(error.format(time) for time in (
        "1970-01-01-00:00:01.000.000", "9999-12-31-23:59:59.999.999", "2024-13-45-99:99:99.000.000",
        "0000-00-00-00:00:00.000.000"))
    assert triage(text).verdict is Verdict.ROOT
    book, _ = book_of(text_source(text))
    assert len(book) == 4
    assert histogram(book, 4, 10, Cancel())[0].sum() >= 2
    book.close()


def test_nul_bytes_and_no_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"[INFO] GE(7,p):2024-05-06-10:00:00.000.000 [a.cc:1]9 x\n" * 50 + b"\0" * 30 + b"\n"
                     + b"[ERROR] GE(7,p):2024-05-06-10:00:01.000.000 [a.cc:1]9 not support onnx data type Half")
    found = triage(path)
    assert found.root_cause is not None
    assert found.root_cause.line == 52
    book, _ = book_of(path)
    assert book.text(50) == "\0" * 30
    assert book.text(51).endswith("Half")
    book.close()


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "good.log").write_text("CONVERT RESULT SUCCESS:0\n")
    (tmp_path / "lost.log").symlink_to(tmp_path / "nowhere")
    found = triage(tmp_path)
    assert found.files == (str(tmp_path / "good.log"),)
    assert len(found.notes) == 2
    book, notes = book_of(tmp_path)
    assert len(book) == 1
    assert len(notes) == 2
    book.close()


ONE_LINE = """
import resource, sys
from pathlib import Path
# Pages of a mapped file are not memory that anybody lacks: what the process takes for itself is limited.
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]), int(sys.argv[2])))
from diag.cancel import Cancel
from diag.events import Partial
from diag.logs import triage
from diag.logs.book import Book, Spool
from diag.logs.leaf import leaf_through
path = Path(sys.argv[1])
found = triage(path)
spool = Spool(1 << 20)
book = Book(spool)
for event in leaf_through([path], spool, Cancel()):
    if isinstance(event, Partial):
        for chunk in event.item:
            book.add(chunk)
print(found.root_cause.line, len(book), len(book.text(1)))
"""


def test_a_line_of_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    head = b"[ERROR] GE(7,p):2024-05-06-10:00:00.000.000 [a.cc:1]9 not support onnx data type Long\n"
    with path.open("wb") as file:
        file.write(head + b"x" * 8192)
        file.truncate(2 << 30)  # the rest is a hole: NUL bytes without an end of line
    done = subprocess.run([sys.executable, "-c", ONE_LINE, str(path), str(300 << 20)], capture_output=True, text=True,
                          check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    line, rows, shown = map(int, done.stdout.split())
    assert (line, rows) == (1, 2)
    assert shown <= LONGEST


def test_a_spool_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(b"x\n" * 600_000))
    spool = Spool(700_000)
    events = list(leaf_through([path], spool, Cancel()))
    assert any("too large" in note for note in events[-1].result)  # type: ignore[union-attr]
    spool.close()
