"""Numbers of one series, checked against what they are by definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.perf.measure import batches
from diag.perf.pairing import paired, t95, unpaired
from diag.perf.stats import NO_INTERVAL, drift, effective, mad, median_interval, outliers, quantile

times = st.lists(st.floats(0.01, 1e4), min_size=2, max_size=200)


@pytest.mark.parametrize(("n", "low", "high", "confidence"), [
    # k-th smallest and largest from the binomial distribution: the tables of the sign test.
    (6, 0, 5, 0.96875), (10, 1, 8, 0.978515625), (20, 5, 14, 0.9586105), (50, 17, 32, 0.96716),
])
def test_the_interval_of_the_median_has_the_ranks_of_the_sign_test(n, low, high, confidence):
    samples = [float(v) for v in np.random.default_rng(n).permutation(n)]
    found = median_interval(samples)
    assert (found.low, found.high) == (low, high)
    assert found.confidence == pytest.approx(confidence, abs=1e-5)
    assert found.method == "order_statistics"


def test_few_samples_promise_less():
    assert median_interval([1.0]) == NO_INTERVAL
    found = median_interval([3.0, 1.0, 2.0])
    assert (found.low, found.high) == (1.0, 3.0)
    assert found.confidence == pytest.approx(0.75)


@given(times)
@settings(max_examples=80)
def test_the_interval_encloses_the_median(samples):
    found = median_interval(samples)
    assert found.low <= quantile(samples, 0.5) <= found.high
    assert min(samples) <= found.low
    assert found.high <= max(samples)


@given(times, st.floats(0.1, 10))
@settings(max_examples=60)
def test_everything_scales_with_the_times(samples, factor):
    scaled = [v * factor for v in samples]
    assert mad(scaled) == pytest.approx(mad(samples) * factor, rel=1e-6, abs=1e-9)
    assert median_interval(scaled).high == pytest.approx(median_interval(samples).high * factor)
    assert drift(scaled) == pytest.approx(drift(samples), rel=1e-6, abs=1e-9)


def test_samples_that_follow_their_neighbours_count_as_fewer():
    rng = np.random.default_rng(0)
    free = rng.normal(10, 1, 200)
    walk = np.empty(200)
    walk[0] = 0
    for i in range(1, 200):
        walk[i] = 0.9 * walk[i - 1] + rng.normal()
    assert effective(list(free)) > 150
    assert effective(list(walk)) < 40
    wide, narrow = median_interval(list(10 + walk)), median_interval(list(10 + rng.permutation(walk)))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_outliers_are_those_far_above():
    samples = [10.0, 10.1, 9.9, 10.05, 9.95] * 10
    assert outliers(samples) == 0
    assert outliers([*samples, 13.0, 50.0, 2.0]) == 2


@pytest.mark.parametrize(("rise", "told"), [(0.3, True), (-0.3, True), (0.0, False), (0.005, False)])
def test_drift_is_told_beyond_chance_and_two_percent(rise, told):
    noise = np.random.default_rng(3).normal(0, 0.02, 100)
    samples = [float(10 * (1 + rise * i / 99) * (1 + noise[i])) for i in range(100)]
    found = drift(samples)
    assert bool(found) is told
    if told:
        assert found == pytest.approx(rise / (1 + rise / 2), rel=0.15)


def test_drift_of_a_long_series_is_the_same():
    samples = [10 + 3 * i / 2000 + 0.1 * math.sin(i * 12.9898) for i in range(2000)]
    assert drift(samples) == pytest.approx(3 / 11.5, rel=0.02)


def test_a_real_difference_is_told_with_its_size():
    rng = np.random.default_rng(5)
    rounds = [i // 10 for i in range(50)]
    machine = np.repeat(rng.lognormal(0, 0.2, 25), 2)
    a = 5 * machine * rng.lognormal(0, 0.01, 50)
    b = 6 * machine * rng.lognormal(0, 0.01, 50)
    found = paired(list(a), list(b), rounds)
    assert found.different is True
    assert found.low < 1.2 < found.high
    assert found.high / found.low < 1.05
    assert paired(list(b), list(a), rounds).ratio == pytest.approx(1 / found.ratio)


def test_two_rounds_say_nothing():
    assert paired([1.0] * 20, [2.0] * 20, [0] * 10 + [1] * 10).different is None


@given(times, times)
@settings(max_examples=60)
def test_an_interval_of_a_ratio_encloses_the_ratio(a, b):
    found = unpaired(a, b)
    assert found.low <= found.ratio * (1 + 1e-9)
    assert found.ratio <= found.high * (1 + 1e-9)


def test_student_s_t_comes_from_the_table_and_goes_on_smoothly():
    assert [t95(n) for n in (1, 4, 30)] == [12.706, 2.776, 2.042]
    assert t95(31) == pytest.approx(2.040, abs=0.01)
    assert t95(1000) == pytest.approx(1.962, abs=0.002)


def test_models_of_about_the_same_speed_are_timed_in_equal_batches():
    assert batches([0.00010, 0.00019]) == [5, 5]
    assert batches([0.00019, 0.00010, 0.00025]) == [5, 5, 2]
    assert batches([0.02, 0.00001]) == [1, 50]
    assert batches([0.0]) == [1000]


def test_what_we_and_our_children_use_is_ours():
    import subprocess
    import sys

    from diag.perf.load import Load, _own_s

    load, before = Load(), _own_s()
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert _own_s() - before >= 0.29
    assert 0 <= load.others() <= 1
