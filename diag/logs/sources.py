"""Paths to sources: files, folders, rotated sets in order, archives that are read without being unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from diag.errors import UsageError
from diag.logs.source import Source, text_source

_NOT_TEXT = frozenset((
    ".onnx", ".mindir", ".om", ".ms", ".npy", ".npz", ".bin", ".so", ".o", ".pb", ".pt", ".pth", ".ckpt",
    ".safetensors",
    ".png", ".jpg", ".jpeg", ".gif", ".pdf", ".whl", ".pyc", ".a", ".elf", ".db", ".data"))
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_MOST = 4 << 30
"""Bytes read of one compressed member: what is longer is a bomb, or no log that a person would send."""

_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, RuntimeError,
           NotImplementedError, ValueError)


def sources_of(items: Iterable[Path | str | Source], notes: list[str]) -> Iterator[Source]:
    """Sources of all items. A Path, or a str that names something, is a path; any other str is log text itself.

    Archives are read member by member, in place: nothing is written to disk. Members whose names lead out of the
    archive are refused, what is broken is left out; both are told in ``notes``. Raises UsageError where a Path does not
    exist.
    """
    for item in items:
        if isinstance(item, Source):
            yield item
        elif isinstance(item, str) and not _is_path(item):
            yield text_source(item)
        else:
            yield from _of_path(Path(item), notes, asked=True)


def _is_path(text: str) -> bool:
    if not text or len(text) > 4096 or "\n" in text or "\0" in text:
        return False
    try:
        return Path(text).exists()
    except OSError:
        return False


def _of_path(path: Path, notes: list[str], *, asked: bool) -> Iterator[Source]:
    if path.is_dir():
        for child in _walk(path):
            yield from _of_path(child, notes, asked=False)
        return
    if not path.exists() and not asked:
        notes.append(f"{path} leads nowhere, or is gone by now")
        return
    if not path.exists():
        raise UsageError("There is no such file or folder", where=f"in {path}", hint=_hint(path))
    name = path.name.lower()
    if not asked and path.suffix.lower() in _NOT_TEXT:
        return
    if not path.is_file():
        notes.append(f"{path} is neither a file nor a folder and was left out")
    elif name.endswith(".zip") or (asked and zipfile.is_zipfile(path)):
        yield from _zip(path, notes)
    elif name.endswith(_ARCHIVES):
        yield from _tar(path, notes)
    else:
        yield file_source(path, str(path), notes)


def file_source(path: Path, name: str, notes: list[str]) -> Source:
    """A file that an answer shall call ``name``; decompressed if its first bytes say so, damage told in ``notes``."""
    return Source(name, partial(_plain, path, name, notes), path)


def _plain(path: Path, name: str, notes: list[str]) -> BinaryIO:
    return _opened(path.open("rb"), name, notes)


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort(key=_age)
        for name in sorted(names, key=_age):
            yield Path(place) / name


def _age(name: str) -> tuple[str, int, str]:
    """Sorts rotated sets oldest first: ``x.log.2``, ``x.log.1``, ``x.log``; names with a time sort by it."""
    match = re.fullmatch(r"(?P<stem>.+?)(?:\.(?P<number>\d{1,4})|\.?(?P<old>old|bak))?(?P<packed>\.gz)?", name)
    if match is None:
        return name, 0, ""
    number = int(match["number"]) if match["number"] else 1 if match["old"] else 0
    return match["stem"] + (match["packed"] or "" if not match["number"] else ""), -number, name


def _hint(path: Path) -> str:
    try:
        near = sorted(p.name for p in path.parent.iterdir())[:400]
    except OSError:
        return "Check the path."
    from difflib import get_close_matches

    close = get_close_matches(path.name, near, 1)
    return f"Did you mean {close[0]}?" if close else "Check the path."


def _zip(path: Path, notes: list[str]) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            for item in sorted(archive.infolist(), key=lambda item: _age(item.filename)):
                name = f"{path}:{item.filename}"
                if item.is_dir() or not _usable(item.filename, name, notes):
                    continue
                if item.flag_bits & 0x1:
                    notes.append(f"{name} is encrypted and was left out")
                    continue
                yield Source(name, partial(_member, archive, item, name, notes), path)
    except _BROKEN as problem:
        notes.append(f"{path} could not be read to the end: {problem}")


def _member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, name: str, notes: list[str]) -> BinaryIO:
    return _opened(_bounded(cast("BinaryIO", archive.open(item)), name, notes), name, notes)


def _tar(path: Path, notes: list[str]) -> Iterator[Source]:
    try:
        with tarfile.open(path, "r:*") as archive:
            for item in archive:
                name = f"{path}:{item.name}"
                if not item.isfile():
                    if item.issym() or item.islnk() or item.isdev():
                        notes.append(f"{name} is a link or a device and was left out")
                    continue
                file = archive.extractfile(item) if _usable(item.name, name, notes) else None
                if file is not None:
                    yield Source(name, partial(_opened, _bounded(cast("BinaryIO", file), name, notes), name, notes),
                                 path)
    except _BROKEN as problem:
        notes.append(f"{path} could not be read to the end: {problem}")


def _usable(member: str, name: str, notes: list[str]) -> bool:
    pure = PurePosixPath(member.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or re.match(r"^[A-Za-z]:", member):
        notes.append(f"{name} leads out of the archive and was refused")
        return False
    return pure.suffix.lower() not in _NOT_TEXT


def _opened(file: BinaryIO, name: str, notes: list[str]) -> BinaryIO:
    """The file, decompressed if its first bytes say so."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", file))
    head = buffered.peek(6)[:6]
    if head[:2] == b"\x1f\x8b":
        return _bounded(cast("BinaryIO", gzip.GzipFile(fileobj=buffered)), name, notes, buffered)
    if head[:3] == b"BZh" and name.endswith(".bz2"):
        return _bounded(cast("BinaryIO", bz2.BZ2File(buffered)), name, notes, buffered)
    if head[:6] == b"\xfd7zXZ\0":
        return _bounded(cast("BinaryIO", lzma.LZMAFile(buffered)), name, notes, buffered)
    return buffered


class _Bounded(io.RawIOBase):
    """Reads at most ``_MOST`` bytes; damage ends the stream and is told in ``notes``: what came before it is kept."""

    def __init__(self, file: BinaryIO, name: str, notes: list[str], beneath: BinaryIO | None) -> None:
        self._file, self._beneath = file, beneath
        self._read = getattr(file, "read1", file.read)
        self._left = _MOST
        self._name, self._notes = name, notes

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As of any raw stream."""
        try:
            data = self._read(min(len(buffer), self._left))
        except _BROKEN as problem:
            self._notes.append(f"{self._name} is damaged and could not be read to the end: {problem}")
            self._left = 0
            return 0
        buffer[:len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        """Closes the file, and the one that it decompresses."""
        self._file.close()
        if self._beneath is not None:
            self._beneath.close()
        super().close()


def _bounded(file: BinaryIO, name: str, notes: list[str], beneath: BinaryIO | None = None) -> BinaryIO:
    return io.BufferedReader(_Bounded(file, name, notes, beneath), 1 << 16)
