"""The program ``aoe``: job after job, believed only when it says that it finished; and the whole tuning as a job."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import fake_tools
import pytest
import small_models
from samples import shared

from diag.cancel import Cancel
from diag.errors import ToolFailed, WorkerCrashed
from diag.events import Finished, Progress
from diag.jobs.tune import TuneJob, tune_here
from diag.runtimes.interface import RuntimeSpec
from diag.tools.aoe.plan import TunePlan, checked
from diag.tools.aoe.run import ResultWatch, find_aoe, run_aoe
from diag.tools.program import ProgramLimits
from diag.types.layer import Verdict
from diag.types.tuning import TuneStatus

DONE = "[Aoe]Aoe process finished,cost time 9s.\n"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = fake_tools.install(tmp_path / "bin", "aoe", fake_tools.REPLAY_AOE)
    monkeypatch.setenv("FAKE_ANSWER", str(tmp_path / "answer.json"))
    monkeypatch.setenv("DIAG_AOE", str(program))

    def answer(**fields):
        (tmp_path / "answer.json").write_text(json.dumps(fields))
        return program

    return answer


@pytest.fixture
def plan(tmp_path: Path) -> TunePlan:
    model = small_models.perceptron(tmp_path / "m.onnx")
    return checked(TunePlan(model, tmp_path / "out", through="aoe", shapes={"x": (1, 8)}, optimize="general"))


def ran(plan: TunePlan, program: Path, limits: ProgramLimits | None = None):
    *events, last = run_aoe(plan, program, Cancel(), limits or ProgramLimits(60, 60))
    assert isinstance(last, Finished)
    return events, last.result


def test_recorded_results_of_both_jobs(fake, plan):
    program = fake(results=[str(shared("tools/aoe/aoe_result_opat_wholemodel.json"))],
                   stdout=str(shared("tools/aoe/aoe_stdout_phrases.txt")))
    events, found = ran(plan, program)
    assert [(t.name, t.status, t.operators[0].name) for t in found.tasks] == [
        ("resnet50", TuneStatus.SUCCESS, "strided_slice_10")] * 2
    replayed = shared("tools/aoe/aoe_stdout_phrases.txt").read_bytes()
    for job, path in zip(("subgraph", "operator"), found.outputs, strict=True):
        assert path.read_bytes() == f"Start to {job} tuning\n".encode() + replayed
        given = json.loads((path.parent / "args.json").read_text())
        assert given[2] == f"--job_type={'1' if job == 'subgraph' else '2'}"
    stages = [e.stage for e in events if isinstance(e, Progress)]
    assert "subgraph tuning" in stages
    assert "operator tuning: <op> tuned" in stages


@pytest.mark.parametrize(("answer", "said"), [
    ({"text": "AOE says nothing\n"}, "without saying that it finished"), ({"code": 3}, "exit code 3"),
    ({"text": DONE, "code": 1}, "exit code 1"), ({"how": "crash"}, "SIGSEGV"),
    ({"text": "E10001: Value wrong\nAoe process failed, mode= 1\n"}, "E10001: Value wrong")])
def test_no_success_without_the_word_and_the_code(fake, plan, answer, said):
    program = fake(**answer)
    with pytest.raises(ToolFailed, match="AOE failed at subgraph tuning") as caught:
        ran(plan, program)
    assert said in caught.value.message


def test_a_failed_result_is_a_failure_though_the_process_ended_well(fake, plan):
    program = fake(text=DONE, results=[str(shared("tools/aoe/aoe_result_opat_singleop_failed.json"))])
    with pytest.raises(ToolFailed, match="no operator could be tuned"):
        ran(plan, program)


def test_error_lines_do_not_make_a_failure(fake, plan):
    program = fake(text="[ERROR] something\n" + DONE)
    _, found = ran(plan, program)
    assert [t.status for t in found.tasks] == [TuneStatus.SUCCESS] * 2


def test_a_hang_is_ended(fake, plan):
    program = fake(how="hang")
    with pytest.raises(WorkerCrashed, match="hangs"):
        ran(plan, program, ProgramLimits(wall_s=60, stall_s=0.5))


def test_files_are_watched_while_they_grow(tmp_path: Path):
    watch, path = ResultWatch(tmp_path), tmp_path / "aoe_result_opat_1.json"
    assert watch.operators() == 0
    text = shared("tools/aoe/aoe_result_opat_wholemodel.json").read_text()
    path.write_text(text)
    assert watch.operators() == 1
    path.write_text(text[:-30])
    assert watch.operators() == 1


def test_where_cann_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DIAG_AOE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ASCEND_HOME_PATH", str(tmp_path / "cann"))
    assert find_aoe() is None
    inside = fake_tools.install(tmp_path / "cann" / "tools" / "aoe" / "bin", "aoe", "")
    assert find_aoe() == inside


def tuned(job: TuneJob):
    *events, last = tune_here(job, Cancel())
    assert isinstance(last, Finished)
    return events, last.result


def test_without_aoe_the_plan_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DIAG_AOE", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for name in ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"):
        monkeypatch.delenv(name, raising=False)
    model = small_models.perceptron(tmp_path / "m.onnx")
    _, found = tuned(TuneJob(TunePlan(model, tmp_path / "out")))
    assert (found.ran, found.missing, found.verdict) == (False, "aoe (CANN)", Verdict.NOT_COMPARABLE)
    assert [f.code for f in found.findings] == ["PRF049"]
    assert (tmp_path / "out" / "tune.sh").is_file()
    assert len(found.commands) == 5


def test_recorded_results_and_a_configuration(tmp_path: Path):
    config = tmp_path / "c.ini"
    config.write_text('[ascend_context]\n# comment\naoe_mode="subgraph turing, operator tuning"\n')
    _, found = tuned(TuneJob(recorded=(shared("tools/aoe/aoe_result_opat_wholemodel.json"), config), version="2.0.0"))
    assert [f.code for f in found.findings] == ["PRF040", "PRF045", "PRF043", "PRF044"]
    assert found.verdict is Verdict.FAIL


def test_the_documents_own_configuration_is_right():
    _, found = tuned(TuneJob(recorded=(shared("tools/ini/seed_aoe.ini"),), version="2.3"))
    assert found.findings == ()


def _wrong(folder: Path) -> tuple[Path, Path, Path]:
    held = small_models.weights()
    model = small_models.perceptron(folder / "m.onnx", held=held)
    after = small_models.perceptron(folder / "after.onnx", held={**held, "w2": held["w2"] * 1.05})
    return model, Path(shutil.copy(model, folder / "before.onnx")), after


def test_a_tuned_model_that_lost_its_accuracy_is_a_failure(tmp_path: Path):
    model, before, after = _wrong(tmp_path)
    _, found = tuned(TuneJob(model=model, before=before, after=after, runs=10, out=tmp_path / "out"))
    codes = [f.code for f in found.findings]
    assert "PRF047" in codes
    assert [a.verdict for a in found.accuracy] == [Verdict.PASS, Verdict.FAIL]
    assert found.accuracy[0].error == 0
    assert found.bench is not None
    assert [m.runs for m in found.bench.models] == [10, 10]


def test_a_tuned_model_that_kept_it(tmp_path: Path):
    model, before, _ = _wrong(tmp_path)
    _, found = tuned(TuneJob(model=model, before=before, after=Path(shutil.copy(model, tmp_path / "b.onnx")), runs=10,
                             out=tmp_path / "out"))
    assert "PRF050" in [f.code for f in found.findings]
    assert found.verdict is not Verdict.FAIL


@pytest.fixture
def through_converter(fake, tmp_path, monkeypatch):
    """A fake converter_lite beside the fake aoe; gives the plan, and takes what it shall answer."""
    sample = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder" / "healthy"
    program = fake_tools.install(tmp_path / "bin", "converter_lite", fake_tools.REPLAY_CONVERTER)
    monkeypatch.setenv("DIAG_CONVERTER", str(program))

    def made(**fields):
        phrases = shared("tools/aoe/aoe_stdout_phrases.txt")
        fake(mindir=str(sample / "text_encoder.mindir"), stdout=str(phrases), **fields)
        return TunePlan(sample / "text_encoder.onnx", tmp_path / "out", shapes={"input_ids": (1, 77)})

    return made


def test_through_the_converter(through_converter):
    plan = through_converter(results=[str(shared("tools/aoe/aoe_result_opat_wholemodel.json"))])
    events, found = tuned(TuneJob(plan, runtime="reference", runs=6))
    assert found.ran
    assert [(t.name, t.operators[0].name) for t in found.tasks] == [("resnet50", "strided_slice_10")]
    assert [a.verdict for a in found.accuracy] == [Verdict.PASS, Verdict.PASS]
    assert {"PRF040", "PRF050"} <= {f.code for f in found.findings}
    assert "aoe_mode=subgraph tuning, operator tuning" in (plan.folder / "tune.ini").read_text()
    assert any(isinstance(e, Progress) and e.stage.startswith("Tuning while converting") for e in events)


def test_without_result_files_the_printed_output_tells(through_converter):
    plan = through_converter()
    _, found = tuned(TuneJob(plan, runtime="reference", runs=6))
    assert [(t.name, t.status) for t in found.tasks] == [("<task>", TuneStatus.SUCCESS)]


def test_a_conversion_that_fails_while_tuning(through_converter):
    plan = through_converter(fail=True)
    with pytest.raises(ToolFailed, match="conversion with tuning failed"):
        tuned(TuneJob(plan, runtime="reference"))


@pytest.mark.mslite
def test_the_whole_road_with_the_real_converter_and_runtime(fake, plan, mslite_spec: RuntimeSpec):
    fake(text=DONE, results=[str(shared("tools/aoe/aoe_result_opat_wholemodel.json"))])
    events, found = tuned(TuneJob(plan, runtime="mindspore-lite", runs=15))
    assert found.ran
    assert [a.verdict for a in found.accuracy] == [Verdict.PASS, Verdict.PASS]
    assert all(Path(a.path).suffix == ".mindir" for a in found.accuracy)
    assert found.bench is not None
    assert {m.runtime for m in found.bench.models} == {mslite_spec.name}
    assert len(found.tasks) == 2
    assert (plan.folder / "before.mindir").is_file()
    assert [f.code for f in found.findings].count("PRF040") == 2
    assert any(isinstance(e, Progress) and "without tuning" in e.stage for e in events)
