"""The parent's side: starts the child, passes its events on, and words the ways in which it can die."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from diag import errors
from diag.cancel import Cancel
from diag.errors import DiagError, WorkerCrashed
from diag.events import Event, Finished, Message, Partial, Progress
from diag.jobs.process import HostProcess
from diag.types.conversion import Conversion
from diag.types.fix import Try
from diag.types.layer import LayerResult
from diag.types.pipeline import SwapRun
from diag.workspace.codec import from_json, to_json

T = TypeVar("T")

_LOG_LINES = 12
_PARTIALS: dict[str, type[Any]] = {"LayerResult": LayerResult, "SwapRun": SwapRun, "Conversion": Conversion,
                                   "Try": Try}


def run_remote(kind: str, job: object, cancel: Cancel, result: type[T],
               host: HostProcess | None = None) -> Iterator[Event]:
    """Run a job of a kind in a process of its own: ``host``, if one was started before, else a new one.

    Yields its events, Finished with a ``result``. Raises the DiagError that the job raised, WorkerCrashed if the
    process died or broke the protocol, Cancelled. Closing the generator ends the process.
    """
    cancel.check()
    child = host or HostProcess(kind)
    forget = cancel.on_set(child.ask_to_stop)
    crashed = False
    try:
        _request(child.requests, kind, job)
        finished = yield from _events(child.events, result)
        if not finished:
            code = child.wait()
            raise _crash(code, child.log)
    except DiagError as error:
        cancel.check()
        crashed = isinstance(error, WorkerCrashed)
        raise
    except RuntimeError:
        crashed = True
        raise
    finally:
        forget()
        # Who reads on to Finished and no further, or stops listening, has no use for it either.
        child.close(keep_log=crashed)


def _request(stdin: IO[bytes], kind: str, job: object) -> None:
    # A child that died at once tells more by its exit code and log than by the broken pipe.
    with contextlib.suppress(BrokenPipeError):
        stdin.write(json.dumps({"kind": kind, "job": to_json(job)}).encode() + b"\n")
        stdin.flush()


def _events(stdout: IO[bytes], result: type[T]) -> Generator[Event, None, bool]:
    """The child's events; returns whether it finished as promised."""
    pieces: dict[str, list[Any]] = {}
    for line in stdout:
        data = _message(line)
        name = data.pop("event", "")
        if name == "progress":
            yield from_json(Progress, data)
        elif name == "message":
            yield Message(data["text"], data["level"])
        elif name == "partial":
            yield Partial(from_json(_PARTIALS[data["type"]], data["item"]))
        elif name == "error":
            raise _raised(data)
        elif name == "bug":
            raise RuntimeError("The job's process has a bug:\n" + data["traceback"])
        elif name == "piece":
            pieces.setdefault(data["key"], []).extend(data["items"])
        elif name == "finished":
            yield Finished(from_json(result, {**data["result"], **pieces} if pieces else data["result"]))
            return True
        else:
            raise _nonsense(line)
    return False


def _message(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except ValueError:
        raise _nonsense(line) from None
    if not isinstance(data, dict):
        raise _nonsense(line)
    return data


def _nonsense(line: bytes) -> WorkerCrashed:
    return WorkerCrashed("The comparing process said something that is no event", where=repr(line[:80]),
                         hint="A library wrote into our channel; please report it")


def _raised(data: dict[str, Any]) -> DiagError:
    """The child's error again, of the same class where ours takes the same arguments."""
    kind = getattr(errors, data["type"], DiagError)
    if kind is errors.FormatError or not issubclass(kind, DiagError):
        kind = DiagError
    error: DiagError = kind(data["message"], where=data["where"], hint=data["hint"])
    error.exit_code = data["exit_code"]
    if isinstance(error, errors.ToolFailed) and data.get("log"):
        error.log = Path(data["log"])
    return error


def _crash(code: int, log: Path) -> WorkerCrashed:
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    hint = "A model that is larger than memory ends like this: give a smaller --budget" if code == -signal.SIGKILL \
        else "onnxruntime crashed on this model; the log says where"
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
    where = f"log: {log}" + (f"\n  {tail[-1]}" if tail else "")
    return WorkerCrashed(f"The comparing process died ({how})", where=where, hint=hint, log=log)
