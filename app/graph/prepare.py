"""The work behind a picture, for a thread: from graphs to models, from a model to a scene. No Qt."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from app.graph.layout import place
from app.graph.model import GraphModel, build
from app.graph.order import Order, order
from app.graph.overlay import NO_LINKS, Links, links, overlay
from app.graph.scene import Scene
from app.graph.wording import Words, widths
from diag.cancel import Cancel
from diag.types.comparison import Comparison
from diag.types.graph import Graph

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Both sides, ready to be shown."""

    golden: GraphModel
    target: GraphModel | None
    links: Links


@dataclass(frozen=True, slots=True)
class Prepared:
    """What does not depend on which scopes are open, and the scene of those that are."""

    model: GraphModel
    order: Order
    widths: Array
    scene: Scene


def load(golden: Graph, target: Graph | None, comparison: Comparison | None, cancel: Cancel) -> Loaded:
    """The models of both sides and who answers whom. Raises Cancelled."""
    mine = build(golden, "golden", overlay(golden, comparison, "golden") if comparison else None, cancel)
    if target is None:
        return Loaded(mine, None, NO_LINKS)
    theirs = build(target, "target", overlay(target, comparison, "target") if comparison else None, cancel)
    return Loaded(mine, theirs, links(golden, target, comparison) if comparison else NO_LINKS)


def prepare(model: GraphModel, opened: AbstractSet[int], advances: dict[str, Array], words: Words, cancel: Cancel,
            before: Prepared | None = None) -> Prepared:
    """The scene of a model with some scopes open. ``before`` saves work where it is of the same model."""
    if before is None or before.model is not model:
        arrangement = order(model, cancel)
        size = widths(model, advances, words)
        return Prepared(model, arrangement, size, Scene(model, place(model, arrangement, size, opened, cancel)))
    picture = place(model, before.order, before.widths, opened, cancel, before.scene.picture)
    return Prepared(model, before.order, before.widths, Scene(model, picture))
