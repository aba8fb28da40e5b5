"""Makes the rewritten file, says what changed, and proves that it answers the same."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from diag.cancel import Cancel
from diag.compare.inputs import gather
from diag.compare.metrics.accumulator import compare
from diag.compare.plan import InputChoice
from diag.errors import UsageError
from diag.events import Event, Finished, Progress
from diag.formats.onnx import load
from diag.rewrites.difference import Line, difference
from diag.rewrites.interface import LIMIT, Rewrite, Site
from diag.rewrites.model import Model
from diag.rewrites.places import places
from diag.rewrites.registry import named, rewrites
from diag.rules.codes import finding
from diag.runtimes.interface import Array, RunOptions
from diag.runtimes.onnxruntime import OnnxRuntime
from diag.types.codes import Code
from diag.types.dtype import DType
from diag.types.finding import Finding

GROWN = 1e-5
"""Up to this change of an output each place is looked at alone: within ``LIMIT``, rounding grew."""

SEEDS = (0, 1)


@dataclass(frozen=True, slots=True)
class Offer:
    """A rewrite that applies to a model, where, and the finding that tells it."""

    name: str
    sites: tuple[Site, ...]
    finding: Finding


@dataclass(frozen=True, slots=True)
class OutputChange:
    """How far one output moved: relative L2 and the largest absolute change; NaN where they cannot be compared."""

    output: str
    seed: int
    rel_l2: float
    max_abs: float
    same: bool


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A rewritten model.

    Attributes:
        path: the new file.
        applied: name of each rewrite that changed something, and at how many places.
        lines: what changed, node by node.
        changes: the outputs on each seed, old against new, in onnxruntime without optimisation.
        places: each rewritten place alone, on the old model's values; measured only where an output moved by more
            than ``LIMIT``.
        proved: whether no output moved by more than ``LIMIT``; or no place by more than that, and no output by more
            than the wider limit that the user allowed.
        findings: REWRITE_CHANGES for an output that moved too far.
    """

    path: Path
    applied: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]
    changes: tuple[OutputChange, ...] = ()
    places: tuple[OutputChange, ...] = ()
    proved: bool = False
    findings: tuple[Finding, ...] = field(default=())

    @property
    def largest(self) -> float:
        """The largest relative change of any output; 0 where nothing moved."""
        return max((c.rel_l2 for c in self.changes if not np.isnan(c.rel_l2)), default=0.0)

    @property
    def only_grew(self) -> bool:
        """Whether it is not proved only because rounding within the limit at each place grew on its way."""
        return not self.proved and bool(self.places) and all(c.same for c in self.places)


def offers(path: Path, wanted: Sequence[Rewrite] | None = None) -> tuple[Offer, ...]:
    """The rewrites that apply to a model, in the order in which they are best applied. Raises FormatError."""
    model = Model.load(path)
    found = []
    for rewrite in rewrites() if wanted is None else wanted:
        sites = tuple(rewrite.sites(model))
        if sites:
            found.append(Offer(rewrite.name, sites, finding(rewrite.code, path.name, count=len(sites),
                                                            nodes=[s.node for s in sites[:20]])))
    return tuple(found)


