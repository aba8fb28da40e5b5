"""The table of layers: who gets the room, and what is ready before it is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.assets import Look
from app.models.columns import Array
from app.models.layers import columns_of
from app.session import Session
from app.theme import LIGHT
from app.views.layers import LayersView
from diag.workspace.runs import RunFolder


@pytest.fixture(scope="module")
def data(recorded: Path) -> dict[str, Array]:
    return columns_of(RunFolder.open(recorded).comparison().layers)


@pytest.mark.parametrize("width", [620, 760, 1400, 2400])
def test_the_name_takes_the_room_that_is_left_and_both_errors_stay_seen(data: dict[str, Array], qtbot, width: int):
    view = LayersView(Session(), Look(LIGHT), "en")
    qtbot.addWidget(view)
    view.resize(width, 500)
    view.show()
    view.set_data(data)
    table, keys = view.table, [c.key for c in view.model.columns]
    node, error = keys.index("node"), keys.index("own_input")
    for preset, from_width in (("overview", 1400), ("errors", 2400)):
        view.set_preset(preset)
        room = table.viewport().width()
        assert table.columnWidth(node) >= 120
        if width >= 760 or preset == "overview":
            assert table.columnViewportPosition(error) + table.columnWidth(error) <= room
        if width >= from_width:
            assert table.horizontalHeader().length() == room
            assert table.columnWidth(node) > 300


def test_reasons_take_what_the_longest_name_leaves(data: dict[str, Array], qtbot):
    view = LayersView(Session(), Look(LIGHT), "en")
    qtbot.addWidget(view)
    view.resize(3000, 500)
    view.show()
    view.set_data(data)
    view.set_preset("errors")
    keys = [c.key for c in view.model.columns]
    longest = view.table.fontMetrics().horizontalAdvance(max(data["node"], key=len))
    assert longest <= view.table.columnWidth(keys.index("node")) <= longest + 40
    assert view.table.columnWidth(keys.index("reason")) > 380
    assert view.table.horizontalHeader().length() == view.table.viewport().width()


def test_a_search_typed_before_the_rows_are_ready_is_done_when_they_are(data: dict[str, Array], qtbot):
    view = LayersView(Session(), Look(LIGHT), "en")
    qtbot.addWidget(view)
    many = {key: np.concatenate([values] * 60) for key, values in data.items()}
    view.set_data(many)
    assert view._prepare.busy
    view.search.setText("layer_norm1")
    view._apply()
    assert view.model.rowCount() == view.model.total
    qtbot.waitUntil(lambda: view.model.rowCount() < view.model.total, timeout=10_000)
    assert view.model.rowCount() == 60 * sum("layer_norm1" in name for name in data["node"])
