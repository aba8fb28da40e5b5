"""The script that runs in foreign interpreters: its syntax, what it imports, and its life in every Python here."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from test_launcher import FAKE

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable, ToolFailed
from diag.runtimes.interpreters import find
from diag.runtimes.launcher import SCRIPT, Worker

FILES = sorted(SCRIPT.parent.glob("*.py"))
ALLOWED = {*sys.stdlib_module_names, "numpy", "mindspore_lite", "mindspore", *(file.stem for file in FILES)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_python_37_and_imports_nothing_of_ours(file):
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 7))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
            [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in ALLOWED


def test_no_file_is_called_like_a_package_that_it_needs():
    assert not {"mindspore", "mindspore_lite", "numpy", "json", "types"} & {file.stem for file in FILES}


def test_every_python_from_37_can_be_a_worker(tmp_path):
    usable = [one for one in find() if one.version >= (3, 7) and not one.problem]
    assert usable
    for number, one in enumerate(usable):
        (folder := tmp_path / str(number)).mkdir()
        worker = Worker("fake", one.path, folder, script=FAKE)
        try:
            assert worker.call("steps", {"steps": 1, "pause": 0}, Cancel()) == {"steps": 1}, one
        finally:
            worker.close()


def test_what_is_not_there_is_said(tmp_path):
    worker = Worker("mindspore-lite", Path(sys.executable), tmp_path)
    try:
        with pytest.raises(RuntimeUnavailable, match="mindspore_lite"):
            worker.call("version", {}, Cancel())
        worker.name = "no-such-backend"
        with pytest.raises(ToolFailed, match="no-such-backend"):
            worker.call("version", {}, Cancel())
    finally:
        worker.close()


@pytest.mark.mslite
@pytest.mark.parametrize(("device", "expected"), [("cpu", "['cpu'] 1 0"), ("ascend:3", "['ascend'] 1 3"),
                                                  ("ascend", "['ascend'] 1 0")])
def test_the_context_of_mindspore_lite(mslite_python, device, expected):
    code = ("import sys; sys.path.insert(0, sys.argv[1]); import lite_backend as b\n"
            "c = b._context({'device': sys.argv[2], 'threads': 1})\n"
            "print(c.target, c.cpu.thread_num, c.ascend.device_id)")
    done = subprocess.run([mslite_python, "-B", "-c", code, SCRIPT.parent, device], capture_output=True, text=True,
                          check=True)
    assert done.stdout.strip() == expected
