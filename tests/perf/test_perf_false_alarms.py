"""A/A: two equal models must not be told different more often than promised, whatever the machine does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import small_models

from diag.cancel import Cancel
from diag.events import Finished
from diag.perf.measure import measure
from diag.perf.pairing import paired, ratio
from diag.perf.plan import BenchPlan, Contender
from diag.runtimes.interface import RuntimeSpec

ROUNDS, RUNS, TRIALS = 6, 60, 600
NUMBERS = [r for r in range(ROUNDS) for _ in range(RUNS // ROUNDS)]


def _lognormal(rng):
    return rng.lognormal(0, 0.05, RUNS)


def _heavy(rng):
    return 1 + rng.pareto(2, RUNS) * 0.05


def _two_speeds(rng):
    return np.where(rng.random(RUNS) < 0.4, 1.3, 1) * rng.lognormal(0, 0.01, RUNS)


def _by_opening(rng):
    """Each opening of a model has a speed of its own, as addresses and pages fall."""
    return rng.lognormal(0, 0.03, RUNS) * np.repeat(rng.lognormal(0, 0.02, ROUNDS), RUNS // ROUNDS)


def _follows_itself(rng):
    values = np.zeros(RUNS)
    for i in range(1, RUNS):
        values[i] = 0.8 * values[i - 1] + rng.normal(0, 0.03)
    return np.exp(values)


@pytest.mark.parametrize("noise", [_lognormal, _heavy, _two_speeds, _by_opening, _follows_itself])
def test_equal_models_are_told_different_in_at_most_five_percent(noise):
    rng = np.random.default_rng(11)
    told = sum(paired(list(noise(rng)), list(noise(rng)), NUMBERS).different is True for _ in range(TRIALS))
    # 5 % of 600 are 30; three standard deviations of the count above that.
    assert told <= 30 + 3 * (TRIALS * 0.05 * 0.95) ** 0.5


def test_a_machine_that_slows_down_meets_both_alike():
    rng = np.random.default_rng(2)
    slowing = np.exp(np.linspace(0, 0.7, RUNS))
    told = [paired(list(slowing * _lognormal(rng)), list(slowing * _lognormal(rng)), NUMBERS).different
            for _ in range(200)]
    assert sum(map(bool, told)) <= 19


def test_a_difference_of_ten_percent_is_found_in_most_measurements():
    rng = np.random.default_rng(4)
    told = [paired(list(_by_opening(rng)), list(1.1 * _by_opening(rng)), NUMBERS).different for _ in range(200)]
    assert sum(map(bool, told)) >= 190


def test_real_samples_of_one_model_against_itself(tmp_path: Path):
    model = small_models.perceptron(tmp_path / "m.onnx")
    one = Contender(model, RuntimeSpec("onnxruntime", "x"))
    plan = BenchPlan((one, one), runs=30, rounds=6, warmup=2)
    told = []
    for _ in range(5):
        *_, last = measure(plan, Cancel())
        assert isinstance(last, Finished)
        a, b = last.result
        assert len(a.samples_ms) == len(b.samples_ms) == 30
        assert a.rounds == tuple(r for r in range(6) for _ in range(5))
        told.append(ratio(a, b).different)
    # At a true rate of 5 %, three or more alarms in five happen in 0.1 % of test runs.
    assert sum(map(bool, told)) <= 2
