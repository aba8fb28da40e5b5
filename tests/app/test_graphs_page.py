"""The page of graphs as its user meets it: a file, two, a folder pass by pass, a node's life, a report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest

from app.graph.overlay import State
from app.pages.graphs import accept, telling
from app.pages.graphs.reading import Counted
from app.pages.table import page_of
from diag.cancel import Cancel
from diag.compare.plan import ComparePlan
from diag.compare.recorded.engine import compare_recording
from diag.errors import FormatError

from samples import shared  # isort: skip

PATIENCE_MS = 30_000
STAGES = ("PreRunBegin", "OptimizeOriginalGraph_FeGraphFusionAfter", "Build")


def attribute(key: str, *values: str) -> str:
    lines = "".join(f'          s: "{v}"\n' for v in values)
    return (f'    attr {{\n      key: "{key}"\n      value {{\n        list {{\n{lines}'
            "          val_type: VT_LIST_STRING\n        }\n      }\n    }\n")


def op(name: str, kind: str, *inputs: str, attributes: str = "", dtype: str = "DT_FLOAT") -> str:
    reads = "".join(f'    input: "{i}"\n' for i in inputs) or '    input: ""\n'
    return (f'  op {{\n    name: "{name}"\n    type: "{kind}"\n{reads}{attributes}    output_desc {{\n'
            f'      dtype: {dtype}\n      shape {{\n        dim: 1\n        dim: 8\n      }}\n'
            '      layout: "NCHW"\n    }\n  }\n')


def dump(*ops: str, name: str = "g") -> str:
    return f'graph {{\n  name: "{name}"\n' + "".join(ops) + "}\n"


FUSED = attribute("_datadump_original_op_names", "conv", "relu") + attribute("pass_name", "ConvReluPass")
MADE = attribute("_datadump_original_op_names")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three stages: two nodes become one; then it computes in float16 and a cast is inserted."""
    texts = (
        dump(op("x", "Data"), op("conv", "Conv2D", "x:0"), op("relu", "Relu", "conv:0"),
             op("add", "Add", "relu:0", "x:0"), op("out", "NetOutput", "add:0")),
        dump(op("x", "Data"), op("convrelu", "Conv2D", "x:0", attributes=FUSED), op("add", "Add", "convrelu:0", "x:0"),
             op("out", "NetOutput", "add:0")),
        dump(op("x", "Data"), op("trans_Cast_0", "Cast", "x:0", attributes=MADE, dtype="DT_FLOAT16"),
             op("convrelu", "Conv2D", "trans_Cast_0:0", attributes=FUSED, dtype="DT_FLOAT16"),
             op("add", "Add", "convrelu:0", "x:0"), op("out", "NetOutput", "add:0")))
    place = tmp_path / "dumps"
    place.mkdir()
    for number, (stage, text) in enumerate(zip(STAGES, texts, strict=True)):
        (place / f"ge_proto_{number:08d}_graph_1_{stage}.txt").write_text(text)
    return place


def ready(page, qtbot) -> None:
    qtbot.waitUntil(lambda: page.shown is not None and not (page.reader.busy or page.scanner.busy or page.view.busy),
                    timeout=PATIENCE_MS)


@pytest.fixture
def page(opened, folder, qtbot):
    window = opened(folder)
    assert window.shelf.front == "graphs"
    ready(window.shelf.page, qtbot)
    return window.shelf.page


def states(model) -> dict[str, State]:
    return {n.name: State(int(s)) for n, s in zip(model.graph.nodes, model.overlay.state, strict=True)}


def test_a_folder_opens_at_the_pass_that_did_most(page):
    assert [s.name for s in page.strip.stages] == list(STAGES)
    assert page.strip.counts[1] == Counted(1, 4, fused=1)
    assert page.strip.counts[2] == Counted(2, 5, added=1, changed=1)
    assert page.strip.current == 2
    assert page.head.sentence.text() == f"dumps: {STAGES[1]}  →  {STAGES[2]}"
    assert page.head.detail.text() == "1 added  ·  1 changed  ·  1 in a narrower type  ·  1 × Cast inserted"
    left, right = (p.model for p in page.view.panes)
    assert states(left) == {"convrelu": State.CHANGED, "add": State.NONE}
    assert states(right) == {"trans_Cast_0": State.ADDED, "convrelu": State.CHANGED, "add": State.NONE}


