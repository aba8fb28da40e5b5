"""Layouts of the Ascend, both ways: what is stored comes back, for every shape, block size and group count."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.formats.layouts import PLAIN, Unplaced, restore, store

DTYPES = st.sampled_from([np.float16, np.float32, np.int8, ml_dtypes.bfloat16])
SIZES = st.integers(1, 37)
SMALL = st.integers(1, 5)
C0 = st.sampled_from([4, 8, 16, 32])


def numbers(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """Different elements as far as the type allows."""
    count = math.prod(shape)
    return (np.arange(1, count + 1) % 251 - 120).reshape(shape).astype(dtype)


@settings(max_examples=60, deadline=None)
@given(SMALL, SIZES, SMALL, SMALL, C0, DTYPES, st.sampled_from(["NC1HWC0", "NC1HWC0_C04"]))
def test_blocks_of_channels(n: int, c: int, h: int, w: int, c0: int, dtype: type, layout: str) -> None:
    golden = numbers((n, c, h, w), dtype)
    stored = store(golden, layout, c0)
    assert stored.shape == (n, -(-c // c0), h, w, c0)
    assert np.array_equal(restore(stored, layout, golden.shape), golden)
    whole = restore(stored, layout, None)
    assert np.array_equal(whole[:, :c], golden)
    assert not whole[:, c:].astype(np.float32).any()


@settings(max_examples=40, deadline=None)
@given(SMALL, SIZES, SMALL, SMALL, C0)
def test_a_model_with_channels_at_the_end_gets_them_there(n: int, c: int, h: int, w: int, c0: int) -> None:
    golden = numbers((n, c, h, w), np.float16)
    last = golden.transpose(0, 2, 3, 1)
    assert np.array_equal(restore(store(golden, "NC1HWC0", c0), "NC1HWC0", last.shape, origin="NHWC"), last)


@settings(max_examples=40, deadline=None)
@given(SMALL, SIZES, SMALL, SMALL, SMALL, C0)
def test_blocks_of_channels_with_depth(n: int, c: int, d: int, h: int, w: int, c0: int) -> None:
    golden = numbers((n, c, d, h, w), np.float16)
    stored = store(golden, "NDC1HWC0", c0)
    assert stored.shape == (n, d, -(-c // c0), h, w, c0)
    assert np.array_equal(restore(stored, "NDC1HWC0", golden.shape, origin="NCDHW"), golden)


@settings(max_examples=60, deadline=None)
@given(st.lists(SMALL, max_size=3), SIZES, SIZES, C0, DTYPES)
def test_matrices_in_fractals(batch: list[int], m: int, k: int, c0: int, dtype: type) -> None:
    golden = numbers((*batch, m, k), dtype)
    stored = store(golden, "FRACTAL_NZ", c0)
    assert stored.shape == (*batch, -(-k // c0), -(-m // 16), 16, c0)
    assert np.array_equal(restore(stored, "FRACTAL_NZ", golden.shape), golden)


@given(SIZES, C0)
def test_a_vector_in_fractals_is_one_row(k: int, c0: int) -> None:
    golden = numbers((k,), np.float16)
    assert np.array_equal(restore(store(golden, "FRACTAL_NZ", c0), "FRACTAL_NZ", (k,)), golden)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 8), SIZES, SIZES, st.integers(1, 3), st.integers(1, 3), C0)
def test_weights_in_fractals_with_groups(groups: int, each: int, c: int, h: int, w: int, c0: int) -> None:
    golden = numbers((groups * each, c, h, w), np.float16)
    stored = store(golden, "FRACTAL_Z", c0, groups=groups)
    assert stored.shape[2:] == (16, c0)
    assert np.array_equal(restore(stored, "FRACTAL_Z", golden.shape, groups=groups), golden)


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), C0)
def test_weights_of_three_dimensional_convolutions(n: int, c: int, d: int, h: int, w: int, c0: int) -> None:
    golden = numbers((n, c, d, h, w), np.float16)
    stored = store(golden, "FRACTAL_Z_3D", c0)
    assert stored.shape == (d * -(-c // c0) * h * w, -(-n // 16), 16, c0)
    assert np.array_equal(restore(stored, "FRACTAL_Z_3D", golden.shape, origin="NCDHW"), golden)


def test_a_weight_of_which_the_order_is_known() -> None:
    """One element by hand: output channel 17, input channel 18, row 2, column 1 of a 3 × 3 kernel."""
    golden = np.zeros((20, 33, 3, 3), np.float16)
    golden[17, 18, 2, 1] = 1
    stored = store(golden, "FRACTAL_Z", 16)
    assert stored.shape == (27, 2, 16, 16)
    # c1 = 1, then row 2, column 1; block 1 of the outputs, row 1 in it; element 2 of the block of inputs.
    assert tuple(int(i[0]) for i in np.nonzero(stored)) == (1 * 9 + 2 * 3 + 1, 1, 1, 2)


@pytest.mark.parametrize("origin", ["HWCN", "NHWC", "NCHW"])
def test_a_weight_in_the_axis_order_of_its_model(origin: str) -> None:
    golden = numbers((18, 20, 3, 2), np.float16)
    moved = golden.transpose(["NCHW".index(axis) for axis in origin])
    assert np.array_equal(restore(store(golden, "FRACTAL_Z", 16), "FRACTAL_Z", moved.shape, origin=origin), moved)


@pytest.mark.parametrize("layout", ["NHWC", "HWCN", "CHWN"])
def test_plain_axis_orders(layout: str) -> None:
    golden = numbers((2, 3, 4, 5), np.float32)
    stored = store(golden, layout, 16)
    assert stored.shape == tuple(golden.shape["NCHW".index(axis)] for axis in layout)
    assert np.array_equal(restore(stored, layout, golden.shape), golden)


def test_a_reshape_and_what_has_no_shape_stay_as_they_are() -> None:
    golden = numbers((2, 12), np.float32)
    assert np.array_equal(restore(golden, "ND", (2, 3, 4)), golden.reshape(2, 3, 4))
    assert restore(golden, "ND", None) is golden
    assert "ND" in PLAIN


BAD = [
    ("NC1HWC0", (1, 2, 3, 3, 16), (1, 40, 3, 3)), ("NC1HWC0", (1, 2, 3, 16), (1, 20, 3, 3)),
    ("FRACTAL_NZ", (3, 1, 16, 16), (5, 80)), ("FRACTAL_NZ", (16, 16), (16, 16)),
    ("FRACTAL_Z", (18, 2, 16, 16), (18, 20, 5, 5)), ("FRACTAL_Z", (18, 2, 16, 16), None),
    ("FRACTAL_ZN_LSTM", (4, 4), (4, 4)), ("ND", (3, 4), (5, 6)), ("FRACTAL_Z", (9, 2, 16), (18, 20, 3, 3)),
    ("FRACTAL_Z_C04", (9, 2, 16, 4), (18, 4, 3, 3)), ("layout 99", (2,), (2,)),
]


@pytest.mark.parametrize(("layout", "stored", "original"), BAD)
def test_shapes_that_contradict_each_other_are_told(layout: str, stored: tuple[int, ...],
                                                    original: tuple[int, ...] | None) -> None:
    with pytest.raises(Unplaced) as caught:
        restore(np.zeros(stored, np.float16), layout, original)
    assert str(caught.value)
