"""Values and types that are not plain floats: NaN, infinities, mask constants, integers, text, views."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from dataclasses import asdict

import ml_dtypes
import numpy as np
import onnxruntime as ort
import pytest

from diag.compare.metrics import Accumulator, compare, kernel_name, view
from diag.types.dtype import DType

RNG = np.random.default_rng(11)
NAN, INF = math.nan, math.inf


@pytest.fixture(autouse=True, params=["c", "numpy"])
def _path(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setenv("DIAG_KERNEL", "numpy")
        assert kernel_name() == "numpy"


def both(golden, target, dtype=DType.FLOAT32, kind=np.float32, fill=0):
    """The pair with ``fill`` healthy elements in front, so that it lies somewhere in a block."""
    healthy = np.linspace(1, 2, fill)
    return compare(np.append(healthy, golden).astype(kind), np.append(healthy, target).astype(kind), target_dtype=dtype)


@pytest.mark.parametrize(("kind", "fill"), [
    (np.float32, 1_200_000),
    *itertools.product([np.float32, np.float16, np.float64, ml_dtypes.bfloat16], [0, 10, 70_000])])
@pytest.mark.parametrize(("golden", "target", "bad"), [
    (1.0, NAN, 1), (1.0, INF, 1), (1.0, -INF, 1), (INF, -INF, 1), (NAN, INF, 1), (NAN, 1.0, 1), (INF, 2.0, 1),
    (INF, INF, 0), (-INF, -INF, 0), (NAN, NAN, 0)])
def test_nonfinite(golden, target, bad, kind, fill):
    m = both([1.5, golden], [1.5, target], kind=kind, fill=fill)
    assert m.nonfinite == bad
    assert m.size == fill + 2
    assert (m.rel_l2, m.max_abs) == (0, 0)
    assert m.worst_index == ((fill + 1,) if bad else None)
    assert m.golden.nan + m.golden.pos_inf + m.golden.neg_inf == (not math.isfinite(golden))
    assert (m.target.nan, m.target.pos_inf, m.target.neg_inf) == (math.isnan(target), target == INF, target == -INF)
    assert math.isfinite(m.golden.l2)


@pytest.mark.parametrize("fill", [0, 70_000])
def test_mask_constants_do_not_blind_the_norms(fill):
    lowest = float(np.finfo(np.float32).min)
    m = both([1.0, lowest, -3.4e38], [1.5, lowest, -3.4e38], fill=fill)
    assert (m.extreme, m.nonfinite) == (2, 0)
    assert m.max_abs == 0.5
    assert m.rel_l2 > 1e-4
    assert m.golden.min == lowest  # the statistics tell of them


def test_a_mask_constant_of_the_narrower_type():
    g, t = np.array([1.0, -3.4e38], np.float32), np.array([1.0, -65504], np.float32)
    assert compare(g, t, target_dtype=DType.FLOAT16).extreme == 1
    assert compare(g, t.astype(np.float16), target_dtype=DType.FLOAT16).extreme == 1
    assert compare(g, t, target_dtype=DType.FLOAT32).extreme == 0
    assert compare(g, np.array([1.0, -INF], np.float32), target_dtype=DType.FLOAT16).nonfinite == 1
    saturated = compare(np.array([1.0, -INF], np.float32), t, target_dtype=DType.FLOAT16)
    assert (saturated.extreme, saturated.nonfinite, saturated.golden.neg_inf) == (1, 0, 1)


def test_opposite_extremes_are_an_error():
    m = both([1, 3.4e38], [1, -3.4e38])
    assert m.extreme == 0
    assert m.max_abs == pytest.approx(6.8e38, rel=1e-6)


def test_huge_float64_has_no_norm_but_no_pass_either():
    g = np.array([1e300, -1e300, 1.0])
    m = compare(g, g * 1.5, target_dtype=DType.FLOAT64)
    assert math.isnan(m.rel_l2)
    assert m.max_abs == pytest.approx(5e299)


@pytest.mark.parametrize(("golden", "target", "cosine", "rel_l2"), [
    ([0, 0, 0], [0, 0, 0], 1, 0), ([0, 0, 0], [1, 0, 2], 0, NAN), ([1, 2, 3], [0, 0, 0], 0, 1),
    ([1, 2, 3], [-1, -2, -3], -1, 2), ([1, 0, 0], [0, 1, 0], 0, math.sqrt(2)), ([2], [1], 1, 0.5)])
def test_corner_vectors(golden, target, cosine, rel_l2):
    m = both(golden, target)
    assert m.cosine == pytest.approx(cosine, abs=1e-15)
    assert m.rel_l2 == pytest.approx(rel_l2, nan_ok=True)


def test_relative_error_over_zero_is_finite():
    m = both([0.0, 1.0], [1e6, 1.0])
    assert m.max_rel == pytest.approx(1e6 / 2**-126)
    assert m.mean_rel == pytest.approx(m.max_rel / 2)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64, np.uint64, np.bool_, ml_dtypes.int4])
def test_integers_count_unequal_elements(kind):
    g = RNG.integers(0, 2, 100_000).astype(kind)
    t = g.copy()
    t[[5, 77_777]] = 1 - t[[5, 77_777]].astype(int)
    m = compare(g, t, target_dtype=DType.of(g.dtype))
    assert m.mismatch == 2 / 100_000
    assert (m.max_abs, m.worst_index) == (1, (5,))
    assert math.isnan(m.nr)


@pytest.mark.parametrize("start", [2**24, 2**31 - 9, 2**53, 2**62])
def test_integers_that_floats_cannot_tell_apart(start):
    g = np.arange(start, start + 8, dtype=np.int64)
    m = compare(g, g + 1, target_dtype=DType.INT64)
    assert (m.mismatch, m.max_abs) == (1, 1)
    assert compare(g, g, target_dtype=DType.INT64).mismatch == 0


def test_integers_of_different_widths_and_signs():
    g = np.array([0, 2**63 + 1, 5], np.uint64)
    assert compare(g, g.astype(np.int64), target_dtype=DType.INT64).mismatch == pytest.approx(1 / 3)
    ids = np.array([3, 70, 49407], np.int64)
    assert compare(ids, ids.astype(np.int32), target_dtype=DType.INT32).mismatch == 0
    assert compare(ids, ids.astype(np.float32) + 0.5, target_dtype=DType.FLOAT32).mismatch == 1


def test_strings():
    g = np.array([["a", "bc"], ["ü", ""]], dtype=object)
    assert compare(g, np.array([[b"a", b"bc"], ["ü".encode(), b""]], object), target_dtype=DType.STRING).mismatch == 0
    m = compare(g, np.array([["a", "bc"], ["u", ""]]), target_dtype=DType.STRING)
    assert (m.mismatch, m.worst_index) == (0.25, (1, 0))
    assert math.isnan(m.rel_l2)
    assert compare(g, np.zeros((2, 2)), target_dtype=DType.FLOAT32).mismatch == 1


@pytest.mark.parametrize("kind", [np.complex64, np.complex128])
def test_complex(kind):
    g = (RNG.standard_normal((40, 5)) + 1j * RNG.standard_normal((40, 5))).astype(kind)
    t = g.copy()
    t[7, 2] += 0.25j
    m = compare(g, t, target_dtype=DType.of(g.dtype))
    assert m.rel_l2 == pytest.approx(np.linalg.norm(t - g) / np.linalg.norm(g), rel=1e-6)
    assert (m.size, m.worst_index) == (200, (7, 2))
    assert compare(g.T, t.T, target_dtype=DType.of(g.dtype)).worst_index == (2, 7)
    assert compare(g.real.copy(), g, target_dtype=DType.of(g.dtype)).max_abs == np.abs(g.imag).max()


def test_empty_and_scalar():
    for shape in [(0,), (3, 0, 2)]:
        m = compare(np.zeros(shape, np.float32), np.zeros(shape, np.float32), target_dtype=DType.FLOAT32)
        assert (m.size, m.worst_index) == (0, None)
        assert math.isnan(m.rel_l2)
    m = compare(np.float32(2), np.array(3, np.float32), target_dtype=DType.FLOAT32)
    assert (m.size, m.max_abs, m.worst_index) == (1, 1, ())


def test_different_shapes():
    with pytest.raises(ValueError, match=r"golden has shape \(2, 3\), target \(3, 2\)"):
        compare(np.zeros((2, 3)), np.zeros((3, 2)), target_dtype=DType.FLOAT32)


VIEWS = {
    "transposed": lambda x: x.transpose(2, 0, 1), "reversed": lambda x: x[::-1, :, ::-1],
    "strided": lambda x: x[:, ::2, 1:], "fortran": np.asfortranarray, "diagonal": lambda x: x[0].diagonal(),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape), "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), x.dtype, offset=1).reshape(x.shape),
}


@pytest.mark.parametrize("one", VIEWS)
@pytest.mark.parametrize("other", [*VIEWS, "plain"])
@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int32])
def test_views_give_the_numbers_of_copies(one, other, kind):
    base = (RNG.standard_normal((6, 50, 41)) * 9).astype(kind)
    moved = (base + RNG.standard_normal(base.shape)).astype(kind)
    g, t = VIEWS[one](base), VIEWS[one](moved)
    if other != "plain" and t.ndim == 3 and VIEWS[other](t).shape == t.shape:
        t = VIEWS[other](t)
    found = compare(g, t, target_dtype=DType.FLOAT16)
    want = compare(g.astype(kind).copy("C"), t.astype(kind).copy("C"), target_dtype=DType.FLOAT16)
    assert_same(found, want)
    at, wide = found.worst_index, np.abs(t.astype(np.float64) - g.astype(np.float64))
    assert wide[at] == pytest.approx(wide.max(), rel=1e-6)  # among equals, any


def test_pieces_give_the_numbers_of_the_whole():
    g = RNG.standard_normal((37, 5000), dtype=np.float32)
    t = g + np.float32(1e-3) * RNG.standard_normal(g.shape, dtype=np.float32)
    g[20, 100] = NAN
    pieces = Accumulator(g.shape, g.dtype, t.dtype, DType.FLOAT16)
    for k in range(0, 37, 4):
        pieces.update(g[k:k + 4], t[k:k + 4])
    whole = compare(g, t, target_dtype=DType.FLOAT16)
    assert_same(pieces.result(), whole)
    assert pieces.result().worst_index == whole.worst_index == (20, 100)
    with pytest.raises(ValueError, match="more than"):
        pieces.update(g[:1], t[:1])


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int64])
def test_memory_is_bounded(kind):
    g = np.resize(RNG.standard_normal(1 << 20) * 5, (2, 3, 2_000_000)).astype(kind)
    t = g + g.dtype.type(1)
    tracemalloc.start()
    for pair in ((g, t), (g.transpose(2, 0, 1), t.transpose(2, 0, 1)), (g[..., ::2], t[..., ::2])):
        tracemalloc.reset_peak()
        compare(*pair, target_dtype=DType.FLOAT16)
        assert tracemalloc.get_traced_memory()[1] < 40e6
    tracemalloc.stop()


def test_the_compiled_kernel_and_numpy_agree(monkeypatch):
    for kinds in [(np.float32, np.float32), (np.float32, np.float16), (np.float16, np.float16),
                  (np.float32, ml_dtypes.bfloat16), (ml_dtypes.bfloat16, ml_dtypes.bfloat16),
                  (np.float16, np.float32), (ml_dtypes.bfloat16, np.float32)]:
        g = (np.maximum(RNG.standard_normal(900_000), -0.5) + 0.2).astype(kinds[0])
        g[::1000] *= np.float32(1e-6)  # subnormal in fp16
        t = (g.astype(np.float32) * np.float32(1.001)).astype(kinds[1])
        for dtype in (DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16):
            monkeypatch.delenv("DIAG_KERNEL", raising=False)
            first = compare(g, t, target_dtype=dtype)
            monkeypatch.setenv("DIAG_KERNEL", "numpy")
            second = compare(g, t, target_dtype=dtype)
            assert_same(first, second)
            assert first.worst_index == second.worst_index


def test_beyond_a_million_elements_numpy_agrees_to_float32_rows(monkeypatch):
    g = RNG.standard_normal(3_000_000, dtype=np.float32)
    t = g + np.float32(1e-4) * RNG.standard_normal(g.size, dtype=np.float32)
    monkeypatch.delenv("DIAG_KERNEL", raising=False)
    first = compare(g, t, target_dtype=DType.FLOAT16)
    monkeypatch.setenv("DIAG_KERNEL", "numpy")
    assert_same(first, compare(g, t, target_dtype=DType.FLOAT16), 3e-7)


@pytest.mark.parametrize("scale", [1e-30, 1e-13, 1.0, 1e15, 1e30])
def test_many_elements_of_any_scale(scale):
    g = RNG.standard_normal(1_200_000, dtype=np.float32)
    t = g * np.float32(1.01) + np.float32(1e-3) * RNG.standard_normal(g.size, dtype=np.float32)
    want = compare(g.astype(np.float64), t.astype(np.float64), target_dtype=DType.FLOAT32)
    found = compare(g * np.float32(scale), t * np.float32(scale), target_dtype=DType.FLOAT32)
    for name in ("rel_l2", "cosine", "one_minus_cosine", "pearson", "max_abs_over_p999"):
        assert getattr(found, name) == pytest.approx(getattr(want, name), rel=1e-5), name


def test_ort_values_are_read_where_they_lie():
    x = RNG.standard_normal((3, 4)).astype(np.float32)
    value = ort.OrtValue.ortvalue_from_numpy(x)
    seen = view(value)
    assert seen.ctypes.data == value.data_ptr()
    assert np.array_equal(seen, x)
    assert not seen.flags.writeable
    del value
    assert np.array_equal(seen, x)
    for kind in (np.float16, np.float64, np.int64, np.bool_, np.uint8):
        one = x.astype(kind)
        assert np.array_equal(view(ort.OrtValue.ortvalue_from_numpy(one)), one)
    assert view(ort.OrtValue.ortvalue_from_numpy(np.zeros((2, 0), np.float32))).shape == (2, 0)
    assert view(ort.OrtValue.ortvalue_from_numpy(np.array(5.0, np.float32))) == 5


def assert_same(first, second, rel=1e-12):
    a, b = asdict(first), asdict(second)
    for side in ("golden", "target"):
        assert a.pop(side) == pytest.approx(b.pop(side), rel=max(rel, 1e-12), abs=rel, nan_ok=True)
    a.pop("worst_index"), b.pop("worst_index")
    # relative errors are divided in float32; one_minus_cosine is what remains of a difference of sums
    loosely = {"one_minus_cosine": 1e-8, "mean_rel": 1e-8, "max_rel": 1e-7}
    for name in a:
        loose = loosely.get(name, 1e-11)
        assert a[name] == pytest.approx(b[name], rel=max(rel, loose), abs=1e-15, nan_ok=True), name
