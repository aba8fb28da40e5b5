"""The outputs of an edited graph."""

from __future__ import annotations

from collections.abc import Sequence

from diag.errors import UsageError
from diag.formats.mindir import encode
from diag.formats.mindir.draft import payload
from diag.formats.mindir.flow import Entry
from diag.formats.mindir.schema import AttrType
from diag.formats.mindir.work import Work

_TUPLE = "MakeTuple"


def output_entries(work: Work) -> list[Entry]:
    """The nodes that write the main graph's outputs. Raises UsageError if one is not a node's."""
    return [work.entry(info.name) for info in work.graph.outputs]


def output_name(work: Work, entry: Entry) -> str:
    """The name that MindSpore Lite gives to an output.

    It is the tensor's own name, else the node's full name, with the part's number behind it where there are several.
    """
    if entry.op == "TupleGetItem":
        producer = work.flow.entries.get(work.flow.resolve(entry.inputs[0]))
        index = work.flow.constants.get(work.flow.resolve(entry.inputs[1]))
        if producer is not None and isinstance(index, int):
            return producer.abstract.element(index).name or f"{producer.message.text('domain')}{index}"
    return entry.abstract.element(0).name or entry.message.text("domain") or entry.value


def set_outputs(work: Work, entries: Sequence[Entry]) -> None:
    """Make the entries' values the outputs of the main graph: one tuple, written by a new last node."""
    draft = work.draft
    _drop_old(work)
    value, primitive = _fresh(work, f"{draft.main.text('name')}:outputs"), f"{_TUPLE}:outputs"
    tuple_of: dict[str, encode.Value | list[bytes]] = {
        "type": AttrType.TUPLE, "values": [_abstract(work, entry) for entry in entries],
        "seq_info": encode.message("SeqInfo", {"is_dyn_len": 0})}
    node = encode.message("Node", {
        "input": [e.value for e in entries], "output": value, "name": value, "op_type": f"REF::{primitive}",
        "attribute": encode.message("Attribute", {"name": "shape", **tuple_of}), "domain": "return tuple"})
    output = encode.message("ValueInfo", {
        "name": value, "denotation": "Tuple", "attr_info": encode.message("Attribute", tuple_of)})
    quant = encode.message("Attribute", {"name": "quant_type", "i": 0, "type": AttrType.INT32})
    draft.graph_extra += [encode.record(encode.number_of("Graph", "node"), node),
                          encode.record(encode.number_of("Graph", "output"), output)]
    draft.model_extra.append(encode.record(encode.number_of("Model", "primitives"), encode.message(
        "Primitive", {"name": primitive, "op_type": _TUPLE, "attribute": quant})))


def _drop_old(work: Work) -> None:
    """Drop the graph's outputs, and the tuple that they are unless something else reads it too."""
    flow, draft = work.flow, work.draft
    read = {name for entry in flow.entries.values() for name in entry.inputs}
    for output in draft.main.messages("output"):
        draft.graph[output.end] = b""
        old = flow.entries.get(output.text("name"))
        if old is not None and old.op == _TUPLE and old.value not in read:
            draft.graph[old.message.end] = b""


def _abstract(work: Work, entry: Entry) -> bytes:
    """The attribute that says what one element of the output tuple is: the node's own words."""
    for attribute in entry.message.messages("attribute"):
        tensors = attribute.messages("tensors")
        if attribute.text("name") == "shape" and tensors:
            tensor = payload(work.draft.source, tensors[0])
            return encode.message("Attribute", {"type": AttrType.TENSORS, "tensors": tensor})
    raise UsageError(f"The value {entry.value!r} is not a tensor and cannot be an output",
                     where=f"node {entry.message.text('domain')!r} {work.where}", hint="Leave it out.")


def _fresh(work: Work, name: str) -> str:
    """The name, with underscores behind it until nothing else has it."""
    while name in work.flow.entries or name in work.flow.constants:
        name += "_"
    return name
