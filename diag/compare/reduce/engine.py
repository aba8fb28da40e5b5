"""``diag reduce``: from a comparison to the smallest failing part of both models, in a folder that runs anywhere."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from diag.cancel import Cancel
from diag.compare.reduce import bundle
from diag.compare.reduce.again import convert_again
from diag.compare.reduce.answers import Answer, answers_of, blaming, failing_output, focus_of
from diag.compare.reduce.plan import ReducePlan
from diag.compare.reduce.regions import Wiring
from diag.compare.reduce.result import Focus, Reduction
from diag.compare.reduce.search import bisect, grow
from diag.compare.reduce.trial import Bench, Judging, Piece
from diag.compare.reduce.values import Values
from diag.compare.sides import Side, open_golden, open_target, target_feeds
from diag.compare.tolerance import Preset
from diag.errors import UsageError
from diag.events import Event, Finished, Progress
from diag.formats.mindir import edit
from diag.machine import peak_bytes
from diag.runtimes.interface import Array, RunOptions, Runtime, RuntimeSpec
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import Stage, Verdict
from diag.workspace.runs import RunFolder


def reduce(plan: ReducePlan, found: Comparison, runtime: Runtime, converter: RuntimeSpec | None,
           cancel: Cancel) -> Iterator[Event]:
    """Reduce what ``found`` says; ``runtime`` runs the target parts, ``converter`` converts again where that tells.

    ``plan.bundle`` was prepared (``bundle.prepare``).
    Yields Progress, and Finished(Reduction). The bundle appears whole or not at all. Raises DiagError.
    """
    started = time.monotonic()
    cores = max(1, (os.cpu_count() or 1) // 2)  # as the comparison ran golden: the same sums
    golden = open_golden(plan.golden, cores)
    target = open_target(plan.target, cores, plan.threads, plan.key)
    search = _Search(plan, found, runtime, golden, target, cores)
    result = Reduction(Verdict.PASS, "Nothing fails: there is nothing to reduce.", found.golden, found.target,
                       golden_total=len(golden.graph.nodes), target_total=len(target.graph.nodes),
                       environment=found.environment, run=found.run)
    with search.bench(cancel) as bench:
        focus, piece = yield from search.piece(bench, cancel)
        if focus is not None:
            result = replace(result, focus=focus, attempts=tuple(bench.attempts))
            if piece is None:
                result = replace(result, verdict=Verdict.NOT_COMPARABLE, note=_not_again(result))
            else:
                focus = search.blamed(focus, piece)
                result = search.told(replace(result, focus=focus), piece)
                if converter is not None and target.file is None and focus.stage == Stage.CONVERSION:
                    yield Progress("Converting the golden part again", 0, 0)
                result = replace(result, again=convert_again(piece, focus, bench.judging, converter, target, cancel))
                yield Progress("Writing the bundle", 0, 0)
                result = bundle.write(plan, result, piece, target, bench, cancel)
    yield Finished(replace(result, wall_s=time.monotonic() - started, peak_bytes=peak_bytes()))


@dataclass(frozen=True, slots=True)
class _Search:
    plan: ReducePlan
    found: Comparison
    runtime: Runtime
    golden: Side
    target: Side
    cores: int

    def bench(self, cancel: Cancel) -> Bench:
        """Both sides on the recorded inputs."""
        arrays = recorded_inputs(self.found, self.golden)
        theirs = Values(self.target, target_feeds(arrays, self.target.graph))
        theirs.survey(cancel)
        return Bench(
            self.golden, self.target, Wiring(self.golden), Wiring(self.target), Values(self.golden, arrays), theirs,
            answers_of(self.found, self.golden.graph, self.target.graph), self.runtime,
            RunOptions(self.found.target.device, self.plan.threads),
            Judging(Preset(self.found.preset), _dtype(self.found.target.dtype)), self.plan.key, self.cores,
            Path(tempfile.mkdtemp(prefix="diag-reduce-")), [])

    def piece(self, bench: Bench, cancel: Cancel) -> Generator[Event, None, tuple[Focus | None, Piece | None]]:
        """What to reduce around (None: nothing fails), and the smallest piece that shows it (None: none does)."""
        chosen = focus_of(self.found, self.plan.layer)
        if chosen is not None:
            focus, answer = chosen
            hidden = frozenset(edit.untappable(self.target.graph)) if self.target.file is None else frozenset()
            recorded = focus.recorded if focus.kind == "culprit" else None
            return focus, (yield from grow(bench, answer, recorded, self.plan.context, hidden, cancel))
        name = failing_output(self.found)
        if name is None:
            return None, None
        info = self.golden.graph.outputs[self.golden.graph.output_names.index(name)]
        output = next(a for a in bench.answers.values()
                      if a.golden == info.name and a.value in {o.name for o in self.target.graph.outputs})
        piece = yield from bisect(bench, output, cancel)
        return self._interval(piece, output), piece

    def _interval(self, piece: Piece | None, output: Answer) -> Focus:
        value = output.value if piece is None else piece.outputs[0].value
        golden = output.golden if piece is None else piece.outputs[0].golden
        theirs, mine = self.target.graph, self.golden.graph
        return Focus("interval", mine.nodes[mine.producers[golden]].name if golden in mine.producers else golden,
                     golden, theirs.nodes[theirs.producers[value]].name, value,
                     why="no single layer is far off; their small errors add up to one that fails")

    def blamed(self, focus: Focus, piece: Piece) -> Focus:
        """A layer that was asked for by name may have grown until it holds a culprit: that one explains it."""
        inside = {self.target.graph.nodes[n].name for n in piece.region.nodes}
        held = next((c for c in self.found.culprits if c.target_node in inside), None)
        return focus if focus.blames or held is None else blaming(focus, held)

    def told(self, result: Reduction, piece: Piece) -> Reduction:
        """The result with what the piece is."""
        mine, theirs = self.golden.graph.nodes, self.target.graph.nodes
        size = sum(len(t.raw_data) for t in piece.golden.model.graph.initializer)
        return replace(
            result, verdict=Verdict.FAIL, note="", context=piece.region.hops, inputs=piece.inputs,
            golden_nodes=tuple(mine[n].name for n in piece.golden.nodes), outputs=piece.outputs, errors=piece.errors,
            target_nodes=tuple(theirs[n].name for n in piece.region.nodes),
            weights_bytes=size + piece.target.weights_bytes)


def recorded_inputs(found: Comparison, golden: Side) -> dict[str, Array]:
    """The inputs of the comparison, in the golden model's element types. Raises UsageError if they are gone."""
    file = RunFolder(Path(found.run or ".")).path / "inputs.npz"
    if not file.is_file():
        raise UsageError("The recorded inputs are not in the run folder", where=f"in {file}",
                         hint="Compare again without --run")
    with np.load(file, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    wanted = {n: i.dtype for n, i in zip(golden.graph.input_names, golden.graph.inputs, strict=True)}
    return {n: a.astype(wanted[n].numpy, copy=False) if n in wanted and wanted[n] is not DType.UNDEFINED else a
            for n, a in arrays.items()}


def _dtype(name: str) -> DType:
    return DType(name) if name in set(DType) else DType.FLOAT32


def _not_again(result: Reduction) -> str:
    notes = [a.note for a in result.attempts if a.note]
    return "The error does not come again" + (f": {notes[-1]}" if notes else
                                              ", not even with the whole model: it may differ from run to run")
