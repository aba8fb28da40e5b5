"""A fake ``converter_lite``: replays recorded output byte for byte, hangs, crashes, lies."""

from __future__ import annotations

import json
import sys
from pathlib import Path

_SCRIPT = f"""#!{sys.executable}
import json, os, resource, signal, sys, time
from pathlib import Path
flags = dict(a[2:].split("=", 1) for a in sys.argv[1:] if "=" in a)
answer = json.loads(Path(os.environ["FAKE_CONVERTER"]).read_text())
Path(answer["args"]).write_text(json.dumps(dict(flags, DUMP_GE_GRAPH=os.environ.get("DUMP_GE_GRAPH", ""))))
if flags.get("configFile"):
    Path(answer["args"] + ".ini").write_bytes(Path(flags["configFile"]).read_bytes())
sys.stderr.buffer.write(Path(answer["replay"]).read_bytes() if answer.get("replay") else b"")
sys.stderr.write(answer.get("stderr", ""))
sys.stderr.flush()
if answer.get("model"):
    target = Path(flags["outputFile"] + answer.get("ending", ".mindir"))
    target.write_bytes(Path(answer["model"]).read_bytes())
    target.chmod(0o400)
sys.stdout.write(answer.get("stdout", ""))
sys.stdout.flush()
how = answer.get("how", "")
if how == "sleep":
    time.sleep(600)
if how == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)
if how == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
if how == "greedy":
    print(resource.getrlimit(resource.RLIMIT_AS)[0], file=sys.stderr)
    try:
        keep = bytearray(1 << 33)
    except MemoryError:
        sys.stderr.write("terminate called after throwing an instance of 'std::bad_alloc'\\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGABRT)
sys.exit(answer.get("code", 0))
"""
SUCCESS = "CONVERT RESULT SUCCESS:0\n"


class FakeConverter:
    """The program ``path``; ``answers`` says what its next starts do; ``flags`` what it was started with."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "converter_lite"
        self.path.write_text(_SCRIPT, encoding="utf-8")
        self.path.chmod(0o755)
        self.plan = folder / "answer.json"
        self._args = folder / "args.json"

    def answers(self, **how: object) -> None:
        self.plan.write_text(json.dumps({"args": str(self._args), **{k: str(v) if isinstance(v, Path) else v
                                                                     for k, v in how.items()}}), encoding="utf-8")

    @property
    def flags(self) -> dict[str, str]:
        told: dict[str, str] = json.loads(self._args.read_text(encoding="utf-8"))
        return told

    @property
    def config(self) -> str:
        return Path(f"{self._args}.ini").read_text(encoding="utf-8")
