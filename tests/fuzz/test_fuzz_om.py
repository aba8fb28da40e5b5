"""Any bytes give a compiled model or a FormatError, in bounded time and memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag.errors import FormatError
from diag.formats import compiled, om
from diag.formats.om.reader import parse
from diag.types.ge import GeModel

from formats.om_files import block, entry, graph, model, number, op, texts  # isort: skip
from formats.om_files import om as built  # isort: skip

CALM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WHOLE = built([(0, model(graph("g", op("x", "Data"), op("c", "Cast", ("x:0", "x:-1"), 3, block(
    10, entry(b"\0\1", number(3, 1))))), attributes=block(11, entry("attr_name_enum", texts("index"))))),
    (1, bytes(9)), (2, block(10, number(2, 0) + block(20, block(1, number(4, 3)))))])
JSON = json.dumps({"graph": [{"name": "g", "op": [{"name": "x", "type": "Data", "input": [""], "attr": [
    {"key": "a", "value": {"list": {"i": [1, 2]}}}, {"key": "b", "value": None}],
    "output_desc": [{"dtype": "DT_FLOAT", "shape": {"dim": [1]}}]}]}]})


def looked_through(data: bytes) -> None:
    check(lambda: parse(data, Path("x.om")).model)


def check(read: Callable[[], GeModel]) -> None:
    """Everything in the model can be asked for, or it is said in three lines what is wrong."""
    told = ["", ""]
    try:
        found = read()
        for _, one in found.ops():
            assert isinstance(one.body.attributes, dict)
            assert one.sketch.outputs is not None
        compiled.facts(found)
    except FormatError as error:
        told = error.lines()
    assert 2 <= len(told) <= 3


@CALM
@given(st.binary(max_size=400))
def test_any_bytes_behind_the_magic(data):
    looked_through(b"IMOD" + data)


@CALM
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_bytes_changed_in_a_whole_one(changes):
    data = bytearray(WHOLE)
    for at, value in changes:
        data[at] = value
    looked_through(bytes(data))


@pytest.mark.parametrize("end", range(0, len(WHOLE), 7))
def test_cut_anywhere(end):
    looked_through(WHOLE[:end])


@CALM
@given(st.binary(max_size=200))
def test_any_message(data):
    looked_through(built([(0, model(data))], [(0, data)]))


JSONS = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
                     lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                         st.sampled_from(["op", "attr", "key", "value", "list", "i", "s", "t", "td", "desc", "shape",
                                          "dim", "input", "name", "type", "output_desc", "dtype", "layout", "id"]),
                         inner, max_size=4), max_leaves=20)


@CALM
@given(JSONS)
def test_any_json_under_graph(tmp_path, value):
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"graph": [value], "attr": value}))
    check(lambda: om.read_json(file))


@pytest.mark.parametrize("end", range(0, len(JSON), 5))
def test_json_cut_anywhere(tmp_path, end):
    file = tmp_path / "x.json"
    file.write_text(JSON[:end] or " ")
    with pytest.raises(FormatError):
        om.read_json(file)
