"""Quantisation parameters, as the file has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diag.formats.mindir.attributes import decode
from diag.formats.mindir.message import Message
from diag.formats.mindir.source import Source
from diag.types.graph import AttrValue, Node

UNSET_ABOVE = 65536
"""MindSpore Lite 2.0.0 may write uninitialised memory as zero point: a larger magnitude means that none was set."""


@dataclass(frozen=True, slots=True)
class QuantParams:
    """How one tensor of a node is quantised: real = (stored - zero_point) * scale, one entry a channel.

    ``role`` is "input" or "output", ``index`` which one; ``algorithm`` is the file's word (``linear_quant``).
    A zero point of None was not set. ``centroids`` are a clustered weight's values.
    """

    role: str
    index: int
    algorithm: str
    scales: tuple[float, ...]
    zero_points: tuple[int | None, ...]
    bits: tuple[int, ...]
    centroids: tuple[float, ...]


def quantisation(params: Iterable[Message], source: Source) -> tuple[tuple[AttrValue, ...], ...]:
    """Rows (algorithm, scales, zero points, bits, centroids) of ``quant_params`` messages."""
    rows: list[tuple[AttrValue, ...]] = []
    for message in params:
        lists = {a.text("name"): decode(a, source) for a in message.messages("attribute")}
        zero_points = tuple(z if isinstance(z, int) and abs(z) <= UNSET_ABOVE else None
                            for z in _tuple(lists.get("zero_point_list")))
        rows.append((message.text("quant_algo_name"), _tuple(lists.get("scale_list")), zero_points,
                     _tuple(lists.get("num_bit_list")), _tuple(lists.get("cluster_centroid_list"))))
    return tuple(rows)


def quant_params(node: Node) -> tuple[QuantParams, ...]:
    """What ``node.info["quant"]`` says; empty for a node that is not quantised."""
    rows = node.info.get("quant", ())
    return tuple(QuantParams(*row) for row in rows if isinstance(row, tuple)) if isinstance(rows, tuple) else ()  # type: ignore[arg-type]


def _tuple(value: AttrValue) -> tuple[AttrValue, ...]:
    if isinstance(value, tuple):
        return value
    return () if value is None else (value,)