def rewrite(source: Path, names: Sequence[str], out: Path, cancel: Cancel, *,
            shapes: dict[str, tuple[int, ...]] | None = None, choice: InputChoice | None = None,
            nodes: Sequence[str] = (), limit: float = LIMIT) -> Iterator[Event]:
    """Apply, write, prove: Progress, then Finished(Rewritten), whose ``proved`` says whether it may be used.

    ``nodes``: only at these nodes; everywhere where it is empty. ``choice``: inputs to prove it with.
    ``limit``: how far an output may move where each rewritten place alone moves by no more than ``LIMIT``.
    Raises UsageError (no such rewrite, none applies), FormatError, ToolFailed, Cancelled.
    """
    yield Progress("Rewriting", 0, 2)
    before = Model.load(source)
    after, applied = applied_to(before, named(names, shapes), cancel, nodes)
    if not applied:
        raise UsageError(f"Nothing to rewrite: {', '.join(names)}", where=f"in {source}",
                         hint="See which rewrites are offered: diag convert MODEL --rewrites list")
    after.save(out)
    yield Progress("Proving that it answers the same", 1, 2)
    changes = tuple(prove(source, out, cancel, shapes=shapes, choice=choice))
    alone: tuple[OutputChange, ...] = ()
    proved = all(c.same for c in changes) and bool(changes)
    if not proved and changes and all(c.rel_l2 <= max(GROWN, limit) for c in changes):
        alone = tuple(prove_places(source, out, cancel, shapes=shapes, choice=choice))
        proved = all(c.same for c in alone) and bool(alone) and all(c.rel_l2 <= limit for c in changes)
    bad = () if proved else [c for c in (*changes, *alone) if not c.same]
    told = tuple(finding(Code.REWRITE_CHANGES, source.name, rewrite=", ".join(n for n, _ in applied), output=c.output,
                         error=c.rel_l2, limit=LIMIT) for c in bad)
    yield Finished(Rewritten(out, applied, tuple(difference(before, after)), changes, alone, proved, told))


def applied_to(model: Model, wanted: Sequence[Rewrite], cancel: Cancel, nodes: Sequence[str] = ()
               ) -> tuple[Model, tuple[tuple[str, int], ...]]:
    """A rewritten copy, and what was applied at how many places."""
    after, applied = model.copy(), []
    for one in wanted:
        cancel.check()
        sites = [s for s in one.sites(after) if not nodes or s.node in nodes]
        if sites:
            one.apply(after, sites)
            applied.append((one.name, len(sites)))
    return after, tuple(applied)


def prove(old: Path, new: Path, cancel: Cancel, *, shapes: dict[str, tuple[int, ...]] | None = None,
          choice: InputChoice | None = None) -> Generator[OutputChange, None, None]:
    """Each output of both models on the same generated inputs, two seeds."""
    base = choice or InputChoice()
    options = RunOptions(threads=os.cpu_count() or 1)
    graph = load(old).graph
    with OnnxRuntime().open(old, options, cancel) as first, OnnxRuntime().open(new, options, cancel) as second:
        wanted = {info.name for info in second.inputs}
        for seed in SEEDS:
            inputs = gather(graph, InputChoice(base.archive, base.files, {**base.shapes, **(shapes or {})},
                                               base.seed + seed)).arrays
            golden = first.run(inputs, cancel)
            got = second.run({n: a for n, a in inputs.items() if n in wanted}, cancel)
            for name, array in golden.items():
                yield _change(name, seed, array, got.get(name))


def prove_places(old: Path, new: Path, cancel: Cancel, *, shapes: dict[str, tuple[int, ...]] | None = None,
                 choice: InputChoice | None = None) -> Generator[OutputChange, None, None]:
    """Each rewritten place alone, on what the old model feeds it; one seed."""
    base = choice or InputChoice()
    before, after = Model.load(old), Model.load(new)
    inputs = gather(load(old).graph, InputChoice(base.archive, base.files, {**base.shapes, **(shapes or {})},
                                                 base.seed)).arrays
    for name, golden, got in places(before, after, inputs, RunOptions(threads=os.cpu_count() or 1), cancel):
        yield _change(name, base.seed, golden, got)


def _change(name: str, seed: int, golden: Array, got: Array | None) -> OutputChange:
    nan = float("nan")
    if got is None or got.shape != golden.shape or got.dtype != golden.dtype:
        return OutputChange(name, seed, nan, nan, same=False)
    metrics = compare(golden, got, target_dtype=DType.of(got.dtype))
    if metrics.nonfinite or metrics.mismatch > 0:
        return OutputChange(name, seed, nan, metrics.max_abs, same=False)
    moved = metrics.rel_l2
    still = np.isnan(moved) and not metrics.max_abs > 0
    return OutputChange(name, seed, 0.0 if still else moved, metrics.max_abs, same=bool(still or moved <= LIMIT))
