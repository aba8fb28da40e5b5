"""Other attributes and weights in a MindIR, to prove a cause: "with epsilon 1e-5 the error disappears"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from diag.errors import UsageError
from diag.formats.mindir import encode
from diag.formats.mindir.draft import rewrite
from diag.formats.mindir.flow import Entry
from diag.formats.mindir.message import Message
from diag.formats.mindir.schema import AttrType
from diag.formats.mindir.work import Work, opened
from diag.types.tensor import Weight

Scalar = bool | int | float | str

_REF = "REF::"
_NEW_TYPES: tuple[tuple[type, AttrType, str], ...] = (
    (bool, AttrType.BOOL, "i"), (int, AttrType.INT64, "i"), (float, AttrType.FLOAT, "f"), (str, AttrType.STRING, "s"))


def patch(source: Path, attributes: Mapping[str, Mapping[str, Scalar]], key: bytes | None = None) -> bytes:
    """The model with other attributes on the nodes that write the given values.

    ``attributes``: value → attribute name → number or text.
    An attribute keeps its type; one that the node does not have is added (int as int64, float as float32). Other
    nodes that share the primitive keep theirs. Raises UsageError for a value that no node writes, an attribute that
    is not a single number or text, or one of another kind.
    """
    with opened(source, key) as work:
        nodes = {value: work.entry(value) for value in attributes}
        users = Counter(e.message.text("op_type") for e in work.flow.entries.values())
        for i, (value, changes) in enumerate(attributes.items()):
            entry = _computing(work, nodes[value])
            primitive = work.flow.primitives.get(entry.message.text("op_type").removeprefix(_REF))
            if primitive is None:
                raise UsageError(f"The node of {value!r} ({entry.op}) has no attributes", where=work.where)
            if users[entry.message.text("op_type")] > 1:
                _clone(work, entry, primitive, changes, f"{primitive.text('name')}:patched{i}")
            else:
                changed = _patched(work, primitive, changes, primitive.text("name"))
                work.draft.model[primitive.end] = encode.record(_PRIMITIVES, changed)
        return work.draft.data()


def _computing(work: Work, entry: Entry) -> Entry:
    """The many-output node itself, if the value is one of its parts."""
    producer = work.flow.entries.get(work.flow.resolve(entry.inputs[0])) if entry.op == "TupleGetItem" else None
    return producer if producer is not None else entry


def _clone(work: Work, entry: Entry, primitive: Message, changes: Mapping[str, Scalar], name: str) -> None:
    """Give the node a primitive of its own."""
    work.draft.model_extra.append(encode.record(_PRIMITIVES, _patched(work, primitive, changes, name)))
    number = encode.number_of("Node", "op_type")
    renamed = encode.record(number, f"{_REF}{name}".encode())
    node = rewrite(work.draft.source, entry.message, lambda field, _: renamed if field == number else None)
    work.draft.graph[entry.message.end] = encode.record(encode.number_of("Graph", "node"), node)


def _patched(work: Work, primitive: Message, changes: Mapping[str, Scalar], name: str) -> bytes:
    source, left = work.draft.source, dict(changes)
    attribute_number, name_number = (encode.number_of("Primitive", f) for f in ("attribute", "name"))
    held = primitive.messages("attribute")

    def change(field: int, index: int) -> bytes | None:
        if field == name_number:
            return encode.record(field, name.encode())
        if field != attribute_number or held[index].text("name") not in left:
            return None
        value = left.pop(held[index].text("name"))
        return encode.record(field, _with_value(work, held[index], value))
    changed = rewrite(source, primitive, change)
    return changed + b"".join(encode.record(attribute_number, _new(n, v)) for n, v in left.items())


def _with_value(work: Work, attribute: Message, value: Scalar) -> bytes:
    """The attribute with another value in the field where its own stands."""
    fields = [f for f in ("i", "f", "d", "s") if f in attribute]
    name = attribute.text("name")
    if len(fields) != 1:
        raise UsageError(f"The attribute {name!r} is not a single number or text", where=work.where,
                         hint="Only single numbers and texts can be changed.")
    field = fields[0]
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, str) != (field == "s") or (field == "i" and not whole):
        raise UsageError(f"The attribute {name!r} cannot be {value!r}: it is another kind of value", where=work.where)
    number = encode.number_of("Attribute", field)
    typed = value if isinstance(value, str) else int(value) if field == "i" else float(value)
    record = encode.message("Attribute", {field: typed})
    return rewrite(work.draft.source, attribute, lambda found, _: record if found == number else None)


def _new(name: str, value: Scalar) -> bytes:
    kind, field = next((kind, field) for python, kind, field in _NEW_TYPES if isinstance(value, python))
    return encode.message("Attribute", {"name": name, field: value, "type": kind})


def write_weights(source: Path, weights: Mapping[str, npt.NDArray[np.generic]], key: bytes | None = None) -> bytes:
    """The model with other elements in the given parameters (by value name), written into the file itself.

    Raises UsageError for a name that is no parameter of the main graph, and for another element type or shape.
    """
    with opened(source, key) as work:
        held = {t.text("name"): t for t in work.draft.main.messages("parameter")}
        for name, array in weights.items():
            weight = work.graph.weights.get(name)
            if name not in held or weight is None:
                raise UsageError(f"The model has no weight {name!r}", where=work.where)
            _check(work, weight, array)
            work.draft.graph[held[name].end] = encode.record(
                encode.number_of("Graph", "parameter"), _with_data(work, held[name], array))
        return work.draft.data()


def _check(work: Work, weight: Weight, array: npt.NDArray[np.generic]) -> None:
    if array.dtype != weight.dtype.numpy or array.shape != weight.shape:
        raise UsageError(f"The weight {weight.name!r} is {weight.dtype.value} {list(weight.shape)}; "
                         f"got {array.dtype} {list(array.shape)}", where=work.where)


def _with_data(work: Work, tensor: Message, array: npt.NDArray[np.generic]) -> bytes:
    """The tensor message with these elements, in the file's byte order, and in no other place."""
    numbers = {encode.number_of("Tensor", f) for f in (
        "raw_data", "external_data", "compression_type", "float_data", "int32_data", "int64_data", "double_data",
        "uint64_data")}
    raw = array.tobytes() if work.draft.source.little_endian else array.byteswap().tobytes()
    kept = rewrite(work.draft.source, tensor, lambda field, _: b"" if field in numbers else None)
    return kept + encode.record(encode.number_of("Tensor", "raw_data"), raw)


_PRIMITIVES = encode.number_of("Model", "primitives")
