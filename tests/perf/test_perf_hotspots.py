"""Sums of a profile against a plain loop over its rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.perf.change import change
from diag.perf.hotspots import hotspots, is_cube, kind_of, union
from diag.tools.profiles.columns import Builder
from diag.tools.profiles.join import Layers, plain
from diag.types.timeline import Kind, Profile


def profile(rows, runs: int = 1) -> Profile:
    """Of (name, type, core, start, duration)."""
    builder = Builder()
    builder.add(len(rows), {"names": [r[0] for r in rows], "types": [r[1] for r in rows], "cores": [r[2] for r in rows],
                            "start_us": [r[3] for r in rows], "duration_us": [r[4] for r in rows]})
    return builder.profile("p", "msprof", runs=runs)


ROW = st.tuples(st.sampled_from("abc"), st.sampled_from(["Conv2D", "Cast", "Add"]),
                st.sampled_from(["AI_CORE", "AI_CPU"]), st.integers(0, 1000).map(float), st.integers(0, 50).map(float))


@given(st.lists(ROW, min_size=1, max_size=60))
@settings(max_examples=80)
def test_sums_are_those_of_a_plain_loop(rows):
    found = hotspots(profile(rows))
    expected: dict[tuple[str, str], list[float]] = {}
    for name, kind, _, _, duration in rows:
        expected.setdefault((name, kind), []).append(duration)
    assert {(g.name, g.type): (g.calls, g.total_us, g.longest_us) for g in found.by_name} == {
        key: (len(v), sum(v), max(v)) for key, v in expected.items()}
    assert [g.total_us for g in found.by_name] == sorted((g.total_us for g in found.by_name), reverse=True)
    assert found.total_us == sum(r[4] for r in rows)


@given(st.lists(ROW, min_size=1, max_size=60))
@settings(max_examples=80)
def test_busy_time_counts_overlaps_once(rows):
    busy = hotspots(profile(rows)).busy
    first = min(r[3] for r in rows)
    ticks = {t for r in rows for t in range(int(r[3]), int(r[3] + r[4]))}
    assert busy is not None
    assert busy.busy_us == len(ticks)
    assert busy.span_us == max(r[3] + r[4] for r in rows) - first
    covered = sum(sum(bins) for bins in busy.bins) * busy.span_us / len(busy.bins[0])
    assert covered >= busy.busy_us * (1 - 1e-9) - 1e-6
    assert all(0 <= share <= 1 for bins in busy.bins for share in bins)


def test_gaps_name_their_neighbours():
    busy = hotspots(profile([("a", "X", "AI_CORE", 0, 10), ("b", "X", "AI_CORE", 5, 15), ("c", "X", "AI_CORE", 120, 1),
                             ("d", "X", "AI_CORE", 125, 1)])).busy
    assert busy is not None
    assert [(g.start_us, g.length_us, g.before, g.after) for g in busy.gaps] == [
        (20, 100, "b", "c"), (121, 4, "c", "d")]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 20)), max_size=30))
@settings(max_examples=60)
def test_the_union_of_intervals(pairs):
    start = np.array([float(a) for a, _ in pairs])
    end = start + np.array([float(b) for _, b in pairs])
    lows, highs = union(start, end)
    assert float((highs - lows).sum()) == len({t for a, b in pairs for t in range(a, a + b)})
    assert (lows[1:] > highs[:-1]).all()


@pytest.mark.parametrize(("word", "kind"), [
    ("TransData", Kind.LAYOUT), ("Cast", Kind.LAYOUT), ("Nchw2Nhwc", Kind.LAYOUT), ("ReorderInput", Kind.LAYOUT),
    ("MEMCPY_ASYNC", Kind.TRANSFER), ("MemcpyFromHost", Kind.TRANSFER), ("hcom_allReduce_", Kind.COMMUNICATION),
    ("HCCL", Kind.COMMUNICATION), ("Conv2D", Kind.COMPUTE), ("TransposeBatchMatMul", Kind.COMPUTE)])
def test_kinds_of_work(word, kind):
    assert kind_of(word) is kind


def test_what_lives_from_the_matrix_unit():
    assert [is_cube(t) for t in ("MatMulV2", "Conv2DBackpropFilter", "Gemm", "Softmax", "ConvertLike")] == [
        True, True, True, False, False]


def test_a_change_is_told_by_run():
    twice = [("a", "Conv2D", "AI_CORE", i, 3.0) for i in range(4)]
    here = hotspots(profile([*twice, ("new", "Cast", "AI_CORE", 9, 2.0)], runs=2))
    other = hotspots(profile([("a", "Conv2D", "AI_CORE", 0, 1.0), ("gone", "Add", "AI_CORE", 2, 4.0)]))
    found = change(here, other)
    assert (found.here_us, found.other_us) == (7.0, 5.0)
    assert [(c.name, c.here_us, c.other_us) for c in found.names] == [("a", 6.0, 1.0), ("gone", 0.0, 4.0),
                                                                       ("new", 1.0, 0.0)]
    assert math.isinf(found.names[2].ratio)
    assert found.common == pytest.approx(12 / 14)


def test_operators_find_their_layers_through_the_names_that_compilers_make():
    layers = Layers(["/text/layer.0/MatMul", "/conv/Conv"], {"target_7": "/conv/Conv"},
                    [("fused_1", ("x", "/text/layer.0/MatMul"))])
    for name in ("/conv/Conv", "conv_Conv", "Default//conv/Conv-op12"):
        assert layers.find(name) == "/conv/Conv"
    assert layers.find("target_7") == "/conv/Conv"
    assert layers.find("fused_1") == "/text/layer.0/MatMul"
    assert layers.find("nothing") == ""
    assert plain("trans_Cast_3_a/b:0") == "a_b_0"
