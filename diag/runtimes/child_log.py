"""The log of a child process: kept on disk, however much it prints, without filling the disk."""

from __future__ import annotations

import array
import fcntl
import os
import select
import termios
import threading
import time
from collections import deque
from pathlib import Path

_TAIL_BYTES = 1 << 20
_CHUNK = 1 << 16
_TICK_MS = 200


class LogPump:
    """Copies a pipe into a file: the first ``cap`` bytes, and the last MiB of what comes after them.

    A thread of its own, because a child that floods its log must never wait for us, nor we for it.
    """

    def __init__(self, pipe: int, path: Path, cap: int) -> None:
        self._pipe = pipe
        self._file = path.open("wb", buffering=0)
        self._room = cap
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._dropped = 0
        self._idle = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._pump, name="worker log", daemon=True)
        self._thread.start()

    def settle(self, timeout_s: float = 1.0) -> None:
        """Wait until what the child has printed so far is in the file."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and self._thread.is_alive():
            # This order matters: an empty pipe means that the pump took the bytes, idle that it also wrote them.
            if not _waiting(self._pipe) and self._idle.is_set():
                return
            time.sleep(0.002)

    def finish(self) -> None:
        """The child is gone: take the rest, write the tail, close. Twice is fine."""
        self._thread.join(timeout=1.0)
        self._stop.set()
        self._thread.join()
        if self._file.closed:
            return
        if self._dropped:
            self._file.write(f"\n[… {self._dropped:,} bytes of log left out …]\n".encode())
        for chunk in self._tail:
            self._file.write(chunk)
        self._file.close()
        os.close(self._pipe)

    def _pump(self) -> None:
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        self._idle.set()
        # A grandchild that left the process group may hold the pipe open for ever: then _stop ends this.
        while not self._stop.is_set():
            if not poll.poll(_TICK_MS):
                continue
            self._idle.clear()
            chunk = os.read(self._pipe, _CHUNK)
            if not chunk:
                return
            self._keep(chunk)
            self._idle.set()

    def _keep(self, chunk: bytes) -> None:
        head = chunk[:self._room]
        if head:
            try:
                self._file.write(head)
            except OSError:
                # A full disk must not end the work; the tail still holds the last words.
                self._room = 0
                head = b""
            self._room = max(0, self._room - len(head))
        rest = chunk[len(head):]
        if rest:
            self._tail.append(rest)
            self._tail_bytes += len(rest)
        while self._tail_bytes > _TAIL_BYTES:
            gone = len(self._tail.popleft())
            self._tail_bytes -= gone
            self._dropped += gone


def last_lines(path: Path, count: int) -> list[str]:
    """The last ``count`` non-empty lines of a log; none if there is no log."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _CHUNK))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]


def _waiting(pipe: int) -> int:
    count = array.array("i", [0])
    try:
        fcntl.ioctl(pipe, termios.FIONREAD, count)
    except OSError:
        return 0
    return count[0]
