"""What came back from the server: nothing, a failed run, a whole one, one of another model, one cut short."""

from __future__ import annotations

import json
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from wire import block, number

from diag.errors import FormatError
from diag.recording import check, load, pack, write
from diag.types.layer import Verdict

from test_record_bundle import PAIR  # isort: skip


def dump_file(name: str, array: np.ndarray) -> bytes:
    """A standard dump with one float32 output: length, message, elements."""
    shape = b"".join(number(1, d) for d in array.shape)
    output = number(1, 1) + number(2, 2) + block(3, shape) + number(6, array.nbytes)
    message = block(1, "2.0") + block(3, output) + block(6, name)
    return struct.pack("<Q", len(message)) + message + array.tobytes()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    plan = tmp_path / "plan.toml"
    plan.write_text(f'model = "{PAIR / "text_encoder.mindir"}"\nonnx = "{PAIR / "text_encoder.onnx"}"\n'
                    'layers = ["Add_1", "MatMul_2"]\n')
    return write(load(plan), tmp_path / "bundle").path


def ran(bundle: Path, model: str = "text_encoder", value: float = 1.0, target: str = "ascend") -> Path:
    """What the server writes."""
    (bundle / "record.log").write_text("recorded\n")
    (bundle / "ran.json").write_text(json.dumps({"outputs": ["y"], "target": target}))
    np.savez(bundle / "outputs.npz", **{"0": np.full(3, value, np.float32)})
    (bundle / "graphs").mkdir()
    (bundle / "graphs" / "ge_proto_00000001_graph_0_Build.txt").write_text("")
    place = bundle / "dump" / "20260101000000" / "0" / model / "1" / "0"
    place.mkdir(parents=True)
    for i, name in enumerate(("Add_1", "MatMul_2")):
        op = name.partition("_")[0]
        (place / f"{op}.{name}.{i + 2}.3.161934778653299{i}").write_bytes(dump_file(name, np.ones((2, 3), np.float32)))
    return place


def codes(found) -> list[str]:
    return [f.code for f in found.findings]


def test_a_bundle_that_was_not_run(bundle):
    found = check(bundle)
    assert (found.verdict, codes(found), found.usable) == (Verdict.FAIL, ["ENV010"], ())


def test_a_run_that_failed_names_its_log(bundle):
    (bundle / "record.log").write_text("Traceback …\n")
    found = check(bundle)
    assert codes(found) == ["ENV011"]
    assert found.findings[0].evidence[0].file.endswith("record.log")


def test_a_whole_recording_is_usable(bundle):
    ran(bundle)
    found = check(bundle)
    assert (found.verdict, codes(found)) == (Verdict.PASS, [])
    assert found.usable == ("dump/20260101000000/0/text_encoder/1/0",)
    one = found.dumps[0]
    assert (one.operators, one.tensors, one.damaged, one.model, one.iteration) == (2, 2, (), "text_encoder", "0")
    assert found.graphs == ("graphs/ge_proto_00000001_graph_0_Build.txt",)


def test_a_rehearsal_is_no_recording(bundle):
    ran(bundle, target="cpu")
    assert "ENV012" in codes(check(bundle))


def test_a_run_without_tensors_tells_the_name_that_cann_was_given(bundle):
    place = ran(bundle)
    for file in place.iterdir():
        file.unlink()
    found = check(bundle)
    assert codes(found) == ["ENV013"]
    assert found.findings[0].values["name"] == "text_encoder"


def test_tensors_of_another_model(bundle):
    ran(bundle, model="unet")
    found = check(bundle)
    assert "ENV014" in codes(found)
    assert (found.verdict, found.findings[0].values["found"]) == (Verdict.FAIL, "unet")


def test_a_file_that_was_cut_short_is_named(bundle):
    place = ran(bundle)
    file = next(place.glob("Add.*"))
    file.write_bytes(file.read_bytes()[:-4])
    found = check(bundle)
    assert "ENV015" in codes(found)
    assert "Add_1" in next(f for f in found.findings if f.code == "ENV015").values["names"]
    assert found.dumps[0].damaged[0].startswith("Add_1: ")


def test_layers_that_were_wanted_and_are_not_there(bundle):
    place = ran(bundle)
    next(place.glob("MatMul.*")).unlink()
    lost = next(f for f in check(bundle).findings if f.code == "ENV016")
    assert lost.values["names"] == "MatMul_2"


def test_missing_graphs_nan_outputs_and_a_changed_model_are_said(bundle):
    ran(bundle, value=float("nan"))
    next((bundle / "graphs").iterdir()).unlink()
    model = bundle / "text_encoder.mindir"
    content = model.read_bytes()
    model.unlink()  # it may be a second name of the original
    model.write_bytes(content + b"\0")
    assert {"ENV017", "ENV018", "ENV019"} <= set(codes(check(bundle)))


@pytest.mark.parametrize("text", ["{", "[]", '{"kind": "other"}', '{"kind": "recording", "layout": 99}'])
def test_a_folder_that_is_no_bundle(bundle, text):
    (bundle / "record.json").write_text(text)
    with pytest.raises(FormatError):
        check(bundle)


def test_the_archive_holds_all_but_the_model(bundle, tmp_path):
    ran(bundle)
    found = check(bundle)
    pack(found, tmp_path / "r.tar.gz")
    with tarfile.open(tmp_path / "r.tar.gz") as archive:
        names = archive.getnames()
    assert "bundle/text_encoder.mindir" not in names
    assert "bundle/dump/20260101000000/0/text_encoder/1/0/Add.Add_1.2.3.1619347786532990" in names
    pack(found, tmp_path / "m.tar.gz", with_model=True)
    with tarfile.open(tmp_path / "m.tar.gz") as archive:
        # Older Pythons know no filter, newer ones want one.
        archive.extractall(tmp_path / "there", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    assert check(tmp_path / "there" / "bundle").verdict is Verdict.PASS
