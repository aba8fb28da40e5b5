"""Compiled models made for tests: the container and GE's messages, written by hand."""

from __future__ import annotations

import struct

from wire import block, number


def entry(key: bytes | str, value: bytes) -> bytes:
    """An attribute; field 10 of an operation, 11 of a model or graph, 5 of a tensor."""
    return block(1, key) + block(2, value)



def texts(*values: str) -> bytes:
    return block(1, b"".join(block(2, v) for v in values) + number(20, 1))


def flags(*values: bool) -> bytes:
    return block(1, b"".join(number(5, int(v)) for v in values))


def op(name: str, kind: str, inputs: tuple[str, ...] = (), place: int = 0, attributes: bytes = b"",
       outputs: bytes = b"") -> bytes:
    return block(1, name) + block(2, kind) + b"".join(block(5, i) for i in inputs) + attributes + (
        number(21, place) if place else b"") + outputs


def graph(name: str, *ops: bytes) -> bytes:
    return block(1, name) + b"".join(block(6, o) for o in ops)


def model(*graphs: bytes, attributes: bytes = b"") -> bytes:
    return block(1, "model") + b"".join(block(7, g) for g in graphs) + attributes


def om(*models: list[tuple[int, bytes]], wide: bool = True, version: int = 0x20000000, encrypted: bool = False,
       header: int = 256, name: str = "net") -> bytes:
    """Models, each a list of (kind, bytes)."""
    body = b""
    for parts in models:
        offset, rows = 0, b""
        for kind, data in parts:
            rows += struct.pack("<IIQQ", kind, 0, offset, len(data)) if wide else struct.pack(
                "<III", kind, offset, len(data))
            offset += len(data)
        body += (struct.pack("<II", len(parts), 0) if wide else struct.pack("<I", len(parts))) + rows
        body += b"".join(data for _, data in parts)
    head = bytearray(256)
    head[:12] = b"IMOD" + struct.pack("<II", header, version)
    head[76:80] = struct.pack("<I", len(body))
    head[80] = encrypted
    head[84:84 + len(name)] = name.encode()
    head[156:160] = struct.pack("<I", len(models))
    if wide:
        head[184:192] = struct.pack("<Q", len(body))
    return bytes(head) + body
