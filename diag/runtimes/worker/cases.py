"""Tries test models on MindSpore Lite, each in a fork of this warm process: ``python cases.py JOB_DIR``.

The library is imported once; a crash or a hang costs one model; and no model sees what another left behind (after
some failed conversions the converter crashes on the next model, whatever it is). Runs on Python 3.7.
"""
import json
import os
import signal

import lite_backend
import wire


class Pipe(object):
    """The child's way to say how far it came: one JSON line each."""

    def __init__(self, fd):
        self._fd = fd

    def progress(self, stage, _done, _total):
        """The stage that begins now."""
        self.say({"stage": stage})

    def say(self, fields):
        """One line, at once: a crash may follow."""
        os.write(self._fd, (json.dumps(fields) + "\n").encode())


def attempt(request, _channel):
    """Convert, build and run one model; the answer says which stage was reached, and what came out."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(request["wall_s"])
            _try(request, Pipe(writer))
        finally:
            # Whatever happens: this copy of the process must never serve requests.
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        said = [json.loads(line) for line in lines]
    status = os.waitpid(pid, 0)[1]
    answer = said[-1] if said else {"stage": "start"}
    answer["signal"] = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else ""
    return answer


def _try(request, pipe):
    backend, stage = lite_backend.Backend(), "convert"
    try:
        _own_log(request["log"])
        pipe.progress(stage, 0, 0)
        backend.convert(dict(request, save_type="MINDIR", config={}, config_file=""), pipe)
        stage = "build"
        wanted = backend.build(dict(request, threads=1), pipe)["inputs"]
        stage = "run"
        feeds = _fitting(request, wanted)
        answer = backend.run(dict(request, feeds=feeds), pipe)
        pipe.say({"stage": "done", "tensors": answer["tensors"], "inputs": wanted})
    except Exception as error:
        pipe.say({"stage": stage, "error": str(error)[:300]})


def _own_log(path):
    """What the library prints for this model goes into a file of its own."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)


def _fitting(request, wanted):
    """The feeds in the element types that the model turned out to want (int64 became int32, double float)."""
    given = wire.read_pack(request["feeds"]["file"], request["feeds"]["tensors"])
    arrays = []
    for position, tensor in enumerate(wanted):
        # The converter has been seen to call an input by an output's name: then its place says which one it is.
        array = given[tensor["name"]][0] if tensor["name"] in given else list(given.values())[position][0]
        arrays.append((tensor["name"], array.astype(tensor["dtype"]).reshape(array.shape), tensor["dtype"]))
    path = request["feeds"]["file"] + ".cast"
    return {"file": path, "tensors": wire.write_pack(path, arrays)}


if __name__ == "__main__":
    wire.serve(attempt)
