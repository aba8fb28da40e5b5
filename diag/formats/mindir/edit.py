"""Edited MindIR files: more outputs, some nodes alone, other attributes. What is not touched stays byte for byte.

All functions read a file and return the bytes of another one, which the caller writes. Weights in other files stay
there: write the result into the folder of the source (or link that ``*_variables`` folder beside it).
An encrypted source gives a plain result.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diag.errors import UsageError
from diag.formats.mindir import encode
from diag.formats.mindir.change import patch, write_weights
from diag.formats.mindir.draft import payload, rewrite
from diag.formats.mindir.flow import Entry
from diag.formats.mindir.outputs import output_entries, output_name, set_outputs
from diag.formats.mindir.schema import DTYPES
from diag.formats.mindir.select import Selection, refuse_untappable, select, untappable
from diag.formats.mindir.work import Work, opened, value_of
from diag.types.tensor import TensorInfo

__all__ = ["Edited", "extract", "isolate", "patch", "tap", "untappable", "write_weights"]


@dataclass(frozen=True, slots=True)
class Edited:
    """An edited MindIR.

    ``values`` are the values of the outputs, in the order in which the runtime returns them: the original outputs
    first, then those asked for that were not outputs yet. ``outputs`` are the names that MindSpore Lite gives them.
    ``inputs`` maps each value that must be fed to the name of its input.
    """

    data: bytes
    values: tuple[str, ...]
    outputs: tuple[str, ...]
    inputs: Mapping[str, str]


def tap(source: Path, values: Sequence[str], key: bytes | None = None) -> Edited:
    """The model with ``values`` as further outputs; without any it is the source, decrypted.

    Raises UsageError for a value that ``untappable`` names or that no node writes.
    """
    with opened(source, key) as work:
        refuse_untappable(work, values)
        original = output_entries(work)
        every = {e.value: e for e in (*original, *(work.entry(v) for v in values))}
        if len(every) > len(original):
            set_outputs(work, tuple(every.values()))
        graph = work.graph
        inputs = dict(zip((i.name for i in graph.inputs), graph.input_names, strict=True))
        return Edited(work.draft.data(), tuple(every), tuple(output_name(work, e) for e in every.values()), inputs)


def isolate(source: Path, values: Sequence[str], feeds: Mapping[str, TensorInfo], key: bytes | None = None) -> Edited:
    """A model of only the nodes that write ``values``, each reading new graph inputs instead of other nodes.

    Kept besides: weights, and computations of constants and shapes that the nodes need. ``feeds`` says element type
    and shape of the values that are now fed (the file often does not know them); the graph's inputs are known anyway.
    Raises UsageError for a value of ``untappable``, a feed of unknown shape, or a node that calls a function.
    """
    with opened(source, key) as work:
        refuse_untappable(work, values)
        chosen = {e.value: e for e in (work.entry(v) for v in values)}
        selection = select(work, chosen.values())
        inputs = _cut(work, selection, feeds)
        set_outputs(work, tuple(chosen.values()))
        return Edited(work.draft.data(), tuple(chosen), tuple(output_name(work, e) for e in chosen.values()), inputs)


def extract(source: Path, values: Sequence[str], stop: Collection[str], feeds: Mapping[str, TensorInfo],
            key: bytes | None = None) -> Edited:
    """A model of everything that computes ``values`` from the values in ``stop`` (or from the graph's own inputs).

    ``stop`` may hold values that are not reached. ``feeds``, and what is raised: as in ``isolate``.
    """
    with opened(source, key) as work:
        refuse_untappable(work, values)
        chosen = {e.value: e for e in (work.entry(v) for v in values)}
        inputs = _cut(work, select(work, chosen.values(), stop), feeds)
        set_outputs(work, tuple(chosen.values()))
        return Edited(work.draft.data(), tuple(chosen), tuple(output_name(work, e) for e in chosen.values()), inputs)


def _cut(work: Work, selection: Selection, feeds: Mapping[str, TensorInfo]) -> dict[str, str]:
    """Drop everything that is not selected, and put graph inputs in the place of the fed values."""
    flow, draft = work.flow, work.draft
    fed = {value: f"{draft.main.text('name')}:feed{i}" for i, value in enumerate(selection.fed)}
    names = {value: f"feed_{i}" for i, value in enumerate(selection.fed)}
    for node in draft.main.messages("node"):
        value = value_of(node)
        if value not in selection.nodes:
            draft.graph[node.end] = b""
        elif value in flow.entries:
            draft.graph[node.end] = encode.record(_NODE, _with_inputs(work, flow.entries[value], fed))
    for function in draft.source.model.messages("functions"):  # constants are written once, wherever they are used
        draft.graph_extra += [encode.record(_NODE, payload(draft.source, node)) for node in function.messages("node")
                              if node.text("op_type") == "Constant" and value_of(node) in selection.nodes]
        draft.model[function.end] = b""
    for tensor in draft.main.messages("parameter"):
        if tensor.text("name") not in selection.weights:
            draft.graph[tensor.end] = b""
    for info in draft.main.messages("input"):
        draft.graph[info.end] = b""
    draft.graph_extra += [encode.record(_INPUT, _input(work, feeds.get(value) or work.graph.info(value), value,
                                                       fed[value], names[value])) for value in fed]
    used = {flow.entries[v].message.text("op_type") for v in selection.nodes if v in flow.entries}
    for primitive in draft.source.model.messages("primitives"):
        if f"REF::{primitive.text('name')}" not in used:
            draft.model[primitive.end] = b""
    return names


def _with_inputs(work: Work, entry: Entry, fed: Mapping[str, str]) -> bytes:
    """The node with fed values, and values that were only passed on, under their new names."""
    inputs = [fed.get(value, value) for value in (work.flow.resolve(name) for name in entry.inputs)]
    number = encode.number_of("Node", "input")

    def change(field: int, index: int) -> bytes | None:
        same = field != number or inputs[index] == entry.inputs[index]
        return None if same else encode.record(number, inputs[index].encode())
    return rewrite(work.draft.source, entry.message, change)


def _input(work: Work, info: TensorInfo, value: str, name: str, visible: str) -> bytes:
    shape, dtype = info.static_shape, _NUMBERS.get(info.dtype)
    if shape is None or dtype is None:
        raise UsageError(f"The shape or element type of the value {value!r}, which is to be fed, is not known",
                         where=f"in {work.flow.source.path}", hint="Take it from a run with that value tapped.")
    tensor = encode.message("Tensor", {"dims": shape, "data_type": dtype, "name": visible})
    return encode.message("ValueInfo", {"name": name, "tensor": tensor})


_NODE, _INPUT = encode.number_of("Graph", "node"), encode.number_of("Graph", "input")
_NUMBERS = {dtype: number for number, dtype in reversed(DTYPES.items())}
