"""Tensors between processes: what a worker says of its pack is never trusted."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag.runtimes.tensor_pack import BadPack, read_pack, write_pack


def forged(tmp_path: Path, **changes) -> tuple[Path, list[dict]]:
    path = tmp_path / "pack"
    index = write_pack(path, {"x": np.arange(6, dtype=np.float32).reshape(2, 3)})
    index[0].update(changes)
    return path, index


@pytest.mark.parametrize("changes", [
    {"shape": [3, 2]}, {"dtype": "float16"}, {"dtype": "float23"}, {"dtype": "string"}, {"dtype": "undefined"},
    {"dtype": 3}, {"offset": 64}, {"offset": -1}, {"offset": 10**30}, {"offset": 1.5}, {"shape": [2, -3]},
    {"shape": [2.0, 3.0]}, {"shape": "23"}, {"name": None}, {"shape": [True, 3]}, {"shape": [1] * 99}])
def test_lies_about_a_tensor(tmp_path, changes):
    with pytest.raises(BadPack):
        read_pack(*forged(tmp_path, **changes))


def test_a_pack_that_is_cut_off_or_gone_or_no_pack(tmp_path):
    path, index = forged(tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(BadPack):
            read_pack(path, index)
    path.write_bytes(whole)
    for bad in (None, {}, [3], [{}], index * 2):
        with pytest.raises(BadPack):
            read_pack(path, bad)
    path.unlink()
    with pytest.raises(BadPack):
        read_pack(path, index)


def test_pickles_are_not_loaded(tmp_path):
    path = tmp_path / "pack"
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.array([{}], object), version=(1, 0), allow_pickle=True)
    with pytest.raises(BadPack):
        read_pack(path, [{"name": "x", "dtype": "float32", "shape": [1], "offset": 0}])


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_tensor_as_announced_or_a_bad_pack(tmp_path, data):
    path, index = forged(tmp_path)
    whole = bytearray(path.read_bytes())
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=8)):
        whole[place] = byte
    path.write_bytes(whole[:data.draw(st.integers(0, len(whole)))] + data.draw(st.binary(max_size=20)))
    try:
        found = read_pack(path, index)
    except BadPack:
        return
    assert {k: (v.shape, v.dtype) for k, v in found.items()} == {"x": ((2, 3), np.dtype(np.float32))}


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["name", "dtype", "shape", "offset"]), inner, max_size=4), max_leaves=12)


@given(index=JSON)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_index_is_taken_or_a_bad_pack(tmp_path, index):
    path, _ = forged(tmp_path)
    with contextlib.suppress(BadPack):
        assert read_pack(path, index) == {}
