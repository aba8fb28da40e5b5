"""From rows to culprits: who injects, at which stage, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diag.compare.attribute import injecting, score, stage_of
from diag.compare.evidence import Kept
from diag.compare.session import Comparing
from diag.compare.sides import Side
from diag.compare.tolerance import Preset
from diag.compare.why.blame import Reason, reason
from diag.compare.why.evidence import with_evidence
from diag.compare.why.explain import Suspect, explain
from diag.compare.why.facts import Constant
from diag.formats import weights
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.values import to_numpy
from diag.types.layer import Culprit, Difference, LayerResult, MappingKind, Stage, Verdict

_MOST = 10
"""Culprits that are explained and listed; the rows show the others."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a culprit's explanation needs to know of the whole."""

    golden: Side
    target: Side
    comparing: Comparing
    preset: Preset
    by_reference: bool
    runtime: str
    version: str
    device: str
    threads: int


def culprits(rows: Sequence[LayerResult], verdict: Verdict,
             around: Surroundings) -> tuple[list[Culprit], list[LayerResult]]:
    """The culprits, best first, and rows that inject without being one.

    A conversion that writes another model is a culprit whatever the outputs say; a runtime that computes one layer
    a little differently is one only if an output fails.
    """
    found: list[Culprit] = []
    harmless: list[LayerResult] = []
    for row in injecting(rows):
        stage = _stage(row, around)
        if verdict in (Verdict.PASS, Verdict.WATCH) and stage is not Stage.CONVERSION:
            harmless.append(row)
        elif len(found) < _MOST:
            found.append(_culprit(row, stage, around))
    return _without_echoes(found), harmless


def _stage(row: LayerResult, around: Surroundings) -> Stage:
    blind = row.target_node in {around.target.graph.nodes[n].name for n in around.comparing.uncovered}
    return stage_of(row, around.preset, by_reference=around.by_reference, blind=blind)


def _culprit(row: LayerResult, stage: Stage, around: Surroundings) -> Culprit:
    kept = around.comparing.evidence.find(row.target_tensor or "", row.golden_tensor)
    group = _group(row, around)
    differences: tuple[Difference, ...] = ()
    blamed: str | None = None
    if kept is None:
        why = Reason.unknown(row)
    else:
        found = explain(_suspect(kept, row, group, around), around.golden, around.target,
                        constants(around.golden), constants(around.target))
        differences, blamed = found.differences, found.blamed
        why = reason(row, stage, found, _nodes(group, around), kept, around.runtime, around.threads)
    why = _backed(why, row, blamed, around)
    names = tuple(around.golden.graph.nodes[i].name for i in group) or (row.golden_node,)
    return Culprit(
        golden_node=blamed or _anchor(row, names), golden_nodes=names, target_node=row.target_node,
        score=score(row), stage=stage, why=why.text, own_input=row.own_input or row.cumulative, finding=why.code,
        differences=differences, values=why.values)


def _backed(why: Reason, row: LayerResult, blamed: str | None, around: Surroundings) -> Reason:
    name = blamed or row.golden_node
    node = next((n for n in around.golden.graph.nodes if n.name == name), None)
    if node is None:
        return why
    return with_evidence(why, node, around.golden.graph, around.target.graph, around.runtime, around.version,
                         around.device)


def _group(row: LayerResult, around: Surroundings) -> list[int]:
    m = next(m for m in around.comparing.measured
             if m.pair.value == row.target_tensor and m.pair.golden == row.golden_tensor)
    if m.pair.stand_in:
        return around.comparing.near.between([_answered(row, around)], row.golden_tensor)
    return around.comparing.group(m)


def _answered(row: LayerResult, around: Surroundings) -> str:
    """The golden tensor that a value answers by itself, where its readers take it for another one."""
    return around.comparing.pairs[row.target_tensor or ""].golden


def _suspect(kept: Kept, row: LayerResult, group: Sequence[int], around: Surroundings) -> Suspect:
    names = [around.golden.graph.nodes[i].name for i in group]
    # A node that is there under its name, but without effect (a mask of zeros), is not missing.
    missing = tuple(group) if kept.pair.stand_in and row.target_node not in names else ()
    extra = not group and row.mapping.kind is not MappingKind.MANUAL
    return Suspect(kept.node, kept.pair.value, kept.pair.golden, kept.golden, kept.feeds, kept.fed, tuple(group),
                   missing, extra and not missing)


def _nodes(group: Sequence[int], around: Surroundings) -> list[str]:
    return [around.golden.graph.nodes[i].op for i in group]


def _anchor(row: LayerResult, names: Sequence[str]) -> str:
    """The member that the target node is named after, else the one that makes the tensor."""
    named = row.target_node or ""
    return next((n for n in names if n and (n == named or named.startswith(n) or named.endswith(n))), row.golden_node)


def _without_echoes(found: Sequence[Culprit]) -> list[Culprit]:
    """One culprit for each golden node: a missing node makes each of its readers' inputs wrong."""
    seen: set[tuple[str, str | None]] = set()
    result = []
    for c in found:
        key = (c.golden_node, c.target_node)
        if key not in seen:
            seen.add(key)
            result.append(c)
    return result


def constants(side: Side) -> Constant:
    """The elements of a side's constants by value name; small constant computations are run when asked for."""
    program = side.session.program
    cache: dict[str, Array | None] = {}

    def find(value: str) -> Array | None:
        if value not in cache:
            weight = program.weights.get(value)
            cache[value] = weights.load(weight) if weight is not None and not weight.problem else _computed(side, value)
        return cache[value]

    return find


def _computed(side: Side, value: str) -> Array | None:
    program = side.session.program
    writer = {v: i for i, s in enumerate(program.steps) for v in s.writes}
    needed: set[int] = set()
    queue = [value]
    while queue:
        current = queue.pop()
        if current not in writer or program.steps[writer[current]].problem:
            return None
        step = writer[current]
        if step not in needed:
            needed.add(step)
            queue += program.steps[step].reads
    found = side.session.engine.run(sorted(needed), {}, [value])
    return np.array(to_numpy(found[value])) if value in found else None