def test_a_click_on_the_strip_shows_another_pass(page, qtbot):
    place = page.strip._column(1).center().toPoint()
    QTest.mouseClick(page.strip, Qt.MouseButton.LeftButton, pos=QPoint(place))
    ready(page, qtbot)
    qtbot.waitUntil(lambda: page.shown.diff.after == STAGES[1], timeout=PATIENCE_MS)
    assert page.passage.text() == f"2 / 3   {STAGES[1]} · 4 nodes · 1 fused or split"
    left, right = (p.model for p in page.view.panes)
    assert states(left) == {"conv": State.FUSED, "relu": State.FUSED, "add": State.NONE}
    assert states(right)["convrelu"] is State.FUSED
    QTest.keyClick(page.strip, Qt.Key.Key_Home)
    assert page.strip.current == 0
    assert not page.back.isEnabled()


def test_selection_goes_across_from_a_fused_node_to_its_parts(page, qtbot):
    page._go_to(1)
    ready(page, qtbot)
    qtbot.waitUntil(lambda: page.shown.diff.after == STAGES[1] and page.view.panes[1].canvas.scene is not None,
                    timeout=PATIENCE_MS)
    left, right = page.view.panes
    node = [n.name for n in right.model.graph.nodes].index("convrelu")
    page.view._picked(right, node)
    assert sorted(left.model.name(i) for i in left._linked.tolist()) == ["conv", "relu"]
    assert page.side.node.title.text() == "Conv2D  ·  convrelu"
    facts = {r.cells[0]: r.cells[1] for r in page.side.node.facts.records}
    assert facts["original nodes"] == "conv, relu"
    assert facts["made by pass"] == "ConvReluPass"
    assert facts["output 0"] == "float32 NCHW 1×8"


def test_a_node_is_followed_through_all_passes(page, qtbot):
    page._show_node("target", "convrelu")
    QTest.mouseClick(page.side.node.follow, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.side.node.steps.records), timeout=PATIENCE_MS)
    told = [r.cells for r in page.side.node.steps.records]
    assert [stage for stage, _ in told] == list(STAGES)
    assert told[1][1] == "fused with relu into convrelu (Conv2D)"
    assert told[2][1] == "float32 NCHW 1×8 becomes float16 NCHW 1×8"


