"""One submodel on one runtime, kept ready: onnxruntime here, a MindIR in the reference runtime or in a worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort

from diag.cancel import Cancel
from diag.errors import ToolFailed
from diag.pipeline.calls import fitted
from diag.runtimes.interface import Array, RunOptions, Runtime, Session
from diag.runtimes.onnxruntime.engine import Built, make_session, session_options
from diag.runtimes.onnxruntime.session import ProgramSession
from diag.runtimes.onnxruntime.values import to_numpy
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo

_TYPES = {"tensor(float)": DType.FLOAT32, "tensor(double)": DType.FLOAT64, "tensor(string)": DType.STRING}


class Runner(Protocol):
    """A submodel that can be called. ``bytes``: what it is taken to hold in memory."""

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    bytes: int

    def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> list[Array]:
        """Outputs in the model's order; the feeds fit already."""
        ...

    def close(self) -> None:
        """Free it. Twice is fine."""
        ...


class OnnxRunner:
    """An ONNX model in onnxruntime, as a user's pipeline runs it: graph optimisation on."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session: ort.InferenceSession | None = make_session(path, session_options(threads, optimise=True))
        self.inputs = tuple(_info(i) for i in self._session.get_inputs())
        self.outputs = tuple(_info(o) for o in self._session.get_outputs())
        self.bytes = 2 * weight_bytes(path)

    def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> list[Array]:
        """Its outputs."""
        cancel.check()
        if self._session is None:
            raise AssertionError("a closed runner was called")
        try:
            found: list[Array] = self._session.run(None, dict(feeds))
        except Exception as error:
            raise ToolFailed("onnxruntime failed while it ran the model", where=" ".join(str(error).split())[:300],
                             hint="Check that the submodels fit together") from error
        return found

    def close(self) -> None:
        """Let the session go."""
        self._session = None


class ReferenceRunner:
    """A MindIR in the reference runtime, built once for each set of shapes."""

    def __init__(self, session: ProgramSession, path: Path) -> None:
        self._session = session
        self.inputs, self.outputs = session.inputs, session.outputs
        self.bytes = 3 * weight_bytes(path)
        self._built: dict[tuple[tuple[int, ...], ...], Built] = {}
        blocked = session.blocked()
        stuck = next((blocked[o.name] for o in session.program.graph.outputs if o.name in blocked), None)
        if stuck is not None:
            raise ToolFailed("The reference runtime cannot run the model to its end", where=stuck,
                             hint="Another runtime may run it: runtime = \"mindspore-lite\"")
        written = {v for step in session.program.steps for v in step.writes}
        self._whole = all(o.name in written for o in session.program.graph.outputs) and \
            all(not step.problem for step in session.program.steps)

    def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> list[Array]:
        """Its outputs."""
        cancel.check()
        if not self._whole:
            found = self._session.run(feeds, cancel)
            answer = [found[o.name] for o in self.outputs]
        else:
            given = self._session.bind(feeds)
            read = {v for step in self._session.program.steps for v in step.reads}
            given = {name: value for name, value in given.items() if name in read}
            names = [o.name for o in self._session.program.graph.outputs]
            key = tuple(tuple(value.shape()) for value in given.values())
            if key not in self._built:
                self._built[key] = self._session.engine.built(given, names)
            answer = [to_numpy(v).copy() for v in self._execute(self._built[key], names, given)]
        return answer

    def _execute(self, built: Built, names: list[str],
                 given: Mapping[str, ort.OrtValue]) -> list[ort.OrtValue]:
        try:
            found: list[ort.OrtValue] = built.session.run_with_ort_values(names, dict(given))
        except Exception as error:
            raise ToolFailed("The reference runtime failed while it ran the model",
                             where=" ".join(str(error).split())[:300], hint="diag compare shows the layer") from error
        return found

    def close(self) -> None:
        """Let the sessions go."""
        self._built.clear()


class WorkerRunner:
    """A MindIR in a runtime of its own process, which stays alive between calls."""

    def __init__(self, session: Session, path: Path) -> None:
        self._session = session
        self.inputs, self.outputs = session.inputs, session.outputs
        self.bytes = int(6.6 * weight_bytes(path))

    def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> list[Array]:
        """Its outputs, copied: they outlive the process' files."""
        found = self._session.run(feeds, cancel)
        return [found[o.name].copy() for o in self.outputs]

    def close(self) -> None:
        """End the process."""
        self._session.close()


def open_target(path: Path, runtime: Runtime | None, *, onnx: bool, device: str, threads: int,
                cancel: Cancel) -> Runner:
    """A target where it runs: ``onnx`` in onnxruntime, ``runtime`` None in the reference runtime. Raises as they do."""
    if onnx:
        return OnnxRunner(path, threads)
    if runtime is None:
        from diag.runtimes.reference import Reference

        return ReferenceRunner(Reference().open(path, RunOptions(device, threads), cancel), path)
    return WorkerRunner(runtime.open(path, RunOptions(device, threads), cancel), path)


def weight_bytes(path: Path) -> int:
    """Bytes of a model file and of the weights beside it."""
    return sum(p.stat().st_size for p in parts(path))


def parts(path: Path) -> list[Path]:
    """The files that a model consists of: its own, and those beside it that hold weights."""
    beside = [f for f in path.parent.iterdir() if f.is_file() and f != path
              and (f.suffix in (".pb", ".data", ".bin", ".weight") or f.name.endswith((".onnx_data", ".onnx.data")))]
    folders = path.parent.glob(f"{path.stem}*_variables")
    return [path, *sorted(beside), *sorted(f for d in folders for f in d.glob("*") if f.is_file())]


def call(name: str, runner: Runner, feeds: Mapping[str, Array], cancel: Cancel, *, target: bool) -> list[Array]:
    """Fit the feeds and run. Inputs that a target dropped are left out, halves are made where it wants them."""
    known = {i.name for i in runner.inputs}
    given = {n: a for n, a in feeds.items() if n in known} if target else feeds
    return runner.run(fitted(name, given, runner.inputs, halve=target), cancel)


def widened(arrays: Iterable[Array]) -> list[Array]:
    """float16 and bfloat16 as float32, which the loops compute in."""
    return [a.astype(np.float32) if DType.of(a.dtype) in (DType.FLOAT16, DType.BFLOAT16) else a for a in arrays]


def _info(value: ort.NodeArg) -> TensorInfo:
    kind = str(value.type)
    name = kind.removeprefix("tensor(").removesuffix(")")
    dtype = _TYPES.get(kind) or (DType(name) if name in list(DType) else DType.UNDEFINED)
    shape = tuple(d if isinstance(d, int) and d >= 0 else (d if isinstance(d, str) else None) for d in value.shape)
    return TensorInfo(value.name, dtype, shape)
