"""The table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import goldenfile
import pytest
from report import factory

from diag.report.csv_ import BOM, render, safe
from diag.types.metrics import Metrics


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_the_table_is_as_it_was():
    goldenfile.check("compare.csv", render(factory.comparison(14)))


def test_every_layer_is_a_row_with_plain_numbers():
    made = factory.comparison(40)
    table = rows(render(made))
    assert len(table) == 40
    assert table[11]["verdict"] == "fail"
    assert table[11]["role"] == "injects"
    assert float(table[11]["own_input.rel_l2"]) == made.layers[11].own_input.rel_l2
    assert table[11]["cumulative.worst_index"] == "0x3x17"
    assert float(table[11]["own_input.golden.min"]) < 0
    assert table[13]["own_input.rel_l2"] == table[13]["target_node"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_formulas_are_defused(text):
    assert safe(text) == "'" + text
    table = rows(render(factory.hostile(text)))
    assert {row["golden_node"] for row in table} == {"'" + text}


def test_names_with_quotes_and_line_ends_survive():
    assert rows(render(factory.hostile('a"b,c\r\nd')))[0]["golden_node"] == 'a"b,c\r\nd'


def test_numbers_that_are_none_are_empty():
    made = factory.comparison(3, faulty=1)
    table = rows(render(replace(made, layers=(replace(made.layers[0], cumulative=Metrics(rel_l2=float("inf"))),))))
    assert table[0]["cumulative.rel_l2"] == table[0]["cumulative.cosine"] == ""
    assert table[0]["cumulative.size"] == "0"
