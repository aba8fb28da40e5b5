"""Cause before consequence: from records to a diagnosis."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from diag.cancel import Cancel
from diag.events import Finished, Progress, result_of
from diag.logs.codes import codes_in
from diag.logs.diagnosis import LogDiagnosis
from diag.logs.evidence import Evidence, Hit
from diag.logs.judge import Judge
from diag.logs.reader import read_records
from diag.logs.record import Kind, Level, Record
from diag.logs.rules import load_rules
from diag.logs.source import Source
from diag.logs.sources import sources_of
from diag.logs.story import conclude

_SUCCESS = re.compile(
    r"CONVERT(?:ER)? RESULT SUCCESS|^\s*ATC run success|^\s*Run Benchmark .*Success|Aoe process finished", re.MULTILINE)
_FAILURE = re.compile(
    r"CONVERT(?:ER)?\S*[ _]\S*\s?.{0,12}FAILED|SAVE GRAPH FAILED|^\s*ATC run failed|^\s*Run Benchmark .*Failed"
    r"|^\s*Convert failed\. Ret|Aoe process failed", re.MULTILINE)
_GAVE_UP = re.compile(r"Convert model (?:\S+ )?failed|Handle graph failed|Converter model failed")
_KEPT = 20_000
_STRIDE = 200_000


def triage(paths: Iterable[Path | str | Source] | Path | str | Source, *, cancel: Cancel | None = None) -> LogDiagnosis:
    """Diagnose log files, folders and archives (Path, or str that names one that exists) or log text (any other str).

    Raises UsageError where a Path does not exist, Cancelled. Text that is no log gives "insufficient-evidence".
    """
    found: LogDiagnosis = result_of(diagnose(paths, cancel or Cancel()))
    return found


def diagnose(paths: Iterable[Path | str | Source] | Path | str | Source,
             cancel: Cancel) -> Iterator[Progress | Finished[LogDiagnosis]]:
    """As ``triage``, telling how far it has come; ends with Finished."""
    items = [paths] if isinstance(paths, (str, Path, Source)) else list(paths)
    evidence = Evidence()
    for lines in collect(sources_of(items, evidence.tally.notes), evidence, cancel):
        yield Progress("Reading logs", lines, 0, "lines")
    yield Finished(conclude(evidence))


def collect(sources: Iterable[Source], evidence: Evidence, cancel: Cancel) -> Iterator[int]:
    """Read all sources; keep what tells something, in bounded memory. Yields the number of lines read, now and then."""
    judge = Judge(load_rules())
    run = 0
    for number, source in enumerate(sources):
        evidence.files.append(source.name)
        run = yield from _collect_one(source, number, run + 1, judge, evidence, cancel)
        yield evidence.tally.lines


def _collect_one(source: Source, number: int, run: int, judge: Judge, evidence: Evidence,
                 cancel: Cancel) -> Generator[int, None, int]:
    seen: dict[tuple[str, str, int | None, str, int], Hit] = {}
    ends = _Ends(run, evidence)
    latest = told = 0
    for order, record in enumerate(read_records(source, evidence.tally, cancel)):
        latest = max(latest, record.time_us or 0)
        judgement = judge.judge(record)
        if judgement is None:
            evidence.tally.skip_alike()
        else:
            key = (judgement.rule.id, record.stream, record.pid, record.body[:300], ends.run)
            hit = seen.get(key)
            if hit is not None:
                hit.count += 1
            elif len(seen) + len(evidence.hits) < _KEPT:
                hit = seen[key] = Hit(record, judgement, (number, order), latest, ends.run, 1,
                                      frozenset(codes_in(record.text[:4096])))
            evidence.codes.update(hit.codes if hit is not None else ())
        ends.see(record)
        if evidence.tally.lines - told > _STRIDE:
            told = evidence.tally.lines
            yield told
    ends.close()
    evidence.hits += seen.values()
    return ends.run


class _Ends:
    """Parts a source into runs, and notes how each came out.

    Where stdout was written before stderr, the word of success stands before all that the run printed: a success that
    nothing precedes speaks for what follows, unless that fails by its own words.
    """

    def __init__(self, run: int, evidence: Evidence) -> None:
        self.run = run
        self._evidence = evidence
        self._spoke = self._owed = self._fell = False

    def see(self, record: Record) -> None:
        """The next record; ends the run where it is the last of one."""
        if record.kind is Kind.CRASH:
            self._evidence.crashed = self._fell = True
        elif record.kind is Kind.EXCEPTION:
            self._fell = True
            self._next()
        elif record.kind is Kind.OUTCOME:
            self._outcome(record.body)
        elif record.level is not Level.NONE:
            self._spoke = True
            if record.level.loud and _GAVE_UP.search(record.body):
                self._fell = True

    def close(self) -> None:
        """The source ended."""
        if self._owed and not self._fell:
            self._evidence.succeeded.add(self.run)

    def _outcome(self, body: str) -> None:
        if _SUCCESS.search(body):
            self._evidence.succeeded.add(self.run)
            self._owed = not self._spoke
            self._next()
        elif _FAILURE.search(body):
            self._evidence.failed.add(self.run)
            self._fell = True
        elif "start working" in body:
            self._next()

    def _next(self) -> None:
        self.run += 1
        self._spoke = False
