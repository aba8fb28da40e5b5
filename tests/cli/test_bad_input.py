"""Whatever is given in place of two models and their inputs: three short lines, the right exit code, no traceback."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import small_models
from conftest import Answer, Command
from onnx import TensorProto, helper
from samples import shared

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder"
MINDIR = SAMPLES / "healthy" / "text_encoder.mindir"
GOLDEN = SAMPLES / "healthy" / "text_encoder.onnx"
SHARED = "formats/mindir/ms210_encrypted_aesgcm_key_0123456789ABCDEF.mindir"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return small_models.perceptron(tmp_path / "good.onnx")


def said(answer: Answer, code: int, what: str, where: str = "", now: str = "") -> None:
    """At most three lines that hold these words, and this exit code."""
    assert answer.code == code, answer.err
    assert "Traceback" not in answer.err
    assert answer.out == "", "nothing of a result"
    lines = answer.lines
    assert 2 <= len(lines) <= 3, answer.err
    assert what in lines[0]
    assert where in lines[1]
    assert now in lines[-1]
    assert all(0 < len(line) <= 250 for line in lines)


WRONG_FILES = {
    "empty": (b"", "The file is empty", "Copy or export it again"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS pointer",
                "git lfs pull"),
    "zip": (b"PK\x03\x04" + bytes(60), "zip archive", "Unpack it"),
    "checkpoint": (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl" + bytes(60), "PyTorch", "Export the model to ONNX"),
    "image": (b"\x89PNG\r\n\x1a\n" + bytes(60), "a PNG image", "Give the model file"),
    "om": (b"IMOD" + bytes(300), "an OM, compiled for the Ascend", "compiled from"),
    "page": (b"<!DOCTYPE html><html>", "an HTML page", "Download it again"),
    "zeros": (bytes(5000), "nothing but zero bytes", "Copy it again"),
    "noise": (bytes(range(255, 0, -1)) * 20, "Expected ", ""),
    "array": (b"\x93NUMPY\x01\x00" + bytes(60), "a numpy array", "--input"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
@pytest.mark.parametrize("side", ["golden", "target"])
def test_a_file_that_is_no_model(diag: Command, good: Path, tmp_path: Path, name: str, side: str) -> None:
    data, what, now = WRONG_FILES[name]
    bad = tmp_path / f"{name}.onnx"
    bad.write_bytes(data)
    pair = (bad, good) if side == "golden" else (good, bad)
    said(diag("compare", *pair), 2, what, str(bad), now)


@pytest.mark.parametrize("name", WRONG_FILES)
def test_inspect_says_the_same(diag: Command, tmp_path: Path, name: str) -> None:
    data, what, now = WRONG_FILES[name]
    bad = tmp_path / f"{name}.mindir"
    bad.write_bytes(data)
    said(diag("inspect", bad), 2, what, str(bad), now)


def test_missing(diag: Command, good: Path, tmp_path: Path) -> None:
    said(diag("compare", tmp_path / "goood.onnx", good), 2, "There is no such file", "goood.onnx", "good.onnx")
    said(diag("compare", good, tmp_path / "no" / "m.mindir"), 2, "There is no such file", "m.mindir", "Check the path")
    said(diag("inspect", tmp_path / "m.onnx"), 2, "There is no such file", "m.onnx", "good.onnx")
    said(diag("report", tmp_path / "run"), 2, "run folder", str(tmp_path / "run"), "diag compare --out")


def test_a_folder(diag: Command, good: Path, tmp_path: Path) -> None:
    said(diag("compare", good, tmp_path), 2, "a folder", str(tmp_path), "good.onnx")


@pytest.mark.parametrize("source", [GOLDEN, MINDIR], ids=["onnx", "mindir"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_truncated(diag: Command, tmp_path: Path, source: Path, share: float) -> None:
    whole = source.read_bytes()
    cut = tmp_path / source.name
    cut.write_bytes(whole[:int(len(whole) * share)])
    pair = (cut, MINDIR) if source is GOLDEN else (GOLDEN, cut)
    said(diag("compare", *pair), 2, "found", "at byte", "cut short or damaged")


@pytest.mark.parametrize(("source", "offset"), [(GOLDEN, 1400), (MINDIR, 2000)], ids=["onnx", "mindir"])
def test_corrupt_at_an_offset(diag: Command, tmp_path: Path, source: Path, offset: int) -> None:
    data = bytearray(source.read_bytes())
    data[offset:offset + 20] = b"\xff" * 20
    bad = tmp_path / source.name
    bad.write_bytes(data)
    pair = (bad, MINDIR) if source is GOLDEN else (GOLDEN, bad)
    said(diag("compare", *pair), 2, "", f"in {bad}, at byte ", "damaged")


@pytest.mark.parametrize("threshold", [0, 1024])
def test_missing_external_data(diag: Command, tmp_path: Path, threshold: int) -> None:
    rng = np.random.default_rng(0)
    held = {n: rng.standard_normal((64, 64) if a.ndim == 2 else (64,)).astype(np.float32)
            for n, a in small_models.weights().items()}
    whole = small_models.perceptron(tmp_path / "whole.onnx", shape=(1, 64), held=held)
    split = tmp_path / "split.onnx"
    onnx.save(onnx.load(whole), split, save_as_external_data=True, location="split.bin", size_threshold=threshold)
    (tmp_path / "split.bin").unlink()
    said(diag("compare", split, whole), 2, "external file 'split.bin' is missing", "split.bin", "Put the file back")
    said(diag("compare", whole, split), 2, "external file 'split.bin' is missing", "split.bin", "Put the file back")


def test_external_data_cut_short(diag: Command, tmp_path: Path, good: Path) -> None:
    split = tmp_path / "split.onnx"
    onnx.save(onnx.load(good), split, save_as_external_data=True, location="split.bin", size_threshold=0)
    os.truncate(tmp_path / "split.bin", 20)
    said(diag("compare", split, good), 2, "'split.bin' is cut short: it has 20 bytes", "split.bin", "")


def test_encrypted(diag: Command, good: Path) -> None:
    secret = shared(SHARED)
    said(diag("compare", good, secret), 2, "AES-GCM", secret.name, "--key")
    said(diag("compare", good, secret, "--key", "0123456789ABCDEE"), 2, "The key is wrong", secret.name, "--key")
    said(diag("compare", good, secret, "--key", "short"), 2, "16, 24 or 32 bytes; this one has 5", "--key", "")
    said(diag("inspect", secret), 2, "AES-GCM", secret.name, "--key")


def test_pairs_that_do_not_belong_together(diag: Command, good: Path, tmp_path: Path) -> None:
    said(diag("compare", good, small_models.perceptron(tmp_path / "name.onnx", name="z")), 2,
         "an input 'z'", "golden: x float32[1, 8]; target: z float32[1, 8]", "the same model?")
    said(diag("compare", good, small_models.perceptron(tmp_path / "shape.onnx", shape=(2, 8))), 2,
         "'x' has another shape on each side", "float32[1, 8]; target: float32[2, 8]", "")
    said(diag("compare", good, small_models.perceptron(tmp_path / "dtype.onnx", dtype=TensorProto.INT64)), 2,
         "'x' has another type on each side", "float32[1, 8]; target: int64[1, 8]", "")
    said(diag("compare", good, MINDIR, "--runtime", "reference"), 2, "an input 'input_ids'", "golden: x", "same model?")
    nodes = [helper.make_node("Relu", ["x"], ["y"], "a"), helper.make_node("Tanh", ["x"], ["z"], "b")]
    two = small_models.save(tmp_path / "two.onnx", nodes, [small_models.value("x", (1, 8))],
                            [small_models.value("y", (1, 8)), small_models.value("z", (1, 8))])
    said(diag("compare", good, two), 2, "1 outputs and the target 2", "golden: y; target: y, z", "same model?")


def test_the_same_from_a_process_of_its_own(apart: Command, good: Path, tmp_path: Path) -> None:
    bad = tmp_path / "pointer.onnx"
    bad.write_bytes(WRONG_FILES["pointer"][0])
    said(apart("compare", good, bad), 2, "Git LFS pointer", f"in {bad}, at byte 0", "git lfs pull")
    said(apart("compare", good, bad, "--runtime", "mindspore"), 2, "Git LFS pointer", "pointer.onnx", "git lfs pull")
    said(apart("compare", good, good, "--device", "ascend:0"), 3, "CPU only", "--device ascend:0", "--device")
    said(apart("compare", good, small_models.perceptron(tmp_path / "name.onnx", name="z")), 2, "an input 'z'",
         "golden: x float32[1, 8]; target: z float32[1, 8]", "the same model?")


def test_golden_is_a_mindir(diag: Command) -> None:
    said(diag("compare", MINDIR, MINDIR), 2, "must be ONNX; this is a MindIR", str(MINDIR), "ONNX model first")


def array(folder: Path, value: np.ndarray) -> Path:
    np.save(folder / "x.npy", value, allow_pickle=True)
    return folder / "x.npy"


@pytest.mark.parametrize(("value", "what", "where"), [
    (np.zeros((1, 9), np.float32), "'x' has the shape [1, 9]", "float32[1, 8]"),
    (np.zeros(8, np.float32), "'x' has the shape [8]", "float32[1, 8]"),
    (np.zeros((1, 8), np.int8), "'x' is int8", "float32[1, 8]"),
    (np.zeros((1, 8), complex), "'x' is complex128", "float32[1, 8]"),
    (np.array([["text"] * 8]), "'x' ", "float32[1, 8]"),
    (np.array([[None] * 8]), "An .npy file is wanted", "x.npy"),
], ids=["size", "rank", "int8", "complex", "text", "objects"])
def test_inputs_of_wrong_shape_or_dtype(diag: Command, good: Path, tmp_path: Path, value: np.ndarray, what: str,
                                        where: str) -> None:
    said(diag("compare", good, good, "--input", f"x={array(tmp_path, value)}"), 2, what, where)


def test_inputs_of_wrong_name(diag: Command, good: Path, tmp_path: Path) -> None:
    file = array(tmp_path, np.zeros((1, 8), np.float32))
    said(diag("compare", good, good, "--input", f"xx={file}"), 2, "no input 'xx'", "its inputs are: x", "mean 'x'?")
    np.savez(tmp_path / "in.npz", y=np.zeros(3))
    said(diag("compare", good, good, "--inputs", tmp_path / "in.npz"), 2, "no input 'y'", "its inputs are: x", "")
    said(diag("compare", good, good, "--input", "x"), 2, "'x' is not an input", "--input", "NAME=FILE.npy")
    said(diag("compare", good, good, "--shape", "xx:1,8"), 2, "the input 'xx'", "its inputs are: x", "")
    said(diag("compare", good, good, "--shape", "x"), 2, "'x' is not a shape", "--shape", "ids:1,77")
    said(diag("compare", good, good, "--shape", "x:1,9"), 2, "'x' the shape [1, 9]", "float32[1, 8]", "")


def test_archives_that_are_none(diag: Command, good: Path, tmp_path: Path) -> None:
    npz, npy = tmp_path / "in.npz", tmp_path / "in.npy"
    for data in (b"", b"PK\x03\x04broken", b"\x93NUMPY", b"text\n"):
        npz.write_bytes(data)
        said(diag("compare", good, good, "--inputs", npz), 2, ".npz archive is wanted", "in.npz", "numpy.save")
        npy.write_bytes(data)
        said(diag("compare", good, good, "--input", f"x={npy}"), 2, ".npy file is wanted", "in.npy", "numpy.save")
    np.savez(npz, x=np.zeros((1, 8), np.float32))
    whole = npz.read_bytes()
    npz.write_bytes(whole[:100] + bytes(40) + whole[140:])
    said(diag("compare", good, good, "--inputs", npz), 2, ".npz archive is wanted", "in.npz", "numpy.save")
    said(diag("compare", good, good, "--inputs", array(tmp_path, np.zeros(3))), 2, "found a single array", "x.npy",
         "--input NAME=")
    said(diag("compare", good, good, "--inputs", tmp_path / "no.npz"), 2, "does not exist", "no.npz", "Check the path")


def test_not_a_number_in_inputs_works_and_is_told(diag: Command, good: Path, tmp_path: Path) -> None:
    value = np.ones((1, 8), np.float32)
    value[0, 3] = np.nan
    answer = diag("compare", good, good, "--input", f"x={array(tmp_path, value)}", "--json", "-")
    assert answer.code == 1, "all that comes of it is NaN: nothing can be compared"
    assert '"ACC061"' in answer.out
    assert "Traceback" not in answer.err


def test_no_nodes(diag: Command, good: Path, tmp_path: Path) -> None:
    x = small_models.value("x", (1, 8))
    onnx.save(helper.make_model(helper.make_graph([], "none", [x], [x])), tmp_path / "none.onnx")
    said(diag("compare", tmp_path / "none.onnx", good), 2, "The model has no nodes", "none.onnx", "export")
    said(diag("compare", good, tmp_path / "none.onnx"), 2, "The model has no nodes", "none.onnx", "export")


def test_dynamic_shape(diag: Command, tmp_path: Path) -> None:
    open_ = small_models.perceptron(tmp_path / "open.onnx", shape=("batch", 8))
    said(diag("compare", open_, open_), 2, "'x' has no fixed shape", "float32[batch, 8]", '--shape "x:1,8"')
    assert diag("compare", open_, open_, "--shape", "x:3,8").code == 0


def test_output_that_cannot_be_written(diag: Command, good: Path, tmp_path: Path) -> None:
    said(diag("compare", good, good, "--out", good / "run"), 2, "cannot be made: Not a directory", "run", "--out")
    said(diag("compare", good, good, "--out", good), 2, "cannot be made: File exists", "good.onnx", "--out")
    said(diag("compare", good, good, "--out", "/proc/run"), 2, "cannot be made", "/proc/run", "--out")
    said(diag("compare", good, good, "--out", tmp_path), 2, "holds other files", str(tmp_path), "--out")
    for option in ("--json", "--html", "--csv"):
        answer = diag("compare", good, good, "-q", option, good / "report")
        said(answer, 2, "The report cannot be written", str(good / "report"), "Choose a folder")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_a_device_that_is_full(diag: Command, good: Path) -> None:
    for option in ("--json", "--html", "--csv"):
        said(diag("compare", good, good, "-q", option, "/dev/full"), 2, "No space left on device", "/dev/full", "room")
        assert Path("/dev/full").is_char_device(), "written through, not replaced"


def test_disk_full_while_it_runs(good: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: both refuse the write in the middle of a file."""
    done = _child(["compare", str(good), str(good), "--out", str(tmp_path / "run")], file_bytes=4000)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["File too large", "Free some space, or give another folder with --out"]


