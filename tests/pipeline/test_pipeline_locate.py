"""The search in the reference runtime and onnxruntime: going on, stopping, memory, masks, chains, what fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from pipeline_samples import DEFECT, HEALTHY, SUBMODELS, named, onnx_of, planted, search, spec_with
from small_models import save, value

from diag.cancel import Cancel
from diag.errors import Cancelled, RuntimeUnavailable, ToolFailed, UsageError
from diag.events import Event, Finished, Partial
from diag.pipeline.locate import locate
from diag.pipeline.models import Pool, Side, look
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.spec import load
from diag.runtimes.interface import RuntimeSpec
from diag.types.layer import Verdict
from diag.types.pipeline import PipelineKind, PipelineSpec, Submodel, SwapKind, SwapRun
from diag.workspace.pipelines import PipelineFolder, run_name


def runs_of(events: Iterator[Event]) -> Iterator[SwapRun]:
    for event in events:
        if isinstance(event, Partial):
            yield event.item


def plan(spec: PipelineSpec, out: Path, **options: object) -> PipelinePlan:
    return PipelinePlan(spec, out, "reference", layers=False, **options)  # type: ignore[arg-type]


def test_the_story_of_the_shipped_pipeline(tmp_path: Path) -> None:
    found = search(load(DEFECT), tmp_path / "run", runtime="reference")
    assert (found.verdict, named(found)) == (Verdict.FAIL, ["text_encoder"])
    culprit = found.culprits[0]
    assert culprit.layer is not None
    assert (culprit.layer.finding, culprit.layer.golden_node) == (
        "ACC011", "/text_model/encoder/layers.0/layer_norm1/LayerNormalization")
    assert [f.code for f in found.findings] == ["PIP001", "ACC011"]
    assert culprit.score > 1000
    without = next(r for r in found.runs if r.kind is SwapKind.LEAVE_ONE_OUT and "text_encoder" not in r.swapped)
    assert without.verdict is Verdict.PASS
    assert all(r.verdict is Verdict.FAIL for r in found.runs if "text_encoder" in r.swapped)
    assert len(found.steps) == 8
    assert all(s.teacher_forced is not None for s in found.steps)
    # A wrong text encoder is wrong in each step: what one step adds is no small share of the whole.
    assert max(s.teacher_forced.rel_l2 for s in found.steps if s.teacher_forced) > 0.1 * found.steps[-1].latents.rel_l2


def test_the_run_folder_holds_what_its_layout_says(tmp_path: Path) -> None:
    found = search(load(DEFECT), tmp_path / "run", runtime="reference")
    folder = PipelineFolder.open(tmp_path / "run")
    again = folder.diagnosis()
    assert (again.verdict, named(again), len(again.runs)) == (found.verdict, named(found), len(found.runs))
    assert [f.code for f in again.findings] == [f.code for f in found.findings]
    golden, wrong = folder.picture("golden"), folder.picture("only-text_encoder")
    assert golden is not None
    assert wrong is not None
    assert golden.shape == wrong.shape == (192, 192, 3)
    gap = float(-10 * np.log10(((golden - wrong) ** 2).mean()))
    assert gap == pytest.approx(next(r for r in found.runs if r.swapped == ("text_encoder",)).image.psnr, abs=0.01)
    assert [a.shape for a in folder.latents("golden")] == [(1, 4, 24, 24)] * 8
    for run in found.runs:
        assert (folder.path / run.picture).is_file()
    fed = np.load(folder.boundary("unet", 3))
    assert set(fed.files) == {"sample", "timestep", "encoder_hidden_states"}
    answered = np.load(folder.path / "boundary" / "unet-003.out.npz")
    assert answered["out_sample"].shape == (2, 4, 24, 24)
    assert (folder.layers("text_encoder") / "comparison.json").is_file()
    assert not list(folder.path.rglob("*.tmp"))


def test_finished_swaps_are_not_run_again_and_a_new_mindir_costs_only_its_own(tmp_path: Path) -> None:
    spec = spec_with({"vae_decoder": onnx_of("vae_decoder")})
    first = search(spec, tmp_path / "run", runtime="", specs=(), layers=False)
    again = search(spec, tmp_path / "run", runtime="", specs=(), layers=False)
    assert [r.seconds for r in again.runs[1:]] == [r.seconds for r in first.runs[1:]]
    assert [s.golden_ms > 0 for s in again.submodels] == [True] * 5, "times are remembered, too"
    wrong = planted("vae_decoder", "decoder.conv_out.weight", lambda a: a * np.float32(1.05), tmp_path / "w.onnx")
    third = search(spec_with({"vae_decoder": wrong}), tmp_path / "run", runtime="", specs=(), layers=False)
    assert named(third) == ["vae_decoder"]
    for old, new in zip(first.runs[1:], third.runs[1:], strict=True):
        assert (old.seconds == new.seconds) == ("vae_decoder" not in new.swapped), new.swapped
    fresh = search(spec, tmp_path / "run", layers=False, fresh=True)
    assert all(a.seconds != b.seconds for a, b in zip(first.runs[1:], fresh.runs[1:], strict=True))


def test_a_search_that_was_stopped_goes_on(tmp_path: Path) -> None:
    events = locate(plan(load(DEFECT), tmp_path / "run"), [], Cancel())
    seen = [run for _, run in zip(range(5), runs_of(events), strict=False)]
    events.close()  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="stopped before its end"):
        PipelineFolder.open(tmp_path / "run").diagnosis()
    *rest, last = locate(plan(load(DEFECT), tmp_path / "run"), [], Cancel())
    assert isinstance(last, Finished)
    assert [r.seconds for r in last.result.runs[1:5]] == [r.seconds for r in seen[1:]]
    assert named(last.result) == ["text_encoder"]
    assert len(list(runs_of(iter(rest)))) == 13


def test_cancel_ends_it_within_a_second(tmp_path: Path) -> None:
    cancel = Cancel()
    started: list[float] = []

    def stop() -> None:
        started.append(time.monotonic())
        cancel.set()

    def watched() -> None:
        for number, event in enumerate(locate(plan(load(HEALTHY), tmp_path / "run"), [], cancel)):
            assert not isinstance(event, Finished)
            if number == 12:
                threading.Thread(target=stop).start()

    with pytest.raises(Cancelled):
        watched()
    assert time.monotonic() - started[0] < 1


def test_memory_stays_under_the_budget_and_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    spec = load(HEALTHY)
    models = look(spec, [], tmp_path, "reference")
    need = {name: 2 * Path(m.spec.onnx).stat().st_size for name, m in models.items()}
    budget = need["text_encoder"] + need["unet"]
    with Pool(models, budget, 1, 1, Cancel()) as pool:
        for name in ("text_encoder", "unet", "text_encoder", "safety_checker", "text_encoder", "unet"):
            pool.get(name, Side.GOLDEN)
        assert pool.loads == {("text_encoder", Side.GOLDEN): 1, ("unet", Side.GOLDEN): 2,
                              ("safety_checker", Side.GOLDEN): 1}
        assert pool.held <= budget
    small = search(spec, tmp_path / "run", runtime="reference", layers=False, budget=max(need.values()) + 1)
    assert (small.verdict, len(small.runs)) == (Verdict.PASS, 13)


def test_a_whole_search_loads_each_model_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[Pool] = []
    close = Pool.close
    monkeypatch.setattr(Pool, "close", lambda self: (pools.append(self), close(self))[1])
    search(load(HEALTHY), tmp_path / "run", runtime="reference", layers=False)
    assert set(pools[0].loads) == {(name, side) for name in SUBMODELS for side in Side}
    assert set(pools[0].loads.values()) == {1}


def scaled(path: Path, factor: float, name: str = "scale") -> Path:
    """y = factor · x + 1."""
    weights = {"f": np.array(factor, np.float32), "one": np.array(1, np.float32)}
    nodes = [helper.make_node("Mul", ["x", "f"], ["scaled"], name), helper.make_node("Add", ["scaled", "one"], ["y"])]
    return save(path, nodes, [value("x", (2, 3))], [value("y", (2, 3))], weights)


def halved(path: Path, factor: float) -> Path:
    """z = factor · (y - 1), the way back."""
    weights = {"f": np.array(factor, np.float32), "one": np.array(1, np.float32)}
    nodes = [helper.make_node("Sub", ["y", "one"], ["less"]), helper.make_node("Mul", ["less", "f"], ["z"], "back")]
    return save(path, nodes, [value("y", (2, 3))], [value("z", (2, 3))], weights)


def chain(tmp_path: Path, first: float, second: float, **changes: object) -> PipelineSpec:
    """Two models in a row, golden 2 and 0.5; targets with these factors."""
    models = (Submodel("up", str(scaled(tmp_path / "up.onnx", 2.0)), str(scaled(tmp_path / "up-t.onnx", first))),
              Submodel("down", str(halved(tmp_path / "down.onnx", 0.5)), str(halved(tmp_path / "down-t.onnx", second))))
    return replace(PipelineSpec(PipelineKind.CHAIN, models), **changes)  # type: ignore[arg-type]


def test_a_chain_of_any_models_is_located(tmp_path: Path) -> None:
    found = search(chain(tmp_path, 2.0, 0.6), tmp_path / "run")
    assert named(found) == ["down"]
    assert found.culprits[0].layer is not None
    assert found.culprits[0].layer.golden_node == "back"
    run = next(r for r in found.runs if r.swapped == ("down",))
    assert run.outputs["down.z"].rel_l2 == pytest.approx(0.2, rel=1e-3)
    assert search(chain(tmp_path, 2.0, 0.5), tmp_path / "right").verdict is Verdict.PASS


def test_two_faults_that_mask_each_other_are_said_as_such(tmp_path: Path) -> None:
    found = search(chain(tmp_path, 4.0, 0.25), tmp_path / "run")
    assert set(named(found)) == {"up", "down"}
    assert found.masked == (("up", "down"),)
    assert "PIP006" in {f.code for f in found.findings}
    together = next(r for r in found.runs if r.kind is SwapKind.PAIR)
    assert together.outputs["down.z"].rel_l2 < 1e-6
    not_masked = search(chain(tmp_path, 4.0, 0.6), tmp_path / "other")
    assert set(named(not_masked)) == {"up", "down"}
    assert not_masked.masked == ()


def test_a_chain_is_wired_by_names_and_takes_given_arrays(tmp_path: Path) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.savez(tmp_path / "in.npz", start=x)
    spec = chain(tmp_path, 2.0, 0.5, arrays=str(tmp_path / "in.npz"), outputs=("down.z", "up.y"))
    up, down = spec.submodels
    spec = replace(spec, submodels=(replace(up, inputs={"x": "input:start"}), replace(down, inputs={"y": "up.y"})))
    search(spec, tmp_path / "run")
    fed = np.load(tmp_path / "run" / "boundary" / "down-000.npz")
    np.testing.assert_array_equal(fed["y"], 2 * x + 1)


@pytest.mark.parametrize(("change", "message", "hint"), [
    ({"inputs": {"y": "up.yy"}}, "down: nothing gives 'up.yy' for its input 'y'", "Did you mean 'up.y'?"),
    ({"inputs": {"yy": "up.y"}}, "down has no input 'yy'", "Did you mean 'y'?"),
])
def test_wrong_wires_are_said(tmp_path: Path, change: dict[str, dict[str, str]], message: str, hint: str) -> None:
    spec = chain(tmp_path, 2.0, 0.5)
    with pytest.raises(UsageError) as caught:
        search(replace(spec, submodels=(spec.submodels[0], replace(spec.submodels[1], **change))), tmp_path / "run")
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_wrong_arrays_and_outputs_of_a_chain_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing gives 'down.zz'"):
        search(chain(tmp_path, 2.0, 0.5, outputs=("down.zz",)), tmp_path / "a")
    np.savez(tmp_path / "in.npz", xx=np.zeros((2, 3), np.float32))
    with pytest.raises(UsageError, match="an array 'xx' that the chain does not want"):
        search(chain(tmp_path, 2.0, 0.5, arrays=str(tmp_path / "in.npz")), tmp_path / "b")
    np.savez(tmp_path / "in.npz", x=np.zeros((2, 4), np.float32))
    with pytest.raises(UsageError, match="up got its input 'x' with another shape") as caught:
        search(chain(tmp_path, 2.0, 0.5, arrays=str(tmp_path / "in.npz")), tmp_path / "c")
    assert caught.value.where == "expected: float32[2, 3]; given: float32[2, 4]"


def test_nothing_to_swap_and_a_missing_runtime_are_said(tmp_path: Path) -> None:
    spec = load(HEALTHY)
    bare = replace(spec, submodels=tuple(replace(s, mindir="") for s in spec.submodels))
    with pytest.raises(UsageError, match="there is nothing to swap"):
        search(bare, tmp_path / "run")
    with pytest.raises(RuntimeUnavailable):
        search(spec, tmp_path / "run", runtime="mindspore-lite")


def test_a_submodel_without_a_mindir_is_left_out_and_said(tmp_path: Path) -> None:
    spec = load(HEALTHY)
    spec = replace(spec, submodels=tuple(replace(s, mindir="") if s.name == "unet" else s for s in spec.submodels))
    found = search(spec, tmp_path / "run", runtime="reference", layers=False)
    assert found.verdict is Verdict.PASS
    assert [(f.code, f.subject) for f in found.findings] == [("PIP009", "unet")]
    assert all("unet" not in r.swapped for r in found.runs)


def test_a_target_with_other_inputs_or_outputs_is_a_finding(tmp_path: Path) -> None:
    found = search(spec_with({"vae_decoder": onnx_of("text_encoder")}), tmp_path / "run", runtime="")
    failed = next(s for s in found.submodels if s.name == "vae_decoder")
    assert failed.error_finding is not None
    assert failed.error_finding.values["reason"] == (
        "vae_decoder wants the input 'input_ids', and the pipeline does not give it")
    assert {r.verdict for r in found.runs if "vae_decoder" not in r.swapped} == {Verdict.PASS}


def test_an_original_that_does_not_run_ends_the_search(tmp_path: Path) -> None:
    """A shape that only fails when it runs: exit 4, and the submodel is told."""
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"], "reshape")]
    bad = save(tmp_path / "bad.onnx", nodes, [value("x", (2, 3))], [value("y", ("n",))],
               {"shape": np.array([5], np.int64)})
    spec = PipelineSpec(PipelineKind.CHAIN, (Submodel("up", str(bad), str(scaled(tmp_path / "t.onnx", 2.0))),))
    with pytest.raises(ToolFailed, match="onnxruntime"):
        search(spec, tmp_path / "run")


def test_the_picture_before_the_safety_checker_is_judged_where_it_blacks_out(tmp_path: Path) -> None:
    """Two black pictures are equal, whatever went wrong."""
    strict = planted("safety_checker", "concept_embeds_weights", lambda a: a - 5, tmp_path / "strict.onnx")
    spec = spec_with({"safety_checker": strict, "vae_decoder": planted(
        "vae_decoder", "decoder.conv_out.weight", lambda a: a * np.float32(1.2), tmp_path / "wrong.onnx")})
    spec = replace(spec, submodels=tuple(replace(s, onnx=str(strict)) if s.name == "safety_checker" else s
                                         for s in spec.submodels))
    found = search(spec, tmp_path / "run", runtime="", layers=False)
    assert found.flagged
    assert named(found) == ["vae_decoder"]
    run = next(r for r in found.runs if r.swapped == ("vae_decoder",))
    assert run.image is not None
    assert run.image.psnr < 60
    assert "PIP014" in {f.code for f in found.findings}


def test_a_safety_checker_that_decides_otherwise_fails(tmp_path: Path) -> None:
    strict = planted("safety_checker", "concept_embeds_weights", lambda a: a - 5, tmp_path / "strict.onnx")
    found = search(spec_with({"safety_checker": strict}), tmp_path / "run", runtime="")
    assert named(found) == ["safety_checker"]
    run = next(r for r in found.runs if r.swapped == ("safety_checker",))
    assert (run.verdict, run.reason) == (Verdict.FAIL, "the safety checker says unsafe, in the golden run safe")
    assert found.culprits[0].layer is not None
    assert found.culprits[0].layer.golden_node == "/concepts/Sub"


def test_names_of_runs() -> None:
    assert run_name(SwapKind.LEAVE_ONE_OUT, ("a", "c"), ("a", "b", "c")) == "all-but-b"
    assert run_name(SwapKind.PAIR, ("a", "b"), ("a", "b")) == "pair-a-b"
    assert run_name(SwapKind.ALL, ("a", "b"), ("a", "b")) == "all"
    assert run_name(SwapKind.SINGLE, ("a",), ()) == "only-a"


def test_two_searches_do_not_write_into_one_folder(tmp_path: Path) -> None:
    first = locate(plan(load(HEALTHY), tmp_path / "run"), [], Cancel())
    for _ in zip(range(3), first, strict=False):
        pass
    with pytest.raises(UsageError, match="Another search is writing into this folder"):
        search(load(HEALTHY), tmp_path / "run", runtime="reference")
    first.close()  # type: ignore[attr-defined]
    assert search(load(HEALTHY), tmp_path / "run", runtime="reference", layers=False).verdict is Verdict.PASS


def test_a_target_that_is_said_to_compute_in_float16_is_judged_so(tmp_path: Path) -> None:
    """Weights rounded to float16: wrong for float32, the usual thing for float16."""
    rounded = {"unet": planted("unet", "conv_out.weight", lambda a: a.astype(np.float16), tmp_path / "m.onnx")}
    plain = search(spec_with(rounded), tmp_path / "plain", runtime="", layers=False)
    assert next(s for s in plain.submodels if s.name == "unet").verdict is not Verdict.PASS
    spec = spec_with(rounded)
    spec = replace(spec, submodels=tuple(replace(s, dtype="float16") for s in spec.submodels))
    half = search(spec, tmp_path / "half", runtime="", layers=False)
    assert half.verdict is Verdict.PASS


def test_a_runtime_that_crashes_on_one_submodel_is_a_finding(tmp_path: Path) -> None:
    """A worker that dies by a signal: its submodel is told, its log is kept, the other swaps have their results."""
    python = tmp_path / "python3.7"
    python.write_text("#!/bin/sh\necho native code says goodbye >&2\nkill -SEGV $$\n")
    python.chmod(0o755)
    crashing = RuntimeSpec("mindspore-lite", "2.0.0", python)
    spec = load(HEALTHY)
    spec = replace(spec, submodels=tuple(
        replace(s, runtime="mindspore-lite" if s.name == "unet" else "reference") for s in spec.submodels))
    found = search(spec, tmp_path / "run", [crashing], layers=False)
    unet = next(s for s in found.submodels if s.name == "unet")
    assert unet.error_finding is not None
    assert "SIGSEGV" in unet.reason
    assert unet.verdict is Verdict.FAIL
    assert (found.verdict, named(found)) == (Verdict.FAIL, [])
    assert [f.code for f in found.findings if f.severity == "fail"] == ["PIP003"]
    assert sum(r.error is None for r in found.runs) == 2 + 4 + 4 + 1
    assert all("unet" not in r.swapped for r in found.runs if r.error is None)


def test_a_target_that_answers_in_float16_is_judged_so_and_the_loop_goes_on_in_float32(tmp_path: Path) -> None:
    model = onnx.load(str(onnx_of("vae_encoder")))
    name = model.graph.output[0].name
    for node in model.graph.node:
        node.output[:] = ["wide" if o == name else o for o in node.output]
    model.graph.node.append(helper.make_node("Cast", ["wide"], [name], "/narrow", to=onnx.TensorProto.FLOAT16))
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    onnx.save(model, str(tmp_path / "half.onnx"))
    found = search(spec_with({"vae_encoder": tmp_path / "half.onnx"}), tmp_path / "run", layers=False)
    encoder = next(s for s in found.submodels if s.name == "vae_encoder")
    assert (found.verdict, encoder.verdict) == (Verdict.PASS, Verdict.PASS)
    assert 1e-4 < encoder.error < 1e-3, "an error that would fail in float32"
    assert encoder.outputs["latent_sample"].nr == pytest.approx(1, abs=0.05), "storing it once, no more"
    run = next(r for r in found.runs if r.swapped == ("vae_encoder",))
    assert run.image is not None
    assert run.image.psnr > 50
