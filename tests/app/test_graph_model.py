"""The graph as a tree of scopes, and what a comparison says of it."""

from __future__ import annotations

import numpy as np
import pytest
from graph_samples import compared, flat, unet
from samples import shared

from app.graph.model import IN, OUT, GraphModel, build
from app.graph.overlay import STATES, State, links, overlay
from app.graph.tree import common, places
from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.formats.registry import open_model
from diag.types.dtype import DType
from diag.types.graph import Graph, Node
from diag.types.tensor import TensorInfo, Weight


def graph(*nodes: tuple[str, str, str, str], inputs: str = "x", outputs: str = "y", weights: str = "") -> Graph:
    """Nodes as (name, op, inputs, outputs), names of values apart by spaces."""
    made = tuple(Node(name, op, tuple(i.split()), tuple(o.split())) for name, op, i, o in nodes)
    return Graph("g", "onnx", None, tuple(map(TensorInfo, inputs.split())), tuple(map(TensorInfo, outputs.split())),
                 made, {w: Weight(w, DType.FLOAT32, (2,)) for w in weights.split()})


def labels_at(model: GraphModel, scope: int) -> list[str]:
    return [model.labels[i] for i in model.inside(scope).tolist()]


def test_scopes_are_read_off_names_that_begin_with_a_slash():
    found = places(graph(("/m/a/MatMul", "MatMul", "x", "v"), ("/m/a/b/Add", "Add", "v", "y")))
    assert [(p.scope, p.label) for p in found] == [(("m", "a"), "MatMul"), (("m", "a", "b"), "Add")]


def test_words_of_a_converter_before_a_name_are_not_a_scope():
    found = places(graph(("/m/a/MatMul", "MatMul", "x", "v"), ("/m/n/Mul", "Mul", "v", "w"),
                         ("layer_norm_/m/n/Add_1", "LayerNormFusion", "w", "y")))
    assert found[2].scope == ("m", "n")
    assert found[2].label == "Add_1"


def test_a_name_without_scope_stands_where_its_neighbours_stand():
    found = places(graph(("/m/a/norm/Reshape", "Reshape", "x", "v"),
                         ("Default/ScaleFusion-op0", "ScaleFusion", "v", "w"),
                         ("/m/a/act/Sigmoid", "Sigmoid", "w", "y"), ("Cast_7", "Cast", "y", "z")))
    assert found[1].scope == ("m", "a")
    assert found[3].scope == ("m", "a", "act")


def test_default_is_a_scope_where_all_names_have_it():
    found = places(graph(("Default/net/conv/Conv2D-op1", "Conv", "x", "v"),
                         ("Default/net/fc/MatMul-op2", "MatMul", "v", "y")))
    assert [p.scope for p in found] == [("Default", "net", "conv"), ("Default", "net", "fc")]


def test_a_graph_without_scopes_is_flat():
    model = build(flat(200), "golden")
    assert model.size - model.root == 1
    assert len(model.inside(model.root)) == model.leaves[model.root] + 2


def test_common_scope():
    assert common(("a", "b", "c"), ("a", "b", "d")) == ("a", "b")
    assert common((), ("a",)) == ()


def test_scopes_of_one_thing_are_no_boxes_and_the_trunk_is_cut():
    model = build(graph(("/m/a/p/MatMul", "MatMul", "x w", "u"), ("/m/a/q/r/Add", "Add", "u", "v"),
                        ("/m/a/q/r/Mul", "Mul", "v", "s"), ("/m/b/Relu", "Relu", "s", "y"), weights="w"), "golden")
    assert labels_at(model, model.root) == ["x", "a", "b/Relu", "y"]
    a = next(i for i in model.inside(model.root).tolist() if model.is_scope(i))
    assert labels_at(model, a) == ["p/MatMul", "q/r"]
    assert model.name(a) == "/m/a"
    assert model.leaves[a] == 3
    assert model.nodes_in(a).tolist() == [0, 1, 2]
    assert model.ancestors(1) == [model.parent[1], a, model.root]


