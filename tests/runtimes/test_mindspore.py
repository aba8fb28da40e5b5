"""MindSpore itself passes the contract on what it exported; only where it is installed, because it is large."""

from __future__ import annotations

import numpy as np
import pytest
from contract.runtime_contract import WorkerContract, same
from samples import shared

from diag.cancel import Cancel
from diag.errors import ToolFailed
from diag.runtimes.discover import discover
from diag.runtimes.interface import RunOptions
from diag.runtimes.mindspore import MindSpore


@pytest.fixture(scope="module")
def spec():
    found = next((spec for spec in discover() if spec.name == "mindspore" and spec.usable), None)
    if found is None:
        pytest.skip("no Python on this machine has the package mindspore")
    return found


class TestMindSpore(WorkerContract):
    limit_s = 30.0

    @pytest.fixture(scope="class")
    @classmethod
    def runtime(cls, spec):
        return MindSpore(spec)

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls):
        return shared("formats/mindir/ms210_net.mindir")

    @pytest.fixture(scope="class")
    @classmethod
    def feeds(cls, graph):
        rng = np.random.default_rng(1)
        return {name: rng.standard_normal(i.static_shape).astype(i.dtype.numpy)
                for name, i in zip(graph.input_names, graph.inputs, strict=True)}

    def process_of(self, session):
        return session._process._worker.pid


@pytest.mark.parametrize("name", ["aesgcm", "aescbc"])
def test_an_encrypted_export_runs_with_its_key(spec, name):
    path = shared(f"formats/mindir/ms210_encrypted_{name}_key_0123456789ABCDEF.mindir")
    with MindSpore(spec).open(path, RunOptions(key=b"0123456789ABCDEF"), Cancel()) as session:
        feeds = {i.name: np.ones(i.static_shape, i.dtype.numpy) for i in session.inputs}
        same(session.run(feeds, Cancel()), session.run(feeds, Cancel()))


def test_a_lite_conversion_is_refused_with_its_operator(spec):
    path = shared("formats/mindir/block_lite.mindir")
    with MindSpore(spec).open(path, RunOptions(), Cancel()) as session:
        feeds = {i.name: np.ones(i.static_shape, i.dtype.numpy) for i in session.inputs}
        with pytest.raises(ToolFailed, match=r"Unsupported op \[ReduceFusion\]") as caught:
            session.run(feeds, Cancel())
    assert len(caught.value.message) < 400


def test_an_old_file_runs_and_cannot_be_looked_into(spec):
    path = shared("formats/mindir/tensor_add.mindir")
    with MindSpore(spec).open(path, RunOptions(), Cancel()) as session:
        values = [v for node in session.graph.nodes for v in node.outputs]
        assert values
        assert all("too old" in session.untappable(v) for v in values)
        feeds = {i.name: np.ones(i.static_shape, i.dtype.numpy) for i in session.inputs}
        same(session.observe(feeds, values, Cancel()), session.run(feeds, Cancel()))
        assert session.isolate(values, {}, Cancel()) == {}


def test_runs_can_be_timed(spec):
    path = shared("formats/mindir/ms210_net.mindir")
    with MindSpore(spec).open(path, RunOptions(), Cancel()) as session:
        feeds = {i.name: np.ones(i.static_shape, i.dtype.numpy) for i in session.inputs}
        times = [*session.time(feeds, 3, Cancel()), *session.time(None, 2, Cancel())]
    assert len(times) == 5
    assert min(times) > 0
