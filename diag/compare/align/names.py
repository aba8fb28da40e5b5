"""Which golden node a target node was made from, as far as names tell.

A name is a hint, not a proof: a fused node keeps the name of one of its members and computes another one's value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from diag.types.graph import Graph

_PREFIXES = ("layer_norm_", "softmax_", "gelu_", "instance_norm_", "batch_norm_")
_SUFFIX = re.compile(
    r"(?:_(?:post|pre)(?:_perm|_\d+)?(?:_(?:nh2nc|nc2nh))?|_(?:nh2nc|nc2nh)|_getitem_\d+|_fusion(?:_\w+)?|_gelu|"
    r"_dtype_cast_\d+(?:_pre|_post)?|_cast|_bias(?:add)?|_reshape|_activation|-op\d+)$")


def anchors(golden: Graph, target: Graph) -> dict[int, int]:
    """Golden node index by target node index, where a name (or a tensor name) says so."""
    by_name = {node.name: i for i, node in enumerate(golden.nodes)}
    by_tensor = golden.producers
    found: dict[int, int] = {}
    for i, node in enumerate(target.nodes):
        index = next((by_name[n] for n in spellings(node.name) if n in by_name), None)
        if index is None:
            index = next((by_tensor[n] for n in _tensor_names(target, node.outputs) if n in by_tensor), None)
        if index is not None:
            found[i] = index
    return found


def same_names(golden: Graph, target: Graph) -> dict[str, str]:
    """Golden tensor by target value, where both graphs use the very same tensor name (ONNX against ONNX).

    Outputs are named the same by the caller: those names count as well.
    """
    known = set(golden.producers)
    exact = {value: value for node in target.nodes for value in node.outputs if value in known}
    for info, name in zip(target.outputs, target.output_names, strict=True):
        if name in known:
            exact.setdefault(info.name, name)
    return exact


def spellings(name: str) -> Iterable[str]:
    """The name, then what is left of it when the converter's additions are taken off, one by one."""
    yield name
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            name = name[len(prefix):]
            yield name
    shorter = _SUFFIX.sub("", name)
    while shorter != name:
        name = shorter
        yield name
        shorter = _SUFFIX.sub("", name)


def _tensor_names(target: Graph, values: Iterable[str]) -> Iterable[str]:
    for value in values:
        info = target.values.get(value)
        yield value
        if info is not None and info.name:
            yield info.name


def varying(graph: Graph) -> set[str]:
    """Values that depend on the graph's inputs; the rest is constant and no layer of anybody's computation."""
    live = {i.name for i in graph.inputs}
    for node in graph.nodes:
        if any(v in live for v in node.inputs) or any(_captures(g, live) for g in node.subgraphs) or node.op in _RANDOM:
            live.update(v for v in node.outputs if v)
    return live


_RANDOM = frozenset({"RandomNormal", "RandomUniform", "Multinomial", "Bernoulli", "RandomNormalLike",
                     "RandomUniformLike"})


def _captures(graph: Graph, live: set[str]) -> bool:
    return any(v in live for node in graph.nodes for v in node.inputs) or any(o.name in live for o in graph.outputs)


def positions(golden: Graph, target: Graph, anchor: Mapping[int, int], exact: Mapping[str, str]) -> list[int]:
    """For each target node the golden node index after which it can be looked at: its own and all before it."""
    place: dict[str, int] = {}
    result = []
    for i, node in enumerate(target.nodes):
        own = [golden.producers[exact[v]] for v in node.outputs if v in exact and exact[v] in golden.producers]
        if i in anchor:
            own.append(anchor[i])
        here = max([*own, *(place.get(v, -1) for v in node.inputs)], default=-1)
        place.update(dict.fromkeys(node.outputs, here))
        result.append(here)
    return result
