"""Reasons in both languages, from the rule that decided."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from importlib.resources import files
from string import Formatter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.compare.metrics import compare
from diag.compare.reasons import metric_in, metric_name, reason, tell
from diag.compare.tolerance import Preset, decide, expected_error, judge
from diag.types.comparison import Unmatched
from diag.types.dtype import DType
from diag.types.layer import Decision, Verdict
from diag.types.tensor import TensorInfo
from diag.workspace.codec import from_json, to_json

INFO = TensorInfo("x", DType.FLOAT16, (64,))
GOLDEN = np.linspace(-1, 1, 64, dtype=np.float32)


def _texts(lang: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((files("diag.compare") / "texts" / f"{lang}.toml").read_text(encoding="utf-8"))


def test_both_languages_say_the_same():
    en, zh = _texts("en"), _texts("zh")
    for section in ("rules", "metrics", "words"):
        assert list(en[section]) == list(zh[section])

    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert {k: fields(v) for k, v in en["rules"].items()} == {k: fields(v) for k, v in zh["rules"].items()}


@given(st.sampled_from([1.0, 1.002, 1.5, 0.0, math.nan, math.inf]), st.sampled_from([DType.FLOAT16, DType.FLOAT32]),
       st.sampled_from(list(Preset)), st.booleans())
def test_every_decision_is_told_and_kept(scale: float, dtype: DType, preset: Preset, own: bool):
    with np.errstate(invalid="ignore"):
        metrics = compare(GOLDEN, GOLDEN * np.float32(scale), target_dtype=dtype, with_kl=True)
    verdict, decision = decide(metrics, INFO, dtype, own_input=own, preset=preset)
    assert judge(metrics, INFO, dtype, own_input=own, preset=preset) == (verdict, tell(decision))
    chinese = tell(decision, "zh")
    assert any("\u4e00" <= c <= "\u9fff" for c in chinese)
    assert chinese.endswith("。")
    assert "{" not in chinese
    kept = from_json(Decision, to_json(decision))
    if math.isfinite(decision.value):
        assert (tell(kept), tell(kept, "zh")) == (tell(decision), chinese)


def test_the_number_and_its_limit_are_facts():
    metrics = compare(GOLDEN, GOLDEN * np.float32(1.5), target_dtype=DType.FLOAT16)
    verdict, decision = decide(metrics, INFO, DType.FLOAT16, own_input=True)
    assert verdict is Verdict.FAIL
    assert (decision.rule, decision.metric, decision.limit) == ("above", "noise_ratio", 16)
    assert decision.value == pytest.approx(metrics.nr)
    assert metric_name(decision) == "noise-floor ratio"
    assert tell(decision, "zh").startswith("噪声底比值为")


def test_what_mindstudio_does_not_see_is_quoted():
    metrics = compare(GOLDEN, GOLDEN * np.float32(1.04), target_dtype=DType.FLOAT16, with_kl=True)
    verdict, decision = decide(metrics, INFO, DType.FLOAT16, own_input=False, preset=Preset.MINDSTUDIO)
    assert verdict is Verdict.PASS
    assert decision.also[0].rule == "blind_scaled"
    assert decision.also[0].also[0].rule == "above"
    assert "缩放了 1.04 倍" in tell(decision, "zh")


def test_a_sentence_without_a_rule_is_looked_up_else_left_alone():
    known = Unmatched("t", "n", "Op", "nothing was recorded of it")
    assert reason(known) == known.reason
    assert reason(known, "zh") == "没有记录到它的数据"
    assert reason(replace(known, reason="the moon"), "zh") == "the moon"
    infinite = Unmatched("t", "n", "Op", "as it was", Decision("above", "rel_l2", math.nan, 1.0))
    assert reason(infinite, "zh") == "as it was"


def test_the_error_a_healthy_target_shows():
    half = compare(GOLDEN, GOLDEN.astype(np.float16).astype(np.float32), target_dtype=DType.FLOAT16)
    alone = expected_error(half, DType.FLOAT16, None)
    assert alone is not None
    assert alone == pytest.approx(half.rel_l2, rel=0.2)
    assert expected_error(half, DType.FLOAT16, replace(half, rel_l2=0.25)) == 0.25
    assert expected_error(half, DType.FLOAT16, replace(half, rel_l2=0.0)) == alone
    assert expected_error(None, DType.FLOAT16, None) is None
    ids = compare(np.arange(4), np.arange(4), target_dtype=DType.INT64)
    assert expected_error(ids, DType.INT64, None) is None


def test_the_metric_of_a_finding_is_told_in_the_language():
    name = metric_name(Decision("above", "rel_l2"))
    assert (metric_in(name, "en"), metric_in(name, "zh")) == ("relative L2 error", "相对 L2 误差")
    assert metric_in("CosineSimilarity", "zh") == "CosineSimilarity"
