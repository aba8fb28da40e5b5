"""ONNX's own backend tests through a converter and runtime: what converts, builds, runs, and is right.

Measured tables are data (``resources/conformance``); they explain culprits and say before a conversion what will
fail or be silently wrong.
"""

from __future__ import annotations

from diag.runtimes.conformance.bench import measure
from diag.runtimes.conformance.cases import Case, load_cases
from diag.runtimes.conformance.causes import FOLDER
from diag.runtimes.conformance.table import CaseResult, Evidence, Table, load, save

__all__ = ["Case", "CaseResult", "Evidence", "Table", "load", "load_cases", "measure", "save", "table"]


def table(runtime: str = "mindspore-lite", version: str = "2.0.0", device: str = "cpu") -> Table | None:
    """The shipped table of a runtime in a version on a kind of device ("cpu", "ascend"); None if nobody measured it.

    Raises FormatError if the file is damaged.
    """
    path = FOLDER / f"{runtime}-{version}-{device.partition(':')[0]}.json"
    return load(path) if path.exists() else None
