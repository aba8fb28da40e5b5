"""Any text gives a graph or a FormatError, soon; the fast reader never says other than the strict one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag.errors import FormatError
from diag.formats.ge_dump import dumps_in, read, read_strictly
from diag.formats.ge_dump.stages import parse as parse_name
from diag.formats.ge_dump.textproto import parse
from diag.types.ge import GeModel

CALM = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SLOW_S = 5.0
PROTO = """graph {
  name: "g"
  op {
    name: "x"
    type: "Data"
    input: ""
  }
  op {
    name: "c"
    type: "Cast"
    input: "x:0"
    input: "x:-1"
    attr {
      key: "pass_name"
      value {
        s: "P"
      }
    }
    output_desc {
      dtype: DT_FLOAT
      shape {
        dim: 2
      }
      layout: "ND"
    }
  }
}
"""
ONNX = """ir_version: 1
graph {
  node {
    input: "x:0"
    output: "c:0"
    name: "c"
    op_type: "ge:Cast"
    attribute {
      name: "output_desc_shape:0"
      ints: 2
      type: INTS
    }
  }
  name: "g"
}
"""
LINES = [*PROTO.splitlines(), *ONNX.splitlines(),
         '    subgraph_name: "s"', "op {", "}", "  }", "    }", 'name: "a', "#",
         '  op: { name: "y" }', "  op <", "  >", "    input: ['a:0', 'b:1']", '    id: 99999999999999999999']


def whole(model: GeModel) -> object:
    return [(g.name, [(o.name, o.type, o.inputs, o.controls, o.body) for o in g.ops]) for g in model.graphs]


def check(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    started = time.perf_counter()
    try:
        strict = whole(read_strictly(path))
    except FormatError:
        strict = None
    try:
        found = read(path)
        got = whole(found)
        assert all(o.sketch.outputs is not None for _, o in found.ops())
    except FormatError as error:
        got, told = None, error.lines()
        assert 2 <= len(told) <= 3, told
    if strict is not None and got is not None:
        assert got == strict
    assert time.perf_counter() - started < SLOW_S


@pytest.mark.parametrize("text", [PROTO, ONNX])
@pytest.mark.parametrize("step", range(11))
def test_cut_anywhere(tmp_path, text, step):
    for end in range(step, len(text), 11):
        check(tmp_path / "ge_proto_00001_Build.txt", text[:end].encode())


@CALM
@given(st.lists(st.sampled_from(LINES), max_size=30))
def test_lines_in_any_order(tmp_path, lines):
    check(tmp_path / "ge_proto_00001_Build.txt", "\n".join(lines).encode())


@CALM
@given(st.sampled_from([PROTO, ONNX]), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4))
def test_bytes_changed(tmp_path, text, changes):
    data = bytearray(text.encode())
    for at, value in changes:
        data[at % len(data)] = value
    check(tmp_path / "ge_proto_00001_Build.txt", bytes(data))


@CALM
@given(st.lists(st.sampled_from(PROTO.splitlines()), min_size=1, max_size=3), st.integers(0, 26))
def test_lines_put_in(tmp_path, extra, at):
    lines = PROTO.splitlines()
    check(tmp_path / "ge_proto_00001_Build.txt", "\n".join([*lines[:at], *extra, *lines[at:], ""]).encode())


@CALM
@given(st.binary(max_size=300))
def test_any_bytes(tmp_path, data):
    check(tmp_path / "ge_onnx_00001_graph_1_Build.pbtxt", data or b" ")


@CALM
@given(st.text(max_size=60))
def test_any_file_name(name):
    found = parse_name(name)
    assert found is None or (found.number >= 0 and found.rank >= 0)


def test_what_is_deep_is_refused(tmp_path):
    with pytest.raises(FormatError, match="100"):
        parse(b"a {" * 5000, Path("x"))
    check(tmp_path / "ge_proto_00001_Build.txt", b"graph { op {" + b"attr {" * 3000)


def test_a_long_string_without_an_end_takes_no_time(tmp_path):
    check(tmp_path / "ge_proto_00001_Build.txt", b'graph {\n  op {\n    name: "' + b"\\a" * 500_000)


def test_links_out_of_a_folder_and_folders_with_names_of_dumps(tmp_path):
    (tmp_path / "ge_proto_00000001_Build.txt").mkdir()
    (tmp_path / "ge_proto_00000002_Build.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "ge_proto_00000003_Build.txt").write_text(PROTO)
    assert [d.path.name for d in dumps_in(tmp_path)] == ["ge_proto_00000003_Build.txt"]
