"""The walk over protobuf's wire format: what it yields, and where it stops."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import varint

from diag.errors import FormatError
from diag.formats.cursor import FIXED32, FIXED64, LEN, VARINT, Cursor, Field, map_file, signed

PATH = Path("made.bin")


def cursor(data: bytes, base: int = 0) -> Cursor:
    return Cursor(data, PATH, "a test", base)


def test_fields_of_every_wire_type() -> None:
    data = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x1d1234" + b"\x2112345678" + b"\xf8\x07\x05"
    assert list(cursor(data).fields()) == [
        Field(1, VARINT, 1, 3, 150), Field(2, LEN, 5, 7), Field(3, FIXED32, 8, 12), Field(4, FIXED64, 13, 21),
        Field(127, VARINT, 23, 24, 5)]
    text = list(cursor(data).fields())[1]
    assert (cursor(data).text(text), cursor(data).bytes(text)) == ("hi", b"hi")


@given(number=st.integers(1, (1 << 29) - 1), value=st.integers(0, (1 << 64) - 1), size=st.integers(0, 300))
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read(number: int, value: int, size: int) -> None:
    data = varint(number << 3) + varint(value) + varint(number << 3 | LEN) + varint(size) + bytes(size)
    first, second = cursor(data).fields()
    assert (first.number, first.wire, first.value) == (number, VARINT, value)
    assert (second.number, second.end - second.start, second.end) == (number, size, len(data))


def test_packed_numbers_are_signed() -> None:
    data = b"\x0a\x0c\x05\xac\x02" + b"\xff" * 8 + b"\x7f" + b"\x08\x07"
    packed, single = cursor(data).fields()
    assert cursor(data).packed(packed) == [5, 300, (1 << 63) - 1]
    assert cursor(data).packed(single) == [7]
    assert [signed(v) for v in (0, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)] == [0, (1 << 63) - 1, -(1 << 63), -1]


@pytest.mark.parametrize(("data", "offset", "message"), [
    (b"\x0a\x05abc", 0, "Field 1 of a test says it has 5 bytes; found 3 bytes"),
    (b"\x08\x01\x0a", 3, "Expected a number in a test; found the end in the middle of it"),
    (b"\x08\x80", 1, "Expected a number in a test; found the end in the middle of it"),
    (b"\x08" + b"\x80" * 10 + b"\x01", 1, "Expected a number of at most 64 bits in a test; found a longer one"),
    (b"\x08" + b"\xff" * 9 + b"\x02", 1, "Expected a number of at most 64 bits in a test; found a longer one"),
    (b"\x0d12", 0, "Expected 4 bytes in field 1 of a test; found 2 bytes"),
    (b"\x0912", 0, "Expected 8 bytes in field 1 of a test; found 2 bytes"),
    (b"\x08\x01\x00\x01", 2, "Expected a field of a test; found field number 0"),
    (b"\x0b", 0, "Expected a field of a test; found the start of a group"),
    (b"\x0c", 0, "Expected a field of a test; found the end of a group"),
    (b"\x0e", 0, "Expected a field of a test; found wire type 6"),
    (b"\x0a" + b"\xff" * 9 + b"\x01", 0,
     "Field 1 of a test says it has 18,446,744,073,709,551,615 bytes; found 0 bytes"),
])
def test_where_it_stops(data: bytes, offset: int, message: str) -> None:
    for base in (0, 1000):
        with pytest.raises(FormatError) as error:
            list(cursor(data, base).fields())
        assert error.value.message == message
        assert error.value.offset == base + offset
        assert error.value.path == PATH


def test_a_message_does_not_leave_its_bounds() -> None:
    data = b"\x0a\x02\x12\x05" + b"hello"
    (outer,) = (f for f in cursor(data[:4]).fields())
    with pytest.raises(FormatError, match="says it has 5 bytes; found 0 bytes"):
        list(cursor(data).fields(outer.start, outer.end))
    with pytest.raises(FormatError, match="Expected a test of 100 bytes; found 9 bytes left"):
        list(cursor(data).fields(0, 100))
    with pytest.raises(FormatError, match="nested at most 100 messages deep"):
        list(cursor(data).fields(depth=101))


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes) -> None:
    try:
        fields = list(cursor(data).fields())
    except FormatError as error:
        offset = error.offset
        assert offset is not None
        assert offset <= len(data)
    else:
        assert all(0 < f.start <= f.end <= len(data) for f in fields)


def test_mapped_files(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\x0a\x02hi")
    mapped = map_file(path)
    assert isinstance(mapped, mmap.mmap)
    assert [Cursor(mapped, path).text(f) for f in Cursor(mapped, path).fields()] == ["hi"]
    path.write_bytes(b"")
    with pytest.raises(FormatError, match="empty"):
        map_file(path)
    with pytest.raises(FormatError, match="folder"):
        map_file(tmp_path)
    with pytest.raises(FormatError, match="no such file"):
        map_file(tmp_path / "none")
