"""Which measured cases are most like a node, and what they say will become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import onnx

from diag.lint import practice
from diag.lint.forms import Form, Input, shipped
from diag.runtimes.conformance.table import CaseResult, Table

SAME, LIKE = 1.5, 5.0
"""Distance up to which a case has the node's form, and up to which it is like it."""

OUTCOMES = ("convert", "build", "run", "wrong", "right")
"""What a case shows: the stage in which it fails, or that it comes out wrong or right."""

_SIZES = frozenset({"kernel_shape", "strides", "pads", "dilations", "perm", "group", "axis", "axes", "split",
                    "output_padding", "output_shape", "hidden_size", "blocksize", "keepdims"})
"""Attributes whose value seldom decides, only whether they are there."""

_NUMBERS = frozenset({"alpha", "beta", "gamma", "epsilon", "momentum", "bias", "lambd", "cubic_coeff_a", "min", "max",
                      "value", "extrapolation_value"})
"""Attributes that are numbers to compute with: any value is treated alike."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Cases at the least distance, and that distance."""

    distance: float
    cases: tuple[CaseResult, ...]

    @property
    def outcome(self) -> str:
        """What most of them show; among equals the worse."""
        counts = Counter(outcome_of(c) for c in self.cases)
        return min(counts, key=lambda o: (-counts[o], OUTCOMES.index(o)))

    @property
    def grade(self) -> str:
        """same, like or far."""
        return "same" if self.distance <= SAME else "like" if self.distance <= LIKE else "far"


def outcome_of(case: CaseResult) -> str:
    """One of ``OUTCOMES``."""
    return case.reached if not case.run else "right" if case.right else "wrong"


def nearest(form: Form, table: Table) -> Likeness | None:
    """The cases most like the form; None if the operator was not measured."""
    known = _joined(table).get(form.op, ())
    if not known:
        return None
    measured = [(distance(form, other), case) for other, case in known]
    least = min(d for d, _ in measured)
    return Likeness(least, tuple(case for d, case in measured if d <= least + 0.01))


@lru_cache(maxsize=2)
def _joined(table: Table) -> Mapping[str, Sequence[tuple[Form, CaseResult]]]:
    forms = shipped(table.onnx)
    found: dict[str, list[tuple[Form, CaseResult]]] = {}
    for one in practice.load(practice.practice_path(table.runtime, table.device)):
        found.setdefault(one.form.op, []).append((one.form, one.result))
    for case in table.results:
        if case.key in forms:
            found.setdefault(case.op, []).append((forms[case.key], case))
    return found


def distance(one: Form, other: Form) -> float:
    """0 for the same form; each difference adds what it usually means."""
    total = 0.0 if one.since == other.since else 0.5
    total += 2.0 * (one.outputs != other.outputs)
    for i in range(max(len(one.inputs), len(other.inputs))):
        total += _between(one.inputs[i] if i < len(one.inputs) else Input(),
                          other.inputs[i] if i < len(other.inputs) else Input(), first=i == 0)
    for name in {*one.attributes, *other.attributes}:
        total += _attribute(name, one.attributes.get(name), other.attributes.get(name),
                            _default(one.op, max(one.since, other.since), name))
    return total


def _between(a: Input, b: Input, *, first: bool) -> float:
    if a.given != b.given:
        return 4.0
    if not a.given:
        return 0.0
    total = 3.0 * (a.constant != b.constant)
    if a.dtype and b.dtype and a.dtype != b.dtype:
        total += 6.0 if _kind(a.dtype) != _kind(b.dtype) or first else 3.0
    if a.rank >= 0 and b.rank >= 0 and a.rank != b.rank:
        alike = a.single and b.single
        total += min(1.5, 0.75 * abs(a.rank - b.rank)) if first else 0.0 if alike else 0.25
    if a.constant and b.constant and not first:
        total += 0.75 * (a.single != b.single)
    if a.values and b.values and _signs(a.values) != _signs(b.values):
        total += 1.0
    return total


def _kind(dtype: str) -> str:
    return dtype.rstrip("0123456789")


def _signs(values: Sequence[int]) -> frozenset[bool]:
    return frozenset(v < 0 for v in values)


def _attribute(name: str, a: str | None, b: str | None, default: str | None) -> float:
    if a == b:
        return 0.0
    if default is not None and {a, b} == {None, default}:
        return 0.25  # a whole number that is written out, and the same left out
    if name == "dilations" and _all_one(a) != _all_one(b):
        return 2.0
    if name in _SIZES:
        return 0.5
    if a is None or b is None:
        return 2.0
    return 0.25 if name in _NUMBERS else 2.0


@lru_cache(maxsize=1024)
def _default(op: str, version: int, name: str) -> str | None:
    """The default of an attribute that is a whole number. Floats are left out: converters have lost those."""
    try:
        attribute = onnx.defs.get_schema(op, version or 1, "").attributes.get(name)
    except onnx.defs.SchemaError:
        return None
    value = None if attribute is None else attribute.default_value
    return str(value.i) if value is not None and value.type == onnx.AttributeProto.INT else None


def _all_one(text: str | None) -> bool:
    return text is None or set(text.split(",")) == {"1"}
