"""The real MindSpore Lite fails on models broken on purpose; its own words are explained in three lines."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from diag.logs import three_lines, triage
from diag.logs.source import text_source

CONVERT = """
import json, sys
import mindspore_lite as lite
options = json.loads(sys.argv[1])
converter = lite.Converter()
converter.save_type = lite.ModelType.MINDIR
for name in ("optimize", "input_shape"):
    if name in options:
        setattr(converter, name, options[name])
fmk = getattr(lite.FmkType, options.get("fmk", "ONNX"))
converter.convert(fmk_type=fmk, model_file=options["model"], output_file=options["out"])
"""
RUN = """
import sys
import numpy as np
import mindspore_lite as lite
context = lite.Context()
context.target = ["cpu"]
model = lite.Model()
model.build_from_file(sys.argv[1], lite.ModelType.MINDIR, context)
inputs = model.get_inputs()
inputs[0].set_data_from_numpy(np.ones(inputs[0].shape, "float64"))
"""


def model(path: Path, *nodes: onnx.NodeProto, shape: tuple[object, ...] = (2, 7), dtype: int = TensorProto.FLOAT,
          weights: dict[str, tuple[int, ...]] | None = None) -> Path:
    """A model whose input is x and whose output is the last node's."""
    inits = [numpy_helper.from_array(np.ones(dims, "f"), name) for name, dims in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "g", [helper.make_tensor_value_info("x", dtype, shape)],
                              [helper.make_tensor_value_info(nodes[-1].output[0], dtype, None)], inits)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 7
    onnx.save(made, path)
    return path


def log_of(python: Path, script: str, *arguments: str) -> str:
    done = subprocess.run([python, "-c", script, *arguments], capture_output=True, text=True, errors="replace",
                          timeout=120, check=False)
    crashed = "\nSegmentation fault (core dumped)\n" if done.returncode < 0 else ""
    return done.stdout + done.stderr + crashed


RELU = helper.make_node("Relu", ["y"], ["z"], name="/r")
CASES = {
    # name: (nodes, further arguments of model(), options of the converter, rule, part of the first line)
    "unsupported operator": ((helper.make_node("Det", ["x"], ["z"], name="/d"),), {"shape": (3, 3)}, {},
                             "lite.unsupported-op", "Det"),
    "bfloat16": ((helper.make_node("Relu", ["x"], ["z"]),), {"dtype": TensorProto.BFLOAT16}, {}, "lite.onnx-dtype",
                 "16"),
    "no CANN": ((helper.make_node("Relu", ["x"], ["z"]),), {}, {"optimize": "ascend_oriented"}, "lite.no-cann", ".so"),
    "wrong format": ((helper.make_node("Relu", ["x"], ["z"]),), {}, {"fmk": "TFLITE"}, "lite.model-file",
                     "not what it is said to be"),
    "broken in secret": ((helper.make_node("MatMul", ["x", "w"], ["y"], name="/fc/MatMul"), RELU),
                         {"weights": {"w": (9, 5)}}, {},
                         "lite.infer-node", "/fc/MatMul"),
    "dangling": ((helper.make_node("Add", ["x", "nowhere"], ["z"], name="/a"),), {}, {}, "lite.dangling", "nowhere"),
}


@pytest.mark.mslite
@pytest.mark.parametrize("name", CASES)
def test_conversion_explained(name: str, mslite_python: Path, tmp_path: Path) -> None:
    nodes, how, options, rule, part = CASES[name]
    path = model(tmp_path / "m.onnx", *nodes, **how)
    text = log_of(mslite_python, CONVERT, json.dumps({"model": str(path), "out": str(tmp_path / "out"), **options}))
    found = triage(text_source(text, "convert.log"))
    assert found.root_cause is not None
    assert found.root_cause.rule == rule
    assert part in three_lines(found)[0]
    assert found.latent is (name == "broken in secret")


@pytest.mark.mslite
@pytest.mark.parametrize("shape", [(2, 7), ("B", 7)])
def test_good_conversion_is_no_failure(shape: tuple[object, ...], mslite_python: Path, tmp_path: Path) -> None:
    path = model(tmp_path / "m.onnx", helper.make_node("MatMul", ["x", "w"], ["y"], name="/mm"), RELU, shape=shape,
                 weights={"w": (7, 5)})
    text = log_of(mslite_python, CONVERT, json.dumps({"model": str(path), "out": str(tmp_path / "out")}))
    found = triage(text_source(text, "convert.log"))
    assert found.verdict == "no-failure"
    if shape[0] == "B":
        return
    wrong = triage(text_source(log_of(mslite_python, RUN, str(tmp_path / "out.mindir")), "run.log"))
    assert wrong.root_cause is not None
    assert wrong.root_cause.rule == "lite.input-data"
