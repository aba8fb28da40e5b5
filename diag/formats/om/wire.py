"""GE's messages in their binary form, as the same trees that the text form gives (``ge_dump.textproto``).

Field numbers: the open schema ge_ir.proto; those of later versions have been added to, never changed.
"""

from __future__ import annotations

import struct

from diag.formats.cursor import FIXED32, FIXED64, LEN, VARINT, Cursor, Field, signed
from diag.formats.ge_dump.textproto import Message, Scalar

Schema = dict[int, tuple[str, "str"]]
"""Field number: (name, kind); a kind is ``text``, ``bytes``, ``int``, ``float`` or the name of a message."""

SCHEMAS: dict[str, Schema] = {
    "ModelDef": {1: ("name", "text"), 2: ("version", "int"), 3: ("custom_version", "text"), 7: ("graph", "GraphDef"),
                 11: ("attr", "Attr")},
    "GraphDef": {1: ("name", "text"), 4: ("input", "text"), 5: ("output", "text"), 6: ("op", "OpDef"),
                 11: ("attr", "Attr")},
    "OpDef": {1: ("name", "text"), 2: ("type", "text"), 5: ("input", "text"), 10: ("attr", "Attr"), 21: ("id", "int"),
              22: ("stream_id", "int"), 23: ("input_name", "text"), 24: ("src_name", "text"),
              25: ("src_index", "int"), 26: ("dst_name", "text"), 27: ("dst_index", "int"), 28: ("input_i", "int"),
              29: ("output_i", "int"), 30: ("workspace", "int"), 31: ("workspace_bytes", "int"),
              32: ("is_input_const", "int"), 33: ("input_desc", "TensorDescriptor"),
              34: ("output_desc", "TensorDescriptor"), 35: ("subgraph_name", "text")},
    "TensorDescriptor": {1: ("name", "text"), 2: ("dtype", "int"), 3: ("shape", "ShapeDef"), 4: ("layout", "text"),
                         5: ("attr", "Attr"), 10: ("size", "int"), 11: ("weight_size", "int"),
                         14: ("device_type", "text"), 16: ("real_dim_cnt", "int"), 18: ("data_offset", "int")},
    "ShapeDef": {1: ("dim", "int")},
    "TensorDef": {1: ("desc", "TensorDescriptor"), 2: ("data", "bytes")},
    "NamedAttrs": {1: ("name", "text"), 2: ("attr", "Attr")},
    "Attr": {1: ("key", "text"), 2: ("value", "AttrDef")},
    "AttrDef": {1: ("list", "ListValue"), 2: ("s", "bytes"), 3: ("i", "int"), 4: ("f", "float"), 5: ("b", "int"),
                7: ("bt", "bytes"), 10: ("func", "NamedAttrs"), 11: ("td", "TensorDescriptor"), 12: ("t", "TensorDef"),
                13: ("g", "GraphDef"), 14: ("list_list_int", "ListListInt"), 15: ("dt", "int"),
                17: ("expression", "text")},
    "ListValue": {2: ("s", "bytes"), 3: ("i", "int"), 4: ("f", "float"), 5: ("b", "int"), 7: ("bt", "bytes"),
                  8: ("td", "TensorDescriptor"), 9: ("t", "TensorDef"), 10: ("g", "GraphDef"), 11: ("na", "NamedAttrs"),
                  12: ("dt", "int"), 20: ("val_type", "int")},
    "ListListInt": {1: ("list_list_i", "ListInt")},
    "ListInt": {1: ("list_i", "int")},
}

_WEIGHT_DATA = ("data", "bt")
_KEPT = 4096
"""Bytes of a weight or a kernel that are kept: a graph is looked at, not run."""


def decode(cursor: Cursor, start: int, end: int, kind: str, depth: int = 0) -> Message:
    """The message of a kind in ``[start, end)``. Raises FormatError where it stops making sense."""
    schema, found = SCHEMAS[kind], Message()
    for field in cursor.fields(start, end, depth):
        known = schema.get(field.number)
        if known is not None:
            name, inner = known
            found.setdefault(name, []).extend(_values(cursor, field, name, inner, depth))
    return found


def _values(cursor: Cursor, field: Field, name: str, kind: str, depth: int) -> list[Scalar | Message]:
    if kind == "int":
        if field.wire in (FIXED32, FIXED64):
            return []
        return [str(v) for v in cursor.packed(field)]
    if kind == "float":
        return [repr(v) for v in _floats(cursor, field)]
    if field.wire != LEN:
        raise cursor.error(field.start, f"Expected the field {name} of {cursor.what} as bytes", "a number")
    if kind in ("text", "bytes"):
        most = field.start + _KEPT if name in _WEIGHT_DATA else field.end
        return [bytes(cursor.data[field.start:min(most, field.end)])]
    return [decode(cursor, field.start, field.end, kind, depth + 1)]


def _floats(cursor: Cursor, field: Field) -> tuple[float, ...]:
    size = (field.end - field.start) // 4
    if field.wire == VARINT or field.wire == FIXED64 or not size:
        return ()
    return struct.unpack_from(f"<{size}f", cursor.data, field.start)


def integer(field: Field) -> int:
    """The value of an integer field as signed 64 bits."""
    return signed(field.value)
