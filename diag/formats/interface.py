"""What every reader of a model file offers. One file (or folder) per format, one line in ``diag.formats.registry``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from diag.types.graph import Graph


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may need beyond the file. ``key``: 16, 24 or 32 bytes that decrypt it."""

    key: bytes | None = None


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
