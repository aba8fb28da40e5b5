"""Root cause first: what failed, what it means, what to do.

diag log triage PATH…   files, folders, archives; - reads stdin
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from diag.logs.diagnosis import LogDiagnosis, Verdict
from diag.logs.triage import triage
from diag.logs.words import three_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``triage``, ``code``, ``show``."""
    parser.add_argument("action", choices=("triage",), help="what to do")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="log files, folders or archives; - is stdin")


def run(args: argparse.Namespace) -> int:
    """Exit 0 without a failure, 1 with one."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {"triage": _triage}
    return actions[args.action](args)


def _triage(args: argparse.Namespace) -> int:
    diagnosis = triage([sys.stdin.read() if path == "-" else path for path in args.paths])
    print("\n".join(three_lines(diagnosis, args.lang)))
    return _exit_code(diagnosis)


def _exit_code(diagnosis: LogDiagnosis) -> int:
    return 0 if diagnosis.verdict is Verdict.NO_FAILURE else 1
