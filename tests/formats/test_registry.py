"""Which reader a file gets, and the words for files that are something else."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import model, save, value
from samples import shared

from diag.errors import FormatError
from diag.formats.registry import identify, open_model


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("model.onnx")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    return out.getvalue()


def npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros(2))
    return out.getvalue()


SAFETENSORS = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
STRANGERS = {
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a Git LFS pointer", "git lfs pull"),
    "om": (b"IMOD" + bytes(300), "an OM, compiled for the Ascend", "ONNX or MindIR"),
    "ms": (b"\x20\0\0\0MSL2" + bytes(40), "a MindSpore Lite model for devices (.ms)", "MINDIR"),
    "zip": (zipped("model.onnx"), "a zip archive", "Unpack"),
    "torchscript": (zipped("m/data.pkl", "m/version"), "a PyTorch or TorchScript file", "Export"),
    "gzip": (gzip.compress(b"model"), "a gzip archive", "Unpack"),
    "tar": (tarred(), "a tar archive", "Unpack"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(40), "a TensorFlow Lite model", "ONNX"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(40), "a PNG image", "model file"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(40), "a JPEG image", "model file"),
    "safetensors": (struct.pack("<Q", len(SAFETENSORS)) + SAFETENSORS + bytes(4), "a safetensors file", "Export"),
    "pickle": (pickle.dumps({"a": 1}), "a Python pickle", "Export"),
    "html": (b"\n<!DOCTYPE html><html><body>404</body></html>", "an HTML page", "Download"),
    "json": (b'{"model": 1}', "a JSON text", "model file"),
    "text": ("Grüße,\nall".encode(), 'a text file that begins "Grüße,"', "model file"),
    "onnxtxt": (b"ir_version: 8\ngraph {\n}\n", "an ONNX model as text", "binary"),
    "zeros": (bytes(5000), "nothing but zero bytes", "again"),
    "npy": (npy(), "a numpy array (.npy)", "--input"),
    "elf": (b"\x7fELF" + bytes(60), "a program or shared library", "model file"),
}


@pytest.mark.parametrize("suffix", [".onnx", ".mindir", ".bin"])
@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_are_named(tmp_path: Path, kind: str, suffix: str) -> None:
    data, what, hint = STRANGERS[kind]
    path = tmp_path / f"file{suffix}"
    path.write_bytes(data)
    with pytest.raises(FormatError) as error:
        open_model(path)
    message, where, now = error.value.lines()
    assert message.startswith(f"Expected an ONNX or MindIR model; this is {what}")
    assert where == f"in {path}, at byte 0 (0x0)"
    assert hint in now


def test_missing_file_offers_its_neighbours(tmp_path: Path) -> None:
    save(model([], [], []), tmp_path, "net.onnx")
    with pytest.raises(FormatError) as error:
        open_model(tmp_path / "nett.onnx")
    assert error.value.lines() == ["There is no such file", f"in {tmp_path / 'nett.onnx'}",
                                   "There is net.onnx in that folder."]
    with pytest.raises(FormatError, match="no such file"):
        open_model(tmp_path / "nowhere" / "x.onnx")


def test_folder_offers_what_is_inside(tmp_path: Path) -> None:
    save(model([], [], []), tmp_path, "net.onnx")
    with pytest.raises(FormatError) as error:
        open_model(str(tmp_path))
    assert error.value.lines() == ["Expected a model file; found a folder", f"in {tmp_path}",
                                   "Name the file inside it: net.onnx."]


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "e.onnx").touch()
    with pytest.raises(FormatError, match="The file is empty"):
        open_model(tmp_path / "e.onnx")


def test_bytes_of_no_kind(tmp_path: Path) -> None:
    path = tmp_path / "noise"
    path.write_bytes(bytes.fromhex("fe01020304050607 08090a0b0c0d0eff"))
    with pytest.raises(FormatError) as error:
        identify(path)
    assert error.value.message == "Expected an ONNX or MindIR model; found bytes fe 01 02 03 04 05 06 07"


def test_a_tensor_of_a_data_set_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "input_0.onnx"
    path.write_bytes(helper.make_tensor("x", TensorProto.FLOAT, [4], [1, 2, 3, 4]).SerializeToString())
    with pytest.raises(FormatError) as error:
        open_model(path)
    assert error.value.message == "Expected an ONNX model; this is one ONNX tensor"


@pytest.mark.parametrize("name", ["m.onnx", "m", "m.pb", "m.mindir"])
def test_onnx_is_known_by_its_bytes(tmp_path: Path, name: str) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], "r" * 5000)]
    path = save(model(nodes, [value("x")], [value("y")], producer_name="p"), tmp_path, name)
    assert identify(path) == "onnx"
    assert open_model(path).format == "onnx"


def test_real_files_are_known() -> None:
    assert identify(shared("diffusion/tiny/onnx/unet/model.onnx")) == "onnx"
    assert identify(shared("diffusion/tiny/mindir/unet.mindir")) == "mindir"
