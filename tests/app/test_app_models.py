"""Models: what Qt expects of them, sorting, filtering, search, pictures of tensors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt

from app.assets import Look
from app.models.columns import Column, ColumnModel
from app.models.export import write_csv
from app.models.layers import LayerModel, columns_of, decisive
from app.models.records import Record, RecordModel
from app.models.search import Search
from app.theme import LIGHT
from diag.cancel import Cancel
from diag.compare.pictures import channel_axis, pictures, plane
from diag.errors import Cancelled, UsageError
from diag.types.metrics import Metrics
from diag.workspace.runs import RunFolder

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def texts(*values: str):
    out = np.empty(len(values), object)
    out[:] = values
    return out


@pytest.fixture
def table(qapp) -> ColumnModel:
    model = ColumnModel([Column("name", "Name"), Column("value", "Value", lambda v: f"{v:g}", right=True)])
    model.replace({"name": texts("b", "a", "d", "c"), "value": np.array([3.0, math.nan, 1.0, 2.0])})
    return model


def shown(model: ColumnModel, column: int = 0) -> list[str]:
    return [model.index(r, column).data() for r in range(model.rowCount())]


def test_column_model_is_a_proper_model(table: ColumnModel, qtmodeltester):
    qtmodeltester.check(table)
    table.sort(1, DOWN)
    table.set_mask(np.array([True, False, True, True]))
    qtmodeltester.check(table)
    table.append({"name": texts("e"), "value": np.array([9.0])})
    qtmodeltester.check(table)


def test_record_and_layer_models_are_proper_models(recorded, qtmodeltester, qapp):
    records = RecordModel(("a", "b"), (1,))
    records.set_records([Record(("x", "1")), Record(("y", "2"))])
    qtmodeltester.check(records)
    layers = LayerModel(Look(LIGHT), "en")
    layers.replace(columns_of(RunFolder.open(recorded).comparison().layers))
    qtmodeltester.check(layers)


def test_numbers_that_are_missing_come_last_both_ways(table: ColumnModel):
    table.sort(1, UP)
    assert shown(table) == ["d", "c", "b", "a"]
    table.sort(1, DOWN)
    assert shown(table) == ["b", "c", "d", "a"]
    table.sort(-1, UP)
    assert shown(table) == ["b", "a", "d", "c"]


def test_a_selection_follows_its_row_through_sorting(table: ColumnModel):
    kept = QPersistentModelIndex(table.index(2, 0))
    table.sort(0, UP)
    assert kept.data() == "d"
    assert kept.row() == 3


def test_mask_and_sort_together(table: ColumnModel):
    table.sort(0, UP)
    table.set_mask(np.array([True, True, False, True]))
    assert shown(table) == ["a", "b", "c"]
    assert table.row(2) == -1
    assert table.source(0) == 1
    table.set_mask(None)
    assert shown(table) == ["a", "b", "c", "d"]


def test_rows_that_come_later_stand_at_the_end(table: ColumnModel):
    table.sort(0, UP)
    table.append({"name": texts("0"), "value": np.array([0.0])})
    assert shown(table) == ["a", "b", "c", "d", "0"]
    table.sort(0, UP)
    assert shown(table)[0] == "0"


@given(st.lists(st.text(alphabet="abAB \n", max_size=6), max_size=30), st.text(alphabet="abAB", min_size=1, max_size=3))
def test_search_finds_what_a_plain_loop_finds(lines: list[str], word: str):
    assert Search(lines).mask(word).tolist() == [word.casefold() in t.casefold() for t in lines]


def test_every_word_must_be_there():
    search = Search(["Conv block one", "conv two", "block one"])
    assert search.mask("one CONV").tolist() == [True, False, False]


def test_a_target_that_is_not_finite_sorts_above_every_error():
    assert decisive(Metrics(rel_l2=1e-3, nonfinite=2), "float32") == math.inf
    assert decisive(Metrics(rel_l2=1e-3), "float32") == 1e-3
    assert decisive(Metrics(rel_l2=1e-3, nr=7.0), "float16") == 7.0
    assert math.isnan(decisive(None, "float32"))


def test_pictures_are_exact_where_they_claim_to_be():
    golden = np.linspace(-1, 1, 2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    target = golden.copy()
    target[1, 2, 3, 4] += 0.5
    target[0, 1, 0, 0] = np.nan
    drawn = pictures(golden, target, Cancel())
    assert [w.index for w in drawn.worst] == [(0, 1, 0, 0), (1, 2, 3, 4)]
    assert drawn.worst[1].target - drawn.worst[1].golden == pytest.approx(0.5)
    assert drawn.golden_counts.sum() == golden.size
    assert drawn.target_counts.sum() == golden.size - 1
    assert not drawn.sampled
    assert drawn.axis == 1
    assert [c.number for c in drawn.channels] == [1, 2, 0]
    assert drawn.channels[2].rel_l2 == 0
    d = target[:, 2].astype(np.float64) - golden[:, 2]
    assert drawn.channels[1].rel_l2 == pytest.approx(np.sqrt((d**2).sum() / (golden[:, 2].astype(float)**2).sum()))


def test_large_tensors_are_sampled_with_their_worst_elements(monkeypatch):
    monkeypatch.setattr("diag.compare.pictures.BLOCK", 1000)
    golden = np.zeros(100_000, np.float32)
    target = golden.copy()
    target[77_777] = 3
    drawn = pictures(golden, target, Cancel())
    assert drawn.sampled
    assert drawn.x.size <= 20_001
    assert drawn.y.max() == 3
    assert drawn.worst[0].index == (77_777,)
    assert drawn.channels == ()


def test_drawing_can_be_cancelled():
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        pictures(np.ones(4), np.ones(4), cancel)


@pytest.mark.parametrize(("shape", "axis"),
                         [((), None), ((5,), None), ((2, 3), 1), ((1, 77, 32), 2), ((1, 4, 8, 8), 1)])
def test_channel_axis(shape, axis):
    assert channel_axis(shape) == axis


def test_a_plane_is_thinned_to_the_screen():
    golden = np.arange(3 * 2000 * 700, dtype=np.float32).reshape(3, 2000, 700)
    found = plane(golden, golden + 1, (2,))
    assert max(found.golden.shape) <= 700
    assert found.golden[0, 0] == golden[2, 0, 0]
    assert np.all(found.difference == 1)
    assert plane(np.float32(3), np.float32(4), ()).golden.shape == (1, 1)


def test_csv_is_safe_for_spreadsheets(tmp_path):
    write_csv(tmp_path / "t.csv", ["a", "b"], [["=1+1", "-1.5e-3"], ["@x", "plain, text"]])
    assert (tmp_path / "t.csv").read_text("utf-8-sig") == "a,b\r\n'=1+1,-1.5e-3\r\n'@x,\"plain, text\"\r\n".replace(
        "\r\n", "\n")
    with pytest.raises(UsageError, match="cannot be written"):
        write_csv(tmp_path / "no" / "t.csv", ["a"], [])
