"""Options that every command understands, and how their values are read."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diag.errors import UsageError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def add_common(parser: argparse.ArgumentParser) -> None:
    """--json --html --csv --out --lang -v -q --progress --no-color --fail-on."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", metavar="FILE|-", help="write the result as one JSON document; - is stdout")
    group.add_argument("--html", metavar="FILE", help="write one self-contained HTML report")
    group.add_argument("--csv", metavar="FILE", help="write the table as CSV")
    group.add_argument("--out", metavar="DIR", type=Path, help="run folder (default: a new one in the cache)")
    group.add_argument("--lang", choices=("en", "zh"), default="en", help="language of words in reports")
    group.add_argument("-v", "--verbose", action="store_true", help="say more on stderr")
    group.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    group.add_argument("--progress", choices=("auto", "plain", "none"), default="auto",
                       help="how progress is shown on stderr")
    group.add_argument("--no-color", action="store_true", help="no colours, even on a terminal")
    group.add_argument("--fail-on", choices=("watch", "fail"), default="fail",
                       help="the verdict from which the exit code is 1")


def at_least(low: int) -> Callable[[str], int]:
    """Reads a whole number that is not smaller than ``low``, for argparse."""

    def read(text: str) -> int:
        if not text.strip().lstrip("+-").isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {low} up")
        return int(text)

    return read


def parse_size(text: str) -> int:
    """Bytes from ``512MiB``, ``2GiB``, ``1.5g``, ``800000000``."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?i?)b?\s*", text.lower())
    if match is None or (match[2] not in _UNITS):
        raise UsageError(f"'{text}' is not a size", hint="Write it like 512MiB or 2GiB")
    return int(float(match[1]) * _UNITS[match[2]])


def parse_budget(text: str, usual: int, least: int) -> int:
    """``usual`` for "", else a size that is not smaller than ``least``: no model runs with less."""
    size = parse_size(text) if text else usual
    if size < least:
        raise UsageError(f"--budget {text} is too small for any model", hint=f"Give at least {least >> 20}MiB")
    return size


def differing(args: argparse.Namespace, usual: Mapping[str, object]) -> dict[str, Any]:
    """Options whose value is not the usual one, as the user wrote them: for 'copy as command'."""
    return {name: _written(value) for name, default in usual.items() if (value := getattr(args, name)) != default}


def _written(value: object) -> str | int | float:
    if isinstance(value, list):
        return ";".join(map(str, value))
    return value if isinstance(value, int | float) else str(value)


def parse_device(text: str) -> str:
    """``cpu`` or ``ascend:N``."""
    if not re.fullmatch(r"cpu|ascend:[0-9]+", text):
        raise UsageError(f"'{text}' is not a device", where="in --device", hint="Write cpu or ascend:0")
    return text


def parse_shapes(text: str) -> dict[str, tuple[int, ...]]:
    """Shapes by input name from ``ids:1,77;mask:1,77``. A name may hold ':': the last one separates."""
    shapes: dict[str, tuple[int, ...]] = {}
    for item in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, dims = item.rpartition(":")
        try:
            shape = tuple(int(d) for d in dims.strip("[] ").split(",") if d.strip())
        except ValueError:
            shape = (-1,)
        if not colon or not name or any(d < 0 for d in shape):
            raise UsageError(f"'{item}' is not a shape", where="in --shape", hint='Write it like "ids:1,77;mask:1,77"')
        shapes[name.strip()] = shape
    return shapes
