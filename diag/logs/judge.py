"""One record against all rules: what it is worth, and what it says about the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from diag.logs.grammar import EXCEPTION
from diag.logs.record import Kind, Level, Record
from diag.logs.rules import Rule, RuleSet, Sort

_VARIABLE = re.compile(r"0x[0-9a-fA-F]+|\d+")
_INNER = re.compile(r"[EW][A-Z0-9](?:9999|8888)$")
_FRAME = re.compile(r'"?\s*(?:Traceback \(most recent call last\)|File "[^"]+", line \d+)')
_ADVICE = re.compile(r"\s*(?:Solution|Possible Cause|Cause|TraceBack)\b")
_PLACE = re.compile(r"\[(?:FUNC|FILE|LINE|THREAD):[^\]]*\]")
_ASIDE = re.compile(r"\[(?:FUNC|FILE|LINE|THREAD):[^\]]*\]|\([^()'\"]{0,60}\)")
_TURN = re.compile(r"\b[Pp]lease (?:check|see|refer|look)\b.*|\b[Ss]ee (?:the )?\w* ?logs?\b.*", re.DOTALL)
_FAILED = re.compile(r"fail(?:ed|ure|s)?|unsuccessful\w*|\berrors?\b|abnormal\w*|\bfault\b", re.IGNORECASE)
_REASON = re.compile(
    r"reason|because|!=|cannot|can't|can not|could not|\bnot\b|\bno\b|invalid|unsupport|exceed|mismatch|missing|empty"
    r"|null ?ptr|nullptr|unknown|illegal|denied|refused|expect|should|must|larger|smaller|out of|overflow|conflict"
    r"|duplicate|undefined|unable|corrupt|timeout|timed? out", re.IGNORECASE)
_FILLER = frozenset((
    "ret", "retcode", "result", "status", "code", "error", "errorcode", "errno", "return", "returned", "runtime",
    "model", "graph",
    "stream", "device", "task", "thread", "with", "and", "the", "for", "this", "from", "name", "type", "value",
    "index", "rank",
    "size", "addr", "handle", "tag", "process", "load", "get", "call", "execute", "run", "create", "build", "init",
    "initialize",
    "open", "start", "submit", "launch", "prepare", "finish", "kernel", "compile", "node", "operator"))
_OWN_FAULT = ("ModuleNotFoundError", "ImportError", "FileNotFoundError", "KeyError", "TypeError", "AttributeError",
              "NameError",
              "IndexError", "PermissionError", "NotImplementedError", "UnicodeDecodeError", "MemoryError",
              "ZeroDivisionError",
              "AssertionError", "ConnectionRefusedError", "JSONDecodeError", "NotADirectoryError", "IsADirectoryError")
_REGISTERED = 72
_SURE = 45
"""Rules below this rank name a cause only where nothing better is found; a code in front does not make them better."""
_SECOND_HAND = 20
_CACHE = 50_000
_LESS = {(True, False): 0, (True, True): 3, (False, False): 2, (False, True): 7}
"""How much less a loud line is worth that no rule knows: by whether it has CANN's header, and only prints values."""


