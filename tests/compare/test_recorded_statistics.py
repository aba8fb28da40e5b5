"""What largest, smallest, mean value and norm can prove of a tensor, and what they cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from diag.compare.metrics import compare
from diag.compare.recorded.statistics import judged, other
from diag.formats.tensor_dump import RecordedTensor, Summary
from diag.types.dtype import DType
from diag.types.layer import Verdict

GOLDEN = np.random.default_rng(0).normal(size=(2, 8, 5, 5)).astype(np.float32)
NAN = math.nan


def told(array: np.ndarray, *, count: int | None = None, **other: float) -> RecordedTensor:
    a = array.astype(np.float64)
    said = {"max": float(a.max()), "min": float(a.min()), "mean": float(a.mean()), "l2": float(np.linalg.norm(a)),
            **other}
    summary = Summary(said["max"], said["min"], said["mean"], a.size if count is None else count,
                      nan=int(said.get("nan", 0)), l2=said["l2"])
    return RecordedTensor("output", 0, DType.FLOAT16, "ND", a.shape, summary=summary)


def rule(tensor: RecordedTensor, *, control: bool = False) -> tuple[Verdict, str]:
    narrow = compare(GOLDEN, GOLDEN.astype(np.float16).astype(np.float32), target_dtype=DType.FLOAT16)
    verdict, decision = judged(GOLDEN, tensor, DType.FLOAT16, narrow if control else None)
    return verdict, decision.rule


def test_rounded_numbers_agree_with_and_without_a_control_run() -> None:
    for control in (False, True):
        assert rule(told(GOLDEN.astype(np.float16)), control=control) == (Verdict.NOT_COMPARABLE, "statistics_agree")


@pytest.mark.parametrize(("key", "value", "expected"), [
    ("max", 9.0, "statistics_max"), ("min", -9.0, "statistics_min"), ("mean", 0.7, "statistics_mean"),
    ("l2", 12.0, "statistics_norm"), ("nan", 1, "statistics_nonfinite")])
def test_each_number_can_prove_an_error(key: str, value: float, expected: str) -> None:
    assert rule(told(GOLDEN, **{key: value})) == (Verdict.FAIL, expected)


def test_nothing_agrees_where_no_number_was_recorded() -> None:
    nothing = told(GOLDEN, max=NAN, min=NAN, mean=NAN, l2=NAN)
    assert rule(nothing) == (Verdict.NOT_COMPARABLE, "statistics_only")


def test_a_control_run_shows_an_error_that_leaves_the_extremes_alone() -> None:
    wrong = GOLDEN.copy()
    wrong[:, 3] = np.clip(1.25 * wrong[:, 3], wrong.min(), wrong.max())
    assert rule(told(wrong)) == (Verdict.NOT_COMPARABLE, "statistics_agree")
    assert rule(told(wrong), control=True) == (Verdict.FAIL, "statistics_norm")


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("padding", [0.0, 0.5, 1.0])
def test_padding_of_the_layout_is_no_error(counted: bool, padding: float) -> None:
    """A sigmoid makes one half of the zeros that fill the channels up; the mean is of them too."""
    sigmoid = 1 / (1 + np.exp(-GOLDEN))
    stored = np.concatenate([sigmoid, np.full((2, 8, 5, 5), padding)], axis=1)
    tensor = told(stored, count=None if counted else -1)
    assert judged(sigmoid, tensor)[1].rule == "statistics_agree"


def test_padding_hides_no_value_that_is_missing() -> None:
    stored = np.concatenate([GOLDEN / 2, np.zeros((2, 8, 5, 5))], axis=1)
    assert rule(told(stored)) == (Verdict.FAIL, "statistics_max")


def test_a_slice_says_nothing_of_the_whole() -> None:
    assert rule(told(GOLDEN[:, :4] / 8)) == (Verdict.NOT_COMPARABLE, "statistics_only")


def test_inputs_are_others_where_nothing_that_was_read_has_their_numbers() -> None:
    assert not other(GOLDEN, [told(3 * GOLDEN), told(GOLDEN)])
    assert other(GOLDEN, [told(3 * GOLDEN)])
    padded = told(np.concatenate([2 * GOLDEN, np.zeros((2, 8, 5, 5))], axis=1), max=NAN, min=NAN, mean=NAN)
    assert other(GOLDEN, [told(3 * GOLDEN), padded]), "a larger norm may be padding: it proves nothing"
    assert not other(GOLDEN, [])


@pytest.mark.parametrize("constant", [-np.inf, np.float32(-3.4e38)])
def test_masks_may_be_infinite_on_the_device(constant: float) -> None:
    mask = np.where(np.arange(64) % 2, np.float32(0), constant).astype(np.float32)
    low = RecordedTensor("output", 0, DType.FLOAT16, "ND", (64,), summary=Summary(0.0, -math.inf, NAN, 64, neg_inf=32))
    most = RecordedTensor("output", 0, DType.FLOAT16, "ND", (64,), summary=Summary(0.0, -65504.0, -32752.0, 64))
    assert judged(mask, low)[0] is Verdict.NOT_COMPARABLE
    assert judged(mask, most)[0] is Verdict.NOT_COMPARABLE
    assert judged(np.abs(mask.clip(-9, 0)), low)[0] is Verdict.FAIL
