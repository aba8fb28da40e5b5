"""A model that is open and waits to be timed, whatever runs it."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from diag.cancel import Cancel
from diag.errors import RuntimeUnavailable, ToolFailed
from diag.formats.interface import key_of
from diag.formats.registry import identify
from diag.perf.plan import Contender
from diag.runtimes.interface import Array, RunOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnxruntime as ort

    from diag.runtimes.mindir_session import MindIRSession

CLOCK_INSIDE = "inside"
CLOCK_WORKER = "worker"


class Timed(Protocol):
    """One open model. ``clock`` names what the clock runs around (words in the reports)."""

    clock: str

    def seconds(self, runs: int, cancel: Cancel) -> list[float]:
        """The times of ``runs`` runs, one after the other."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


def open_timed(one: Contender, feeds: Mapping[str, Array], threads: int, optimise: bool, cancel: Cancel) -> Timed:
    """The model, opened. Raises as ``Runtime.open``; RuntimeUnavailable where the runtime cannot run such a file."""
    kind = identify(one.path)
    if one.spec.name == "onnxruntime":
        if kind != "onnx":
            raise RuntimeUnavailable("onnxruntime does not run MindIR models", where=f"in {one.path}",
                                     hint="Use --runtime mindspore-lite or reference")
        return _OnnxTimed(one.path, feeds, threads, optimise)
    if kind == "onnx":
        raise RuntimeUnavailable(f"{one.spec.name} does not run ONNX models", where=f"in {one.path}",
                                 hint="Convert it first: diag convert")
    options = RunOptions(one.device, threads, key=key_of(one.key or ""))
    if one.spec.name == "reference":
        return _ReferenceTimed(one.path, feeds, options, cancel)
    return _WorkerTimed(one, feeds, options, cancel)


@contextmanager
def no_garbage() -> Iterator[None]:
    """No garbage collection of ours inside: it would land in some sample."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Bound:
    """An onnxruntime session with its inputs in place; outputs stay where onnxruntime puts them."""

    clock = CLOCK_INSIDE

    def __init__(self, session: ort.InferenceSession, feeds: Mapping[str, ort.OrtValue]) -> None:
        self._session = session
        self._feeds = dict(feeds)
        self._names = [o.name for o in session.get_outputs()]

    def seconds(self, runs: int, cancel: Cancel) -> list[float]:
        cancel.check()
        run, names, feeds, clock = self._session.run_with_ort_values, self._names, self._feeds, time.perf_counter
        found = []
        try:
            for _ in range(runs):
                start = clock()
                run(names, feeds)
                found.append(clock() - start)
        except Exception as error:
            raise ToolFailed("onnxruntime failed while it ran the model", where=str(error).splitlines()[0][:300],
                             hint="Check the shapes and values of the inputs (--inputs, --shape)") from error
        return found

    def close(self) -> None:
        del self._session


class _OnnxTimed(_Bound):
    def __init__(self, path: Path, feeds: Mapping[str, Array], threads: int, optimise: bool) -> None:
        from diag.runtimes.onnxruntime.engine import make_session
        from diag.runtimes.onnxruntime.values import to_ort

        super().__init__(make_session(path, deployed(threads, optimise)), {n: to_ort(a) for n, a in feeds.items()})


class _ReferenceTimed(_Bound):
    def __init__(self, path: Path, feeds: Mapping[str, Array], options: RunOptions, cancel: Cancel) -> None:
        from diag.runtimes.reference import Reference

        session = Reference().open(path, options, cancel)
        blocked = session.blocked()
        stuck = next((o.name for o in session.program.graph.outputs if o.name in blocked), None)
        if stuck is not None:
            raise ToolFailed("The model cannot be run to its end", where=blocked[stuck],
                             hint="Another runtime may run it: diag runtime list")
        given = session.bind(feeds)
        self._built = session.engine.built(given, [o.name for o in session.program.graph.outputs])
        super().__init__(self._built.session, given)


class _WorkerTimed:
    """In another process: its clock, around the runtime's own call."""

    clock = CLOCK_WORKER

    def __init__(self, one: Contender, feeds: Mapping[str, Array], options: RunOptions, cancel: Cancel) -> None:
        from diag.runtimes.registry import runtime

        # Both worker runtimes open one of these.
        self._session = cast("MindIRSession", runtime(one.spec).open(one.path, options, cancel))
        self._feeds: Mapping[str, Array] | None = feeds

    def seconds(self, runs: int, cancel: Cancel) -> list[float]:
        found = self._session.time(self._feeds, runs, cancel)
        self._feeds = None
        return found

    def close(self) -> None:
        self._session.close()


def deployed(threads: int, optimise: bool) -> ort.SessionOptions:
    """The options of a deployment, but for one thing: idle threads sleep.

    By default they spin for a while after each run, and would take the cores from the other model whose turn it is.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimise else level.ORT_DISABLE_ALL
    return options
