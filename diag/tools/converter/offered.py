"""Converts, and where that is no success and the plan allows it, converts again what offered rewrites make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diag.cancel import Cancel
from diag.errors import DiagError, ToolFailed
from diag.events import Event, Finished, Message, passed_on
from diag.rewrites.apply import Offer, offers
from diag.rewrites.registry import rewrites
from diag.tools.converter.batch import AUTO, without_auto
from diag.tools.converter.plan import ConverterPlan
from diag.tools.converter.run import convert
from diag.types.conversion import Conversion, ConvertStatus

_BROAD = ("constants_folded", "opset_lowered", "mask_constant_bounded")
"""They change a model in many places; a converter may stumble over what they leave as over what they take."""
_ARITHMETIC = ("cos_half_angle", "resize_as_matmul")
"""They compute in another way, so they move the answers most; where the limit is reached, the others go without."""
LAST = ("where_arithmetic",)
"""It only serves where a model does not run otherwise."""


def convert_with_offers(plan: ConverterPlan, cancel: Cancel) -> Iterator[Event]:
    """``convert``, with what can be rewritten told where it was no success; with ``auto`` also tried.

    The result is the best of the attempts: the first that is proved, else the first.
    """
    first: Conversion = yield from passed_on(convert(without_auto(plan), cancel))
    if first.status in (ConvertStatus.OK, ConvertStatus.UNCHECKED):
        yield Finished(first)
        return
    found = offers_for(plan)
    first = replace(first, findings=(*first.findings, *(o.finding for o in found)))
    if AUTO not in plan.rewrites or not found:
        yield Finished(first)
        return
    for names in _choices(found):
        yield Message(f"{plan.name}: {first.status}; again with {', '.join(names)}")
        try:
            again: Conversion = yield from passed_on(convert(replace(plan, rewrites=names), cancel))
        except ToolFailed as error:
            yield Message(f"{error.message}. {error.where}", "warning")
            continue
        if again.status in (ConvertStatus.OK, ConvertStatus.UNCHECKED):
            yield Finished(again)
            return
    yield Finished(first)


def offers_for(plan: ConverterPlan) -> tuple[Offer, ...]:
    """The rewrites that apply to the plan's model; none where it cannot be read."""
    fixed = {name: shape for name, shape in plan.shapes.items() if -1 not in shape}
    try:
        found = offers(plan.onnx, rewrites(fixed))
    except DiagError:
        return ()
    return tuple(replace(o, finding=replace(o.finding, subject=plan.name)) for o in found)


def _choices(found: tuple[Offer, ...]) -> Iterator[tuple[str, ...]]:
    """From those that replace single operators to all of them; each choice once."""
    told: set[tuple[str, ...]] = {()}
    for left_out in ((*_BROAD, *LAST, *_ARITHMETIC), (*_BROAD, *LAST), LAST, _BROAD, ()):
        names = tuple(o.name for o in found if o.name not in left_out)
        if names not in told:
            told.add(names)
            yield names
