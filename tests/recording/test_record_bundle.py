"""Plans of recordings, and the bundle for the server: its configuration is what CANN reads, its script runs."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from diag.errors import FormatError, UsageError
from diag.recording import RecordPlan, load, template, write
from diag.recording.shell import acl_json, record_sh, runtime_ini

PAIR = Path(str(files("resources") / "samples" / "text_encoder" / "healthy"))


def plan_file(folder: Path, text: str = "") -> Path:
    file = folder / "plan.toml"
    file.write_text(f'model = "{PAIR / "text_encoder.mindir"}"\nonnx = "{PAIR / "text_encoder.onnx"}"\n{text}')
    return file


def plan(folder: Path, text: str = "") -> RecordPlan:
    return load(plan_file(folder, text))


def test_the_template_is_a_plan(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(template(PAIR / "text_encoder.mindir", PAIR / "text_encoder.onnx"))
    found = load(file)
    assert (found.name, found.mode, found.data, found.steps, found.graph) == \
        ("text_encoder", "all", "tensor", "0", "no_weights")


def test_every_setting_of_the_template_may_be_uncommented(tmp_path):
    text = template(PAIR / "text_encoder.mindir", PAIR / "text_encoder.onnx")
    (tmp_path / "inputs.npz").write_bytes(b"")
    lines = [line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
             for line in text.splitlines()[1:]]
    file = tmp_path / "plan.toml"
    file.write_text("\n".join(lines))
    assert load(file).config == {"precision_mode": "enforce_fp32"}


@pytest.mark.parametrize(("text", "what", "hint"), [
    ('mod = "all"', "no setting 'mod'", "Did you mean 'mode'?"),
    ('mode = "inputs"', "no mode 'inputs'", "Did you mean 'input'?"),
    ("device = true", "'device' is True", "A whole number is wanted"),
    ("device = -1", "device is -1", "from 0 up"),
    ("runs = 0", "runs is 0", "from 1 up"),
    ('steps = "0-"', "steps is '0-'", "0|5-10|20"),
    ("overflow = true\nlayers = [\"Conv_1\"]", "not both", "Remove layers"),
    ("[shapes]\nx = [0]", "shape of 'x'", "[2, 4, 64, 64]"),
    ('[config]\ndump_config_file = "x"', "set by the recording", "Remove it"),
    ('inputs = "gone.npz"', "file of 'inputs' is not there", "plan's folder"),
])
def test_a_mistake_is_said_with_the_way_out(tmp_path, text, what, hint):
    with pytest.raises(UsageError) as caught:
        plan(tmp_path, text)
    assert what in caught.value.message
    assert hint in caught.value.hint


def test_a_file_that_is_no_plan(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        load(tmp_path / "gone.toml")
    (tmp_path / "bad.toml").write_text("model = unquoted")
    with pytest.raises(FormatError, match="TOML"):
        load(tmp_path / "bad.toml")


def test_cann_gets_a_list_or_overflow_detection_never_both(tmp_path):
    dump = json.loads(acl_json(plan(tmp_path, 'layers = ["Conv_1"]\nsteps = "0|2-3"\ndata = "stats"')))["dump"]
    assert dump["dump_list"] == [{"model_name": "text_encoder", "layer": ["Conv_1"]}]
    assert dump["dump_step"] == "0|2-3"
    assert dump["dump_data"] == "stats"
    overflow = json.loads(acl_json(plan(tmp_path, "overflow = true")))["dump"]
    assert overflow == {"dump_path": "@HERE@/dump", "dump_debug": "on"}


def test_no_value_of_the_configuration_has_a_comment(tmp_path):
    text = runtime_ini(plan(tmp_path, '[config]\nprecision_mode = "enforce_fp32"'))
    assert text == "[ascend_context]\ndump_config_file=@HERE@/acl.json\nprecision_mode=enforce_fp32\n"


def test_benchmark_is_called_with_every_input_in_order(tmp_path):
    text = record_sh(plan(tmp_path, 'runner = "benchmark"\nruns = 2\ndevice = 3'), "m.mindir", ["a", "b"])
    assert "--inDataFile=inputs/000.bin,inputs/001.bin" in text
    assert "--loopCount=2" in text
    assert "--deviceId=3" in text
    assert "export ASCEND_DEVICE_ID=3" in text


def test_the_bundle_holds_all_that_the_server_needs(tmp_path):
    found = write(plan(tmp_path), tmp_path / "bundle")
    assert {"record.json", "text_encoder.mindir", "inputs.npz", "inputs/000.npy", "inputs/000.bin", "acl.json.in",
            "runtime.ini.in", "record.sh", "run.py"} <= set(found.files)
    facts = json.loads((found.path / "record.json").read_text())
    array = np.load(found.path / "inputs" / "000.npy")
    assert facts["inputs"][0]["shape"] == list(array.shape)
    assert (found.path / "inputs" / "000.bin").stat().st_size == array.nbytes
    assert os.access(found.path / "record.sh", os.X_OK)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    with pytest.raises(UsageError, match="not empty"):
        write(plan(tmp_path), tmp_path)


def test_without_cann_the_script_says_so_and_leaves_with_3(tmp_path):
    found = write(plan(tmp_path), tmp_path / "bundle")
    ended = subprocess.run(["sh", "record.sh"], cwd=found.path, capture_output=True, text=True, check=False,
                           env={"PATH": os.environ["PATH"]})
    assert ended.returncode == 3
    assert "set_env.sh" in ended.stderr


@pytest.mark.mslite
def test_the_rehearsal_runs_on_the_real_runtime(tmp_path, mslite_python):
    found = write(plan(tmp_path), tmp_path / "bundle")
    ended = subprocess.run(["sh", "record.sh", "--cpu"], cwd=found.path, capture_output=True, text=True, check=False,
                           env={**os.environ, "PYTHON": str(mslite_python)})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    ran = json.loads((found.path / "ran.json").read_text())
    assert ran["target"] == "cpu"
    with np.load(found.path / "outputs.npz") as outputs:
        assert len(outputs.files) == len(ran["outputs"]) > 0
        assert all(np.isfinite(outputs[name]).all() for name in outputs.files)
    acl = json.loads((found.path / "acl.json").read_text())
    assert acl["dump"]["dump_path"] == f"{found.path}/dump"


@pytest.mark.mslite
def test_a_model_that_does_not_run_leaves_its_log_and_code_4(tmp_path, mslite_python):
    found = write(plan(tmp_path), tmp_path / "bundle")
    model = found.path / "text_encoder.mindir"
    model.unlink()
    model.write_bytes(b"\0" * 64)
    ended = subprocess.run(["sh", "record.sh", "--cpu"], cwd=found.path, capture_output=True, text=True, check=False,
                           env={**os.environ, "PYTHON": str(mslite_python)})
    assert ended.returncode == 4
    assert "record.log" in ended.stderr
    assert (found.path / "record.log").stat().st_size > 0
