"""Generated inputs mean something to the model, and are the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from samples import shared

from diag.compare.inputs import InputChoice, gather, nonfinite
from diag.errors import UsageError
from diag.formats.registry import open_model
from diag.types.dtype import DType
from diag.types.graph import Graph, Node
from diag.types.tensor import TensorInfo, Weight


def graph(*inputs: tuple[str, DType, tuple[int | str | None, ...] | None], nodes: tuple[Node, ...] = (),
          weights: dict[str, Weight] | None = None) -> Graph:
    infos = tuple(TensorInfo(n, d, s) for n, d, s in inputs)
    return Graph("g", "onnx", None, infos, (), nodes, weights or {}, input_names=tuple(n for n, _, _ in inputs),
                 output_names=())


def made(name: str, dtype: DType, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return gather(graph((name, dtype, shape)), InputChoice(seed=seed)).arrays[name]


def test_token_ids_stay_within_the_vocabulary() -> None:
    table = {"t": Weight("t", DType.FLOAT32, (7, 4)), "u": Weight("u", DType.FLOAT32, (1000, 4))}
    nodes = (Node("c", "Cast", ("ids",), ("ids2",)), Node("r", "Reshape", ("ids2", "s"), ("ids3",)),
             Node("g", "Gather", ("t", "ids3"), ("e",)), Node("h", "Gather", ("u", "ids2"), ("f",)))
    found = gather(graph(("ids", DType.INT64, (8, 500)), nodes=nodes, weights=table), InputChoice())
    ids = found.arrays["ids"]
    assert (ids.min(), ids.max(), ids.dtype) == (0, 6, np.int64), "the smallest table decides"
    assert "token ids in 0…6" in found.used[0].source


def test_an_index_that_is_looked_up_in_is_no_token_id() -> None:
    nodes = (Node("g", "Gather", ("x", "k"), ("e",)),)
    weights = {"k": Weight("k", DType.INT64, (2,))}
    assert made("x", DType.FLOAT32, (4, 4)).std() > 0.5
    assert gather(graph(("x", DType.INT32, (50,)), nodes=nodes, weights=weights), InputChoice()).arrays["x"].max() <= 9


@pytest.mark.parametrize("dtype", [DType.INT64, DType.FLOAT32, DType.INT32])
def test_masks_are_ones(dtype: DType) -> None:
    assert made("attention_mask", dtype, (1, 77)).tolist() == [[1] * 77]


def test_truth_values() -> None:
    assert made("flag", DType.BOOL, (100,)).dtype == bool
    assert 0 < made("flag", DType.BOOL, (100,)).sum() < 100


@pytest.mark.parametrize("name", ["timestep", "t", "timesteps"])
@pytest.mark.parametrize("dtype", [DType.INT64, DType.FLOAT32, DType.FLOAT16])
def test_timesteps(name: str, dtype: DType) -> None:
    steps = made(name, dtype, (200,))
    assert 1 <= steps.min() < 100 < 900 < steps.max() <= 999
    assert np.array_equal(steps, np.round(steps))


@pytest.mark.parametrize(("name", "shape", "low", "high"), [
    ("sample", (1, 3, 32, 32), -1, 1), ("pixel_values", (1, 3, 32, 32), 0, 1), ("image", (1, 32, 32, 3), 0, 1)])
def test_images(name: str, shape: tuple[int, ...], low: float, high: float) -> None:
    values = made(name, DType.FLOAT32, shape)
    assert low <= values.min() < low + 0.2
    assert high - 0.2 < values.max() <= high


def test_latents_and_everything_else_are_normal() -> None:
    for name, shape in (("latent_sample", (1, 3, 64, 64)), ("hidden", (1, 77, 320)), ("sample", (1, 4, 64, 64))):
        values = made(name, DType.FLOAT32, shape)
        assert abs(values.mean()) < 0.1
        assert 0.9 < values.std() < 1.1


@pytest.mark.parametrize("dtype", [d for d in DType if d.is_float or d.is_integer])
def test_every_dtype(dtype: DType) -> None:
    values = made("x", dtype, (3, 5))
    assert DType.of(values.dtype) is dtype
    assert values.shape == (3, 5)
    assert np.isfinite(values.astype(np.float64)).all()


def test_scalars_and_empty_tensors() -> None:
    assert made("x", DType.FLOAT32, ()).shape == ()
    assert made("x", DType.INT64, (0, 3)).shape == (0, 3)


def test_the_same_name_and_seed_give_the_same_values() -> None:
    one = made("x", DType.FLOAT32, (4, 4))
    assert np.array_equal(one, made("x", DType.FLOAT32, (4, 4)))
    assert not np.array_equal(one, made("y", DType.FLOAT32, (4, 4)))
    assert not np.array_equal(one, made("x", DType.FLOAT32, (4, 4), seed=1))
    both = gather(graph(("a", DType.FLOAT32, (9,)), ("x", DType.FLOAT32, (4, 4))), InputChoice()).arrays
    assert np.array_equal(both["x"], one), "another input does not change it"
    np.testing.assert_allclose(one[0], [-0.6485389, 1.0817163, 0.9966934, 1.216171], rtol=1e-6)  # on every machine


def test_open_shapes_must_be_chosen() -> None:
    model = graph(("x", DType.FLOAT32, ("n", 4, None)))
    with pytest.raises(UsageError, match="no fixed shape") as caught:
        gather(model, InputChoice())
    assert caught.value.hint == 'Choose one: --shape "x:1,4,1"'
    assert gather(model, InputChoice(shapes={"x": (2, 4, 3)})).arrays["x"].shape == (2, 4, 3)
    for wrong in ((2, 5, 3), (2, 4), (2, 4, 3, 1)):
        with pytest.raises(UsageError, match="--shape gives"):
            gather(model, InputChoice(shapes={"x": wrong}))
    assert gather(graph(("x", DType.FLOAT32, None)), InputChoice(shapes={"x": (2,)})).arrays["x"].shape == (2,)


def test_strings_cannot_be_made_up() -> None:
    with pytest.raises(UsageError, match="cannot be made up"):
        made("words", DType.STRING, (2,))


def test_files_come_first_and_say_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", a=np.zeros(2, np.float32), b=np.ones(2, np.float32))
    np.save(tmp_path / "b.npy", np.full(2, 2.0))
    model = graph(*((n, DType.FLOAT32, (2,)) for n in "abc"))
    found = gather(model, InputChoice(tmp_path / "in.npz", {"b": tmp_path / "b.npy"}))
    assert found.arrays["a"].tolist() == [0, 0]
    assert (found.arrays["b"].tolist(), found.arrays["b"].dtype) == ([2, 2], np.float32)
    assert [u.source.split(" ")[0] for u in found.used] == ["from", "from", "generated:"]
    assert "in.npz" in found.used[0].source
    assert "b.npy" in found.used[1].source


def test_integers_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1, 2**40]))
    with pytest.raises(UsageError, match="'x' is int64"):
        gather(graph(("x", DType.INT32, (2,))), InputChoice(files={"x": tmp_path / "x.npy"}))
    np.save(tmp_path / "x.npy", np.array([1, 2**30]))
    found = gather(graph(("x", DType.INT32, (2,))), InputChoice(files={"x": tmp_path / "x.npy"}))
    assert found.arrays["x"].dtype == np.int32


def test_what_is_no_number_is_counted() -> None:
    arrays = {"a": np.array([1, np.nan, np.inf, -np.inf]), "b": np.ones(3), "c": np.array([1]),
              "d": np.array(["x"], object), "e": np.full(4, np.nan, DType.BFLOAT16.numpy)}
    assert nonfinite(arrays) == {"a": (1, 2), "e": (4, 0)}


@pytest.mark.parametrize(("name", "vocabulary"), [("text_encoder", 1000)])
def test_real_models(name: str, vocabulary: int) -> None:
    model = open_model(shared(f"diffusion/tiny/onnx/{name}/model.onnx"))
    shapes = {n: (1, 77) for n, i in zip(model.input_names, model.inputs, strict=True) if i.static_shape is None}
    found = gather(model, InputChoice(shapes=shapes))
    ids = next(iter(found.arrays.values()))
    assert 0 <= ids.min() <= ids.max() < vocabulary
    assert "token ids" in found.used[0].source
