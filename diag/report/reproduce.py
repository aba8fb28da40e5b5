"""The command that measures the same again."""

from __future__ import annotations

import shlex

from diag.types.comparison import Comparison


def command(comparison: Comparison) -> str:
    """A line for the shell. The recorded one (``options["argv"]``) where there is one, else made from the facts."""
    recorded = comparison.options.get("argv")
    if isinstance(recorded, list | tuple) and recorded:
        return shlex.join(["diag", *map(str, recorded)])
    words = ["diag", "compare", comparison.golden.path, comparison.target.path]
    for item in comparison.inputs:
        if item.file:
            words += ["--input", f"{item.name}={item.file}"]
    words += ["--runtime", comparison.target.runtime, "--preset", comparison.preset]
    return shlex.join(words)