def test_a_model_larger_than_memory(tmp_path: Path) -> None:
    big = small_models.save(
        tmp_path / "big.onnx",
        [helper.make_node("Expand", ["x", "n"], ["e"], "grow"), helper.make_node("Relu", ["e"], ["y"], "act")],
        [small_models.value("x", (1, 1))], [small_models.value("y", (40000, 40000))],
        {"n": np.array([40000, 40000])})
    done = _child(["compare", str(big), str(big), "--out", str(tmp_path / "run")], memory_bytes=5 * 2**30)
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[0] == "There is not enough memory for this model"
    assert "--budget" in done.stderr.splitlines()[-1]
    assert done.returncode == 2


def _child(words: list[str], *, file_bytes: int | None = None,
           memory_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        if memory_bytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))

    root = Path(__file__).resolve().parents[2]
    return subprocess.run([sys.executable, "-m", "diag.cli.main", *words], cwd=root, capture_output=True, text=True,
                          preexec_fn=limit, timeout=100, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})


def test_a_runtime_that_is_not_installed(diag: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("CONDA", "XDG", "UV_", "PYENV", "ASCEND", "DIAG_M")) or name == "VIRTUAL_ENV":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("mindspore", "mindspore-lite"):
        answer = diag("compare", GOLDEN, MINDIR, "--runtime", name)
        said(answer, 3, f"package {name}", "", "nstall")
    said(diag("compare", GOLDEN, MINDIR, "--device", "ascend:0"), 3, "package mindspore-lite", "", "nstall")