def test_constants_are_counted_and_not_drawn():
    model = build(graph(("c", "Constant", "", "k"), ("/m/Add", "Add", "x k", "v"), ("/m/MatMul", "MatMul", "v w", "y"),
                        weights="w"), "golden")
    assert model.parent[0] == -1
    assert model.constants.tolist() == [0, 1, 1]
    assert 0 not in model.inside(model.root).tolist()


def test_edges_go_between_siblings_and_to_the_rim_of_scopes():
    model = build(graph(("/a/One", "One", "x", "u"), ("/a/Two", "Two", "u", "v"), ("/b/Three", "Three", "v u", "w"),
                        ("/b/Four", "Four", "w", "y")), "golden")
    a, b = (i for i in model.inside(model.root).tolist() if model.is_scope(i))
    edges = {(int(s), int(f), int(t)): int(w) for s, f, t, w in
             zip(model.edges.scope, model.edges.source, model.edges.target, model.edges.weight, strict=True)}
    assert edges[model.root, a, b] == 2
    assert edges[a, 0, 1] == 1
    assert edges[a, 1, OUT] == edges[a, 0, OUT] == 1
    assert edges[b, IN, 2] == 2
    assert edges[model.root, model.first_input, a] == 1


def test_a_graph_of_nothing():
    model = build(Graph("empty", "onnx", None, (), (), ()), "golden")
    assert model.size == 1
    assert model.inside(model.root).size == 0


def test_cancel_ends_the_work():
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        build(unet(400), "golden", cancel=cancel)


def test_a_scope_shows_the_worst_inside_and_counts_all():
    golden, target = unet(600), unet(600, fused=True)
    comparison = compared(golden, target)
    model = build(golden, "golden", overlay(golden, comparison, "golden"))
    states = model.overlay.state
    assert model.worst[model.root] == State.FAIL
    assert model.states[model.root].sum() == model.leaves[model.root] == len(golden.nodes)
    for scope in range(model.root, model.size, 7):
        held = model.nodes_in(scope)
        assert model.worst[scope] == states[held].max()
        assert model.states[scope].tolist() == np.bincount(states[held], minlength=STATES).tolist()
        assert model.own[scope] == model.overlay.own[held].any()


def test_a_fused_node_answers_all_its_members():
    golden, target = unet(400), unet(400, fused=True)
    comparison = compared(golden, target)
    across = links(golden, target, comparison)
    add = next(i for i, n in enumerate(golden.nodes) if n.name.endswith("linear_1/Add"))
    matmul = next(i for i, n in enumerate(golden.nodes) if n.name.endswith("linear_1/MatMul"))
    fused = across.across("golden", [add])
    assert [target.nodes[t].op for t in fused] == ["MatMulFusion"]
    assert set(across.group("golden", [add])) == {add, matmul}
    assert set(across.across("target", fused)) == {add, matmul}
    assert overlay(golden, comparison, "golden").state[matmul] == State.INSIDE


@pytest.mark.parametrize("name", ["unet", "vae_encoder", "text_encoder", "safety_checker"])
def test_real_graphs_keep_all_nodes_and_edges(name: str):
    for file in (shared(f"diffusion/tiny/onnx/{name}/model.onnx"), shared(f"diffusion/tiny/mindir/{name}.mindir")):
        model = build(open_model(file), "golden")
        drawn = np.flatnonzero(model.parent[:model.first_input] >= 0)
        assert len(drawn) == model.leaves[model.root]
        assert {model.ancestors(int(i))[-1] for i in drawn} == {model.root}
        assert all(len(model.inside(s)) > 1 for s in range(model.root, model.size))
        # What one sees first fits on a screen, whatever stands deeper.
        assert len(model.inside(model.root)) < 60
