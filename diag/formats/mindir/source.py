"""The bytes of a MindIR, decrypted if need be, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from diag.errors import FormatError
from diag.formats.cursor import Buffer, Cursor, map_file
from diag.formats.mindir import crypt
from diag.formats.mindir.message import Decoder, Message

WHAT = "a MindIR"


@dataclass(frozen=True, slots=True)
class Source:
    """One MindIR open for reading.

    ``model`` is the decoded message; ``data`` the bytes that its places refer to. ``in_file``: whether those are
    places in the file at ``path`` (absolute); they are not when it was decrypted. ``cipher`` is "" for a plain file.
    """

    path: Path
    data: Buffer
    model: Message
    in_file: bool
    cipher: str

    @property
    def little_endian(self) -> bool:
        """Byte order of the tensors; files that do not say are little-endian."""
        return self.model.integer("little_endian") != 0 if "little_endian" in self.model else True

    def error(self, offset: int, expected: str, found: str = "", hint: str = "Export the model again.") -> FormatError:
        """The error to raise for what stands at ``offset``."""
        return Cursor(self.data, self.path, WHAT).error(offset, expected, found, hint)


@contextmanager
def open_source(path: Path, key: bytes | None) -> Iterator[Source]:
    """Map, decrypt and decode a MindIR. Raises FormatError if it is something else, damaged, or the key is wrong."""
    path = path.absolute()
    with map_file(path) as file:
        cipher = crypt.cipher_of(file[:4])
        if cipher is None:
            _refuse_others(path, file[:16])
            yield _decode(path, file, "")
            return
        data = crypt.decrypt(path, file[:], cipher, key)
    yield _decode(path, data, cipher.name)


def _decode(path: Path, data: Buffer, cipher: str) -> Source:
    what = f"{WHAT} (decrypted)" if cipher else WHAT
    model = Decoder(Cursor(data, path, what)).message("Model", 0, len(data))
    if model.message("graph") is None or not model.text("ir_version"):
        missing = "graph" if model.message("graph") is None else "ir_version"
        raise FormatError(path, f"Expected a MindIR; its {missing} is missing", offset=0,
                          hint="If it is an ONNX model, give it the ending .onnx; otherwise export it again.")
    return Source(path, data, model, not cipher, cipher)


def looks_plain(head: bytes) -> bool:
    """Whether the first bytes are those of a plain MindIR: field 1, a version like 0.1.1 as text."""
    if len(head) < 5 or head[0] != 0x0A or not 3 <= head[1] <= 16:
        return False
    version = head[2:2 + head[1]]
    return b"." in version and all(part.isdigit() for part in version.split(b"."))


def _refuse_others(path: Path, head: bytes) -> None:
    for at, magic, found, hint in _OTHERS:
        if head.startswith(magic, at):
            raise FormatError(path, "Expected a MindIR", offset=0, found=found, hint=hint)


_OTHERS = (
    (4, b"MSL", "a MindSpore Lite .ms model", "Convert with --saveType=MINDIR to get a MindIR."),
    (0, b"IMOD", "an offline model (OM)", "Give it the ending .om."),
    (0, b"PK\x03\x04", "a zip archive", "Unpack it, and name the model inside."),
    (0, b"\x08", "perhaps an ONNX model", "Give it the ending .onnx."),
)
