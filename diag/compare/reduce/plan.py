"""What is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ReducePlan:
    """One reduction of a comparison that was made.

    Attributes:
        golden, target: the two models.
        bundle: the folder to write; made if it is not there, an older bundle in it is replaced.
        layer: golden node, golden tensor, target node or target value to take; "": the first culprit.
        context: target nodes above and below the culprit's that are taken too, counted in hops.
        zip: whether the bundle is also packed into one file beside its folder.
        threads: threads of the target's runtime.
        key: decrypts the target.
        told: findings of culprits with their words (see the contract, ``Finding``); the bundle gets the one it shows.
    """

    golden: Path
    target: Path
    bundle: Path
    layer: str = ""
    context: int = 0
    zip: bool = False
    threads: int = 1
    key: bytes | None = None
    told: tuple[Mapping[str, Any], ...] = field(default=())
