"""Interpreters are found where they are, asked once, and what is wrong with one never harms the others."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from fake_python import asked, executable, python

from diag.errors import RuntimeUnavailable, UsageError
from diag.runtimes import ascend, interpreters
from diag.runtimes.ascend import Ascend
from diag.runtimes.discover import VARIABLE, DiscoverySettings, discover, look
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.interpreters import find, probe
from diag.runtimes.registry import choose, runtime

LITE = {"mindspore-lite": "2.0.0"}


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A machine on which nothing is installed."""
    for name in list(os.environ):
        if name.startswith(("CONDA", "XDG", "UV_", "PYENV", "ASCEND", "DIAG")) or name in (
                "VIRTUAL_ENV", "PYTHONPATH", VARIABLE):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def places(found) -> dict[str, str]:
    return {str(one.path): one.origin for one in found if one.path != Path(sys.executable)}


def test_every_place(home, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", str(home / "venv"))
    monkeypatch.setenv("CONDA_PREFIX", str(home / "conda"))
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(f"{home}/elsewhere\n\n{home}/gone\n")
    expected = {
        python(home / ".local/share/ascend-diag/environments/x/bin/python"): "private",
        python(home / "venv/bin/python"): "virtual environment",
        python(home / "bin/python3.7"): "PATH",
        python(home / ".pyenv/versions/3.7.16/bin/python"): "pyenv",
        python(home / ".local/share/uv/python/cpython-3.7/bin/python3"): "uv",
        python(home / "conda/bin/python"): "conda",
        python(home / "conda/envs/ms/bin/python"): "conda",
        python(home / "miniforge3/envs/other/bin/python"): "conda",
        python(home / "elsewhere/bin/python"): "conda",
    }
    executable(home / "bin/python3-config", "exit 1")
    found = find()
    assert places(found) == {str(path): origin for path, origin in expected.items()}
    assert any(one.origin == "this program" for one in found)


def test_shims_of_pyenv_are_not_interpreters(home, monkeypatch):
    python(home / ".pyenv/shims/python3.7")
    monkeypatch.setenv("PATH", f"{home}/.pyenv/shims:{home}/nowhere::")
    assert places(find()) == {}


def test_one_environment_is_listed_once(home):
    python(home / "bin/python3.7")
    (home / "bin/python3").symlink_to("python3.7")
    (home / "bin/python").symlink_to("python3.7")
    other = home / "other"
    other.mkdir()
    (other / "python3.7").symlink_to(home / "bin/python3.7")
    os.environ["PATH"] += f":{other}"
    assert len(places(find())) == 1


def test_asked_once_until_something_changes(home):
    path = python(home / "bin/python3.7", packages=LITE)
    assert [one.packages for one in find([("here", path)], search=False)] == [LITE]
    assert [one.packages for one in find([("here", path)], search=False)] == [LITE]
    assert asked(path) == 1
    time.sleep(0.01)
    (home / "site" / "new.dist-info").mkdir()
    find([("here", path)], search=False)
    assert asked(path) == 2, "its packages changed"
    python(home / "bin/python3.7", (3, 7, 17))
    (one,) = find([("here", path)], search=False)
    assert one.version == (3, 7, 17), "it was replaced"


def test_a_cache_that_is_damaged_or_cannot_be_written_is_no_harm(home):
    path = python(home / "bin/python3.7")
    cache = home / ".cache/ascend-diag/interpreters.json"
    for text in ("", "nonsense", "[]", '{"x": 3}', "null"):
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(text)
        assert find([("here", path)], search=False)[0].version == (3, 7, 16)
    cache.unlink()
    cache.parent.rmdir()
    cache.parent.write_text("a file in the way")
    assert find([("here", path)], search=False)[0].version == (3, 7, 16)


@pytest.mark.parametrize(("body", "problem"), [
    ("exit 3", "it ended with exit code 3"), ("echo 'no module' >&2; exit 1", "no module"),
    ("echo diag-probe:nonsense", "no working Python"), ("echo 'diag-probe:{}'", "makes no sense"),
    ("echo 'diag-probe:[1]'", "makes no sense"), ("kill -9 $$", "exit code -9"),
    ("""echo 'diag-probe:{"version": "x", "prefix": "", "packages": {}, "folders": {}}'""", "makes no sense")])
def test_programs_that_are_no_python(home, body, problem):
    path = executable(home / "bin/python3", body)
    assert problem in probe(path, "here").problem


def test_an_interpreter_that_hangs(home, monkeypatch):
    monkeypatch.setattr(interpreters, "PROBE_TIMEOUT_S", 0.3)
    assert "did not answer within 0.3 s" in probe(executable(home / "p", "exec /bin/sleep 60"), "here").problem


def test_files_that_cannot_be_started(home):
    (home / "text").write_text("hello")
    assert "cannot be started" in probe(home / "text", "here").problem
    assert "cannot be started" in probe(home / "missing", "here").problem


def test_real_interpreters_of_this_machine(home):
    one = probe(Path(sys.executable), "here")
    assert one.version == tuple(sys.version_info[:3])
    assert one.problem == ""


def test_packages_are_found_without_importing_them(home):
    site = home / "site-real"
    for name in ("mindspore_lite-2.0.0.dist-info", "mindspore-2.10.0.dist-info", "mindspore_gl-1.0.dist-info"):
        (site / name).mkdir(parents=True)
    (site / "mindspore_lite.py").write_text("raise SystemExit('imported')")
    os.environ["PYTHONPATH"] = str(site)
    try:
        one = probe(Path(sys.executable), "here")
    finally:
        del os.environ["PYTHONPATH"]
    assert one.packages == {"mindspore-lite": "2.0.0", "mindspore": "2.10.0"}


def test_nothing_is_here_and_the_hint_says_what_to_do(home):
    specs = {spec.name: spec for spec in discover()}
    assert list(specs) == ["onnxruntime", "reference", "mindspore-lite", "mindspore"]
    assert specs["onnxruntime"].usable
    assert specs["reference"].usable
    assert not specs["mindspore-lite"].usable
    assert "diag runtime install mindspore-lite" in specs["mindspore-lite"].hint
    assert not specs["mindspore"].usable


def test_the_one_that_was_named_comes_first(home, monkeypatch):
    in_path = python(home / "bin/python3.7", packages=LITE)
    by_variable = python(home / "b/bin/python", packages=LITE)
    by_option = python(home / "c/bin/python", packages=LITE)
    in_settings = python(home / "d/bin/python", packages={"mindspore": "2.10.0"})
    monkeypatch.setenv(VARIABLE, str(by_variable))
    (home / ".config/ascend-diag").mkdir(parents=True)
    (home / ".config/ascend-diag/settings.toml").write_text(f'[runtimes]\npythons = ["{in_settings}"]\n')
    found = look(DiscoverySettings((by_option,)))
    assert [s.python for s in found.specs if s.name == "mindspore-lite"] == [by_option, by_variable, in_path]
    assert [s.python for s in found.specs if s.name == "mindspore"] == [in_settings]
    assert all(s.devices == ("cpu",) for s in found.specs)


def test_a_named_interpreter_that_is_wrong_is_told(home, monkeypatch):
    monkeypatch.setenv(VARIABLE, "/no/such/python")
    spec = next(s for s in discover() if s.name == "mindspore-lite")
    assert "/no/such/python cannot be used" in spec.problem
    assert VARIABLE in spec.hint
    monkeypatch.setenv(VARIABLE, str(python(home / "x/bin/python")))
    spec = next(s for s in discover() if s.name == "mindspore-lite")
    assert "does not have the package mindspore-lite" in spec.problem


@pytest.mark.parametrize("text", ["runtimes = 3", "[runtimes]\npythons = 'x'", "[runtimes]\npythons = [3]", "= ="])
def test_settings_that_cannot_be_read(home, text):
    (home / ".config/ascend-diag").mkdir(parents=True)
    (home / ".config/ascend-diag/settings.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        discover(DiscoverySettings(search=False))
    assert "settings.toml" in caught.value.where


def test_npus_and_cann_that_nobody_sourced(home):
    for name in ("davinci0", "davinci1", "davinci10", "davinci_manager"):
        (home / "dev").mkdir(exist_ok=True)
        (home / "dev" / name).touch()
    toolkit = home / "toolkit"
    (toolkit / "compiler").mkdir(parents=True)
    (toolkit / "compiler/version.info").write_text("Version=8.2.RC1\n")
    script = home / "set_env.sh"
    script.write_text(f"echo noise\nexport ASCEND_HOME_PATH={toolkit}\nexport LD_LIBRARY_PATH={toolkit}/lib64\n")
    executable(home / "bin/npu-smi", "exit 0")
    found = ascend.look(home / "dev", (home / "nothing.sh", script))
    assert found.devices == ("ascend:0", "ascend:1", "ascend:10")
    assert (found.cann, found.cann_version, found.sourced) == (str(toolkit), "8.2.RC1", False)
    assert found.env == {"ASCEND_HOME_PATH": str(toolkit), "LD_LIBRARY_PATH": f"{toolkit}/lib64"}
    assert found.npu_smi == str(home / "bin/npu-smi")


def test_cann_that_is_sourced(home, monkeypatch):
    monkeypatch.setenv("ASCEND_HOME_PATH", str(home))
    found = ascend.look(home / "dev", ())
    assert (found.cann, found.sourced, found.env) == (str(home), True, {})
    monkeypatch.delenv("ASCEND_HOME_PATH")
    assert ascend.look(home / "dev", ()) == Ascend()


def test_a_set_env_that_fails(home):
    script = home / "set_env.sh"
    script.write_text("exit 3\n")
    found = ascend.look(home / "dev", (script,))
    assert (found.cann, found.env) == (str(home), {})


def test_choosing():
    specs = [RuntimeSpec("mindspore-lite", python=Path("/a"), problem="broken", hint="mend it"),
             RuntimeSpec("mindspore-lite", "2.0.0", Path("/b")),
             RuntimeSpec("mindspore-lite", "2.7.0", Path("/c"), ("cpu", "ascend:0"))]
    assert choose(specs, "mindspore-lite").python == Path("/b")
    assert choose(specs, "mindspore-lite", "ascend:0").python == Path("/c")
    with pytest.raises(UsageError, match="no device 'ascend:7'") as caught:
        choose(specs, "mindspore-lite", "ascend:7")
    assert caught.value.where == "devices: cpu, ascend:0"
    with pytest.raises(RuntimeUnavailable, match="broken") as broken:
        choose(specs[:1], "mindspore-lite")
    assert broken.value.hint == "mend it"
    with pytest.raises(UsageError, match="no runtime 'mindsporelite'") as typo:
        choose(specs, "mindsporelite")
    assert "mindspore-lite" in typo.value.hint


def test_from_spec_to_runtime():
    for name in ("onnxruntime", "reference", "mindspore-lite", "mindspore"):
        assert runtime(RuntimeSpec(name, "1", Path("/x"))).spec.name == name
    with pytest.raises(RuntimeUnavailable, match="broken"):
        runtime(RuntimeSpec("mindspore", problem="broken"))
    with pytest.raises(UsageError, match="no runtime 'tensorrt'"):
        runtime(RuntimeSpec("tensorrt"))
