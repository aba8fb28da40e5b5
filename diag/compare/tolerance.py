"""From metrics to a verdict: which rule decides, the value, and the limit.

Rules that need no number come first: nothing to compare, then non-finite values, then unequal integers. What a
healthy target must show of error comes from its element type (preset ``calibrated``), or from a control run of the
golden model with storage rounding emulated (the envelope), which then replaces the constants.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from diag.compare.metrics.rounding import smallest_normal, unit_roundoff
from diag.compare.reasons import tell
from diag.types.dtype import DType
from diag.types.layer import Decision, Verdict
from diag.types.metrics import NAN, Metrics
from diag.types.tensor import TensorInfo

STORED_ERROR = 0.42
"""Relative L2 error of rounding evenly spread numbers once, in units of u."""

FP32_ROUNDOFF = 2.0**-24

Judgement = tuple[Verdict, str]

Decided = tuple[Verdict, Decision]


class Preset(StrEnum):
    """Whose limits decide."""

    CALIBRATED = "calibrated"
    MINDSTUDIO = "mindstudio"


@dataclass(frozen=True, slots=True)
class Limits:
    """Up to ``good`` it passes, above ``bad`` it fails, between them is watch."""

    good: float
    bad: float

    def verdict(self, value: float) -> Verdict:
        """The verdict on a value; NaN is not comparable."""
        if math.isnan(value):
            return Verdict.NOT_COMPARABLE
        if value <= self.good:
            return Verdict.PASS
        return Verdict.FAIL if value > self.bad else Verdict.WATCH


NOISE = {True: Limits(4, 16), False: Limits(16, 64)}
"""Noise-floor ratio of types narrower than fp32, by own_input."""

RELATIVE = {True: Limits(1e-5, 1e-4), False: Limits(1e-4, 1e-3)}
"""Relative L2 error of fp32 and wider, by own_input."""

OUTLIER = {True: Limits(64, 256), False: Limits(256, 1024)}
"""Largest error over the 99.9th percentile of |golden|, in units of u, by own_input."""

ENVELOPE = Limits(4, 16)
"""L2 error in units of the control run's: the factors of NOISE, where a control run's own ratio is about 1."""

ENVELOPE_OUTLIER = Limits(16, 64)
"""Largest error in units of the control run's: one element scatters more than a norm does."""

MINDSTUDIO = (("CosineSimilarity", "cosine", 0.99), ("RelativeEuclideanDistance", "rel_l2", 0.05),
              ("KullbackLeiblerDivergence", "kl", 0.005), ("RootMeanSquareError", "rmse", 1.0),
              ("MeanRelativeError", "mean_rel", 1.0))
"""Name in its documents, our field, limit. The first is a lower limit, the others upper ones."""


def judge(metrics: Metrics | None, golden: TensorInfo, target_dtype: DType, *, own_input: bool,
          preset: Preset = Preset.CALIBRATED, envelope: Metrics | None = None) -> Judgement:
    """The verdict on one tensor and the rule that decided, as an English sentence; arguments as of ``decide``."""
    verdict, decision = decide(metrics, golden, target_dtype, own_input=own_input, preset=preset, envelope=envelope)
    return verdict, tell(decision)


def decide(metrics: Metrics | None, golden: TensorInfo, target_dtype: DType, *, own_input: bool,
           preset: Preset = Preset.CALIBRATED, envelope: Metrics | None = None) -> Decided:
    """The verdict on one tensor and the rule that decided.

    Args:
        metrics: of the pair; None where there is no target tensor of golden's shape (see ``shapes_differ``).
        golden: the golden tensor's name, element type and shape.
        target_dtype: what the target computes in.
        own_input: the layer ran on golden inputs, so that it shows only its own error.
        preset: whose limits.
        envelope: metrics of golden against golden with storage rounding emulated, for this tensor and kind of run.
    """
    if metrics is None:
        return Verdict.NOT_COMPARABLE, Decision("no_target", values={"tensor": golden.name})
    verdict, decision = _decide(metrics, target_dtype, own_input, preset, envelope)
    if preset is Preset.MINDSTUDIO and verdict is not Verdict.NOT_COMPARABLE:
        blind = unseen(metrics, target_dtype, own_input=own_input, envelope=envelope)
        decision = replace(decision, also=(*decision.also, blind)) if blind is not None else decision
    return verdict, decision


def shapes_differ(golden: tuple[int, ...], target: tuple[int, ...]) -> Judgement:
    """The verdict on two tensors of different shapes, with its sentence."""
    return Verdict.NOT_COMPARABLE, tell(other_shape(golden, target))


