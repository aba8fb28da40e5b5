"""Runs in the Python 3.7 that has mindspore-lite: converts and runs models, one JSON line per request and per answer.

Requests on stdin:
    {"do": "convert", "onnx": path, "out": path without suffix}
    {"do": "run", "mindir": path, "inputs": npz by input name, "out": npz, "threads": n}
Answers: {"ok": true, ...} or {"ok": false, "error": text}. A crash is simply the end of the process.
"""

import json
import os
import sys
from pathlib import Path

ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # the native library prints where it likes: never between our lines

import mindspore_lite as mslite  # noqa: E402
import numpy as np  # noqa: E402

DTYPES = {"INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32, "FLOAT16": np.float16, "BOOL": np.bool_}


def convert(request):
    """One ONNX file to one MindIR."""
    target = Path(request["out"] + ".mindir")
    if target.exists():
        target.unlink()
    converter = mslite.Converter()
    converter.save_type = mslite.ModelType.MINDIR
    converter.convert(fmk_type=mslite.FmkType.ONNX, model_file=request["onnx"], output_file=request["out"])
    if not target.exists():
        raise RuntimeError("the converter reported success and wrote no file")
    target.chmod(0o644)  # written as 0400
    return {}


def run(request):
    """All outputs of one MindIR, in the model's order, as o0, o1 … in an npz."""
    context = mslite.Context()
    context.target = ["cpu"]
    context.cpu.thread_num = request.get("threads", 1)
    model = mslite.Model()
    model.build_from_file(request["mindir"], mslite.ModelType.MINDIR, context)
    inputs = model.get_inputs()
    with np.load(request["inputs"]) as feeds:
        for tensor in inputs:
            array = feeds[tensor.name].astype(DTYPES[tensor.dtype.name])
            if list(tensor.shape) != list(array.shape):
                raise RuntimeError(f"input {tensor.name} is {tensor.shape}, not {array.shape}")
            tensor.set_data_from_numpy(np.ascontiguousarray(array))
    outputs = model.predict(inputs)
    arrays = {f"o{index}": tensor.get_data_to_numpy() for index, tensor in enumerate(outputs)}
    np.savez(request["out"], **arrays)
    return {"outputs": [tensor.name for tensor in outputs]}


def main():
    """Answers until stdin ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = dict({"convert": convert, "run": run}[request["do"]](request), ok=True)
        except Exception as error:  # noqa: BLE001 - told, whatever it is
            answer = {"ok": False, "error": str(error)}
        ANSWERS.write(json.dumps(answer) + "\n")
        ANSWERS.flush()


ANSWERS.write(json.dumps({"ok": True, "version": mslite.__version__}) + "\n")
ANSWERS.flush()
main()
