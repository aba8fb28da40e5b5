"""The five submodels of a tiny diffusion pipeline, where they are on this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from corpus.example import Example, image
from corpus.families import Build
from onnx import TensorProto, helper

SUBMODELS = ("text_encoder", "unet", "vae_encoder", "vae_decoder", "safety_checker")


def tiny_families(folder: Path) -> dict[str, Build]:
    """``tiny_unet`` and its like for each ``<submodel>/model.onnx`` in the folder; empty if there is none."""
    found = {}
    for name in SUBMODELS:
        if (file := folder / name / "model.onnx").exists():
            found[f"tiny_{name}"] = lambda rng, file=file: _example(file, rng)
    return found


def _example(file: Path, rng: np.random.Generator) -> Example:
    """The model as it is. The safety checker, whose outputs are a yes or no, also shows its scores."""
    model = onnx.load(file)
    if file.parent.name == "safety_checker":
        scores = next(node for node in reversed(model.graph.node) if node.op_type == "Sub" and node.name == "/Sub_1")
        count = next(tensor.dims[0] for tensor in model.graph.initializer if tensor.name == scores.input[1])
        model.graph.output.append(helper.make_tensor_value_info(scores.output[0], TensorProto.FLOAT, (1, count)))
    feeds = {}
    for wanted in model.graph.input:
        shape = tuple(axis.dim_value for axis in wanted.type.tensor_type.shape.dim)
        if wanted.name == "input_ids":
            feeds[wanted.name] = rng.integers(0, 500, shape).astype(np.int32)
        elif wanted.name == "timestep":  # at 1 every angle is small; above 3 the runtime's Cos is not exact
            feeds[wanted.name] = np.array([rng.choice([1, 261, 981])], np.int64)
        elif len(shape) == 4 and shape[1] == 3:
            feeds[wanted.name] = image(rng, shape)
        else:
            feeds[wanted.name] = rng.standard_normal(shape).astype(np.float32)
    return Example(model, feeds)
