"""Names, pieces and groups: the small parts that alignment is made of."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.compare.align.candidates import Neighbourhood
from diag.compare.align.names import anchors, positions, same_names, spellings, varying
from diag.compare.lockstep import agreeing
from diag.compare.tape import chunks
from diag.types.graph import Graph, Node
from diag.types.tensor import TensorInfo


@pytest.mark.parametrize(("name", "origin"), [
    ("/m/conv/Conv", "/m/conv/Conv"),
    ("layer_norm_/m/norm/Add_1", "/m/norm/Add_1"),
    ("/m/conv/Conv_post_nh2nc", "/m/conv/Conv"),
    ("/m/conv/Conv_pre_nc2nh", "/m/conv/Conv"),
    ("/m/Split_getitem_2", "/m/Split"),
    ("/m/fc/MatMul_bias", "/m/fc/MatMul"),
    ("/m/fc/MatMul_cast", "/m/fc/MatMul"),
    ("gelu_/m/act/Mul_1", "/m/act/Mul_1"),
    ("/m/fc/MatMul-op12", "/m/fc/MatMul"),
])
def test_what_the_converter_adds_is_taken_off(name: str, origin: str) -> None:
    found = list(spellings(name))
    assert found[0] == name
    assert origin in found


@given(st.text(min_size=1, max_size=30))
def test_spellings_of_anything_end_and_get_shorter(name: str) -> None:
    found = list(spellings(name))
    assert found[0] == name
    assert all(len(b) < len(a) for a, b in itertools.pairwise(found))


def graph(*nodes: tuple[str, str, str], inputs: tuple[str, ...] = ("x",), outputs: tuple[str, ...] = ()) -> Graph:
    """Nodes as (name, "inputs", "outputs")."""
    made = tuple(Node(n, "Op", tuple(i.split()), tuple(o.split())) for n, i, o in nodes)
    infos = [tuple(TensorInfo(n) for n in names) for names in (inputs, outputs)]
    return Graph("g", "onnx", None, infos[0], infos[1], made, input_names=inputs, output_names=outputs)


GOLDEN = graph(("a", "x w", "1"), ("b", "1", "2"), ("c", "1 2", "3"), ("k", "w", "4"), ("d", "3 4", "5"),
               outputs=("5",))


def test_anchors_by_name_and_by_tensor() -> None:
    target = graph(("b_fusion", "x", "p"), ("other", "p", "3"), ("none", "3", "q"))
    assert anchors(GOLDEN, target) == {0: 1, 1: 2}
    assert same_names(GOLDEN, target) == {"3": "3"}


def test_constants_are_no_layers() -> None:
    assert varying(GOLDEN) == {"x", "1", "2", "3", "5"}
    dice = Graph("g", "onnx", None, (), (), (Node("r", "RandomNormal", (), ("z",)), Node("s", "Neg", ("z",), ("n",))))
    assert varying(dice) == {"z", "n"}, "random values are as little constant as inputs"


def test_a_node_waits_for_its_own_golden_node_and_all_before_it() -> None:
    target = graph(("d", "x", "p"), ("z", "p", "q"), ("a", "x", "r"))
    anchor = anchors(GOLDEN, target)
    assert positions(GOLDEN, target, anchor, {}) == [4, 4, 0]


def near(sizes: dict[str, int]) -> Neighbourhood:
    return Neighbourhood(GOLDEN, varying(GOLDEN), sizes.get)


def test_neighbourhood() -> None:
    every = near(dict.fromkeys("12345x", 8))
    assert every.chain(["1"], 8, 24) == ["1", "2", "3", "5"]
    assert every.chain(["1"], 8, 1) == ["1", "2", "3"]
    assert every.chain(["1"], 9, 24) == []
    assert every.above(["3"], 24) == {"1", "2", "x"}
    assert every.between(["x"], "3") == [0, 1, 2]
    assert every.between(["1"], "3") == [1, 2]
    assert every.between(["3"], "3") == []
    assert every.between(["3"], "5") == [4], "constants are left out"
    assert set(every.around("2", 8, 24)) == {"1", "3", "5", "x"}
    assert near({"3": 8}).chain(["1"], 8, 24) == ["3"], "of an unknown size is not of this size"


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 60))
def test_chunks_cover_all_in_order_within_the_budget(sizes: list[int], budget: int) -> None:
    found = chunks(sizes, budget)
    assert [i for piece in found for i in piece] == list(range(len(sizes)))
    for piece in found:
        assert len(piece) >= 1
        assert len(piece) == 1 or sum(sizes[i] for i in piece) <= budget
    for a, b in itertools.pairwise(found):
        assert sum(sizes[i] for i in a) + sizes[b.start] > budget, "as large as may be"


@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from("abc"), st.integers(0, 2)), max_size=20))
def test_agreeing_groups_hold_each_node_once_and_no_value_twice(feeds: list[tuple[int, str, int]]) -> None:
    arrays = {v: [np.zeros(1) for _ in range(3)] for v in "abc"}
    given_ = {(node, value): arrays[value][which] for node, value, which in feeds}
    nodes = list(range(8))
    groups = agreeing(nodes, given_)
    assert sorted(n for g in groups for n in g) == nodes
    for group in groups:
        for v in "abc":
            assert len({id(given_[n, v]) for n in group if (n, v) in given_}) <= 1


def test_nodes_that_agree_stay_together() -> None:
    a, b = np.zeros(1), np.zeros(1)
    assert agreeing([0, 1, 2], {(0, "v"): a, (1, "v"): a, (2, "w"): b}) == [[0, 1, 2]]
    assert agreeing([0, 1, 2], {(0, "v"): a, (1, "v"): b, (2, "v"): a}) == [[0, 2], [1]]
