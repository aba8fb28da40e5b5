"""What the doctor says of good, broken and missing runtimes; as text and as facts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from fake_python import executable, python

from diag.cancel import Cancel
from diag.errors import Cancelled
from diag.runtimes.ascend import Ascend
from diag.runtimes.discover import Discovery
from diag.runtimes.doctor import doctor, examine, text
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.interpreters import Interpreter


def test_a_runtime_that_is_not_there_keeps_its_hint():
    one = examine(RuntimeSpec("mindspore-lite", problem="none found", hint="install it"), Cancel())
    assert (one.problem, one.hint) == ("none found", "install it")


def test_a_package_that_does_not_import(tmp_path):
    # This program's Python has no mindspore_lite; a spec may be out of date.
    one = examine(RuntimeSpec("mindspore-lite", "2.0.0", Path(sys.executable)), Cancel())
    assert "mindspore_lite" in one.problem
    assert one.says == ""


def test_a_runtime_that_crashes_at_import(tmp_path):
    broken = executable(tmp_path / "python", "kill -SEGV $$")
    one = examine(RuntimeSpec("mindspore-lite", "2.0.0", broken), Cancel())
    assert "crashed (SIGSEGV)" in one.problem


def test_libraries_of_cann_that_are_missing(tmp_path):
    (tmp_path / "mindspore_lite.py").write_text(
        "raise ImportError('libascendcl.so: cannot open shared object file: No such file or directory')")
    spec = RuntimeSpec("mindspore-lite", "2.0.0", Path(sys.executable), env={"PYTHONPATH": str(tmp_path)})
    one = examine(spec, Cancel())
    assert "libascendcl.so" in one.problem
    assert one.hint == "A library of CANN is not found: source its set_env.sh"


def test_stopping():
    stop = Cancel()
    stop.set()
    with pytest.raises(Cancelled):
        examine(RuntimeSpec("mindspore-lite", "2.0.0", Path(sys.executable)), stop)


def test_the_whole_report(tmp_path):
    fake = python(tmp_path / "bin/python3.7")
    discovery = Discovery(
        (RuntimeSpec("onnxruntime", "1.0"), RuntimeSpec("mindspore-lite", problem="none found", hint="install it")),
        (Interpreter(fake, "PATH", (3, 7, 16), "/x", {"mindspore": "2.10.0"}),
         Interpreter(Path("/broken"), "pyenv", problem="It does not run")),
        Ascend(("ascend:0",), "/usr/local/cann", "8.2.RC1", False, {"LD_LIBRARY_PATH": "secret"}, ""))
    health = doctor(discovery, Cancel())
    assert [one.spec.name for one in health.missing] == ["mindspore-lite"]
    page = "\n".join(text(health))
    for words in ("[ok]      onnxruntime 1.0  on cpu", "[missing] mindspore-lite: none found", "            install it",
                  f"3.7.16       {fake}  (PATH)  mindspore 2.10.0", "does not run", "NPUs: ascend:0",
                  "CANN: 8.2.RC1 in /usr/local/cann (not sourced", "npu-smi: not on PATH", "onnxruntime 1."):
        assert words in page
    facts = json.loads(json.dumps(health.as_dict(), allow_nan=False))
    assert facts["runtimes"][1] == {"name": "mindspore-lite", "version": "", "python": None, "devices": ["cpu"],
                                    "usable": False, "problem": "none found", "hint": "install it", "says": ""}
    assert facts["ascend"]["env"] == ["LD_LIBRARY_PATH"]
    assert facts["interpreters"][0]["version"] == [3, 7, 16]
    assert facts["memory_bytes"] > 0
    assert facts["packages"]["numpy"]


def test_a_machine_without_ascend():
    page = "\n".join(text(doctor(Discovery((), (), Ascend()), Cancel())))
    assert "no NPU and no CANN on this machine" in page


@pytest.mark.mslite
def test_the_real_one(mslite_spec):
    one = examine(mslite_spec, Cancel())
    assert (one.says, one.problem) == ("2.0.0", "")