def other_shape(golden: tuple[int, ...], target: tuple[int, ...]) -> Decision:
    """Two tensors of different shapes cannot be compared."""
    return Decision("shapes", values={"golden": list(golden), "target": list(target)})


def is_constant(metrics: Metrics) -> bool:
    """Whether golden has more than one element and they are all the same finite number."""
    g = metrics.golden
    return metrics.size > 1 and g.min == g.max and not (g.nan or g.pos_inf or g.neg_inf)


def unseen(metrics: Metrics, target_dtype: DType, *, own_input: bool,
           envelope: Metrics | None = None) -> Decision | None:
    """What MindStudio's limits do not see in this tensor; None where they can be trusted.

    NaN and an all-zero output make its cosine NaN, which it never flags; a scaled or shifted tensor keeps its cosine
    and its min-max scaled KL.
    """
    if metrics.nonfinite:
        return Decision("blind_nan")
    if not math.isnan(metrics.mismatch):
        return None
    if metrics.golden.l2 and metrics.target.l2 == 0:
        return Decision("blind_zero")
    if math.isnan(metrics.rel_l2) or _mindstudio(metrics)[0] is not Verdict.PASS:
        return None
    verdict, decision = _calibrated(metrics, target_dtype, own_input, envelope)
    return None if verdict is Verdict.PASS else replace(_shape_of_error(metrics), also=(decision,))


def expected_noise(metrics: Metrics, dtype: DType) -> float:
    """Relative L2 error that merely storing golden in ``dtype`` makes: the unit of scores. NaN if it is no float.

    Golden that is representable but for a few elements has next to no storage error, yet computing it makes the usual
    one: below a tenth of the usual error the usual one is taken.
    """
    usual = STORED_ERROR * unit_roundoff(dtype)
    measured = metrics.rel_l2 / metrics.nr if metrics.nr > 0 else 0.0
    return measured if measured >= usual / 10 else usual


def expected_error(metrics: Metrics | None, dtype: DType, envelope: Metrics | None) -> float | None:
    """Relative L2 error that a healthy target must show on this tensor: the control run's, where there was one, but
    never less than storing golden once. None where no error is expected: integers, exact types, nothing compared.
    """
    if metrics is None or not math.isnan(metrics.mismatch) or math.isnan(unit_roundoff(dtype)):
        return None
    noise = expected_noise(metrics, dtype)
    if envelope is not None and not math.isnan(envelope.rel_l2):
        noise = max(noise, envelope.rel_l2)
    return noise if math.isfinite(noise) else None


def score(metrics: Metrics, dtype: DType) -> float:
    """Error over the noise expected there, for ranking: 1 is perfect storage, infinite what no noise can explain.

    Integers, booleans and strings: the number of unequal elements.
    """
    if metrics.nonfinite:
        return math.inf
    if not math.isnan(metrics.mismatch):
        return metrics.mismatch * metrics.size
    if math.isnan(metrics.rel_l2):
        return math.inf if metrics.max_abs > 0 else 0.0
    return metrics.rel_l2 / expected_noise(metrics, dtype)


def _decide(metrics: Metrics, dtype: DType, own_input: bool, preset: Preset, envelope: Metrics | None) -> Decided:
    """The rules in their order."""
    if metrics.size == 0:
        return Verdict.NOT_COMPARABLE, Decision("empty")
    if metrics.nonfinite:
        return Verdict.FAIL, _nonfinite(metrics)
    if not math.isnan(metrics.mismatch):
        decided = _discrete(metrics)
    elif math.isnan(metrics.rmse):
        return Verdict.NOT_COMPARABLE, Decision("nothing_finite")
    elif math.isnan(metrics.rel_l2):
        return _golden_zero(metrics, dtype)
    elif preset is Preset.MINDSTUDIO:
        decided = _mindstudio(metrics)
    else:
        decided = _calibrated(metrics, dtype, own_input, envelope)
    if decided[0] is Verdict.FAIL or not is_constant(metrics):
        return decided
    everywhere = {"golden": metrics.golden.min}
    if metrics.max_abs == 0:
        return Verdict.NOT_COMPARABLE, Decision("constant_equal", values=everywhere)
    return Verdict.NOT_COMPARABLE, Decision("constant", values=everywhere, also=(decided[1],))


def _nonfinite(metrics: Metrics) -> Decision:
    g, t = metrics.golden, metrics.target
    return Decision("nonfinite", "nonfinite", metrics.nonfinite, 0, {
        "size": metrics.size, "nan": t.nan, "pos_inf": t.pos_inf, "neg_inf": t.neg_inf,
        "golden": g.nan + g.pos_inf + g.neg_inf})


