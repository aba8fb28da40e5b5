"""A ModelProto without the bytes of its large tensors, cut out of a mapped file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import onnx
from google.protobuf.message import DecodeError

from diag.errors import FormatError
from diag.formats.cursor import LEN, VARINT, Cursor, Field
from diag.formats.onnx.damage import find_damage

LARGE = 1024
"""Bytes from which a tensor's elements stay in the file."""

# Which fields of a message hold messages that can hold a tensor (numbers of onnx.proto).
_NESTED: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_DATA_TYPE, _RAW_DATA, _EXTERNAL_DATA, _DATA_LOCATION = 2, 9, 13, 14
_IS_EXTERNAL = bytes([_DATA_LOCATION << 3, onnx.TensorProto.EXTERNAL])
# Fields whose packed elements are the same bytes as raw_data, with the element types they hold.
_FLAT = {4: (onnx.TensorProto.FLOAT, onnx.TensorProto.COMPLEX64),
         10: (onnx.TensorProto.DOUBLE, onnx.TensorProto.COMPLEX128)}


def read_skeleton(cursor: Cursor) -> onnx.ModelProto:
    """The model in ``cursor``'s buffer with the elements of large tensors left out.

    A tensor whose elements were left out has ``data_location`` EXTERNAL with the model's own file as the location, so
    that the skeleton is itself a valid ONNX model with external data, in the model's folder.
    Raises FormatError at the byte where the buffer stops being an ONNX model.
    """
    parts = _Cutter(cursor).message(0, len(cursor.data), "model", 0)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(b"".join(parts) if parts is not None else cursor.data[:])
    except (DecodeError, ValueError, RuntimeError) as problem:
        raise find_damage(cursor) or FormatError(
            cursor.path, f"The protobuf library refuses the model: {problem}",
            hint="Keep the weights in external data if the file is larger than 2 GB, or export it again.") from None
    return model


@dataclass(frozen=True, slots=True)
class _Cutter:
    cursor: Cursor

    def message(self, start: int, end: int, kind: str, depth: int) -> list[bytes] | None:
        """The message without its large payloads, in pieces; None if it has none and can be copied as it is."""
        nested, data = _NESTED[kind], self.cursor.data
        parts: list[bytes] = []
        copied = before = start
        for number, wire, begin, stop, _ in self.cursor.fields(start, end, depth):
            if wire == LEN and stop - begin > LARGE and number in nested:
                inner = self._inner(begin, stop, nested[number], depth + 1)
                if inner is not None:
                    parts += [bytes(data[copied:before]), _head(number, sum(map(len, inner))), *inner]
                    copied = stop
            before = stop
        if not parts:
            return None
        parts.append(bytes(data[copied:end]))
        return parts

    def _inner(self, start: int, end: int, kind: str, depth: int) -> list[bytes] | None:
        if kind == "training":
            return []  # Nobody here uses it: an empty message says that there was one.
        return self._tensor(start, end, depth) if kind == "tensor" else self.message(start, end, kind, depth)

    def _tensor(self, start: int, end: int, depth: int) -> list[bytes] | None:
        fields = list(self.cursor.fields(start, end, depth))
        elements = _elements(fields)
        if elements is None:
            return None
        parts, before = [], start
        for field in fields:
            if field.number != elements.number:
                parts.append(bytes(self.cursor.data[before:field.end]))
            before = field.end
        if _last(fields, _DATA_LOCATION) != onnx.TensorProto.EXTERNAL:
            parts.append(self._reference(elements))
        return parts

    def _reference(self, elements: Field) -> bytes:
        """Fields that say where the elements are. Written by hand: building messages takes as long as all the rest."""
        entries = ((b"location", os.fsencode(self.cursor.path.name)),
                   (b"offset", b"%d" % (self.cursor.base + elements.start)),
                   (b"length", b"%d" % (elements.end - elements.start)))
        pairs = (_head(1, len(key)) + key + _head(2, len(value)) + value for key, value in entries)
        return b"".join(_head(_EXTERNAL_DATA, len(pair)) + pair for pair in pairs) + _IS_EXTERNAL


def _elements(fields: list[Field]) -> Field | None:
    """The field with the tensor's elements, if it is large and its bytes can be used where they are."""
    raw = [f for f in fields if f.number == _RAW_DATA and f.wire == LEN]
    if raw:
        return raw[-1] if raw[-1].end - raw[-1].start > LARGE else None
    dtype = _last(fields, _DATA_TYPE)
    for number, dtypes in _FLAT.items():
        flat = [f for f in fields if f.number == number]
        if flat and dtype in dtypes:
            whole = len(flat) == 1 and flat[0].wire == LEN and flat[0].end - flat[0].start > LARGE
            return flat[0] if whole else None
    return None


def _last(fields: list[Field], number: int) -> int:
    """Value of a single number field; protobuf takes the last one written."""
    return next((f.value for f in reversed(fields) if f.number == number and f.wire == VARINT), 0)


def _head(number: int, length: int) -> bytes:
    """Tag and length that stand before a message in field ``number``."""
    return _varint(number << 3 | LEN) + _varint(length)


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
