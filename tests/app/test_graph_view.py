"""The graph view by mouse and keys, with the recorded comparison of the shipped sample and with made graphs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from graph_samples import compared, flat, unet, wide
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QToolTip

from app.graph.edges import affordable
from app.graph.model import build
from app.graph.overlay import NO_LINKS, State, links, overlay
from app.graph.palette import GraphPalette
from app.graph.pane import Pane
from app.graph.view import GraphView
from app.theme import DARK, LIGHT
from diag.errors import DiagError, UsageError
from diag.formats.registry import open_model
from diag.workspace.runs import RunFolder

NORM = "/model/encoder/layers.0/layer_norm1/LayerNormalization"
QUERY = "/model/encoder/layers.0/self_attn/q_proj/"


@pytest.fixture
def make(qtbot) -> Iterator[Callable[..., GraphView]]:
    """Makes views that are ended after the test; they may not fail."""
    made: list[GraphView] = []
    failures: list[object] = []

    def new(palette: GraphPalette | None = None, lang: str = "en", width: int = 1200) -> GraphView:
        view = GraphView(palette or GraphPalette.of(LIGHT), lang)
        view.failed.connect(failures.append)
        qtbot.addWidget(view)
        view.resize(width, 800)
        view.show()
        made.append(view)
        return view

    yield new
    for view in made:
        view.shut_down()
    assert failures == []


@pytest.fixture
def sample(make, recorded: Path, qtbot) -> GraphView:
    """The shipped sample that fails, with what was found."""
    return opened_on(make(), recorded, qtbot)


def opened_on(view: GraphView, recorded: Path, qtbot) -> GraphView:
    comparison = RunFolder.open(recorded).comparison()
    golden, target = (open_model(Path(run.path)) for run in (comparison.golden, comparison.target))
    with qtbot.waitSignal(view.loaded, timeout=10_000):
        view.open(golden, target, comparison)
    return settled(view, qtbot)


def settled(view: GraphView, qtbot) -> GraphView:
    qtbot.waitUntil(lambda: not view.busy, timeout=10_000)
    return view


def node(pane: Pane, name: str) -> int:
    return next(i for i, n in enumerate(pane.model.graph.nodes) if n.name == name)


def centre(pane: Pane, item: int) -> QPoint:
    canvas = pane.canvas
    x0, y0, x1, y1 = canvas.scene.rect(item)
    view = canvas.view
    return QPoint(round(((x0 + x1) / 2 - view.x) * view.zoom), round(((y0 + y1) / 2 - view.y) * view.zoom))


def click(pane: Pane, item: int, qtbot) -> None:
    pane.canvas.show_item(item)
    qtbot.mouseClick(pane.canvas, Qt.MouseButton.LeftButton, pos=centre(pane, item))


def names(pane: Pane, items: frozenset[int]) -> set[str]:
    return {pane.model.name(i) for i in items}


def test_it_opens_closed_with_counts(sample: GraphView):
    golden, target = sample.panes
    assert golden.title.text() == "Golden · text_encoder.onnx · 97 nodes · 57 failing"
    assert target.title.text().startswith("Target · text_encoder.mindir · 71 nodes")
    assert golden.opened == target.opened == frozenset()
    assert "encoder" in [golden.model.labels[i] for i in golden.canvas.scene.picture.items.tolist()]


def test_the_next_failure_is_opened_selected_and_said(sample: GraphView, qtbot):
    with qtbot.waitSignal(sample.selected) as told:
        sample.bar.next.trigger()
    settled(sample, qtbot)
    golden, target = sample.panes
    assert told.args[0].side == "golden"
    assert told.args[0].node.name == NORM
    assert told.args[0].golden == (NORM,)
    assert golden.canvas.scene.rect(node(golden, NORM)) is not None
    assert "fail" in sample.info.text()
    assert NORM in sample.info.text()
    # The other side is closed: the scope that holds the counterpart is marked.
    assert names(target, target.canvas.marks.linked) == {"/model/encoder"}


def test_failures_go_round_in_order(sample: GraphView, qtbot):
    golden = sample.panes[0]
    failing = golden.failing()
    assert len(failing) == 57
    sample.previous_failing()
    assert settled(sample, qtbot).panes[0].selected == failing[-1]
    sample.next_failing()
    assert settled(sample, qtbot).panes[0].selected == failing[0]
    sample.next_failing()
    assert settled(sample, qtbot).panes[0].selected == failing[1]


def test_a_fused_group_is_marked_on_both_sides(sample: GraphView, qtbot):
    golden, target = sample.panes
    target.open_all(target.model.root)
    settled(sample, qtbot)
    sample.select(("golden", QUERY + "Add"))
    settled(sample, qtbot)
    assert names(golden, golden.canvas.marks.group) == {QUERY + "MatMul"}
    assert names(target, target.canvas.marks.linked) == {QUERY + "MatMul"}
    assert "does the work of 2 nodes" in sample.info.text()
    click(target, node(target, QUERY + "MatMul"), qtbot)
    assert names(golden, golden.canvas.marks.linked) == {QUERY + "MatMul", QUERY + "Add"}
    assert golden.selected == -1


def test_select_says_nothing_back(sample: GraphView, qtbot):
    with qtbot.assertNotEmitted(sample.selected):
        sample.select(("golden", NORM))
        sample.select(("target", "no such node"))
    assert sample.panes[0].selected == node(sample.panes[0], NORM)


def test_what_has_no_counterpart_is_said_plainly(sample: GraphView, qtbot):
    golden = sample.panes[0]
    missing = node(golden, "/model/Where")
    assert golden.model.overlay.state[missing] == State.NONE
    click(golden, missing, qtbot)
    assert "No counterpart" in sample.info.text()
    assert sample.panes[1].canvas.marks.linked == frozenset()


def test_inside_of_a_fused_node_is_said(sample: GraphView, qtbot):
    sample.select(("golden", QUERY + "MatMul"))
    settled(sample, qtbot)
    assert f"Computed inside {QUERY}MatMul" in sample.info.text()


def test_a_scope_marks_the_same_scope(sample: GraphView, qtbot):
    golden, target = sample.panes
    scope = golden.model.root + golden.model.paths.index("/model/encoder")
    click(golden, scope, qtbot)
    assert names(target, target.canvas.marks.linked) == {"/model/encoder"}
    assert "nodes have a counterpart" in sample.info.text()


def test_inputs_answer_each_other(sample: GraphView, qtbot):
    golden, target = sample.panes
    click(golden, golden.model.first_input, qtbot)
    assert target.canvas.marks.linked == {target.model.first_input}


def test_double_click_opens_and_backspace_closes(sample: GraphView, qtbot):
    golden = sample.panes[0]
    scope = golden.model.root + golden.model.paths.index("/model/encoder")
    golden.canvas.show_item(scope)
    before = centre(golden, scope)
    view = golden.canvas.view
    corner = (golden.canvas.scene.rect(scope)[1] - view.y) * view.zoom
    qtbot.mouseDClick(golden.canvas, Qt.MouseButton.LeftButton, pos=before)
    settled(sample, qtbot)
    assert scope in golden.opened
    view = golden.canvas.view
    # What was clicked stays under the cursor.
    assert abs((golden.canvas.scene.rect(scope)[1] - view.y) * view.zoom - corner) < 1
    sample.select(("golden", NORM))
    settled(sample, qtbot)
    qtbot.keyClick(golden.canvas, Qt.Key.Key_Backspace)
    settled(sample, qtbot)
    assert golden.selected == golden.model.root + golden.model.paths.index("/model/encoder/layers.0")
    qtbot.keyClick(golden.canvas, Qt.Key.Key_Backspace)
    settled(sample, qtbot)
    assert golden.opened == frozenset()


def test_keys_zoom_pan_fit_and_walk(sample: GraphView, qtbot):
    golden = sample.panes[0]
    canvas = golden.canvas
    zoom = canvas.view.zoom
    qtbot.keyClick(canvas, Qt.Key.Key_W)
    assert canvas.view.zoom == pytest.approx(zoom * 1.25)
    qtbot.keyClick(canvas, Qt.Key.Key_S)
    x = canvas.view.x
    qtbot.keyClick(canvas, Qt.Key.Key_D)
    assert canvas.view.x > x
    qtbot.keyClick(canvas, Qt.Key.Key_A)
    assert canvas.view.x == pytest.approx(x)
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    left, top, right, bottom = canvas.view.rect
    assert left <= 0
    assert top <= 0
    assert right >= canvas.scene.width
    assert bottom >= canvas.scene.height
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    first = golden.selected
    assert first >= 0
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert golden.canvas.scene.rect(golden.selected)[1] > golden.canvas.scene.rect(first)[1]
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert golden.selected == first
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert golden.selected == -1


def test_enter_opens_the_selected_scope(sample: GraphView, qtbot):
    golden = sample.panes[0]
    scope = golden.model.root + golden.model.paths.index("/model/encoder")
    click(golden, scope, qtbot)
    qtbot.keyClick(golden.canvas, Qt.Key.Key_Return)
    assert scope in golden.opened


def test_the_wheel_zooms_at_the_cursor(sample: GraphView):
    canvas = sample.panes[0].canvas
    at = QPointF(123, 77)
    before = canvas.view
    canvas.zoom_by(1.7, at)
    after = canvas.view
    assert after.x + at.x() / after.zoom == pytest.approx(before.x + at.x() / before.zoom)
    assert after.y + at.y() / after.zoom == pytest.approx(before.y + at.y() / before.zoom)


def test_dragging_moves_the_graph_and_selects_nothing(sample: GraphView, qtbot):
    golden = sample.panes[0]
    before = golden.canvas.view
    qtbot.mousePress(golden.canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(golden.canvas, QPoint(150, 130))
    qtbot.mouseMove(golden.canvas, QPoint(160, 130))
    qtbot.mouseRelease(golden.canvas, Qt.MouseButton.LeftButton, pos=QPoint(160, 130))
    assert golden.canvas.view.x == pytest.approx(before.x - 60 / before.zoom)
    assert golden.canvas.view.y == pytest.approx(before.y - 30 / before.zoom)
    assert golden.selected == -1


def test_search_opens_what_it_finds(sample: GraphView, qtbot):
    qtbot.keyClicks(sample.bar.search, "softmax")
    assert sample.bar.hits.text() == "4"
    qtbot.keyClick(sample.bar.search, Qt.Key.Key_Return)
    settled(sample, qtbot)
    golden, target = sample.panes
    assert sample.bar.hits.text() == "1/4"
    assert golden.model.graph.nodes[golden.selected].op == "Softmax"
    qtbot.keyClick(sample.bar.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    settled(sample, qtbot)
    assert sample.bar.hits.text() == "4/4"
    assert target.model.graph.nodes[target.selected].name.endswith("Softmax")
    sample.search("nothing like this")
    assert sample.bar.hits.text() == "no hit"


def test_two_grey_nodes_are_matched_by_hand(make, qtbot):
    golden, target = flat(60), flat(60, seed=12)
    view = make()
    view.set_graphs(build(golden, "golden"), build(target, "target"), NO_LINKS)
    settled(view, qtbot)
    left, right = view.panes
    click(left, 3, qtbot)
    assert not view.bar.match.isEnabled()
    click(right, 5, qtbot)
    assert view.bar.match.isEnabled()
    with qtbot.waitSignal(view.match_requested) as told:
        view.bar.match.trigger()
    assert told.args[0] == (golden.nodes[3].outputs[0], target.nodes[5].outputs[0])


def test_a_node_with_a_verdict_cannot_be_matched(sample: GraphView, qtbot):
    sample.select(("golden", NORM))
    settled(sample, qtbot)
    assert not sample.bar.match.isEnabled()


def test_tool_tips_say_name_operator_shape_verdict_and_errors(sample: GraphView, qtbot):
    sample.select(("golden", NORM))
    settled(sample, qtbot)
    golden = sample.panes[0]
    at = centre(golden, golden.selected)
    QApplication.sendEvent(golden.canvas, QHelpEvent(QHelpEvent.Type.ToolTip, at, golden.canvas.mapToGlobal(at)))
    text = QToolTip.text()
    for word in ("LayerNormalization", NORM, "fail", "cumulative", "own input", "error of its own"):
        assert word in text
    QToolTip.hideText()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_paints_at_any_zoom_in_both_themes(make, recorded: Path, qtbot, theme, lang: str):
    view = opened_on(make(GraphPalette.of(theme), lang), recorded, qtbot)
    view.bar.open_all.trigger()
    settled(view, qtbot)
    view.next_failing()
    seen = set()
    for zoom in (0.002, 0.05, 0.25, 0.4, 0.7, 1.0, 2.5):
        canvas = view.panes[0].canvas
        canvas.zoom_by(zoom / canvas.view.zoom)
        canvas.centre_at((canvas.scene.width / 2, canvas.scene.height / 3))
        image = view.grab().toImage()
        assert not image.isNull()
        seen.add(image.pixelColor(5, 400).name())
    assert theme.base in seen


@pytest.mark.parametrize("make_graph", [lambda: unet(4000), lambda: flat(4000), lambda: wide(4000, 80)],
                         ids=["scopes", "flat", "wide"])
def test_only_so_much_is_drawn(make, qtbot, make_graph):
    """Whatever the zoom, boxes in full are few, and a repaint asks for few lines."""
    graph = make_graph()
    view = make()
    comparison = compared(graph, graph)
    view.set_graphs(build(graph, "golden", overlay(graph, comparison, "golden")), None, NO_LINKS)
    settled(view, qtbot)
    pane = view.panes[0]
    pane.open_all(pane.model.root)
    settled(view, qtbot)
    canvas = pane.canvas
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)
    for zoom in np.geomspace(0.002, 2.5, 12):
        canvas.zoom_by(float(zoom) / canvas.view.zoom)
        canvas.centre_at((canvas.scene.width / 2, canvas.scene.height / 2))
        painter = QPainter(image)
        canvas.render_to(painter)
        painter.end()
        shown_lines, pixels = affordable(canvas.scene, canvas.view.rect, canvas.view)
        assert len(shown_lines) <= 4001
        assert pixels <= 300_000
        assert len(canvas.scene.visible(canvas.view.rect, float(zoom)).item) <= len(canvas.scene.boxes.item)
    assert view.panes[1].isHidden()


def test_the_minimap_shows_where_one_is_and_leads_elsewhere(sample: GraphView, qtbot):
    golden = sample.panes[0]
    sample.bar.open_all.trigger()
    settled(sample, qtbot)
    golden.canvas.start()
    minimap = golden.canvas.minimap
    assert minimap.isVisible()
    before = golden.canvas.view.y
    qtbot.mouseClick(minimap, Qt.MouseButton.LeftButton, pos=QPoint(minimap.width() // 2, minimap.height() - 12))
    assert golden.canvas.view.y > before + 1000
    golden.canvas.fit()
    assert not minimap.isVisible()


def test_swapping_keeps_the_sides(sample: GraphView):
    sample.set_swapped(True)
    assert sample.panes[1].mapTo(sample, QPoint(0, 0)).x() < sample.panes[0].mapTo(sample, QPoint(0, 0)).x()
    sample.set_swapped(False)
    assert sample.panes[0].mapTo(sample, QPoint(0, 0)).x() < sample.panes[1].mapTo(sample, QPoint(0, 0)).x()


def test_one_graph_alone(make, qtbot):
    view = make()
    with qtbot.waitSignal(view.loaded, timeout=10_000):
        view.open(None, unet(400), None)
    settled(view, qtbot)
    assert view.panes[1].isHidden()
    view.next_failing()
    click(view.panes[0], view.panes[0].model.first_input, qtbot)
    assert "Input" in view.info.text()


def test_an_empty_view_says_what_to_do(make, qtbot):
    view = make()
    assert "No graph" in view.panes[0].canvas.empty
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Backspace, Qt.Key.Key_Return):
        qtbot.keyClick(view.panes[0].canvas, key)
    view.next_failing()
    view.search("x")
    view.bar.open_all.trigger()
    assert not view.grab().isNull()
    view.open(None, None, None)


def test_export_as_png_and_svg(sample: GraphView, tmp_path: Path):
    sample.export(tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() == 2 * sum(pane.canvas.width() for pane in sample.panes)
    assert len({image.pixelColor(x, 200).name() for x in range(0, image.width(), 3)}) > 3
    sample.export(tmp_path / "a.svg")
    assert QSvgRenderer(str(tmp_path / "a.svg")).isValid()
    assert "encoder" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_export_elsewhere_is_refused_kindly(sample: GraphView, tmp_path: Path):
    with pytest.raises(UsageError, match=r"cannot be saved as '\.gif'"):
        sample.export(tmp_path / "a.gif")
    with pytest.raises(DiagError, match="cannot be written"):
        sample.export(tmp_path / "no" / "such" / "a.png")


def test_another_graph_ends_the_layout_of_the_first(make, qtbot):
    view = make()
    for _ in range(3):
        view.open(flat(3000), None, None)
    view.open(flat(50, seed=3), None, None)
    settled(view, qtbot)
    assert len(view.panes[0].model.graph.nodes) < 3000
    assert view.panes[0].canvas.scene.model is view.panes[0].model


def test_closing_ends_all_threads(make):
    before = set(threading.enumerate())
    view = make()
    view.set_graphs(build(flat(9000), "golden"), build(flat(9000), "target"), NO_LINKS)
    assert view.busy
    view.shut_down()
    assert set(threading.enumerate()) <= before
    assert not view.busy


def test_names_for_screen_readers_and_keys_reach_everything(sample: GraphView):
    for pane, name in zip(sample.panes, ("text_encoder.onnx", "text_encoder.mindir"), strict=True):
        assert pane.canvas.accessibleName() == f"Graph of {name}"
        assert pane.canvas.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert sample.bar.search.accessibleName()
    for action in (sample.bar.previous, sample.bar.next, sample.bar.match, sample.bar.export):
        button = sample.bar.widgetForAction(action)
        assert button.accessibleName() == action.toolTip()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_selection_in_step_on_large_graphs(make, qtbot):
    golden, target = unet(3000), unet(3000, fused=True)
    comparison = compared(golden, target)
    view = make()
    view.set_graphs(build(golden, "golden", overlay(golden, comparison, "golden")),
                    build(target, "target", overlay(target, comparison, "target")), links(golden, target, comparison))
    settled(view, qtbot)
    left, right = view.panes
    found = links(golden, target, comparison)
    for item in [*range(0, left.model.first_input, 211), *range(left.model.root + 1, left.model.size, 97)]:
        left.picked.emit(item)
        marks = right.canvas.marks
        answered = found.across("golden", left.model.nodes_in(item).tolist())
        assert bool(marks.linked) == bool(answered)
        assert marks.linked <= set(right.canvas.scene.picture.items.tolist())
