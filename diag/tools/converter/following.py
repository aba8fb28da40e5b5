"""Work whose process writes a log: its events, and between them the lines that its log grows by."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from diag.cancel import Cancel
from diag.events import Event, Message

LOG = "│ "
"""What a message begins with that is a line of the converter's log."""

_TICK_S = 0.15
_LINE = 2000
_PIECE = 1 << 18


def following(start: Callable[[Cancel], Iterator[Event]], log: Callable[[], Path | None],
              cancel: Cancel) -> Iterator[Event]:
    """The events of ``start``, and the lines of the file that ``log`` names, as they come. Raises what it raises.

    The work runs in a thread; closing the iterator stops it and waits for its end.
    """
    own = Cancel()
    forget = cancel.on_set(own.set)
    events: queue.SimpleQueue[tuple[Event | None, BaseException | None]] = queue.SimpleQueue()
    thread = threading.Thread(target=_work, args=(start, own, events), name="converter")
    thread.start()
    tail = _Tail(log)
    try:
        while True:
            try:
                event, error = events.get(timeout=_TICK_S)
            except queue.Empty:
                yield from tail.lines()
                continue
            yield from tail.lines()
            if error is not None:
                raise error
            if event is None:
                return
            yield event
    finally:
        forget()
        own.set()
        thread.join()


def without_log(events: Iterator[Event]) -> Iterator[Event]:
    """The events without the lines of the log: for people who only want to know how it came out."""
    return (e for e in events if not (isinstance(e, Message) and e.text.startswith(LOG)))


def _work(start: Callable[[Cancel], Iterator[Event]], cancel: Cancel,
          events: queue.SimpleQueue[tuple[Event | None, BaseException | None]]) -> None:
    try:
        for event in start(cancel):
            events.put((event, None))
    except BaseException as error:  # noqa: BLE001 - it is raised again where the work was asked for
        events.put((None, error))
    else:
        events.put((None, None))


class _Tail:
    """Whole lines that a file has grown by since it was last asked."""

    def __init__(self, log: Callable[[], Path | None]) -> None:
        self._find = log
        self._path: Path | None = None
        self._at = 0
        self._rest = b""

    def lines(self) -> Iterator[Message]:
        """New lines as messages; none where there is no file (yet, or any more)."""
        try:
            self._path = self._path or self._find()
            if self._path is None:
                return
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read(_PIECE)
        except OSError:
            return
        self._at += len(data)
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_LINE:]
        for line in whole:
            text = line[:_LINE].decode("utf-8", "replace").rstrip()
            if text:
                yield Message(text)
