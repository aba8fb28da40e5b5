"""Converts the golden part again: if the error comes back, the converter makes it, and anybody can see it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diag.cancel import Cancel
from diag.compare.reduce.result import Again, Focus, OutputError
from diag.compare.reduce.trial import Judging, Piece
from diag.compare.rows import error_of
from diag.compare.sides import Side
from diag.errors import DiagError, ToolFailed, UsageError
from diag.events import result_of
from diag.runtimes.interface import RunOptions, RuntimeSpec
from diag.runtimes.mindspore_lite.convert import ConvertPlan, ConvertResult, convert
from diag.runtimes.reference import Reference
from diag.types.layer import Stage, Verdict

OPTIMIZE = "general"
"""The converter's own default. How the target was converted the file does not say."""


def convert_again(piece: Piece, focus: Focus, judging: Judging, converter: RuntimeSpec | None, target: Side,
                  cancel: Cancel) -> Again | None:
    """Whether the golden part, converted again, computes the same wrong values; None for an ONNX target.

    What comes out runs in the reference runtime, which does what the file says.
    """
    if target.file is not None:
        return None
    if focus.stage != Stage.CONVERSION:
        return Again(False, False, "not tried: the comparison does not blame the conversion")
    if converter is None:
        return Again(False, False, "not tried: MindSpore Lite, which has the converter, is not installed here")
    name = f"{converter.name} {converter.version}"
    try:
        errors = _errors(piece, judging, _converted(piece, converter, cancel), cancel)
    except (ToolFailed, UsageError) as error:
        return Again(True, False, _said(error), name)
    worst = max(errors, key=lambda e: (e.verdict is Verdict.FAIL, error_of(e.metrics)))
    error_now = error_of(worst.metrics)
    if worst.verdict is not Verdict.FAIL:
        return Again(True, False, "a fresh conversion of this part alone is right: the fault needs more of the model, "
                     "other converter options, or another version of the converter", name, error_now)
    return Again(True, True, "a fresh conversion of golden.onnx has the error again", name, error_now)


def _converted(piece: Piece, converter: RuntimeSpec, cancel: Cancel) -> Path:
    folder = piece.target.path.parent
    plan = ConvertPlan(folder / "golden.onnx", folder / "converted.mindir", optimize=OPTIMIZE)
    made: ConvertResult = result_of(convert(converter, plan, cancel))
    return made.path


def _errors(piece: Piece, judging: Judging, path: Path, cancel: Cancel) -> Sequence[OutputError]:
    with Reference().open(path, RunOptions(), cancel) as session:
        feeds = {i.name: piece.golden.inputs[i.name] for i in session.inputs if i.name in piece.golden.inputs}
        got = list(session.run(feeds, cancel).values())
    if len(got) != len(piece.golden.expected):
        raise ToolFailed(f"The fresh conversion has {len(got)} outputs, golden.onnx {len(piece.golden.expected)}")
    own = piece.region.hops >= 0
    return [judging.judged(golden, expected, array, own=own)
            for (golden, expected), array in zip(piece.golden.expected.items(), got, strict=True)]


def _said(error: DiagError) -> str:
    return f"the conversion could not be judged: {error.message}" + (f" ({error.hint})" if error.hint else "")
