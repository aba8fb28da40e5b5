"""A folder of dumps as one Recording; a single dump file as one recorded operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from diag.errors import FormatError, UsageError
from diag.formats.tensor_dump import arrays, nano, overflow, standard, statistics
from diag.formats.tensor_dump.files import Named, Site, place_of, sites
from diag.formats.tensor_dump.names import FileName, parse, sanitised
from diag.formats.tensor_dump.recording import Overflow, RecordedOp, RecordedTensor, Recording

_UNREADABLE = 8
_KINDS = {"lite": "mindspore-lite", "array": "arrays"}


@dataclass(slots=True)
class _Found:
    """What the files of one site held, while they are read."""

    ops: list[RecordedOp] = field(default_factory=list)
    overflows: list[Overflow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


def read(path: Path) -> Recording:
    """The recording in a folder (or in the only folder below it that holds one). No tensor's elements are read.

    Files that are damaged are noted and the rest is given. Raises FormatError if there is no dump, UsageError if there
    are several and one must be chosen.
    """
    path = path.absolute()
    if path.is_file():
        return _one_file(path)
    found = sites(path)
    reports = [s for s in found if s.only_overflow]
    tensors = [s for s in found if not s.only_overflow]
    if not found:
        linked = any(p.is_symlink() for p in path.iterdir())
        raise FormatError(path, "Expected tensor dumps in this folder", found=_contents(path),
                          hint="Links that lead out of it are not followed: name the folder behind them, or copy the "
                          "files (cp -rL)" if linked else
                          "Name the folder time/device/model/model_id/iteration that the device wrote")
    if len(tensors) > 1:
        tensors = [_chosen(tensors, path)]
    return _recording(path, tensors[0] if tensors else reports[0], reports if tensors else reports[1:])


def recordings(path: Path) -> list[Path]:
    """Folders at or below ``path`` that each hold one recording, in order."""
    return [s.folder for s in sites(path.absolute()) if not s.only_overflow]


def read_op(path: Path) -> RecordedOp:
    """One dump file. Raises FormatError where it is none."""
    name = parse(path.name) or FileName("unnamed", "", "")
    if name.kind == "overflow":
        raise FormatError(path, "Expected a tensor dump; this is a report of the overflow detection")
    return _op(Named(path, name), [])


def _one_file(path: Path) -> Recording:
    name = parse(path.name)
    if name is not None and name.kind == "overflow":
        return Recording(path, "ascend", (), overflows=overflow.read(path, name))
    if name is None and path.suffix.lower() == ".csv":
        ops = list(_table(path))
        return Recording(path, "ascend-statistics", tuple(ops))
    notes: list[str] = []
    named = Named(path, name or FileName("unnamed", "", "", ending=path.suffix if path.suffix in
                                         (".npy", ".csv") else ""))
    op = _op(named, notes)
    return Recording(path, _kind(Counter([_kind_of(named.name)])), (op,), place_of(path.parent), (), tuple(notes))


def _chosen(found: Sequence[Site], path: Path) -> Site:
    """The earliest iteration where that is all that differs. Raises UsageError for different runs."""
    places = [place_of(s.folder) for s in found]
    if len({replace(p, iteration="") for p in places}) == 1 and all(p.iteration.isdecimal() for p in places):
        first = min(zip(places, found, strict=True), key=lambda both: int(both[0].iteration))[1]
        first.notes.append(f"{len(found)} iterations are recorded: the first one, {first.folder.name}, is taken")
        return first
    near = ", ".join(str(s.folder.relative_to(path)) for s in found[:4]) + (" …" if len(found) > 4 else "")
    raise UsageError(f"{len(found)} recordings lie in this folder: one must be chosen", where=f"in {path}",
                     hint=f"Name one of {near}")


def _contents(path: Path) -> str:
    names = sorted(p.name for p in path.iterdir())
    return f"{', '.join(names[:4])}{' …' if len(names) > 4 else ''}" if names else "nothing"


def _recording(path: Path, site: Site, reports: Iterable[Site]) -> Recording:
    found = _Found(notes=list(site.notes))
    for table in site.tables:
        with _noting(table, found):
            found.ops += _table(table)
            found.kinds["mindspore"] += 1
    for one in (*site.files, *(f for s in reports for f in s.files)):
        with _noting(one.path, found):
            _take(one, found)
    ops = _sliced(_merged(found.ops))
    kept = _earliest(sorted(ops, key=lambda o: (o.time, o.task, o.stream)), found.notes)
    if not kept and not found.overflows:
        raise FormatError(path, "None of the dump files in this folder can be read", found=found.notes[0]
                          if found.notes else "", hint="Copy the folder again")
    return Recording(site.folder, _kind(found.kinds), tuple(kept), place_of(site.folder),
                     tuple(sorted(found.overflows, key=lambda o: (o.time, o.task))), tuple(found.notes))


class _noting:  # noqa: N801 - used as a statement
    """A damaged file is noted and the others are read."""

    def __init__(self, path: Path, found: _Found) -> None:
        self._path, self._found = path, found

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        if isinstance(error, FormatError):
            self._found.notes.append(f"{self._path.name}: {error.message}")
            return True
        return False


def _take(one: Named, found: _Found) -> None:
    if one.name.kind == "overflow":
        found.overflows += overflow.read(one.path, one.name)
    elif one.name.kind == "exception":
        found.notes.append(f"{one.path.name}: the device raised an exception in task {one.name.task}")
    else:
        found.ops.append(_op(one, found.notes))
        found.kinds[_kind_of(one.name)] += 1


def _op(one: Named, notes: list[str]) -> RecordedOp:
    name = one.name
    if name.kind == "lite":
        return _made(one, [arrays.raw(one.path, name)], "")
    if name.ending == ".npy":
        return _made(one, [arrays.npy(one.path, name)], "")
    if name.ending == ".csv":
        lines = statistics.read(one.path)
        return _made(one, [line.tensor for line in lines], "")
    with one.path.open("rb") as file:
        head = file.read(16)
    header = nano.read(one.path) if nano.is_nano(head) else standard.read(one.path)
    if one.mapped and header.name and sanitised(header.name) != sanitised(name.name):
        notes.append(f"mapping.csv says that {one.path.name} is of '{name.name[:60]}'; the file itself says "
                     f"'{header.name[:60]}', which counts")
        return _made(Named(one.path, replace(name, op="")), header.tensors, header.name)
    return _made(one, header.tensors, header.name)


def _made(one: Named, tensors: Sequence[RecordedTensor], said: str) -> RecordedOp:
    """The operation. Its own name counts if the file says it: the file's name has '_' for some characters."""
    name = one.name
    return RecordedOp(said or name.name, name.op, tuple(tensors), (one.path,), name.task, name.stream, name.time,
                      name.context, name.thread)


