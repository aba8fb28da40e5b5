"""Runs a generator of events beside the event loop. The thread never touches Qt; a timer carries events over."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer, Signal

from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.events import Event, Finished

Job = Callable[[Cancel], Iterator[Event]]

INTERVAL_MS = 33
TICK_S = 0.012
"""How long one tick may hand events over: the rest waits for the next, so that painting and typing go on."""

_WORK_S, _REST_S = 0.008, 0.004
"""A flood of events is read with rests: a table asks Python for every cell it paints, and would wait for each."""


class JobRunner(QObject):
    """Runs one job at a time.

    Signals:
        events: a list of events, those of one tick; never the last one.
        ended: the result of the job, the exception that ended it, or Cancelled.
    """

    events = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._cancel = Cancel()
        self._thread: threading.Thread | None = None
        self._stopper: threading.Thread | None = None
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._drain)

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._thread is not None

    def start(self, job: Job) -> None:
        """Begin. RuntimeError if another job runs."""
        if self.busy:
            raise RuntimeError("one job at a time")
        self._cancel = Cancel()
        self._thread = threading.Thread(target=self._work, args=(job, self._cancel), name="job")
        self._thread.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask for the stop; ``ended`` comes when it has happened."""
        if self.busy and self._stopper is None:
            # Setting it waits for a child process to die, which the event loop must not.
            self._stopper = threading.Thread(target=self._cancel.set, name="cancel")
            self._stopper.start()

    def shut_down(self) -> None:
        """Cancel and wait; ``ended`` is not emitted. For closing a window."""
        self._timer.stop()
        if self._thread is None:
            return
        self._cancel.set()
        self._join()
        while not self._inbox.empty():
            self._inbox.get()

    def _work(self, job: Job, cancel: Cancel) -> None:
        outcome: object = None
        rested = time.monotonic()
        try:
            for event in job(cancel):
                if isinstance(event, Finished):
                    outcome = event.result
                else:
                    self._inbox.put(event)
                cancel.check()
                if time.monotonic() - rested > _WORK_S:
                    time.sleep(_REST_S)
                    rested = time.monotonic()
        except Exception as error:  # noqa: BLE001 - it is told in the window
            outcome = error
        self._inbox.put(Finished(outcome))

    def _drain(self) -> None:
        batch: list[Event] = []
        until = time.monotonic() + TICK_S
        while time.monotonic() < until:
            try:
                event = self._inbox.get_nowait()
            except queue.Empty:
                break
            if isinstance(event, Finished):
                self._timer.stop()
                self._join()
                if batch:
                    self.events.emit(batch)
                self.ended.emit(event.result)
                return
            batch.append(event)
        if batch:
            self.events.emit(batch)

    def _join(self) -> None:
        for thread in (self._thread, self._stopper):
            if thread is not None:
                thread.join()
        self._thread = self._stopper = None


class LatestRunner(JobRunner):
    """A runner whose newest job counts: an older one is cancelled and its end is not told.

    Signals:
        done: the result of the newest job, or the exception that ended it.
    """

    done = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._next: Job | None = None
        self.ended.connect(self._ended)

    def request(self, job: Job) -> None:
        """Run this one instead of whatever runs."""
        if self.busy:
            self._next = job
            self.cancel()
        else:
            self.start(job)

    def shut_down(self) -> None:
        """As of any runner; the job that waits is forgotten."""
        self._next = None
        super().shut_down()

    def _ended(self, outcome: object) -> None:
        following, self._next = self._next, None
        if following is not None:
            self.start(following)
        elif not isinstance(outcome, Cancelled):
            self.done.emit(outcome)


def call(function: Callable[[Cancel], object]) -> Job:
    """A plain function as a job."""
    def job(cancel: Cancel) -> Iterator[Event]:
        yield Finished(function(cancel))

    return job
