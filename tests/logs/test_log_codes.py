"""Codes in every spelling."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from diag.logs.catalogue import load_catalogue
from diag.logs.codes import codes_in, look_up
from diag.logs.words import code_lines

FAMILIES = 25


def test_the_catalogue_is_whole() -> None:
    entries = load_catalogue()
    assert len(entries) == 2511
    assert len({entry.family for entry in entries}) == FAMILIES
    assert len({(entry.family, entry.code) for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.meaning["en"].endswith(".")
        assert not re.search(r"[\u4e00-\u9fff]", entry.meaning["en"])
        assert re.search(r"[\u4e00-\u9fff]", entry.meaning["zh"]), entry.code
        for sentence in (*entry.causes, *entry.fixes):
            assert set(sentence) == {"en", "zh"}


def test_no_sentence_is_only_fix_it() -> None:
    document = json.loads(files("resources").joinpath("logs/codes.json").read_text("utf-8"))
    for sentence in (*document["causes"], *document["fixes"]):
        assert len(sentence["en"].split()) >= 3 or sentence["en"] == "Nothing to do."


@pytest.mark.parametrize("entry", load_catalogue()[::37], ids=lambda entry: entry.code)
def test_every_family_is_found_by_its_own_spelling(entry) -> None:
    assert entry in look_up(entry.code).entries
    assert entry in look_up(entry.code.lower()).entries


@pytest.mark.parametrize(("spelling", "code", "family"), [
    ("E10001", "E10001", "CANN E-code"), ("ez9999:", "EZ9999", "CANN E-code"), ("507011", "507011",
                                                                                "aclError (runtime)"),
    ("0x7BC83", "507011", "aclError (runtime)"), ("118816848", "0x7150050", "runtime InnerCode"),
    ("0x07150050", "0x7150050", "runtime InnerCode"), ("1343225857", "1343225857", "GE status (ErrorNo)"),
    ("0x50100001", "1343225857", "GE status (ErrorNo)"), ("0x0000000005010010", "HCCL 16", "HcclResult"),
    ("HCCL 9", "HCCL 9", "HcclResult"), ("retCode=0x26", "TS 0x26", "task scheduler retCode"), ("TS 38", "TS 0x26",
                                                                                                ("task scheduler "
                                                                                                "retCode")),
    ("(0x800000,0,0)", "(0x800000, 0, 0)", "AI Core errcode"), ("(8388608, 0, 0)", "(0x800000, 0, 0)",
                                                                "AI Core errcode"),
    ("ERR00100", "ERR00100", "torch_npu"), ("-8020", "-8020", "DCMI"), ("0xFFFFFED4", "-300", "MindSpore Lite status"),
    ("4294966996", "-300", "MindSpore Lite status"), ("0x8c2fa009", "0x8C2FA009", "hardware event"),
    ("Common error code.", "-1", "MindSpore Lite status"), ("RT_ERROR_DEVICE_NULL", "0x7010001", "runtime InnerCode"),
    ("drv 6", "DRV 6", "drvError_t"),
])
def test_spellings(spelling: str, code: str, family: str) -> None:
    assert (code, family) in [(entry.code, entry.family) for entry in look_up(spelling).entries]


def test_numeric_twins() -> None:
    assert look_up("4294967295").twins == ("4294967295", "0xFFFFFFFF", "-1")
    families = {entry.family for entry in look_up("-1").entries}
    assert families == {"graphStatus", "MindSpore Lite status", "GE status (ErrorNo)"}
    assert families == {entry.family for entry in look_up("0xffffffff").entries}


def test_a_small_number_is_ambiguous_and_says_so() -> None:
    assert {entry.family for entry in look_up("6").entries} >= {"HcclResult", "drvError_t", "task scheduler retCode"}


def test_composed_ge_number_is_taken_apart() -> None:
    fields = look_up("1343242270").fields
    assert (fields["module"], fields["value"], fields["runs on"], fields["type"]) == ("graph", "30", "host", "error")
    unknown = look_up("0x50104999")
    assert not unknown.entries
    assert unknown.fields["module"] == "graph"
    assert unknown.family == "GE status (ErrorNo)"
    assert len(unknown.near) == 3


def test_renumbered_codes_by_era() -> None:
    assert [entry.era for entry in look_up("E19010").entries] == ["CANN 5.0/5.1 and earlier"]
    codes = {entry.code for entry in load_catalogue()}
    both = [code for code in codes if len({entry.era for entry in look_up(code).entries}) > 1]
    for code in both:
        assert look_up(code).entries[0].era == ""
        assert look_up(code, old=True).entries[0].era != ""


@pytest.mark.parametrize(("spelling", "family"), [
    ("507999", "aclError (runtime)"), ("E10099", "CANN E-code of graph engine, ATC and parsers"), ("ERR09999",
                                                                                                   "torch_npu"),
    ("0x71500FF", "runtime InnerCode"), ("EQ1234", "CANN code of an unknown component"), ("hello", ""), ("", ""),
    ("99999999999999999999", "")])
def test_unknown_codes_get_a_family(spelling: str, family: str) -> None:
    answer = look_up(spelling)
    assert not answer.entries
    assert answer.family == family
    assert code_lines(answer, "en")
    assert code_lines(answer, "zh")


def test_an_entry_without_cause_says_so() -> None:
    lines = code_lines(look_up("0x7010001"))
    assert any("gives no cause" in line for line in lines)


def test_codes_in_a_line() -> None:
    text = "EZ9999: rtX failed, runtime result = 507015, retCode=0x26, InnerCode=0x7150026, ge=4294967295[LINE:123456]"
    assert list(codes_in(text)) == ["EZ9999", "507015", "TS 0x26", "0x7150026", "4294967295"]
    assert list(codes_in("time 10.507015 s, file E1234567, /path/E10001.cc")) == []
