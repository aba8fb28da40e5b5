"""A Program as a Session: whole runs, taps, and nodes on their own input, all in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import onnxruntime as ort

from diag.cancel import Cancel
from diag.errors import ToolFailed
from diag.runtimes.feeds import checked
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import Engine
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.runtimes.program import Program
from diag.types.dtype import DType
from diag.types.tensor import TensorInfo


class ProgramSession:
    """Runs a Program. What ONNX golden and MindIR by reference have in common."""

    def __init__(self, program: Program, threads: int) -> None:
        self.program = program
        self.engine = Engine(program, threads)
        graph = program.graph
        self.inputs = tuple(_named(i, n) for i, n in zip(graph.inputs, graph.input_names, strict=True))
        self.outputs = tuple(_named(o, n) for o, n in zip(graph.outputs, graph.output_names, strict=True))
        self._writer = {v: i for i, step in enumerate(program.steps) for v in step.writes}

    def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
        """Final outputs; nothing but them is kept."""
        return self.observe(feeds, (), cancel)

    def observe(self, feeds: Mapping[str, Array], values: Sequence[str], cancel: Cancel) -> dict[str, Array]:
        """Final outputs and the named values, in one run of everything that can run."""
        cancel.check()
        graph = self.program.graph
        given = self.bind(feeds)
        blocked = self.blocked()
        stuck = next((o.name for o in graph.outputs if o.name in blocked), None)
        if stuck is not None and not values:
            raise ToolFailed("The model cannot be run to its end", where=blocked[stuck],
                             hint="Another runtime may run it: diag runtime list")
        steps = [i for i, step in enumerate(self.program.steps)
                 if not step.problem and not any(v in blocked for v in (*step.reads, *step.writes))]
        inner = [o.name for o in graph.outputs]
        found = self.engine.run(steps, given, [*inner, *values])
        answer = {v: _copy(found[v]) for v in values if v in found}
        for output, name in zip(inner, graph.output_names, strict=True):
            if output in found:
                answer[name] = _copy(found[output])
            elif output in given:
                answer[name] = _copy(given[output])
            elif output in self.program.weights:
                from diag.formats import weights

                answer[name] = weights.load(self.program.weights[output])
        return answer

    def isolate(self, values: Sequence[str], feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
        """Each node that writes one of ``values``, on the given input."""
        cancel.check()
        steps = sorted({self._writer[v] for v in values if v in self._writer})
        ready = [i for i in steps if not self.program.steps[i].problem
                 and all(r in feeds for r in self.program.steps[i].reads)]
        needed = {r for i in ready for r in self.program.steps[i].reads}
        found = self.engine.isolate(ready, {v: to_ort(self._narrowed(v, feeds[v])) for v in needed}, values)
        return {v: _copy(o) for v, o in found.items()}

    def _narrowed(self, value: str, array: Array) -> Array:
        """A graph input in the dtype that the model wants (a conversion makes int64 inputs int32)."""
        wanted = next((i.dtype for i in self.program.graph.inputs if i.name == value), DType.UNDEFINED)
        numbers = array.dtype.kind in "iuf" and (wanted.is_integer or wanted.is_float)
        return array.astype(wanted.numpy, copy=False) if numbers else array

    def untappable(self, value: str) -> str:
        """The problem of the node that writes the value; values behind such a node are cut off as well."""
        writer = self._writer.get(value)
        return "no node writes it" if writer is None else self.program.steps[writer].problem

    def bind(self, feeds: Mapping[str, Array]) -> dict[str, ort.OrtValue]:
        """The caller's inputs under the graph's value names, checked."""
        arrays = checked(feeds, self.inputs)
        graph = self.program.graph
        return {i.name: to_ort(arrays[n]) for i, n in zip(graph.inputs, graph.input_names, strict=True)}

    def blocked(self) -> dict[str, str]:
        """Values that cannot be computed because a node before them cannot, with the reason."""
        reasons: dict[str, str] = {}
        for step in self.program.steps:
            reason = step.problem or next((reasons[r] for r in step.reads if r in reasons), "")
            if reason:
                reasons.update(dict.fromkeys(step.writes, reason))
        return reasons

    def close(self) -> None:
        """Nothing outlives the object."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def _named(info: TensorInfo, name: str) -> TensorInfo:
    return TensorInfo(name, info.dtype, info.shape)


def _copy(value: ort.OrtValue) -> Array:
    return np.array(to_numpy(value))
