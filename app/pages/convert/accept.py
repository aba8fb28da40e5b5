"""Which pane a path belongs to, from its name and its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from app.pages.recognise import head, kind_of_result

# Compiled when a path is looked at: the first window does not wait for them.
_BATCH = r"(?m)^\s*\[\[model\]\]"
_SECTION = (r"(?m)^\s*\[(ascend_context|acl_\w+|aoe_\w+|ge_\w+_options|common_quant_param|graph_kernel_param|"
            r"registry|micro_param|full_quant_param)\]")
_CONFIGS = (".ini", ".cfg", ".config", ".txt", "")


def pane_of(path: Path) -> str:
    """Convert or config; "" if no pane wants it."""
    if kind_of_result(path) == "convert":
        return "convert"
    if path.is_dir():
        return ""
    suffix = path.suffix.lower()
    if suffix == ".toml":
        return "convert" if re.search(_BATCH, head(path)) else ""
    return "config" if suffix in _CONFIGS and re.search(_SECTION, head(path)) else ""


def wanted(path: Path) -> bool:
    """Whether the page of conversions wants it."""
    return bool(pane_of(path))
