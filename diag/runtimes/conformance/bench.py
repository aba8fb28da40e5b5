"""Every case through the real converter and runtime, and through the reference runtime."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnx

from diag.cancel import Cancel
from diag.errors import DiagError, RuntimeUnavailable, WorkerCrashed
from diag.events import Event, Finished, Message, Partial, Progress
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR
from diag.runtimes.conformance.cases import Array, Case
from diag.runtimes.conformance.causes import Causes
from diag.runtimes.conformance.judge import distance, right
from diag.runtimes.conformance.table import CaseResult, Table
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.launcher import Worker
from diag.runtimes.mindspore_log import decisive
from diag.runtimes.onnxruntime.session import ProgramSession
from diag.runtimes.reference import lower
from diag.runtimes.tensor_pack import BadPack, read_pack, write_pack
from diag.types.graph import Graph

SCRIPT = Path(__file__).parent.parent / "worker" / "cases.py"
_LOG = "results.jsonl"
_WHY_CHARS = 160


def measure(cases: Sequence[Case], spec: RuntimeSpec, folder: Path, cancel: Cancel, device: str = "cpu", *,
            hangs_after_s: int = 20) -> Iterator[Event]:
    """Partial(CaseResult) for each case, then Finished(Table).

    What ``folder`` holds of an earlier, interrupted measurement is taken over. Each test runs in a process of its
    own, with one thread, and is ended after ``hangs_after_s``; one that fails is a result. Raises RuntimeUnavailable
    if the runtime cannot be started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known, causes = _known(folder / _LOG), Causes.shipped(spec)
    found: list[CaseResult] = []
    with (folder / _LOG).open("w", encoding="utf-8") as log:
        log.writelines(_line(result) for result in known.values())
        if known:
            yield Message(f"{len(known):,} tests were measured before and are taken over")
        start, measured = time.monotonic(), 0
        with _Bench(spec, folder, device, hangs_after_s) as bench:
            for i, case in enumerate(cases):
                cancel.check()
                result = known.get(case.key)
                if result is None:
                    result = bench.measure(case, cancel)
                    log.write(_line(result))
                    log.flush()
                    measured += 1
                result = replace(result, cause=causes.of(result))
                found.append(result)
                yield Partial(result)
                rate = (time.monotonic() - start) / max(measured, 1)
                yield Progress("conformance", i + 1, len(cases), "tests", rate * (len(cases) - i - 1))
    yield Finished(Table(f"{spec.name} {spec.version}", f"{spec.name} {spec.version}", device, onnx.__version__,
                         tuple(found)))


def _line(result: CaseResult) -> str:
    return json.dumps(asdict(result)) + "\n"


def _known(log: Path) -> Mapping[str, CaseResult]:
    """Results of an earlier measurement by key; a line that was cut off by an interruption is measured again."""
    results = {}
    if log.exists():
        for line in log.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError, TypeError):
                result = CaseResult(**json.loads(line))
                results[result.key] = result
    return results


class _Bench:
    """The worker that tries one case after the other; started again after a crash."""

    def __init__(self, spec: RuntimeSpec, folder: Path, device: str, hangs_after_s: int) -> None:
        if spec.python is None or not spec.usable:
            raise RuntimeUnavailable(spec.problem or f"{spec.name} has no interpreter", hint=spec.hint)
        self._spec, self._python, self._device = spec, spec.python, device
        self._folder, self._hangs_after_s = folder.absolute(), hangs_after_s
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.close()
        shutil.rmtree(self._folder / "case", ignore_errors=True)

    def measure(self, case: Case, cancel: Cancel) -> CaseResult:
        """What becomes of one case."""
        place = self._folder / "case"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        onnx.save(case.model, place / "model.onnx")
        empty = CaseResult(case.kind, case.name, case.op, case.opset, case.form, "convert")
        try:
            answer = self._attempt(case, place, cancel)
        except WorkerCrashed as crash:
            return replace(empty, crash="SIGKILL", why=crash.message[:_WHY_CHARS])
        reached = {"done": "ran", "start": "convert"}.get(answer["stage"], str(answer["stage"]))
        result = replace(empty, reached=reached, crash=str(answer["signal"]))
        real: list[Array] | None = None
        if reached == "ran":
            try:
                real = list(read_pack(place / "outputs", answer["tensors"]).values())
            except BadPack as problem:
                return replace(result, reached="run", why=str(problem)[:_WHY_CHARS])
            error, why = distance(real, case.expected)
            result = replace(result, error=error, why=why)
        else:
            words = decisive(place / "log.txt") or str(answer.get("error", ""))
            result = replace(result, why=_short(words, place))
        if not (place / "model.mindir").exists():
            return result
        graph = MINDIR.read(place / "model.mindir", ReadOptions())
        return replace(result, mindir="+".join(sorted({n.op for n in graph.nodes})),
                       reference=_reference(case, graph, real, cancel))

    def _attempt(self, case: Case, place: Path, cancel: Cancel) -> dict[str, Any]:
        if self._worker is None or not self._worker.alive:
            self._worker = Worker(self._spec.name, self._python, self._folder, env=self._spec.env, script=SCRIPT)
        feeds = write_pack(place / "feeds", dict(case.inputs))
        # A scalar has no sizes to fix, and the converter refuses an empty list.
        shapes = {name: list(a.shape) for name, a in case.inputs if a.ndim and a.size}
        return self._worker.call("attempt", {
            "onnx": str(place / "model.onnx"), "output": str(place / "model"), "model": str(place / "model.mindir"),
            "attributes": {"input_shape": shapes} if shapes else {}, "device": self._device,
            "feeds": {"file": str(place / "feeds"), "tensors": feeds}, "into": str(place / "outputs"),
            "log": str(place / "log.txt"), "wall_s": self._hangs_after_s}, cancel)


def _short(words: str, place: Path) -> str:
    plain = words.removeprefix("Its log says: ").replace(str(place), "")
    return " ".join(plain.split())[:_WHY_CHARS]


def _reference(case: Case, graph: Graph, real: Sequence[Array] | None, cancel: Cancel) -> str:
    """What the reference runtime says of the MindIR that the converter made: see ``CaseResult.reference``."""
    try:
        own = run_reference(graph, case, cancel)
    except (DiagError, KeyError):
        cancel.check()
        # Not covered, or not what this onnxruntime has kernels for.
        return ""
    if real is not None and right(*distance(own, [r.astype(o.dtype) for r, o in zip(real, own, strict=False)])):
        return "agrees"
    return "right" if right(*distance(own, case.expected)) else "wrong"


def run_reference(graph: Graph, case: Case, cancel: Cancel) -> list[Array]:
    """The reference runtime's answer to a case on its converted graph, outputs in the graph's order.

    Raises ToolFailed where a node is not covered or onnxruntime refuses it.
    """
    given = dict(case.inputs)
    with ProgramSession(lower(graph), 1) as session:
        feeds = {}
        for i, info in enumerate(session.inputs):
            # The converter has been seen to call an input by an output's name: then its place says which one it is.
            array = given[info.name] if info.name in given else case.inputs[i][1]
            with np.errstate(over="ignore"):
                feeds[info.name] = array.astype(info.dtype.numpy).reshape(array.shape)
        answer = session.run(feeds, cancel)
    return [answer[name] for name in graph.output_names]
