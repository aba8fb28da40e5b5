"""The HTML file by its text: self-contained, and nothing in it that a name could turn into markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from report import factory

from diag.errors import UsageError
from diag.report import Histogram, Style, render, write
from diag.report.catalogues import labels
from diag.report.html.data import embed, limits, page_data

HOSTILE = "</script><script>x()</script><!--<img src=x onerror=x()>&amp;\u2028{{data}}"


def data(page: str) -> dict:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    return json.loads(block[1])


@pytest.fixture(scope="module")
def page():
    return render(factory.comparison(), "html")


def test_it_loads_nothing(page):
    assert set(re.findall(r"[a-z]+://[^\s'\"<]*", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<link|@import|url\(|<img|<iframe|fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|eval\(",
                         page)
    assert "default-src 'none'" in page


def test_every_placeholder_is_filled(page):
    assert not re.search(r"\{\{\w+\}\}", page)
    assert page.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
    assert '<html lang="zh-CN">' in render(factory.comparison(), "html", Style(lang="zh"))


def test_the_script_has_all_its_words_and_no_others(page):
    asked = set(re.findall(r"\bH\.([a-z_]+)", page)) | {"no_script", "cumulative", "own_input", "reference"}
    listed = re.search(r"\[('path'.*?)\]", page)
    assert listed is not None
    assert set(labels("en")["html"]) == asked | set(re.findall(r"'(\w+)'", listed[1]))


def test_names_are_data_only():
    page = render(factory.hostile(HOSTILE), "html")
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert data(page)["layers"]["strings"].count(HOSTILE) == 1
    assert "&lt;/script&gt;&lt;script&gt;" in page  # the headline, as text


def test_embedded_text_has_no_markup_characters():
    text = embed({"a": HOSTILE})
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"a": HOSTILE}


def test_layers_are_columns():
    made = factory.comparison()
    layers = data(render(made, "html"))["layers"]
    columns, strings = layers["columns"], layers["strings"]
    assert layers["count"] == 40
    assert [strings[at] for at in columns["node"]] == [r.golden_node for r in made.layers]
    assert columns["target_node"][13] == -1
    assert columns["own_input"]["rel_l2"][11] == pytest.approx(made.layers[11].own_input.rel_l2, rel=1e-5)
    assert columns["own_input"]["rel_l2"][13] is None
    assert columns["own_input"]["mismatch"] is None
    assert columns["reference"] is None


@pytest.mark.parametrize(("preset", "dtype", "metric", "own", "cumulative"), [
    ("calibrated", "float32", "rel_l2", (1e-5, 1e-4), (1e-4, 1e-3)),
    ("calibrated", "float16", "nr", (4, 16), (16, 64)),
    ("calibrated", "bfloat16", "max_abs_over_p999", (64 / 256, 1.0), (1.0, 4.0)),
    ("mindstudio", "float32", "rel_l2", (0.05, 0.05), (0.05, 0.05)),
])
def test_limits_are_those_of_the_contract(preset, dtype, metric, own, cumulative):
    found = limits(preset, dtype)[metric]
    assert found["own_input"] == pytest.approx(own)
    assert found["cumulative"] == pytest.approx(cumulative)


def test_an_element_type_that_is_none_of_ours_still_has_a_page():
    made = factory.comparison(5, faulty=-1)
    made = replace(made, target=replace(made.target, dtype="mixed"))
    data = page_data(made, "en", {})
    assert data["limits"]["rel_l2"] == {"cumulative": (1e-4, 1e-3), "own_input": (1e-5, 1e-4)}
    assert (data["gate"], data["limits_for"]) == ("rel_l2", "wide")


@pytest.mark.parametrize(("preset", "dtype", "gate", "kind"), [
    ("calibrated", "float16", "nr", "half"), ("calibrated", "float32", "rel_l2", "wide"),
    ("mindstudio", "float16", "rel_l2", "any"),
])
def test_the_gate_is_the_presets(preset, dtype, gate, kind):
    made = factory.comparison(5, faulty=-1)
    data = page_data(replace(made, preset=preset, target=replace(made.target, dtype=dtype)), "en", {})
    assert (data["gate"], data["limits_for"]) == (gate, kind)
    assert gate in data["limits"]


def test_histograms_come_along():
    tensor = factory.comparison().layers[11].golden_tensor
    page = render(factory.comparison(), "html", Style(histograms={tensor: Histogram([0, 1, 2], [3, 1], [2, 2])}))
    assert data(page)["histograms"] == [{"tensor": tensor, "edges": [0.0, 1.0, 2.0], "golden": [3.0, 1.0],
                                         "target": [2.0, 2.0]}]


def test_eight_thousand_layers_stay_small():
    assert len(render(factory.comparison(8000, faulty=4003), "html")) < 8_000_000


@pytest.mark.parametrize("fmt", ["console", "json", "csv", "html"])
def test_write_makes_the_whole_file(tmp_path, fmt):
    path = tmp_path / "new" / f"report.{fmt}"
    write(factory.comparison(), fmt, path)
    assert path.read_bytes().decode("utf-8") == render(factory.comparison(), fmt)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="The report cannot be written") as caught:
        write(factory.comparison(3, faulty=1), "csv", tmp_path / "file" / "report.csv")
    assert caught.value.where == f"in {tmp_path / 'file' / 'report.csv'}"
