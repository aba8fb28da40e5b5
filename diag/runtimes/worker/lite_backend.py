"""Drives MindSpore Lite: the Python API of 2.0.0 and of newer wheels. Runs on Python 3.7."""
import gc
import time

import mindspore_lite as mslite
import wire


class Backend(object):
    """One model at a time is in memory."""

    def __init__(self):
        self._model = None
        self._timed = []

    def version(self, _request, _channel):
        """That it could be imported, and what it is."""
        return {"version": mslite.__version__}

    def build(self, request, channel):
        """Build ``model`` for ``device`` ("cpu", "ascend:0"); the answer says what it wants and, if known, gives."""
        self._model, self._timed = None, []
        gc.collect()
        channel.progress("build", 0, 0)
        model = mslite.Model()
        model.build_from_file(request["model"], _model_type(request["model"]), _context(request))
        self._model = model
        return {"version": mslite.__version__, "inputs": [_describe(t) for t in model.get_inputs()]}

    def run(self, request, channel):
        """Predict with the tensors of ``feeds``; the outputs go, in the model's order, into the pack ``into``."""
        inputs = self._fed(request)
        channel.progress("run", 0, 0)
        start = time.perf_counter()
        outputs = self._model.predict(inputs)
        seconds = time.perf_counter() - start
        # Two outputs may have one name, or none: the position is what counts.
        tensors = [("%d" % i,) + _array(tensor) for i, tensor in enumerate(outputs)]
        return {"names": [t.name for t in outputs], "tensors": wire.write_pack(request["into"], tensors),
                "seconds": seconds}

    def time(self, request, _channel):
        """Seconds of each of ``runs`` predictions; ``feeds`` are given with the first request and stay in place."""
        if request.get("feeds"):
            self._timed = self._fed(request)
        inputs, clock, seconds = self._timed, time.perf_counter, []
        for _ in range(request["runs"]):
            start = clock()
            self._model.predict(inputs)
            seconds.append(clock() - start)
        return {"seconds": seconds}

    def _fed(self, request):
        """The model's inputs with the tensors of ``feeds`` in them."""
        feeds = wire.read_pack(request["feeds"]["file"], request["feeds"]["tensors"])
        inputs = self._model.get_inputs()
        if [list(t.shape) for t in inputs] != [list(feeds[t.name][0].shape) for t in inputs]:
            self._model.resize(inputs, [list(feeds[t.name][0].shape) for t in inputs])
            inputs = self._model.get_inputs()
        for tensor in inputs:
            _set(tensor, *feeds[tensor.name])
        return inputs

    def convert(self, request, channel):
        """Convert an ONNX file as the request's fields say."""
        channel.progress("convert", 0, 0)
        converter = mslite.Converter()
        converter.save_type = getattr(mslite.ModelType, request["save_type"])
        for name, value in sorted(request["attributes"].items()):
            if not hasattr(converter, name):
                raise AttributeError("This version of the converter has no option '%s'" % name)
            setattr(converter, name, _converter_value(name, value))
        for section, values in sorted(request["config"].items()):
            converter.set_config_info(section, values)
        start = time.perf_counter()
        converter.convert(fmk_type=mslite.FmkType.ONNX, model_file=request["onnx"], output_file=request["output"],
                          config_file=request["config_file"])
        return {"version": mslite.__version__, "seconds": time.perf_counter() - start}

    OPERATIONS = {"version": version, "open": build, "run": run, "time": time, "convert": convert}


def _model_type(path):
    return mslite.ModelType.MINDIR_LITE if path.endswith(".ms") else mslite.ModelType.MINDIR


def _context(request):
    target, _, number = request["device"].partition(":")
    context = mslite.Context()
    context.target = [target]
    context.cpu.thread_num = request["threads"]
    if target == "ascend":
        context.ascend.device_id = int(number or 0)
    return context


def _converter_value(name, value):
    if name in ("input_format",):
        return getattr(mslite.Format, value)
    if name in ("input_data_type", "output_data_type"):
        return getattr(mslite.DataType, value)
    return value


def _set(tensor, array, dtype):
    """Give an input its elements: what the library would silently not take is refused here."""
    import numpy as np

    if dtype != _dtype(tensor):
        raise TypeError("The input '%s' wants %s and got %s" % (tensor.name, _dtype(tensor), dtype))
    # An array in Fortran order is logged as an error inside, not raised, and nothing is set.
    tensor.set_data_from_numpy(np.ascontiguousarray(array))


def _array(tensor):
    """The elements and the name of their type: the library's word, or numpy's for a type that it cannot name."""
    import numpy as np

    array, dtype = tensor.get_data_to_numpy(), _dtype(tensor)
    if dtype == "bfloat16":
        return array.view(np.uint16), dtype
    return array, dtype if dtype != "undefined" else str(array.dtype)


def _describe(tensor):
    return {"name": tensor.name, "dtype": _dtype(tensor), "shape": [int(d) for d in tensor.shape]}


def _dtype(tensor):
    name = str(getattr(tensor.dtype, "name", tensor.dtype)).lower()
    return {"unknown": "undefined", "invalid": "undefined", "none": "undefined"}.get(name, name)
