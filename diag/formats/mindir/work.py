"""A MindIR opened for an edit: its nodes as the file has them, as a Graph, and the draft."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from diag.errors import UsageError
from diag.formats.mindir.draft import Draft
from diag.formats.mindir.flow import Entry, Flow, read_flow
from diag.formats.mindir.message import Message
from diag.formats.mindir.reader import graph_of
from diag.formats.mindir.source import open_source
from diag.types.graph import Graph


@dataclass(frozen=True, slots=True)
class Work:
    """The source in three views. ``graph`` is the Graph that reading the file gives."""

    flow: Flow
    graph: Graph
    draft: Draft

    def entry(self, value: str) -> Entry:
        """The node of the main graph that writes ``value``. Raises UsageError with close matches if there is none."""
        entry = self.flow.entries.get(self.flow.resolve(value))
        if entry is not None and entry.graph == 0:
            return entry
        known = [o for node in self.graph.nodes for o in node.outputs]
        if value in known:
            raise UsageError(f"Nothing in the file takes {value!r}, so the runtime cannot show it", where=self.where)
        close = ", ".join(get_close_matches(value, known, 3))
        raise UsageError(f"No node writes the value {value!r}", where=self.where,
                         hint=f"Perhaps: {close}." if close else "Values have the names that reading the file gives.")

    @property
    def where(self) -> str:
        """The file, for errors."""
        return f"in {self.flow.source.path}"


@contextmanager
def opened(path: Path, key: bytes | None) -> Iterator[Work]:
    """The source for an edit. Raises UsageError for files of a generation whose nodes have no primitives."""
    with open_source(path, key) as source:
        flow = read_flow(source)
        if not all(e.message.text("op_type").startswith("REF::") for e in flow.entries.values()):
            raise UsageError("This MindIR is too old to be edited", where=f"in {path}",
                             hint="Export it again with MindSpore 1.3 or later.")
        yield Work(flow, graph_of(flow), Draft(source))


def value_of(node: Message) -> str:
    """The value that a node of the file writes."""
    outputs = node.texts("output")
    return outputs[0] if outputs else node.text("name")
