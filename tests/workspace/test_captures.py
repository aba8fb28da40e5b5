"""Captures: kept under one key, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.workspace.captures import Captures, digest, named

KEY = {"model": "a", "threads": "1"}


def test_what_was_kept_is_there_after_a_crash(tmp_path: Path) -> None:
    Captures(tmp_path / "c", KEY).put("whole", {"v": np.arange(3.0), "w": np.ones((1, 2), bool)})
    found = Captures(tmp_path / "c", KEY).get("whole")
    assert found is not None
    assert {n: a.tolist() for n, a in found.items()} == {"v": [0, 1, 2], "w": [[True, True]]}
    assert Captures(tmp_path / "c", KEY).get("own") is None


def test_another_key_empties_the_folder(tmp_path: Path) -> None:
    Captures(tmp_path / "c", KEY).put("whole", {"v": np.arange(3.0)})
    assert Captures(tmp_path / "c", {**KEY, "threads": "2"}).get("whole") is None
    assert Captures(tmp_path / "c", KEY).get("whole") is None


@pytest.mark.parametrize("array", [np.zeros(2, ml_dtypes.bfloat16), np.array(["s"], object)])
def test_types_that_files_do_not_know_are_not_kept(tmp_path: Path, array: np.ndarray) -> None:
    captures = Captures(tmp_path / "c", KEY)
    captures.put("whole", {"v": np.arange(3.0), "w": array})
    assert captures.get("whole") is None


def test_half_a_set_is_none(tmp_path: Path) -> None:
    captures = Captures(tmp_path / "c", KEY)
    for damage in (lambda f: (f / "index.json").unlink(), lambda f: (f / "index.json").write_text("[1]"),
                   lambda f: (f / "00000.npy").unlink(), lambda f: (f / "00000.npy").write_bytes(b"\x93NUMPY"),
                   lambda f: (f / "index.json").write_text('{"v": 3}')):
        captures.put("whole", {"v": np.arange(3.0)})
        damage(tmp_path / "c" / "whole")
        assert captures.get("whole") is None
    (tmp_path / "c" / "key.json").write_bytes(b"\xff\xfe")
    assert Captures(tmp_path / "c", KEY).get("whole") is None


def test_discarded(tmp_path: Path) -> None:
    captures = Captures(tmp_path / "c", KEY)
    captures.put("whole", {"v": np.arange(3.0)})
    captures.discard()
    assert not (tmp_path / "c").exists()


def test_digests_tell_names_types_shapes_and_elements_apart() -> None:
    one = np.arange(6, dtype=np.float32)
    same = [{"x": one}, {"x": one.copy()}, {"x": np.repeat(one, 2)[::2]}]
    others = [{"y": one}, {"x": one.astype(np.float64)}, {"x": one.reshape(2, 3)}, {"x": one + 1}, {"x": -one},
              {"x": one, "y": one}, {}, {"x": one.astype(object)}]
    assert len({digest(d) for d in same}) == 1
    assert len({digest(d) for d in (same[0], *others)}) == len(others) + 1
    assert digest({"x": one, "y": one + 1}) == digest({"y": one + 1, "x": one})


@given(st.lists(st.text(max_size=3), max_size=4), st.lists(st.text(max_size=3), max_size=4))
def test_names_of_sets_differ_where_the_parts_do(a: list[str], b: list[str]) -> None:
    a, b = [[p.replace("\0", "") for p in parts] for parts in (a, b)]
    assert (named(a) == named(b)) == ("\0".join(a) == "\0".join(b))
    assert named(a).isalnum()
