"""What ``atc --mode=1`` writes of a compiled model: JSON in which zeros are left out, empty messages are null, and
bytes are escaped once more. Source: the open GE repository, checked on a real file.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diag.errors import FormatError
from diag.formats.ge_dump import proto
from diag.formats.ge_dump.textproto import MAX_DEPTH, Message, Scalar, unescaped
from diag.formats.ge_dump.values import attributes
from diag.types.ge import GeModel

_LIMIT = 1 << 30
_PLAIN = frozenset({"true", "false"})


def sniff(head: bytes) -> bool:
    """Whether a JSON file that begins so may be one."""
    text = head.removeprefix(BOM_UTF8).lstrip()
    return text.startswith(b"{") and (b'"graph"' in head or (b'"attr"' in head and b'"key"' in head)) and \
        b'"modules"' not in head


def read(path: Path) -> GeModel:
    """The graphs in the file. Raises FormatError (no JSON, another JSON, too large)."""
    path = path.absolute()
    if path.stat().st_size > _LIMIT:
        raise FormatError(path, f"Expected at most {_LIMIT >> 20:,} MiB of JSON", hint="Open the .om itself")
    try:
        facts = json.loads(path.read_bytes().removeprefix(BOM_UTF8))
    except ValueError as error:
        offset = getattr(error, "pos", None)
        raise FormatError(path, "Expected JSON that atc --mode=1 wrote", offset=offset, found=str(error)[:120],
                          hint="Write it again: atc --mode=1 --om=MODEL.om --json=FILE.json") from None
    except RecursionError:
        raise FormatError(path, "Expected JSON that atc --mode=1 wrote", found="lists too deep") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("graph"), list):
        raise FormatError(path, "Expected JSON that atc --mode=1 wrote", found="no list 'graph'",
                          hint="Write it again: atc --mode=1 --om=MODEL.om --json=FILE.json")
    message = _message(facts, path, 0)
    graphs = proto.graphs(message)
    if not any(g.ops for g in graphs):
        raise FormatError(path, "Expected a graph with operations", found="none", hint="Was the file written whole?")
    return GeModel(path, "om_json", graphs, attributes=attributes(message))


def _message(facts: Mapping[str, Any], path: Path, depth: int) -> Message:
    """The same tree that the text form gives."""
    if depth > MAX_DEPTH:
        raise FormatError(path, f"Expected at most {MAX_DEPTH} messages inside one another")
    found: Message = {}
    for name, value in facts.items():
        items = value if isinstance(value, list) else [value]
        values = [_value(name, item, path, depth) for item in items if item is not None]
        found[name] = [v for v in values if v is not None]
        if value is None:
            found[name] = [{}]  # an empty message
    return found


def _value(name: str, item: object, path: Path, depth: int) -> Scalar | Message | None:
    if isinstance(item, dict):
        return _message(item, path, depth + 1)
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int | float):
        return repr(item)
    if isinstance(item, str):
        # Names are texts, but an attribute's text was escaped once by the writer.
        return unescaped(item.encode()) if name == "s" else item.encode() if item not in _PLAIN else item
    return None
