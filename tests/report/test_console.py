"""What a person at a terminal reads."""

from __future__ import annotations

import re
from dataclasses import replace

import goldenfile
import pytest
from report import factory

from diag.report.console import render
from diag.report.text import clean, elide, pad, width, wrap
from diag.types.layer import Verdict


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_is_as_it_was(lang):
    goldenfile.check(f"compare.{lang}.txt", render(factory.comparison(), lang))


def test_the_healthy_report_is_as_it_was():
    goldenfile.check("compare-pass.en.txt", render(factory.comparison(faulty=-1)))


def test_order_is_answer_layer_reason_advice_numbers():
    said = render(factory.comparison())
    heads = ["FAIL: ", "Is the final output right?", "Which layer injects", "Why?", "What to do", "Layers with",
             "What could not", "Notes", "Files"]
    places = [said.index(head) for head in heads]
    assert places == sorted(places)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(lang, columns):
    for made in (factory.comparison(60), factory.comparison(faulty=-1), factory.hostile("名" * 90)):
        said = render(made, lang, columns=columns)
        assert [line for line in said.splitlines() if width(line) > columns] == []


def test_colour_only_when_told_and_nothing_else_changes():
    plain, coloured = render(factory.comparison()), render(factory.comparison(), color=True)
    assert "\x1b" not in plain
    assert "\x1b[31;1m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_names_cannot_command_the_terminal():
    said = render(factory.hostile("a\x1b[2Jb\rc\u202ed\ne"))
    assert not set(said) & set("\x1b\r\u202e")
    assert "a\\u001b[2Jb c\\u202ed e" in said


def test_nonfinite_is_named_before_any_number():
    made = factory.comparison()
    broken = replace(made.layers[3], own_input=factory.metrics(0.5, nonfinite=1500), verdict=Verdict.FAIL)
    assert "NaN/inf 1,500" in render(replace(made, layers=(*made.layers[:3], broken, *made.layers[4:])))


def test_many_culprits_are_cut_short():
    made = factory.comparison()
    assert "… and 4 more" in render(replace(made, culprits=made.culprits * 10))


def test_nothing_at_all_is_told_too():
    made = factory.comparison(2, faulty=-1)
    said = render(replace(made, layers=(), outputs=(), unmatched_golden=(), unmatched_target=(), findings=(), run=None))
    assert said.startswith("PASS: there is no output to judge\n")
    assert "Layers with" not in said


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("中文", 4), ("e\u0301", 1), ("…", 1), ("", 0)])
def test_width_counts_columns(text, columns):
    assert width(text) == columns


def test_elide_keeps_both_ends():
    assert elide("/text_model/encoder/LayerNorm", 15) == "/text…LayerNorm"
    assert width(elide("中" * 30, 11)) <= 11
    assert elide("abc", 3) == "abc"


def test_pad_and_wrap_count_columns():
    assert pad("中", 4) == "中  "
    assert pad("中", 4, right=True) == "  中"
    assert wrap("one two three", 8, "  ") == ["  one", "  two", "  three"]
    assert wrap("这是一个句子，很长。", 8) == ["这是一个", "句子，很", "长。"]
    assert wrap("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert wrap("", 10, "  ") == [""]


def test_clean_shows_what_is_hidden():
    assert clean("a\tb\x07") == "a b\\u0007"
