"""Orders of elements: every layout that is offered can be taken back, and distances tell strangers apart."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.compare.align import layout as where
from diag.compare.align.layout import arrange, distance, layouts, unarranged

SHAPES = st.lists(st.integers(1, 4), min_size=0, max_size=5)


@given(SHAPES, st.data())
def test_arranged_and_taken_back_is_the_same(shape: list[int], data: st.DataObject) -> None:
    moved = data.draw(st.permutations(shape))
    golden = np.arange(math.prod(shape)).reshape(shape)
    for layout in layouts(shape, moved):
        target = arrange(golden, layout, moved)
        assert target.shape == tuple(moved)
        assert sorted(target.ravel()) == list(range(golden.size))
        np.testing.assert_array_equal(unarranged(target, layout, shape), golden)


@given(SHAPES)
def test_the_same_shape_is_first_taken_as_it_is(shape: list[int]) -> None:
    assert next(iter(layouts(shape, shape))) is None


@given(SHAPES, SHAPES)
def test_other_numbers_of_elements_have_no_layout(a: list[int], b: list[int]) -> None:
    assert (list(layouts(a, b)) == []) or math.prod(a) == math.prod(b)


@pytest.mark.parametrize(("shape", "channels_last"), [((2, 3, 4), (0, 2, 1)), ((2, 3, 4, 5), (0, 2, 3, 1)),
                                                      ((2, 3, 4, 5, 6), (0, 2, 3, 4, 1))])
def test_channels_last_and_back(shape: tuple[int, ...], channels_last: tuple[int, ...]) -> None:
    golden = np.arange(math.prod(shape)).reshape(shape)
    target = golden.transpose(channels_last)
    assert channels_last in set(layouts(golden.shape, target.shape))
    np.testing.assert_array_equal(arrange(golden, channels_last, target.shape), target)
    back = tuple(int(i) for i in np.argsort(channels_last))
    assert back in set(layouts(target.shape, golden.shape))
    np.testing.assert_array_equal(arrange(target, back, shape), golden)


def test_ones_do_not_count() -> None:
    assert next(layouts((1, 77, 32), (77, 32))) is None
    assert next(layouts((2, 3, 1, 1), (2, 3))) is None
    assert (0, 2, 3, 1) in set(layouts((1, 3, 4, 5), (4, 5, 3)))


def test_equal_axes_offer_both_orders() -> None:
    offered = set(layouts((1, 8, 8, 8), (1, 8, 8, 8)))
    assert {None, (0, 2, 3, 1), (0, 3, 1, 2)} == offered


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_no_distance_to_itself(values: list[float]) -> None:
    array = np.array(values, np.float32)
    assert distance(array, array.copy()) == 0


def test_distances() -> None:
    one = np.linspace(1, 2, 100_000, dtype=np.float32).reshape(10, 100, 100)
    assert distance(one, one * np.float32(1.01)) == pytest.approx(0.01, rel=1e-3)
    assert distance(one, -one) == pytest.approx(2)
    assert distance(np.zeros(4), np.zeros(4)) == 0
    assert distance(np.zeros(4), np.ones(4)) == math.inf
    bad = one.copy()
    bad[3, 4, 5] = np.nan
    assert distance(one, bad) == distance(bad, one) == math.inf
    assert distance(bad, bad) == 0
    assert distance(np.array([1, 2, 3]), np.array([1, 2, 4])) == pytest.approx(1 / 3)
    assert distance(np.array(["a", "b"], object), np.array(["a", "c"], object)) == 0.5
    assert distance(np.zeros(0), np.zeros(0)) == 0


def test_mask_constants_do_not_hide_the_rest() -> None:
    masked = np.full((4, 4), np.finfo(np.float32).min, np.float32)
    masked[:, :2] = 1
    other = masked.copy()
    other[0, 0] = 1.5
    assert distance(masked, other) > 0.1
    assert distance(masked, masked) == 0


def test_a_few_far_elements_among_many_are_seen() -> None:
    one = np.ones(100_000, np.float32)
    for index in itertools.islice(range(7, 100_000, 9973), 5):
        other = one.copy()
        other[index] = 1e4
        assert distance(one, other) > 1


@settings(max_examples=80)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(0, 2**32 - 1),
       st.sampled_from([np.float16, np.float32, np.float64]), st.booleans())
def test_distance_is_the_same_in_pieces(shape: list[int], seed: int, dtype: type, special: bool) -> None:
    random = np.random.default_rng(seed)
    golden = random.normal(size=shape).astype(dtype)
    target = (golden + 0.01 * random.normal(size=shape)).astype(dtype)
    if special:
        golden.flat[0] = target.flat[0] = random.choice([np.inf, np.nan, -np.inf])
    whole = distance(golden, target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, "_BLOCK", 8)
        assert distance(golden, target) == pytest.approx(whole, rel=1e-5)
        assert distance(golden.T, target.T) == pytest.approx(whole, rel=1e-5)
