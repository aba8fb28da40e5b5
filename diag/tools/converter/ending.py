"""How a converter's process ended, and what that means."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from diag.runtimes.mindspore_log import decisive

SUCCESS = re.compile(rb"^CONVERT RESULT SUCCESS:0\s*$", re.MULTILINE)
_FAILED = re.compile(rb"^(?:Convert failed\. Ret: |CONVERT RESULT FAILED:-?\d+ |Flags (?:Pre)?Init failed\. Ret: )"
                     rb"(.*)$", re.MULTILINE)
_FLAG = re.compile(rb"^(.{0,200}(?:is not a valid flag|already parsed flag: .{0,60}|No value provided for .{0,100}|"
                   rb"flag .{0,60} is not valid\.|Flag missing\..{0,200}))$", re.MULTILINE)
_MEMORY = re.compile(rb"std::bad_alloc|[Cc]annot allocate memory|MemoryError|[Oo]ut of memory|malloc failed|"
                     rb"Malloc [Mm]em(?:ory)? failed")
_ERROR = re.compile(rb"^\[ERROR\] .*?\] .*?\] (.*)$", re.MULTILINE)
_UNSUPPORTED = re.compile(rb"FMKTYPE: \w+, OP TYPE: (\S+)|not support onnx data type ([A-Za-z]\w*)")
_READ = 64 << 20

STATUS: Mapping[int, str] = {
    -1: "common error", -2: "a null pointer", -3: "an invalid parameter", -4: "nothing changed", -5: "success exit",
    -6: "want of memory", -7: "something that is not supported", -8: "thread pool", -10: "unknown",
    -100: "tensor out of range", -101: "an input tensor", -102: "reentrance", -200: "the graph file",
    -300: "an operator that was not found", -301: "an operator's name", -302: "an operator's attribute",
    -303: "executing an operator", -400: "a format", -500: "shape inference", -501: "shape inference",
    -600: "an invalid option given by the user"}
"""The converter's status codes; its process ends with the lowest byte of them."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the process and its log say.

    Attributes:
        kind: "ok", "failed", "crashed", "hung", "memory", "no_output", "unsupported".
        text: how it ended: "exit code 255", "SIGSEGV", "no answer within 5 s".
        reason: the decisive words of the log; "" if it has none.
        operators: what it lists as unsupported.
        errors: error lines in the log, and the first of them.
    """

    kind: str
    text: str = ""
    reason: str = ""
    operators: tuple[str, ...] = ()
    errors: int = 0
    first_error: str = ""


def ending_of(code: int, log: Path, produced: bool) -> Ending:
    """From the exit code (negative: a signal), the log, and whether there is a new file.

    Only the line of success, exit code 0 and the file together are success: error lines alone are no failure.
    """
    data = _log(log)
    errors = [m.decode("utf-8", "replace") for m in _ERROR.findall(data)]
    operators = tuple(dict.fromkeys((a or b).decode("utf-8", "replace") for a, b in _UNSUPPORTED.findall(data)))
    how = exit_text(code)
    reason = _said(data) or decisive(log) or _final_word(data)
    if code == 0 and SUCCESS.search(data):
        kind = "ok" if produced else "no_output"
    elif _MEMORY.search(data) or code == -signal.SIGKILL:
        kind = "memory"
    elif crashed(code):
        kind = "crashed"
    elif operators:
        kind = "unsupported"
    else:
        kind = "no_output" if code == 0 else "failed"
    return Ending(kind, how, reason, operators, len(errors), errors[0] if errors else "")


def crashed(code: int) -> bool:
    """Whether a signal ended it, or a shell or crash handler says so."""
    return code < 0 or code in (128 + s for s in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE,
                                                   signal.SIGILL))


def exit_text(code: int) -> str:
    """``SIGSEGV``, ``exit code 255 (status -1: common error)``."""
    number = -code if code < 0 else code - 128 if crashed(code) else 0
    if number:
        return signal.Signals(number).name
    status = [s for s in STATUS if s & 0xFF == code] if code else []
    return f"exit code {code}" + (f" (status {status[0]}: {STATUS[status[0]]})" if len(status) == 1 else "")


def _said(data: bytes) -> str:
    """What it prints itself about flags it refuses or why it failed; "" where that is only a common error."""
    flag = _FLAG.search(data)
    return flag[1].decode("utf-8", "replace").strip() if flag else ""


def _final_word(data: bytes) -> str:
    """The text behind ``Convert failed. Ret:``; "" if there is none."""
    found = _FAILED.search(data)
    return f"It says: {found[1].decode('utf-8', 'replace').strip().rstrip('.')}" if found else ""


def _log(log: Path) -> bytes:
    try:
        with log.open("rb") as file:
            return file.read(_READ)
    except OSError:
        return b""
