"""A worker that misbehaves on request: the same wire as the real one, driven by the tests of the launcher."""

import atexit
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "diag" / "runtimes" / "worker"))

import wire


def steps(request, channel):
    for done in range(request["steps"]):
        os.write(1, b"native noise on fd 1\n")
        print("python noise")
        time.sleep(request["pause"])
        channel.progress("steps", done + 1, request["steps"])
    return {"steps": request["steps"]}


def echo(request, channel):
    tensors = wire.read_pack(request["feeds"]["file"], request["feeds"]["tensors"])
    return {"tensors": wire.write_pack(request["into"], [(name, a, d) for name, (a, d) in tensors.items()])}


def crash(request, channel):
    sys.stderr.write("the last words\n")
    os.kill(os.getpid(), getattr(signal, request["signal"]))
    return {}


def leave(request, channel):
    os._exit(request["code"])


def fail(request, channel):
    raise ValueError("unsupported operator GridSample")


def missing(request, channel):
    import no_such_runtime  # noqa: F401


def hang(request, channel):
    if request.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    channel.progress("hanging", 0, 0)
    if request["busy"]:
        while True:
            pass
    time.sleep(600)


def family(request, channel):
    # A child that ignores the polite signal, in the same group, with the log open.
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    child.stdout.readline()
    channel.message(str(child.pid))
    time.sleep(request["pause"])
    return {"child": child.pid}


def flood_log(request, channel):
    line = b"x" * 99 + b"\n"
    for _ in range(request["bytes"] // len(line)):
        os.write(2, line)
    os.write(2, b"the very end\n")
    if request["die"]:
        os._exit(3)
    return {}


def flood_events(request, channel):
    while True:
        channel.progress("flood", 1, 2)


def raw(request, channel):
    channel._stream.write(request["text"])
    channel._stream.flush()
    time.sleep(request.get("pause", 600))
    return {}


def leave_slowly(request, channel):
    atexit.register(time.sleep, request["seconds"])
    return {}


OPERATIONS = {f.__name__: f for f in (steps, echo, crash, leave, leave_slowly, fail, missing, hang, family, flood_log,
                                      flood_events, raw)}

if __name__ == "__main__":
    wire.serve(lambda request, channel: OPERATIONS[request["op"]](request, channel))
