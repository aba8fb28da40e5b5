"""Dynamic profiles: what an editor shows before anything is compiled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.errors import UsageError
from diag.tools.converter.flags import read_version
from diag.tools.converter.profiles import Axis, Profiles, count, product, read_profiles, read_shapes

UNET = "sample:-1,4,64,64;timestep:1;encoder_hidden_states:-1,77,768"


def test_the_documents_example():
    profiles = Profiles(read_shapes(UNET), read_profiles("1,1;2,2;3,3"))
    assert profiles.problems() == ()
    assert profiles.varying == (("sample", 0), ("encoder_hidden_states", 0))
    assert profiles.inputs(1) == {"sample": (2, 4, 64, 64), "timestep": (1,), "encoder_hidden_states": (2, 77, 768)}
    assert (profiles.input_shape, profiles.dynamic_dims) == (UNET, "1,1;2,2;3,3")
    assert profiles.context_dims == "[1],[2],[3];[1],[2],[3]"


def test_the_product_is_counted_before_it_is_made():
    shapes = read_shapes("a:-1,3,-1,-1;b:-1,77")
    axes = [Axis((0, 3), (1, 2)), Axis((1,), (64, 96)), Axis((2,), (64, 96))]
    assert count(axes) == 8
    made = product(shapes, axes)
    assert len(made.sizes) == 8
    assert made.sizes[:3] == ((1, 64, 64, 1), (1, 64, 96, 1), (1, 96, 64, 1))
    assert made.problems() == ()
    assert count([]) == 0
    with pytest.raises(UsageError, match="121 profiles are more than the 100"):
        product(read_shapes("a:-1,-1"), [Axis((0,), tuple(range(1, 12))), Axis((1,), tuple(range(1, 12)))])
    with pytest.raises(UsageError, match="4 varying sizes and the axes speak of 2"):
        product(shapes, axes[1:])


@pytest.mark.parametrize(("shapes", "profiles", "said"), [
    ("a:1,2", "1", "No size varies"), ("a:-1", "", "There is no profile"), ("a:-1", "1;1", "Two profiles are the same"),
    ("a:-1,-1", "1,1;2", "Profile 2 has 1 sizes; 2 vary"), ("a:-1", "0", "Profile 1 has a size below 1"),
    ("a:-1", ";".join(map(str, range(1, 103))), "102 profiles are more than the 100"),
    (";".join(f"i{n}:" + ",".join(["-1"] * 13) for n in range(10)), ",".join("1" * 130), "130 dims")])
def test_problems(shapes, profiles, said):
    assert any(said in text for text in Profiles(read_shapes(shapes), read_profiles(profiles)).problems())


@pytest.mark.parametrize("text", ["a", "a:x", ":1", "a:1;a:2", "a:-2", "a:0"])
def test_shapes_that_are_none(text):
    with pytest.raises(UsageError):
        read_shapes(text)


def test_a_name_may_hold_a_colon_and_brackets_are_read():
    assert read_shapes("x:0:[1,-1]; y:3 ") == {"x:0": (1, -1), "y": (3,)}
    assert read_shapes("") == {}


@given(st.lists(st.lists(st.integers(1, 5000), min_size=1, max_size=4).map(tuple), min_size=1, max_size=20))
def test_profiles_are_written_and_read_back(sizes):
    assert read_profiles(Profiles({}, tuple(sizes)).dynamic_dims) == tuple(sizes)


@pytest.mark.parametrize("text", ["1,a", "x", "1,,2"])
def test_profiles_that_are_none(text):
    with pytest.raises(UsageError):
        read_profiles(text)


@pytest.mark.parametrize(("text", "version"), [
    ("2.3.1", (2, 3, 1)), ("v2.0", (2, 0)), ("", ()), ("2.1.0rc1", (2, 1, 0)), ("master", ())])
def test_versions(text, version):
    assert read_version(text) == version
