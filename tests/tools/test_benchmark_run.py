"""The program ``benchmark``: found, called with the right words, believed only when everything says success."""

from __future__ import annotations

import json
from pathlib import Path

import fake_tools
import pytest
from samples import shared

from diag.cancel import Cancel
from diag.errors import Cancelled, RuntimeUnavailable, ToolFailed, UsageError, WorkerCrashed
from diag.events import Finished, Progress
from diag.perf.pairing import ratio
from diag.tools.benchmark import BenchmarkCall, command
from diag.tools.benchmark.run import ToolPlan, find_benchmark, measure_with_tool
from diag.tools.program import ProgramLimits

GOOD = ("Model = MODEL, NumThreads = 1, MinRunTime = 1.5 ms, MaxRuntime = 3 ms, AvgRunTime = {avg} ms\n"
        "Run Benchmark MODEL Success.\n")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs the fake; call it with what it shall answer."""
    program = fake_tools.install(tmp_path / "bin", "benchmark", fake_tools.REPLAY_BENCHMARK)
    monkeypatch.setenv("FAKE_ANSWER", str(tmp_path / "answer.json"))
    monkeypatch.setenv("DIAG_BENCHMARK", str(program))

    def answer(**fields):
        (tmp_path / "answer.json").write_text(json.dumps(fields))
        return program

    return answer


def models(folder: Path, count: int = 1) -> tuple[Path, ...]:
    paths = tuple(folder / f"m{i}.mindir" for i in range(count))
    for path in paths:
        path.write_bytes(b"model")
    return paths


def measured(program: Path, plan: ToolPlan):
    *events, last = measure_with_tool(program, plan, Cancel())
    assert isinstance(last, Finished)
    return events, last.result


def test_recorded_output_is_replayed_byte_for_byte(fake, tmp_path):
    program = fake(stdout=str(shared("tools/benchmark/perf_mobilenetv2_full_stdout.txt")))
    _, (series,) = measured(program, ToolPlan(models(tmp_path), tmp_path / "out", rounds=2, loops=7, warmup=1,
                                              threads=3))
    assert series.samples_ms == (7.291, 7.291)
    assert (series.batch, series.clock, series.runtime) == (7, "tool", "benchmark")
    kept = (tmp_path / "out" / "1-1" / "stdout.txt").read_bytes()
    assert kept == shared("tools/benchmark/perf_mobilenetv2_full_stdout.txt").read_bytes()
    given = json.loads((tmp_path / "out" / "1-1" / "args.json").read_text())
    assert given == [f"--modelFile={tmp_path / 'm0.mindir'}", "--device=CPU", "--loopCount=7", "--warmUpLoopCount=1",
                     "--numThreads=3"]


def test_two_models_take_turns_and_can_be_compared(fake, tmp_path):
    program = fake(text=GOOD.format(avg=2.0))
    events, (a, b) = measured(program, ToolPlan(models(tmp_path, 2), tmp_path / "out", rounds=6))
    stages = [e.stage for e in events if isinstance(e, Progress)]
    assert stages[:4] == ["benchmark m0.mindir", "benchmark m1.mindir", "benchmark m1.mindir", "benchmark m0.mindir"]
    found = ratio(a, b)
    assert (found.method, found.ratio, found.different, found.rounds) == ("rounds", 1.0, False, 6)


@pytest.mark.parametrize(("answer", "said"), [
    ({"code": 255, "stderr": "Input binary file size error, required: 4, in fact: 8\n"}, "file size error"),
    ({"code": 0, "text": "Run Benchmark MODEL Failed : -1\n"}, "it ended with -1"),
    ({"code": 0, "text": "Running benchmark loops...\n"}, "it said nothing of times"),
    ({"code": 3, "text": GOOD.format(avg=1)}, "exit code 3"),
    ({"how": "crash", "text": GOOD.format(avg=1)}, "SIGSEGV"),
    ({"code": 0, "text": GOOD.format(avg=1) + "ms_model_.Build failed while running \n"}, "ms_model_.Build failed"),
])
def test_whatever_goes_wrong_is_no_measurement(fake, tmp_path, answer, said):
    program = fake(**answer)
    with pytest.raises(ToolFailed, match=r"failed on m0\.mindir") as caught:
        measured(program, ToolPlan(models(tmp_path), tmp_path / "out"))
    assert said in caught.value.message
    assert caught.value.log is not None
    assert caught.value.log.is_file()


def test_error_lines_do_not_make_a_failure_of_a_success(fake, tmp_path):
    error = "[ERROR] LITE(1,7f,benchmark):2025-01-01-00:00:00.000.000 [a.cc:1] f] x\n"
    program = fake(text=GOOD.format(avg=4.5), stderr=error)
    _, (series,) = measured(program, ToolPlan(models(tmp_path), tmp_path / "out", rounds=1))
    assert series.mean_ms == 4.5


def test_a_hang_is_ended(fake, tmp_path):
    program = fake(how="hang")
    plan = ToolPlan(models(tmp_path), tmp_path / "out", limits=ProgramLimits(wall_s=60, stall_s=0.5))
    with pytest.raises(WorkerCrashed, match="hangs"):
        measured(program, plan)
    with pytest.raises(WorkerCrashed, match="did not end within"):
        measured(program, ToolPlan(models(tmp_path), tmp_path / "out", limits=ProgramLimits(wall_s=0.5)))


def test_cancel_ends_it_at_once(fake, tmp_path):
    program = fake(how="hang", text="started\n")
    cancel = Cancel()
    events = measure_with_tool(program, ToolPlan(models(tmp_path), tmp_path / "out"), cancel)
    next(events)
    next(events)
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)


def test_a_program_of_the_same_name_is_not_it(tmp_path, monkeypatch):
    fake_tools.install(tmp_path, "benchmark", "#!/bin/sh\necho something else\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DIAG_BENCHMARK", raising=False)
    monkeypatch.delenv("LITE_HOME", raising=False)
    with pytest.raises(RuntimeUnavailable) as caught:
        find_benchmark()
    assert caught.value.exit_code == 3
    assert "--import" in caught.value.hint


def test_the_release_in_lite_home_and_one_on_path_are_found(tmp_path, monkeypatch):
    monkeypatch.delenv("DIAG_BENCHMARK", raising=False)
    inside = fake_tools.install(tmp_path / "home" / "tools" / "benchmark", "benchmark", "")
    monkeypatch.setenv("LITE_HOME", str(tmp_path / "home"))
    assert find_benchmark() == inside
    monkeypatch.delenv("LITE_HOME")
    on_path = fake_tools.install(tmp_path / "bin", "benchmark", fake_tools.REPLAY_BENCHMARK)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_benchmark() == on_path


def test_command_lines():
    call = BenchmarkCall(Path("m.mindir"), "Ascend", {"a:0": (1, 77), "b": (2,)},
                         {"loopCount": "10", "enableFp16": "true"})
    assert command("benchmark", call, (2, 7)) == [
        "benchmark", "--modelFile=m.mindir", "--device=Ascend", "--inputShape=a:0:1,77;b:2", "--enableFp16=true"]
    assert "--inputShapes=1,77:2" in command("benchmark", call, (2, 0))
    with pytest.raises(UsageError, match="no flag 'loopcount'") as caught:
        command("benchmark", BenchmarkCall(Path("m"), flags={"loopcount": "1"}))
    assert caught.value.hint == "Did you mean 'loopCount'?"
    with pytest.raises(UsageError, match=r"before 2\.7"):
        command("benchmark", BenchmarkCall(Path("m"), flags={"inputShape": "x:1"}), (2, 0))
    with pytest.raises(UsageError, match="no device 'TPU'"):
        command("benchmark", BenchmarkCall(Path("m"), "TPU"))
