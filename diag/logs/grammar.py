"""What one unwrapped line is: header, block of CANN error messages, traceback, outcome, or free text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from diag.logs.record import Kind, Level

TIME = (r"(?P<time>\d{4}-\d{1,2}-\d{1,2}[- T]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d{1,9}(?:\.\d{1,3})?)?)")
_LEVELS = "DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|EVENT|TRACE|OPLOG|NULL|FATAL"
HEADER = re.compile(
    r"^\s*(?:\[[A-Za-z]+,\d+,\d+,\d+\])?"  # device tag
    r"\[?(?P<level>" + _LEVELS + r"|\d{1,2})\]\s*"
    r"(?P<module>[A-Z][A-Za-z0-9_]*|\d+)"
    r"\((?P<pid>-?\d+)(?:,(?P<tid>(?:0x)?[0-9a-fA-F]+)(?=,)|:(?P<pytid>\d+)(?=,))?"
    r"(?:,(?P<proc>[^)]*(?:\)[^)]*)?))?\):\s?(?=\d)"
    + TIME + r"\s*(?P<rest>.*)$", re.DOTALL)
FILE_LINE = re.compile(
    r"^(?:\[(?!/)[\w-]+:[^\]:\[]*\]\s+)?(?:\[[A-Z_]+\]\s*)?"
    r"\[(?P<file>[^\]\[]{0,400}?\.(?:cc|cpp|cxx|c|h|hpp|py|cu|inc|ts)):(?P<line>\d+)\]\s?(?P<body>.*)$", re.DOTALL)
_LITERT = re.compile(
    r"^(?P<level>DEBUG|INFO|WARNING|ERROR) \[(?P<file>[^\]]+?):(?P<line>\d+)\] (?P<body>[^\]]+[\]#] .*)$")
_GLOG = re.compile(r"^\[?(?P<level>[IWEF])\s?(?P<time>\d{2,8}|\s?\d/\s?\d+) +\d?\d:\d\d:\d\d\.\d+ +(?P<pid>\d+ )?"
                   r"(?P<file>[\w./-]+):(?P<line>\d+)[\] ]\s?(?P<body>.*)$")
_PYLOG = re.compile(
    r"^(?:" + TIME + r"[^\[\]]{0,60}?[-|: \[]\s?)?(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\]?\s?[-|:]{1,2}\s?"
    r"(?P<body>\S.*)$")
_ORT = re.compile(r"^(?:" + TIME + r" )?\[(?P<level>[VIWEF]):onnxruntime:[^\]]*\]\s?(?P<body>.*)$")
_SERVICE = re.compile(
    r"^\[?" + TIME + r"(?:Z|[+-]\d\d:?\d\d)?\]?(?: UTC)? (?:\[[^\]]{1,60}\] ){1,5}?"
    r"\[(?P<level>DEBUG|INFO|WARN|WARNING|ERROR)\] "
    r"(?:\[?(?P<file>[\w./-]+):(?P<line>\d+)\]?\s?:\s)?(?P<body>.*)$", re.DOTALL)
_APP = re.compile(r"^\s*\[\s?(?P<level>ERROR|WARN|WARNING|INFO)\s?\]:?\s+(?P<body>.*)$")
_CODE = r"[EW][A-Z0-9]\d{4}"
BLOCK_HEAD = re.compile(
    r"^\s*(?:.{0,100}?[\s:\]'\"(])??(?:\[PID: (?P<pid0>\d+)\]\s*" + TIME.replace("time", "time0") + r"\s+)?"
    r"(?:[A-Z]\w*(?:[_ ]\w+){0,5}\((?P<titled>" + _CODE + r")\):"
    r"|(?P<code>" + _CODE + r")(?::|\s{1,2}(?=[\[A-Z])|(?=\[PID))\s*(?:\[PID: (?P<pid>\d+)\]\s*)?(?:" + TIME
    + r"\s*)?(?:[\w /-]*\(" + _CODE + r"\):)?)\s*(?P<body>.*)$")
_INNER = re.compile(r"^\s*E[A-Z0-9]\d{4}:? +(?:Inner Error|Internal error)", re.IGNORECASE)
_TAIL = re.compile(r"^\s*(?:Solution|Possible Cause|Cause)\s*:|^\s*TraceBack \(most recent call last\):")
TRACE_PLACE = re.compile(r"\[FUNC:(?P<func>[^\]]*)\]\[FILE:(?P<file>[^\]]*)\]\[LINE:(?P<line>\d+)\]")
_TORCH = re.compile(
    r"^(?:\[ERROR\]\s)?" + TIME + r"\s\(PID:(?P<pid>\d+), Device:-?\d+, RankID:-?\d+\)\s(?P<body>ERR\d{5}.*)$")
_TORCH_TEXT = re.compile(r"^\s*\[Error\]:|^\s*Rectify the fault based on")
_OUTCOME = re.compile(
    r"CONVERT(?:ER)?(?:::FLAGS)?[ _](?:RESULT|INIT)?\s?(?:SUCCESS|FAILED)|^\s*ATC (?:start|run)|SAVE GRAPH FAILED"
    r"|^\s*Run Benchmark .*(?:Success|Failed)|^\s*Convert failed\. Ret|\[?Aoe\]?Aoe process (?:finished|failed)"
    r"|^\s*(?:AOE|aoe) \w+ (?:success|failed)")
_REPORT = re.compile(r"UNSUPPORTED OP LIST|FMKTYPE: *\w+, *OP TYPE|^\s*\"(?:cause|code|message|name|result|type)\":")
_TRACEBACK = re.compile(
    r"^\s*(?:Traceback \(most recent call last\):|During handling of the above|The above exception was)")
_FRAME = re.compile(r'^\s*File "[^"]+", line \d+')
EXCEPTION = re.compile(
    r"^\s*(?:\w+: )?"
    r"(?P<type>(?:[A-Za-z_][\w.]*\.)?(?:[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning)(?:_\w+)?|AssertionError))"
    r"(?::\s?(?P<message>.*))?$", re.DOTALL)
_RULE = re.compile(
    r"^\s*(?:[-=*_#~]{4,}|- (?:Ascend|C\+\+|The |Framework|Error).{0,80}|\.{3,}|[\[\]{}(),;]+|`{3}\w*)\s*$")
_CRASH = re.compile(
    r"Segmentation fault|core dumped|SIGSEGV|SIGABRT|Aborted|^\s*Killed\s*$|terminate called"
    r"|exit(?:ed)? (?:code|status|with)")
_NAMES = {"WARN": Level.WARNING, "TRACE": Level.EVENT, "OPLOG": Level.EVENT, "NULL": Level.EVENT,
          "FATAL": Level.CRITICAL,
          "0": Level.DEBUG, "1": Level.INFO, "2": Level.WARNING, "3": Level.ERROR, "4": Level.EVENT, "16": Level.EVENT,
          "I": Level.INFO, "W": Level.WARNING, "E": Level.ERROR, "F": Level.CRITICAL, "V": Level.DEBUG,
          "SUCCESS": Level.INFO}
_CLOCK = re.compile(r"(\d{4}-\d+-\d+)[- T](\d+):(\d+):(\d+)(?:[.,](\d+)(?:\.(\d+))?)?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The fields of one line; see ``diag.logs.record.Record`` for their meaning."""

    kind: Kind
    body: str
    level: Level = Level.NONE
    time: str = ""
    module: str = ""
    pid: int | None = None
    tid: str = ""
    process: str = ""
    source: str = ""
    code: str = ""


