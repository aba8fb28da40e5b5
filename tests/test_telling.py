"""Errors in Chinese: every sentence of the catalogue is one of the source, and is told with its values."""

from __future__ import annotations

import argparse
import ast
import inspect
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from diag.errors import Cancelled, FormatError, RuntimeUnavailable, UsageError, refused
from diag.telling import lines, tell, texts

ROOT = Path(__file__).resolve().parents[1]
FIELD = re.compile(r"\{\w+\}")
PUT_TOGETHER = {"in_byte", "found"}
"""Of FormatError, which puts them together from parts."""


@cache
def _written() -> frozenset[str]:
    """Every text of the source, what is filled in as {}."""
    found = set()
    for folder in ("diag", "app"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
                elif isinstance(node, ast.JoinedStr):
                    found.add("".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values))
    return frozenset(found)


_RAISED = {"UsageError", "FormatError", "ToolFailed", "WorkerCrashed", "RuntimeUnavailable", "DiagError", "Cancelled",
           "Message"}
_CODE = re.compile(r"diag( [a-z]+){1,2}( --?[a-z]+| [A-Z][\w.…]*)*|attach\(.*\)")
"""A command or code and nothing else: the same in every language."""


def _spoken(node: ast.expr) -> Iterator[str]:
    """What an expression may be as text, what is filled in as {}."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from (*_spoken(one), *_spoken(other))


def _raised() -> Iterator[tuple[str, str]]:
    """(file, text) of every message and hint that stands where an error or a message is made."""
    for file in (f for folder in ("diag", "app") for f in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in _RAISED:
                first = node.args[name == "FormatError":][:1]
                for part in (*first, *(k.value for k in node.keywords if k.arg == "hint")):
                    yield from ((str(file.relative_to(ROOT)), text) for text in _spoken(part))


def _staged() -> Iterator[str]:
    """Every stage and unit of progress."""
    for file in sorted((ROOT / "diag").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Progress":
                for part in (*node.args[:1], *node.args[3:4]):
                    yield from filter(None, _spoken(part))


def test_every_stage_has_its_chinese_words():
    known = {FIELD.sub("{}", s) for s in texts("en")["stages"].values()}
    assert len(known) > 50
    assert {text for text in _staged() if re.search("[A-Za-z]", text)} <= known


def test_every_message_and_hint_has_its_chinese_sentence():
    known = {FIELD.sub("{}", s) for part in texts("en").values() for s in part.values()}
    words = [(file, text) for file, text in _raised() if re.search("[A-Za-z]{3}", text.replace("{}", ""))]
    assert len(words) > 700
    assert [(file, text) for file, text in words if text not in known and not _CODE.fullmatch(text)] == []


@pytest.mark.parametrize("key", sorted(texts("en")["sentences"].keys() - PUT_TOGETHER))
def test_each_sentence_is_one_of_the_source(key: str):
    assert FIELD.sub("{}", texts("en")["sentences"][key]) in _written()


def test_what_the_system_says_is_what_it_says():
    for number, sentence in texts("en")["system"].items():
        assert os.strerror(int(number)) == sentence


def test_what_python_says_of_a_command_line_is_what_it_says():
    source = inspect.getsource(argparse).lower()
    for sentence in texts("en")["command_line"].values():
        for words in FIELD.split(sentence.lower().removeprefix("argument {name}: ")):
            assert words.strip() in source, sentence
    assert "argument %(argument_name)s: %(message)s" in source


def test_both_languages_have_the_same_keys_and_values_in_the_same_order():
    english, chinese = texts("en"), texts("zh")
    assert [(p, list(s)) for p, s in english.items()] == [(p, list(s)) for p, s in chinese.items()]
    for part, sentences in english.items():
        assert len(set(sentences.values())) == len(sentences)
        for key, sentence in sentences.items():
            assert sorted(FIELD.findall(sentence)) == sorted(FIELD.findall(chinese[part][key])), key
            assert re.search("[一-鿿]", chinese[part][key]), key


@pytest.mark.parametrize("part", ["sentences", "system", "command_line", "stages"])
def test_each_sentence_is_told_by_its_own_translation(part: str):
    for key, sentence in texts("en")[part].items():
        filled = FIELD.sub("7", sentence)
        assert tell(filled, "zh") == FIELD.sub("7", texts("zh")[part][key]), key
        assert tell(filled, "en") == filled


@pytest.mark.parametrize(("error", "told"), [
    (FormatError("m.onnx", "There is no such file", hint="Check the path"),
     ["文件不存在", "位于 m.onnx", "请检查路径"]),
    (FormatError("m", "Expected an ONNX or MindIR model", offset=0, found="bytes 00",
                 hint="Is it the right file, and was it copied whole?"),
     ["需要 ONNX 或 MindIR 模型；实际是 bytes 00", "位于 m，第 0 字节（0x0）", "文件选对了吗？是否完整复制？"]),
    (UsageError("The folder for the run cannot be made: Permission denied", where="in /x",
                hint="Give another folder with --out"),
     ["无法创建运行文件夹：权限不足", "位于 /x", "请用 --out 指定其他文件夹"]),
    (RuntimeUnavailable("mindspore-lite cannot be used: No such file or directory", hint="See: diag runtime doctor"),
     ["无法使用 mindspore-lite：文件或目录不存在", "请看：diag runtime doctor"]),
    (refused(OSError(28, os.strerror(28), "/d/f")),
     ["磁盘空间不足", "位于 /d/f", "请释放空间，或用 --out 指定其他文件夹"]),
    (refused(MemoryError()), ["内存不足，无法处理该模型", "请给出更小的 --budget，或使用内存更大的机器"]),
    (Cancelled("Stopped on request"), ["已按要求停止"]),
    (UsageError("Nobody translated this"), ["Nobody translated this"]),
])
def test_errors_in_chinese(error, told):
    assert lines(error, "zh") == told
    assert lines(error) == error.lines()


def test_several_sentences_are_told_together_or_not_at_all():
    assert tell("There is no such file. Check the path", "zh") == "文件不存在。请检查路径。"
    assert tell("There is no such file. Colours are nice", "zh") == "There is no such file. Colours are nice"
