"""What every reader of a model file offers. One file (or folder) per format, one line in ``diag.formats.registry``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from diag.errors import UsageError
from diag.types.graph import Graph

_KEY_BYTES = (16, 24, 32)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may need beyond the file. ``key``: 16, 24 or 32 bytes that decrypt it."""

    key: bytes | None = None


def key_of(text: str) -> bytes | None:
    """The key that someone typed: 16, 24 or 32 characters, or their hexadecimal digits. None for no text at all."""
    if not text:
        return None
    if len(text) in (2 * n for n in _KEY_BYTES) and all(c in "0123456789abcdefABCDEF" for c in text):
        return bytes.fromhex(text)
    key = text.encode()
    if len(key) not in _KEY_BYTES:
        raise UsageError(f"A key has 16, 24 or 32 bytes; this one has {len(key)}", where="in --key",
                         hint="Give the characters of the key, or their hexadecimal digits")
    return key


class Format(Protocol):
    """A kind of model file. Implementations are modules' singletons without state."""

    name: str
    """Short name, as in JSON: "onnx", "mindir"."""

    def sniff(self, head: bytes, path: Path) -> bool:
        """Whether a file that begins with ``head`` (up to 4 KiB) looks like this kind. Never raises."""
        ...

    def read(self, path: Path, options: ReadOptions) -> Graph:
        """The whole graph, large weights left in the file. Raises FormatError with the offset where it stopped."""
        ...
