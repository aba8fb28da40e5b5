"""The one line of a MindSpore (Lite) log that says why."""

from __future__ import annotations

import re
from pathlib import Path

_READ_BYTES = 8 << 20
_SHOWN = 300
_ERROR = re.compile(r"^\[(?:ERROR|CRITICAL|EXCEPTION)\] \w+\([^)]*\):\S+ \[[^\]]*\] [^\]]*\] (.*)$", re.MULTILINE)
_UNSUPPORTED = re.compile(r"FMKTYPE: \w+, OP TYPE: (\S+)")
_NO_CANN = re.compile(r"error: (lib\w+\.so[.\d]*): cannot open shared object file")
_NODE = re.compile(r"infer ?shape failed, (?:node is|name:) ([^\s,]+)", re.IGNORECASE)
_NOISE = re.compile(r"^(?:Runtime error for null exception handler|=+$|$)")


def decisive(log: Path, start: int = 0) -> str:
    """Why it failed, from what was printed after byte ``start``; "" if the log does not say.

    The first error comes before its consequences; a list of unsupported operators says more than any error.
    """
    try:
        with log.open("rb") as file:
            file.seek(start)
            text = file.read(_READ_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    unsupported = dict.fromkeys(_UNSUPPORTED.findall(text))
    if unsupported:
        return f"Unsupported operators: {', '.join(unsupported)}"[:_SHOWN]
    missing = _NO_CANN.search(text)
    if missing:
        return f"The library {missing[1]} is not found: source CANN's set_env.sh first"
    errors = (match.strip().removeprefix("Catch exception: ") for match in _ERROR.findall(text))
    first = next((line[:_SHOWN] for line in errors if not _NOISE.match(line)), "")
    node = _NODE.search(text)
    return f"Its log says: {first}{f' (node {node[1]})' if node else ''}" if first else ""
