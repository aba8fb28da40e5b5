"""The options that say what a model is given: the same in every command that runs one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from diag.cli.options import at_least, parse_shapes
from diag.compare.plan import InputChoice
from diag.errors import UsageError


def add_inputs(parser: argparse.ArgumentParser, shape: str = "sizes of dynamic inputs") -> None:
    """--inputs --input --shape --seed; ``shape`` is the help of --shape."""
    group = parser.add_argument_group("inputs (what is not given is generated, and means something to the model)")
    group.add_argument("--inputs", type=Path, metavar="FILE.npz", help="arrays by input name")
    group.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy", help="one input; repeatable")
    group.add_argument("--shape", default="", metavar='"NAME:1,77;…"', help=shape)
    group.add_argument("--seed", type=at_least(0), default=0, help="seed of generated inputs (default 0)")


def inputs_of(args: argparse.Namespace, shapes: Mapping[str, tuple[int, ...]] | None = None) -> InputChoice:
    """What these options say; ``shapes`` where --shape was read already. Raises UsageError."""
    return InputChoice(args.inputs, dict(_named(args.input)), parse_shapes(args.shape) if shapes is None else shapes,
                       args.seed)


def _named(items: Sequence[str]) -> Iterator[tuple[str, Path]]:
    for item in items:
        name, equals, path = item.partition("=")
        if not equals or not name or not path:
            raise UsageError(f"'{item}' is not an input", where="in --input", hint="Write it like NAME=FILE.npy")
        yield name, Path(path)
