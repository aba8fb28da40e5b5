"""What every runtime promises. A subclass says which runtime, which model and which inputs; nothing else differs."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from diag.cancel import Cancel
from diag.errors import Cancelled, DiagError, UsageError, WorkerCrashed
from diag.formats.registry import open_model
from diag.runtimes.feeds import checked
from diag.runtimes.interface import Array, RunOptions, Runtime, Session
from diag.types.graph import Graph


class RuntimeContract:
    """Inherit, and provide the fixtures ``runtime``, ``model`` and ``feeds`` (class or session scope is fine).

    The model has at least two nodes, one of which reads a float value of another, and a float input.
    """

    options = RunOptions()

    @pytest.fixture(scope="class")
    @classmethod
    def runtime(cls) -> Runtime:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> Path:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def feeds(cls) -> Mapping[str, Array]:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def graph(cls, model: Path) -> Graph:
        return open_model(model)

    @pytest.fixture(scope="class")
    @classmethod
    def session(cls, runtime, model) -> Iterator[Session]:
        with runtime.open(model, cls.options, Cancel()) as session:
            yield session

    @pytest.fixture(scope="class")
    @classmethod
    def seen(cls, session, graph, feeds) -> dict[str, Array]:
        """Every value of every node, and the graph's inputs under their value names."""
        values = [v for node in graph.nodes for v in node.outputs if v]
        found = session.observe(feeds, values, Cancel())
        return {**inputs_by_value(graph, checked(feeds, session.inputs)), **{v: found[v] for v in values if v in found}}

    def test_inputs_and_outputs_are_the_callers_names(self, session, graph, feeds):
        assert [i.name for i in session.inputs] == list(graph.input_names)
        assert [o.name for o in session.outputs] == list(graph.output_names)
        assert {i.name for i in session.inputs} == set(feeds)
        assert set(session.run(feeds, Cancel())) == set(graph.output_names)

    def test_outputs_are_as_the_model_says(self, session, graph, feeds):
        found = session.run(feeds, Cancel())
        for info in session.outputs:
            if info.static_shape is not None:
                assert found[info.name].shape == info.static_shape
            assert found[info.name].dtype == info.dtype.numpy

    def test_twice_is_the_same(self, session, feeds):
        same(session.run(feeds, Cancel()), session.run(feeds, Cancel()))

    def test_other_inputs_give_other_outputs(self, session, feeds):
        name = float_input(feeds)
        other = session.run({**feeds, name: feeds[name] * 0.5 + 0.25}, Cancel())
        assert any(not np.array_equal(other[k], v) for k, v in session.run(feeds, Cancel()).items())

    def test_the_caller_keeps_his_arrays(self, session, feeds):
        before = {name: array.copy() for name, array in feeds.items()}
        first = session.run(feeds, Cancel())
        copies = {name: array.copy() for name, array in first.items()}
        name = float_input(feeds)
        session.run({**feeds, name: feeds[name] + 1}, Cancel())
        same(first, copies)
        same(dict(feeds), before)

    def test_memory_order_does_not_matter(self, session, feeds):
        turned = {name: np.asfortranarray(array) for name, array in feeds.items()}
        strided = {name: np.repeat(array, 2, axis=0)[::2] if array.ndim else array for name, array in feeds.items()}
        expected = session.run(feeds, Cancel())
        same(session.run(turned, Cancel()), expected)
        same(session.run(strided, Cancel()), expected)

    def test_nan_and_infinity_are_inputs_like_others(self, session, feeds):
        name = float_input(feeds)
        for value in (np.nan, np.inf):
            found = session.run({**feeds, name: np.full_like(feeds[name], value)}, Cancel())
            assert set(found) == {o.name for o in session.outputs}

    def test_unknown_input(self, session, feeds):
        name = float_input(feeds)
        with pytest.raises(UsageError, match=f"no input '{name}_'") as caught:
            session.run({**feeds, f"{name}_": feeds[name]}, Cancel())
        assert name in caught.value.hint

    def test_missing_input(self, session, feeds):
        name = float_input(feeds)
        with pytest.raises(UsageError, match=f"'{name}'"):
            session.run({k: v for k, v in feeds.items() if k != name}, Cancel())

    def test_wrong_rank(self, session, feeds):
        name = float_input(feeds)
        with pytest.raises(UsageError, match=f"'{name}' has the shape"):
            session.run({**feeds, name: feeds[name][None]}, Cancel())

    @pytest.mark.parametrize("dtype", ["complex64", "bool", "<U3", "int8"])
    def test_wrong_dtype(self, session, feeds, dtype):
        name = float_input(feeds)
        with pytest.raises(UsageError, match=f"'{name}' is|'{name}' holds"):
            session.run({**feeds, name: np.zeros(feeds[name].shape, dtype)}, Cancel())

    def test_an_error_leaves_the_session_usable(self, session, feeds):
        before = session.run(feeds, Cancel())
        with pytest.raises(UsageError):
            session.run({}, Cancel())
        same(session.run(feeds, Cancel()), before)

    def test_observing_nothing_is_running(self, session, feeds):
        same(session.observe(feeds, [], Cancel()), session.run(feeds, Cancel()))

    def test_watching_changes_nothing(self, session, graph, feeds, seen):
        values = [v for v in seen if v in graph.producers]
        watched = session.observe(feeds, values, Cancel())
        same({o.name: watched[o.name] for o in session.outputs}, session.run(feeds, Cancel()))

    def test_final_values_are_the_outputs(self, session, graph, feeds, seen):
        final = session.run(feeds, Cancel())
        for value, name in zip(graph.outputs, graph.output_names, strict=True):
            if value.name in seen:
                assert np.array_equal(seen[value.name], final[name], equal_nan=True)

    def test_observed_values_are_as_the_model_says(self, graph, seen):
        for value, array in seen.items():
            shape = graph.info(value).static_shape
            assert shape is None or array.shape == shape

    def test_what_is_not_seen_has_a_reason(self, session, graph, seen):
        values = [v for node in graph.nodes for v in node.outputs if v]
        assert len([v for v in values if v in seen]) >= 2
        for value in values:
            assert bool(session.untappable(value)) == (value not in seen)

    def test_a_value_that_does_not_exist(self, session, feeds):
        assert session.untappable("no such value")
        assert "no such value" not in session.observe(feeds, ["no such value"], Cancel())
        assert session.isolate(["no such value"], feeds, Cancel()) == {}

    def test_a_node_on_its_own_observed_input_gives_its_observed_output(self, session, graph, seen):
        values = [v for v in seen if v in graph.producers]
        alone = session.isolate(values, seen, Cancel())
        assert set(alone) <= set(values)
        assert len(alone) >= 2
        same(alone, {v: seen[v] for v in alone})

    def test_isolated_nodes_read_what_they_are_given(self, session, graph, seen):
        writer, reader = chain(session, graph, seen)
        changed = {**seen, writer: seen[writer] * 0.5 + 0.25}
        alone = session.isolate([writer, reader], changed, Cancel())
        assert np.array_equal(alone[writer], seen[writer], equal_nan=True), "its own inputs are unchanged"
        assert not np.array_equal(alone[reader], seen[reader]), "its input is not"

    def test_a_node_without_its_input_is_missing(self, session, graph, seen):
        writer, reader = chain(session, graph, seen)
        given = {name: array for name, array in seen.items() if name != writer}
        assert set(session.isolate([writer, reader], given, Cancel())) == {writer}

    def test_stopped_before_it_begins(self, runtime, session, model, feeds, seen):
        stop = Cancel()
        stop.set()
        with pytest.raises(Cancelled):
            runtime.open(model, self.options, stop)
        for work in (lambda: session.run(feeds, stop), lambda: session.observe(feeds, list(seen), stop),
                     lambda: session.isolate(list(seen), seen, stop)):
            with pytest.raises(Cancelled):
                work()
        assert session.run(feeds, Cancel())

    def test_stopped_in_the_middle_it_ends_soon_and_can_go_on(self, runtime, model, feeds, seen):
        with runtime.open(model, self.options, Cancel()) as session:
            stop, set_at = Cancel(), []

            def set_it() -> None:
                set_at.append(time.monotonic())
                stop.set()

            timer = threading.Timer(0.05, set_it)
            timer.start()
            with contextlib.suppress(Cancelled):
                while True:
                    session.observe(feeds, list(seen), stop)
            assert time.monotonic() - set_at[0] < 1
            timer.join()
            assert session.run(feeds, Cancel())

    def test_arrays_outlive_the_session(self, runtime, model, feeds):
        session = runtime.open(model, self.options, Cancel())
        found = session.run(feeds, Cancel())
        copies = {name: array.copy() for name, array in found.items()}
        session.close()
        session.close()
        same(found, copies)

    def test_files_that_are_no_model(self, runtime, model, tmp_path):
        whole = model.read_bytes()
        cases = {"empty": b"", "text": b"hello\n", "cut": whole[:len(whole) // 2], "short": whole[:10],
                 "noise": np.random.default_rng(1).bytes(5000)}
        for name, data in cases.items():
            path = tmp_path / f"{name}{model.suffix}"
            path.write_bytes(data)
            with pytest.raises(DiagError) as caught:
                runtime.open(path, self.options, Cancel())
            assert caught.value.message
            assert len(caught.value.lines()) <= 3
        with pytest.raises(DiagError):
            runtime.open(tmp_path / f"missing{model.suffix}", self.options, Cancel())

    def test_a_device_that_is_not_there(self, runtime, model):
        with pytest.raises(DiagError, match="ascend:99"):
            runtime.open(model, RunOptions(device="ascend:99"), Cancel())


class WorkerContract(RuntimeContract):
    """Besides, for runtimes in a process of their own; ``process_of`` gives its id.

    ``limit_s`` is long enough to open the model and short enough to wait for.
    """

    limit_s = 4.0

    def process_of(self, session: Session) -> int:
        raise NotImplementedError

    def test_a_crash_costs_one_answer(self, runtime, model, feeds):
        with runtime.open(model, self.options, Cancel()) as session:
            before = session.run(feeds, Cancel())
            pid = self.process_of(session)
            os.kill(pid, signal.SIGSTOP)
            timer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
            timer.start()
            with pytest.raises(WorkerCrashed, match="SIGKILL") as caught:
                session.run(feeds, Cancel())
            timer.join()
            log = caught.value.log
            same(session.run(feeds, Cancel()), before)
        assert log is not None
        assert log.exists(), "the log of a crash is kept"

    def test_a_process_that_died_between_two_runs(self, runtime, model, feeds):
        with runtime.open(model, self.options, Cancel()) as session:
            before = session.run(feeds, Cancel())
            os.kill(self.process_of(session), signal.SIGKILL)
            with contextlib.suppress(WorkerCrashed):
                session.run(feeds, Cancel())
            same(session.run(feeds, Cancel()), before)

    def test_the_work_folder_is_clean_afterwards(self, runtime, model, feeds, tmp_path):
        with runtime.open(model, RunOptions(work_dir=tmp_path / "work"), Cancel()) as session:
            session.run(feeds, Cancel())
            assert list((tmp_path / "work").iterdir())
        assert list((tmp_path / "work").iterdir()) == []

    def test_a_limit_on_time(self, runtime, model, feeds):
        with runtime.open(model, RunOptions(timeout_s=self.limit_s), Cancel()) as session:
            os.kill(self.process_of(session), signal.SIGSTOP)
            with pytest.raises(WorkerCrashed, match=f"within {self.limit_s:g} s"):
                session.run(feeds, Cancel())
            assert session.run(feeds, Cancel())


def same(found: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    """Bit for bit, NaN included."""
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype, name
        assert found[name].shape == array.shape, name
        assert found[name].tobytes() == array.tobytes(), name


def float_input(feeds: Mapping[str, Array]) -> str:
    return next(name for name, array in feeds.items() if array.dtype.kind == "f" and array.ndim)


def inputs_by_value(graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
    return {info.name: feeds[name] for info, name in zip(graph.inputs, graph.input_names, strict=True)}


def chain(session: Session, graph: Graph, seen: Mapping[str, Array]) -> tuple[str, str]:
    """A float value and the value of a node that reads it, can run alone, and does arithmetic with it."""
    alone = session.isolate([v for v in seen if v in graph.producers], seen, Cancel())
    for node in graph.nodes:
        for value in node.inputs:
            if value in alone and seen[value].dtype.kind == "f" and node.op not in ("Shape", "Less", "Greater"):
                for output in node.outputs:
                    if output in alone and seen[output].dtype.kind == "f":
                        return value, output
    raise AssertionError("the model has no two nodes that can run alone one after the other")
