"""What the page of logs does beside the event loop: read, triage, sift, count, follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs import JobRunner, LatestRunner, call
from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.events import Event, Partial, Progress
from diag.jobs.log import LogJob, run_triage, triage_here
from diag.logs.book import Book, Chunk, Spool
from diag.logs.follow import Grown, Seen, look, seen_now
from diag.logs.leaf import leaf_through
from diag.logs.select import Filter
from diag.logs.sift import heads, histogram, sift

_SPOOL = 2 << 30
_SMALL = 8 << 20
_BINS = 400
_LOOK_MS = 400
_AGAIN_MS = 2000


class Work(QObject):
    """One set of logs at a time.

    Signals:
        opened: another book is there, without lines yet.
        grown: the book has more lines.
        progress: Progress of reading.
        read: (notes) the whole book is there.
        diagnosed: LogDiagnosis, or the exception that ended the triage.
        sifted: (rows or None for all, first row that was looked at).
        counted: (levels by bins, first, last) for the timeline.
        failed: the exception that ended the reading.
        half_line: the last line of a followed file was only half written: it is about to be replaced.
        rotated: a followed file was rotated or cut: everything is read again.
    """

    opened = Signal()
    grown = Signal()
    progress = Signal(object)
    read = Signal(object)
    diagnosed = Signal(object)
    sifted = Signal(object, int)
    counted = Signal(object)
    failed = Signal(object)
    half_line = Signal()
    rotated = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.book: Book | None = None
        self.paths: tuple[Path, ...] = ()
        self.wanted, self.folded = Filter(), False
        self._reading, self._triage = JobRunner(self), LatestRunner(self)
        self._sifting, self._counting, self._looking = LatestRunner(self), LatestRunner(self), LatestRunner(self)
        self._reading.events.connect(self._events)
        self._reading.ended.connect(self._ended)
        self._triage.done.connect(self.diagnosed)
        self._sifting.done.connect(self._sifted)
        self._counting.done.connect(lambda found: self.counted.emit(found) if isinstance(found, tuple) else None)
        self._looking.done.connect(self._looked)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._later = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._later.timeout.connect(self._judge_again)
        self._seen: Seen | None = None
        self._half = False
        self._next: tuple[Path, ...] | None = None

    # reading

    @property
    def busy(self) -> bool:
        """Whether lines are still being read."""
        return self._reading.busy

    @property
    def following(self) -> bool:
        """Whether the last file is watched."""
        return self._timer.isActive()

    def open(self, paths: Sequence[Path]) -> None:
        """Read these instead of what is open."""
        self.follow(on=False)
        if self._reading.busy:
            self._next = tuple(paths)
            self._reading.cancel()
            return
        self.close()
        self.paths = tuple(paths)
        self.book = Book(Spool(_SPOOL))
        self.book.reserve(_rows_of(self.paths))
        self.opened.emit()
        spool, items = self.book.spool, self.paths
        self._reading.start(lambda cancel: leaf_through(items, spool, cancel))
        self.judge()

    def judge(self) -> None:
        """Look for the cause: small logs here, large ones in a process of their own."""
        job = LogJob(self.paths)
        small = _size_of(self.paths) <= _SMALL

        def run(cancel: Cancel) -> Iterator[Event]:
            yield from triage_here(job, cancel) if small else run_triage(job, cancel)

        self._triage.request(run)

    def cancel(self) -> None:
        """Stop reading and looking; lines that are there stay."""
        for runner in (self._reading, self._triage, self._sifting):
            runner.cancel()

    def close(self) -> None:
        """Nothing is open."""
        self.follow(on=False)
        for runner in (self._reading, self._sifting, self._counting, self._triage, self._looking):
            runner.shut_down()
        if self.book is not None:
            self.book.close()
        self.book, self.paths, self._seen = None, (), None
        self.wanted, self.folded = Filter(), False

    def shut_down(self) -> None:
        """Stop everything."""
        for timer in (self._timer, self._later):
            timer.stop()
        for runner in (self._reading, self._triage, self._sifting, self._counting, self._looking):
            runner.shut_down()
        self.close()

    def _events(self, events: Sequence[Event]) -> None:
        if self.book is None:
            return
        for event in events:
            match event:
                case Partial(chunks):
                    for chunk in chunks:
                        self.book.add(chunk)
                case Progress():
                    self.progress.emit(event)
        self.grown.emit()

    def _ended(self, outcome: object) -> None:
        if self._next is not None:
            following, self._next = self._next, None
            self.open(following)
            return
        self.read.emit(outcome if isinstance(outcome, list) else [])
        if isinstance(outcome, list | Cancelled):
            self.count()
            if self.wanted != Filter() or self.folded:
                self.sift(self.wanted, folded=self.folded)
        else:
            self.failed.emit(outcome)

    # sifting

    def sift(self, wanted: Filter, *, folded: bool) -> None:
        """Find the wanted lines; ``sifted`` tells them."""
        self.wanted, self.folded = wanted, folded
        self._sift_from(0)

    def _sift_from(self, begin: int) -> None:
        book, wanted, folded = self.book, self.wanted, self.folded
        if book is None:
            return
        if wanted == Filter(around=wanted.around) and not folded:
            self.sifted.emit(None, begin)
            return
        rows = len(book)

        def found(cancel: Cancel) -> object:
            chosen = sift(book, rows, wanted, cancel, begin)
            return (heads(book, chosen) if folded else chosen), begin

        self._sifting.request(call(found))

    def _sifted(self, outcome: object) -> None:
        if isinstance(outcome, tuple):
            self.sifted.emit(*outcome)
        else:
            self.failed.emit(outcome)

    def count(self) -> None:
        """Count levels over time; ``counted`` tells them."""
        book = self.book
        if book is not None:
            rows = len(book)
            self._counting.request(call(lambda cancel: histogram(book, rows, _BINS, cancel)))

    # following

    def follow(self, *, on: bool) -> bool:
        """Watch the file that is open for new lines; False where that cannot be done (an archive, several files)."""
        self._timer.stop()
        book = self.book
        if not on or book is None or self.busy or len(book.files) != 1 or not Path(book.files[0]).is_file():
            return False
        rows = len(book)
        end = int(book.column("offset")[-1]) + int(book.column("length")[-1]) if rows else 0
        path = Path(book.files[0])
        with path.open("rb") as file:
            file.seek(end)
            tail = file.read(1)
        self._half = bool(rows) and tail != b"\n"
        if self._half:
            self._seen = seen_now(path, int(book.column("offset")[-1]), rows - 1)
        else:
            self._seen = seen_now(path, end + len(tail), rows)
        self._timer.start()
        return True

    def _look(self) -> None:
        seen, book = self._seen, self.book
        if seen is not None and book is not None and not self._looking.busy:
            name, modules = book.files[0], book.modules
            self._looking.request(call(lambda _: look(seen, 0, name, modules)))

    def _looked(self, outcome: object) -> None:
        if not isinstance(outcome, Grown) or self.book is None or not self.following:
            return
        if outcome.rotated:
            self.rotated.emit()
            return
        self._seen = outcome.seen
        if outcome.chunk is not None:
            self._add(outcome.chunk)

    def _add(self, chunk: Chunk) -> None:
        book = self.book
        if book is None:
            return
        if self._half:
            self.half_line.emit()
            book.drop_last()
            self._half = False
        before = len(book)
        book.add(chunk)
        self.grown.emit()
        if self.wanted != Filter(around=self.wanted.around) or self.folded:
            self._sift_from(before)
        self._later.start()

    def _judge_again(self) -> None:
        if self.book is not None:
            self.count()
            self.judge()


def _size_of(paths: Sequence[Path]) -> int:
    """Bytes at most as many as matter: a folder counts as large."""
    return sum(path.stat().st_size if path.is_file() else _SMALL for path in paths)


def _rows_of(paths: Sequence[Path]) -> int:
    """Room for lines of usual length, so that the book need not grow; memory that is not used costs nothing."""
    return sum(path.stat().st_size // 100 for path in paths if path.is_file())
