"""Bodies of If, Loop and Scan: groups beside the node that runs them, closed first, found by search and by name."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from app.graph.model import OUT, GraphModel, build
from app.graph.overlay import NO_LINKS, Links
from app.graph.palette import GraphPalette
from app.graph.view import GraphView
from app.theme import LIGHT
from diag.formats.registry import open_model
from diag.types.graph import Graph


def _value(name: str, kind: int = TensorProto.FLOAT, shape: tuple[int, ...] = (4,)) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/m/Abs → /m/Loop (body: Add, and an If of two branches that share names) → /m/Relu."""
    one = helper.make_graph([helper.make_node("Neg", ["grown"], ["same"], "deep/Neg")], "one", [], [_value("same")])
    other = helper.make_graph([helper.make_node("Constant", [], ["same"], "only", value_floats=[1.0] * 4)], "two", [],
                              [_value("same")])
    body = helper.make_graph([
        helper.make_node("Identity", ["going"], ["go_on"], "keep"),
        helper.make_node("Add", ["carried", "outside"], ["grown"], "/m/Loop/Add"),
        helper.make_node("If", ["going"], ["chosen"], "choice", then_branch=one, else_branch=other),
    ], "body", [_value("i", TensorProto.INT64, ()), _value("going", TensorProto.BOOL, ()), _value("carried")],
        [_value("go_on", TensorProto.BOOL, ()), _value("chosen")])
    graph = helper.make_graph([
        helper.make_node("Abs", ["x"], ["outside"], "/m/Abs"),
        helper.make_node("Loop", ["", "cond", "outside"], ["looped"], "/m/Loop", body=body),
        helper.make_node("Relu", ["looped"], ["y"], "/m/Relu"),
    ], "g", [_value("x"), _value("cond", TensorProto.BOOL, ())], [_value("y")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(made)
    path = tmp_path_factory.mktemp("bodies") / "bodies.onnx"
    onnx.save(made, path)
    return path


@pytest.fixture
def graph(model_file: Path) -> Graph:
    return open_model(model_file)


def _scope(model: GraphModel, label: str) -> int:
    return next(i for i in range(model.root, model.size) if model.labels[i] == label)


def _node(model: GraphModel, name: str) -> int:
    return next(i for i, node in enumerate(model.graph.nodes) if node.name == name)


def _edges(model: GraphModel, scope: int) -> set[tuple[str, str]]:
    e = model.edges
    names = [*model.labels, "OUT", "IN"]  # -1 is IN, -2 is OUT
    here = e.scope == scope
    return {(names[s], names[t]) for s, t in zip(e.source[here].tolist(), e.target[here].tolist(), strict=True)}


def test_a_body_is_a_group_beside_its_node_and_bodies_of_bodies_stand_inside(graph: Graph):
    model = build(graph, "golden")
    assert [model.labels[i] for i in model.inside(model.root).tolist()] == [
        "x", "cond", "Abs", "Loop · body", "Loop", "Relu", "y"]
    body = _scope(model, "Loop · body")
    assert [model.labels[i] for i in model.inside(body).tolist()] == [
        "keep", "Add", "choice · else_branch", "choice · then_branch", "choice"]
    assert model.leaves[body] == 5
    assert model.name(body) == "/m/Loop · body"


def test_values_run_from_outside_through_the_body_into_its_node(graph: Graph):
    model = build(graph, "golden")
    assert {("Abs", "Loop · body"), ("cond", "Loop · body"), ("Loop · body", "Loop"), ("Abs", "Loop"),
            ("Loop", "Relu")} <= _edges(model, model.root)
    inner = _edges(model, _scope(model, "Loop · body"))
    assert {("IN", "Add"), ("IN", "keep"), ("Add", "choice · then_branch"), ("choice · then_branch", "choice"),
            ("choice · else_branch", "choice"), ("choice", "OUT"), ("keep", "OUT")} <= inner
    assert OUT in model.edges.target[model.edges.scope == _scope(model, "choice · then_branch")]


def test_a_body_of_constants_only_is_drawn_with_them(graph: Graph):
    model = build(graph, "golden")
    other = _scope(model, "choice · else_branch")
    assert [model.labels[i] for i in model.inside(other).tolist()] == ["only"]


def test_branches_that_share_names_are_told_apart_and_the_graph_keeps_its_numbers(graph: Graph):
    model = build(graph, "golden")
    assert model.graph.nodes[:3] == graph.nodes
    assert model.first_body == 3
    written = [v for node in model.graph.nodes for v in node.outputs]
    assert len(written) == len(set(written))
    assert model.outer([_node(model, "deep/Neg"), 0]) == [1, 0]


def test_search_and_expand_reach_into_bodies_that_are_closed_first(graph: Graph, qtbot):
    view = GraphView(GraphPalette.of(LIGHT))
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    model = build(graph, "golden")
    other = build(graph, "target")
    view.set_graphs(model, other, Links({1: (1,)}, {1: (1,)}))
    qtbot.waitUntil(lambda: not view.busy)
    pane = view.panes[0]
    assert pane.opened == frozenset()
    assert pane.canvas.scene is not None
    hidden = _node(model, "deep/Neg")
    assert pane.canvas.scene.rect(hidden) is None
    with qtbot.waitSignal(view.selected) as chosen:
        view.search("deep/neg")
    qtbot.waitUntil(lambda: not view.busy and pane.canvas.scene.rect(hidden) is not None)
    assert {_scope(model, "Loop · body"), _scope(model, "choice · then_branch")} <= pane.opened
    assert chosen.args[0].golden == ("/m/Loop",)
    assert "/m/Loop" in view.info.text()
    assert not view.bar.match.isEnabled()
    view.set_graphs(model, None, NO_LINKS)
    qtbot.waitUntil(lambda: not view.busy)
    view.expand("/m/Loop · body")
    qtbot.waitUntil(lambda: not view.busy and pane.canvas.scene.rect(_node(model, "/m/Loop/Add")) is not None)
    assert pane.opened == frozenset({_scope(model, "Loop · body")})
    view.shut_down()
