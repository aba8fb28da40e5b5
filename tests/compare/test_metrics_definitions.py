"""Every number against its definition, written out plainly in long double."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diag.compare.metrics import compare
from diag.types.dtype import DType

RNG = np.random.default_rng(7)
U = {DType.FLOAT16: 2.0**-11, DType.BFLOAT16: 2.0**-8, DType.FLOAT32: 2.0**-24}
TINY = {DType.FLOAT16: 2.0**-14, DType.BFLOAT16: 2.0**-126, DType.FLOAT32: 2.0**-126}


def stored(g: np.ndarray, dtype: DType) -> np.ndarray:
    with np.errstate(all="ignore"):
        return g.astype(dtype.numpy).astype(np.float64)


def plain(golden: np.ndarray, target: np.ndarray, dtype: DType) -> dict[str, float]:
    """The contract's definitions, for finite tensors."""
    g, t = golden.astype(np.longdouble).ravel(), target.astype(np.longdouble).ravel()
    d, l2 = t - g, lambda x: float(np.sqrt((x * x).sum()))
    gc, tc = g - g.mean(), t - t.mean()
    rel = np.abs(d) / np.maximum(np.abs(g), TINY[dtype])
    floor = l2((stored(golden, dtype).ravel() - golden.astype(np.float64).ravel()).astype(np.longdouble))
    floor = floor or 0.42 * U[dtype] * l2(g)
    shrink = ((t * t).sum() - (g * g).sum()) / (np.longdouble(l2(g)) + l2(t))
    return {
        "cosine": float((t * g).sum()) / (l2(t) * l2(g)),
        "one_minus_cosine": float((d * d).sum() - shrink * shrink) / (2 * l2(g) * l2(t)),
        "pearson": float((gc * tc).sum()) / (l2(gc) * l2(tc) or math.nan), "rel_l2": l2(d) / l2(g),
        "max_abs": float(np.abs(d).max()), "max_rel": float(rel.max()), "mean_rel": float(rel.mean()),
        "rmse": float(np.sqrt((d * d).mean())), "nr": l2(d) / floor,
        "max_abs_over_p999": float(np.abs(d).max() / np.percentile(np.abs(g).astype(np.float64), 99.9)),
    }


@pytest.fixture(params=["c", "numpy"])
def _path(request, monkeypatch):
    """Both ways to compute; without a compiler they are the same one."""
    if request.param == "numpy":
        monkeypatch.setenv("DIAG_KERNEL", "numpy")


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32])
@pytest.mark.parametrize(("golden_type", "target_type"), [
    (np.float32, np.float32), (np.float32, np.float16), (np.float16, np.float16), (np.float16, np.float32),
    (np.float32, ml_dtypes.bfloat16), (ml_dtypes.bfloat16, ml_dtypes.bfloat16), (np.float64, np.float32),
    (np.float64, np.float64), (np.float32, ml_dtypes.float8_e5m2)])
@pytest.mark.parametrize("size", [2, 7, 1000, 70_001])
def test_definitions(golden_type, target_type, dtype, size):
    g = (RNG.standard_normal(size) * 3 + 0.5).astype(golden_type)
    t = (g.astype(np.float64) * (1 + 1e-3 * RNG.standard_normal(size))).astype(target_type)
    found, want = compare(g, t, target_dtype=dtype), plain(g, t, dtype)
    for name, value in want.items():
        assert getattr(found, name) == pytest.approx(value, rel=2e-6, abs=1e-13, nan_ok=True), name
    worst = int(np.abs(t.astype(np.float64) - g.astype(np.float64)).argmax())
    assert found.worst_index == ((worst,) if want["max_abs"] else None)
    assert (found.size, found.nonfinite, found.extreme) == (size, 0, 0)
    assert math.isnan(found.mismatch)


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("mean", [0.0, 3.0, 1e4, -1e6])
@pytest.mark.parametrize("size", [1000, 200_000])
def test_statistics_keep_their_digits_far_from_zero(mean, size):
    g = (RNG.standard_normal(size) + mean).astype(np.float32)
    t = (g + RNG.standard_normal(size).astype(np.float32) * np.float32(0.25)).astype(np.float32)
    m = compare(g, t, target_dtype=DType.FLOAT32)
    wide = g.astype(np.longdouble)
    assert m.golden.mean == pytest.approx(float(wide.mean()), rel=1e-13, abs=1e-12)
    assert m.golden.std == pytest.approx(float(wide.std()), rel=1e-11)
    assert m.golden.l2 == pytest.approx(float(np.sqrt((wide * wide).sum())), rel=1e-13)
    assert m.pearson == pytest.approx(plain(g, t, DType.FLOAT32)["pearson"], rel=1e-11)


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("noise", [1e-2, 1e-3, 1e-4, 3e-5])
@pytest.mark.parametrize("size", [5000, 3_000_000])
def test_one_minus_cosine_is_right_down_to_1e_9(noise, size):
    g = RNG.standard_normal(size, dtype=np.float32)
    t = g + np.float32(noise) * RNG.standard_normal(size, dtype=np.float32)
    want = plain(g, t, DType.FLOAT32)["one_minus_cosine"]
    assert want < noise**2
    found = compare(g, t, target_dtype=DType.FLOAT32)
    assert found.one_minus_cosine == pytest.approx(want, rel=1e-6)
    assert found.cosine == pytest.approx(1 - want, abs=1e-15 + 1e-6 * want)


