"""The preflight: forecast each node, look at the data, measure what is not known, offer and apply what avoids it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import onnxruntime as ort

from diag.cancel import Cancel
from diag.compare.inputs import Inputs, gather
from diag.compare.result import environment
from diag.compare.sides import Side, open_golden
from diag.errors import DiagError, UsageError
from diag.events import Event, Finished, Message, Progress, passed_on
from diag.lint.data import concerned, looked_at
from diag.lint.forecast import Reading, forecasts, overall, read
from diag.lint.plan import LintPlan
from diag.lint.practice import Probed
from diag.lint.probe import probe
from diag.machine import peak_bytes
from diag.rewrites.apply import applied_to, offers, prove
from diag.rewrites.model import Model
from diag.rewrites.registry import named
from diag.runtimes.conformance import Table
from diag.runtimes.conformance import table as shipped_table
from diag.types.comparison import ModelRun
from diag.types.layer import Verdict
from diag.types.lint import Lint, NodeForecast, RewriteOffer
from diag.workspace.digest import sha256

_VERDICTS = {"right": Verdict.PASS, "wrong": Verdict.FAIL, "convert": Verdict.FAIL, "build": Verdict.FAIL,
             "run": Verdict.FAIL}


def lint(told: LintPlan, cancel: Cancel) -> Iterator[Event]:
    """Progress and Message, then Finished(Lint); findings are made by ``diag.rules.preflight``. Raises DiagError."""
    started = time.monotonic()
    table = table_for(told)
    yield Progress("Looking at each node", 0, 0)
    reading = read(told.model, told.inputs.shapes)
    measured: Mapping[int, Probed] = {}
    if told.measure is not None:
        measured = yield from _measured(told, reading, table, cancel)
    nodes = yield from _forecast(told, reading, table, measured, cancel)
    outcome = overall(nodes)
    found = list(_offers(told, nodes, table, cancel))
    nodes = _marked(nodes, found)
    written = ""
    if told.apply:
        written, found = yield from _applied(told, found, cancel)
    yield Finished(Lint(
        _VERDICTS[outcome], ModelRun(str(told.model), sha256(told.model), "onnx", "onnxruntime", ort.__version__, "cpu",
                                     "float32"),
        table.runtime, told.device, outcome, tuple(sorted(nodes, key=lambda n: (n.outcome == "right", n.index))),
        tuple(found), (), tuple(_evidence(table)), len(measured), written, environment(), told.told,
        time.monotonic() - started, peak_bytes()))


def table_for(told: LintPlan) -> Table:
    """The measured table. Raises UsageError where nobody measured this runtime."""
    found = shipped_table(told.runtime, told.version, told.device)
    if found is None:
        raise UsageError(f"{told.runtime} {told.version} on {told.device} was not measured",
                         hint=f"Measure it: diag conformance {told.runtime}; measured here: mindspore-lite@2.0.0:cpu")
    return found


def _evidence(table: Table) -> Iterator[str]:
    yield f"ONNX {table.onnx} backend tests on {table.runtime} {table.device}: {len(table.results):,} results"
    yield f"nodes of real models on {table.runtime} {table.device}"


def _forecast(told: LintPlan, reading: Reading, table: Table, measured: Mapping[int, Probed],
              cancel: Cancel) -> Generator[Event, None, list[NodeForecast]]:
    nodes = forecasts(reading, table, measured)
    positions = concerned(nodes, reading.forms)
    if not positions:
        return nodes
    yield Progress("Looking at the data of known defects", 0, 0)
    try:
        side, inputs = _opened(told)
        infos = side.infos({n: a.shape for n, a in inputs.arrays.items()})
        return looked_at(nodes, positions, side, inputs.arrays, infos, cancel)
    except DiagError as error:
        cancel.check()
        yield Message(f"The model could not be run, so the data of known defects are not known: {error.message}",
                      "warning")
        return nodes


def _opened(told: LintPlan) -> tuple[Side, Inputs]:
    side = open_golden(told.model, 1)
    return side, gather(side.graph, told.inputs)


def _measured(told: LintPlan, reading: Reading, table: Table,
              cancel: Cancel) -> Generator[Event, None, Mapping[int, Probed]]:
    """What becomes of the nodes that no case has the form of: one of each form is measured."""
    if told.measure is None:
        return {}
    first: dict[str, int] = {}
    for node in forecasts(reading, table):
        if node.grade != "same" and not node.fixed:
            first.setdefault(repr(reading.forms[node.index]), node.index)
    if not first:
        return {}
    side, inputs = _opened(told)
    infos = side.infos({n: a.shape for n, a in inputs.arrays.items()})
    with tempfile.TemporaryDirectory(prefix="diag-lint-") as place:
        found: tuple[Probed, ...] = yield from passed_on(
            probe(side, {i: reading.forms[i] for i in first.values()}, inputs.arrays, infos, told.measure, Path(place),
                  cancel), Progress)
    by_form = {repr(p.form): p for p in found}
    return {i: by_form[repr(form)] for i, form in reading.forms.items() if repr(form) in by_form}


def _offers(told: LintPlan, nodes: Sequence[NodeForecast], table: Table, cancel: Cancel) -> Iterator[RewriteOffer]:
    """Rewrites after which fewer nodes are expected to fail or to be wrong, whatever their data are."""
    bad = {n.node for n in nodes if n.outcome != "right"}
    if not bad:
        return
    blind = {n.node for n in forecasts(read(told.model, told.inputs.shapes), table) if n.outcome != "right"}
    for offer in offers(told.model):
        places = tuple(s.node for s in offer.sites)
        here = bad & set(places)
        # A defect that only the data show is not among the blind ones: taking it out makes them no fewer.
        most = len(blind) - bool(here & blind)
        if here and len(_bad_after(told, offer.name, table, cancel)) <= most:
            yield RewriteOffer(offer.name, str(offer.finding.code), places)


def _bad_after(told: LintPlan, name: str, table: Table, cancel: Cancel) -> list[str]:
    """Nodes of the rewritten model that are not expected to be right."""
    after, _ = applied_to(Model.load(told.model), named([name]), cancel)
    with tempfile.TemporaryDirectory(prefix="diag-lint-") as place:
        path = Path(place) / "model.onnx"
        after.save(path)
        return [n.node for n in forecasts(read(path, told.inputs.shapes), table) if n.outcome != "right"]


def _marked(nodes: Sequence[NodeForecast], found: Sequence[RewriteOffer]) -> list[NodeForecast]:
    """The forecasts with the rewrites that avoid them."""
    by_node: dict[str, list[str]] = {}
    for offer in found:
        for node in offer.nodes:
            by_node.setdefault(node, []).append(offer.name)
    return [replace(n, rewrites=tuple(by_node.get(n.node, ()))) if n.outcome != "right" else n for n in nodes]


def _applied(told: LintPlan, found: Sequence[RewriteOffer],
             cancel: Cancel) -> Generator[Event, None, tuple[str, list[RewriteOffer]]]:
    """The rewritten model, written only if it answers the same."""
    every = told.apply == ("all",)
    names = [o.name for o in found] if every else list(told.apply)
    if not names or told.output is None:
        return "", list(found)
    yield Progress("Rewriting, and proving that it answers the same", 0, 0)
    places = [n for o in found for n in o.nodes] if every else ()
    after, applied = applied_to(Model.load(told.model), named(names), cancel, places)
    done = {name for name, _ in applied}
    if not done:
        return "", list(found)
    told.output.parent.mkdir(parents=True, exist_ok=True)
    after.save(told.output)
    changes = list(prove(told.model, told.output, cancel, choice=told.inputs))
    proved = bool(changes) and all(c.same for c in changes)
    worst = max((c.rel_l2 for c in changes if c.rel_l2 == c.rel_l2), default=0.0)
    if not proved:
        told.output.unlink(missing_ok=True)
    note = "" if proved else "the outputs move: the rewritten model was not kept"
    known = {o.name: o for o in found}
    result = [replace(o, applied=proved and o.name in done, error=worst if o.name in done else o.error,
                      note=note if o.name in done else o.note) for o in found]
    result += [RewriteOffer(n, str(named([n])[0].code), (), proved, worst, note) for n in done if n not in known]
    return str(told.output) if proved else "", result