def parse_line(text: str) -> Parsed:
    """The fields of an unwrapped line. What fits nothing comes back as free text. Never raises."""
    header = HEADER.match(text) if "(" in text[:80] else None
    if header is not None:
        return _header(header)
    stripped = text.strip()
    if not stripped:
        return Parsed(Kind.BLANK, "")
    return _foreign(text) or _block(text) or _plain(text, stripped)


def level_of(word: str) -> Level:
    """The level that a program's word or number means; NONE for words unknown."""
    known = _NAMES.get(word)
    if known is not None:
        return known
    try:
        return Level(word)
    except ValueError:
        return Level.NONE


def microseconds(time: str) -> int | None:
    """Microseconds since 1970 of a time as printed, read as if it were UTC; None where it is no time."""
    match = _CLOCK.match(time)
    if match is None:
        return None
    day = _day_us(match[1])
    if day is None:
        return None
    fraction = (match[5] or "").ljust(3, "0") + (match[6] or "").ljust(3, "0")
    return day + (int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4])) * 1_000_000 + int(fraction[:6].ljust(6,
                                                                                                                  "0"))


@lru_cache(maxsize=1024)
def _day_us(date: str) -> int | None:
    try:
        year, month, day = map(int, date.split("-"))
        return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        return None


def _header(match: re.Match[str]) -> Parsed:
    rest = match["rest"]
    place = FILE_LINE.match(rest)
    body, source = (place["body"], f"{place['file']}:{place['line']}") if place is not None else (rest, "")
    level = level_of(match["level"])
    if match["module"] == "KERNEL" and match["tid"] is None:
        inner = re.search(r"\[(ERROR|WARNING|INFO)\]", body)  # CANN's relay of the kernel log: the inner level counts
        level = Level(inner[1]) if inner is not None else level
    return Parsed(Kind.HEADER, body, level, match["time"], match["module"], int(match["pid"]),
                  match["tid"] or match["pytid"] or "", match["proc"] or "", source)


