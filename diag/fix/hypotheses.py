"""What could be changed, the cheapest first: nothing, one node's wording, an operator set, precision, the converter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from diag.rewrites.apply import offers
from diag.types.codes import Code
from diag.types.comparison import Comparison
from diag.types.fix import Step

_WHOLE = frozenset({"opset_lowered"})
"""Rewrites of the whole model."""

_NO_CURE = frozenset({"shapes_fixed", "constants_folded", "unused_inputs_dropped", "mask_constant_bounded"})
"""Rewrites that make a model convert or fit a narrower type; they change no answer in float32."""

_NARROW = frozenset({Code.FP16_OVERFLOW, Code.MASK_OVERFLOW, Code.NONFINITE_FIRST, Code.WEIGHTS_FP16,
                     Code.WEIGHTS_SATURATED})


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """``rewrites``: their names; ``nodes``: only there, everywhere where empty; ``missing``: why it cannot be tried."""

    step: Step
    name: str
    rewrites: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    missing: str = ""


def hypotheses(onnx: Path, found: Comparison, *, first: bool, for_ascend: bool, converter: str,
               others: Iterable[str] = ()) -> Iterator[Hypothesis]:
    """What to try on a model, given the comparison of what it became. ``first``: nothing was tried yet; ``others``:
    names of further converters on this machine.
    """
    if first:
        yield Hypothesis(Step.AGAIN, "again")
    blamed = {n for c in found.culprits for n in (c.golden_node, *c.golden_nodes)}
    local = [o for o in offers(onnx) if o.name not in _WHOLE | _NO_CURE]
    for offer in local:
        here = tuple(s.node for s in offer.sites if s.node in blamed)
        if here and len(here) < len(offer.sites):
            yield Hypothesis(Step.REWRITE, offer.name, (offer.name,), here)
    for offer in local:
        if any(s.node in blamed for s in offer.sites):
            yield Hypothesis(Step.REWRITE, offer.name, (offer.name,), tuple(s.node for s in offer.sites))
    around = [o.name for o in local if not any(s.node in blamed for s in o.sites)]
    if around:
        yield Hypothesis(Step.REWRITE, "+".join(around), tuple(around))
    if any(o.name in _WHOLE for o in offers(onnx)):
        yield Hypothesis(Step.OPSET, "opset_lowered", ("opset_lowered",))
    yield from _precision(found, for_ascend)
    further = list(others)
    yield from (Hypothesis(Step.CONVERTER, name) for name in further)
    if not further:
        yield Hypothesis(Step.CONVERTER, "another converter",
                         missing=f"no other converter than {converter} is on this machine")


def _precision(found: Comparison, for_ascend: bool) -> Iterator[Hypothesis]:
    narrow = is_narrow(found)
    if narrow:
        yield Hypothesis(Step.PRECISION, "precision plan")
    missing = "" if for_ascend else "precision_mode is a setting of the Ascend compiler, without effect on a CPU model"
    if narrow or for_ascend:
        yield Hypothesis(Step.FLOAT32, "enforce_fp32", missing=missing)


def is_narrow(found: Comparison) -> bool:
    """Whether the target computes in a 16-bit type, or a culprit says that one is to blame."""
    return found.target.dtype in ("float16", "bfloat16") or any(c.finding in _NARROW for c in found.culprits)


