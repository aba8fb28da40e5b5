"""What a pass did: fused, split, inserted, narrowed, laid out otherwise; and one node's life through the stages."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import shared
from small_models import perceptron

from diag.errors import FormatError
from diag.graphs import Event, diff, history, open_view, stages_of
from diag.graphs.history import line


def op(name: str, kind: str, inputs=(), originals=None, dtype="DT_FLOAT", layout="NCHW", shape=(1, 8), made=""):
    lines = [f'    name: "{name}"', f'    type: "{kind}"', *(f'    input: "{i}:0"' for i in inputs)]

    def attr(key: str, value: list[str]) -> list[str]:
        return ["    attr {", f'      key: "{key}"', "      value {", *value, "      }", "    }"]

    if originals is not None:
        lines += attr("_datadump_original_op_names", ["        list {", *(f'          s: "{o}"' for o in originals),
                                                      "          val_type: VT_LIST_STRING", "        }"])
    if made:
        lines += attr("pass_name", [f'        s: "{made}"'])
    lines += ["    output_desc {", f"      dtype: {dtype}", "      shape {", *(f"        dim: {d}" for d in shape),
              "      }", f'      layout: "{layout}"', "    }"]
    return "\n".join(["  op {", *lines, "  }"])


def dump(folder: Path, number: int, stage: str, *ops: str) -> Path:
    file = folder / f"ge_proto_{number:08d}_graph_1_{stage}.txt"
    file.write_text('graph {\n  name: "main"\n' + "\n".join(ops) + "\n}\n")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three stages: the parser's graph; Conv and Relu fused; types, layouts and inserted operations."""
    dump(tmp_path, 3, "PreRunBegin", op("x", "Data"), op("conv", "Conv2D", ["x"]), op("relu", "Relu", ["conv"]),
         op("sum", "ReduceSum", ["relu"]), op("out", "NetOutput", ["sum"]))
    dump(tmp_path, 9, "OptimizeOriginalGraph_FeGraphFusionAfter", op("x", "Data"),
         op("convrelu", "Conv2D", ["x"], ["conv", "relu"], made="ConvReluPass"), op("sum", "ReduceSum", ["convrelu"]),
         op("out", "NetOutput", ["sum"]))
    dump(tmp_path, 40, "Build", op("x", "Data"), op("trans_TransData_0", "TransData", ["x"], []),
         op("convrelu", "Conv2D", ["trans_TransData_0"], ["conv", "relu"], "DT_FLOAT16", "NC1HWC0", (1, 1, 16)),
         op("sum_0", "ReduceSum", ["convrelu"], ["sum"]), op("sum_1", "Cast", ["sum_0"], ["sum"]),
         op("out", "NetOutput", ["sum_1"]))
    return tmp_path


def views(folder: Path):
    return [(s.name, open_view(s.path)) for s in stages_of(folder)]


def test_a_fusion_is_told_with_its_parts_and_its_pass(folder):
    (_, a), (_, b), _ = views(folder)
    found = diff(a, b)
    assert [(f.into, f.sources, f.passes, f.guess) for f in found.fused] == [
        ("convrelu", ("conv", "relu"), ("ConvReluPass",), False)]
    assert (found.added, found.removed, found.split) == ((), (), ())
    assert [(c.node, c.kind, c.after) for c in found.changed] == [("sum", "inputs", "convrelu")]


def test_inserted_split_and_narrowed(folder):
    _, (_, b), (_, c) = views(folder)
    found = diff(b, c)
    assert found.added == (("trans_TransData_0", "TransData"),)
    assert found.split == (("sum", ("sum_0", "sum_1")),)
    assert found.removed == ()
    kinds = {(x.node, x.kind): (x.before, x.after) for x in found.changed}
    assert kinds["convrelu", "dtype"] == ("float32", "float16")
    assert kinds["convrelu", "layout"] == ("NCHW", "NC1HWC0")
    assert ("convrelu", "shape") not in kinds  # another layout has another shape
    assert [c.node for c in found.narrowed] == ["convrelu"]


def test_a_graph_against_itself_is_empty(folder):
    for _, view in views(folder):
        again = diff(view, view)
        assert again.empty
        assert again.kept == len(view.nodes)