def _foreign(text: str) -> Parsed | None:
    torch = _TORCH.match(text)
    if torch is not None:
        return Parsed(Kind.TORCH, torch["body"], Level.ERROR, torch["time"], "PTA", int(torch["pid"]))
    litert = _LITERT.match(text)
    if litert is not None:
        return Parsed(Kind.LITERT, litert["body"], level_of(litert["level"]), module="LITE",
                      source=f"{litert['file']}:{litert['line']}")
    glog = _GLOG.match(text)
    if glog is not None:
        return Parsed(Kind.FOREIGN, glog["body"], level_of(glog["level"]), source=f"{glog['file']}:{glog['line']}")
    service = _SERVICE.match(text) if "] [" in text[:80] else None
    if service is not None:
        source = f"{service['file']}:{service['line']}" if service["file"] else ""
        return Parsed(Kind.FOREIGN, service["body"], level_of(service["level"]), service["time"], source=source)
    ort = _ORT.match(text)
    if ort is not None:
        return Parsed(Kind.FOREIGN, ort["body"], level_of(ort["level"]), ort["time"] or "", "ORT")
    return None


def _block(text: str) -> Parsed | None:
    head = BLOCK_HEAD.match(text)
    if head is None:
        return None
    code = head["titled"] or head["code"]
    pid = head["pid0"] or head["pid"]
    level = Level.WARNING if code[0] == "W" else Level.ERROR
    body = text.strip() if _INNER.match(text) else head["body"]
    return Parsed(Kind.BLOCK, body, level, head["time0"] or head["time"] or "", "", int(pid) if pid else None,
                  code=code)


_TELLING: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (_OUTCOME, Kind.OUTCOME), (_REPORT, Kind.REPORT), (_TAIL, Kind.BLOCK_LINE), (TRACE_PLACE, Kind.BLOCK_LINE),
    (_TORCH_TEXT, Kind.TORCH), (_TRACEBACK, Kind.TRACEBACK), (_FRAME, Kind.TRACEBACK), (EXCEPTION, Kind.EXCEPTION),
    (_RULE, Kind.RULE), (_CRASH, Kind.CRASH))


def _plain(text: str, stripped: str) -> Parsed:
    for pattern, kind in _TELLING:
        if pattern.search(text):
            return Parsed(kind, stripped)
    python = _PYLOG.match(text)
    if python is not None:
        return Parsed(Kind.FOREIGN, python["body"], level_of(python["level"]), python["time"] or "")
    app = _APP.match(text)
    if app is not None:
        return Parsed(Kind.FOREIGN, app["body"], level_of(app["level"]))
    return Parsed(Kind.TEXT, stripped)