def _discrete(metrics: Metrics) -> Decided:
    count = round(metrics.mismatch * metrics.size)
    facts = {"count": count, "size": metrics.size}
    if count:
        return Verdict.FAIL, Decision("unequal", "mismatch", metrics.mismatch, 0, facts)
    return Verdict.PASS, Decision("equal", "mismatch", 0, 0, facts)


def _golden_zero(metrics: Metrics, target_dtype: DType) -> Decided:
    """Golden is zero everywhere and the target is not, or the norms overflow."""
    if metrics.golden.l2 != 0:
        return Verdict.NOT_COMPARABLE, Decision("norms_overflow")
    tiny = smallest_normal(target_dtype)
    if metrics.max_abs < tiny:
        return Verdict.NOT_COMPARABLE, Decision("zero_tiny", "max_abs", metrics.max_abs, tiny,
                                                {"dtype": target_dtype.value})
    return Verdict.FAIL, Decision("zero", "max_abs", metrics.max_abs, tiny)


def _calibrated(metrics: Metrics, dtype: DType, own_input: bool, envelope: Metrics | None) -> Decided:
    """The worst of the rules; among equals the first."""
    rules = _against_envelope(metrics, dtype, envelope) if envelope is not None else _against_constants(
        metrics, dtype, own_input)
    return max(rules, key=lambda judged: judged[0].rank)


def _against_constants(metrics: Metrics, dtype: DType, own_input: bool) -> Iterator[Decided]:
    u = unit_roundoff(dtype)
    if math.isnan(u) or u <= FP32_ROUNDOFF:
        yield _rule("rel_l2", metrics.rel_l2, RELATIVE[own_input])
    else:
        ratio = metrics.rel_l2 / expected_noise(metrics, dtype)
        yield _rule("noise_ratio", ratio, NOISE[own_input])
    u = u if not math.isnan(u) else FP32_ROUNDOFF
    # Golden with outliers of its own: what the noise rule grants at the largest of them is no outlier of the error.
    if not math.isnan(metrics.max_abs_over_p999) and metrics.max_abs > NOISE[own_input].good * u * _largest(metrics):
        yield _rule("outlier", metrics.max_abs_over_p999 / u,
                    OUTLIER[own_input])


def _against_envelope(metrics: Metrics, dtype: DType, envelope: Metrics) -> Iterator[Decided]:
    """The control run's own errors as units; where it shows less than storing golden once, that is the unit."""
    u = unit_roundoff(dtype)
    expected = max((e for e in (envelope.rel_l2, STORED_ERROR * u) if not math.isnan(e)), default=NAN)
    yield _rule("l2_over_control", metrics.rel_l2 / expected if expected else NAN, ENVELOPE)
    worst = max((e for e in (envelope.max_abs, u * _largest(metrics)) if not math.isnan(e)), default=NAN)
    if worst > 0:
        yield _rule("max_over_control", metrics.max_abs / worst, ENVELOPE_OUTLIER)


def _largest(metrics: Metrics) -> float:
    return max(metrics.golden.max, -metrics.golden.min)


def _rule(name: str, value: float, limits: Limits) -> Decided:
    verdict = limits.verdict(value)
    both = {"good": limits.good, "bad": limits.bad}
    if verdict is Verdict.NOT_COMPARABLE:
        return verdict, Decision("uncomputable", name, value, limits.good, both)
    if verdict is Verdict.FAIL:
        return verdict, Decision("above", name, value, limits.bad, both)
    return verdict, Decision("between" if verdict is Verdict.WATCH else "within", name, value, limits.good, both)


def _mindstudio(metrics: Metrics) -> Decided:
    """The first of its five limits that is crossed; KL takes part where it was computed."""
    for name, field, limit in MINDSTUDIO:
        value = getattr(metrics, field)
        if field == "cosine" and value < limit:
            return Verdict.FAIL, Decision("mindstudio_below", name, value, limit)
        if field != "cosine" and value > limit:
            return Verdict.FAIL, Decision("mindstudio_above", name, value, limit)
    return Verdict.PASS, Decision("mindstudio_kept", MINDSTUDIO[0][0], metrics.cosine, MINDSTUDIO[0][2])


def _shape_of_error(metrics: Metrics) -> Decision:
    """What MindStudio's numbers are blind to, where it can be told from the statistics."""
    g, t = metrics.golden, metrics.target
    if metrics.pearson > 1 - 1e-5 and g.std > 0:
        scale = t.std / g.std
        if abs(scale - 1) > 1e-3:
            return Decision("blind_scaled", values={"scale": scale})
        return Decision("blind_shifted", values={"shift": t.mean - g.mean})
    return Decision("blind")