def test_the_life_of_a_node(folder):
    steps = list(history(views(folder), "relu"))
    assert [(s.stage, s.event) for s in steps] == [
        ("PreRunBegin", Event.FIRST), ("OptimizeOriginalGraph_FeGraphFusionAfter", Event.FUSED),
        ("Build", Event.TENSOR)]
    assert steps[1].with_ == ("conv",)
    assert "fused with conv into convrelu (Conv2D)" in line("relu", steps)
    assert [s.event for s in history(views(folder), "sum")] == [Event.FIRST, Event.SPLIT]
    assert list(history(views(folder), "nothing")) == []
    assert line("nothing", []) == "nothing: in none of the graphs"


def test_without_names_of_originals_a_fusion_is_a_guess(tmp_path):
    a = open_view(dump(tmp_path, 1, "A", op("res2a", "Conv2D"), op("res2a_relu", "Relu", ["res2a"])))
    b = open_view(dump(tmp_path, 2, "B", op("res2ares2a_relu", "Conv2D")))
    found = diff(a, b)
    assert [(f.sources, f.guess) for f in found.fused] == [(("res2a", "res2a_relu"), True)]


def test_a_removed_node_is_removed(tmp_path):
    a = open_view(dump(tmp_path, 1, "A", op("x", "Data"), op("drop", "Dropout", ["x"]), op("y", "Relu", ["drop"])))
    b = open_view(dump(tmp_path, 2, "B", op("x", "Data"), op("y", "Relu", ["x"])))
    assert diff(a, b).removed == (("drop", "Dropout"),)


def test_two_models_of_other_formats(tmp_path):
    file = tmp_path / "m.onnx"
    perceptron(file)
    view = open_view(file)
    assert view.format == "onnx"
    assert diff(view, view).empty
    assert view.edges > 0


def test_real_stages_of_a_resnet():
    a, b = (open_view(shared(f"formats/ge_dump/fe/{name}")) for name in (
        "ge_proto_00017_OptimizeOriginalGraph_FeGraphFusionAfter.txt", "ge_proto_00026_afterUBMatch.txt"))
    found = diff(a, b)
    kinds = {(c.node, c.kind): c.after for c in found.changed}
    assert kinds["conv1", "dtype"] == "float16"
    assert kinds["conv1", "layout"] == "NC1HWC0"
    assert found.added_of("TransData") > 50
    assert found.added_of("Cast") > 50


def test_a_folder_without_dumps(tmp_path):
    with pytest.raises(FormatError, match="graph dumps"):
        stages_of(tmp_path)


def test_a_converter_that_records_nothing_is_read_from_its_edges():
    """Relu went into the convolution before it, Mul into the Sigmoid that became an Activation."""
    a, b = (open_view(shared(f"formats/mindir/{name}")) for name in ("toy.onnx", "toy_lite.mindir"))
    found = diff(a, b)
    assert {f.into: f.sources for f in found.fused} == {"/conv1/Conv": ("/relu1/Relu",), "/act/Sigmoid": ("/act/Mul",)}
    assert all(f.guess for f in found.fused)
    assert found.removed == ()


def test_a_new_node_in_the_place_of_several_does_their_work():
    a, b = (open_view(shared(f"formats/mindir/{name}")) for name in ("block.onnx", "block_lite.mindir"))
    found = {f.into: f.sources for f in diff(a, b).fused}
    assert found["Default/ScaleFusion-op0"] == ("ln/Mul", "ln/Add_1")
    assert "gelu/Erf" in found["gelu/Mul_1_gelu"]


def test_what_one_dump_does_not_say_is_no_change(tmp_path):
    """DUMP_GE_GRAPH=3 writes relations only: no types, no layouts, no attributes."""
    op = '  op {{\n    name: "{}"\n    type: "{}"\n    input: "{}"\n{}  }}\n'
    told = ('    output_desc {\n      dtype: DT_FLOAT16\n      shape {\n        dim: 4\n      }\n'
            '      layout: "ND"\n    }\n')
    full, bare = tmp_path / "ge_proto_00000001_Build.txt", tmp_path / "ge_proto_00000002_AfterBuild.txt"
    for file, more in ((full, told), (bare, "")):
        file.write_text("graph {\n" + op.format("x", "Data", "", more) + op.format("c", "Cast", "x:0", more) + "}\n")
    assert diff(open_view(full), open_view(bare)).empty
    assert diff(open_view(bare), open_view(full)).empty
