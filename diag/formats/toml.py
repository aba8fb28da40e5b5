"""Files that users write, in TOML: plans and pipelines."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from diag.errors import FormatError


def read_toml(path: Path, hint: str) -> dict[str, Any]:
    """What a file says. Raises FormatError, with the hint, where it cannot be read or is no TOML.

    A file that is not there stays a FileNotFoundError: only the caller knows which command writes one.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise FormatError(path, "A TOML file is wanted", found=str(error)[:160], hint=hint) from error
