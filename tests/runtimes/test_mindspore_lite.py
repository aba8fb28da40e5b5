"""The real MindSpore Lite 2.0.0 passes the contract of runtimes, and what is special to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from contract.runtime_contract import WorkerContract, inputs_by_value, same
from onnx import TensorProto, helper, numpy_helper
from samples import shared

from diag.cancel import Cancel
from diag.errors import FormatError, RuntimeUnavailable, ToolFailed, UsageError, WorkerCrashed
from diag.events import Finished, Progress
from diag.runtimes.interface import RunOptions, RuntimeSpec
from diag.runtimes.mindir_session import MindIRSession
from diag.runtimes.mindspore_lite import MindSporeLite
from diag.runtimes.mindspore_lite.convert import ConvertPlan, ConvertResult, convert
from diag.runtimes.mindspore_log import decisive

pytestmark = pytest.mark.mslite


CONV = {"kernel_shape": [3, 3], "strides": [1, 1], "dilations": [1, 1]}


def write_model(path: Path, *, batch: int | str = 2, conv: dict | None = None) -> Path:
    """x[batch, 3, 8, 8] and ids[2] → Conv → Relu → Add table[ids] → y."""
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1], **(CONV if conv is None else conv)),
             helper.make_node("Relu", ["c"], ["r"], "act"),
             helper.make_node("Gather", ["table", "ids"], ["g"], "gather"),
             helper.make_node("ReduceMean", ["g"], ["m"], "mean", axes=[0], keepdims=0),
             helper.make_node("Add", ["r", "m"], ["y"], "add")]
    weights = {"w": rng.standard_normal((4, 3, 3, 3)), "table": rng.standard_normal((5, 4, 8, 8))}
    graph = helper.make_graph(
        nodes, "tiny", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, 8, 8]),
                        helper.make_tensor_value_info("ids", TensorProto.INT64, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 4, 8, 8])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def converted(spec: RuntimeSpec, plan: ConvertPlan) -> ConvertResult:
    *progress, last = convert(spec, plan, Cancel())
    assert progress == [Progress("convert", 0, 0)]
    assert isinstance(last, Finished)
    return last.result


@pytest.fixture(scope="module")
def tiny(mslite_spec, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    return converted(mslite_spec, ConvertPlan(write_model(folder / "tiny.onnx"), folder / "tiny.mindir")).path


class TestMindSporeLite(WorkerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def runtime(cls, mslite_spec):
        return MindSporeLite(mslite_spec)

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, tiny):
        return tiny

    @pytest.fixture(scope="class")
    @classmethod
    def feeds(cls):
        return tiny_feeds()

    def process_of(self, session):
        return session._process._worker.pid


def tiny_feeds():
    x = np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)
    return {"x": x, "ids": np.array([1, 4], np.int32)}


def random_feeds(session: MindIRSession) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    return {i.name: rng.standard_normal(i.static_shape).astype(i.dtype.numpy) if i.dtype.is_float
            else rng.integers(0, 5, i.static_shape).astype(i.dtype.numpy) for i in session.inputs}


@pytest.mark.parametrize("name", ["text_encoder", "unet", "vae_encoder", "vae_decoder", "safety_checker"])
def test_every_layer_of_the_tiny_pipeline_alone_is_bit_identical(mslite_spec, name):
    path = shared(f"diffusion/tiny/mindir/{name}.mindir")
    with MindSporeLite(mslite_spec).open(path, RunOptions(), Cancel()) as session:
        feeds = random_feeds(session)
        values = [v for node in session.graph.nodes for v in node.outputs if not session.untappable(v)]
        seen = session.observe(feeds, values, Cancel())
        same({o.name: seen[o.name] for o in session.outputs}, session.run(feeds, Cancel()))
        alone = session.isolate(values, {**inputs_by_value(session.graph, feeds), **seen}, Cancel())
        assert set(alone) == set(values), "every layer"
        same(alone, {v: seen[v] for v in values})


def test_int64_is_narrowed_when_it_fits(mslite_spec, tiny):
    with MindSporeLite(mslite_spec).open(tiny, RunOptions(), Cancel()) as session:
        feeds = tiny_feeds()
        same(session.run({**feeds, "ids": np.array([1, 4], np.int64)}, Cancel()), session.run(feeds, Cancel()))
        with pytest.raises(UsageError, match="'ids' is int64"):
            session.run({**feeds, "ids": np.array([1, 2**40], np.int64)}, Cancel())


def test_taps_in_batches_are_taps_at_once(mslite_spec, tiny):
    feeds = tiny_feeds()
    with MindSporeLite(mslite_spec).open(tiny, RunOptions(), Cancel()) as session:
        values = [v for node in session.graph.nodes for v in node.outputs if not session.untappable(v)]
        at_once = session.observe(feeds, values, Cancel())
    with MindIRSession(mslite_spec, tiny, RunOptions(), Cancel(), batch_bytes=3000) as session:
        same(session.observe(feeds, values, Cancel()), at_once)
        given = {**inputs_by_value(session.graph, feeds), **at_once}
        same(session.isolate(values, given, Cancel()), {v: at_once[v] for v in values})


def test_a_dynamic_model_takes_several_shapes(mslite_spec):
    path = shared("formats/mindir/dyn_lite.mindir")
    with MindSporeLite(mslite_spec).open(path, RunOptions(), Cancel()) as session:
        assert session.inputs[0].shape == (None, None, 8)
        for rows in (3, 1, 5):
            x = np.ones((2, rows, 8), np.float32)
            (first,) = session.run({"x": x}, Cancel()).values()
            (again,) = session.observe({"x": x}, [], Cancel()).values()
            assert first.shape[:2] == (2, rows)
            assert np.array_equal(first, again)


def test_the_decisive_line_of_a_build_failure(mslite_spec, tmp_path):
    path = shared("formats/mindir/ms210_net.mindir")
    with pytest.raises(ToolFailed, match="mindspore-lite failed") as caught:
        MindSporeLite(mslite_spec).open(path, RunOptions(work_dir=tmp_path), Cancel())
    assert "maximum mind ir version: 1" in caught.value.hint
    assert caught.value.log is not None
    assert caught.value.log.is_relative_to(tmp_path)
    assert caught.value.log.exists()


def test_the_node_of_a_build_failure(mslite_spec, tmp_path):
    # Conversion succeeds, building does not: a Conv that leaves its kernel shape to its weight.
    source = write_model(tmp_path / "m.onnx", conv={})
    path = converted(mslite_spec, ConvertPlan(source, tmp_path / "m.mindir")).path
    with pytest.raises(ToolFailed) as caught:
        MindSporeLite(mslite_spec).open(path, RunOptions(), Cancel())
    assert caught.value.hint == "Its log says: kernel_size/stride/dilation is nullptr (node conv)"


def test_an_encrypted_model_of_another_generation_is_decrypted_first(mslite_spec, tmp_path):
    path = shared("formats/mindir/ms210_encrypted_aesgcm_key_0123456789ABCDEF.mindir")
    with pytest.raises(FormatError):
        MindSporeLite(mslite_spec).open(path, RunOptions(), Cancel())
    with pytest.raises(ToolFailed) as caught:
        MindSporeLite(mslite_spec).open(path, RunOptions(key=b"0123456789ABCDEF", work_dir=tmp_path), Cancel())
    assert "maximum mind ir version" in caught.value.hint


def test_an_onnx_file_is_not_for_this_runtime(mslite_spec, tmp_path):
    with pytest.raises(UsageError, match="runs MindIR models only"):
        MindSporeLite(mslite_spec).open(write_model(tmp_path / "m.onnx"), RunOptions(), Cancel())


def test_weights_beside_the_model_are_found_and_their_absence_is_told(mslite_spec, tmp_path):
    with pytest.raises((ToolFailed, FormatError)) as caught:
        MindSporeLite(mslite_spec).open(shared("formats/mindir/big_lite_graph.mindir"), RunOptions(work_dir=tmp_path),
                                        Cancel())
    assert "big_lite_variables" in " ".join(caught.value.lines())


def test_convert_replaces_whole_files_that_anyone_may_read(mslite_spec, tmp_path):
    output = tmp_path / "deep" / "model.mindir"
    source = write_model(tmp_path / "m.onnx")
    for _ in range(2):
        result = converted(mslite_spec, ConvertPlan(source, output))
        assert result.path == output
        assert result.version == "2.0.0"
        assert result.seconds > 0
        assert output.stat().st_mode & 0o777 == 0o644
        assert "CONVERT RESULT SUCCESS:0" in result.log.read_text()
    assert sorted(path.name for path in output.parent.iterdir()) == ["model.mindir", "model.mindir.log"]


def test_convert_fixes_shapes(mslite_spec, tmp_path):
    source = write_model(tmp_path / "m.onnx", batch="n")
    plan = ConvertPlan(source, tmp_path / "m.mindir", input_shape={"x": (1, 3, 8, 8), "ids": (2,)})
    with MindSporeLite(mslite_spec).open(converted(mslite_spec, plan).path, RunOptions(), Cancel()) as session:
        assert [i.static_shape for i in session.inputs] == [(1, 3, 8, 8), (2,)]


def test_convert_with_options_and_config(mslite_spec, tmp_path):
    config = tmp_path / "c.ini"
    config.write_text("[ascend_context]\ninput_format=NCHW\n")
    plan = ConvertPlan(write_model(tmp_path / "m.onnx"), tmp_path / "m.mindir", optimize="none", config_file=config,
                       config={"ascend_context": {"precision_mode": "enforce_fp32"}},
                       attributes={"weight_fp16": True, "input_format": "NCHW", "input_data_type": "FLOAT32"})
    assert converted(mslite_spec, plan).path.stat().st_size > 1000


def test_convert_to_the_device_format(mslite_spec, tmp_path):
    plan = ConvertPlan(write_model(tmp_path / "m.onnx"), tmp_path / "m.ms", save_type="MINDIR_LITE")
    assert converted(mslite_spec, plan).path == tmp_path / "m.ms"


def refused(spec: RuntimeSpec, plan: ConvertPlan) -> ToolFailed:
    with pytest.raises(ToolFailed) as caught:
        list(convert(spec, plan, Cancel()))
    assert caught.value.log == plan.output.with_name(plan.output.name + ".log")
    assert caught.value.log.exists()
    assert not plan.output.exists()
    assert not list(plan.output.parent.glob(".convert-*"))
    return caught.value


def test_convert_names_the_operators_it_does_not_know(mslite_spec, tmp_path):
    source = tmp_path / "m.onnx"
    node = helper.make_node("IsNaN", ["x"], ["y"])
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
                              [helper.make_tensor_value_info("y", TensorProto.BOOL, [2])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), source)
    assert refused(mslite_spec, ConvertPlan(source, tmp_path / "m.mindir")).hint == "Unsupported operators: IsNaN"


def test_convert_without_cann(mslite_spec, tmp_path):
    plan = ConvertPlan(write_model(tmp_path / "m.onnx"), tmp_path / "m.mindir", optimize="ascend_oriented")
    if mslite_spec.env or len(mslite_spec.devices) > 1:
        pytest.skip("this machine has CANN")
    assert "libgraph.so" in refused(mslite_spec, plan).hint


def test_convert_that_kills_the_process(mslite_spec, tmp_path):
    source = tmp_path / "m.onnx"
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g",
                              [helper.make_tensor_value_info("x", TensorProto.COMPLEX64, [2])],
                              [helper.make_tensor_value_info("y", TensorProto.COMPLEX64, [2])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), source)
    assert refused(mslite_spec, ConvertPlan(source, tmp_path / "m.mindir")).message


def test_convert_of_a_file_that_is_no_onnx(mslite_spec, tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"hello")
    # The real converter does not survive this one.
    assert isinstance(refused(mslite_spec, ConvertPlan(tmp_path / "m.onnx", tmp_path / "m.mindir")), WorkerCrashed)


@pytest.mark.parametrize("changes", [
    {"onnx": Path("/no/such.onnx")}, {"config_file": Path("/no/such.ini")}, {"save_type": "OM"},
    {"output": Path("model.om")}])
def test_convert_plans_that_make_no_sense(mslite_spec, tmp_path, changes):
    plan = {"onnx": write_model(tmp_path / "m.onnx"), "output": tmp_path / "m.mindir", **changes}
    with pytest.raises(UsageError):
        list(convert(mslite_spec, ConvertPlan(**plan), Cancel()))


def test_convert_with_an_option_that_this_version_lacks(mslite_spec, tmp_path):
    plan = ConvertPlan(write_model(tmp_path / "m.onnx"), tmp_path / "m.mindir", attributes={"quantum": True})
    assert "no option 'quantum'" in refused(mslite_spec, plan).message


def test_convert_by_a_runtime_that_is_not_there(tmp_path):
    spec = RuntimeSpec("mindspore-lite", problem="it is not here", hint="get it")
    with pytest.raises(RuntimeUnavailable, match="it is not here"):
        list(convert(spec, ConvertPlan(write_model(tmp_path / "m.onnx"), tmp_path / "m.mindir"), Cancel()))


def test_stopping_a_conversion_leaves_nothing(mslite_spec, tmp_path):
    output = tmp_path / "out" / "m.mindir"
    events = convert(mslite_spec, ConvertPlan(write_model(tmp_path / "m.onnx"), output), Cancel())
    assert next(events) == Progress("convert", 0, 0)
    events.close()
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize(("sample", "words"), [
    ("mslite200_convert_badop.onnx.log", "Unsupported operators: MyWeirdOp"),
    ("mslite200_no_cann_ascend.log", "source CANN's set_env.sh")])
def test_decisive_lines_of_real_logs(sample, words):
    assert words in decisive(shared(f"tools/converter/{sample}"))


def test_no_decisive_line(tmp_path):
    assert decisive(tmp_path / "missing.log") == ""
    (tmp_path / "x.log").write_text("all is well\n")
    assert decisive(tmp_path / "x.log") == ""
