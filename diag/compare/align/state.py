"""What is known while target values are mapped to golden tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from diag.compare.align.layout import Layout
from diag.runtimes.interface import Array
from diag.types.layer import MappingKind

TOLERANCE = 1e-3
"""Relative L2 up to which an isolated node's output is taken for that golden tensor."""

HOPS = 24
"""Golden nodes that a fused target node may stand for, at most."""

NEAR_HOPS = 6
"""Golden nodes around a name or a feed within which a suspect's counterpart is looked for."""

Isolate = Callable[[Sequence[int], Mapping[tuple[int, str], Array]], dict[str, Array]]
"""Runs target nodes alone on what (node, value) is given; returns what they write."""

Feed = tuple[str, Layout]
"""A golden tensor, and how it lies in the target."""


@dataclass(slots=True)
class Pairing:
    """A target value and the golden tensor that it answers.

    ``distance`` is the relative L2 distance when its node ran on golden input; ``verified`` when that is within
    tolerance (or the pairing was given by hand). ``stand_in`` marks a second pairing of a value: its readers show
    that it is used where the golden graph uses this tensor.
    """

    value: str
    golden: str
    layout: Layout
    distance: float
    verified: bool
    kind: MappingKind
    stand_in: bool = False


@dataclass(slots=True)
class WalkState:
    """What the walk knows so far.

    Attributes:
        pairs: the pairing of each target value.
        stand_ins: further pairings, by (value, golden tensor).
        feeds: for a target node and a value it reads, the golden tensor it must be given (else: its pairing).
        own: each value's array when its node ran on golden input.
        fed: golden tensors (by value read) that each node's last isolated run was given.
    """

    pairs: dict[str, Pairing] = field(default_factory=dict)
    stand_ins: dict[tuple[str, str], Pairing] = field(default_factory=dict)
    feeds: dict[tuple[int, str], Feed] = field(default_factory=dict)
    own: dict[str, Array] = field(default_factory=dict)
    fed: dict[int, dict[str, Feed | None]] = field(default_factory=dict)

    def pair(self, value: str, golden: str, layout: Layout, d: float, verified: bool, kind: MappingKind) -> None:
        """Decide a value's pairing, in place of an earlier one."""
        self.pairs[value] = Pairing(value, golden, layout, d, verified, kind)
