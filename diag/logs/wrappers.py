"""Takes off what transports put around a line: Ray, vLLM, torchrun, mpirun, compose, CRI, Markdown, JSON, grep."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_LABEL = re.compile(
    r"(?:"
    r"\((?P<ray>[\w:./<>-]+(?: [\w:./<>-]+){0,3} ?(?:pid|rank|ip)=[^)]{1,80})\)\s?"
    r"|\[(?P<rank>(?:rank|default|local_rank|Rank )\d+)\]:?\s?"
    r"|\[(?P<stage>[A-Za-z][\w -]{0,24}\d+)\]:?\s(?=ERROR |WARNING |INFO |DEBUG |\[ERROR|\(|[EW][A-Z0-9]\d{4}\b)"
    r"|\[(?P<mpi>\d+,\d+)\]<(?:stderr|stdout)>:\s?"
    r"|(?P<compose>[A-Za-z][\w.-]{1,60})\s+\|\s?"
    r"|(?P<grep>[\w./-]+\.(?:log|txt|out|err)):(?:\d+:)?\s?(?=\[|[EW][A-Z0-9]\d{4}\b)"
    r")")
_STAMP = re.compile(
    r"(?:"
    r"(?P<level>ERROR|WARNING|INFO|DEBUG|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \[?[^\]\s]{1,80}:\d+\]\s?"
    r"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d+(?:Z|[+-]\d\d:?\d\d)? (?:stdout|stderr) [FP]\s?"
    r"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?[:,]?\s"
    r"(?=\[(?:ERROR|WARNING|INFO|DEBUG|EVENT|TRACE)\]"
    r"|[EW][A-Z0-9]\d{4}\b|\(\w|\[rank|\[ERROR)"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]+ [\w./-]+(?:\[\d+\])?:\s"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+ \| (?P<loguru>[A-Z]+)\s*\| [^|]{1,120}[|-]\s?"
    r"|(?:>\s?)+(?=\S|\s)"
    r"|`{3}\w*$"
    r")")
_BREAKS = re.compile(r"\\r\\n|\\n|\\r")
_AFTER_TRACE = re.compile(r"(\[LINE:\d+\](?:\[THREAD:\d+\])?)\s+(?=\S)")
_BEFORE = re.compile(
    r"(?<=\S)\s*(?=\[(?:ERROR|WARNING|CRITICAL|INFO|EVENT|DEBUG|TRACE)\] [A-Z][A-Z0-9_]*\(-?\d+[,:)])"
    r"|(?<=\S)\s+(?=E[A-Z0-9]\d{4}: )"
    r"|(?<=\S)\s+(?=TraceBack \(most recent call last\):)"
    r"|(?<=TraceBack \(most recent call last\):)\s+(?=\S)"
    r"|(?<=\S)\s+(?=(?:Solution|Possible Cause): )"
    r"|(?<=\S)\s+(?=E[A-Z0-9]9999 {1,2}[A-Z])"
    r"|(?<=\S)\s+(?=RuntimeError: )")
_DRIVE = re.compile(r"[A-Za-z]:\\\w")
_MARKS = ("[FUNC:", "Traceback", "TraceBack", "[ERROR]", "Error: ")
_STREAMS = ("ray", "rank", "stage", "mpi", "compose")
_FLAT = ("TraceBack (", "9999", "Solution: ", "Possible Cause: ", " RuntimeError: ", " E1", " E2", " E3", " E4", " EZ",
         " EI", " EE",
         " EL", " EH", " EJ", " EB")
_HEADS = ("[ERROR] ", "[WARNING] ", "[INFO] ", "[EVENT] ", "[CRITICAL] ", "[DEBUG] ")
_ESCAPES = {"\\t": "\t", '\\"': '"', "\\'": "'", "\\/": "/"}
_DOCKER_JSON = re.compile(r'^\{"log":"(?P<log>(?:[^"\\]|\\.)*)","stream":"\w+"')


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A line without its wrappers: the text, the label of its stream, the level that the wrapper claims."""

    text: str
    stream: str = ""
    level: str = ""


def unwrap(line: str) -> Unwrapped:
    """Take wrappers off, from the outside in, at most six of them. Never raises."""
    if "\x1b" in line:
        line = _ANSI.sub("", line)
    stream = level = ""
    for _ in range(6):
        if line[:2] in ("", "[E", "[W", "[I", "[D"):  # a header, nothing around it
            break
        match = _LABEL.match(line) or _STAMP.match(line)
        if match is None or not match[0]:
            break
        groups = match.groupdict()
        stream = stream or next((groups[name] for name in _STREAMS if groups.get(name)), "")
        level = level or groups.get("level") or groups.get("loguru") or ""
        line = line[match.end():]
    return Unwrapped(line, stream, level)


def logical_lines(line: str) -> list[str]:
    """The lines that one physical line holds: JSON-escaped newlines and flattened blocks are opened again."""
    parts = [line]
    if "\\n" in line:
        docker = _DOCKER_JSON.match(line)
        if docker is not None:
            parts = [part for part in _BREAKS.split(_unescape(docker["log"])) if part.strip()] or [""]
        elif (line.count("\\n") > 1 and not _DRIVE.search(line)) or any(mark in line for mark in _MARKS):
            parts = [part for part in _BREAKS.split(_unescape(line)) if part.strip()] or [line]
    return [piece for part in parts for piece in _open_flattened(part)]


def _unescape(text: str) -> str:
    text = text.replace("\\\\n", "\\n")
    for escaped, plain in _ESCAPES.items():
        text = text.replace(escaped, plain)
    return text


def _open_flattened(text: str) -> list[str]:
    if "[LINE:" in text:
        text = _AFTER_TRACE.sub(r"\1\n", text)
    elif not any(mark in text for mark in _FLAT) and not any(text.find(level, 1) > 0 for level in _HEADS):
        return [text]
    return [piece for chunk in text.split("\n") for piece in _BEFORE.split(chunk) if piece.strip()] or [text]
