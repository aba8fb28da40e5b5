"""Storage rounding against numpy's and ml_dtypes' own casts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diag.precision.emulate import round_storage
from diag.types.dtype import DType

TYPES = [DType.FLOAT16, DType.BFLOAT16, DType.FLOAT8E4M3FN, DType.FLOAT8E5M2, DType.FLOAT32]


def cast(x, dtype):
    with np.errstate(all="ignore"):
        return x.astype(dtype.numpy).astype(np.float32)


def check(x, dtype):
    found, want = round_storage(x, dtype), cast(x.astype(np.float32), dtype)
    assert np.array_equal(found.values, want, equal_nan=True)
    assert np.array_equal(np.signbit(found.values), np.signbit(want))
    assert found.values.dtype == np.float32
    finite = np.isfinite(x.astype(np.float32))
    assert found.overflow == np.count_nonzero(finite & ~np.isfinite(want))
    assert found.underflow == np.count_nonzero((x != 0) & (want == 0))
    return found


@pytest.mark.parametrize("dtype", TYPES)
def test_random_bits_and_every_boundary(dtype):
    bits = [np.random.default_rng(1).integers(0, 2**32, 200_000, dtype=np.uint32)]
    for edge in (0x33000000, 0x33800000, 0x38800000, 0x477FE000, 0x477FF000, 0x47800000, 0x7F7F8000, 0x7F800000, 0):
        near = (np.arange(-3000, 3000, dtype=np.int64) + edge) % 2**32
        bits += [near.astype(np.uint32), ((near + 0x80000000) % 2**32).astype(np.uint32)]
    check(np.concatenate(bits).view(np.float32), dtype)


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=0, min_side=0),
                  elements=st.floats(width=32, allow_subnormal=True)), st.sampled_from(TYPES))
def test_any_array(x, dtype):
    assert check(x, dtype).values.shape == x.shape


def test_every_fp16_value_stays():
    x = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    found = check(x, DType.FLOAT16)
    assert np.array_equal(found.values, x, equal_nan=True)
    assert (found.overflow, found.underflow, found.subnormal) == (0, 0, 2 * 1023)


def test_views_and_wider_input():
    x = np.random.default_rng(2).standard_normal((300, 700))
    assert np.array_equal(round_storage(x.T, DType.FLOAT16).values, cast(x.astype(np.float32).T, DType.FLOAT16))
    before = x.copy()
    round_storage(x, DType.BFLOAT16)
    assert np.array_equal(x, before)


def test_what_is_lost_is_counted():
    x = np.array([70000, -1e6, np.inf, 65519, 1e-9, 1e-6, 0, np.nan], np.float32)
    found = round_storage(x, DType.FLOAT16)
    assert (found.overflow, found.underflow, found.subnormal) == (2, 1, 1)
    assert round_storage(x, DType.BFLOAT16).overflow == 0


@pytest.mark.parametrize(("x", "dtype"), [(np.zeros(3, int), DType.FLOAT16), (np.zeros(3), DType.INT8)])
def test_only_floats(x, dtype):
    with pytest.raises(ValueError, match="for floats"):
        round_storage(x, dtype)
