"""The measured table: what a converter and runtime convert, build, run and get right."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx

from diag.errors import FormatError
from diag.runtimes.conformance.cases import CONSTANT, KINDS, NODE
from diag.runtimes.conformance.judge import right

SCHEMA = "diag.conformance/1"
STAGES = ("convert", "build", "run", "ran")
"""How far a test came: it failed in one of the first three, or ran."""

COLUMNS = ("kind", "name", "op", "opset", "form", "reached", "crash", "error", "why", "reference", "mindir",
           "cause")
"""Of a row in a file."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one test.

    Attributes:
        kind, name, op, opset, form: as in ``Case``.
        reached: the stage it failed in, or "ran".
        crash: signal that ended it there ("SIGSEGV"; "SIGALRM": it hung); "" if it failed in order or ran.
        error: largest relative L2 error over the outputs against ONNX's expected ones; None where it did not run or
            no number can say it.
        why: then the reason ("shape 3, not 2"), or the failure's own words.
        reference: the reference runtime on the same MindIR: "agrees" with the real answer; "right" or "wrong"
            against ONNX where there is no real answer or it is another; "" if it could not run it or there is none.
        mindir: operators of the MindIR that the converter made, joined by "+".
        cause: why it is wrong, or why the two differ; "" where nothing is to be explained.
    """

    kind: str
    name: str
    op: str
    opset: int
    form: str
    reached: str
    crash: str = ""
    error: float | None = None
    why: str = ""
    reference: str = ""
    mindir: str = ""
    cause: str = ""

    @property
    def key(self) -> str:
        """Unique over all kinds."""
        return f"{self.kind}/{self.name}"

    @property
    def convert(self) -> bool:
        """Whether it was converted."""
        return self.reached != "convert"

    @property
    def build(self) -> bool:
        """Whether the converted model was built."""
        return self.reached in ("run", "ran")

    @property
    def run(self) -> bool:
        """Whether it ran."""
        return self.reached == "ran"

    @property
    def right(self) -> bool | None:
        """Whether what came out is right; None if nothing did."""
        return right(self.error, self.why) if self.run else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the tests of one operator say.

    ``form``: whether only tests with the asked attributes are counted. ``results``: the tests, wrong ones first.
    """

    op: str
    runtime: str
    form: bool
    results: tuple[CaseResult, ...]

    @property
    def tests(self) -> int:
        """How many there are."""
        return len(self.results)

    @property
    def ran(self) -> int:
        """How many ran."""
        return sum(r.run for r in self.results)

    @property
    def wrong(self) -> int:
        """How many ran and were wrong, without any message."""
        return sum(r.right is False for r in self.results)

    @property
    def causes(self) -> tuple[str, ...]:
        """Known reasons, without repetition."""
        return tuple(dict.fromkeys(r.cause for r in self.results if r.cause))

    @property
    def sentence(self) -> str:
        """The evidence in one sentence."""
        what = f"{self.op}{' in this form' if self.form else ''}"
        if self.ran:
            share = f"wrong in {self.wrong} of {self.ran}" if self.wrong else f"right in all {self.ran}"
            failed = self.tests - self.ran
            rest = f"; {failed} more did not run" if failed else ""
            return f"{what} is {share} tests on {self.runtime}{rest}"
        stages = Counter(r.reached for r in self.results)
        words = {"convert": "cannot be converted", "build": "is converted but cannot be built", "run": "fails when run"}
        most = max(STAGES[:3], key=lambda stage: stages[stage])
        return f"{what} {words[most]} in {stages[most]} of {self.tests} tests on {self.runtime}; none ran"


@dataclass(frozen=True)
class Table:
    """All results of one converter, runtime and device. ``onnx``: version of the package the tests come from."""

    converter: str
    runtime: str
    device: str
    onnx: str
    results: tuple[CaseResult, ...] = field(default=())

    @cached_property
    def by_op(self) -> Mapping[str, tuple[CaseResult, ...]]:
        """Results of the single-operator tests by operator."""
        found: dict[str, list[CaseResult]] = {}
        for result in self.results:
            if result.kind in (NODE, CONSTANT):
                found.setdefault(result.op, []).append(result)
        return {op: tuple(results) for op, results in sorted(found.items())}

    def counts(self) -> dict[str, Counter[str]]:
        """Per kind: tests, convert, build, run (failed there), crash, ran, wrong."""
        rows = {kind: Counter[str]() for kind in KINDS}
        for r in self.results:
            row = rows.setdefault(r.kind, Counter())
            row["tests"] += 1
            row["crash" if r.crash else r.reached] += 1
            row["wrong"] += r.right is False
        return {kind: row for kind, row in rows.items() if row["tests"]}

    def agreement(self) -> Counter[str]:
        """Of the tests that ran: ``agrees`` with the reference runtime; ``runtime``: only the reference is right;
        ``other``: they differ otherwise; ``unknown``: the reference could not run it.
        """
        words = {"agrees": "agrees", "right": "runtime", "wrong": "other", "": "unknown"}
        return Counter(words[r.reference] for r in self.results if r.run)

    def evidence(self, op: str, version: int | None = None, attributes: Mapping[str, object] | None = None
                 ) -> Evidence | None:
        """What the tests say of an operator; None if there are none.

        ``version``: the model's operator set; tests of the same version of the operator count if there are any.
        ``attributes``: the node's; tests that set exactly these to the same values count if there are any.
        """
        found = self.by_op.get(op, ())
        same = tuple(r for r in found if version is None or _since(op, r.opset) == _since(op, version))
        chosen = same or found
        like = _alike(chosen, attributes)
        results = sorted(like or chosen, key=lambda r: (r.right is not False, not r.run))
        return Evidence(op, f"{self.runtime} {self.device}", bool(like), tuple(results)) if results else None


def _since(op: str, opset: int) -> int:
    try:
        return int(onnx.defs.get_schema(op, opset, "").since_version)
    except onnx.defs.SchemaError:
        return 0


def _alike(results: Iterable[CaseResult], attributes: Mapping[str, object] | None) -> tuple[CaseResult, ...]:
    if attributes is None:
        return ()
    wanted = {f"{name}={_word(value)}" for name, value in attributes.items()}
    return tuple(r for r in results if set(r.form.split()) == wanted)


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def save(table: Table, path: Path) -> None:
    """Write the table: one line per test, so that two versions can be compared."""
    head = {"schema": SCHEMA, "converter": table.converter, "runtime": table.runtime, "device": table.device,
            "onnx": table.onnx, "columns": COLUMNS}
    rows = [json.dumps(row(r), ensure_ascii=False, separators=(",", ":"), allow_nan=False) for r in table.results]
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "cases": [\n' + ",\n".join(rows) + "\n]}\n"
    path.write_text(text, encoding="utf-8")


def load(path: Path) -> Table:
    """Read a table. Raises FormatError."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise FormatError(path, f"Expected a table of schema {SCHEMA}", found=str(data["schema"]))
        results = tuple(CaseResult(**dict(zip(data["columns"], row, strict=True))) for row in data["cases"])
        return Table(data["converter"], data["runtime"], data["device"], data["onnx"], results)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(path, "Expected a conformance table", found=str(error),
                          hint="Measure it again: diag conformance RUNTIME") from error


def row(result: CaseResult) -> list[object]:
    """A result as one row of ``COLUMNS``; errors with three digits."""
    values = [getattr(result, name) for name in COLUMNS]
    return [float(f"{v:.3g}") if isinstance(v, float) else v for v in values]
