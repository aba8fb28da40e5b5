"""What failed in a program of ours is told with the cause from its log, on every road to the user."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import onnx
import pytest
from onnx import TensorProto, helper

from diag.cancel import Cancel
from diag.cli import parse
from diag.compare.plan import ComparePlan
from diag.errors import ToolFailed, UsageError, WorkerCrashed
from diag.events import Event, Finished, Message
from diag.jobs.compare import CompareJob, compare_here
from diag.jobs.host import _send_error
from diag.jobs.log import LogJob, run_triage
from diag.jobs.remote import _raised
from diag.logs import cause_of, explain_failure, failure_lines, triage
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.mindspore_lite.convert import ConvertPlan, convert

UNSUPPORTED = ("[ERROR] LITE(77,7f00,python):2024-05-06-10:00:00.000.000 [x/onnx_model_parser.cc:10] ParseNodes] "
               "not support onnx data type NonZeroish\nCONVERT RESULT FAILED:-300: x\n")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "worker.log"
    path.write_text(UNSUPPORTED)
    return path


def test_three_lines_name_operator_and_line(log: Path) -> None:
    first, why, do = explain_failure(log)
    assert "NonZeroish" in first
    assert "worker.log, line 1" in first
    assert why
    assert do.startswith("What to do:")
    assert "NonZeroish" in explain_failure(log, "zh")[0]
    assert cause_of(log) == "The converter has no parser for operator NonZeroish"


@pytest.mark.parametrize("text", ["", "ok\n", "Epoch 1 done\nloss 0.1\n"])
def test_a_log_that_tells_nothing_adds_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "quiet.log"
    path.write_text(text)
    error = WorkerCrashed("It died", where="here", hint="now", log=path)
    assert failure_lines(error) == ["It died", "here", "now"]
    assert explain_failure(tmp_path / "gone.log") == ()
    assert explain_failure(None) == ()
    assert cause_of(None) == ""


def test_the_command_line_tells_it(log: Path, capsys: pytest.CaptureFixture[str],
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_args: object) -> int:
        raise ToolFailed("The converter failed", where=f"Log: {log}", log=log)

    monkeypatch.setattr("diag.cli.runtime.run", fails)
    code = parse.execute(["runtime", "list", "--lang", "zh"], {"runtime": ("diag.cli.runtime", "x")})
    said = capsys.readouterr().err.splitlines()
    assert code == 4
    assert said == failure_lines(ToolFailed("The converter failed", where=f"Log: {log}", log=log), "zh")
    assert str(log) in said[1]
    assert said[-3:] == list(explain_failure(log, "zh"))


def test_errors_of_other_processes_keep_their_log(log: Path) -> None:
    out = io.StringIO()
    _send_error(out, WorkerCrashed("It died", log=log))
    error = _raised(json.loads(out.getvalue()))
    assert isinstance(error, WorkerCrashed)
    assert error.log == log
    _send_error(out := io.StringIO(), UsageError("no"))
    assert isinstance(_raised(json.loads(out.getvalue())), UsageError)


@pytest.mark.mslite
def test_the_real_converter_is_explained(mslite_spec: RuntimeSpec, tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Det", ["x"], ["y"], name="det")], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 2))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ())])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 7
    onnx.save(made, tmp_path / "det.onnx")
    with pytest.raises(ToolFailed) as raised:
        list(convert(mslite_spec, ConvertPlan(tmp_path / "det.onnx", tmp_path / "det.mindir"), Cancel()))
    lines = explain_failure(raised.value.log)
    assert len(lines) == 3
    assert "Det" in lines[0]


def test_a_comparison_says_why_the_real_runtime_could_not(log: Path, monkeypatch: pytest.MonkeyPatch,
                                                          tmp_path: Path) -> None:
    def refuses(_plan: ComparePlan, runtime: object, _cancel: Cancel) -> Iterator[Event]:
        yield Message("opening")
        if runtime is not None:
            raise ToolFailed("mindspore-lite failed: build", log=log)

    spec = SimpleNamespace(spec=SimpleNamespace(name="mindspore-lite"))
    monkeypatch.setattr("diag.jobs.compare._runtime", lambda _job: (spec, ""))
    monkeypatch.setattr("diag.compare.engine.compare", refuses)
    plan = ComparePlan(tmp_path / "a.onnx", tmp_path / "a.mindir", tmp_path / "run")
    said = [event.text for event in compare_here(CompareJob(plan, "auto"), Cancel()) if isinstance(event, Message)]
    assert "(The converter has no parser for operator NonZeroish). Going on with the reference runtime." in said[1]


def test_a_triage_in_its_own_process_says_the_same(log: Path) -> None:
    events = list(run_triage(LogJob((log,)), Cancel()))
    assert isinstance(events[-1], Finished)
    assert events[-1].result == triage(log)
