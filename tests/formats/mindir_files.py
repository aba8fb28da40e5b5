"""Makes small MindIR files for tests, message by message."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from diag.formats.mindir import encode

FLOAT, INT32, INT64, BOOL, STRING, DOUBLE = 1, 6, 7, 9, 8, 11
TENSORS, TUPLE, LIST, DICT, UMONAD, NONE = 19, 20, 21, 22, 23, 25
m = encode.message


def tensor(name: str, dims: list[int], data_type: int = FLOAT, **fields: encode.Value | list[encode.Value]) -> bytes:
    return m("Tensor", {"name": name, "dims": dims, "data_type": data_type, **fields})


def floats(name: str, *values: float) -> bytes:
    return tensor(name, [len(values)], raw_data=np.array(values, "<f4").tobytes())


def shape(*dims: int, name: str = "", data_type: int = FLOAT) -> bytes:
    return m("Attribute", {"name": "shape", "type": TENSORS, "tensors": tensor(name, list(dims), data_type)})


def shapes(*parts: tuple[list[int], str]) -> bytes:
    values = [m("Attribute", {"type": TENSORS, "tensors": tensor(name, dims)}) for dims, name in parts]
    return m("Attribute", {"name": "shape", "type": TUPLE, "values": values})


def node(op: str, inputs: list[str], output: str, *attributes: bytes, domain: str = "") -> bytes:
    return m("Node", {"input": inputs, "output": output, "name": output, "op_type": f"REF::{op}",
                      "attribute": list(attributes), "domain": domain})


def constant(value: str, **fields: encode.Value | list[encode.Value]) -> bytes:
    return m("Node", {"output": value, "op_type": "Constant", "attribute": m("Attribute", {"name": "value", **fields})})


def graph(nodes: list[bytes], outputs: list[str], parameters: tuple[bytes, ...] = (), inputs: tuple[str, ...] = ("x",),
          lite: bool = False) -> bytes:
    return m("Graph", {
        "node": nodes, "name": "g", "parameter": list(parameters),
        "input": [m("ValueInfo", {"name": f"g:{n}", "tensor": tensor("", [2, 3])}) for n in inputs],
        "output": [m("ValueInfo", {"name": name}) for name in outputs],
        "attribute": [m("Attribute", {"name": "fmk", "i": 2, "type": INT32})] if lite else []})


def model(main: bytes, ops: Mapping[str, bytes] | list[str] = (), functions: tuple[bytes, ...] = (),
          **fields: encode.Value) -> bytes:
    attributes = ops if isinstance(ops, Mapping) else dict.fromkeys(ops, b"")
    primitives = [m("Primitive", {"name": op, "op_type": op.split(":")[0]}) + attributes[op] for op in attributes]
    return m("Model", {"ir_version": "0.1.1", "graph": main, "functions": list(functions), "primitives": primitives,
                       "mind_ir_version": 1, **fields})
