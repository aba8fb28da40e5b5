"""Both catalogues say the same things, and everything that the program finds has words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from diag.rules import RULES, Code, finding, words
from diag.rules.words import catalogue, placeholders
from diag.types.finding import Finding, Severity

SOURCE = Path(__file__).resolve().parents[2]
LANGS = ["en", "zh"]


def test_both_languages_have_the_same_entries_in_the_same_order():
    assert list(catalogue("en")) == list(catalogue("zh"))


@pytest.mark.parametrize("code", list(catalogue("en")))
def test_both_languages_use_the_same_placeholders(code):
    en, zh = catalogue("en")[code], catalogue("zh")[code]
    assert placeholders(en) == placeholders(zh)
    assert len(en.advice) == len(zh.advice)


@pytest.mark.parametrize("code", list(Code))
def test_words_want_exactly_what_the_rule_promises(code):
    assert placeholders(catalogue("en")[code]) - {"subject"} <= set(RULES[code].values)
    said = set(RULES[code].values) - placeholders(catalogue("en")[code])
    assert said <= {"name", "op"}  # promised for the table of differences, not needed in the sentence


def test_every_code_has_a_rule_and_nothing_else_does():
    assert set(RULES) == set(Code)
    assert {c for c in catalogue("en") if c != "unknown"} >= set(Code)


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_named_in_the_source_has_words(lang):
    used = {code for room in ("diag", "app") for path in (SOURCE / room).rglob("*.py")
            for code in re.findall(r"\b(?:ACC|CNV|PRF|LOG|ENV|PIP)[0-9]{3}\b", path.read_text(encoding="utf-8"))}
    assert used <= set(catalogue(lang)), sorted(used - set(catalogue(lang)))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("code", list(catalogue("en")))
def test_an_entry_is_complete(code, lang):
    entry = catalogue(lang)[code]
    assert 0 < len(entry.title) <= 120
    assert len(entry.explanation) >= 20
    assert entry.advice
    assert all(text.endswith((".", "。")) for text in (entry.explanation, *entry.advice))
    assert not entry.title.endswith((".", "。"))


def test_placeholders_are_filled_and_numbers_are_short():
    found = finding(Code.LAYERNORM_EPSILON, "/ln/LayerNorm", op="LayerNormalization", name="epsilon",
                    golden=float(np.float32(1e-5)), target=0.0)
    assert words(found, "en").title == (
        "LayerNorm /ln/LayerNorm lost its epsilon: 0 in the converted model, 1e-05 in the original")
    assert words(found, "zh").title == "LayerNorm /ln/LayerNorm 丢失了 epsilon：转换后的模型中是 0，原模型中是 1e-05"


def test_a_value_is_text_and_never_a_template():
    found = Finding("ACC007", Severity.WATCH, "m", {"nodes": ["{subject}", "b"]})
    assert words(found).title == "The original model draws random numbers: {subject}, b"
    assert words(found, "zh").title.endswith("{subject}、b")


def test_a_code_of_another_version_still_says_what_it_is():
    assert words(Finding("ACC999", Severity.FAIL, "n")).title == "ACC999: n"


def test_an_absent_value_is_said_to_be_unknown():
    assert "unknown" in words(Finding("ACC022", Severity.FAIL, "n", {"op": "Conv", "name": "w"})).title


def test_a_finding_without_its_values_is_refused():
    with pytest.raises(TypeError, match="ATTRIBUTE_DIFFERS needs name, golden, target"):
        finding(Code.ATTRIBUTE_DIFFERS, "n", op="Conv")


def test_severity_is_the_usual_one_unless_told():
    assert finding(Code.QUANTISED_LAYERS, "m", count=3).severity is Severity.INFO
    assert finding(Code.QUANTISED_LAYERS, "m", severity=Severity.FAIL, count=3).severity is Severity.FAIL
