"""A fixed sample of the cases through the real MindSpore Lite: it says what the shipped table says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from diag.cancel import Cancel
from diag.errors import Cancelled, RuntimeUnavailable
from diag.events import Finished, Message, Partial
from diag.runtimes import conformance
from diag.runtimes.conformance import measure
from diag.runtimes.conformance.cases import Case, load_cases
from diag.runtimes.interface import RuntimeSpec

SAMPLE = {
    "node": """
        abs acosh add add_uint8 add_uint16 argmax_no_keepdims_example_select_last_index
        averagepool_2d_pads_count_include_pad averagepool_2d_same_upper clip concat_2d_axis_1
        constantofshape_float_ones conv_with_autopad_same conv_with_strides_and_asymmetric_padding cos
        depthtospace_crd_mode_example elu_default gather_1 hardsigmoid instancenorm_epsilon matmul_3d
        maxpool_2d_pads mod_mixed_sign_int32 pow prelu_broadcast round scatternd_add softmax_axis_1
        split_equal_parts_2d top_k_smallest transpose_all_permutations_3 where_example""",
    "constant": """
        clip layer_normalization_2d_axis1 layer_normalization_3d_axis1_epsilon pow_bcast_scalar
        reduce_max_keepdims_random reduce_mean_keepdims_random resize_upsample_scales_cubic
        resize_upsample_scales_nearest slice top_k""",
    "model": """
        ReplicationPad2d Linear""",
}
"""Names of tests by kind: every family of operators, every way to fail."""


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    known = {case.key: case for case in load_cases()}
    return [known[f"{kind}/{name}"] for kind, names in SAMPLE.items() for name in names.split()]


def test_the_sample_exists(cases):
    assert len(cases) >= 40
    assert {case.kind for case in cases} == {"node", "constant", "model"}


@pytest.mark.mslite
def test_the_real_runtime_does_what_the_table_says(cases, mslite_spec, tmp_path):
    if mslite_spec.version != "2.0.0":
        pytest.skip(f"the shipped table is of 2.0.0, this is {mslite_spec.version}")
    shipped = {r.key: r for r in conformance.table().results}
    *events, last = measure(cases, mslite_spec, tmp_path, Cancel())
    assert isinstance(last, Finished)
    assert [e.item for e in events if isinstance(e, Partial)] == list(last.result.results)
    for result in last.result.results:
        known = shipped[result.key]
        assert plain(result) == plain(known)
        if result.error is not None:
            assert result.error == pytest.approx(known.error, rel=0.05, abs=2e-6)
    crashed = {r.key for r in last.result.results if r.crash}
    assert crashed == {"node/add_uint16"}


def plain(result):
    return replace(result, error=None, why="" if not result.run else result.why)


@pytest.mark.mslite
def test_an_interrupted_measurement_goes_on(cases, mslite_spec, tmp_path):
    cancel = Cancel()
    events = measure(cases[:3], mslite_spec, tmp_path, cancel)
    assert isinstance(next(events), Partial)
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)
    kept = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(kept) == 1
    # What was measured is not measured again, and a line that was cut off is.
    first = {**json.loads(kept[0]), "error": 0.25}
    (tmp_path / "results.jsonl").write_text(json.dumps(first) + "\n" + kept[0][:40], encoding="utf-8")
    events = list(measure(cases[:2], mslite_spec, tmp_path, Cancel()))
    assert [e.text for e in events if isinstance(e, Message)] == [
        "1 tests were measured before and are taken over"]
    assert events[-1].result.results[0].error == 0.25
    assert [r.key for r in events[-1].result.results] == [c.key for c in cases[:2]]
    assert not (tmp_path / "case").exists()
    again = list(measure(cases[:2], mslite_spec, tmp_path, Cancel()))
    assert again[0].text == "2 tests were measured before and are taken over"
    assert again[-1] == events[-1]


@pytest.mark.mslite
def test_a_hanging_test_costs_its_time_and_nothing_else(mslite_spec, tmp_path):
    names = ("reduce_sum_default_axes_keepdims_example", "reduce_sum_keepdims_example")
    chosen = [c for c in load_cases(["ReduceSum"], ["constant"]) if c.name in names]
    hung, ran = list(measure(chosen, mslite_spec, tmp_path, Cancel(), hangs_after_s=2))[-1].result.results
    assert (hung.reached, hung.crash) == ("run", "SIGALRM")
    assert ran.right


def test_a_runtime_that_is_not_there(tmp_path):
    case = next(load_cases(["Abs"], ["node"]))
    for spec in (RuntimeSpec("mindspore-lite", problem="It is not here", hint="Install it"),
                 RuntimeSpec("mindspore-lite", "1", Path("/no/such/python"))):
        with pytest.raises(RuntimeUnavailable):
            list(measure([case], spec, tmp_path, Cancel()))
