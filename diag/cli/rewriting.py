"""The option of commands that rewrite models: how far a proved rewrite may move an output."""

from __future__ import annotations

import argparse

from diag.rewrites.interface import LIMIT

_MOST_MOVED = 1e-3


def add_rewrite_limit(group: argparse._ArgumentGroup) -> None:
    """--rewrite-limit: how far proved rewrites may move an output."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not LIMIT <= value <= _MOST_MOVED:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number from {LIMIT:g} to {_MOST_MOVED:g}")
        return value

    group.add_argument("--rewrite-limit", type=read, default=LIMIT, metavar="ERROR",
                       help="allow rewrites whose rounding grows to this relative error of an output, where each place "
                       "alone moves by 1e-6 at most (default %(default)g)")
