"""A MindIR being edited: records that are copied as they are, and new ones in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

from diag.errors import UsageError
from diag.formats.cursor import Cursor
from diag.formats.mindir import encode
from diag.formats.mindir.message import Message, Place
from diag.formats.mindir.source import WHAT, Source

_MAX_BYTES = (1 << 31) - 1


@dataclass(slots=True)
class Draft:
    """What is to become of the records of the model and of its main graph; without changes it is the source's bytes.

    ``model`` and ``graph`` map the end of a record in the source to the bytes that replace it (with tag; none drop
    it). The extras are appended, with their tags.
    """

    source: Source
    model: dict[int, bytes] = field(default_factory=dict)
    graph: dict[int, bytes] = field(default_factory=dict)
    model_extra: list[bytes] = field(default_factory=list)
    graph_extra: list[bytes] = field(default_factory=list)

    @property
    def main(self) -> Message:
        """The main graph of the source."""
        main = self.source.model.message("graph")
        assert main is not None  # noqa: S101 - open_source refuses a file without one
        return main

    def data(self) -> bytes:
        """The edited file, as plain MindIR. Raises UsageError above 2 GiB, which protobuf cannot hold."""
        graph = [*self._pieces(self.main, self.graph), *self.graph_extra]
        size = sum(len(p) if isinstance(p, bytes) else p.end - p.start for p in graph)
        out = BytesIO()
        graph_number = encode.number_of("Model", "graph")
        for number, place in records(self.source, self.source.model):
            if number == graph_number and place.end == self.main.end:
                out.write(encode.header(number, size))
                self._write(out, graph)
            else:
                self._write(out, [self.model.get(place.end, place)])
        self._write(out, self.model_extra)
        if out.tell() > _MAX_BYTES:
            raise UsageError(f"The edited MindIR would have {out.tell():,} bytes; 2 GiB is the most that it can have",
                             where=f"in {self.source.path}", hint="Take fewer nodes at a time.")
        return out.getvalue()

    def _pieces(self, message: Message, changes: dict[int, bytes]) -> Iterator[Place | bytes]:
        for _, place in records(self.source, message):
            yield changes.get(place.end, place)

    def _write(self, out: BytesIO, pieces: list[Place | bytes] | list[bytes]) -> None:
        for piece in pieces:
            out.write(piece if isinstance(piece, bytes) else self.source.data[piece.start:piece.end])


def records(source: Source, message: Message) -> Iterator[tuple[int, Place]]:
    """The records of a message: field number, and place with its tag."""
    at = message.start
    for found in Cursor(source.data, source.path, WHAT).fields(message.start, message.end):
        yield found.number, Place(at, found.end)
        at = found.end


def rewrite(source: Source, message: Message, change: Callable[[int, int], bytes | None]) -> bytes:
    """The message's bytes with some records replaced.

    ``change(number, index)`` is asked for each record (``index`` counts those of the same number): None keeps it,
    bytes (with tag) replace it.
    """
    out = bytearray()
    counts: dict[int, int] = {}
    for number, place in records(source, message):
        index = counts.get(number, 0)
        counts[number] = index + 1
        new = change(number, index)
        out += source.data[place.start:place.end] if new is None else new
    return bytes(out)


def payload(source: Source, message: Message) -> bytes:
    """The message's own bytes, without tag."""
    return bytes(source.data[message.start:message.end])
