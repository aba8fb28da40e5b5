"""Any models wired by tensor names: each input comes from the outside or from an output of a model before it."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Mapping
from pathlib import Path

from diag.compare.inputs import archive, generated
from diag.errors import UsageError
from diag.formats.onnx import load
from diag.pipeline.calls import Caller, Outcome, Step
from diag.runtimes.feeds import describe
from diag.runtimes.interface import Array
from diag.types.pipeline import PipelineSpec
from diag.types.tensor import TensorInfo

_OUTSIDE = "input:"


class Chain:
    """Submodels in the order of the spec. An input without a source takes the nearest earlier output of its name,
    else the chain's input of its name.
    """

    source: Array | None = None

    def __init__(self, spec: PipelineSpec, caller: Caller) -> None:
        """Wire it, make or read the inputs. Raises UsageError where a source does not exist."""
        self._sources: dict[str, dict[str, str]] = {}
        outside: dict[str, tuple[str, str]] = {}
        given: dict[str, str] = {}
        for submodel in spec.submodels:
            wanted = [i.name for i in caller.inputs(submodel.name)]
            _no_strangers(submodel.name, submodel.inputs, wanted)
            sources = {n: submodel.inputs.get(n) or given.get(n, _OUTSIDE + n) for n in wanted}
            for name, source in sources.items():
                if source.startswith(_OUTSIDE):
                    outside.setdefault(source.removeprefix(_OUTSIDE), (submodel.name, name))
                elif source not in given.values():
                    raise _unknown(submodel.name, name, source, list(given.values()))
            self._sources[submodel.name] = sources
            for info in caller.outputs(submodel.name):
                given[info.name] = f"{submodel.name}.{info.name}"
                given[f"{submodel.name}.{info.name}"] = f"{submodel.name}.{info.name}"
        self._inputs = _inputs(spec, outside)
        self._outputs = self._final(spec, list(dict.fromkeys(given.values())))

    def run(self, caller: Caller) -> Generator[Step, None, Outcome]:
        """Each submodel once; there are no steps."""
        values: dict[str, Array] = {_OUTSIDE + name: array for name, array in self._inputs.items()}
        for name, sources in self._sources.items():
            found = caller(name, {value: values[source] for value, source in sources.items()})
            values.update({f"{name}.{info.name}": array
                           for info, array in zip(caller.outputs(name), found, strict=True)})
        yield from ()
        return Outcome((), None, {name: values[name] for name in self._outputs})

    def _final(self, spec: PipelineSpec, given: list[str]) -> tuple[str, ...]:
        for name in spec.outputs:
            if name not in given:
                raise _unknown("outputs", name, name, given)
        read = {source for sources in self._sources.values() for source in sources.values()}
        return spec.outputs or tuple(name for name in given if name not in read)


def _inputs(spec: PipelineSpec, outside: Mapping[str, tuple[str, str]]) -> dict[str, Array]:
    """Arrays from the spec's archive; what is not there is generated as ``diag compare`` does, seeded by name."""
    known = _archive(spec, set(outside))
    for name, (submodel, value) in outside.items():
        if name not in known:
            graph = load(Path(spec.submodel(submodel).onnx)).graph
            infos = dict(zip(graph.input_names, graph.inputs, strict=True))
            info = TensorInfo(value, infos[value].dtype, infos[value].shape)
            if info.static_shape is None:
                raise UsageError(f"The input '{value}' of {submodel} has no fixed shape",
                                 where=f"it is {describe(info)}", hint="Give it in an .npz: arrays = \"inputs.npz\"")
            known[name] = generated(graph, info, spec.seed)[0]
    return known


def _archive(spec: PipelineSpec, wanted: set[str]) -> dict[str, Array]:
    if not spec.arrays:
        return {}
    found = archive(Path(spec.arrays))
    for name in found:
        if name not in wanted:
            close = difflib.get_close_matches(name, sorted(wanted), 1)
            raise UsageError(f"The archive has an array '{name}' that the chain does not want",
                             where=f"in {spec.arrays}; wanted: {', '.join(sorted(wanted))}",
                             hint=f"Did you mean '{close[0]}'?" if close else "Remove it")
    return found


def _no_strangers(submodel: str, sources: Mapping[str, str], wanted: list[str]) -> None:
    for name in sources:
        if name not in wanted:
            close = difflib.get_close_matches(name, wanted, 1)
            raise UsageError(f"{submodel} has no input '{name}'", where=f"its inputs: {', '.join(wanted)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "Correct inputs in the pipeline's file")


def _unknown(taker: str, name: str, source: str, given: list[str]) -> UsageError:
    close = difflib.get_close_matches(source, given, 1)
    return UsageError(f"{taker}: nothing gives '{source}'" + ("" if name == source else f" for its input '{name}'"),
                      where=f"there is: {', '.join(given) or 'nothing yet'}, and input:NAME for the outside",
                      hint=f"Did you mean '{close[0]}'?" if close else "Submodels run in the order of the file")
