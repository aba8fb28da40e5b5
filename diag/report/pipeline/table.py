"""A search as CSV: one row a swap and submodel, plain numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diag.report.csv_ import Cell, csv_text
from diag.types.pipeline import PipelineDiagnosis, SwapRun

_RUN = ("run", "kind", "swapped", "verdict", "psnr_db", "ssim", "max_abs", "latents_rel_l2", "seconds", "reason")
_STEP = ("step", "timestep", "step_rel_l2", "step_forced_rel_l2")


def to_csv(found: PipelineDiagnosis) -> str:
    """Rows of runs (``output.SUBMODEL``: error of its output in that run), then rows of their steps."""
    names = [s.name for s in found.submodels]
    return csv_text((*_RUN, *_STEP, *(f"output.{name}" for name in names)), _rows(found, names))


def _rows(found: PipelineDiagnosis, names: Sequence[str]) -> Iterator[list[Cell]]:
    for number, run in enumerate(found.runs):
        head, outputs = _head(number, run), run.submodel_outputs
        yield [*head, *[""] * len(_STEP), *(outputs[n].rel_l2 if n in outputs else "" for n in names)]
        for step in run.steps:
            forced = step.teacher_forced.rel_l2 if step.teacher_forced is not None else ""
            yield [*head[:4], *[""] * (len(_RUN) - 4), step.step, float(step.timestep), step.latents.rel_l2, forced,
                   *[""] * len(names)]


def _head(number: int, run: SwapRun) -> list[Cell]:
    image, latents = run.image, run.latents
    return [number, run.kind.value, " ".join(run.swapped), run.verdict.value,
            *((image.psnr, image.ssim, image.max_abs) if image else ("", "", "")), latents.rel_l2 if latents else "",
            run.seconds, run.reason]
