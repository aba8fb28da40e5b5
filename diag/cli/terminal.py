"""What a report on stdout may use."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from diag.report.document import dumps
from diag.report.write import save


def colored(args: argparse.Namespace) -> bool:
    """Whether escape sequences are welcome."""
    return sys.stdout.isatty() and not args.no_color and "NO_COLOR" not in os.environ


def columns() -> int:
    """How wide lines may be."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def put_json(document: dict[str, Any], target: str) -> None:
    """A document where ``--json`` says: a file, or - for stdout. Raises UsageError where it cannot be written."""
    if target == "-":
        sys.stdout.write(dumps(document))
    else:
        save(dumps(document), Path(target).expanduser())
