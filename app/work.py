"""What the window can do: compare, open, export. Long work runs in JobRunners; what comes of it goes to the session."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app import commands
from app.jobs import Job, JobRunner, LatestRunner, call
from app.maps import add_pair, known_map
from app.pairs import Pair
from app.problems import tail
from app.session import Graphs, Session, State
from app.stages import stage
from diag.cancel import Cancel
from diag.compare.recorded.graphs import recorded_graph
from diag.compare.recorder import ALL
from diag.errors import Cancelled, DiagError, FormatError, ToolFailed
from diag.events import Event, Finished, Message, Partial, Progress, passed_on
from diag.formats.registry import open_model
from diag.jobs.compare import CompareJob, run_compare
from diag.report import reproduce
from diag.report.numbers import nbytes
from diag.rules import Lang
from diag.rules.accuracy import examined
from diag.runtimes.places import new_folder
from diag.telling import lines
from diag.types.comparison import RECORDING, Comparison
from diag.types.graph import Graph
from diag.types.layer import LayerResult
from diag.workspace.codec import from_json
from diag.workspace.runs import RunFolder

_PAINT_MS = 120
_LOG_TAIL = 3000


@dataclass(slots=True)
class JobRecord:
    """One job of this window. Times are of ``time.monotonic``; ``state``: waiting, running, done, cancelled, failed.

    ``folder``: its run folder. ``note``: memory that it took, once it is done.
    """

    title: str
    command: str
    started: float
    folder: Path
    state: str = "running"
    note: str = ""
    ended: float | None = None
    progress: Progress | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it runs, or ran."""
        return (self.ended or time.monotonic()) - self.started


