"""Fake ``benchmark`` and ``aoe``: shell-started Python scripts that replay recorded output, hang, crash, or lie."""

from __future__ import annotations

import sys
from pathlib import Path

_HEAD = f"#!{sys.executable}\nimport json, os, signal, sys, time\nfrom pathlib import Path\n"

REPLAY_BENCHMARK = _HEAD + """
if "--help" in sys.argv:
    sys.stderr.write("usage: --modelFile --inDataFile\\n")
    sys.exit(0)
model = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--modelFile="))
Path("args.json").write_text(json.dumps(sys.argv[1:]))
answer = json.loads(Path(os.environ["FAKE_ANSWER"]).read_text())
how = answer.get("how", "replay")
sys.stdout.buffer.write(Path(answer["stdout"]).read_bytes() if "stdout" in answer else b"")
sys.stdout.write(answer.get("text", "").replace("MODEL", model))
sys.stderr.write(answer.get("stderr", ""))
sys.stdout.flush()
if how == "hang":
    time.sleep(600)
if how == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
sys.exit(answer.get("code", 0))
"""

REPLAY_AOE = _HEAD + """
work = Path(os.environ["ASCEND_WORK_PATH"])
Path("args.json").write_text(json.dumps(sys.argv[1:]))
answer = json.loads(Path(os.environ["FAKE_ANSWER"]).read_text())
job = next(a[-1] for a in sys.argv if a.startswith("--job_type="))
print("Start to %s tuning" % {"1": "subgraph", "2": "operator"}[job], flush=True)
if answer.get("how") == "hang":
    time.sleep(600)
if answer.get("how") == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
for source in answer.get("results", []):
    name = "aoe_result_%s_20240101000000000_pid%d.json" % ({"1": "sgat", "2": "opat"}[job], os.getpid())
    (work / name).write_bytes(Path(source).read_bytes())
sys.stdout.buffer.write(Path(answer["stdout"]).read_bytes() if "stdout" in answer else b"")
sys.stdout.write(answer.get("text", ""))
sys.stdout.flush()
sys.exit(answer.get("code", 0))
"""


REPLAY_CONVERTER = _HEAD + """
import shutil
given = dict(a.lstrip("-").split("=", 1) for a in sys.argv[1:] if "=" in a)
answer = json.loads(Path(os.environ["FAKE_ANSWER"]).read_text())
config = Path(given["configFile"]).read_text()
if "aoe_mode" in config:
    sys.stdout.buffer.write(Path(answer["stdout"]).read_bytes())
    for source in answer.get("results", []):
        shutil.copy(source, Path(os.environ["ASCEND_WORK_PATH"]) / "aoe_result_opat_20240101000000000_pid1.json")
    if answer.get("fail"):
        print("Convert failed. Ret: Common error code.")
        sys.exit(255)
shutil.copy(answer["mindir"], given["outputFile"] + ".mindir")
print("CONVERT RESULT SUCCESS:0")
"""


def install(folder: Path, name: str, script: str) -> Path:
    """The script as a program called ``name`` in a folder for PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(script)
    path.chmod(0o755)
    return path
