"""The rules as data: ids, words in both languages, findings that are stable, no rule that quotes a sample."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest
from labelled import labelled

from diag.logs.codes import look_up
from diag.logs.rules import NAMEABLE, Rule, Sort, load_rules

GENERIC = {"generic.code", "generic.inner", "generic.error", "generic.bare", "generic.exception"}


def all_rules() -> tuple[Rule, ...]:
    return load_rules().rules


def test_ids_are_unique() -> None:
    assert len(load_rules().by_id) == len(all_rules()) > 90


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_is_whole(rule: Rule) -> None:
    assert re.fullmatch(r"LOG\d{3}", rule.finding)
    assert bool(rule.patterns) is (rule.id not in GENERIC)
    groups = {name for pattern in rule.patterns for name in pattern.groupindex} | {"code", "message", "type"}
    joined = {"kernel", "node", "op", "assertion", "errcode", "reason", "meaning"}
    for lang in ("en", "zh"):
        words = rule.words[lang]
        assert words.title
        for text in (words.title, words.cause, words.fix):
            assert set(re.findall(r"\{(\w+)\}", text)) <= groups | joined, text
    places = [set(re.findall(r"\{(\w+)\}", rule.words[lang].title)) for lang in ("en", "zh")]
    assert places[0] == places[1]
    assert rule.needs == "" or rule.needs in load_rules().by_id
    assert (rule.rank >= NAMEABLE) == (rule.sort in (Sort.ROOT, Sort.CLASS))
    assert re.search(r"[\u4e00-\u9fff]", rule.words["zh"].title) or "{message}" in rule.words["zh"].title


def test_one_finding_says_one_thing() -> None:
    """Rules that share a finding are of one kind of file or fault: at most three of them do."""
    shared: dict[str, list[str]] = {}
    for rule in all_rules():
        shared.setdefault(rule.finding, []).append(rule.id)
    assert all(len(ids) <= 4 for ids in shared.values()), shared


def test_no_rule_quotes_a_sample() -> None:
    """No literal of a rule holds a name, number or path that only one of the samples has."""
    text = "\n".join(file.read_text("utf-8") for file in files("resources").joinpath("logs/rules").iterdir())
    patterns = [str(p) for item in tomllib.loads(text)["rule"] for p in item["match"]]
    for sample in labelled():
        log = sample.log.read_text("utf-8", "replace")
        for name in set(re.findall(r"[A-Za-z_]\w*_[0-9a-f]{12,}\w*|/(?:[\w.-]+/){3,}[\w.-]+|\b\d{5,}\b", log)):
            if not look_up(name).entries:  # a code of the catalogue is no quotation
                assert not any(re.search(rf"\b{re.escape(name)}\b",
                                         pattern) for pattern in patterns), (sample.log.name, name)


def test_sentences_have_both_languages() -> None:
    table = tomllib.loads(files("resources").joinpath("logs/sentences.toml").read_text("utf-8"))
    for key, item in table.items():
        assert set(item) == {"en", "zh"}, key
        assert set(re.findall(r"\{(\w+)\}", item["en"])) == set(re.findall(r"\{(\w+)\}", item["zh"])), key
    wanted = {rule.wants for rule in all_rules() if rule.wants}
    assert {f"wanted-{key}" for key in wanted} <= set(table)
