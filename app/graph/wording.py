"""What boxes say, and how wide that makes them. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.graph.model import GraphModel
from app.graph.overlay import ALARMING
from diag.types.tensor import Shape

Array = npt.NDArray[Any]

LEAST, MOST = 96.0, 270.0
"""Bounds of a box's width, pixels at zoom 1."""


@dataclass(frozen=True, slots=True)
class Words:
    """What boxes say, in the user's language; ``{count}`` is filled in."""

    nodes: str
    failing: str


def title(model: GraphModel, item: int) -> str:
    """The first line: operator of a node, name of anything else."""
    return model.graph.nodes[item].op if model.is_node(item) else model.labels[item]


def detail(model: GraphModel, item: int, words: Words) -> str:
    """The second line: name of a node and the shape that it gives; what a scope holds."""
    if model.is_node(item):
        node = model.graph.nodes[item]
        name = "" if model.labels[item] == node.op else model.labels[item]
        rows = model.overlay.rows[item]
        known = model.graph.info(node.outputs[0]).shape if node.outputs else None
        shape = shape_text(known if known is not None or not rows else rows[-1].shape)
        return " · ".join(part for part in (name, shape) if part)
    failing = alarming(model, item)
    held = words.nodes.format(count=f"{int(model.leaves[item]):,}")
    return held + (" · " + words.failing.format(count=f"{failing:,}") if failing else "")


def alarming(model: GraphModel, item: int) -> int:
    """How many nodes inside fail, or differ."""
    return int(model.states[item][list(ALARMING)].sum())


def badge(weights: int) -> str:
    """How many weights and constants a node reads."""
    return f"◆{weights}"


def shape_text(shape: Shape) -> str:
    """1×77×768; empty if nothing is known."""
    return "" if shape is None else "×".join("?" if size is None else str(size) for size in shape) or "1"


def widths(model: GraphModel, advances: dict[str, Array], words: Words) -> Array:
    """(items,) width of each closed box, pixels at zoom 1."""
    first = _measure([title(model, i) for i in range(model.size)], advances["title"]) + 42
    first[:model.first_input] += np.where(model.constants > 0, 30, 0)
    second = _measure([detail(model, i, words) if i < model.first_input or i >= model.root else ""
                       for i in range(model.size)], advances["detail"]) + 22
    found = np.clip(np.ceil(np.maximum(first, second)), LEAST, MOST)
    ends = slice(model.first_input, model.root)
    found[ends] = np.clip(first[ends] - 12, 40, MOST)
    return np.asarray(found)


def _measure(texts: Sequence[str], advance: Array) -> Array:
    """Width of each text; characters beyond the table count like a wide one."""
    lengths = np.array([len(text) for text in texts])
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    size = np.where(codes < len(advance), advance[np.minimum(codes, len(advance) - 1)], advance.max())
    along = np.concatenate([[0.0], np.cumsum(size)])
    end = np.cumsum(lengths)
    return np.asarray(along[end] - along[end - lengths])
