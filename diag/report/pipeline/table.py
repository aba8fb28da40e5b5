"""A search as CSV: one row a swap and submodel, plain numbers."""

from __future__ import annotations

import csv
import io
import math

from diag.report.csv_ import BOM, safe
from diag.types.pipeline import PipelineDiagnosis, SwapRun

_RUN = ("run", "kind", "swapped", "verdict", "psnr_db", "ssim", "max_abs", "latents_rel_l2", "seconds", "reason")
_STEP = ("step", "timestep", "step_rel_l2", "step_forced_rel_l2")


def to_csv(found: PipelineDiagnosis) -> str:
    """Rows of runs (``output.SUBMODEL``: error of its output in that run), then rows of their steps."""
    names = [s.name for s in found.submodels]
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*_RUN, *_STEP, *(f"output.{name}" for name in names)])
    for number, run in enumerate(found.runs):
        head = _head(number, run)
        writer.writerow([*head, "", "", "", "", *(_number(run.submodel_outputs[n].rel_l2)
                                                  if n in run.submodel_outputs else "" for n in names)])
        for step in run.steps:
            forced = step.teacher_forced.rel_l2 if step.teacher_forced is not None else math.nan
            writer.writerow([*head[:4], *[""] * (len(_RUN) - 4), step.step, _number(step.timestep),
                             _number(step.latents.rel_l2), _number(forced), *[""] * len(names)])
    return out.getvalue()


def _head(number: int, run: SwapRun) -> list[str | int]:
    image, latents = run.image, run.latents
    return [number, run.kind.value, safe(" ".join(run.swapped)), run.verdict.value,
            _number(image.psnr) if image else "", _number(image.ssim) if image else "",
            _number(image.max_abs) if image else "", _number(latents.rel_l2) if latents else "",
            _number(run.seconds), safe(run.reason)]


def _number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""
