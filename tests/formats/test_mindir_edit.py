"""The MindIR editor, seen by the reader. What the real runtime makes of the results: test_mindir_runtime.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mindir_files import INT64, UMONAD, constant, floats, graph, m, model, node, shape, shapes, tensor
from samples import shared

from diag.errors import UsageError
from diag.formats import weights
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR, edit, encode
from diag.formats.mindir.draft import records
from diag.formats.mindir.source import open_source
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import Span, TensorInfo

SUBMODELS = ["text_encoder", "unet", "vae_encoder", "vae_decoder", "safety_checker"]


def submodel(name: str) -> Path:
    return shared(f"diffusion/tiny/mindir/{name}.mindir")


def read(path: Path) -> Graph:
    return MINDIR.read(path, ReadOptions())


def tappable(graph: Graph) -> list[str]:
    return [v for node in graph.nodes for v in node.outputs if v not in edit.untappable(graph)]


@pytest.fixture
def reread(tmp_path: Path):
    def reread(data: bytes) -> Graph:
        (tmp_path / "edited.mindir").write_bytes(data)
        return read(tmp_path / "edited.mindir")
    return reread


@pytest.fixture
def made(tmp_path: Path):
    def made(data: bytes) -> Path:
        (tmp_path / "made.mindir").write_bytes(data)
        return tmp_path / "made.mindir"
    return made


@pytest.mark.parametrize("name", SUBMODELS)
def test_an_edit_of_nothing_is_the_file(name: str) -> None:
    path = submodel(name)
    edited = edit.tap(path, ())
    assert edited.data == path.read_bytes()
    graph = read(path)
    assert edited.values == tuple(o.name for o in graph.outputs)
    assert edited.outputs == graph.output_names
    assert list(edited.inputs.values()) == list(graph.input_names)
    assert edit.tap(path, edited.values).data == path.read_bytes()


@pytest.mark.parametrize("name", SUBMODELS)
def test_tap_everything(name: str, reread) -> None:
    path = submodel(name)
    before = read(path)
    values = tappable(before)
    edited = edit.tap(path, values)
    after = reread(edited.data)
    finals = tuple(o.name for o in before.outputs)
    assert edited.values == (*finals, *(v for v in values if v not in finals))
    assert tuple(o.name for o in after.outputs) == edited.values
    assert after.output_names == edited.outputs
    assert after.nodes == before.nodes
    assert after.inputs == before.inputs
    assert set(after.weights) == set(before.weights)
    assert all(np.array_equal(weights.load(w), weights.load(before.weights[n])) for n, w in after.weights.items())


def test_taps_keep_every_other_byte() -> None:
    path = submodel("vae_decoder")
    old, new = path.read_bytes(), edit.tap(path, tappable(read(path))[:3]).data
    with open_source(path, None) as source:
        main = source.model.message("graph")
        at = 0
        for number, place in [*records(source, main), *records(source, source.model)]:
            record = old[place.start:place.end]
            if place.end == main.messages("output")[0].end or place.end == main.end:
                continue
            at = new.find(record, 0 if number in (1, 2, 3, 4, 5) else at)
            assert at >= 0


def test_untappable_values() -> None:
    graph = read(submodel("text_encoder"))
    reasons = edit.untappable(graph)
    names = {graph.nodes[graph.producers[v]].name: r for v, r in reasons.items()}
    folded = "it depends on shapes and constants only, and is computed before the model runs"
    assert names == dict.fromkeys(["/m/Shape", "/m/Gather", "/m/Mul_1", "/m/Gather_1", "/m/Concat", "/m/Shape_1",
                                   "/m/Concat_1"], folded)
    by_name = {n.name: n for n in graph.nodes}
    for seen in ("/m/ArgMax", "/m/Equal_1", "/m/Cast_2"):
        assert by_name[seen].outputs[0] not in reasons
    with pytest.raises(UsageError, match="cannot be an output: it depends on shapes"):
        edit.tap(submodel("text_encoder"), [by_name["/m/Shape"].outputs[0]])


def test_isolated_nodes_read_only_what_is_fed(reread) -> None:
    path = submodel("unet")
    before = read(path)
    values = tappable(before)[20:60]
    feeds = {v: TensorInfo(v, DType.FLOAT32, (1, 2)) for v in tappable(before)}
    edited = edit.isolate(path, values, feeds)
    after = reread(edited.data)
    assert edited.values == tuple(values)
    assert tuple(o.name for o in after.outputs) == edited.values
    assert after.output_names == edited.outputs
    assert after.input_names == tuple(edited.inputs.values())
    assert len(edited.data) < path.stat().st_size / 3
    fed = {value: after.inputs[i] for i, value in enumerate(edited.inputs)}
    for value in values:
        old = before.nodes[before.producers[value]]
        new = after.nodes[after.producers[value]]
        assert (new.name, new.op, new.attributes) == (old.name, old.op, old.attributes)
        for was, now in zip(old.inputs, new.inputs, strict=True):
            assert now == was or now == fed[was].name
            if now == was:
                assert was in after.weights or edit.untappable(before)[was]
    for value, info in fed.items():
        assert info.shape == (feeds.get(value) or before.info(value)).shape
    helpers = [n for n in after.nodes if not set(n.outputs) & set(values)]
    assert all(o in edit.untappable(before) for n in helpers for o in n.outputs)
    assert set(after.weights) < set(before.weights)


def test_isolating_needs_shapes() -> None:
    path = submodel("unet")
    graph = read(path)
    unknown = next(n for n in graph.nodes for v in n.inputs
                   if v in graph.producers and graph.info(v).shape is None and v not in edit.untappable(graph))
    with pytest.raises(UsageError, match="which is to be fed, is not known") as error:
        edit.isolate(path, [unknown.outputs[0]], {})
    assert "tapped" in error.value.hint


def test_outputs_of_a_node_with_several_alone(reread) -> None:
    path = shared("formats/mindir/multi_lite.mindir")
    graph = read(path)
    topk = graph.nodes[-1]
    edited = edit.isolate(path, topk.outputs[1:], {topk.inputs[0]: TensorInfo("", DType.FLOAT32, (2, 8))})
    after = reread(edited.data)
    assert [(n.op, n.inputs[0]) for n in after.nodes] == [("TopKFusion", after.inputs[0].name)]
    assert after.output_names == edited.outputs == ("idx",)
    assert after.inputs[0].shape == (2, 8)
    taps = edit.tap(path, graph.nodes[0].outputs)
    assert taps.outputs == ("vals", "idx", "/split/Split0", "/split/Split1", "/split/Split2")


def test_constants_of_another_graph_and_tuples_come_along(made, reread) -> None:
    nodes = [constant("u", type=UMONAD), node("Load:1", ["w", "u"], "load", shape(3)),
             node("MakeTuple:2", ["g:x", "load"], "t", shapes(([2, 3], ""), ([3], ""))),
             node("Concat:3", ["t", "axis"], "cat", shape(2, 3)), node("Neg:4", ["cat"], "out", shape(2, 3))]
    function = m("Graph", {"name": "f", "node": [constant("axis", i=1, type=INT64)]})
    path = made(model(graph(nodes, ["out"], (floats("w", 1, 2, 3),)),
                      ["Load:1", "MakeTuple:2", "Concat:3", "Neg:4"], (function,)))
    assert edit.untappable(read(path)) == {"t": "it is a tuple of tensors"}
    edited = edit.isolate(path, ["cat"], {})
    after = reread(edited.data)
    assert [(n.op, n.inputs) for n in after.nodes] == [
        ("MakeTuple", (after.inputs[0].name, "w")), ("Concat", ("t", "axis"))]
    assert after.weights["axis"].dtype is DType.INT64
    assert edited.inputs == {"g:x": "feed_0"}
    assert after.inputs[0].shape == (2, 3)


def test_an_output_tuple_that_something_else_reads_is_kept(made, reread) -> None:
    nodes = [constant("u", type=UMONAD), node("Neg:1", ["g:x"], "a", shape(2, 3)),
             node("Neg:1", ["a"], "b", shape(2, 3)), node("MakeTuple:2", ["b"], "out", shapes(([2, 3], ""))),
             node("UpdateState:3", ["u", "out"], "state", m("Attribute", {"name": "shape", "type": UMONAD}))]
    path = made(model(graph(nodes, ["out"]), ["Neg:1", "MakeTuple:2", "UpdateState:3"]))
    data = edit.tap(path, ["a"]).data
    assert [o.name for o in reread(data).outputs] == ["b", "a"]
    assert nodes[3] in data
    with pytest.raises(UsageError, match="'state' is not a tensor and cannot be an output"):
        edit.tap(path, ["state"])


def test_what_calls_functions_cannot_run_alone() -> None:
    path = shared("formats/mindir/ms210_controlflow.mindir")
    graph = read(path)
    call = graph.nodes[-1]
    with pytest.raises(UsageError, match=r"\(Call\) calls a function or has side effects, and cannot run alone"):
        edit.isolate(path, call.outputs, {})
    assert len(edit.tap(path, graph.nodes[0].outputs).values) == 2
    switch = next(n for n in graph.nodes if n.op == "Switch")
    with pytest.raises(UsageError, match="it is a function, not a tensor"):
        edit.tap(path, switch.outputs)


def test_unknown_values_offer_close_ones() -> None:
    with pytest.raises(UsageError, match=r"No node writes the value 'U0\.1:U15:6'") as error:
        edit.tap(shared("formats/mindir/toy_lite.mindir"), ["U0.1:U15:6"])
    assert "U0.1:U15:5" in error.value.hint


def test_old_files_are_not_edited() -> None:
    with pytest.raises(UsageError, match="too old to be edited"):
        edit.tap(shared("formats/mindir/tensor_add.mindir"), ())


def test_an_encrypted_file_gives_a_plain_one(reread) -> None:
    path = shared("formats/mindir/ms210_encrypted_aesgcm_key_0123456789ABCDEF.mindir")
    assert [n.op for n in reread(edit.tap(path, (), b"0123456789ABCDEF").data).nodes] == ["MatMul", "BiasAdd", "ReLU"]


def test_weights_in_other_files_stay_there(tmp_path: Path) -> None:
    (tmp_path / "m.mindir").write_bytes(shared("formats/mindir/big_lite_graph.mindir").read_bytes())
    (tmp_path / "big_lite_variables").mkdir()
    with (tmp_path / "big_lite_variables" / "data_0").open("wb") as file:
        file.write(b"\x01")
        file.truncate(1128960064 + 67200)
    value = read(tmp_path / "m.mindir").nodes[0].outputs[0]
    edited = edit.isolate(tmp_path / "m.mindir", [value], {})
    (tmp_path / "edited.mindir").write_bytes(edited.data)
    weight = read(tmp_path / "edited.mindir").weights["U0.1:U2"]
    assert weight.data == Span(tmp_path / "big_lite_variables" / "data_0", 1128960064, 67200)


def test_patch_one_node_of_several(reread) -> None:
    path = submodel("text_encoder")
    before = read(path)
    norms = [n for n in before.nodes if n.op == "LayerNormFusion"]
    after = reread(edit.patch(path, {norms[1].outputs[0]: {"epsilon": 0.25, "note": "ours", "count": 3}}))
    assert [n.attributes["epsilon"] for n in after.nodes if n.op == "LayerNormFusion"] == [
        norms[0].attributes["epsilon"], 0.25, *(n.attributes["epsilon"] for n in norms[2:])]
    changed = after.nodes[after.producers[norms[1].outputs[0]]]
    assert (changed.attributes["note"], changed.attributes["count"]) == ("ours", 3)
    assert [n for n in after.nodes if n != changed] == [n for n in before.nodes if n.outputs != changed.outputs]


def test_patch_a_shared_primitive(made, reread) -> None:
    shared_op = encode.record(3, m("Attribute", {"name": "axis", "i": 1, "type": INT64}))
    nodes = [node("Soft:1", ["g:x"], "a", shape(1)), node("Soft:1", ["a"], "b", shape(1)),
             node("Soft:1", ["b"], "c", shape(1))]
    path = made(model(graph(nodes, ["c"]), {"Soft:1": shared_op}))
    after = reread(edit.patch(path, {"b": {"axis": -7}, "c": {"axis": 2.0}}))
    assert [n.attributes["axis"] for n in after.nodes] == [1, -7, 2]
    assert [n.op for n in after.nodes] == ["Soft"] * 3


def test_patch_a_part_patches_its_node(reread) -> None:
    path = shared("formats/mindir/multi_lite.mindir")
    value = read(path).nodes[-1].outputs[1]
    assert reread(edit.patch(path, {value: {"sorted": 0}})).nodes[-1].attributes["sorted"] in (0, False)


def test_patch_refuses_what_it_cannot() -> None:
    path = shared("formats/mindir/toy_lite.mindir")
    value = read(path).nodes[0].outputs[0]
    for changes, message in (({"kernel_size": 3}, "'kernel_size' is not a single number or text"),
                             ({"group": "two"}, "'group' cannot be 'two'"), ({"group": 1.5}, "'group' cannot be 1.5")):
        with pytest.raises(UsageError, match=message):
            edit.patch(path, {value: changes})


def test_write_weights(reread) -> None:
    path = shared("formats/mindir/toy_lite.mindir")
    before = read(path)
    new = np.arange(160, dtype=np.float32).reshape(10, 16)
    after = reread(edit.write_weights(path, {"U0.1:U5": new}))
    assert np.array_equal(weights.load(after.weights["U0.1:U5"]), new)
    assert all(np.array_equal(weights.load(w), weights.load(before.weights[n]))
               for n, w in after.weights.items() if n != "U0.1:U5")
    with pytest.raises(UsageError, match=r"is float32 \[10, 16\]; got float64 \[10, 16\]"):
        edit.write_weights(path, {"U0.1:U5": new.astype(np.float64)})
    with pytest.raises(UsageError, match="The model has no weight 'nothing'"):
        edit.write_weights(path, {"nothing": new})


def test_write_weights_in_place_of_a_missing_file(made, reread) -> None:
    external = tensor("w", [2], external_data=m("External", {"location": "gone", "offset": 64, "length": 8}))
    path = made(model(graph([node("Add:1", ["g:x", "w"], "out", shape(2))], ["out"], (external,)), ["Add:1"],
                      little_endian=0))
    after = reread(edit.write_weights(path, {"w": np.array([1.5, -2], np.float32)}))
    assert weights.load(after.weights["w"]).tolist() == [1.5, -2]
