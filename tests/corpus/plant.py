"""Plants faults in an example: candidates in random order, each with its truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from corpus.example import Example
from corpus.faults import KINDS
from corpus.pairs import Site
from corpus.view import View

TOGETHER = ("weight_noise", "weight_channel", "weight_scale", "bias_dropped", "norm_scale", "epsilon", "activation",
            "pads")


@dataclass(frozen=True, slots=True)
class Planted:
    """A faulty model and where its faults are.

    ``floor``: relative L2 error of the outputs that it, and each of ``alone`` (one of its faults each), must make.
    """

    model: onnx.ModelProto
    sites: tuple[Site, ...]
    floor: float
    alone: tuple[onnx.ModelProto, ...] = ()


def single(example: Example, kind: str, rng: np.random.Generator) -> Iterator[Planted]:
    """One fault of the kind at one node, again and again at other nodes."""
    view = View(example.model)
    sites = KINDS[kind].sites(view)
    for index in rng.permutation(len(sites)):
        model = _edit(example.model, kind, sites[index].name, rng)
        yield Planted(model, (site(view, kind, sites[index]),), KINDS[kind].floor)


def pair(example: Example, kinds: tuple[str, str], rng: np.random.Generator) -> Iterator[Planted]:
    """Two faults of two kinds, at nodes that no answer confuses."""
    view = View(example.model)
    first, second = (KINDS[kind].sites(view) for kind in kinds)
    for _ in range(12 if first and second else 0):
        nodes = [found[rng.integers(len(found))] for found in (first, second)]
        sites = tuple(site(view, kind, node) for kind, node in zip(kinds, nodes, strict=True))
        if not set(sites[0].nodes).isdisjoint(sites[1].nodes):
            continue
        seeds = rng.integers(2 ** 32, size=2)
        alone = [_edit(example.model, kind, node.name, np.random.default_rng(seed))
                 for kind, node, seed in zip(kinds, nodes, seeds, strict=True)]
        both = _edit(alone[0], kinds[1], nodes[1].name, np.random.default_rng(seeds[1]))
        yield Planted(both, sites, max(KINDS[kind].floor for kind in kinds), tuple(alone))


def site(view: View, kind: str, node: onnx.NodeProto) -> Site:
    """The truth about a fault of this kind at this node of the healthy model."""
    names = view.around(node) if KINDS[kind].absence else view.group(node)
    if kind == "mask":  # one constant, read in every layer
        shared = next(value for value in node.input if value in view.tensors)
        for reader in view.readers[shared]:
            names |= view.group(reader)
    return Site(node.name, (node.name, *sorted(names - {node.name})), KINDS[kind].explains)


def _edit(model: onnx.ModelProto, kind: str, name: str, rng: np.random.Generator) -> onnx.ModelProto:
    view = View(model)
    KINDS[kind].plant(view, view.nodes[name], rng)
    del view.model.graph.value_info[:]
    return view.model