class _Tells(Enum):
    """What the text of a loud line tells."""

    FAILED = auto()  # that something failed, and nothing about why
    VALUES = auto()  # neither a failure nor a reason: values, a line of source
    WHY = auto()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a record is worth: the rule that says so, its rank here, and the facts that it names."""

    rule: Rule
    rank: int
    facts: Mapping[str, str]


class Judge:
    """Applies rules; remembers what lines of the same shape turned out to be, so that repeats cost little."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._known: dict[tuple[str, str, str], Rule | None] = {}

    def judge(self, record: Record) -> Judgement | None:
        """The judgement, or None for a record that tells nothing."""
        if record.kind in (Kind.TRACEBACK, Kind.RULE) or _ADVICE.match(record.body) or _framed(record):
            return None
        shape = (_VARIABLE.sub("#", record.body[:400]), record.kind, record.level)
        if shape in self._known:
            rule = self._known[shape]
            match = rule.search(record.body) if rule is not None else None
        else:
            rule, match = self._first(record)
            if len(self._known) < _CACHE:
                self._known[shape] = rule
        if rule is not None and match is not None:
            return Judgement(rule, _rank(rule, record), _facts(match))
        return self._generic(record)

    def _first(self, record: Record) -> tuple[Rule | None, re.Match[str] | None]:
        for rule in self._rules.rules:
            if _listens(rule, record.level):
                match = rule.search(record.body)
                if match is not None:
                    return rule, match
        return None, None

    def _generic(self, record: Record) -> Judgement | None:
        by_id = self._rules.by_id
        if record.kind is Kind.BLOCK and record.level is Level.ERROR:
            rule = by_id["generic.inner"] if _INNER.match(record.code) else by_id["generic.code"]
            if rule.id == "generic.inner" and len(record.body) > 20 and not _is_bare(record.body):
                rule = by_id["generic.error"]
                return Judgement(rule, rule.rank + 10, {"code": record.code, "message": _shorten(record.body)})
            return Judgement(rule, rule.rank, {"code": record.code, "message": _shorten(record.body)})
        if record.kind is Kind.EXCEPTION:
            match = EXCEPTION.match(record.body)
            name = match["type"] if match is not None else ""
            own = name.rpartition(".")[2] in _OWN_FAULT
            rule = by_id["generic.exception" if own or not _is_bare(record.body.partition(":")[2]) else "generic.bare"]
            return Judgement(rule, rule.rank + (24 if own else 0), {"type": name, "message": _shorten(record.body)})
        if record.level.loud or (record.kind is Kind.BLOCK_LINE and _PLACE.search(record.text)):
            tells = _tells(record.body)
            rule = by_id["generic.bare" if tells is _Tells.FAILED else "generic.error"]
            less = _LESS[record.kind is Kind.HEADER, tells is _Tells.VALUES]
            return Judgement(rule, rule.rank - less, {"message": _shorten(record.body)})
        return None


def _framed(record: Record) -> bool:
    """Whether a log line only carries a piece of a Python stack; the exception at its end is what tells."""
    return record.kind is Kind.HEADER and _FRAME.search(record.body[:400]) is not None and "Error: " not in record.body


def _rank(rule: Rule, record: Record) -> int:
    """The rule's rank; the head of a message with a code for users is at least as near the cause as such codes are."""
    if record.kind is Kind.TORCH:
        return rule.rank - _SECOND_HAND  # a sentence that the adapter has for the code; the message below it knows more
    registered = record.kind is Kind.BLOCK and rule.rank >= _SURE and not _INNER.match(record.code)
    return max(rule.rank, _REGISTERED) if registered else rule.rank


def _listens(rule: Rule, level: Level) -> bool:
    if rule.info or level in (Level.NONE, Level.ERROR, Level.CRITICAL):
        return True
    return level is Level.WARNING and (rule.warning or rule.sort in (Sort.BENIGN, Sort.NOISE))


def _is_bare(body: str) -> bool:
    """Whether a message says that something failed and nothing about why."""
    return _tells(body) is _Tells.FAILED


def _tells(body: str) -> _Tells:
    text = _ASIDE.sub("", body)
    if "lease" in text or "log" in text:
        text = _TURN.sub("", text)
    match = _FAILED.search(text)
    if _REASON.search(text):
        return _Tells.WHY
    if match is None:
        return _Tells.VALUES if re.search(r"[A-Za-z]{3,}", text) else _Tells.FAILED
    words = [word for word in re.findall(r"[A-Za-z]{3,}", text[match.end():]) if word.lower() not in _FILLER]
    return _Tells.FAILED if len(words) < 3 else _Tells.WHY


def _facts(match: re.Match[str]) -> dict[str, str]:
    return {name: value.strip() for name, value in match.groupdict().items() if value}


def _shorten(text: str) -> str:
    text = " ".join(_PLACE.sub("", text).split())
    return text if len(text) <= 200 else text[:199] + "…"
