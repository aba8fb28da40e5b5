"""Pairings that a person decided: a JSON file of target value or node name → golden tensor or node name."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from diag.errors import FormatError, UsageError
from diag.types.graph import Graph


def read(path: Path, golden: Graph, target: Graph) -> dict[str, str]:
    """Golden tensor by target value. Raises FormatError, UsageError for names that neither graph has."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FormatError(path, "the map file does not exist", hint="Check the path") from None
    except (OSError, ValueError) as error:
        raise FormatError(path, "a JSON object of target name → golden name is wanted", found=str(error)[:100],
                          hint='Write it like {"target node": "golden tensor"}') from error
    if not isinstance(data, dict) or not all(isinstance(v, str) for v in data.values()):
        raise FormatError(path, "a JSON object of target name → golden name is wanted",
                          hint='Write it like {"target node": "golden tensor"}')
    theirs, mine = _names(target), _names(golden)
    return {_one(path, t, theirs, "target"): _one(path, g, mine, "golden") for t, g in data.items()}


def write(path: Path, pairs: Mapping[str, str]) -> None:
    """Write such a file."""
    path.write_text(json.dumps(dict(pairs), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _names(graph: Graph) -> dict[str, str]:
    names = {node.name: node.outputs[0] for node in graph.nodes if node.outputs}
    names.update({v: v for node in graph.nodes for v in node.outputs if v})
    return names


def _one(path: Path, name: str, known: Mapping[str, str], side: str) -> str:
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, _strings(known), 1)
    raise UsageError(f"The {side} model has no tensor or node '{name}'", where=f"in {path}",
                     hint=f"Did you mean '{close[0]}'?" if close else "diag inspect lists the names")


def _strings(names: Iterable[str]) -> list[str]:
    return list(names)
