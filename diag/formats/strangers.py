"""Files that are not models we read, by their first bytes: what they are, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Stranger(NamedTuple):
    """What a file is ("a zip archive"), and what to do now."""

    what: str
    hint: str


_UNPACK = "Unpack it and name the model inside."
_EXPORT = "Export the model to ONNX first."
_DOWNLOAD = "Download it again; the server answered with a page instead of the file."

_MAGIC: tuple[tuple[int, bytes, Stranger], ...] = (
    (0, b"version https://git-lfs", Stranger("a Git LFS pointer, not the model itself",
                                             "Fetch the real file: git lfs pull")),
    (0, b"IMOD", Stranger("an OM, compiled for the Ascend",
                                "Give the ONNX or MindIR that it was compiled from. Its graph: diag graph show FILE")),
    (0, b"PK\x03\x04", Stranger("a zip archive", _UNPACK)),
    (0, b"PK\x05\x06", Stranger("an empty zip archive", _UNPACK)),
    (0, b"\x1f\x8b", Stranger("a gzip archive", _UNPACK)),
    (0, b"7z\xbc\xaf\x27\x1c", Stranger("a 7z archive", _UNPACK)),
    (0, b"BZh", Stranger("a bzip2 archive", _UNPACK)),
    (0, b"\xfd7zXZ\x00", Stranger("an xz archive", _UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", Stranger("a zstd archive", _UNPACK)),
    (0, b"Rar!\x1a\x07", Stranger("a RAR archive", _UNPACK)),
    (257, b"ustar", Stranger("a tar archive", _UNPACK)),
    (4, b"TFL3", Stranger("a TensorFlow Lite model", "Give the ONNX or MindIR model.")),
    (4, b"ORTM", Stranger("an onnxruntime model in ORT format", "Give the .onnx that it was made from.")),
    (0, b"\x89PNG\r\n", Stranger("a PNG image", "Give the model file.")),
    (0, b"\xff\xd8\xff", Stranger("a JPEG image", "Give the model file.")),
    (0, b"GIF8", Stranger("a GIF image", "Give the model file.")),
    (0, b"%PDF-", Stranger("a PDF document", "Give the model file.")),
    (0, b"\x93NUMPY", Stranger("a numpy array (.npy)", "Give it as an input: --input NAME=FILE.npy")),
    (0, b"\x89HDF\r\n", Stranger("an HDF5 file (perhaps a Keras model)", _EXPORT)),
    (0, b"GGUF", Stranger("a GGUF model", _EXPORT)),
    (0, b"\x7fELF", Stranger("a program or shared library", "Give the model file.")),
    (0, b"MZ", Stranger("a Windows program", "Give the model file.")),
    (0, b"#!", Stranger("a script", "Give the model file.")),
)
_TEXTS: tuple[tuple[bytes, Stranger], ...] = (
    (b"<!doctype html", Stranger("an HTML page", _DOWNLOAD)),
    (b"<html", Stranger("an HTML page", _DOWNLOAD)),
    (b"<?xml", Stranger("an XML document", _DOWNLOAD)),
    (b'graph("', Stranger("a listing for readers of the Ascend compiler's graph (ge_readable)",
                          "Give ge_proto_….txt of the same stage: DUMP_GRAPH_FORMAT=ge_proto writes it.")),
    (b"{", Stranger("a JSON text", "Give the model file.")),
    (b"ir_version:", Stranger("an ONNX model as text", "Save it in the binary form (.onnx).")),
)


def recognise(head: bytes, path: Path) -> Stranger | None:
    """What a file beginning with ``head`` is, if it is surely not an ONNX or MindIR model; None otherwise."""
    for offset, magic, stranger in _MAGIC:
        if head[offset:offset + len(magic)] == magic:
            return _look_inside(path) or stranger if magic == b"PK\x03\x04" else stranger
    if head[4:7] == b"MSL" and head[7:8].isalnum():
        return Stranger("a MindSpore Lite model for devices (.ms)",
                        "Convert with --outputFormat=MINDIR (converter_lite --saveType=MINDIR in new versions).")
    if _is_safetensors(head):
        return Stranger("a safetensors file: weights without a graph", _EXPORT)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Stranger("a Python pickle (perhaps a PyTorch checkpoint)", _EXPORT)
    if not head.strip(b"\x00"):
        return Stranger("nothing but zero bytes", "The copy or download stopped early. Copy it again.")
    return _text(head)


def _look_inside(path: Path) -> Stranger | None:
    """A zip whose first entry tells what it is; the name stands in the first 100 bytes."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError:
        return None
    if b"data.pkl" in start or b"/byteorder" in start or b"constants.pkl" in start:
        return Stranger("a PyTorch or TorchScript file", _EXPORT)
    return None


def _is_safetensors(head: bytes) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:10] == b'{"' and 2 <= length < 100_000_000


def _text(head: bytes) -> Stranger | None:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.start < len(head) - 3:
            return None
        text = head[:problem.start].decode("utf-8")
    if any(ord(c) < 32 and c not in "\t\n\r\f\x1b" for c in text) or not text:
        return None
    start = text.lstrip("\ufeff \t\r\n").lower().encode()
    for prefix, stranger in _TEXTS:
        if start.startswith(prefix):
            return stranger
    first = json.dumps(text.strip().splitlines()[0][:60] if text.strip() else "", ensure_ascii=False)
    return Stranger(f"a text file that begins {first}", "Give the model file.")
