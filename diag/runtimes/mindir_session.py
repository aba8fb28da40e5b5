"""A MindIR in a worker: final outputs, any tensor inside, every node on given input, all by editing the file."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from diag.cancel import Cancel
from diag.errors import ToolFailed, UsageError
from diag.formats.interface import ReadOptions
from diag.formats.mindir import MINDIR, edit
from diag.formats.mindir.select import select, untappable
from diag.formats.mindir.work import opened
from diag.formats.registry import find_format
from diag.runtimes.feeds import checked
from diag.runtimes.interface import Array, RunOptions, RuntimeSpec
from diag.runtimes.model_process import ModelProcess
from diag.types.dtype import DType
from diag.types.graph import Graph
from diag.types.tensor import TensorInfo

BATCH_BYTES = 1 << 30
_UNKNOWN_BYTES = 16 << 20
"""What a value is taken for whose shape the file does not say."""


@dataclass(frozen=True, slots=True)
class _Model:
    """A model on disk: the values of its outputs and its inputs in order, the input name of each value to feed."""

    path: Path
    values: tuple[str, ...]
    declared: tuple[TensorInfo, ...]
    inputs: Mapping[str, str]


class MindIRSession:
    """One MindIR in the runtime of a spec. See ``Session``."""

    def __init__(self, spec: RuntimeSpec, path: Path, options: RunOptions, cancel: Cancel,
                 batch_bytes: int = BATCH_BYTES) -> None:
        """Read the file, start the worker, build the model. Raises as ``Runtime.open``.

        ``batch_bytes`` bounds the tensors that one run with taps holds, in the worker and on disk.
        """
        if options.device not in spec.devices:
            raise UsageError(f"{spec.name} finds no device '{options.device}' here",
                             where=f"devices: {', '.join(spec.devices)}", hint="See: diag runtime doctor")
        if find_format(path).name != MINDIR.name:
            raise UsageError(f"{spec.name} runs MindIR models only", where=f"in {path}",
                             hint="Convert it first: diag convert")
        self.graph: Graph = MINDIR.read(path, ReadOptions(options.key))
        self._source, self._key = path, options.key
        self._batch_bytes = batch_bytes
        self._uneditable = _uneditable(path, options.key)
        self._reasons: dict[str, str] = dict(untappable(self.graph))
        self._edits = 0
        self._last: tuple[Hashable, _Model] | None = None
        self._process = ModelProcess(spec, options)
        try:
            _link_weights(path, self._process.folder)
            # 2.0.0 cannot decrypt; an edit that changes nothing is the plain model.
            named = tuple(TensorInfo(name, i.dtype, i.shape) for name, i
                          in zip(self.graph.input_names, self.graph.inputs, strict=True))
            values = tuple(o.name for o in self.graph.outputs)
            self._plain = (self._write(edit.tap(path, (), options.key), named) if options.key
                           else _Model(path, values, named, {}))
            self.inputs = self._process.load(self._plain.path, named, cancel)
        except BaseException:
            self._process.close()
            raise
        self.outputs = tuple(TensorInfo(name, o.dtype, o.shape) for name, o
                             in zip(self.graph.output_names, self.graph.outputs, strict=True))

    def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
        """Final outputs of the untouched model."""
        return self._final(self._run(self._plain, checked(feeds, self.inputs), cancel))

    def observe(self, feeds: Mapping[str, Array], values: Sequence[str], cancel: Cancel) -> dict[str, Array]:
        """The named values and the final outputs; as many runs as the batch size needs."""
        given = checked(feeds, self.inputs)
        possible = [value for value in dict.fromkeys(values) if not self.untappable(value)]
        seen: dict[str, Array] = {}
        if not possible:
            return self.run(feeds, cancel)
        for batch in self._batches(possible):
            model = self._edited(("tap", batch), partial(edit.tap, self._source, batch, self._key), {})
            found = self._run(model, given, cancel)
            if not seen:
                seen.update(self._final(found))
            seen.update(self._sound(batch, found))
        return seen

    def isolate(self, values: Sequence[str], feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
        """Each node that writes one of ``values``, on its own input taken from ``feeds``."""
        infos = {value: TensorInfo(value, DType.of(array.dtype), array.shape) for value, array in feeds.items()}
        seen: dict[str, Array] = {}
        for batch in self._batches(self._fed(values, infos)):
            shapes = tuple(sorted((i.name, i.dtype, i.shape) for i in infos.values()))
            model = self._edited(("isolate", batch, shapes),
                                 partial(edit.isolate, self._source, batch, infos, self._key), infos)
            given = {name: feeds[value] for value, name in model.inputs.items()}
            wanted = self._process.load(model.path, model.declared, cancel)
            found = self._run(model, checked(given, wanted), cancel)
            seen.update(self._sound(batch, found))
        return seen

    def time(self, feeds: Mapping[str, Array] | None, runs: int, cancel: Cancel) -> list[float]:
        """Seconds of each of ``runs`` runs of the untouched model; ``feeds`` with the first call, then None."""
        given = None if feeds is None else checked(feeds, self.inputs)
        return self._process.time(self._plain.path, self._plain.declared, given, runs, cancel)

    def time_alone(self, value: str, feeds: Mapping[str, Array], runs: int, cancel: Cancel) -> list[float]:
        """Seconds of ``runs`` runs of a model of only the node that writes ``value``; none if it cannot be cut out.

        ``feeds`` by value name, as for ``isolate``. Includes what any run of any model costs.
        """
        infos = {name: TensorInfo(name, DType.of(array.dtype), array.shape) for name, array in feeds.items()}
        if not self._fed([value], infos):
            return []
        model = self._edited(("alone", value), partial(edit.isolate, self._source, (value,), infos, self._key), infos)
        given = {name: feeds[one] for one, name in model.inputs.items()}
        wanted = self._process.load(model.path, model.declared, cancel)
        return self._process.time(model.path, model.declared, checked(given, wanted), runs, cancel)

    def untappable(self, value: str) -> str:
        """Why a value cannot be seen: from the file, or from what the runtime gave for it; "" if it can."""
        if value in self._reasons:
            return self._reasons[value]
        return self._uneditable if value in self.graph.producers else "no node writes it"

    def close(self) -> None:
        """End the process, remove the edited files. Twice is fine."""
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def _run(self, model: _Model, feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
        """Arrays by value."""
        ran = self._process.run(model.path, model.declared, feeds, cancel)
        if len(ran.arrays) != len(model.values):
            raise ToolFailed(f"{self._process.spec.name} gave {len(ran.arrays)} outputs, "
                             f"the model has {len(model.values)}", where=f"in {self._source}",
                             hint="Its version may not fit the model; convert it again")
        return dict(zip(model.values, ran.arrays, strict=True))

    def _final(self, found: Mapping[str, Array]) -> dict[str, Array]:
        return {o.name: found[value.name] for o, value in zip(self.outputs, self.graph.outputs, strict=True)}

    def _sound(self, values: Iterable[str], found: Mapping[str, Array]) -> dict[str, Array]:
        """Without what cannot be the value: the runtime shows foreign memory for some, in another shape."""
        sound = {}
        for value in values:
            shape = self.graph.info(value).static_shape
            if shape is not None and found[value].shape != shape:
                self._reasons[value] = (f"the runtime gave it the shape {list(found[value].shape)}, "
                                        f"the file says {list(shape)}")
            else:
                sound[value] = found[value]
        return sound

    def _fed(self, values: Sequence[str], feeds: Mapping[str, TensorInfo]) -> list[str]:
        """The values whose nodes can run alone on ``feeds``."""
        possible = [value for value in dict.fromkeys(values) if not self.untappable(value)]
        ready: list[str] = []
        if not possible:
            return ready
        with opened(self._source, self._key) as work:
            for value in possible:
                try:
                    needed = select(work, [work.entry(value)]).fed
                except UsageError as error:
                    self._reasons.setdefault(value, error.message)
                    continue
                if all(one in feeds for one in needed):
                    ready.append(value)
        return ready

    def _batches(self, values: Sequence[str]) -> list[tuple[str, ...]]:
        batches: list[list[str]] = []
        room = 0
        for value in values:
            shape = self.graph.info(value).static_shape
            size = _UNKNOWN_BYTES
            if shape is not None:
                size = _bytes(self.graph.info(value).dtype, shape)
            if not batches or size > room:
                batches.append([])
                room = self._batch_bytes
            batches[-1].append(value)
            room -= size
        return [tuple(batch) for batch in batches]

    def _edited(self, key: Hashable, make: Callable[[], edit.Edited], infos: Mapping[str, TensorInfo]) -> _Model:
        """The edited model; the last one is kept, because pipelines ask for the same tensors step after step."""
        if self._last is None or self._last[0] != key:
            if self._last is not None:
                self._last[1].path.unlink(missing_ok=True)
            edited = make()
            declared = tuple(replace(infos.get(value) or self.graph.info(value), name=name)
                             for value, name in edited.inputs.items())
            self._last = key, self._write(edited, declared)
        return self._last[1]

    def _write(self, edited: edit.Edited, declared: tuple[TensorInfo, ...]) -> _Model:
        self._edits += 1
        path = self._process.folder / f"edit-{self._edits}.mindir"
        path.write_bytes(edited.data)
        return _Model(path, edited.values, declared, edited.inputs)


def _uneditable(path: Path, key: bytes | None) -> str:
    """Why the file as a whole cannot be edited; "" if it can."""
    try:
        with opened(path, key):
            return ""
    except UsageError as error:
        return error.message


def _bytes(dtype: DType, shape: tuple[int, ...]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return (dtype.bits or 64) * size // 8


def _link_weights(model: Path, folder: Path) -> None:
    """Weights in files of their own are looked for beside the model."""
    for beside in model.absolute().parent.glob("*_variables"):
        (folder / beside.name).symlink_to(beside)
