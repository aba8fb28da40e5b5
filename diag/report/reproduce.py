"""The command that does the same again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from diag.types.comparison import RECORDING, Comparison

_REPEATED = ("input", "record")
"""Options that may be given more than once; recorded as one text, with semicolons."""


def command(comparison: Comparison) -> str:
    """A line for the shell: the options that were given, and else the very inputs and runtime that were used."""
    options = comparison.options
    argv = options.get("argv")
    if isinstance(argv, (list, tuple)):  # the window keeps the words that do the same
        return shlex.join(["diag", *map(str, argv)])
    words = ["diag", "compare", comparison.golden.path, comparison.target.path]
    recorded = comparison.target.runtime == RECORDING
    if "inputs" not in options and "input" not in options and not recorded:
        words += _inputs(comparison)
    if "runtime" not in options and not recorded:
        words += ["--runtime", comparison.target.runtime]
    return line(words, options)


def line(words: Sequence[str], options: Mapping[str, object]) -> str:
    """A line for the shell: the words, then the options by their recorded names."""
    said = list(words)
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            said.append(flag if value else f"--no-{flag[2:]}")
        elif name in _REPEATED:
            said += [word for item in str(value).split(";") for word in (flag, item)]
        else:
            said += [flag, str(value)]
    return shlex.join(said)


def _inputs(comparison: Comparison) -> Iterator[str]:
    packed = dict.fromkeys(item.file for item in comparison.inputs if item.file.endswith(".npz"))
    for file in packed:
        yield from ("--inputs", file)
    for item in comparison.inputs:
        if item.file and item.file not in packed:
            yield from ("--input", f"{item.name}={item.file}")