def test_a_runtime_that_does_not_fit(diag: Command, good: Path) -> None:
    said(diag("compare", good, good, "--runtime", "mindspore-lite"), 3, "does not run ONNX", "good.onnx", "--runtime")
    said(diag("compare", GOLDEN, MINDIR, "--runtime", "onnxruntime"), 3, "does not run MindIR", ".mindir", "reference")
    said(diag("compare", good, good, "--device", "ascend:0"), 3, "CPU only", "--device ascend:0", "--device")
    said(diag("compare", good, good, "--device", "tpu"), 2, "'tpu' is not a device", "--device", "ascend:0")


def test_map_files(diag: Command, good: Path, tmp_path: Path) -> None:
    file = tmp_path / "map.json"
    for text, what, now in (('{"fc11": "m1"}', "no tensor or node 'fc11'", "'fc1'"),
                            ('{"fc1": "mm1"}', "no tensor or node 'mm1'", "'m1'"),
                            ("[", "JSON object", "Write it like"), ('["a"]', "JSON object", "Write it like"),
                            ('{"fc1": 3}', "JSON object", "Write it like")):
        file.write_text(text)
        answer = diag("compare", good, good, "--map", file)
        assert what in answer.lines[0]
        assert now in answer.lines[-1]
        assert (answer.code, len(answer.lines)) == (2, 3)
    assert "does not exist" in diag("compare", good, good, "--map", tmp_path / "no.json").lines[0]