class Work(QObject):
    """What the window does for its user, one thing at a time; comparisons wait for each other.

    Signals:
    progress: Progress of the running job.
    jobs_changed: a job began, ended or said something.
    told: (level, text) for the log.
    failed: the exception that ended something.
    opened: the paths of what is open now, for the list of recent files.
    queued: the title of a comparison that waits for its turn.
        matched: (golden tensor, target value) that the next comparison will take as a pair.
    """

    progress = Signal(object)
    jobs_changed = Signal()
    told = Signal(str, str)
    failed = Signal(object)
    opened = Signal(object)
    matched = Signal(object)
    queued = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None, lang: Lang = "en") -> None:
        super().__init__(parent)
        self.session, self.lang = session, lang
        self.jobs: list[JobRecord] = []
        self._job: CompareJob | None = None
        self._record: JobRecord | None = None
        self._queue: deque[tuple[CompareJob, JobRecord]] = deque()
        self._compare = JobRunner(self)
        self._compare.events.connect(self._events)
        self._compare.ended.connect(self._compared)
        self._load = LatestRunner(self)
        self._load.done.connect(self._loaded)
        self._read = LatestRunner(self)
        self._read.done.connect(self._graphs)
        self._paint_first = QTimer(self, singleShot=True, interval=_PAINT_MS)
        self._paint_first.timeout.connect(self._read_models)
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._next)

    @property
    def busy(self) -> bool:
        """Whether a comparison runs."""
        return self._compare.busy

    def compare(self, job: CompareJob) -> None:
        """Start a comparison; its rows appear in the session. While another runs it waits for its turn."""
        job = replace(job, plan=replace(job.plan, told={"argv": commands.arguments(job)}))
        title = f"{job.plan.golden.name} ↔ {job.plan.target.name}"
        record = JobRecord(title, commands.line(job), time.monotonic(), job.plan.out, "waiting")
        self.jobs.append(record)
        self._queue.append((job, record))
        if self.busy:
            self.jobs_changed.emit()
            self.queued.emit(title)
        else:
            self._next()

    def _next(self) -> None:
        """Begin the comparison that waits longest."""
        if not self._queue or self.busy:
            return
        job, record = self._queue.popleft()
        try:
            folder = RunFolder.create(job.plan.out)
        except (DiagError, OSError) as error:
            record.state, record.ended = "failed", time.monotonic()
            self.jobs_changed.emit()
            self.failed.emit(error if isinstance(error, DiagError) else
                             DiagError("The run folder cannot be made", where=f"in {job.plan.out}: {error.strerror}"))
            return
        record.state, record.started = "running", time.monotonic()
        self._job, self._record = job, record
        self.told.emit("info", record.command)
        self.session.begin(Pair(job.plan.golden, job.plan.target), folder)
        self.jobs_changed.emit()
        self._compare.start(lambda cancel: _examined(run_compare(job, cancel)))

    def again(self) -> CompareJob | None:
        """The job that runs the same comparison once more, None if it is not known."""
        job = self._job
        if job is None and self.session.comparison is not None:
            job = commands.job_of(reproduce.command(self.session.comparison))
        if job is None:
            return None
        mapped = known_map(self.session.comparison) or job.plan.map_file
        return replace(job, plan=replace(job.plan, out=new_folder("runs", job.plan.target.stem), map_file=mapped))

    def record(self, layer: str) -> bool:
        """Compare once more, so that the tensors of a layer (or of "all") are kept; False: it is not known how."""
        job = self.again()
        if job is None:
            return False
        names = dict.fromkeys((*job.plan.record, layer))
        self.compare(replace(job, plan=replace(job.plan, record=(ALL,) if ALL in names else tuple(names))))
        return True

    def drop(self, record: JobRecord) -> None:
        """Take a waiting comparison out of the queue; cancel it if it runs."""
        if record.state == "running":
            self.cancel()
        elif record.state == "waiting":
            self._queue = deque(item for item in self._queue if item[1] is not record)
            record.state, record.ended = "cancelled", time.monotonic()
            self.jobs_changed.emit()

    def cancel(self) -> None:
        """Stop the running comparison."""
        self._compare.cancel()

    def open_run(self, folder: Path) -> None:
        """Open a recorded run."""
        if self.busy:
            self.failed.emit(DiagError("A comparison is running", hint="Cancel it first, or wait for its end"))
            return
        self._load.request(call(lambda _: _recorded(folder)))

    def match(self, pair: tuple[str, str]) -> None:
        """Keep a pairing (golden tensor, target value) that a person made, for the next comparison of both models."""
        if self.session.comparison is None:
            return
        try:
            file = add_pair(self.session.comparison, *pair)
        except DiagError as error:
            self.failed.emit(error)
            return
        self.told.emit("info", f"{pair[0]} ↔ {pair[1]}: {file}")
        self.matched.emit(pair)

    def close(self) -> None:
        """Close what is open; nothing waits any more."""
        for _, record in list(self._queue):
            self.drop(record)
        self.cancel()
        if not self.busy:
            self._job = None
            self.session.close()

    def shut_down(self) -> None:
        """Start nothing more; the runners are stopped with all others of the window."""
        self._queue.clear()
        self._turn.stop()
        self._paint_first.stop()

    def command(self) -> str:
        """The command line that does the same; empty if nothing is open."""
        if self.session.comparison is not None:
            return reproduce.command(self.session.comparison)
        return commands.line(self._job) if self._job is not None else ""

    def _events(self, events: Sequence[Event]) -> None:
        record = self._record
        if record is None:
            return
        rows: list[LayerResult] = []
        latest: Progress | None = None
        for event in events:
            match event:
                case Partial(item) if isinstance(item, LayerResult):
                    rows.append(item)
                case Progress():
                    latest = event
                    self._stage(record, event)
                case Message(text, level):
                    record.lines.append(text)
                    self.told.emit(level, text)
        if rows:
            self.session.add(rows)
        if latest is not None:
            record.progress = latest
            self.progress.emit(latest)
        self.jobs_changed.emit()

    def _stage(self, record: JobRecord, event: Progress) -> None:
        before = record.progress
        if before is None or before.stage != event.stage:
            record.lines.append(stage(event.stage))
            self.told.emit("info", stage(event.stage))
        record.progress = event

    def _compared(self, outcome: object) -> None:
        record = self._record
        if record is None:
            return
        record.ended = time.monotonic()
        if isinstance(outcome, Comparison):
            record.state, record.note = "done", nbytes(outcome.peak_bytes)
            self._show(outcome, self.session.folder)
        else:
            record.state = "cancelled" if isinstance(outcome, Cancelled) else "failed"
            record.lines += _failure(outcome, self.lang)
            self.session.stop()
            if not isinstance(outcome, Cancelled):
                self.failed.emit(outcome)
        self.jobs_changed.emit()
        if self._queue:
            self._turn.start()

    def _loaded(self, outcome: object) -> None:
        if isinstance(outcome, _Recorded):
            self._job = None
            if outcome.comparison is not None:
                self._show(outcome.comparison, outcome.folder)
            else:
                self.session.show_stopped(outcome.folder, outcome.rows)
        else:
            self.failed.emit(outcome)

    def _show(self, comparison: Comparison, folder: RunFolder | None) -> None:
        self.session.finish(comparison, folder)
        if folder is not None:
            self.opened.emit((str(folder.path),))
        # Reading makes Python busy: first let everything be painted.
        self._paint_first.start()

    def _read_models(self) -> None:
        found = self.session.comparison
        if found is not None:
            self._read.request(_reading(found, self.lang))

    def _graphs(self, outcome: object) -> None:
        if isinstance(outcome, Graphs):
            if self.session.state is State.DONE:
                self.session.set_graphs(outcome)
        else:
            self.failed.emit(outcome)