def _table(path: Path) -> Iterator[RecordedOp]:
    yield from _runs(RecordedOp(line.name or path.stem, line.op, (line.tensor,), (path,), line.task, line.stream,
                                line.time) for line in statistics.read(path))


def _runs(single: Iterable[RecordedOp]) -> Iterator[RecordedOp]:
    """Single tensors put together. Each may have its own time: an operation ran again where one comes again."""
    groups: dict[tuple[object, ...], list[list[RecordedOp]]] = {}
    for op in single:
        runs = groups.setdefault((op.name, op.op, op.task, op.stream, op.context, op.thread), [[]])
        tensor = op.tensors[0]
        if any((t.side, t.slot) == (tensor.side, tensor.slot) for member in runs[-1] for t in member.tensors):
            runs.append([])
        runs[-1].append(op)
    for runs in groups.values():
        yield from (_joined(members) for members in runs)


def _merged(ops: Iterable[RecordedOp]) -> list[RecordedOp]:
    """Files of single tensors put together: one operation for each run."""
    groups: dict[tuple[object, ...], list[RecordedOp]] = {}
    single: list[RecordedOp] = []
    for op in ops:
        named = parse(op.files[0].name)
        if named is not None and named.side and op.task >= 0 and len(op.tensors) == 1:
            single.append(op)
            continue
        # Golden and MindSpore Lite files say no task; their time may differ by slot.
        key = (op.name, op.op, op.task, op.stream, op.time if op.task >= 0 else 0, op.context, op.thread)
        groups.setdefault(key, []).append(op)
    whole = [members[0] if len(members) == 1 else _joined(members) for members in groups.values()]
    return [*whole, *_runs(sorted(single, key=lambda op: op.time))]


def _joined(members: Sequence[RecordedOp]) -> RecordedOp:
    tensors = sorted((t for m in members for t in m.tensors), key=lambda t: (t.side, t.slot))
    files = tuple(dict.fromkeys(f for m in members for f in m.files))
    return replace(members[0], tensors=tuple(tensors), files=files)


def _sliced(ops: Sequence[RecordedOp]) -> list[RecordedOp]:
    """Threads of one task put together: each read and wrote a slice, or all read the same."""
    groups: dict[tuple[object, ...], list[RecordedOp]] = {}
    for k, op in enumerate(ops):
        key = (op.name, op.op, op.task, op.stream) if op.thread >= 0 else (k,)
        groups.setdefault(key, []).append(op)
    return [_joined_threads(sorted(g, key=lambda o: (o.thread, o.time))) for g in groups.values()]


def _joined_threads(members: Sequence[RecordedOp]) -> RecordedOp:
    threads = list({m.thread: m for m in reversed(members)}.values())[::-1]
    first = threads[0]
    if len(threads) < 2 or any([(t.side, t.slot) for t in m.tensors] != [(t.side, t.slot) for t in first.tensors]
                               for m in threads):
        return first
    tensors = tuple(replace(t, slices=tuple(m.tensors[k] for m in threads)) for k, t in enumerate(first.tensors))
    return replace(first, tensors=tensors, files=tuple(f for m in threads for f in m.files))


def _earliest(ops: Sequence[RecordedOp], notes: list[str]) -> list[RecordedOp]:
    """One run of each operation: an operation in a loop is recorded each time, the first one counts."""
    kept: dict[tuple[str, str, str], RecordedOp] = {}
    again: Counter[str] = Counter()
    for op in ops:
        named = parse(op.files[0].name)
        first = kept.setdefault((op.name, op.op, named.name if named is not None else ""), op)
        if first is not op:
            again[op.name] += 1
    for name, count in again.most_common(_UNREADABLE):
        notes.append(f"{name} is recorded {count + 1} times: the first one is taken")
    return list(kept.values())


def _kind_of(name: FileName) -> str:
    if name.kind in _KINDS:
        return _KINDS[name.kind]
    if name.ending == ".npy":
        return "mindspore"
    return "ascend-statistics" if name.ending == ".csv" else "ascend"


def _kind(kinds: Counter[str]) -> str:
    for kind in ("ascend", "mindspore", "mindspore-lite", "arrays"):
        if kinds[kind]:
            return kind
    return "ascend-statistics" if kinds else "ascend"
