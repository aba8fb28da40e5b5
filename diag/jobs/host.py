"""The child's side: ``python -m diag.jobs.host [KIND]``. The job comes on stdin, events go out one JSON line each.

Native libraries print where they like, so stdout's descriptor is taken away first: it becomes the log.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TextIO

from diag.cancel import Cancel
from diag.errors import DiagError, ToolFailed, refused
from diag.events import Event, Finished, Message, Partial, Progress
from diag.jobs.kinds import KINDS, load
from diag.machine import peak_bytes
from diag.workspace.codec import from_json, to_json

ANSWERED, REPORTED, BUG = 0, 1, 70

_PIECE = 200
"""Items of a long list that one line holds."""


def main() -> int:
    """Run the one job that stdin describes."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    cancel = Cancel()
    signal.signal(signal.SIGTERM, lambda *_: cancel.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if len(sys.argv) > 1 and sys.argv[1] in KINDS:
        load(sys.argv[1])
    line = sys.stdin.buffer.readline()
    if not line:
        return ANSWERED  # started to be ready, and not needed after all
    request = json.loads(line)
    threading.Thread(target=_watch_parent, args=(cancel,), name="parent", daemon=True).start()
    kind = load(request["kind"])
    try:
        _run(kind.run(from_json(kind.request, request["job"]), cancel), out)
    except DiagError as error:
        _send_error(out, error)
        return REPORTED
    except (OSError, MemoryError) as error:
        _send_error(out, refused(error))
        return REPORTED
    except Exception:  # noqa: BLE001 - our bug crosses the boundary as text
        _send(out, {"event": "bug", "traceback": traceback.format_exc()})
        return BUG
    return ANSWERED


def _run(events: Iterator[Event], out: TextIO) -> None:
    for event in events:
        match event:
            case Progress():
                _send(out, {"event": "progress", **to_json(replace(event, peak_bytes=peak_bytes()))})
            case Message(text, level):
                _send(out, {"event": "message", "text": text, "level": level})
            case Partial(item):
                _send(out, {"event": "partial", "item": to_json(item), "type": type(item).__name__})
            case Finished(result):
                _send_result(out, to_json(result))


def _send_result(out: TextIO, result: Any) -> None:  # noqa: ANN401 - JSON of any kind
    """Long lists go ahead in pieces: while one line is parsed, no other thread of the reader runs, no window moves."""
    for key, value in list(result.items()) if isinstance(result, dict) else []:
        if isinstance(value, list) and len(value) > _PIECE:
            for start in range(0, len(value), _PIECE):
                _send(out, {"event": "piece", "key": key, "items": value[start:start + _PIECE]})
            result = {**result, key: []}
    _send(out, {"event": "finished", "result": result})


def _send_error(out: TextIO, error: DiagError) -> None:
    _send(out, {"event": "error", "type": type(error).__name__, "message": error.message, "where": error.where,
                "hint": error.hint, "exit_code": error.exit_code,
                "log": str(error.log) if isinstance(error, ToolFailed) and error.log is not None else ""})


def _send(out: TextIO, event: dict[str, Any]) -> None:
    out.write(json.dumps(event, ensure_ascii=False) + "\n")
    out.flush()


def _watch_parent(cancel: Cancel) -> None:
    """Stdin ends when the parent is gone: stop the work, and be gone too if it does not stop soon."""
    sys.stdin.buffer.read()
    cancel.set()
    threading.Event().wait(5)
    os._exit(REPORTED)


if __name__ == "__main__":
    code = main()
    # All is said and every folder closed. Taking the models apart one by one would only make the user wait.
    os._exit(code)