@dataclass(frozen=True, slots=True)
class _Recorded:
    folder: RunFolder
    comparison: Comparison | None
    rows: Sequence[LayerResult] = ()


def _failure(outcome: object, lang: Lang) -> list[str]:
    """What a job's own list says of its end: the error, and the last lines of the log that was kept of it."""
    if not isinstance(outcome, DiagError):
        return [repr(outcome)]
    log = outcome.log if isinstance(outcome, ToolFailed) else None
    return [*lines(outcome, lang), *(tail(log, _LOG_TAIL).splitlines() if log is not None and log.is_file() else ())]


def _examined(events: Iterator[Event]) -> Iterator[Event]:
    yield Finished(examined((yield from passed_on(events))))


def _recorded(path: Path) -> _Recorded:
    """A run folder's result, or the rows of one that was stopped."""
    folder = RunFolder.open(path)
    lines = folder.path / "layers.jsonl"
    if (folder.path / "comparison.json").exists() or not lines.exists():
        return _Recorded(folder, examined(folder.comparison()))
    try:
        rows = [from_json(LayerResult, json.loads(line)) for line in lines.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise FormatError(lines, "rows of a stopped run are wanted", found=str(error)[:120],
                          hint="Run the comparison again") from error
    return _Recorded(folder, None, rows)


def _reading(found: Comparison, lang: Lang) -> Job:
    """Both models; one that cannot be read is None, with the reason. Of a recording, the graph of its operations."""
    golden, target = Path(found.golden.path), Path(found.target.path)

    def read(cancel: Cancel) -> Graphs:
        problems: list[str] = []

        def one(path: Path, mine: Graph | None = None) -> Graph | None:
            cancel.check()
            try:
                if found.target.runtime == RECORDING and mine is not None:
                    compiled = found.checks["recording"].get("graph")
                    return recorded_graph(path, Path(compiled) if compiled else None, mine)
                return open_model(path)
            except DiagError as error:
                problems.append(" ".join(lines(error, lang)))
                return None

        mine = one(golden)
        return Graphs(mine, one(target, mine), "\n".join(problems))

    return call(read)
