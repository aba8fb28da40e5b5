"""The rewrites of a model as a job: each that is offered, applied alone and proved. In a process of its own, because
onnxruntime runs a foreign model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from diag.cancel import Cancel
from diag.compare.plan import InputChoice
from diag.errors import DiagError
from diag.events import Event, Finished, Message, Progress, result_of
from diag.jobs.process import HostProcess
from diag.jobs.remote import run_remote
from diag.rewrites.apply import Offer, Rewritten


@dataclass(frozen=True, slots=True)
class RewriteJob:
    """``shapes``: fixed input shapes by name. ``folder``: where the rewritten models stay; None: they do not."""

    model: Path
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    choice: InputChoice = field(default_factory=InputChoice)
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """An offer, and what came of applying it alone."""

    offer: Offer
    result: Rewritten


@dataclass(frozen=True, slots=True)
class Offered:
    """All offers for a model, in the order in which they are best applied."""

    model: Path
    offers: tuple[Proved, ...] = ()


def run_rewrites(job: RewriteJob, cancel: Cancel, host: HostProcess | None = None) -> Iterator[Event]:
    """``rewrites_here`` in a process of its own, with the same events. Raises what it raises, or WorkerCrashed."""
    return run_remote("rewrites", job, cancel, Offered, host)


def rewrites_here(job: RewriteJob, cancel: Cancel) -> Iterator[Event]:
    """Progress, then Finished(Offered). A rewrite that cannot be tried is told and left out. Raises FormatError."""
    from diag.rewrites.apply import offers, rewrite
    from diag.rewrites.registry import rewrites
    from diag.tools.converter.plan import name_of

    yield Progress("Looking for rewrites", 0, 0)
    found = [replace(o, finding=replace(o.finding, subject=name_of(job.model)))
             for o in offers(job.model, rewrites(job.shapes))]
    made: list[Proved] = []
    with tempfile.TemporaryDirectory(prefix="diag-rewrites-") as scratch:
        for number, offer in enumerate(found):
            yield Progress("Proving rewrites", number, len(found))
            out = (job.folder or Path(scratch) / str(number)) / f"{job.model.stem}.{offer.name}.onnx"
            try:
                made.append(Proved(offer, result_of(rewrite(job.model, [offer.name], out, cancel,
                                                            shapes=dict(job.shapes), choice=job.choice))))
            except DiagError as error:
                cancel.check()
                yield Message(f"{offer.name}: {error.message}", "warning")
    yield Finished(Offered(job.model, tuple(made)))
