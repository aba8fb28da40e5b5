"""The device's operations as a graph, for views of a comparison with a recording."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from diag.compare.recorded.device import Device, as_graph
from diag.compare.recorded.engine import device_of
from diag.compare.recorded.source import open_source
from diag.types.graph import AttrValue, Graph, Node


def recorded_graph(target: Path, compiled: Path | None, golden: Graph) -> Graph:
    """The graph whose values a comparison's rows name. Raises FormatError, UsageError as the comparison does."""
    with tempfile.TemporaryDirectory(prefix="diag-") as work:
        source = open_source(target, Path(work))
        device = device_of(source.recording, compiled or source.graph, golden)
        graph = as_graph(device, source.recording)
    return replace(graph, nodes=tuple(_with_attributes(n, device, i) for i, n in enumerate(graph.nodes)))


def _with_attributes(node: Node, device: Device, index: int) -> Node:
    """What the compiler says of the operation itself; its notes to itself begin with '_'."""
    said = device.ops[index].attributes
    plain = {k: v for k, v in said.items() if not k.startswith("_")}
    return replace(node, attributes={k: v for k, value in plain.items() for v in (_value(value),) if v is not None})


def _value(value: object) -> AttrValue:
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple) and all(isinstance(v, str | bool | int | float) for v in value):
        return tuple(v for v in value if isinstance(v, str | bool | int | float))
    return None
