"""Where a file stops being an ONNX model: the protobuf library refuses without saying where."""

from __future__ import annotations

import onnx
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from diag.errors import FormatError
from diag.formats.cursor import LEN, Cursor, Field

_VARINTS = {FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_UINT64,
            FieldDescriptor.TYPE_ENUM}
_FIXED = {FieldDescriptor.TYPE_FLOAT: 4, FieldDescriptor.TYPE_DOUBLE: 8}


def find_damage(cursor: Cursor) -> FormatError | None:
    """The error at the first byte that makes no sense in a ModelProto; None if the walk meets none."""
    try:
        _walk(cursor, 0, len(cursor.data), onnx.ModelProto.DESCRIPTOR, 0)
    except FormatError as error:
        return error
    return None


def _walk(cursor: Cursor, start: int, end: int, kind: Descriptor, depth: int) -> None:
    known = kind.fields_by_number
    for field in cursor.fields(start, end, depth):
        what = known.get(field.number)
        if what is None or field.wire != LEN:
            continue
        if what.type == FieldDescriptor.TYPE_MESSAGE:
            _walk(cursor, field.start, field.end, what.message_type, depth + 1)
        elif what.type in _VARINTS:
            cursor.packed(field)
        elif what.type in _FIXED:
            _check_multiple(cursor, field, what, _FIXED[what.type])


def _check_multiple(cursor: Cursor, field: Field, what: FieldDescriptor, size: int) -> None:
    length = field.end - field.start
    if length % size:
        raise cursor.error(field.start, f"Expected {what.name} to be a multiple of {size} bytes", f"{length:,} bytes")
