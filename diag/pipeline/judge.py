"""What the swaps say: verdicts relative to the healthy swaps, suspects, pairs that mask each other. Pure functions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from diag.pipeline.own import OwnError
from diag.types.layer import Verdict
from diag.types.metrics import Metrics
from diag.types.pipeline import ImageMetrics, StepDivergence, SwapKind, SwapRun

LEAST_PSNR_DB, LEAST_SSIM = 30.0, 0.95
"""Below these a picture is another picture (the contract)."""

ODD = 50.0
"""Times the usual error of this pipeline's submodels from which one is looked into, however small it is."""

_FALLS_DB = 3.0
_MOST_DB = 150.0
_LEAST_SHARE = 1e-3
_MASKS = 0.5
_AMPLIFIES = 10.0


def absolute(image: ImageMetrics | None, outputs: Mapping[str, tuple[Verdict, str]],
             latents: Metrics | None) -> tuple[Verdict, str]:
    """The verdict on a run alone: is the picture another picture, are a chain's outputs wrong."""
    if latents is not None and latents.nonfinite:
        return Verdict.FAIL, f"{latents.nonfinite:,} of {latents.size:,} elements of the last latents are no numbers"
    if image is not None:
        if image.equal:
            return Verdict.PASS, "the picture is the same to the last bit"
        if math.isinf(image.max_abs) or math.isnan(image.max_abs):
            return Verdict.FAIL, "the picture has elements that are no numbers"
        said = f"PSNR {image.psnr:.1f} dB, SSIM {image.ssim:.5f}"
        if image.psnr < LEAST_PSNR_DB or image.ssim < LEAST_SSIM:
            return Verdict.FAIL, f"{said}: another picture (limits: {LEAST_PSNR_DB:.0f} dB, {LEAST_SSIM})"
        return Verdict.PASS, said
    if outputs:
        name, (verdict, reason) = max(outputs.items(), key=lambda item: item[1][0].rank)
        return verdict, f"{name}: {reason[:1].lower()}{reason[1:]}".rstrip(".")
    return Verdict.NOT_COMPARABLE, "the run gave nothing to compare"


def usual_share(owns: Mapping[str, OwnError], but: str) -> float:
    """Median share of the other submodels that pass: what is usual here. NaN if there is none to learn from."""
    known = [max(o.share, _LEAST_SHARE) for name, o in owns.items()
             if name != but and o.verdict is Verdict.PASS and not o.blind and o.calls]
    return statistics.median(known) if known else math.nan


def ratio_of(own: OwnError, owns: Mapping[str, OwnError]) -> float:
    """A submodel's error over what is usual here; over what passes, where nothing is usual."""
    usual = usual_share(owns, own.name)
    return own.share / (1.0 if math.isnan(usual) else usual)


def suspects(owns: Mapping[str, OwnError]) -> list[str]:
    """Submodels to look into, worst first: over a limit, far above the others, or able to hide an error."""
    chosen = [o for o in owns.values() if o.calls and (o.verdict is not Verdict.PASS or o.blind
                                                       or ratio_of(o, owns) > ODD)]
    return [o.name for o in sorted(chosen, key=lambda o: (-o.verdict.rank, -o.share))]


def relative(runs: Sequence[SwapRun], culprits: Sequence[str]) -> list[SwapRun]:
    """Runs that hold a culprit and pass alone become watch where their picture is below those of all healthy swaps."""
    healthy = [_decibel(r.image) for r in runs if r.kind is SwapKind.SINGLE and r.image is not None
               and not set(r.swapped) & set(culprits) and r.verdict is Verdict.PASS]
    if not healthy:
        return list(runs)
    return [_fallen(r, min(healthy)) if set(r.swapped) & set(culprits) else r for r in runs]


def masked(runs: Sequence[SwapRun]) -> list[tuple[str, str]]:
    """Pairs that together are less than half as far off as the worse of the two alone."""
    alone = {r.swapped[0]: distance(r) for r in runs if r.kind is SwapKind.SINGLE and r.error is None}
    found = []
    for run in runs:
        if run.kind is not SwapKind.PAIR or run.error is not None:
            continue
        a, b = run.swapped
        if a in alone and b in alone and distance(run) < _MASKS * max(alone[a], alone[b]):
            found.append((a, b))
    return found


def distance(run: SwapRun) -> float:
    """How far a run is from golden: RMS error of the picture, or the worst relative L2 error of a chain's outputs."""
    if run.image is not None:
        return 0.0 if run.image.equal else math.inf if math.isnan(run.image.psnr) else 10 ** (-run.image.psnr / 20)
    errors = [m.rel_l2 for m in run.outputs.values()]
    return max((math.inf if math.isnan(e) else e for e in errors), default=math.nan)


def amplification(steps: Sequence[StepDivergence]) -> float:
    """Error of the last latents, free running, over the largest that one step alone adds; NaN if not measured."""
    forced = [s.teacher_forced.rel_l2 for s in steps if s.teacher_forced is not None]
    if not forced or not max(forced) > 0:
        return math.nan
    return steps[-1].latents.rel_l2 / max(forced)


def amplified(run: SwapRun, own: OwnError) -> bool:
    """Whether steps that are right each lead to a picture that is not: the loop amplifies, the submodel is right."""
    return own.verdict is Verdict.PASS and run.verdict is not Verdict.PASS and amplification(run.steps) > _AMPLIFIES


def _fallen(run: SwapRun, lowest: float) -> SwapRun:
    if run.image is None or run.verdict is not Verdict.PASS:
        return run
    gap = lowest - _decibel(run.image)
    if not gap > _FALLS_DB:
        return run
    return replace(run, verdict=Verdict.WATCH,
                   reason=f"{run.reason}: {gap:.0f} dB below the worst healthy swap ({lowest:.0f} dB)")


def _decibel(image: ImageMetrics) -> float:
    return _MOST_DB if image.equal else min(image.psnr, _MOST_DB)
