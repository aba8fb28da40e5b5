"""A worker that holds one model at a time and runs it; started when needed, started again after it died."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diag.cancel import Cancel
from diag.errors import Cancelled, ToolFailed, WorkerCrashed
from diag.runtimes.interface import Array, RunOptions, RuntimeSpec
from diag.runtimes.job_folder import JobFolder
from diag.runtimes.launcher import DEFAULT_LIMITS, Limits, Worker
from diag.runtimes.mindspore_log import decisive
from diag.runtimes.tensor_pack import BadPack, read_pack, write_pack
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run gave, in the order of the model's outputs."""

    names: tuple[str, ...]
    arrays: tuple[Array, ...]
    seconds: float


class ModelProcess:
    """Runs model files in the runtime of ``spec``. Close it; its folder then goes, except for logs of failures."""

    def __init__(self, spec: RuntimeSpec, options: RunOptions, limits: Limits = DEFAULT_LIMITS) -> None:
        self.spec = spec
        self._options = options
        self._limits = replace(limits, wall_s=options.timeout_s)
        self._job = JobFolder(spec.name, options.work_dir)
        self.folder = self._job.path
        self._worker: Worker | None = None
        self._started = 0
        self._loaded: Path | None = None
        self._inputs: tuple[TensorInfo, ...] = ()
        self._failed = False

    def load(self, model: Path, declared: Sequence[TensorInfo], cancel: Cancel) -> tuple[TensorInfo, ...]:
        """Build the model unless it is the one in memory; returns the inputs that the runtime wants.

        ``declared`` are those that the file says, for runtimes that do not tell.

        Raises RuntimeUnavailable, ToolFailed (with the decisive line of the log), WorkerCrashed, Cancelled.
        """
        if self._loaded != model or self._worker is None or not self._worker.alive:
            self._loaded = None
            inputs = [{"name": i.name, "dtype": i.dtype.value, "shape": [d if isinstance(d, int) else -1
                                                                         for d in i.shape or ()]} for i in declared]
            answer = self._call("open", {"model": str(model.absolute()), "device": self._options.device,
                                         "threads": self._options.threads, "inputs": inputs}, cancel)
            self._inputs = self._described(answer.get("inputs"))
            self._loaded = model
        return self._inputs

    def run(self, model: Path, declared: Sequence[TensorInfo], feeds: Mapping[str, Array], cancel: Cancel) -> Ran:
        """Run it once with exactly the inputs it wants. The arrays are mapped files, read only."""
        self.load(model, declared, cancel)
        given, taken = self.folder / "feeds.pack", self.folder / "outputs.pack"
        try:
            index = write_pack(given, feeds)
            answer = self._call("run", {"feeds": {"file": str(given), "tensors": index}, "into": str(taken)}, cancel)
            return self._taken(taken, answer)
        finally:
            # What is mapped stays readable; the space is free when the last array of it is gone.
            given.unlink(missing_ok=True)
            taken.unlink(missing_ok=True)

    def time(self, model: Path, declared: Sequence[TensorInfo], feeds: Mapping[str, Array] | None, runs: int,
             cancel: Cancel) -> list[float]:
        """Seconds of each of ``runs`` runs, by the clock of the process around the runtime's own call.

        ``feeds`` once, then None as long as the model stays loaded: they are kept over there.
        """
        self.load(model, declared, cancel)
        given = self.folder / "feeds.pack"
        fields: dict[str, Any] = {"runs": runs}
        if feeds is not None:
            fields["feeds"] = {"file": str(given), "tensors": write_pack(given, feeds)}
        try:
            seconds = self._call("time", fields, cancel).get("seconds")
        finally:
            given.unlink(missing_ok=True)
        if not (isinstance(seconds, list) and len(seconds) == runs
                and all(isinstance(one, float) and one >= 0 for one in seconds)):
            self._lied("did not tell the times of its runs")
        return list(seconds or ())

    def close(self) -> None:
        """End the process, remove the folder. Twice is fine."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._job.close(keep_logs=self._failed)

    def _call(self, op: str, fields: Mapping[str, Any], cancel: Cancel) -> dict[str, Any]:
        worker = self._living()
        said = worker.log.stat().st_size
        try:
            return worker.call(op, fields, cancel)
        except Cancelled:
            raise
        except WorkerCrashed:
            self._failed = True
            raise
        except ToolFailed as error:
            self._failed = True
            raise ToolFailed(error.message, where=error.where, log=error.log,
                             hint=decisive(worker.log, said) or error.hint) from error

    def _living(self) -> Worker:
        if self._worker is None or not self._worker.alive:
            if self._worker is not None:
                self._worker.close()
            self._started += 1
            folder = self.folder / f"process-{self._started}"
            folder.mkdir()
            if self.spec.python is None:
                raise AssertionError("a worker runtime has an interpreter")
            self._worker = Worker(self.spec.name, self.spec.python, folder, env=self.spec.env, limits=self._limits)
        return self._worker

    def _described(self, inputs: object) -> tuple[TensorInfo, ...]:
        try:
            return tuple(_info(item) for item in inputs)  # type: ignore[attr-defined]
        except (TypeError, KeyError, ValueError):
            self._lied(f"described its inputs in a way that makes no sense: {str(inputs)[:200]}")
            raise

    def _taken(self, path: Path, answer: Mapping[str, Any]) -> Ran:
        try:
            tensors = read_pack(path, answer.get("tensors"))
        except BadPack as error:
            self._lied(f"gave outputs that are not what it said: {error}")
            raise
        names, seconds = answer.get("names"), answer.get("seconds")
        if not (isinstance(names, list) and len(names) == len(tensors) and isinstance(seconds, float)
                and all(isinstance(name, str) for name in names)):
            self._lied("did not name its outputs")
        return Ran(tuple(map(str, names or ())), tuple(tensors.values()), float(seconds or 0))

    def _lied(self, what: str) -> None:
        self._failed = True
        if self._worker is not None:
            self._worker.fail(what)


def _info(item: Mapping[str, Any]) -> TensorInfo:
    shape = tuple(int(d) if int(d) >= 0 else None for d in item["shape"])
    return TensorInfo(str(item["name"]), DType(item["dtype"]), shape)
