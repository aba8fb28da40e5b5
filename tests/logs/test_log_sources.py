"""Files, folders, archives, and what is broken in them."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from diag.cancel import Cancel
from diag.errors import Cancelled, UsageError
from diag.logs import Verdict, triage
from diag.logs import lines as lines_module
from diag.logs.lines import LONGEST, pieces

LOG = "[ERROR] LITE(1,7f,python):2025-01-01-00:00:00.000.000 [a.cc:1] ConvertNodes] not support onnx data type Det\n"


def test_gz_xz_and_zip_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "device-1_2.log.gz").write_bytes(gzip.compress(LOG.encode()))
    (tmp_path / "b.log.xz").write_bytes(lzma.compress(LOG.encode()))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("x/y.log", LOG)
        archive.writestr("x/z.log.gz", gzip.compress(LOG.encode()))
        archive.writestr("model.onnx", b"\x08\x07")
    with tarfile.open(tmp_path / "d.tar.gz", "w:gz") as archive:
        item = tarfile.TarInfo("run/plog/plog-1.log")
        item.size = len(LOG)
        archive.addfile(item, io.BytesIO(LOG.encode()))
    found = triage(tmp_path)
    assert found.counts.lines == 5
    assert found.root_cause is not None
    assert found.notes == ()
    assert {name.rpartition("/")[2] for name in found.files} >= {"plog-1.log", "y.log", "z.log.gz", "device-1_2.log.gz"}


@pytest.mark.parametrize("name", ["../evil.log", "/etc/evil.log", "a/../../evil.log", "C:\\evil.log", "..\\evil.log"])
def test_members_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, LOG)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        item = tarfile.TarInfo(name)
        item.size = len(LOG)
        archive.addfile(item, io.BytesIO(LOG.encode()))
    found = triage([tmp_path / "a.zip", tmp_path / "a.tar"])
    assert found.verdict is Verdict.INSUFFICIENT
    assert found.files == ()
    assert len(found.notes) == 2
    assert all("refused" in note for note in found.notes)


def test_links_in_archives_are_left_out(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        item = tarfile.TarInfo("x.log")
        item.type, item.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(item)
    found = triage(tmp_path / "a.tar")
    assert found.files == ()
    assert "link" in found.notes[0]


@pytest.mark.parametrize("name", ["a.gz", "a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.log.xz"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04junk", b"\x1f\x8b\x08\x00junk", b"\xfd7zXZ\0junk",
                                  b"not an archive"])
def test_broken_archives_never_raise(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert triage(path).verdict is Verdict.INSUFFICIENT


def test_what_came_before_the_damage_is_used(tmp_path: Path) -> None:
    whole = gzip.compress((LOG + "".join(f"line {i * 7919}\n" for i in range(5000))).encode())
    (tmp_path / "a.log.gz").write_bytes(whole[:len(whole) // 2])
    found = triage(tmp_path / "a.log.gz")
    assert found.root_cause is not None
    assert "damaged" in found.notes[0]


def test_missing_path_offers_a_close_one(tmp_path: Path) -> None:
    (tmp_path / "convert.log").write_text(LOG)
    with pytest.raises(UsageError) as problem:
        triage(tmp_path / "convrt.log")
    assert problem.value.lines() == ["There is no such file or folder", f"in {tmp_path / 'convrt.log'}",
                                     "Did you mean convert.log?"]


def test_binary_and_odd_files(tmp_path: Path) -> None:
    (tmp_path / "core.log").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "nul.log").write_bytes(LOG.encode() + b"a\0b\n" + LOG.encode())
    (tmp_path / "half.log").write_bytes(LOG.encode()[:-10])
    (tmp_path / "crlf.log").write_bytes(LOG.replace("\n", "\r\n").encode())
    found = triage(tmp_path)
    assert any("core.log is not text" in note for note in found.notes)
    assert found.root_cause is not None
    assert found.counts.lines >= 5


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(LOG.encode() + b"x" * (3 * LONGEST) + b"\n" + LOG.encode().replace(b"Det", b"Last"))
    found = triage(path)
    assert found.root_cause is not None
    assert any("was cut" in note for note in found.notes)
    with path.open("rb") as file:
        got = list(pieces(file))
    assert sum(len(piece.data) for piece in got) < 2 * LONGEST + 1000
    last = got[-1]
    assert last.data.endswith(b"Last\n")
    assert last.first_line + last.data[:-1].count(b"\n") == 3


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_pieces_lose_nothing(size: int) -> None:
    data = b"".join(b"line %d\n" % i for i in range(2000)) + b"half"
    got = list(pieces(io.BytesIO(data), size))
    assert b"".join(piece.data for piece in got) == data
    lines = 1
    for piece in got:
        assert piece.first_line == lines
        assert data[piece.offset:piece.offset + len(piece.data)] == piece.data
        lines += piece.data.count(b"\n")


def test_cancel(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        triage(tmp_path, cancel=cancel)


def test_many_files(tmp_path: Path) -> None:
    for i in range(3000):
        (tmp_path / f"plog-{i}_1.log").write_text("[INFO] GE(1,a):2025-01-01-00:00:00.000.000 [a.cc:1]1 F:x\n")
    found = triage(tmp_path)
    assert found.verdict is Verdict.NO_FAILURE
    assert len(found.files) == 3000


def test_the_limit_of_a_line_is_sane() -> None:
    assert lines_module.PIECE >= LONGEST
