"""Verdicts from numbers alone: relative to the healthy, masked, amplified; and the sentence that says it."""

from __future__ import annotations

import html
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline_samples import HEALTHY, search

from diag.pipeline.judge import absolute, amplification, amplified, masked, ratio_of, relative, suspects
from diag.pipeline.own import OwnError, share_of
from diag.pipeline.spec import load
from diag.report.catalogues import pipeline_words
from diag.report.pipeline import headline, page
from diag.rules import Lang
from diag.rules.pipeline import examined
from diag.types.dtype import DType
from diag.types.layer import Verdict
from diag.types.metrics import Metrics
from diag.types.pipeline import ImageMetrics, PipelineDiagnosis, StepDivergence, SwapKind, SwapRun


def own(name: str, share: float, verdict: Verdict | None = None, *, blind: bool = False) -> OwnError:
    decided = verdict or (Verdict.PASS if share <= 1 else Verdict.FAIL)
    return OwnError(name, {}, decided, "", share * 1e-4, share, 0, 1, "out", blind)


def owns(**shares: float) -> dict[str, OwnError]:
    return {name: own(name, share) for name, share in shares.items()}


def single(name: str, psnr: float, verdict: Verdict = Verdict.PASS) -> SwapRun:
    return SwapRun(SwapKind.SINGLE, (name,), verdict, f"PSNR {psnr} dB", ImageMetrics(psnr, 1.0, 0.1))


def test_who_is_looked_into() -> None:
    assert suspects(owns(a=0.01, b=0.2, c=0.05)) == [], "healthy submodels differ from each other by tens"
    assert suspects(owns(a=0.01, b=0.9, c=0.01, d=0.01)) == ["b"], "far above the others, though it passes"
    assert suspects(owns(a=0.01, b=40.0, c=5.0, d=0.02)) == ["b", "c"], "worst first"
    found = {**owns(a=0.01, b=0.02), "c": own("c", 0.0, blind=True)}
    assert suspects(found) == ["c"], "what hides errors is looked into"
    assert ratio_of(found["b"], owns(a=0.01, b=0.02, d=0.03)) == pytest.approx(1.0)
    assert ratio_of(own("b", 7.0), owns(b=7.0, c=9.0)) == 7.0, "where no one is right, over what passes"


@pytest.mark.parametrize(("metrics", "dtype", "share"), [
    (Metrics(rel_l2=2e-4, max_abs=1e-3, size=9), DType.FLOAT32, 2.0),
    (Metrics(rel_l2=2e-5, max_abs=1e-3, max_abs_over_p999=5e-3, size=9), DType.FLOAT32, 5.0),
    (Metrics(rel_l2=2e-4, max_abs=1e-3, nr=1.0, size=9), DType.FLOAT16, 1 / 16),
    (Metrics(rel_l2=0.0, max_abs=0.0, size=9), DType.FLOAT32, 0.0),
    (Metrics(mismatch=0.0, size=9), DType.BOOL, 0.0),
    (Metrics(mismatch=0.1, size=9), DType.BOOL, math.inf),
    (Metrics(rel_l2=1e-6, max_abs=1.0, nonfinite=1, size=9), DType.FLOAT32, math.inf),
    (None, DType.FLOAT32, math.inf),
])
def test_errors_in_units_of_what_passes(metrics: Metrics | None, dtype: DType, share: float) -> None:
    assert share_of(metrics, dtype) == pytest.approx(share)


def test_pictures_are_judged_alone_and_against_the_healthy_swaps() -> None:
    assert absolute(ImageMetrics(29.9, 0.99, 0.2), {}, None)[0] is Verdict.FAIL
    assert absolute(ImageMetrics(40.0, 0.94, 0.2), {}, None)[0] is Verdict.FAIL
    assert absolute(ImageMetrics(40.0, 0.96, 0.2), {}, None)[0] is Verdict.PASS
    assert absolute(ImageMetrics(math.nan, 1.0, 0.0), {}, None)[0] is Verdict.PASS
    assert absolute(ImageMetrics(-math.inf, 0.0, math.inf), {}, None)[0] is Verdict.FAIL
    assert absolute(None, {}, None)[0] is Verdict.NOT_COMPARABLE
    runs = [single("a", 120.0), single("b", 125.0), single("weak", 106.0), single("c", 119.0)]
    judged = {r.swapped[0]: r.verdict for r in relative(runs, ["weak"])}
    assert judged == {"a": Verdict.PASS, "b": Verdict.PASS, "weak": Verdict.WATCH, "c": Verdict.PASS}
    assert {r.verdict for r in relative(runs, [])} == {Verdict.PASS}, "without a culprit nobody is compared"


