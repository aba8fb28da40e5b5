"""What the real MindSpore Lite makes of edited MindIR files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from samples import shared

from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR, edit
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo

pytestmark = pytest.mark.mslite

Array = npt.NDArray[np.generic]

SCRIPT = """
import json, sys
import numpy as np
import mindspore_lite as mslite
context = mslite.Context()
context.target = ["cpu"]
context.cpu.thread_num = 1
model = mslite.Model()
model.build_from_file(sys.argv[1], mslite.ModelType.MINDIR, context)
feeds, inputs = np.load(sys.argv[2]), model.get_inputs()
for tensor in inputs:
    tensor.set_data_from_numpy(np.ascontiguousarray(feeds[tensor.name]))
outputs = model.predict(inputs)
np.savez(sys.argv[3], *[t.get_data_to_numpy() for t in outputs])
with open(sys.argv[4], "w") as file:
    json.dump([t.name for t in outputs], file)
"""


@dataclass
class Lite:
    python: Path
    folder: Path

    def run(self, model: Path | bytes, feeds: Mapping[str, Array]) -> tuple[list[str], list[Array]]:
        """Output names and arrays, in the runtime's order."""
        path = model if isinstance(model, Path) else self.folder / "edited.mindir"
        if isinstance(model, bytes):
            path.write_bytes(model)
        given, got, names = (self.folder / n for n in ("feeds.npz", "outputs.npz", "names.json"))
        np.savez(given, **feeds)
        ran = subprocess.run([self.python, "-c", SCRIPT, path, given, got, names], capture_output=True, text=True,
                             check=False, timeout=120)
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
        with np.load(got) as arrays:
            return json.loads(names.read_text()), [arrays[f"arr_{i}"] for i in range(len(arrays.files))]


@pytest.fixture
def lite(mslite_python: Path, tmp_path: Path) -> Lite:
    return Lite(mslite_python, tmp_path)


def feeds_of(graph: Graph) -> dict[str, Array]:
    rng = np.random.default_rng(7)
    return {name: rng.standard_normal(info.shape).astype(np.float32) if info.dtype.is_float
            else rng.integers(0, 50, info.shape).astype(np.int32)
            for name, info in zip(graph.input_names, graph.inputs, strict=True)}


MODELS = [*(f"diffusion/tiny/mindir/{name}.mindir" for name in
            ("text_encoder", "unet", "vae_encoder", "vae_decoder", "safety_checker")),
          "formats/mindir/toy_lite.mindir", "formats/mindir/multi_lite.mindir", "formats/mindir/block_lite.mindir"]


@pytest.mark.parametrize("name", MODELS)
def test_taps_do_no_harm_and_nodes_alone_give_the_same(name: str, lite: Lite) -> None:
    path = shared(name)
    graph = MINDIR.read(path, ReadOptions())
    feeds = feeds_of(graph)
    names, finals = lite.run(path, feeds)
    assert tuple(names) == graph.output_names

    values = [v for node in graph.nodes for v in node.outputs if v not in edit.untappable(graph)]
    tapped = edit.tap(path, values)
    names, arrays = lite.run(tapped.data, feeds)
    assert tuple(names) == tapped.outputs
    for plain, seen in zip(finals, arrays[:len(finals)], strict=True):
        assert np.array_equal(plain, seen)

    known = dict(zip(tapped.values, arrays, strict=True))
    known |= {info.name: feeds[n] for n, info in zip(graph.input_names, graph.inputs, strict=True)}
    infos = {v: TensorInfo(v, DType.of(a.dtype), a.shape) for v, a in known.items()}
    half = (len(values) + 1) // 2
    for chunk in (values[:half], values[half:]):
        alone = edit.isolate(path, chunk, infos)
        names, arrays = lite.run(alone.data, {n: known[v] for v, n in alone.inputs.items()})
        assert tuple(names) == alone.outputs
        for value, array in zip(alone.values, arrays, strict=True):
            assert array.dtype == known[value].dtype
            assert np.array_equal(array, known[value], equal_nan=True), value


def test_tapped_values_are_those_of_the_onnx(lite: Lite) -> None:
    """Integer values that depend on data are right too; same names mean the same values for these operators."""
    ort = pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    path = shared("diffusion/tiny/mindir/text_encoder.mindir")
    graph = MINDIR.read(path, ReadOptions())
    names = {"/m/ArgMax", "/m/Equal_1", "/m/Cast_2", "/m/Reshape", "/m/Add"}
    values = {n.name: n.outputs[0] for n in graph.nodes if n.name in names}
    assert set(values) == names
    feeds = feeds_of(graph)
    tapped = edit.tap(path, list(values.values()))
    seen = dict(zip(tapped.values, lite.run(tapped.data, feeds)[1], strict=True))
    model = onnx.load(shared("diffusion/tiny/onnx/text_encoder/model.onnx"))
    outputs = {n.name: n.output[0] for n in model.graph.node if n.name in names}
    model.graph.output.extend(onnx.ValueInfoProto(name=v) for v in outputs.values())
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    golden = dict(zip(outputs, session.run(list(outputs.values()), feeds), strict=True))
    for name, value in values.items():
        assert np.array_equal(seen[value], golden[name]), name


def test_a_patched_attribute_changes_that_node_only(lite: Lite) -> None:
    path = shared("diffusion/tiny/mindir/text_encoder.mindir")
    graph = MINDIR.read(path, ReadOptions())
    feeds = feeds_of(graph)
    first, second = [n.outputs[0] for n in graph.nodes if n.op == "LayerNormFusion"][:2]
    source = edit.tap(path, [first, second]).data
    (lite.folder / "tapped.mindir").write_bytes(source)
    before = lite.run(source, feeds)[1]
    after = lite.run(edit.patch(lite.folder / "tapped.mindir", {second: {"epsilon": 0.5}}), feeds)[1]
    assert np.array_equal(before[-2], after[-2])
    assert not np.allclose(before[-1], after[-1], rtol=1e-2)


def test_written_weights_are_used(lite: Lite) -> None:
    path = shared("formats/mindir/toy_lite.mindir")
    graph = MINDIR.read(path, ReadOptions())
    fc = next(n for n in graph.nodes if n.op == "MatMulFusion")
    zeros = {v: np.zeros(graph.weights[v].shape, np.float32) for v in fc.inputs[1:]}
    _, (output,) = lite.run(edit.write_weights(path, zeros), feeds_of(graph))
    assert output == pytest.approx(np.full((1, 10), 0.1))
