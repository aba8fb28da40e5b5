"""The comparison on real pairs: the shipped ones, and five submodels of a tiny diffusion pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from samples import shared

from diag.cancel import Cancel
from diag.compare.align.layout import arrange
from diag.compare.align.names import varying
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan, InputChoice
from diag.events import Finished, Partial
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR
from diag.rules.accuracy import examined
from diag.runtimes.interface import Array, RunOptions, Runtime, RuntimeSpec
from diag.runtimes.mindspore_lite import MindSporeLite
from diag.runtimes.reference import Reference
from diag.types.comparison import Comparison
from diag.types.layer import LayerResult, MappingKind, Role, Stage, Verdict
from diag.workspace.runs import RunFolder

SHIPPED = Path(__file__).resolve().parents[2] / "resources" / "samples" / "text_encoder"
TINY = ("safety_checker", "text_encoder", "unet", "vae_decoder", "vae_encoder")
CULPRIT = "/model/encoder/layers.0/layer_norm1/LayerNormalization"


def run(golden: Path, target: Path, out: Path, runtime: Runtime | None = None) -> tuple[Comparison, list[LayerResult]]:
    """The result, and the rows that came while it ran."""
    events = list(compare(ComparePlan(golden, target, out), runtime, Cancel()))
    last = events[-1]
    assert isinstance(last, Finished)
    return examined(last.result), [e.item for e in events if isinstance(e, Partial)]


def shipped(name: str, out: Path, runtime: Runtime | None = None) -> Comparison:
    return run(SHIPPED / name / "text_encoder.onnx", SHIPPED / name / "text_encoder.mindir", out, runtime)[0]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return shipped("healthy", tmp_path_factory.mktemp("healthy"))


@pytest.fixture(scope="module")
def defect(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return shipped("defect", tmp_path_factory.mktemp("defect"))


def test_the_healthy_pair_passes_without_a_culprit(healthy: Comparison) -> None:
    assert healthy.verdict is Verdict.PASS
    assert healthy.culprits == ()
    assert [o.verdict for o in healthy.outputs] == [Verdict.PASS] * 2
    assert {r.role for r in healthy.layers} <= {Role.CLEAN, Role.NOT_COMPARABLE}
    assert healthy.first_divergence is None
    assert not [f for f in healthy.findings if f.severity == "fail"]


def test_the_defect_is_named_with_its_reason(defect: Comparison) -> None:
    assert defect.verdict is Verdict.FAIL
    first = defect.culprits[0]
    assert first.golden_node == CULPRIT
    assert first.finding == "ACC011"
    assert first.stage is Stage.CONVERSION
    epsilon = first.differences[0]
    assert (epsilon.kind, epsilon.name, epsilon.target, epsilon.explains) == ("attribute", "epsilon", "0", True)
    assert float(epsilon.golden) == pytest.approx(1e-5)
    assert {c.finding for c in defect.culprits} == {"ACC011"}
    assert defect.findings[0].code == "ACC011"
    assert defect.first_divergence is not None
    assert defect.first_divergence[0] == CULPRIT
    injects = {r.golden_node for r in defect.layers if r.role is Role.INJECTS}
    assert CULPRIT in injects
    assert all("norm" in n.lower() for n in injects)
    assert sum(r.role is Role.INHERITS for r in defect.layers) > 40


@pytest.mark.parametrize("name", ["healthy", "defect"])
def test_rows_are_one_for_each_golden_tensor_in_running_order(name: str, request: pytest.FixtureRequest) -> None:
    found: Comparison = request.getfixturevalue(name)
    model = onnx.load(SHIPPED / name / "text_encoder.onnx")
    order = {o: i for i, node in enumerate(model.graph.node) for o in node.output}
    tensors = [r.golden_tensor for r in found.layers]
    assert len(set(tensors)) == len(tensors)
    assert [order[t] for t in tensors] == sorted(order[t] for t in tensors)
    assert [r.index for r in found.layers] == sorted(r.index for r in found.layers)
    reachable = varying_tensors(model)
    assert set(tensors) == reachable
    for r in found.layers:
        compared = r.target_tensor is not None
        assert compared == (r.mapping.kind is not MappingKind.NONE)
        assert compared or r.reason
        assert 0 <= r.mapping.confidence <= 1


def varying_tensors(model: onnx.ModelProto) -> set[str]:
    """Tensors that depend on the model's inputs: an own walk over the file."""
    live = {i.name for i in model.graph.input} - {w.name for w in model.graph.initializer}
    for node in model.graph.node:
        if live & set(node.input):
            live |= set(node.output)
    return live - {i.name for i in model.graph.input}