def test_the_list_of_differences_filters_and_selects(page, qtbot):
    table = page.side.differences
    QAbstractItemModelTester(table.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    kinds = [table.model.text(i, "kind") for i in range(table.model.total)]
    assert kinds == ["added", "element type", "inputs"]
    table.filter.setText("float16")
    assert table.model.rowCount() == 1
    table.table.selectRow(0)
    assert page.side.node.title.text() == "Conv2D  ·  convrelu"
    assert page.view.panes[1].model.name(page.view.panes[1].selected) == "convrelu"
    table.filter.clear()
    assert table.model.rowCount() == 3


def test_next_goes_to_what_differs(page, qtbot):
    page.verbs()["next"]()
    pane = page.view.panes[0]
    assert pane.model.name(pane.selected) == "convrelu"


def test_one_file_alone_has_no_legend_of_verdicts(opened, folder, qtbot):
    window = opened(folder / f"ge_proto_00000002_graph_1_{STAGES[2]}.txt")
    page = window.shelf.page
    ready(page, qtbot)
    assert page.shown.diff is None
    assert page.head.sentence.text() == "Build: 5 nodes, 5 edges"
    assert not page.view.legend.isVisible()
    assert not page.view.bar.next.isVisible()
    assert not page.passes.isVisible()
    assert page.side.currentWidget() is page.side.node
    assert [i.name for i in page.view.panes[0].model.graph.inputs] == ["x:0"]


def test_the_graph_of_a_file_with_several_is_chosen(opened, tmp_path, qtbot):
    file = tmp_path / "ge_proto_00000000_graph_1_Build.txt"
    file.write_text(dump(op("call", "PartitionedCall")) + dump(op("inner", "Add"), name="sub"))
    page = opened(file).shelf.page
    ready(page, qtbot)
    assert [page.which.itemText(i) for i in range(page.which.count())] == ["g (1 nodes)", "sub (1 nodes)"]
    page.which.setCurrentIndex(1)
    page.which.activated.emit(1)
    qtbot.waitUntil(lambda: [n.name for n in page.view.panes[0].model.graph.nodes] == ["inner"], timeout=PATIENCE_MS)


def test_a_damaged_pass_is_told_and_the_others_are_shown(opened, folder, qtbot):
    (folder / f"ge_proto_00000001_graph_1_{STAGES[1]}.txt").write_text('graph {\n  op {\n    name: "x')
    page = opened(folder).shelf.page
    ready(page, qtbot)
    assert "Expected" in page.strip.counts[1].problem
    assert page.strip.counts[0].nodes == 5


def test_a_file_that_is_no_graph_is_told_and_nothing_stays_open(opened, tmp_path, qtbot):
    file = tmp_path / "ge_proto_00000000_graph_1_Build.txt"
    file.write_text("nothing of a graph {")
    window = opened()
    window.turn("graphs")
    page = window.shelf.page
    page.failed.disconnect()
    with qtbot.waitSignal(page.failed, timeout=PATIENCE_MS) as failed:
        page.open([file])
    assert isinstance(failed.args[0], FormatError)
    assert page.stack.currentIndex() == 0


@pytest.mark.parametrize("ending", ["html", "json", "csv"])
def test_what_is_shown_as_a_report(page, tmp_path, ending):
    target = tmp_path / f"report.{ending}"
    page.write_report(target)
    text = target.read_text(encoding="utf-8-sig")
    assert "trans_Cast_0" in text
    if ending == "json":
        assert json.loads(text)["added"] == [{"node": "trans_Cast_0", "op": "Cast"}]


def test_it_is_open_again_after_a_restart(application, opened, page, folder, qtbot):
    page._go_to(1)
    ready(page, qtbot)
    application.shut_down()
    window = opened()
    again = window.shelf.page
    ready(again, qtbot)
    assert again.paths == (folder,)
    assert again.strip.current == 1


def test_closing_leaves_the_card(page):
    page.verbs()["close"]()
    assert page.stack.currentWidget() is page.empty
    assert "find" not in page.verbs()


def test_which_paths_are_for_this_page(folder, tmp_path):
    file = folder / f"ge_proto_00000002_graph_1_{STAGES[2]}.txt"
    om = tmp_path / "net.om"
    om.write_bytes(b"IMOD" + bytes(300))
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    assert all(accept.wanted(p) for p in (file, folder, om))
    assert not accept.wanted(other)
    assert not accept.wanted(tmp_path / "gone.om")
    assert page_of([folder]) == "graphs"
    assert telling.command([folder]) == ["diag", "graph", "diff", str(folder)]
    assert telling.command([file]) == ["diag", "graph", "show", str(file)]


def test_a_tall_column_is_logarithmic_and_empty_ones_stay_thin(page):
    """A pass that changed thousands does not hide one that fused three."""
    page.strip.tell(Counted(0, 9000, changed=8000))
    page.strip.resize(400, 64)
    image = page.strip.grab().toImage()
    x = int(page.strip._column(1).center().x())
    colours = np.array([image.pixelColor(x, y).rgb() for y in range(image.height())])
    assert len(set(colours.tolist())) > 2


def test_a_run_with_a_recording_shows_its_errors_on_both_graphs(opened, tmp_path, qtbot):
    """The planted fault: channel 3 of /conv2/Conv is a quarter too large on the device."""
    golden, dumps = shared("formats/mindir/toy.onnx"), shared("formats/synthetic/dump/20260101000000/0/toy/1/0")
    graph = shared("formats/synthetic/ge_proto_00000099_graph_0_Build.txt")
    list(compare_recording(ComparePlan(golden, dumps, tmp_path / "run", graph=graph, checks=False), Cancel()))
    window = opened()
    window.turn("graphs")
    page = window.shelf.page
    page.open([tmp_path / "run"])
    ready(page, qtbot)
    qtbot.waitUntil(lambda: page.view.panes[1].canvas.scene is not None, timeout=PATIENCE_MS)
    left, right = (p.model for p in page.view.panes)
    mine, theirs = states(left), states(right)
    assert (mine["/relu1/Relu"], mine["/conv2/Conv"]) == (State.PASS, State.FAIL)
    assert (theirs["/conv1/Conv/relu1/Relu"], theirs["/conv2/Conv"]) == (State.PASS, State.FAIL)
    assert [n.name for n, own in zip(right.graph.nodes, right.overlay.own, strict=True) if own] == ["/conv2/Conv"]
    assert theirs["trans_TransData_2"] is State.NONE
    page.view.select(("golden", "/conv2/Conv"))
    linked = page.view.panes[1]._linked.tolist()
    assert [right.name(i) for i in linked] == ["/conv2/Conv"]
    assert page.view.legend.isVisible()


def test_another_compilation_of_the_folder_is_chosen(page, folder, qtbot):
    assert page.which.count() == 1
    (folder / "ge_proto_00000007_graph_4_Build.txt").write_text(dump(op("y", "Data"), op("neg", "Neg", "y:0")))
    page.open([folder])
    ready(page, qtbot)
    assert [page.which.itemText(i) for i in range(2)] == ["compilation 1", "compilation 4"]
    assert page.which.isVisible()
    page.which.setCurrentIndex(1)
    page.which.activated.emit(1)
    ready(page, qtbot)
    assert [s.name for s in page.strip.stages] == ["Build"]
    assert [n.name for n in page.view.panes[0].model.graph.nodes] == ["neg"]
