"""What every rewrite offers. One file per family, one line in ``diag.rewrites.registry``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import onnx

from diag.rewrites.model import Model
from diag.types.codes import Code

LIMIT = 1e-6
"""Largest relative L2 change of an output that a rewrite may make: float32 sums in another order."""


@dataclass(frozen=True, slots=True)
class Site:
    """One place where a rewrite applies: the node's name as in ``Graph.nodes``, its operator, and what is special."""

    node: str
    op: str
    note: str = ""


class Rewrite(Protocol):
    """A way to say the same in other operators. Implementations are modules' singletons without state."""

    name: str
    """Stable, in snake case: what plans and the command line call it."""

    code: Code
    """The finding that offers it; its words say what it does and why."""

    def sites(self, model: Model) -> Sequence[Site]:
        """Where it applies in the main graph; none where it does not. Changes nothing, never raises."""
        ...

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """Rewrite these places (as ``sites`` found them, or fewer) in memory."""
        ...


class Replacement(ABC):
    """A rewrite that says each node on its own in other nodes."""

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """Other nodes in the place of each."""
        model.replace({site.node: self.instead(model, model.node(site.node)) for site in sites})

    @abstractmethod
    def instead(self, model: Model, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """What says the same as this node; the last ones write its outputs."""