def test_rows_come_while_it_runs(tmp_path: Path) -> None:
    found, early = run(SHIPPED / "healthy" / "text_encoder.onnx", SHIPPED / "healthy" / "text_encoder.mindir", tmp_path)
    final = {r.golden_tensor: r for r in found.layers}
    assert len(early) >= 60
    assert {r.golden_tensor for r in early} <= set(final)
    assert all(final[r.golden_tensor].own_input == r.own_input for r in early)
    assert RunFolder.open(tmp_path).comparison().layers == found.layers


@pytest.mark.mslite
def test_the_real_runtime_agrees_with_the_reference(mslite_python: Path, defect: Comparison, tmp_path: Path) -> None:
    lite = MindSporeLite(RuntimeSpec("mindspore-lite", "2.0.0", mslite_python))
    well = shipped("healthy", tmp_path / "healthy", lite)
    assert (well.verdict, well.culprits) == (Verdict.PASS, ())
    broken = shipped("defect", tmp_path / "defect", lite)
    assert broken.verdict is Verdict.FAIL
    assert broken.target.runtime == "mindspore-lite"
    first = broken.culprits[0]
    assert (first.golden_node, first.finding, first.stage) == (CULPRIT, "ACC011", Stage.CONVERSION)
    assert {c.golden_node for c in broken.culprits} == {c.golden_node for c in defect.culprits}
    assert broken.checks["observer_effect"]["max_abs"] == 0
    named = {r.golden_tensor: r.target_tensor for r in broken.layers}
    assert named == {r.golden_tensor: r.target_tensor for r in defect.layers}


def golden_tensors(path: Path, feeds: dict[str, Array]) -> dict[str, Array]:
    """Every tensor of the ONNX, from a plain session of onnxruntime."""
    model = onnx.load(path)
    names = [o for node in model.graph.node if node.op_type != "Constant" for o in node.output if o]
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(names, feeds), strict=True))


@pytest.mark.parametrize("name", [*TINY, "shipped"])
def test_tensors_are_mapped_and_mapped_right(name: str, tmp_path: Path) -> None:
    onnx_file, mindir = (SHIPPED / "healthy" / "text_encoder.onnx", SHIPPED / "healthy" / "text_encoder.mindir") \
        if name == "shipped" else (shared(f"diffusion/tiny/onnx/{name}/model.onnx"),
                                   shared(f"diffusion/tiny/mindir/{name}.mindir"))
    shapes = _shapes(onnx_file, mindir)
    plan = ComparePlan(onnx_file, mindir, tmp_path, InputChoice(shapes=shapes))
    *_, last = compare(plan, None, Cancel())
    assert isinstance(last, Finished)
    found: Comparison = last.result
    assert (found.verdict, found.culprits) == (Verdict.PASS, ())

    graph = MINDIR.read(mindir, ReadOptions())
    live = varying(graph)
    floats = {v for node in graph.nodes for v in node.outputs if v in live and graph.info(v).dtype.is_float}
    lost = {u.tensor for u in found.unmatched_target} & floats
    assert len(lost) <= 0.02 * len(floats), lost

    with np.load(tmp_path / "inputs.npz") as archive:
        feeds = {n: archive[n] for n in archive.files}
    golden = golden_tensors(onnx_file, feeds)
    with Reference().open(mindir, RunOptions(), Cancel()) as session:
        wanted = {i.name for i in session.inputs}
        target = session.observe({n: a for n, a in feeds.items() if n in wanted}, sorted(live), Cancel())
    rows = [r for r in found.layers if r.target_tensor is not None]
    assert len(rows) >= 0.9 * len(floats)
    wrong = [(r.golden_tensor, r.target_node, r.mapping.kind.value) for r in rows
             if not _agree(golden[r.golden_tensor], target[r.target_tensor or ""], r)]
    assert wrong == []


def _agree(golden: Array, target: Array, row: LayerResult) -> bool:
    if golden.size != target.size:
        return False
    moved = arrange(golden, row.mapping.layout, target.shape)
    if golden.dtype.kind != "f":
        return bool(np.array_equal(moved, target))
    ordinary = np.abs(moved) < 1e30
    gap = np.linalg.norm((moved - target)[ordinary])
    return bool(gap <= 1e-3 * max(float(np.linalg.norm(moved[ordinary])), 1e-12))


def _shapes(onnx_file: Path, mindir: Path) -> dict[str, tuple[int, ...]]:
    """The sizes that the MindIR was converted for, where the ONNX leaves them open."""
    graph = MINDIR.read(mindir, ReadOptions())
    known = {n: i.static_shape for n, i in zip(graph.input_names, graph.inputs, strict=True)}
    open_ = {i.name for i in onnx.load(onnx_file, load_external_data=False).graph.input
             if any(not d.HasField("dim_value") for d in i.type.tensor_type.shape.dim)}
    return {n: shape for n, shape in known.items() if shape is not None and n in open_}
