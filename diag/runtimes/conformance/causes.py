"""Why a test comes out wrong, or why the reference runtime and the real one differ."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import resources
from diag.runtimes.interface import RuntimeSpec

if TYPE_CHECKING:
    from diag.runtimes.conformance.table import CaseResult

FOLDER = Path(resources.__file__).parent / "conformance"


@dataclass(frozen=True, slots=True)
class Causes:
    """What is known of one runtime's mistakes: operator, pattern of the test's name, words."""

    rows: tuple[tuple[str, re.Pattern[str], str], ...] = ()

    @classmethod
    def shipped(cls, spec: RuntimeSpec) -> Causes:
        """Those of a runtime in the version that was studied; none for another."""
        path = FOLDER / f"{spec.name}-{spec.version}.causes.toml"
        if not path.exists():
            return cls()
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["cause"]
        return cls(tuple((op, re.compile(row.get("test", "")), row["words"]) for row in rows for op in row["ops"]))

    def of(self, result: CaseResult) -> str:
        """The cause of one result; "" where nothing is to be explained.

        Whose mistake it is follows from the reference runtime: where it says the same wrong thing, the MindIR says
        it, so the converter lost something; where it is right, the MindIR is right and the runtime computes it wrong.
        """
        if not result.run or (result.right and result.reference in ("agrees", "")):
            return ""
        words = next((words for op, pattern, words in self.rows
                      if op in result.op.split("+") and pattern.search(result.name)), "")
        stage = {"agrees": "conversion", "right": "runtime"}.get(result.reference, "")
        if not words:
            words = {"conversion": "the MindIR says something else than the ONNX model",
                     "runtime": "the MindIR is right, the runtime computes it wrong"}.get(stage, "not known")
        return f"{stage}: {words}" if stage else words
