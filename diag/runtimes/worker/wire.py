"""What crosses the process boundary, seen from the worker. Standard library and numpy only; runs on Python 3.7.

Requests come as JSON lines on stdin, events leave as JSON lines on a private copy of stdout, tensors travel in packs:
one file of .npy images, each at a multiple of 64 bytes. Element types that numpy does not know travel as unsigned
integers of the same width, under their own name.
"""
import fcntl
import json
import os
import signal
import sys
import traceback

PROTOCOL = 1
ALIGN = 64


def tie_to_parent():
    """Have the kernel end this process group when the parent is gone, even while native code holds the interpreter.

    The parent keeps the other end of a pipe on which nothing is ever written; its closing raises SIGIO here.
    """
    fd = int(os.environ.pop("DIAG_LIFELINE", "-1"))
    if fd < 0:
        return
    os.set_inheritable(fd, False)
    fcntl.fcntl(fd, fcntl.F_SETOWN, -os.getpgrp())
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)


def take_stdout():
    """Keep the real stdout for events and send every other print to the log.

    Native runtimes write to file descriptor 1 as they like; without this they would corrupt the stream.
    """
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return events


class Channel(object):
    """The way back to the parent, for one request."""

    def __init__(self, stream, number):
        self._stream = stream
        self._number = number

    def progress(self, stage, done, total):
        """How far ``stage`` has come; total 0 means unknown."""
        self.send("progress", stage=stage, done=done, total=total)

    def message(self, text):
        """A sentence for the person who waits."""
        self.send("message", text=text)

    def send(self, event, **fields):
        """One event line. A number that JSON does not know is a bug here, so it raises."""
        fields.update(event=event, id=self._number)
        self._stream.write(json.dumps(fields, allow_nan=False) + "\n")
        self._stream.flush()


def serve(dispatch):
    """Answer requests with ``dispatch(request, channel)`` until stdin ends."""
    tie_to_parent()
    stream = take_stdout()
    Channel(stream, 0).send("hello", protocol=PROTOCOL, python=sys.version.split()[0])
    for line in sys.stdin:
        request = json.loads(line)
        channel = Channel(stream, request["id"])
        try:
            channel.send("answer", answer=dispatch(request, channel))
        except (Exception, SystemExit) as error:
            trace = traceback.format_exc()
            sys.stderr.write(trace)
            sys.stderr.flush()
            channel.send("error", type=type(error).__name__, message=str(error), traceback=trace)
    # Destructors of native runtimes have been seen to crash at exit; nothing is left to save.
    sys.stderr.flush()
    os._exit(0)


def write_pack(path, tensors):
    """Write ``(name, array, dtype name)`` triples; returns the index that the reader needs."""
    import numpy as np

    index = []
    with open(path, "wb") as file:
        for name, array, dtype in tensors:
            file.write(b"\0" * (-file.tell() % ALIGN))
            index.append({"name": name, "dtype": dtype, "shape": list(array.shape), "offset": file.tell()})
            np.lib.format.write_array(file, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
    return index


def read_pack(path, index):
    """The arrays of a pack as ``{name: (array, dtype name)}``."""
    import numpy as np

    tensors = {}
    with open(path, "rb") as file:
        for entry in index:
            file.seek(entry["offset"])
            array = np.lib.format.read_array(file, allow_pickle=False)
            tensors[entry["name"]] = (array, entry["dtype"])
    return tensors
