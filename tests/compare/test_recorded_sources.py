"""Targets that hold recordings: bundles of diag record, packed ones, run folders, MindSpore's dumps, statistics."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from npu_model import channel, recording, run

from diag.cancel import Cancel
from diag.cli.main import main
from diag.compare.plan import ComparePlan, InputChoice
from diag.errors import DiagError, FormatError
from diag.events import Finished
from diag.jobs.compare import CompareJob, compare_here
from diag.report.headline import headline
from diag.types.comparison import Comparison
from diag.types.layer import Decision, Role, Verdict


def bundle(tmp_path: Path) -> tuple[Path, Path]:
    """What diag record check accepts: record.json, dump, graphs, inputs."""
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)})
    folder = tmp_path / "bundle"
    (folder / "graphs" / "pid_1").mkdir(parents=True)
    (tmp_path / "dump" / "20260101000000").rename(tmp_path / "moved")
    (folder / "dump").mkdir()
    (tmp_path / "moved").rename(folder / "dump" / "20260101000000")
    done.graph.rename(folder / "graphs" / "pid_1" / done.graph.name)
    (folder / "record.json").write_text(json.dumps({"kind": "recording", "layout": 1}))
    return model, folder


def compared(job: CompareJob) -> Comparison:
    last = list(compare_here(job, Cancel()))[-1]
    assert isinstance(last, Finished)
    found: Comparison = last.result
    return found


def test_a_bundle_brings_its_graph(tmp_path: Path) -> None:
    model, folder = bundle(tmp_path)
    found = compared(CompareJob(ComparePlan(model, folder, tmp_path / "run")))
    assert [c.golden_node for c in found.culprits] == ["conv2"]
    assert found.checks["recording"]["graph"].endswith("_Build.txt")
    assert found.target.runtime == "recording"


def test_a_packed_bundle_opens_as_well(tmp_path: Path) -> None:
    model, folder = bundle(tmp_path)
    archive = tmp_path / "recording.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        out.add(folder, "bundle")
    found = compared(CompareJob(ComparePlan(model, archive, tmp_path / "run")))
    assert [c.golden_node for c in found.culprits] == ["conv2"]


def test_an_archive_that_climbs_out_is_refused(tmp_path: Path) -> None:
    model, _ = bundle(tmp_path)
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as out:
        info = tarfile.TarInfo("../../evil.txt")
        info.size = 3
        out.addfile(info, io.BytesIO(b"bad"))
    with pytest.raises(FormatError, match="Expected an archive that diag record wrote"):
        compared(CompareJob(ComparePlan(model, archive, tmp_path / "run")))
    assert not (tmp_path / "evil.txt").exists()


def test_a_bundle_that_has_not_run_says_so(tmp_path: Path) -> None:
    model, folder = bundle(tmp_path)
    (folder / "dump").rename(tmp_path / "gone")
    with pytest.raises(FormatError, match="has not run on the server yet"):
        compared(CompareJob(ComparePlan(model, folder, tmp_path / "run")))


def test_the_tensors_of_an_earlier_run_are_a_recording(tmp_path: Path) -> None:
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)})
    first = run(model, done.folder, tmp_path / "first")
    again = compared(CompareJob(ComparePlan(model, tmp_path / "first", tmp_path / "again")))
    kept = {r.golden_tensor: r for r in again.layers if r.cumulative is not None}
    assert "c2" in kept
    before = next(r for r in first.layers if r.golden_tensor == "c2").cumulative
    assert before is not None
    assert kept["c2"].cumulative is not None
    assert kept["c2"].cumulative.rel_l2 == pytest.approx(before.rel_l2, rel=1e-6)


def test_mindspores_arrays_are_matched_by_name(tmp_path: Path) -> None:
    """One .npy for each tensor, as MindSpore writes them."""
    from diag.formats.tensor_dump import load, read

    model, done = recording(tmp_path, {"fc": channel(2, 0.5)})
    folder = tmp_path / "rank_0" / "net" / "1" / "0"
    folder.mkdir(parents=True)
    for op in read(done.folder).ops:
        for t in op.tensors:
            layout = "DefaultFormat" if t.layout in ("ND", "NCHW") else t.layout
            name = f"{op.op}.{op.name}.{op.task}.{op.stream}.{op.time}.{t.side}.{t.slot}.{layout}.npy"
            np.save(folder / name, np.array(load(t)))
    found = run(model, tmp_path / "rank_0", tmp_path / "run")
    assert found.target.format == "mindspore"
    assert [c.target_node for c in found.culprits] == ["fc"]


def test_a_runtime_cannot_be_chosen_for_a_recording(tmp_path: Path) -> None:
    model, done = recording(tmp_path)
    with pytest.raises(DiagError, match="mindspore-lite cannot run a recording"):
        compared(CompareJob(ComparePlan(model, done.folder, tmp_path / "run"), "mindspore-lite"))


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, done = recording(tmp_path, {"conv2": channel(17, 1.25)})
    page = tmp_path / "report.html"
    code = main(["compare", str(model), str(done.folder), "--graph", str(done.graph), "--out", str(tmp_path / "run"),
                 "--html", str(page), "--json", "-", "--progress", "none"])
    document = json.loads(capsys.readouterr().out)
    assert code == 1
    assert document["culprits"][0]["golden_node"] == "conv2"
    assert document["culprits"][0]["stage"] == "runtime"
    assert document["target"]["runtime"] == "recording"
    assert "made by the device" in page.read_text(encoding="utf-8")


def test_a_damaged_recording_is_judged_as_far_as_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, done = recording(tmp_path)
    broken = next(done.folder.glob("Conv2D.conv2.*"))
    broken.write_bytes(broken.read_bytes()[:-100])
    found = run(model, done.folder, tmp_path / "run")
    row = next(r for r in found.layers if r.golden_node == "conv2")
    assert row.verdict.value == "not_comparable"
    assert "cut short" in row.reason
    damage = next(f for f in found.findings if f.code == "ACC105")
    assert (damage.values["count"], damage.values["first"]) == (1, "conv2")


def with_statistics(folder: Path) -> Path:
    """The same recording as statistics: a table for each operation."""
    from diag.formats.tensor_dump import load, read

    out = folder / "stats"
    out.mkdir()
    for op in read(folder / "dump").ops:
        lines = [("Input/Output,Index,Data Size,Data Type,Format,Shape,Max Value,Min Value,Avg Value,Count,Nan Count,"
                  "Negative Inf Count,Positive Inf Count")]
        for t in op.tensors:
            a = np.array(load(t)).astype(np.float64)
            shape = "x".join(map(str, t.shape)) or "-"
            lines.append(f"{t.side.title()},{t.slot},{a.nbytes},DT_FLOAT16,{t.layout},{shape},{a.max():g},{a.min():g},"
                         f"{a.mean():g},{a.size},0,0,0")
        (out / f"{op.op}.{op.name}.{op.task}.{op.stream}.{op.time}.csv").write_text("\n".join(lines) + "\n")
    return out


def test_statistics_find_the_first_layer_whose_numbers_are_off_and_never_pass(tmp_path: Path) -> None:
    model, _ = recording(tmp_path, {"fc": channel(2, 40.0)})
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 7)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    choice = InputChoice(files={"x": tmp_path / "x.npy"})
    found = run(model, with_statistics(tmp_path), tmp_path / "run", inputs=choice)
    verdicts = {r.golden_node: r.verdict for r in found.layers if r.target_tensor is not None}
    assert verdicts["fc"] is Verdict.FAIL
    assert {v for n, v in verdicts.items() if n in ("relu1", "conv2", "add", "flat")} == {Verdict.NOT_COMPARABLE}
    assert Verdict.PASS not in verdicts.values()
    assert found.verdict is Verdict.FAIL, "the output's own statistics prove it wrong"
    assert found.outputs[0].cumulative is None
    assert (found.outputs[0].decision or Decision("")).rule.startswith("statistics_")
    assert found.first_divergence is not None
    assert found.first_divergence[0] == "fc"
    assert not found.culprits, "statistics alone prove no culprit"
    assert next(r for r in found.layers if r.golden_node == "fc").role is Role.NOT_COMPARABLE
    assert "fc is the first suspect" in headline(found)
    assert "首个可疑层是 fc" in headline(found, "zh")
    said = next(f for f in found.findings if f.code == "ACC109")
    assert said.values["first"] == "fc"


def test_statistics_of_a_healthy_device_name_no_suspect(tmp_path: Path) -> None:
    model, _ = recording(tmp_path)
    np.save(tmp_path / "x.npy", np.random.default_rng(1).normal(size=(2, 3, 9, 7)).astype(np.float32))
    found = run(model, with_statistics(tmp_path), tmp_path / "run", inputs=InputChoice(files={"x": tmp_path / "x.npy"}))
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert found.first_divergence is None
    assert "suspect" not in headline(found)
    assert not found.checks["recording"]["input_differences"]


def test_statistics_of_other_inputs_say_so_and_name_no_suspect(tmp_path: Path) -> None:
    model, _ = recording(tmp_path)
    np.save(tmp_path / "x.npy", 3 * np.random.default_rng(9).normal(size=(2, 3, 9, 7)).astype(np.float32))
    found = run(model, with_statistics(tmp_path), tmp_path / "run", inputs=InputChoice(files={"x": tmp_path / "x.npy"}))
    assert set(found.checks["recording"]["input_differences"]) == {"x"}
    assert "ACC107" in {f.code for f in found.findings}
    assert "suspect" not in headline(found)
    assert "no single layer" not in headline(found)


def test_arrays_by_operation_are_a_recording_too(tmp_path: Path) -> None:
    """What another comparator calls golden: one .npy an output, the inputs among them."""
    import onnx
    import onnxruntime as ort

    model, _ = recording(tmp_path)
    proto = onnx.load(model)
    tensors = {n.output[0]: n.name for n in proto.graph.node}
    del proto.graph.output[:]
    proto.graph.output.extend([onnx.helper.make_empty_tensor_value_info(t) for t in tensors])
    x = np.random.default_rng(4).normal(size=(2, 3, 9, 7)).astype(np.float32)
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.save(folder / "x.0.1767225600000000.npy", x)
    for tensor, array in zip(tensors, session.run(list(tensors), {"x": x}), strict=True):
        np.save(folder / f"{tensors[tensor]}.0.1767225600000000.npy", array)
    found = run(model, folder, tmp_path / "run")
    assert found.verdict is Verdict.PASS
    assert found.target.dtype == "float32"
    assert {r.verdict for r in found.layers} == {Verdict.PASS}
    assert found.unmatched_target == ()