@pytest.mark.parametrize("size", ["lots", "-1", "0", "1kB", "2 apples", "1e9", "NaN"])
def test_budgets(diag: Command, good: Path, size: str) -> None:
    answer = diag("compare", good, good, f"--budget={size}")
    assert answer.code == 2
    assert 1 <= len(answer.lines) <= 3
    assert size in answer.lines[0]


@pytest.mark.parametrize(("words", "what", "now"), [
    (["compair"], "There is no command 'compair'", "Did you mean 'compare'?"),
    (["frobnicate"], "There is no command 'frobnicate'", "See: diag --help"),
    (["compare", "a"], "required: TARGET", "See: diag compare --help"),
    (["compare", "a", "b", "--ouput", "x"], "--ouput", "Did you mean '--out'?"),
    (["compare", "a", "b", "--runtime", "mindspor"], "'mindspor'", "Did you mean 'mindspore'?"),
    (["compare", "a", "b", "--preset", "callibrated"], "'callibrated'", "Did you mean 'calibrated'?"),
    (["compare", "a", "b", "--seed", "-1"], "'-1'", "See: diag compare --help"),
    (["compare", "a", "b", "--threads", "0"], "'0'", "See: diag compare --help"),
    (["compare", "a", "b", "--threads", "x"], "'x'", "See: diag compare --help"),
    (["report"], "required: RUN", "See: diag report --help"),
])
def test_command_lines(diag: Command, words: list[str], what: str, now: str) -> None:
    answer = diag(*words)
    assert (answer.code, answer.out) == (2, "")
    assert what in answer.lines[0]
    assert now == answer.lines[-1]
    assert len(answer.lines) <= 3
