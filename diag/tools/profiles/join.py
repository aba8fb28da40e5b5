"""Which layer an operator of a profile belongs to: names change on the way to the device."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_TAIL = re.compile(r"(?:/\w*Fusion/?|_new_reshape|_?(?:post|pre)\d+(?:_\d+)?|-op\d+|_kernel_time|_fusion|_lhs|_rhs)$")
_HEAD = re.compile(r"^(?:Default/|kernel_graph_\d+/|trans_(?:TransData|Cast)_\d+_?|PartitionedCall_)")


class Layers:
    """Known layers, and the way to them from any operator's name."""

    def __init__(self, names: Iterable[str], aliases: Mapping[str, str] | None = None,
                 originals: Sequence[tuple[str, tuple[str, ...]]] = ()) -> None:
        """``aliases``: layer by another name of it; ``originals``: original operators by fused one."""
        self._exact = {**{name: name for name in names if name}, **(aliases or {})}
        self._plain: dict[str, str] = {}
        for alias, name in self._exact.items():
            self._plain.setdefault(plain(alias), name)
        self._originals = dict(originals)

    def find(self, operator: str) -> str:
        """The layer's name, "" where there is none. A fused operator belongs to the last layer it replaces."""
        found = self._exact.get(operator) or self._plain.get(plain(operator))
        if found:
            return found
        for original in reversed(self._originals.get(operator, ())):
            found = self._exact.get(original) or self._plain.get(plain(original))
            if found:
                return found
        return ""


def plain(name: str) -> str:
    """A name without what converters and compilers add, in one spelling: ``/a/b-op3`` and ``a_b`` are one."""
    name = _HEAD.sub("", name)
    before = ""
    while before != name:
        before, name = name, _TAIL.sub("", name)
    return re.sub(r"[/.:\-]+", "_", name).strip("_").lower()
