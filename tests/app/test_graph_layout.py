"""Ranks, places and coordinates: what must hold for any graph."""

from __future__ import annotations

import numpy as np
import pytest
from graph_samples import flat, unet, wide
from hypothesis import given, settings
from hypothesis import strategies as st

from app.graph.layout import HEADER, Picture, place, shown
from app.graph.model import GraphModel, build
from app.graph.order import DUMMY, order
from app.graph.scene import Scene
from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.types.graph import Graph, Node
from diag.types.tensor import TensorInfo


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs in few scopes, so that edges between scopes go both ways."""
    count = draw(st.integers(1, 40))
    nodes = []
    for i in range(count):
        scope = "/".join(draw(st.lists(st.sampled_from("abc"), max_size=3)))
        sources = draw(st.lists(st.integers(-1, i - 1), min_size=1, max_size=3)) if i else [-1]
        inputs = tuple(f"v{k}" if k >= 0 else "x" for k in sources)
        nodes.append(Node(f"/{scope}/Op_{i}" if scope else f"/Op_{i}", "Op", inputs, (f"v{i}",)))
    return Graph("g", "onnx", None, (TensorInfo("x"),), (TensorInfo(f"v{count - 1}"),), tuple(nodes))


def lay_out(model: GraphModel, opened: set[int] | frozenset[int]) -> Picture:
    widths = 96.0 + (np.arange(model.size) * 37 % 150)
    return place(model, order(model, Cancel()), widths, opened, Cancel())


def everything(model: GraphModel) -> set[int]:
    return set(range(model.root, model.size))


def assert_tidy(model: GraphModel, picture: Picture) -> None:
    """Nothing overlaps, what is inside lies inside, all that should be seen is."""
    boxes = dict(zip(picture.items.tolist(), picture.box.tolist(), strict=True))
    expected = {i for scope in picture.opened for i in model.inside(scope).tolist()}
    assert set(boxes) == expected
    for scope in picture.opened:
        inside = sorted((boxes[i] for i in model.inside(scope).tolist()), key=lambda b: (b[1], b[0]))
        for k, (x, y, w, h) in enumerate(inside):
            for x2, y2, w2, _ in inside[k + 1:]:
                assert y2 >= y + h - 1e-3 or x2 >= x + w - 1e-3 or x >= x2 + w2 - 1e-3
        if scope != model.root:
            left, top, wide_, high = boxes[scope]
            for x, y, w, h in inside:
                assert x >= left - 1e-3
                assert x + w <= left + wide_ + 1e-3
                assert y >= top + HEADER - 1e-3
                assert y + h <= top + high + 1e-3
    assert np.isfinite(picture.box).all()
    assert np.isfinite(picture.lines).all()


@given(graphs(), st.data())
@settings(max_examples=60, deadline=None)
def test_any_graph_with_any_scopes_open_is_tidy(graph: Graph, data: st.DataObject):
    model = build(graph, "golden")
    opened = data.draw(st.sets(st.integers(model.root, model.size - 1)))
    assert_tidy(model, lay_out(model, opened))
    assert_tidy(model, lay_out(model, everything(model)))


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_edges_run_down_and_every_edge_has_a_way(graph: Graph):
    model = build(graph, "golden")
    found = order(model, Cancel())
    assert (found.row[found.lower] - found.row[found.upper] == 1).all()
    assert (found.scope[found.lower] == found.scope[found.upper]).all()
    # From its lower end, each edge leads up through dummies to where it leaves.
    above = {int(b): int(a) for a, b in zip(found.upper, found.lower, strict=True) if found.item[b] == DUMMY}
    ways = set()
    pieces = (found.upper, found.lower, found.origin, found.against)
    for a, b, origin, against in zip(*(piece.tolist() for piece in pieces), strict=True):
        if found.item[b] != DUMMY:
            here = a
            while found.item[here] == DUMMY:
                here = above[here]
            assert here == origin
            ways.add((origin, b, against))
    assert len(ways) + len(found.far) == len(model.edges.scope)


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_opening_a_scope_gives_the_same_as_opening_it_at_once(graph: Graph):
    model = build(graph, "golden")
    arrangement, widths = order(model, Cancel()), np.full(model.size, 120.0)
    picture = place(model, arrangement, widths, set(), Cancel())
    for scope in range(model.root, model.size):
        picture = place(model, arrangement, widths, picture.opened | {scope}, Cancel(), picture)
    at_once = place(model, arrangement, widths, everything(model), Cancel())
    assert np.array_equal(picture.items, at_once.items)
    assert np.allclose(picture.box, at_once.box)
    assert np.allclose(picture.lines, at_once.lines)


def test_closing_keeps_what_did_not_change():
    model = build(unet(800), "golden")
    arrangement, widths = order(model, Cancel()), np.full(model.size, 120.0)
    before = place(model, arrangement, widths, everything(model), Cancel())
    closed = next(i for i in model.inside(model.root).tolist() if model.is_scope(i))
    after = place(model, arrangement, widths, before.opened - {closed}, Cancel(), before)
    kept = [s for s in after.inner if s != model.root]
    assert kept
    assert all(after.inner[s] is before.inner[s] for s in kept)


def test_a_scope_is_shown_only_if_those_around_it_are_open():
    model = build(unet(400), "golden")
    deep = int(np.argmax(np.where(np.arange(model.size) >= model.root, model.depth, 0)))
    assert shown(model, {deep}) == {model.root}
    assert deep in shown(model, {deep, *model.ancestors(deep)})


def test_a_tall_flat_graph_is_tidy_and_straight():
    model = build(flat(3000), "golden")
    picture = lay_out(model, set())
    assert len(picture.items) == model.leaves[model.root] + 2
    upright = np.abs(picture.lines[:, 0] - picture.lines[:, 2]) < 1.0
    assert upright.mean() > 0.6


def test_a_wide_graph_stays_in_its_rows():
    model = build(wide(2000, 50), "golden")
    picture = lay_out(model, set())
    assert_tidy(model, picture)


def test_long_edges_share_their_way():
    nodes = [Node("/a", "A", ("x",), ("a",))]
    nodes += [Node(f"/c{i}", "C", (f"c{i - 1}" if i else "x", "a"), (f"c{i}",)) for i in range(30)]
    model = build(Graph("g", "onnx", None, (TensorInfo("x"),), (TensorInfo("c29"),), tuple(nodes)), "golden")
    found = order(model, Cancel())
    # 30 readers of one tensor: one way of at most as many dummies as rows, and one of the graph's input.
    assert (found.item == DUMMY).sum() < 2 * 33


def test_cancel_ends_the_layout():
    model = build(unet(400), "golden")
    arrangement, cancel = order(model, Cancel()), Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        order(model, cancel)
    with pytest.raises(Cancelled):
        place(model, arrangement, np.full(model.size, 100.0), set(), cancel)


@pytest.mark.parametrize("graph", [unet(3000), flat(3000), wide(3000, 60)], ids=["scopes", "flat", "wide"])
def test_what_is_seen_is_found(graph: Graph):
    """The index against a search through everything."""
    model = build(graph, "golden")
    scene = Scene(model, lay_out(model, everything(model)))
    box, closed = scene.picture.box, ~scene.picture.frame
    lines = scene.picture.lines
    rng = np.random.default_rng(5)
    for _ in range(60):
        x, y = rng.uniform(-100, scene.width), rng.uniform(-100, scene.height)
        rect = (x, y, x + rng.uniform(1, 3000), y + rng.uniform(1, 3000))
        inside = ((box[:, 0] <= rect[2]) & (box[:, 0] + box[:, 2] >= rect[0])
                  & (box[:, 1] <= rect[3]) & (box[:, 1] + box[:, 3] >= rect[1]))
        assert set(scene.visible(rect, 1.0).item.tolist()) == set(scene.picture.items[inside & closed].tolist())
        assert set(scene.visible_frames(rect, 0)[1].tolist()) == set(scene.picture.items[inside & ~closed].tolist())
        least = float(rng.choice([0.0, 50.0, 300.0]))
        left, right = np.sort(lines[:, ::2], 1).T
        top, bottom = np.sort(lines[:, 1::2], 1).T
        crossing = ((left <= rect[2]) & (right >= rect[0]) & (top <= rect[3]) & (bottom >= rect[1])
                    & (scene.length >= least))
        assert set(scene.lines(rect, least).tolist()) == set(np.flatnonzero(crossing).tolist())


def test_far_away_boxes_are_merged_and_none_is_lost():
    model = build(wide(9_000, 100), "golden")
    scene = Scene(model, lay_out(model, set()))
    whole = (0.0, 0.0, scene.width, scene.height)
    far = scene.visible(whole, 0.001)
    assert len(far.item) < 3000
    covered = np.zeros(len(scene.boxes.item), bool)
    left, top, right, bottom = _corners(scene.boxes.box)
    for x0, y0, x1, y1 in np.stack(_corners(far.box), 1).tolist():
        covered |= (left >= x0 - 1e-6) & (top >= y0 - 1e-6) & (right <= x1 + 1e-6) & (bottom <= y1 + 1e-6)
    assert covered.all()
    assert far.state.max() == scene.boxes.state.max()


def _corners(box: np.ndarray) -> tuple[np.ndarray, ...]:
    return box[:, 0], box[:, 1], box[:, 0] + box[:, 2], box[:, 1] + box[:, 3]
