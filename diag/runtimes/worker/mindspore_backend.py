"""Drives MindSpore: runs what MindSpore itself exported as MindIR."""
import gc
import os
import time

import wire

# Read when the libraries under it are loaded; one thread, because the order of sums depends on their number.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import mindspore
from mindspore import nn


class Backend(object):
    """One model at a time is in memory."""

    def __init__(self):
        self._cell = None
        self._inputs = []
        self._timed = []

    def version(self, _request, _channel):
        """That it could be imported, and what it is."""
        return {"version": mindspore.__version__}

    def build(self, request, channel):
        """Load ``model``; a loaded graph does not tell its inputs, so the caller says them in order."""
        self._cell = None
        gc.collect()
        channel.progress("build", 0, 0)
        _set_device(request["device"])
        self._cell = nn.GraphCell(mindspore.load(request["model"]))
        self._inputs = request["inputs"]
        return {"version": mindspore.__version__, "inputs": self._inputs}

    def run(self, request, channel):
        """Run with the tensors of ``feeds``; the outputs go, in the model's order, into the pack ``into``."""
        feeds = wire.read_pack(request["feeds"]["file"], request["feeds"]["tensors"])
        inputs = [_tensor(*feeds[info["name"]]) for info in self._inputs]
        channel.progress("run", 0, 0)
        start = time.perf_counter()
        outputs = _flat(self._cell(*inputs))
        tensors = [("%d" % i,) + _array(tensor) for i, tensor in enumerate(outputs)]
        seconds = time.perf_counter() - start
        return {"names": [name for name, _, _ in tensors], "tensors": wire.write_pack(request["into"], tensors),
                "seconds": seconds}

    def time(self, request, _channel):
        """Seconds of each of ``runs`` runs; ``feeds`` are given with the first request and stay in place."""
        if request.get("feeds"):
            feeds = wire.read_pack(request["feeds"]["file"], request["feeds"]["tensors"])
            self._timed = [_tensor(*feeds[info["name"]]) for info in self._inputs]
        seconds = []
        for _ in range(request["runs"]):
            start = time.perf_counter()
            outputs = _flat(self._cell(*self._timed))
            # Runs are asked for and come later: the clock stops when the last output is there.
            outputs[-1].asnumpy()
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    OPERATIONS = {"version": version, "open": build, "run": run, "time": time}


def _set_device(device):
    target, _, number = device.partition(":")
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    if hasattr(mindspore, "set_device"):
        mindspore.set_device({"cpu": "CPU", "ascend": "Ascend"}[target], int(number or 0))
    else:
        options = {"device_id": int(number or 0)} if target == "ascend" else {}
        mindspore.set_context(device_target={"cpu": "CPU", "ascend": "Ascend"}[target], **options)


def _tensor(array, dtype):
    import numpy as np

    if dtype == "bfloat16":
        wide = (array.astype(np.uint32) << 16).view(np.float32)
        return mindspore.Tensor(wide).astype(mindspore.bfloat16)
    return mindspore.Tensor(np.ascontiguousarray(array))


def _array(tensor):
    import numpy as np

    if str(tensor.dtype) == "BFloat16":
        return (tensor.astype(mindspore.float32).asnumpy().view(np.uint32) >> 16).astype(np.uint16), "bfloat16"
    array = tensor.asnumpy()
    return array, str(array.dtype)


def _flat(outputs):
    if isinstance(outputs, (tuple, list)):
        return [tensor for part in outputs for tensor in _flat(part)]
    return [outputs]
