"""The HTML file in a real browser: it draws, sorts, filters and selects, and names stay text."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from report import factory
from report.browser import Browser, find

from diag.report import Histogram, Style, write
from diag.types.dtype import DType
from diag.types.layer import Verdict

HOSTILE = "</script><img src=x onerror='hacked=1'><script>hacked=1</script><svg onload=hacked=1>&lt;\u202e{{data}}"
OWN = "own_input.gate"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find()
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def show(browser, tmp_path):
    def show(made, style=None, **view):
        write(made, "html", tmp_path / "report.html", style)
        browser.open(tmp_path / "report.html", **view)
        return browser
    return show


def rows(page: Browser) -> list[int]:
    """Layers in view, from top to bottom."""
    return page.js("[...document.querySelectorAll('.body .row')].sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)"
                   ".map((row) => Number(row.id.slice(4)))")


def click(page: Browser, selector: str) -> None:
    page.js(f"document.querySelector({selector!r}).click()")
    page.settle()


def press(page: Browser, key: str) -> None:
    text = {"text": key} if len(key) == 1 else {}
    page.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
    page.send("Input.dispatchKeyEvent", type="keyUp", key=key)
    page.settle()


def test_eight_thousand_layers_are_quick(show):
    page = show(factory.comparison(8000, faulty=4003))
    assert page.problems() == []
    assert [url.rpartition("/")[2] for url in page.requests()] == ["report.html"]
    assert page.js("document.querySelectorAll('.body .row').length") < 80
    assert page.js("document.querySelector('.grid').ariaRowCount") == "8001"
    started = time.monotonic()
    click(page, f"[data-key='{OWN}']")
    assert rows(page)[0] == 4003
    page.js("document.querySelector('.grid').scrollTop = 100000")
    page.settle()
    assert page.js("document.querySelectorAll('.body .row').length") < 80
    assert time.monotonic() - started < 5


def test_sorting_goes_both_ways_and_is_announced(show):
    page = show(factory.comparison())
    click(page, f"[data-key='{OWN}']")
    assert rows(page)[0] == 11
    assert page.js(f"document.querySelector(\"[data-key='{OWN}']\").getAttribute('aria-sort')") == "descending"
    click(page, f"[data-key='{OWN}']")
    assert page.js(f"document.querySelector(\"[data-key='{OWN}']\").getAttribute('aria-sort')") == "ascending"
    click(page, "[data-key=index]")
    assert rows(page)[:4] == [0, 1, 2, 3]
    page.js("document.querySelector('.grid').scrollTop = 1e6")
    page.settle()
    assert rows(page)[-1] == 39


def test_filters_add_up_and_are_cleared(show):
    page = show(factory.comparison())
    click(page, ".chip[data-value=injects]")
    assert rows(page) == [11]
    click(page, ".chip[data-value=injects]")
    click(page, ".chip[data-value=not_comparable]")
    assert rows(page) == [13]
    click(page, ".chip[data-value=not_comparable]")
    page.js("search.value = 'LAYERS.1/ mlp'; search.dispatchEvent(new Event('input'))")
    assert rows(page) == [8, 10, 12, 13, 14]  # 13: its reason names layer 14
    page.js("op.value = 'MatMul'; op.dispatchEvent(new Event('change'))")
    assert rows(page) == [12]
    assert page.js("document.querySelector('.shown').textContent") == "1 of 40 layers"
    page.js("search.value = 'nothing like it'; search.dispatchEvent(new Event('input'))")
    assert page.js("!document.querySelector('.empty').hidden")
    page.js("[...document.querySelectorAll('.controls button')].find((b) => b.textContent === 'Clear filters').click()")
    assert page.js("document.querySelector('.shown').textContent") == "40 of 40 layers"


def test_a_layer_is_selected_everywhere(show):
    page = show(factory.comparison(), height=1600)
    click(page, "#row-4")
    said = page.js("document.getElementById('details').innerText")
    assert "MatMul_4" in said
    assert "fused, confidence 90 %" in said
    assert "own input" in said.lower()
    assert page.js("document.querySelectorAll('.chosen').length") == 1
    click(page, ".culprit button")
    assert "LayerNormalization_11" in page.js("document.querySelector('#details h3').textContent")
    assert page.js("document.querySelector('#row-11').ariaSelected") == "true"
    press(page, "Escape")
    assert page.js("document.getElementById('details').hidden")


def test_the_curve_names_a_layer_and_jumps_to_its_row(show):
    page = show(factory.comparison(), height=2400)
    x, y = page.js("""(() => { const box = document.querySelector('circle.injects').getBoundingClientRect();
                   return [box.x + box.width / 2, box.y + box.height / 2]; })()""")
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    page.settle()
    assert "LayerNormalization_11, cumulative 5.0e-02" in page.js("document.querySelector('.cursor').textContent")
    for kind in ("mousePressed", "mouseReleased"):
        page.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    page.settle()
    assert page.js("document.querySelector('#row-11').ariaSelected") == "true"


def test_a_range_of_the_curve_filters_the_table(show):
    page = show(factory.comparison(200, faulty=83), height=2400)
    left, right, y = page.js("""(() => { const box = document.querySelector('.band.fail').getBoundingClientRect();
                             return [box.left, box.right, box.bottom + 40]; })()""")
    page.send("Input.dispatchMouseEvent", type="mousePressed", x=left + (right - left) / 4, y=y, button="left",
              clickCount=1)
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=(left + right) / 2, y=y, button="left")
    page.send("Input.dispatchMouseEvent", type="mouseReleased", x=(left + right) / 2, y=y, button="left", clickCount=1)
    page.settle()
    assert rows(page)[0] in range(48, 52)
    assert page.js("document.querySelector('.shown').textContent").startswith("51 of 200")


def test_the_keyboard_is_enough(show):
    page = show(factory.comparison())
    page.js("document.querySelector('.grid').focus()")
    press(page, "ArrowDown")
    press(page, "ArrowDown")
    assert page.js("document.querySelector('.grid').getAttribute('aria-activedescendant')") == "row-1"
    press(page, "n")
    assert page.js("document.querySelector('.grid').getAttribute('aria-activedescendant')") == "row-11"
    press(page, "n")
    press(page, "p")
    assert page.js("document.querySelector('.grid').getAttribute('aria-activedescendant')") == "row-11"
    page.js("document.querySelector('svg.curve').focus()")
    press(page, "ArrowRight")
    press(page, "Enter")
    assert page.js("document.querySelector('.grid').getAttribute('aria-activedescendant')") == "row-12"
    press(page, "/")
    assert page.js("document.activeElement.id") == "search"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_names_stay_text(show, lang):
    histograms = {HOSTILE: Histogram([0, 1], [1], [1])}
    page = show(factory.hostile(HOSTILE), Style(lang=lang, histograms=histograms))
    click(page, "#row-3")
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.problems() == []
    assert page.js("typeof hacked") == "undefined"
    assert page.js("document.querySelectorAll('img, svg[onload]').length") == 0
    assert page.js("document.querySelectorAll('script').length") == 2
    for place in ("h1", "#details h3", "#unmatched", "#inputs", "#checks", "#environment", "#reproduce", "#findings",
                  ".culprit h3", "#outputs", "#histograms", "#row-3", "#printed"):
        assert HOSTILE[:60] in page.js(f"document.querySelector('{place}').textContent"), place


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_is_wider_than_the_window(show, lang, width):
    page = show(factory.comparison(60, faulty=11), Style(lang=lang), width=width)
    click(page, "#row-4")
    assert page.js("document.documentElement.scrollWidth") == width
    assert page.problems() == []
    assert page.js("document.body.innerText.includes('undefined')") is False


def test_dark_follows_the_system(show):
    colour = "getComputedStyle(document.body).backgroundColor"
    light = show(factory.comparison(5, faulty=-1)).js(colour)
    assert light != show(factory.comparison(5, faulty=-1), dark=True).js(colour)


def test_nonfinite_layers_are_marked(show):
    made = factory.comparison()
    broken = replace(made.layers[20], cumulative=factory.metrics(0.5, nonfinite=9), verdict=Verdict.FAIL)
    page = show(replace(made, layers=(*made.layers[:20], broken, *made.layers[21:])))
    assert page.js("document.querySelectorAll('path.nonfinite').length") == 1
    click(page, "[data-key='cumulative.gate']")
    assert rows(page)[0] == 20
    assert "NaN ×9" in page.js("document.querySelector('#row-20').textContent")


def test_limits_hold_only_for_the_type_they_are_made_for(show):
    made = factory.comparison(12, faulty=3)
    half = [replace(r, dtype=DType.FLOAT16) if i != 5 else r for i, r in enumerate(made.layers)]
    page = show(replace(made, layers=tuple(half), target=replace(made.target, dtype="auto")))
    levels = page.js("Array.from({length: 12}, (_, i) => document.querySelectorAll(`#row-${i} [data-level]`).length)")
    assert levels[3] == 2
    assert levels[4] == 1
    assert levels[5] == 0
    assert "noise ratio" in page.js("document.querySelector('.head').textContent")


def test_exact_layers_are_ticks(show):
    made = factory.comparison(12, faulty=3)
    exact = [replace(r, own_input=factory.metrics(0.0)) if i in (6, 8) else r for i, r in enumerate(made.layers)]
    page = show(replace(made, layers=tuple(exact)))
    ticks = "document.querySelector('g[data-series=own_input] .exact').getAttribute('d').split('v-4').length - 1"
    assert page.js(ticks) == 2
    assert page.js("document.querySelector('g[data-series=own_input] .alone').getAttribute('d').length") > 0


def test_paper_gets_a_plain_table(show):
    page = show(factory.comparison(400, faulty=83))
    page.js("dispatchEvent(new Event('beforeprint'))")
    page.send("Emulation.setEmulatedMedia", media="print")
    page.settle()
    assert page.js("document.querySelectorAll('#printed tbody tr').length") == 200
    assert "LayerNormalization_83" in page.js("document.querySelector('#printed tbody tr').textContent")
    assert page.js("getComputedStyle(document.querySelector('.grid')).display") == "none"
    page.js("dispatchEvent(new Event('afterprint'))")
    assert page.js("document.getElementById('printed')") is None
    page.send("Emulation.setEmulatedMedia", media="")


def test_an_empty_comparison_is_a_page_too(show):
    made = factory.comparison(3, faulty=-1)
    page = show(replace(made, layers=(), outputs=(), findings=(), inputs=(), checks={}, unmatched_golden=(),
                        unmatched_target=(), run=None))
    assert page.problems() == []
    assert "No layer injects an error." in page.js("document.getElementById('culprits').textContent")
