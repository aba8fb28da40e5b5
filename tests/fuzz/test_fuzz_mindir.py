"""Any bytes give a Graph or a FormatError, quickly; edits of damaged files a result or a worded error."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import shared

from diag.errors import DiagError, FormatError
from diag.formats import weights
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR, edit, encode, message
from diag.formats.mindir.schema import MESSAGES
from diag.types.graph import Graph

SMALL = ["toy_lite", "multi_lite", "block_lite", "qdq_lite", "dyn_lite", "big_lite_graph", "ms210_multiout",
         "ms210_controlflow", "tensor_add", "tensor_add_old_2021"]
SLOW_S = 5.0


def check(path: Path, data: bytes, key: bytes | None = None) -> Graph | None:
    path.write_bytes(data)
    started = time.perf_counter()
    try:
        graph = MINDIR.read(path, ReadOptions(key))
    except FormatError as error:
        worded(error)
        return None
    finally:
        assert time.perf_counter() - started < SLOW_S
    walk(graph)
    return graph


def worded(error: DiagError) -> None:
    assert error.message
    assert "m.mindir" in error.where or "e.mindir" in error.where
    assert not isinstance(error, FormatError) or error.offset is None or error.offset >= 0


def walk(graph: Graph) -> None:
    """Use everything that a reader promises."""
    assert len(graph.inputs) == len(graph.input_names)
    assert len(graph.outputs) == len(graph.output_names)
    names = [node.name for node in graph.nodes]
    assert len(set(names)) == len(names)
    producers = graph.producers
    for i, node in enumerate(graph.nodes):
        assert all(producers[v] < i for v in node.inputs if v in producers)
        assert all(graph.info(v).name == v for v in (*node.inputs, *node.outputs))
    for weight in graph.weights.values():
        try:
            weights.load(weight)
        except FormatError:
            assert weight.problem
    edit.untappable(graph)
    for function in graph.functions.values():
        walk(function)


def mutated(data: bytes, seed: int) -> bytes:
    rng, out = random.Random(seed), bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        at, how = rng.randrange(len(out)), rng.randrange(5)
        if how == 0:
            out[at] = rng.randrange(256)
        elif how == 1:
            out[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            del out[at:at + rng.randrange(1, 9)]
        elif how == 3:
            out[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            other = rng.randrange(len(out))
            out[at:at + 20] = out[other:other + 20]
    return bytes(out)


@pytest.mark.parametrize("name", SMALL)
def test_a_mutated_file(name: str, tmp_path: Path) -> None:
    data = shared(f"formats/mindir/{name}.mindir").read_bytes()
    read = sum(check(tmp_path / "m.mindir", mutated(data, seed)) is not None for seed in range(400))
    assert 0 < read < 400


@pytest.mark.parametrize("name", ["multi_lite", "dyn_lite", "ms210_controlflow", "tensor_add"])
def test_a_file_cut_anywhere(name: str, tmp_path: Path) -> None:
    data = shared(f"formats/mindir/{name}.mindir").read_bytes()
    boundaries = 0
    for cut in range(0, len(data), 1 + len(data) // 700):
        boundaries += check(tmp_path / "m.mindir", data[:cut]) is not None
    # A file may end after any record of the model; there are a few such places behind the graph.
    assert boundaries < 20


@pytest.mark.parametrize("name", ["multi_lite", "block_lite", "ms210_controlflow"])
def test_an_edit_of_a_mutated_file(name: str, tmp_path: Path) -> None:
    data, path = shared(f"formats/mindir/{name}.mindir").read_bytes(), tmp_path / "m.mindir"
    edited = 0
    for seed in range(150):
        graph = check(path, mutated(data, seed))
        if graph is None:
            continue
        values = [o for node in graph.nodes for o in node.outputs]
        for tried in (values, values[:1]):
            for result in edits(path, tried, graph):
                edited += 1
                assert check(tmp_path / "e.mindir", result) is not None
    assert edited > 40


def edits(path: Path, values: list[str], graph: Graph) -> Iterator[bytes]:
    tappable = [v for v in values if v not in edit.untappable(graph)]
    for make in (lambda: edit.tap(path, tappable).data, lambda: edit.isolate(path, tappable, {}).data,
                 lambda: edit.patch(path, {v: {"epsilon": 0.5} for v in values})):
        try:
            yield make()
        except DiagError as error:
            worded(error)


def test_a_mutated_encrypted_file(tmp_path: Path) -> None:
    for mode in ("aesgcm", "aescbc"):
        data = shared(f"formats/mindir/ms210_encrypted_{mode}_key_0123456789ABCDEF.mindir").read_bytes()
        for seed in range(150):
            check(tmp_path / "m.mindir", mutated(data, seed), b"0123456789ABCDEF")


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    check(tmp_path / "m.mindir", data)
    check(tmp_path / "m.mindir", b"\n\x050.1.1" + data)


def messages(kind: str, depth: int = 0) -> st.SearchStrategy[bytes]:
    """Well-formed messages with any content."""
    def scalar(name: str) -> st.SearchStrategy[object]:
        return {"int": st.integers(-3, 45) | st.integers(-2**63, 2**63 - 1), "uint": st.integers(0, 2**64 - 1),
                "float": st.floats(width=32), "double": st.floats(), "text": st.sampled_from(NAMES),
                "bytes": st.binary(max_size=6), "span": st.binary(max_size=12)}[name]

    fields = {}
    for field in MESSAGES[kind].values():
        if field.message and depth > 4:
            continue
        one = messages(field.message, depth + 1) if field.message else scalar(field.kind.value)
        fields[field.name] = st.lists(one, max_size=3) if field.repeated else one
    required = {name: fields.pop(name) for name in ("graph", "ir_version", "output", "type") if name in fields}
    return st.fixed_dictionaries(required, optional=fields).map(lambda d: encode.message(kind, d))


NAMES = ["", "a", "b", "c", "f", "REF::p", "REF::q", "REF::f", "REF::a", "p", "q", "Constant", "MakeTuple", "value",
         "TupleGetItem", "Depend", "Load", "UpdateState", "Partial", "shape", "shape:a,", "fmk", "attr", "quant_param"]


@given(messages("Model"))
@settings(max_examples=80, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large,
                                 HealthCheck.filter_too_much, HealthCheck.large_base_example])
def test_any_well_formed_messages(tmp_path: Path, data: bytes) -> None:
    check(tmp_path / "m.mindir", data)


def nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = encode.message("Attribute", {"type": 20, "values": inner})
    node = encode.message("Node", {"output": "a", "op_type": "Constant",
                                   "attribute": encode.message("Attribute", {"name": "value", "type": 20,
                                                                             "values": inner})})
    return encode.message("Model", {"ir_version": "0.1.1", "graph": encode.message("Graph", {"node": node})})


def test_nesting_is_bounded(tmp_path: Path) -> None:
    assert check(tmp_path / "m.mindir", nested(60)) is not None
    assert check(tmp_path / "m.mindir", nested(500)) is None


@pytest.mark.parametrize("innermost", [["x"], []])
def test_tuples_that_multiply_are_refused(innermost: list[str], tmp_path: Path) -> None:
    nodes = [encode.message("Node", {"input": innermost, "output": "v0", "op_type": "MakeTuple"})]
    nodes += [encode.message("Node", {"input": [f"v{i}", f"v{i}"], "output": f"v{i + 1}", "op_type": "MakeTuple"})
             for i in range(60)]
    graph = encode.message("Graph", {"node": nodes, "output": encode.message("ValueInfo", {"name": "v60"})})
    assert check(tmp_path / "m.mindir", encode.message("Model", {"ir_version": "0.1.1", "graph": graph})) is None


def test_many_empty_fields_stay_in_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = encode.record(1, b"") * 100_000
    data = encode.message("Model", {"ir_version": "0.1.1", "graph": graph})
    assert check(tmp_path / "m.mindir", data) is None
    monkeypatch.setattr(message, "MAX_MESSAGES", 1000)
    with pytest.raises(FormatError, match="at most 1,000 messages; found more"):
        MINDIR.read(tmp_path / "m.mindir", ReadOptions())
    monkeypatch.setattr(message, "MAX_MESSAGES", 1_000_000)
    monkeypatch.setattr(message, "MAX_FIELDS", 600_000)
    tensor = encode.message("Tensor", {"name": "w", "data_type": 1}) + encode.record(1, b"\x01" * 500_000)
    graph = encode.message("Graph", {"parameter": tensor})
    assert check(tmp_path / "m.mindir", encode.message("Model", {"ir_version": "0.1.1", "graph": graph})) is not None
    monkeypatch.setattr(message, "MAX_FIELDS", 400_000)
    assert check(tmp_path / "m.mindir", encode.message("Model", {"ir_version": "0.1.1", "graph": graph})) is None
