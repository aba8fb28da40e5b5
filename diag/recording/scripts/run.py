#!/usr/bin/env python3
"""Runs the model once on the device, with the recorded inputs, and keeps its outputs. Stands alone: Python 3.7 and up,
numpy and mindspore_lite; started by record.sh.
"""

import json
import os
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    with open(os.path.join(HERE, "record.json"), encoding="utf-8") as file:
        facts = json.load(file)
    import mindspore_lite as mslite

    target = os.environ.get("RECORD_TARGET", "ascend")
    context = make_context(mslite, target, facts["device"])
    model = mslite.Model()
    started = time.time()
    # A rehearsal on the CPU must not hand CANN's settings to a runtime that has no CANN.
    settings = os.path.join(HERE, "runtime.ini") if target == "ascend" else ""
    model.build_from_file(os.path.join(HERE, facts["model_file"]), mslite.ModelType.MINDIR, context, settings)
    built = time.time()
    inputs = model.get_inputs()
    arrays = [np.load(os.path.join(HERE, "inputs", one["file"])) for one in facts["inputs"]]
    names = [one["name"] for one in facts["inputs"]]
    order = pair([i.name for i in inputs], names)
    shapes = [list(arrays[k].shape) for k in order]
    if [list(i.shape) for i in inputs] != shapes:
        model.resize(inputs, shapes)
        inputs = model.get_inputs()
    for tensor, k in zip(inputs, order):
        array = np.ascontiguousarray(arrays[k])
        wanted = numpy_type(tensor.dtype)
        if wanted is not None and array.dtype != wanted:
            print("input %s: %s becomes %s" % (tensor.name, array.dtype, wanted))
            array = array.astype(wanted)
        tensor.set_data_from_numpy(array)
    outputs = None
    for _ in range(facts["runs"]):
        outputs = run(model, inputs)
    done = time.time()
    np.savez(os.path.join(HERE, "outputs.npz"), **{"%d" % i: t.get_data_to_numpy() for i, t in enumerate(outputs)})
    report = {"outputs": [t.name for t in outputs], "target": target, "build_s": built - started, "run_s": done - built,
              "version": str(getattr(mslite, "__version__", "")), "python": sys.version.split()[0]}
    with open(os.path.join(HERE, "ran.json"), "w", encoding="utf-8") as file:
        json.dump(report, file)
    print("recorded: outputs.npz, ran.json")


def make_context(mslite, target, device):
    """Newer versions take the target's name; 2.0 takes an object."""
    context = mslite.Context()
    if hasattr(context, "target"):
        context.target = [target]
        if target == "ascend":
            context.ascend.device_id = device
    elif target == "ascend":
        context.append_device_info(mslite.AscendDeviceInfo(device_id=device))
    else:
        context.append_device_info(mslite.CPUDeviceInfo())
    return context


def run(model, inputs):
    """Some versions return the outputs, 2.0 fills those that it is given."""
    try:
        return model.predict(inputs)
    except TypeError:
        outputs = model.get_outputs()
        model.predict(inputs, outputs)
        return outputs


def pair(model_names, names):
    """Index of the recorded input for each of the model's: by name where all fit, else in order."""
    if sorted(model_names) == sorted(names):
        return [names.index(n) for n in model_names]
    return list(range(len(model_names)))


def numpy_type(dtype):
    """The numpy type of a MindSpore Lite type, by the word in its name."""
    word = str(dtype).split(".")[-1].lower()
    known = {"float16": np.float16, "float32": np.float32, "float64": np.float64, "int8": np.int8, "int16": np.int16,
             "int32": np.int32, "int64": np.int64, "uint8": np.uint8, "bool": np.bool_}
    return known.get(word)


if __name__ == "__main__":
    sys.exit(main())
