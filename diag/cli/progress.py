"""Runs a generator of events for a person at a terminal: progress on stderr, the result returned."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from diag.cancel import Cancel
from diag.events import Event, Finished, Message, Partial, Progress
from diag.report.text import elide, pad
from diag.telling import tell

_PERIOD_S = 0.1


def drive(events: Iterator[Event], args: argparse.Namespace, cancel: Cancel,
          on_partial: Callable[[Any], None] | None = None) -> Any:  # noqa: ANN401 - whatever the job finishes with
    """Loop over ``events`` and return the result of Finished. Ctrl-C sets ``cancel``; the job then ends by itself."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        cancel.set()

    previous = signal.signal(signal.SIGINT, interrupt)
    line = _Line(args)
    try:
        for event in events:
            match event:
                case Finished(result):
                    return result
                case Partial(item):
                    if on_partial is not None:
                        on_partial(item)
                case Progress():
                    line.show(event)
                case Message():
                    line.say(event)
        raise AssertionError("a job ended without Finished")
    finally:
        line.clear()
        signal.signal(signal.SIGINT, previous)


class _Line:
    """One line of progress that is drawn over itself on a terminal, or plain lines elsewhere."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._quiet, self._lang = args.quiet, args.lang
        terminal = sys.stderr.isatty()
        self._live = args.progress == "auto" and terminal and not args.quiet
        self._plain = args.progress == "plain" and not args.quiet
        self._shown = 0.0
        self._stage = ""

    def show(self, event: Progress) -> None:
        if self._plain and event.stage != self._stage:
            print(tell(event.stage, self._lang), file=sys.stderr)
        now = time.monotonic()
        fresh = event.stage != self._stage
        self._stage = event.stage
        if not self._live or (now - self._shown < _PERIOD_S and not fresh):
            return
        self._shown = now
        of = f"/{event.total:,}" if event.total else ""
        eta = f", {event.eta_s:.0f} s left" if event.eta_s is not None and event.eta_s >= 1 else ""
        text = f"{tell(event.stage, self._lang)}: {event.done:,}{of} {tell(event.unit, self._lang)}{eta}"
        columns = shutil.get_terminal_size().columns - 1
        print(f"\r{pad(elide(text, columns), columns)}", end="", file=sys.stderr, flush=True)

    def say(self, event: Message) -> None:
        if not self._quiet:
            self.clear()
            print(f"{'warning: ' if event.level == 'warning' else ''}{tell(event.text, self._lang)}", file=sys.stderr)

    def clear(self) -> None:
        if self._live and self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
