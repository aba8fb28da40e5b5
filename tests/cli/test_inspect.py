"""diag inspect: the facts of a file, as text and as a document."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from samples import shared

from diag.cli.main import main


def model(folder: Path) -> Path:
    """A bit of everything: a subgraph, a function, an external file, a dynamic size, a string."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", None, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    inner = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "inner", [],
                              [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)])
    nodes = [helper.make_node("Constant", [], ["c"], "k", value=numpy_helper.from_array(np.array(True))),
             helper.make_node("If", ["c"], ["i"], "if", then_branch=inner, else_branch=inner),
             helper.make_node("F", ["i"], ["y"], "call", domain="mine")]
    function = helper.make_function("mine", "F", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])],
                                    [helper.make_opsetid("", 21)])
    outside = TensorProto(name="w", data_type=TensorProto.BFLOAT16, dims=[4], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="w.bin")
    gone = TensorProto(name="g", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    gone.external_data.add(key="location", value="gone.bin")
    (folder / "w.bin").write_bytes(bytes(8))
    words = helper.make_tensor("s", TensorProto.STRING, [2], ["ab", "c"])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("mine", 1)]
    proto = helper.make_model(helper.make_graph(nodes, "g", [x], [y], [outside, gone, words]), opset_imports=opsets,
                              functions=[function], ir_version=10, producer_name="maker", producer_version="3",
                              doc_string="two\nlines")
    path = folder / "m.onnx"
    onnx.save(proto, path)
    return path


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model(tmp_path)
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr()
    assert out.out.splitlines() == [
        str(path),
        f"  format    ONNX, {path.stat().st_size} B",
        "  made by   maker 3",
        "  versions  IR 10, operator sets ai.onnx 21, mine 1",
        "  says      two lines",
        "  inputs    x  float32 [batch, ?, 4]",
        "  outputs   y  float32 ?",
        "  dynamic   x[0] = batch, x[1] = ?",
        "  nodes     3",
        "            Constant 1, If 1, mine::F 1",
        "  weights   4: float32 16 B, bfloat16 8 B, string 3 B, bool 1 B",
        f"  external  {tmp_path / 'gone.bin'}  MISSING, 1 weight",
        f"  external  {tmp_path / 'w.bin'}  8 B, 1 weight",
        "  functions 1: mine::F (1 node)",
        "  subgraphs 2: if.else_branch (1 node), if.then_branch (1 node)",
        "  note      A weight cannot be used: external file 'gone.bin' is missing",
    ]
    assert out.err == ""


def test_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model(tmp_path)
    assert main(["inspect", str(path), str(tmp_path / "no.onnx"), "--json", "-"]) == 2
    out = capsys.readouterr()
    document = json.loads(out.out)
    assert (document["schema"], document["kind"], document["verdict"]) == ("diag.inspect/1", "inspect", "fail")
    first, second = document["files"]
    assert {k: first[k] for k in ("path", "format", "nodes", "ops", "weights", "broken_weights", "weight_bytes")} == {
        "path": str(path), "format": "onnx", "nodes": 3, "ops": {"Constant": 1, "If": 1, "mine::F": 1}, "weights": 4,
        "broken_weights": 1, "weight_bytes": {"float32": 16, "bfloat16": 8, "string": 3, "bool": 1}}
    assert first["inputs"] == [{"name": "x", "dtype": "float32", "shape": ["batch", None, 4]}]
    assert first["dynamic"] == {"x[0]": "batch", "x[1]": "?"}
    assert first["external"][0] == {"path": str(tmp_path / "gone.bin"), "size": None, "weights": 1}
    assert second == {"path": str(tmp_path / "no.onnx"),
                      "error": ["There is no such file", f"in {tmp_path / 'no.onnx'}",
                                "There is m.onnx in that folder."]}
    assert out.err.splitlines() == second["error"]


def test_mindir_and_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    path = shared("formats/mindir/ms210_encrypted_aesgcm_key_0123456789ABCDEF.mindir")
    assert main(["inspect", str(path)]) == 2
    assert "AES-GCM" in capsys.readouterr().err
    assert main(["inspect", str(path), "--key", "0123456789ABCDEF"]) == 0
    assert "  format    MindIR" in capsys.readouterr().out
    assert main(["inspect", str(path), "--key", "short"]) == 2
    assert capsys.readouterr().err.startswith("A key has 16, 24 or 32 bytes; this one has 5\n")


def test_document_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(model(tmp_path)), "-q", "--json", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["verdict"] == "pass"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("name", "text", "command"), [
    ("op_summary_1.csv", "Op Name,OP Type,Task Duration(us)\na,Add,1\n", "diag profile"),
    ("trace.json", '[{"ph": "X", "ts": 1, "dur": 2, "name": "a"}]', "diag profile"),
    ("aoe_result_opat_1.json", '[{"basic": {"tuning_name": "n"}}, {"OPAT": {}}]', "diag tune --import"),
    ("bench.txt", "ModelPath = a.ms\nstart unified benchmark run\n", "diag bench --import"),
    ("c.ini", "[ascend_context]\nprecision_mode=enforce_fp16\n", "diag convert --check-config"),
    ("a.log", "[ERROR] GE(1,x):2026-01-01-00:00:00.000.000 [a.cc:1] text\n", "diag log triage"),
])
@pytest.mark.parametrize("inside", [False, True])
def test_what_another_command_reads_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str,
                                            command: str, *, inside: bool) -> None:
    (tmp_path / name).write_text(text)
    by_name = name not in ("bench.txt", "c.ini", "trace.json")
    path = tmp_path if inside and by_name else tmp_path / name
    for lang in ("en", "zh"):
        assert main(["inspect", str(path), "--lang", lang]) == 2
        err = capsys.readouterr().err
        assert f"{command} {path}" in err
        assert "Traceback" not in err
