"""What the preflight expects of a model is what happens: on whole models that were converted and run.

ONNX's older whole models were measured with the real converter and runtime, and are no evidence of the preflight,
which only knows single nodes. The corpus' families and natural defects are made here anew; their truth is known.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from corpus.families import FAMILIES
from corpus.naturals import NATURALS
from onnx import helper
from samples import shared
from small_models import save, value

from diag.cancel import Cancel
from diag.compare.plan import InputChoice
from diag.errors import Cancelled
from diag.events import Progress
from diag.lint.engine import lint
from diag.lint.plan import LintPlan
from diag.runtimes.conformance import load_cases, table
from diag.types.lint import Lint

SUBMODELS = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "safety_checker")


def expected(path: Path, inputs: Path | None = None, **options: object) -> Lint:
    *_, last = lint(LintPlan(path, inputs=InputChoice(inputs), **options), Cancel())
    return last.result


def made(build, name: str, folder: Path, seed: int) -> Lint:
    example = build(np.random.default_rng([seed, zlib.crc32(name.encode())]))
    folder.mkdir()
    onnx.save(example.model, folder / "m.onnx")
    np.savez(folder / "in.npz", **example.feeds)
    return expected(folder / "m.onnx", folder / "in.npz")


def test_a_cancel_is_none_of_the_models_troubles(tmp_path):
    """The model is run only for known defects that its data decide, as of Cos."""
    nodes = [helper.make_node("Cos", ["x"], ["y"])]
    save(tmp_path / "m.onnx", nodes, [value("x", [2, 3])], [value("y", [2, 3])])
    cancel = Cancel()
    events = lint(LintPlan(tmp_path / "m.onnx"), cancel)
    assert any(isinstance(e, Progress) and e.stage == "Looking at the data of known defects" for e in events)
    cancel.set()
    with pytest.raises(Cancelled):
        next(events)


def test_older_whole_models_do_what_is_expected(tmp_path):
    found = table()
    truth = {r.key: r for r in found.results if r.kind == "model"}
    good = exact = total = 0
    for case in load_cases((), ("model",)):
        path = tmp_path / "m.onnx"
        onnx.save(case.model, path)
        result = truth[case.key]
        actual = result.reached if not result.run else "right" if result.right else "wrong"
        told = expected(path, _saved(case, tmp_path / "in.npz")).outcome
        total += 1
        good += (told == "right") == (actual == "right")
        exact += told == actual
    print(f"older models: {good}/{total} as expected, {exact}/{total} in the very stage")
    assert total >= 134
    assert good / total >= 0.95
    assert exact / total >= 0.95


def _saved(case, path: Path) -> Path:
    np.savez(path, **dict(case.inputs))
    return path


def test_families_of_the_corpus_are_expected_to_be_right(tmp_path):
    told = {name: made(build, name, tmp_path / name, 20261125).outcome for name, build in FAMILIES.items()}
    assert {n for n, o in told.items() if o != "right"} == set()


@pytest.mark.parametrize("name", list(NATURALS))
def test_natural_defects_are_expected_where_they_are(name, tmp_path):
    natural = NATURALS[name]
    told = made(natural.build, name, tmp_path / name, 20261125)
    bad = [n for n in told.nodes if n.outcome != "right"]
    assert told.outcome == "wrong"
    assert natural.node in [n.node for n in bad]
    assert all(n.rewrites for n in bad), "each has a rewrite that avoids it"


def test_the_opset_17_sample(tmp_path):
    folder = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder"
    healthy = expected(folder / "healthy" / "text_encoder.onnx")
    assert healthy.outcome == "right"
    assert healthy.rewrites == ()
    told = expected(folder / "defect" / "text_encoder.onnx", apply=("all",), output=tmp_path / "r.onnx")
    assert told.outcome == "wrong"
    assert [(o.name, o.applied) for o in told.rewrites] == [("layer_norm_decomposed", True)]
    assert told.written == str(tmp_path / "r.onnx")
    assert told.rewrites[0].error <= 1e-6
    assert expected(tmp_path / "r.onnx").outcome == "right"


@pytest.mark.parametrize("name", SUBMODELS)
def test_the_five_submodels_run_and_are_right(name):
    told = expected(shared(f"diffusion/tiny/onnx/{name}/model.onnx"))
    assert told.outcome == "right", [(n.node, n.outcome) for n in told.nodes if n.outcome != "right"]


@pytest.mark.mslite
def test_unknown_forms_are_measured_on_the_real_converter(tmp_path, mslite_spec):
    from onnx import helper
    from small_models import save, value

    nodes = [helper.make_node("Relu", ["x"], ["a"], "relu"),
             helper.make_node("Resize", ["a", "", "scales"], ["b"], "resize", mode="cubic",
                              coordinate_transformation_mode="half_pixel", cubic_coeff_a=-0.6),
             helper.make_node("GlobalAveragePool", ["b"], ["y"], "pool")]
    held = {"scales": np.array([1, 1, 1.5, 1.5], np.float32)}
    path = save(tmp_path / "m.onnx", nodes, [value("x", (1, 2, 4, 4, ))], [value("y", (1, 2, 1, 1))], held, opset=14)
    told = expected(path, measure=mslite_spec)
    assert told.measured >= 0
    forced = expected(path)
    assert {n.node for n in forced.nodes} == {"relu", "resize", "pool"}
    assert next(n for n in told.nodes if n.node == "resize").outcome == "wrong"