def test_masking_needs_half_of_the_worse_error_gone() -> None:
    a, b = single("a", 40.0), single("b", 50.0)
    hidden = SwapRun(SwapKind.PAIR, ("a", "b"), Verdict.PASS, "", ImageMetrics(60.0, 1.0, 0.0))
    shown = SwapRun(SwapKind.PAIR, ("a", "b"), Verdict.PASS, "", ImageMetrics(41.0, 1.0, 0.1))
    assert masked([a, b, hidden]) == [("a", "b")]
    assert masked([a, b, shown]) == []


def grown(last: float, forced: float) -> SwapRun:
    """Eight steps, each of which adds ``forced``; free running ends at ``last``."""
    steps = tuple(StepDivergence(i, 1000.0 - i, Metrics(rel_l2=forced * (last / forced) ** (i / 7)),
                                 Metrics(rel_l2=forced)) for i in range(8))
    return SwapRun(SwapKind.SINGLE, ("unet",), Verdict.FAIL, "PSNR 25 dB", ImageMetrics(25.0, 0.9, 0.5),
                   steps[-1].latents, steps=steps)


def test_a_small_error_that_the_loop_makes_large_is_told_from_a_wrong_unet() -> None:
    small, wrong = grown(0.5, 1e-5), grown(0.5, 0.1)
    assert amplification(small.steps) == pytest.approx(5e4)
    assert amplified(small, own("unet", 0.1))
    assert not amplified(small, own("unet", 20.0)), "a unet that is wrong on golden inputs is wrong"
    assert not amplified(wrong, own("unet", 0.1)), "its single steps are as far off as the whole"
    assert math.isnan(amplification([StepDivergence(0, 1.0, Metrics(rel_l2=0.1))])), "it was not measured"


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> PipelineDiagnosis:
    return search(load(HEALTHY), tmp_path_factory.mktemp("right") / "run", runtime="reference", layers=False)


def changed(found: PipelineDiagnosis, **changes: object) -> PipelineDiagnosis:
    return examined(replace(found, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_amplification_has_its_words_everywhere(right: PipelineDiagnosis, lang: Lang) -> None:
    runs = tuple(grown(0.5, 1e-5) if r.swapped == ("unet",) and r.kind is SwapKind.SINGLE else r for r in right.runs)
    found = changed(right, runs=runs, amplified=("unet",))
    assert found.verdict is Verdict.WATCH
    assert [f.code for f in found.findings] == ["PIP007"]
    assert "unet" in headline(found, lang)
    text = page(found, lang)
    assert html.escape(pipeline_words(lang)["steps"]["note_grows"].format(factor="50000")) in text
    assert text.count("<polyline") == 2


def test_a_result_that_differs_without_a_culprit_is_said(right: PipelineDiagnosis) -> None:
    runs = tuple(single("unet", 20.0, Verdict.FAIL) if r.swapped == ("unet",) else r for r in right.runs)
    found = changed(right, runs=runs)
    assert [f.code for f in found.findings] == ["PIP008"]
    assert headline(found) == "the result differs, and no single submodel explains it"


def test_noise_of_the_original_is_said(right: PipelineDiagnosis) -> None:
    found = changed(right, noise=ImageMetrics(38.0, 0.99, 0.1))
    assert [(f.code, f.values["psnr"]) for f in found.findings] == [("PIP013", 38.0)]


def test_words_are_equal_in_both_languages() -> None:
    english, chinese = pipeline_words("en"), pipeline_words("zh")
    assert {k: list(v) for k, v in english.items()} == {k: list(v) for k, v in chinese.items()}
    for section, entries in english.items():
        for key, text in entries.items():
            assert _holes(text) == _holes(chinese[section][key]), (section, key)


def _holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_a_page_without_its_folder_still_tells_the_story(right: PipelineDiagnosis, tmp_path: Path) -> None:
    text = page(replace(right, run=str(tmp_path / "gone")))
    assert "data:image/png" not in text
    assert "safety_checker" in text
