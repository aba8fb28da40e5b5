"""Attribute messages → values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from diag.formats.mindir.message import Message
from diag.formats.mindir.schema import AttrType
from diag.formats.mindir.source import Source
from diag.formats.mindir.tensors import describe, dtype_of, is_type_only, read_weight
from diag.types.graph import AttrValue
from diag.types.tensor import TensorInfo

_FLOATS = {AttrType.FLOAT, AttrType.FLOAT16, AttrType.BFLOAT16, AttrType.DOUBLE}
_SEQUENCES = {AttrType.TUPLE, AttrType.LIST}
_MONADS = {AttrType.UMONAD, AttrType.IOMONAD}
_CLOSURES = {AttrType.PRIMITIVE_CLOSURE, AttrType.FUNC_GRAPH_CLOSURE, AttrType.PARTIAL_CLOSURE,
             AttrType.UNION_FUNC_CLOSURE}
_FIELDS = (("i", "ints"), ("f", "floats"), ("d", "doubles"), ("s", "strings"))


def is_monad(attribute: Message) -> bool:
    """Whether it holds a monad: a token that only orders side effects."""
    return attribute.integer("type") in _MONADS


def text_of(raw: bytes) -> str:
    """A string attribute as text; bytes that are not UTF-8 stay recognisable."""
    return raw.decode("utf-8", "backslashreplace")


def decode(attribute: Message, source: Source) -> AttrValue:
    """The attribute's value: a number, text, a tuple of values, a Weight, a DType, or None.

    Dictionaries become tuples of (key, value). Function closures become the function's name. Graphs in attributes
    do not occur in MindIR files that were seen and read as None.
    """
    kind = attribute.integer("type")
    if attribute.text("ref_attr_name"):
        return _old_style(attribute, source)
    if kind in _SEQUENCES:
        return tuple(decode(v, source) for v in attribute.messages("values"))
    if kind == AttrType.DICT:
        return tuple((v.text("name"), decode(v, source)) for v in attribute.messages("values"))
    if kind in _CLOSURES and "values" in attribute:
        return tuple(decode(v, source) for v in attribute.messages("values"))
    tensors = _tensors(attribute, source)
    if tensors:
        return tensors[0] if len(tensors) == 1 else tuple(tensors)
    return _scalar(attribute, kind)


def _tensors(attribute: Message, source: Source) -> list[AttrValue]:
    single = attribute.message("t")
    messages = attribute.messages("tensors") or ([single] if single is not None else [])
    return [dtype_of(t) if is_type_only(t) else read_weight(t, t.text("name"), source) for t in messages]


def _scalar(attribute: Message, kind: int) -> AttrValue:
    """The one number or text of an attribute; inside tuples it stands in the repeated field."""
    convert = _converter(kind)
    for single, repeated in _FIELDS:
        if single in attribute:
            return convert(attribute.fields[single])
        if repeated in attribute:
            values = attribute.fields[repeated]
            return convert(values[0]) if len(values) == 1 else tuple(convert(v) for v in values)
    return _EMPTY.get(kind)


def _converter(kind: int) -> Callable[[float | bytes], AttrValue]:
    def convert(value: float | bytes) -> AttrValue:
        if isinstance(value, bytes):
            return text_of(value)
        if kind == AttrType.BOOL:
            return bool(value)
        return float(value) if kind in _FLOATS else value
    return convert


_EMPTY: dict[int, AttrValue] = {AttrType.STRING: "", AttrType.BOOL: False, AttrType.INT32: 0, AttrType.INT64: 0,
                                AttrType.FLOAT: 0.0, AttrType.DOUBLE: 0.0}


def _old_style(attribute: Message, source: Source) -> AttrValue:
    """Files of MindSpore 1.1 say in ``ref_attr_name`` how the repeated fields are to be put together."""
    how, convert = attribute.text("ref_attr_name"), _converter(attribute.integer("type"))
    tensors = _tensors(attribute, source)
    values: list[AttrValue] = tensors or [
        convert(value) for single, repeated in _FIELDS
        for value in [*attribute.fields.get(repeated, ()),
                      *([attribute.fields[single]] if single in attribute else ())]]
    if "[" in how or len(values) > 1:
        return tuple(values)
    return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Abstract:
    """What a node's file entry says of its output: one tensor, a tuple of tensors, or no tensor at all.

    ``elements`` carry the names that the caller sees, often "".
    """

    elements: tuple[TensorInfo, ...] = ()
    is_tuple: bool = False
    monad: bool = False

    def element(self, index: int) -> TensorInfo:
        """What is known of the output's part ``index``."""
        return self.elements[index] if 0 <= index < len(self.elements) else TensorInfo("")


def abstract_of(attribute: Message, *, empty_is_scalar: bool) -> Abstract:
    """Read an attribute that holds an abstract instead of a value."""
    kind = attribute.integer("type")
    if kind in _MONADS:
        return Abstract(monad=True)
    if kind in _SEQUENCES:
        parts = tuple(_first(v, empty_is_scalar) for v in attribute.messages("values"))
        return Abstract(parts, is_tuple=True)
    tensors = attribute.messages("tensors")
    if attribute.text("ref_attr_name"):  # the tensors' names are then only labels: shape1, shape2 ...
        parts = tuple(replace(describe(t, empty_is_scalar=empty_is_scalar), name="") for t in tensors)
        return Abstract(parts, is_tuple=len(parts) > 1)
    return Abstract((_first(attribute, empty_is_scalar),))


def _first(attribute: Message, empty_is_scalar: bool) -> TensorInfo:
    tensors = attribute.messages("tensors")
    return describe(tensors[0], empty_is_scalar=empty_is_scalar) if tensors else TensorInfo("")
