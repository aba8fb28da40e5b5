"""The build hook compiles the kernel, or leaves no trace; a foreign library is not used."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import sys
import types
from pathlib import Path

import pytest

from diag.compare.metrics import kernel, kernel_name

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hook(monkeypatch):
    """packaging/build_kernel.py; hatchling, which is there only while building, is stood in for by a bare class."""
    interface = types.ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = object
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    spec = importlib.util.spec_from_file_location("build_kernel", ROOT / "packaging/build_kernel.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path, hook):
    source = tmp_path / hook.SOURCE
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / hook.SOURCE, source)
    return tmp_path


@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="there is no C compiler")
def test_it_compiles(hook, tree):
    library = hook.compile_kernel(tree)
    assert library == tree / "diag/compare/metrics/libkernel.so"
    assert ctypes.CDLL(str(library)).interface_version() == kernel.INTERFACE
    assert sorted(p.name for p in library.parent.iterdir()) == ["kernel.c", "libkernel.so"]


def test_without_a_compiler_there_is_no_kernel_and_no_error(hook, tree, monkeypatch):
    monkeypatch.setenv("PATH", str(tree))
    monkeypatch.delenv("CC", raising=False)
    assert hook.compile_kernel(tree) is None


def test_a_compiler_that_fails_leaves_nothing(hook, tree, monkeypatch):
    compiler = tree / "cc"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tree}:/usr/bin:/bin")
    monkeypatch.setenv("CC", str(compiler))
    assert hook.compile_kernel(tree) is None
    assert [p.name for p in (tree / hook.SOURCE).parent.iterdir()] == ["kernel.c"]


@pytest.mark.parametrize("version", [kernel.INTERFACE + 1, None])
def test_a_library_of_another_version_is_left_alone(monkeypatch, version):
    stranger = types.SimpleNamespace() if version is None else types.SimpleNamespace(interface_version=lambda: version)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: stranger)
    kernel._library.cache_clear()
    try:
        assert kernel_name() == "numpy"
    finally:
        monkeypatch.undo()
        kernel._library.cache_clear()
