"""The MindIR reader on small made files: what the samples do not show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from mindir_files import (
    BOOL,
    DICT,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    LIST,
    NONE,
    STRING,
    TENSORS,
    TUPLE,
    UMONAD,
    constant,
    floats,
    graph,
    m,
    model,
    node,
    shape,
    shapes,
    tensor,
)

from diag.errors import FormatError
from diag.formats import weights
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR, encode
from diag.formats.mindir.quant import quant_params
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo, Weight


@pytest.fixture
def read(tmp_path: Path):
    def read(data: bytes, key: bytes | None = None) -> Graph:
        (tmp_path / "m.mindir").write_bytes(data)
        return MINDIR.read(tmp_path / "m.mindir", ReadOptions(key))
    return read


def test_constants_become_weights_or_nodes(read) -> None:
    numbers = {"i32": {"i": -5, "type": INT32}, "i64": {"i": 1 << 40, "type": INT64}, "flag": {"i": 1, "type": BOOL},
               "f": {"f": 0.5, "type": FLOAT}, "d": {"d": 0.1, "type": DOUBLE}, "missing": {"type": INT64}}
    parts = [m("Attribute", {"ints": [v], "type": INT32}) for v in (1, -2, 3)]
    mixed = [m("Attribute", {"ints": [1], "type": INT64}), m("Attribute", {"strings": [b"a"], "type": STRING})]
    nodes = [constant(n, **f) for n, f in numbers.items()] + [
        constant("tuple", type=TUPLE, values=parts), constant("empty", type=TUPLE),
        constant("floats", type=LIST, values=[m("Attribute", {"doubles": [0.1], "type": DOUBLE})]),
        constant("tensor", type=TENSORS, tensors=tensor("value0", [2], INT32, int32_data=[7, -8])),
        constant("none", type=NONE), constant("text", type=STRING, s="µ".encode()),
        constant("mixed", type=TUPLE, values=mixed), constant("unused", i=1, type=INT64)]
    names = [*numbers, "tuple", "empty", "floats", "tensor", "none", "text", "mixed"]
    got = read(model(graph([*nodes, node("Op:1", names, "out", shape(1))], ["out"]), ["Op:1"]))
    found = {n: (w.dtype.value, weights.load(w).tolist()) for n, w in got.weights.items()}
    assert found == {
        "i32": ("int32", -5), "i64": ("int64", 1 << 40), "flag": ("bool", True), "f": ("float32", 0.5),
        "d": ("float64", 0.1), "missing": ("int64", 0), "tuple": ("int64", [1, -2, 3]), "empty": ("int64", []),
        "floats": ("float64", [0.1]), "tensor": ("int32", [7, -8])}
    constants = {n.outputs[0]: n.attributes["value"] for n in got.nodes if n.op == "Constant"}
    assert constants == {"none": None, "text": "µ", "mixed": (1, "a")}
    assert got.nodes[-1].inputs == tuple(names)


def test_attributes_of_every_kind(read) -> None:
    entries = [m("Attribute", {"name": "k", "i": 3, "type": INT64})]
    attributes = [
        m("Attribute", {"name": "flag", "i": 1, "type": BOOL}),
        m("Attribute", {"name": "d", "type": DICT, "values": entries}),
        m("Attribute", {"name": "t", "t": floats("value0", 1, 2), "type": TENSORS}),
        m("Attribute", {"name": "dtype", "tensors": m("Tensor", {"data_type": 10}), "type": TENSORS}),
        m("Attribute", {"name": "two", "tensors": [floats("a", 1), floats("b", 2)], "type": TENSORS}),
        m("Attribute", {"name": "none", "type": NONE}), m("Attribute", {"name": "bad", "s": b"\xff", "type": STRING}),
        m("Attribute", {"name": "nested", "type": TUPLE, "values": m("Attribute", {
            "type": LIST, "values": m("Attribute", {"floats": [0.25], "type": FLOAT})})})]
    extra = b"".join(encode.record(3, a) for a in attributes)
    got = read(model(graph([node("Op:1", ["g:x"], "out", shape(1))], ["out"]), {"Op:1": extra})).nodes[0].attributes
    assert (got["flag"], got["d"], got["none"], got["bad"], got["nested"]) == (True, (("k", 3),), None, "\\xff",
                                                                              ((0.25,),))
    assert got["dtype"] is DType.FLOAT16
    assert isinstance(got["t"], Weight)
    assert weights.load(got["t"]).tolist() == [1, 2]
    assert [weights.load(w).tolist() for w in got["two"]] == [[1], [2]]


def test_the_old_style_with_lists_and_scalars(read) -> None:
    old = m("Node", {"input": ["g:x"], "output": "out", "op_type": "ReduceSum", "domain": "Default/sum", "attribute": [
        m("Attribute", {"tensors": [tensor("shape1", [2])], "ref_attr_name": "shape:shape1,"}),
        m("Attribute", {"name": "axis", "ints": [1, 2], "type": INT64, "ref_attr_name": "scalar:List[value1,v2,],"}),
        m("Attribute", {"name": "keep", "ints": [1], "type": BOOL, "ref_attr_name": "scalar:value1,"}),
        m("Attribute", {"name": "shape", "ints": [4], "type": INT64, "ref_attr_name": "scalar:List[value1,],"})]})
    value = m("Node", {"output": "c", "op_type": "Constant", "attribute": m("Attribute", {
        "name": "value", "tensors": floats("value0", 3), "ref_attr_name": "tensor:value0"})})
    use = m("Node", {"input": ["out", "c"], "output": "end", "op_type": "Mul"})
    got = read(m("Model", {"ir_version": "0.1.0", "graph": graph([value, old, use], ["end"])}))
    assert got.nodes[0].attributes == {"axis": (1, 2), "keep": True, "shape": (4,)}
    assert got.info("out") == TensorInfo("out", DType.FLOAT32, (2,))
    assert weights.load(got.weights["c"]).tolist() == [3]
    assert got.nodes[1].name == "end"


@pytest.mark.parametrize(("data_type", "little", "fields", "expected"), [
    (FLOAT, 0, {"raw_data": np.array([1.5, -2], ">f4").tobytes()}, [1.5, -2]),
    (INT64, 0, {"raw_data": np.array([1, -2], ">i8").tobytes()}, [1, -2]),
    (14, 0, {"raw_data": np.array([1 + 2j, 0], ">c8").tobytes()}, [1 + 2j, 0]),
    (FLOAT, 1, {"float_data": [1.5, -2.0]}, [1.5, -2]),
    (10, 1, {"int32_data": [0x3C00, 0xC000]}, [1, -2]),
    (12, 1, {"uint64_data": [1, 2]}, [1, 2]),
    (11, 1, {"double_data": [0.1, 2.0]}, [0.1, 2]),
    (17, 1, {"raw_data": np.array([0.1, 2], "<f8").tobytes()}, [0.1, 2]),
    (2, 1, {"raw_data": b"\x01\xff"}, [1, 255]),
    (BOOL, 1, {"raw_data": b"\x00\x01"}, [False, True]),
    (STRING, 1, {"string_data": [b"a", b"b"]}, ["a", "b"]),
])
def test_elements_wherever_they_stand(read, data_type: int, little: int, fields: dict[str, encode.Value],
                                      expected: list[object]) -> None:
    got = read(model(graph([], ["w"], (tensor("w", [2], data_type, **fields),)), little_endian=little))
    assert weights.load(got.weights["w"]).tolist() == expected
    assert got.metadata["little_endian"] == ("true" if little else "false")


@pytest.mark.parametrize(("fields", "problem"), [
    ({"raw_data": b"1234567"}, "it has 7 bytes, but float32 [2] needs 8"),
    ({"raw_data": b"12345678", "compression_type": 3}, "it is compressed (FSE), which this program cannot read"),
    ({"raw_data": b"12345678", "compression_type": 77}, "it is compressed (77), which this program cannot read"),
    ({"data_type": 99}, "its element type 99 is unknown"),
    ({"data_type": 18, "raw_data": b"1"},
     "its elements are packed pairs of 4-bit numbers, which this program cannot read"),
    ({}, "the file has no elements for it"),
    ({"data_type": INT32, "int64_data": [1 << 40, 0]}, "its int64_data does not fit in int32"),
    ({"data_type": STRING, "string_data": [b"a"]}, "it has 1 strings, not 2"),
    ({"dims": [1 << 40, 1 << 40]}, "its shape [2, 1099511627776, 1099511627776] is impossible"),
    ({"dims": [-1]}, "its shape [2, -1] is impossible"),
    ({"dims": [1] * 60}, "it has 61 dimensions"),
    ({"external_data": m("External", {"location": "../secret", "length": 8})},
     "its file '../secret' is not one beside the model"),
    ({"external_data": m("External", {"location": "/etc/passwd", "length": 8})},
     "its file '/etc/passwd' is not one beside the model"),
])
def test_a_weight_without_elements_says_why(read, fields: dict[str, encode.Value], problem: str) -> None:
    data = tensor("w", [2]) + m("Tensor", fields)
    got = read(model(graph([node("Op:1", ["g:x", "w"], "out", shape(1))], ["out"], (data,)), ["Op:1"]))
    assert got.weights["w"].problem == problem
    assert got.notes == (f"Weight 'w': {problem}.",)
    with pytest.raises(FormatError, match=re.escape(problem)):
        weights.load(got.weights["w"])


def test_shapes(read) -> None:
    def known(*dims: int, lite: bool) -> object:
        return read(model(graph([node("Op:1", ["g:x"], "out", shape(*dims))], ["out"], lite=lite), ["Op:1"])).info(
            "out").shape
    assert known(2, -1, lite=True) == (2, None)
    assert known(-2, lite=False) is None
    assert known(lite=True) is None  # not inferred, or a scalar: the file does not tell
    assert known(lite=False) == ()


def test_monads_are_looked_through(read) -> None:
    u = m("Attribute", {"name": "shape", "type": UMONAD})
    nodes = [constant("u", type=UMONAD), node("Load:1", ["w", "u"], "load", shape(2)),
             node("MakeTuple:2", ["load", "g:x"], "tuple", shapes(([2], ""), ([2, 3], ""))),
             node("UpdateState:3", ["u", "tuple"], "state", u), node("Add:4", ["g:x", "load"], "sum", shape(2, 3)),
             node("Depend:5", ["sum", "state"], "dep", shape(2, 3)),
             node("Depend:5", ["dep", "state"], "out", shape(2, 3, name="y"))]
    got = read(model(graph(nodes, ["out"], (floats("w", 1, 2),)),
                     ["Load:1", "MakeTuple:2", "UpdateState:3", "Add:4", "Depend:5"]))
    assert [(n.op, n.inputs) for n in got.nodes] == [("Add", ("g:x", "w"))]
    assert [o.name for o in got.outputs] == ["sum"]
    assert set(got.weights) == {"w"}


def test_tuples(read) -> None:
    ops = ["Split:1", "TupleGetItem:2", "MakeTuple:3", "Concat:4"]
    nodes = [constant("0", i=0, type=INT64), constant("last", i=-1, type=INT64),
             node("Split:1", ["g:x"], "s", shapes(([1], "a"), ([2], "b"), ([3], "c")), domain="split"),
             node("TupleGetItem:2", ["s", "0"], "first", shape()), node("TupleGetItem:2", ["s", "0"], "again", shape()),
             node("TupleGetItem:2", ["s", "last"], "third", shape()),
             node("MakeTuple:3", ["first", "third"], "both"), node("Concat:4", ["both"], "cat", shape(4)),
             node("TupleGetItem:2", ["both", "last"], "third2"),
             node("Concat:4", ["again", "third2"], "cat2", shape(4)),
             node("MakeTuple:3", ["cat", "cat2"], "in"), node("MakeTuple:3", ["in", "s", "g:x"], "out")]
    got = read(model(graph(nodes, ["out"]), ops))
    assert [(n.op, n.inputs, n.outputs) for n in got.nodes] == [
        ("Split", ("g:x",), ("first", "s[1]", "third")), ("MakeTuple", ("first", "third"), ("both",)),
        ("Concat", ("both",), ("cat",)), ("Concat", ("first", "third"), ("cat2",))]
    assert got.info("third").shape == (3,)
    assert [o.name for o in got.outputs] == ["cat", "cat2", "first", "s[1]", "third", "g:x"]
    assert got.output_names == ("cat", "cat2", "a", "b", "c", "g:x")


def test_a_tuple_that_is_read_whole_stays_one(read) -> None:
    nodes = [constant("0", i=0, type=INT64), node("Split:1", ["g:x"], "s", shapes(([1], ""), ([2], ""))),
             node("TupleGetItem:2", ["s", "0"], "first", shape(1)), node("Concat:3", ["s"], "cat", shape(3)),
             node("Add:4", ["first", "cat"], "out", shape(3))]
    got = read(model(graph(nodes, ["out"]), ["Split:1", "TupleGetItem:2", "Concat:3", "Add:4"]))
    assert [(n.op, n.inputs, n.outputs) for n in got.nodes] == [
        ("Split", ("g:x",), ("s",)), ("TupleGetItem", ("s", "0"), ("first",)), ("Concat", ("s",), ("cat",)),
        ("Add", ("first", "cat"), ("out",))]


def test_a_part_that_is_not_there(read) -> None:
    nodes = [constant("7", i=7, type=INT64), node("Split:1", ["g:x"], "s", shapes(([1], ""))),
             node("TupleGetItem:2", ["s", "7"], "out")]
    with pytest.raises(FormatError, match=re.escape("Node 'out' takes part 7 of 's'; found a tuple of 1")) as error:
        read(model(graph(nodes, ["out"]), ["Split:1", "TupleGetItem:2"]))
    assert error.value.offset


def test_nodes_come_in_an_order_that_runs(read) -> None:
    nodes = [node("A:1", ["b"], "a", shape(1)), node("A:1", ["g:x"], "b", shape(1))]
    assert [n.outputs for n in read(model(graph(nodes, ["a"]), ["A:1"])).nodes] == [("b",), ("a",)]


@pytest.mark.parametrize("nodes", [
    [node("A:1", ["b"], "a"), node("A:1", ["a"], "b")], [node("A:1", ["a"], "a")],
    [node("Depend:2", ["b"], "a"), node("Depend:2", ["a"], "b")]])
def test_a_node_that_needs_itself(read, nodes: list[bytes]) -> None:
    with pytest.raises(FormatError, match="its own output"):
        read(model(graph(nodes, ["a"]), ["A:1", "Depend:2"]))


def test_names_are_unique(read) -> None:
    nodes = [node("A:1", ["g:x"], v, shape(1), domain=d) for v, d in
             (("a", "conv"), ("b", "conv"), ("c", "conv#2"), ("d", ""), ("e", "3"), ("f", "conv"))]
    got = read(model(graph(nodes, ["f"]), ["A:1"]))
    assert [n.name for n in got.nodes] == ["conv", "conv#3", "conv#2", "d", "e", "conv#4"]
    assert [n.info.get("full_name") for n in got.nodes] == [None, "conv", None, "", "3", "conv"]


def test_a_primitive_that_is_missing(read) -> None:
    got = read(model(graph([node("Conv2D:7", ["g:x"], "a", shape(1))], ["a"])))
    assert got.nodes[0].op == "Conv2D"
    assert "refers to the primitive 'Conv2D:7', which is missing" in got.notes[0]


def test_quantised_weights(read) -> None:
    def row(name: str, **values: list[encode.Value]) -> bytes:
        field, = values
        return m("Attribute", {"name": name, "type": LIST, "values": [
            m("Attribute", {field: [v], "type": DOUBLE if field == "doubles" else INT32}) for v in values[field]]})
    quant = m("Quant", {"quant_algo_name": "linear_quant", "attribute": [
        row("scale_list", doubles=[0.5, 0.25]), row("zero_point_list", ints=[3, 70000]),
        row("num_bit_list", ints=[8, 8])]})
    weight = tensor("w", [2], 3, raw_data=b"\x01\x02", quant_params=quant)
    got = read(model(graph([node("Op:1", ["g:x", "w"], "out", shape(1))], ["out"], (weight,)), ["Op:1"]))
    params, = quant_params(got.nodes[0])
    assert (params.role, params.index, params.scales, params.zero_points, params.bits) == (
        "input", 1, (0.5, 0.25), (3, None), (8, 8))


def test_unknown_fields_are_stepped_over(read) -> None:
    data = model(graph([node("Op:1", ["g:x"], "out", shape(1))], ["out"]), ["Op:1"])
    assert len(read(data + encode.record(99, b"new") + b"\xa8\x06\x05").nodes) == 1


@pytest.mark.parametrize(("data", "message"), [
    (b"\n\x050.1.1", "Expected a MindIR; its graph is missing"),
    (encode.record(7, b""), "Expected a MindIR; its ir_version is missing"),
    (b"\n\x050.1.1\x38\x01", "Expected message in Model.graph (field 7); found wire type 0"),
    (b"\n\x050.1.1\x3a\x7f", "says it has 127 bytes"),
    (b"----MSL2--------", "found a MindSpore Lite .ms model"),
    (b"PK\x03\x04------------", "found a zip archive"),
])
def test_what_is_not_a_mindir(read, data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)) as error:
        read(data)
    assert error.value.offset is not None
    assert error.value.hint


SECRET = bytes(range(16))


def encrypted(kind: str, plain: bytes, magic: int) -> bytes:
    iv = bytes(range(100, 116))
    if kind == "gcm":
        cipher = Cipher(algorithms.AES(SECRET), modes.GCM(iv[:12])).encryptor()
        text = cipher.update(plain) + cipher.finalize()
        head = cipher.tag
    else:
        algorithm = algorithms.SM4(SECRET) if kind == "sm4" else algorithms.AES(SECRET)
        padder, cipher = PKCS7(128).padder(), Cipher(algorithm, modes.CBC(iv)).encryptor()
        text, head = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize(), b""
    size = (len(text) + 24).to_bytes(4, "little")
    return (magic.to_bytes(4, "little") + head + size + (16).to_bytes(4, "little") + iv
            + len(text).to_bytes(4, "little") + text)


@pytest.mark.parametrize(("kind", "magic", "cipher"), [
    ("gcm", 0x7F3A5ED8, "AES-GCM"), ("cbc", 0x7F3A5ED9, "AES-CBC"), ("sm4", 0x7F3A5EDA, "SM4-CBC")])
def test_encrypted_in_several_blocks(read, kind: str, magic: int, cipher: str) -> None:
    plain = model(graph([node("Op:1", ["g:x"], "out", shape(1))], ["out"]), ["Op:1"])
    data = encrypted(kind, plain[:37], magic) + encrypted(kind, plain[37:], magic)
    got = read(data, SECRET)
    assert len(got.nodes) == 1
    assert got.metadata["encrypted"] == cipher
    with pytest.raises(FormatError, match="need the key"):
        read(data)
    with pytest.raises(FormatError):
        read(data, bytes(16))
    for cut in (3, 10, 40, len(data) - 1):
        with pytest.raises(FormatError):
            read(data[:cut], SECRET)


def test_outputs_of_a_compiled_model_come_from_its_attributes(read) -> None:
    codes = [m("Attribute", {"ints": [c], "type": 2}) for c in b"2,1,10,1,4,"]
    flat = [m("Attribute", {"strings": [b"outputs_shape"], "type": STRING}),
            m("Attribute", {"type": LIST, "values": codes})]
    attr = encode.record(3, m("Attribute", {"name": "attr", "type": LIST, "values": flat}))
    nodes = [constant("0", i=0, type=INT64), constant("1", i=1, type=INT64),
             node("Custom:1", ["g:x", "om"], "c", shapes(([-2], "p"), ([-2], "q"))),
             node("TupleGetItem:2", ["c", "0"], "c0", shape()), node("TupleGetItem:2", ["c", "1"], "c1", shape()),
             node("MakeTuple:3", ["c0", "c1"], "out")]
    om = tensor("om", [8], 2, raw_data=b"IMOD1234")
    got = read(model(graph(nodes, ["out"], (om,), lite=True),
                     {"Custom:1": attr, "TupleGetItem:2": b"", "MakeTuple:3": b""}))
    assert [(n, o.shape) for n, o in zip(got.output_names, got.outputs, strict=True)] == [("p", (1, 10)), ("q", (4,))]
    name, offset, length = got.metadata["om"].split()
    assert (name, length) == ("om", "8")
    assert got.path.read_bytes()[int(offset):int(offset) + 8] == b"IMOD1234"