FLOATS = st.floats(-1e4, 1e4, width=32).map(lambda x: 0.0 if abs(x) < 1e-3 else x)


@settings(deadline=None, max_examples=150)
@given(st.data(), st.sampled_from([DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32]))
def test_any_finite_pair(data, dtype):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=6))
    g = data.draw(hnp.arrays(np.float32, shape, elements=FLOATS))
    t = data.draw(hnp.arrays(np.float32, shape, elements=FLOATS))
    m = compare(g, t, target_dtype=dtype)
    assert (m.golden.zero, m.target.zero) == (np.count_nonzero(g == 0), np.count_nonzero(t == 0))
    assert (m.golden.min, m.golden.max) == (float(g.min()), float(g.max()))
    if not g.any() or not t.any():
        same = float(not g.any() and not t.any())
        assert (m.cosine, m.one_minus_cosine) == (same, 1 - same)
        assert math.isnan(m.rel_l2) == bool(t.any() and not g.any())
        return
    with np.errstate(all="ignore"):
        want = plain(g, t, dtype)
    for name in ("cosine", "rel_l2", "max_abs", "rmse", "max_rel", "mean_rel", "nr"):
        assert getattr(m, name) == pytest.approx(want[name], rel=2e-6, abs=1e-12), name
    if m.golden.std and m.target.std:
        assert m.pearson == pytest.approx(want["pearson"], rel=1e-6, abs=1e-9)
    else:
        assert math.isnan(m.pearson)


@pytest.mark.parametrize("kind", ["normal", "heavy", "sparse", "rising", "constant"])
def test_the_tail_is_exact(kind):
    size = 300_000
    g = {"normal": RNG.standard_normal(size), "heavy": RNG.standard_cauchy(size), "constant": np.full(size, 2.0),
         "sparse": RNG.standard_normal(size) * (RNG.random(size) < 0.002), "rising": np.linspace(0, 1, size),
         }[kind].astype(np.float32)
    t = g + np.float32(0.5)
    m = compare(g, t, target_dtype=DType.FLOAT32)
    assert m.max_abs / m.max_abs_over_p999 == pytest.approx(np.percentile(np.abs(g).astype(float), 99.9), rel=1e-6)


def test_storage_noise_is_the_floor_of_nr():
    g = RNG.standard_normal(1 << 17, dtype=np.float32)
    for dtype in (DType.FLOAT16, DType.BFLOAT16):
        assert compare(g, stored(g, dtype).astype(np.float32), target_dtype=dtype).nr == pytest.approx(1, rel=1e-12)


def test_representable_golden_has_the_usual_floor():
    g = np.arange(1, 9, dtype=np.float32)
    t = g.copy()
    t[0] += 1
    m = compare(g, t, target_dtype=DType.FLOAT16)
    assert m.nr == pytest.approx(1 / (0.42 * 2**-11 * np.sqrt((g * g).sum())))


def test_values_out_of_the_targets_range_do_not_drown_the_floor():
    g = np.array([1e6, 0.1, 0.3], np.float32)
    t = np.array([1e6, 0.1, 0.3001], np.float32)
    assert compare(g, t, target_dtype=DType.FLOAT16).nr > 1


def test_kl_as_mindstudio_defines_it():
    g = RNG.standard_normal(100_000)
    t = g + 0.1 * RNG.standard_normal(g.size)

    def share(x):
        scaled = np.maximum((x - x.min()) / (x.max() - x.min()), 1.2e-7)
        return scaled / scaled.sum()

    want = float((share(t) * np.log(share(t) / share(g))).sum())
    assert compare(g, t, target_dtype=DType.FLOAT32, with_kl=True).kl == pytest.approx(want, rel=1e-9)
    assert compare(g, 1.04 * g, target_dtype=DType.FLOAT32, with_kl=True).kl == pytest.approx(0, abs=1e-12)
    assert math.isnan(compare(g, t, target_dtype=DType.FLOAT32).kl)
    assert math.isnan(compare(g, np.zeros_like(g), target_dtype=DType.FLOAT32, with_kl=True).kl)
