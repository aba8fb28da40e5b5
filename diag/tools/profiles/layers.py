"""Time of each layer of a model: from the runtime's own profile, or each node alone where the runtime has none."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diag.cancel import Cancel
from diag.errors import DiagError, ToolFailed
from diag.events import Event, Finished, Progress, result_of
from diag.formats.interface import key_of
from diag.perf.plan import Contender
from diag.perf.timers import deployed
from diag.runtimes.interface import Array, RunOptions
from diag.tools.profiles.trace import read_trace
from diag.types.bench import LayerNote

if TYPE_CHECKING:
    from diag.runtimes.mindir_session import MindIRSession
    from diag.runtimes.onnxruntime.session import ProgramSession
    from diag.types.graph import Node
    from diag.types.timeline import Profile

RUNS = 20
ALONE_RUNS = 15
_WARMUP = 3
_FAR, _MOST_AGAIN = 2.0, 60
_AT_ONCE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class NodeTime:
    """One node: ms of one run of the model that it takes."""

    name: str
    op: str
    ms: float


@dataclass(frozen=True, slots=True)
class NodeTimes:
    """All that could be timed, in running order, and how."""

    nodes: tuple[NodeTime, ...]
    note: LayerNote


def time_layers(one: Contender, feeds: Mapping[str, Array], threads: int, optimise: bool, max_s: float,
                cancel: Cancel) -> Iterator[Event]:
    """Progress, then Finished(NodeTimes). What cannot be timed is said in the note, never raised."""
    try:
        if one.spec.name == "onnxruntime":
            yield Progress("Timing layers", 0, 0)
            yield Finished(_profiled(one.path, feeds, threads, optimise, cancel))
        elif one.spec.name == "mindspore-lite":
            yield from _alone(one, feeds, threads, max_s, cancel)
        else:
            yield Finished(_none(f"{one.spec.name} does not tell the times of layers"))
    except ToolFailed as error:
        yield Finished(_none(error.message))


def _none(problem: str) -> NodeTimes:
    return NodeTimes((), LayerNote("none", 0, 0.0, problem))


def _profiled(path: Path, feeds: Mapping[str, Array], threads: int, optimise: bool, cancel: Cancel) -> NodeTimes:
    from diag.runtimes.onnxruntime.engine import make_session
    from diag.runtimes.onnxruntime.values import to_ort

    with tempfile.TemporaryDirectory(prefix="diag-profile-") as folder:
        options = deployed(threads, optimise)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "p")
        session = make_session(path, options)
        given = {name: to_ort(array) for name, array in feeds.items()}
        names = [o.name for o in session.get_outputs()]
        for _ in range(RUNS + 1):
            cancel.check()
            session.run_with_ort_values(names, given)
        profile: Profile = result_of(read_trace(Path(session.end_profiling()), cancel))
    return NodeTimes(tuple(_medians(profile, RUNS + 1)), LayerNote("profile", RUNS, 1.0))


def _medians(profile: Profile, runs: int) -> Iterator[NodeTime]:
    """Median over the runs of a node's time in one run, without the first, which pays for everybody's memory."""
    rows: dict[int, list[int]] = {}
    for row, code in enumerate(profile.names.codes):
        rows.setdefault(int(code), []).append(row)
    for own in rows.values():
        times = profile.duration_us[own]
        if len(own) % runs == 0:
            times = times.reshape(runs, -1).sum(axis=1)[1:]
            ms = float(np.median(times)) / 1e3
        else:
            ms = float(times.sum()) / runs / 1e3
        yield NodeTime(profile.names[own[0]], profile.types[own[0]], ms)


def _alone(one: Contender, feeds: Mapping[str, Array], threads: int, max_s: float, cancel: Cancel) -> Iterator[Event]:
    from diag.runtimes.reference import Reference
    from diag.runtimes.registry import runtime

    options = RunOptions(one.device, threads, key=key_of(one.key or ""))
    session: MindIRSession
    with runtime(one.spec).open(one.path, options, cancel) as session:  # type: ignore[assignment]
        # What the nodes read comes from the reference runtime: values of the real one would cost a build each.
        golden = Reference().open(one.path, RunOptions(key=options.key), cancel)
        yield from _each(session, golden, feeds, max_s, cancel)


def _each(session: MindIRSession, golden: ProgramSession, feeds: Mapping[str, Array], max_s: float, cancel: Cancel
          ) -> Iterator[Event]:
    graph, end = session.graph, time.monotonic() + max_s
    found: list[NodeTime] = []
    nodes = [node for node in graph.nodes if node.outputs and node.outputs[0]]
    problem = ""
    for batch in _batches(session, nodes):
        values = yield from _values(golden, feeds, batch, cancel)
        for node in batch:
            yield Progress("Timing layers", len(found), len(nodes), "layers")
            if time.monotonic() > end:
                problem = f"The time of {max_s:g} s was over"
                break
            try:
                times = session.time_alone(node.outputs[0], values, _WARMUP + ALONE_RUNS, cancel)[_WARMUP:]
            except ToolFailed as error:
                problem = error.message
                continue
            if times:
                found.append(NodeTime(node.name, node.op, 1e3 * min(times)))
    found = yield from _again(session, golden, feeds, found, end, cancel)
    note = LayerNote("alone" if found else "none", ALONE_RUNS, len(found) / max(1, len(nodes)), problem,
                     min((n.ms for n in found), default=math.nan))
    yield Finished(NodeTimes(tuple(found), note))


def _again(session: MindIRSession, golden: ProgramSession, feeds: Mapping[str, Array], found: list[NodeTime],
           end: float, cancel: Cancel) -> Generator[Event, None, list[NodeTime]]:
    """What is far above the others is timed once more, and the least time counts: the machine may have been busy."""
    middle = float(np.median([n.ms for n in found])) if found else 0.0
    slow = {n.name: i for i, n in enumerate(found) if n.ms > _FAR * middle}
    nodes = [node for node in session.graph.nodes if node.name in slow][:_MOST_AGAIN]
    for batch in _batches(session, nodes):
        values = yield from _values(golden, feeds, batch, cancel)
        for node in batch:
            if time.monotonic() > end:
                return found
            times = session.time_alone(node.outputs[0], values, _WARMUP + ALONE_RUNS, cancel)[_WARMUP:]
            if times:
                place = slow[node.name]
                found[place] = NodeTime(node.name, node.op, min(found[place].ms, 1e3 * min(times)))
    return found


def _values(golden: ProgramSession, feeds: Mapping[str, Array], batch: Sequence[Node], cancel: Cancel
            ) -> Generator[Event, None, dict[str, Array]]:
    """What the nodes of the batch read, computed by the reference runtime."""
    graph = golden.program.graph
    wanted = [v for node in batch for v in node.inputs if v in graph.producers]
    yield Progress("Timing layers", 0, 0)
    try:
        seen = golden.observe(feeds, list(dict.fromkeys(wanted)), cancel)
    except DiagError:
        cancel.check()
        seen = {}
    given = {i.name: feeds[n] for i, n in zip(graph.inputs, graph.input_names, strict=True) if n in feeds}
    return {**seen, **given}


def _batches(session: MindIRSession, nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """Nodes whose inputs fit the memory together."""
    batch: list[Node] = []
    room = _AT_ONCE_BYTES
    for node in nodes:
        size = sum(_bytes(session, value) for value in node.inputs)
        if batch and size > room:
            yield batch
            batch, room = [], _AT_ONCE_BYTES
        batch.append(node)
        room -= size
    if batch:
        yield batch


def _bytes(session: MindIRSession, value: str) -> int:
    info = session.graph.info(value) if value else None
    shape = info.static_shape if info is not None else None
    return math.prod(shape) * (info.dtype.bits or 64) // 8 if shape is not None and info is not None else 1 << 20
