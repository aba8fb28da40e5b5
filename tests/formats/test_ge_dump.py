"""Dumps of GE: the fast reader against the strict one, real files against the facts known of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.errors import FormatError
from diag.formats.ge_dump import dumps_in, read, read_strictly
from diag.formats.ge_dump.stages import ORDER, parse
from diag.formats.ge_dump.textproto import parse as parse_text
from diag.types.dtype import DType
from diag.types.ge import GeModel, sketched

from samples import shared  # isort: skip

REAL = {
    "formats/ge_dump/asys_20230713/ge_onnx_00000000_graph_1_Build.pbtxt": 6,
    "formats/ge_dump/asys_20230713/ge_onnx_00000001_graph_11_Build.pbtxt": 9,
    "formats/ge_dump/asys_20230713/ge_proto_00000000_Build.txt": 6,
    "formats/ge_dump/complie_path/ge_proto_00000062_Build.txt": 170,
    "formats/ge_dump/fe/ge_proto_00026_afterUBMatch.txt": 399,
    "formats/ge_dump/fe/ge_proto_00017_OptimizeOriginalGraph_FeGraphFusionAfter.txt": 710,
}

SMALL = """name: "model"
graph {
  name: "main"
  op {
    name: "data"
    type: "Data"
    input: ""
    id: 1
    output_desc {
      dtype: DT_FLOAT16
      shape {
        dim: 1
        dim: 3
      }
      layout: "ND"
    }
  }
  op {
    name: "conv1conv1_relu"
    type: "Conv2D"
    input: "data:0"
    input: "weird:name:2"
    input: "data:-1"
    attr {
      key: "_datadump_original_op_names"
      value {
        list {
          s: "conv1"
          s: "conv1_relu\\303\\251"
          val_type: VT_LIST_STRING
        }
      }
    }
    attr {
      key: "pass_name"
      value {
        s: "ConvReluPass"
      }
    }
    output_desc {
      dtype: DT_FLOAT16
      shape {
        dim: 1
      }
      layout: "NC1HWC0"
      attr {
        key: "_datadump_origin_name"
        value {
          s: "conv1_relu"
        }
      }
      attr {
        key: "origin_shape"
        value {
          list {
            i: 1
            i: 8
            val_type: VT_LIST_INT
          }
        }
      }
    }
  }
  op {
    name: "trans_TransData_1"
    type: "TransData"
    input: "conv1conv1_relu:0"
    attr {
      key: "_datadump_original_op_names"
      value {
        list {
          val_type: VT_LIST_STRING
        }
      }
    }
  }
}
graph {
  name: "sub"
  op {
    name: "x"
    type: "Data"
  }
}
"""


def same(a: GeModel, b: GeModel) -> bool:
    return [g.name for g in a.graphs] == [g.name for g in b.graphs] and all(
        (x.name, x.type, x.inputs, x.controls, x.body) == (y.name, y.type, y.inputs, y.controls, y.body)
        for (_, x), (_, y) in zip(a.ops(), b.ops(), strict=True))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "ge_proto_00000007_graph_3_Build.txt"
    file.write_text(SMALL)
    return file


@pytest.mark.parametrize("name", REAL)
def test_real_files_have_the_known_operations_whichever_way_they_are_read(name):
    path = shared(name)
    model = read(path)
    assert not model.strict
    assert len(model.main.ops) == REAL[name]
    assert same(model, read_strictly(path))


def test_what_a_small_dump_says(small):
    model = read(small)
    assert (model.kind, model.stage, model.number, model.graph_id) == ("ge_proto", "Build", 7, 3)
    assert [len(g.ops) for g in model.graphs] == [3, 1]
    conv = model.main.by_name["conv1conv1_relu"]
    assert conv.inputs == (("data", 0), ("weird:name", 2))
    assert conv.controls == ("data",)
    assert conv.originals == ("conv1", "conv1_relué")
    assert conv.passes == ("ConvReluPass",)
    out = conv.body.outputs[0]
    assert (out.dtype, out.layout, out.shape, out.origin_shape) == (DType.FLOAT16, "NC1HWC0", (1,), (1, 8))
    assert out.original == ("conv1_relu", 0)
    assert model.main.by_name["trans_TransData_1"].originals == ()
    assert model.main.by_name["data"].originals is None
    assert model.main.by_name["data"].body.id == 1


@pytest.mark.parametrize("change", [
    lambda t: t.replace("  op {", "    op {"), lambda t: t.replace("\n", "\r\n"), lambda t: " ".join(t.split()),
    lambda t: t.replace("op {", "op <", 1).replace("  }\n  op", "  >\n  op", 1),
    lambda t: t.replace('name: "data"', "name: 'data' # a comment", 1),
])
def test_other_layouts_fall_back_to_the_strict_reader(small, tmp_path, change):
    plain = read(small)
    file = tmp_path / "ge_proto_00000008_graph_3_Build.txt"
    file.write_text(change(SMALL), newline="")
    other = read(file)
    assert other.strict
    assert same(plain, other)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.97])
def test_a_dump_that_was_cut_is_refused_with_its_byte(small, cut):
    small.write_text(SMALL[:int(len(SMALL.partition('graph {\n  name: "sub"')[0]) * cut)])
    with pytest.raises(FormatError) as caught:
        read(small)
    assert caught.value.offset is not None or "operations" in caught.value.message


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_give_a_tree_or_a_format_error(data):
    try:
        offset = len(parse_text(data, Path("x"))) * 0
    except FormatError as error:
        offset = error.offset
    assert 0 <= offset <= len(data)


def test_deep_nesting_is_refused():
    with pytest.raises(FormatError, match="inside one another"):
        parse_text(b"a {" * 5000, Path("x"))


@pytest.mark.parametrize(("name", "wanted"), [
    ("ge_proto_00026_afterUBMatch.txt", ("ge_proto", 26, -1, "afterUBMatch")),
    ("ge_onnx_00000001_graph_11_Build.pbtxt", ("ge_onnx", 1, 11, "Build")),
    ("ge_proto_00000099_graph_0_Build.txt", ("ge_proto", 99, 0, "Build")),
    ("ge_proto_00000003_aclop_graph_1_PreRunBegin.txt", ("ge_proto", 3, 1, "PreRunBegin")),
])
def test_names(name, wanted):
    found = parse(name)
    assert found is not None
    assert (found.kind, found.number, found.graph, found.stage) == wanted


def test_stages_have_their_order():
    assert len(set(ORDER)) == len(ORDER)
    ranks = [parse(f"ge_proto_0_{stage}.txt").rank for stage in ("PreRunBegin", "PreRunAfterPrepare", "afterUBMatch",
                                                                "Build")]
    assert ranks == sorted(ranks)
    part = parse("ge_proto_00000001_graph_1_partition0_rank1_new_sub_graph1_AtomicEnginePartitioning.txt")
    assert part.partial


def test_a_folder_is_read_in_the_order_of_its_counter(small, tmp_path):
    (tmp_path / "ge_proto_00000002_graph_3_PreRunBegin.txt").write_text(SMALL)
    (tmp_path / "ge_onnx_00000001_graph_3_PreRunBegin.pbtxt").write_text("")
    (tmp_path / "ge_readable_00000001_graph_3_Build.txt").write_text("")
    (tmp_path / "notes.txt").write_text("")
    assert [d.name.stage for d in dumps_in(tmp_path, "ge_proto")] == ["PreRunBegin", "Build"]
    assert len(dumps_in(tmp_path)) == 3
    with pytest.raises(FormatError, match="folder"):
        dumps_in(small)


@pytest.mark.parametrize("name", [n for n in REAL if "ge_proto" in n])
def test_a_sketch_of_a_real_operation_says_what_its_body_says(name):
    for _, op in read(shared(name)).ops():
        assert op.source.sketch() == sketched(op.body), op.name


@pytest.mark.parametrize("value", ["list {\n          s: \"a\\\"b\"\n          s: \"\"\n        }", "s: \"one\"",
                                   "list {\n          val_type: VT_LIST_STRING\n        }", "i: 3",
                                   "list {\n          i: 3\n        }"])
def test_a_sketch_of_any_value_says_what_its_body_says(tmp_path, value):
    file = tmp_path / "ge_proto_00001_Build.txt"
    file.write_text(SMALL.replace("list {\n          s: \"conv1\"\n          s: \"conv1_relu\\303\\251\"\n"
                                  "          val_type: VT_LIST_STRING\n        }", value))
    conv = read(file).main.by_name["conv1conv1_relu"]
    assert value in file.read_text()
    assert conv.source.sketch() == sketched(conv.body)


def test_attributes_of_the_model_stand_behind_its_graphs(tmp_path):
    file = tmp_path / "ge_proto_00001_Build.txt"
    file.write_text(SMALL + 'attr {\n  key: "soc_version"\n  value {\n    s: "Ascend310P3"\n  }\n}\n')
    model = read(file)
    assert not model.strict
    assert model.attributes == {"soc_version": "Ascend310P3"}


def test_graphs_inside_a_graph_of_the_onnx_like_form():
    path = shared("formats/ge_dump/asys_20230713/ge_onnx_00000001_graph_11_Build.pbtxt")
    model = read(path)
    strict = read_strictly(path)
    assert [(g.name, len(g.ops)) for g in model.graphs] == [(g.name, len(g.ops)) for g in strict.graphs]
    assert len(model.graphs) == 5
    assert model.graphs[1].by_name["GatherV2/axis"].type == "Constant"
    holders = [op.name for op in model.main.ops if op.type == "subgraph"]
    inner = [op.body.subgraphs[0] for op in model.main.ops if op.type == "subgraph"]
    assert inner == [g.name for g in model.graphs[1:]]
    assert len(holders) == 4
