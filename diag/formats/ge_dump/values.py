"""Attribute values and tensor descriptions of GE messages, from their text form.

Source: the open schema ge_ir.proto; how GE flattens tensors into attributes of its ONNX-like dump was read off real
files. Numbers of element types and layouts: ``diag.formats.tensor_dump.numbers``.
"""

from __future__ import annotations

from collections.abc import Iterator

from diag.formats.ge_dump.textproto import Message, Scalar
from diag.formats.tensor_dump.numbers import LAYOUTS, PROTO, RUNTIME, dtype_named
from diag.types.dtype import DType
from diag.types.ge import GeTensor, GeValue

_SCALARS = ("s", "i", "f", "b", "bt", "dt", "expression")
_LISTED = ("s", "i", "f", "b", "bt", "dt", "td", "t", "g", "na")
_ORIGIN = ("_datadump_origin_name", "_datadump_origin_output_index", "_origin_output_tensor_name", "origin_format",
           "origin_shape", "origin_data_type", "_datadump_origin_format", "_datadump_origin_data_type")


def text(value: object) -> str:
    """A string field as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def first(message: Message, name: str, absent: Scalar = "") -> str:
    """The first value of a scalar field as text."""
    values = message.get(name)
    return text(values[0] if values and not isinstance(values[0], dict) else absent)


def integer(message: Message, name: str, absent: int = 0) -> int:
    """The first value of an integer field; ``absent`` where there is none, or no number."""
    return number(first(message, name, str(absent)), absent)


def number(word: str, absent: int = 0) -> int:
    """A whole number as the text form writes it (decimal, 0x…, 0…)."""
    try:
        return int(word, 0)
    except ValueError:
        try:
            return int(word, 8) if word.lstrip("-").isdecimal() else absent
        except ValueError:
            return absent


def messages(message: Message, name: str) -> Iterator[Message]:
    """The values of a message field."""
    return (v for v in message.get(name, ()) if isinstance(v, dict))


def attributes(message: Message, name: str = "attr") -> dict[str, GeValue]:
    """A map of attributes: entries with ``key`` and ``value``."""
    found: dict[str, GeValue] = {}
    for entry in messages(message, name):
        value = next(messages(entry, "value"), {})
        found[first(entry, "key")] = attribute(value)
    return found


def attribute(value: Message) -> GeValue:
    """The value that an AttrDef holds; None where it holds none (a zero is not written)."""
    for kind in _SCALARS:
        if kind in value:
            return scalar(kind, value[kind][0])
    if "list" in value:
        return _list(next(messages(value, "list"), {}))
    if "td" in value:
        return tensor(next(messages(value, "td"), {}))
    if "t" in value:
        return tensor(next(messages(next(messages(value, "t"), {}), "desc"), {}))
    if "func" in value:
        inner = next(messages(value, "func"), {})
        return {"name": first(inner, "name"), **attributes(inner)}
    if "list_list_int" in value:
        outer = next(messages(value, "list_list_int"), {})
        return tuple(tuple(number(text(i)) for i in inner.get("list_i", ())) for inner in
                     messages(outer, "list_list_i"))
    if "g" in value:
        return {"graph": first(next(messages(value, "g"), {}), "name")}
    return None


def scalar(kind: str, value: Scalar | Message) -> GeValue:
    """One value of an AttrDef by its field's name."""
    if isinstance(value, dict):
        return None
    if kind == "bt":
        return value if isinstance(value, bytes) else value.encode()
    word = text(value)
    if kind in ("s", "expression"):
        return word
    if kind == "b":
        return word in ("true", "True", "t", "1")
    if kind == "f":
        return decimal(word)
    if kind == "dt":
        return RUNTIME.get(number(word), DType.UNDEFINED).value if word.lstrip("-").isdecimal() else word
    return number(word)


def decimal(word: str) -> float:
    """A floating point number as the text form writes it (``1.5f``, ``inf``, ``nan``)."""
    try:
        return float(word.rstrip("fF") if word.rstrip("fF")[-1:].isdecimal() else word)
    except ValueError:
        return float("nan")


def tensor(message: Message) -> GeTensor:
    """A TensorDescriptor."""
    known = attributes(message)
    shape = next(messages(message, "shape"), {})
    dims = tuple(number(text(d)) for d in shape.get("dim", ()))
    index = known.get("_datadump_origin_output_index")
    name = known.get("_datadump_origin_name")
    layout = first(message, "layout")
    return GeTensor(
        first(message, "name"), dtype(first(message, "dtype")),
        layout_named(layout), dims,
        str(known.get("origin_format") or known.get("_datadump_origin_format") or ""),
        _shape(known.get("origin_shape")),
        dtype_named(str(known.get("origin_data_type") or known.get("_datadump_origin_data_type") or "")),
        (str(name), index if isinstance(index, int) else 0) if name else None,
        str(known.get("_origin_output_tensor_name") or ""), integer(message, "size"),
        {k: v for k, v in known.items() if k not in _ORIGIN})


def dtype(word: str) -> DType:
    """An element type by its name or by the protobuf messages' number."""
    return PROTO.get(int(word), DType.UNDEFINED) if word.isdecimal() else dtype_named(word)


def layout_named(word: str) -> str:
    """A layout by its name, or by its number."""
    return LAYOUTS.get(int(word) & 0xFF, word) if word.isdecimal() else word


def _shape(value: GeValue) -> tuple[int, ...] | None:
    if not isinstance(value, tuple) or not all(isinstance(v, int) for v in value):
        return None
    return tuple(v for v in value if isinstance(v, int))


def _list(value: Message) -> tuple[GeValue, ...]:
    for kind in _LISTED:
        if kind in value:
            items = value[kind]
            if kind == "td":
                return tuple(tensor(v) for v in items if isinstance(v, dict))
            if kind == "t":
                return tuple(tensor(next(messages(v, "desc"), {})) for v in items if isinstance(v, dict))
            if kind in ("g", "na"):
                return tuple({"name": first(v, "name")} for v in items if isinstance(v, dict))
            return tuple(scalar(kind, v) for v in items)
    return ()


def endpoint(reference: str) -> tuple[str, int]:
    """(operation, output index) of ``name:index``; -1 is a control edge. A name may hold ':' itself."""
    name, colon, index = reference.rpartition(":")
    if not colon or not index.lstrip("-").isdecimal():
        return reference, 0
    return name, int(index)


def edges(references: list[str]) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Data inputs in order, and the operations that must have run before."""
    ends = [endpoint(r) for r in references]
    controls = tuple(name for name, index in ends if index < 0)
    return tuple(e for e in ends if e[1] >= 0) if controls else tuple(ends), controls

