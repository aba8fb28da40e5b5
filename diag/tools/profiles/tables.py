"""CSV tables of msprof and of framework profilers, by the names of their columns, in bounded pieces.

Columns differ by CANN version and by what was measured: names are compared without case, blanks, underscores and units.
Numbers may carry tabs or be ``N/A``; start times have more digits than a double keeps, so whole and fraction are read
apart.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from diag.cancel import Cancel
from diag.errors import FormatError
from diag.events import Event, Progress
from diag.tools.profiles.columns import Builder
from diag.types.timeline import Host

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 50_000
MOST_US = 1e15  # a duration of thirty years is none
_UNIT = re.compile(r"\((us|ns|ms|s|%|kb|mb|gb/s)\)$")

OPERATORS: Mapping[str, tuple[str, ...]] = {
    # our column: theirs, the first that is there
    "names": ("op name", "name"), "types": ("op type", "type"), "cores": ("task type", "accelerator core"),
    "start_us": ("task start time", "start time"), "duration_us": ("task duration", "duration"),
    "wait_us": ("task wait time", "wait time"), "blocks": ("block dim", "block num"),
    "shapes": ("input shapes",), "dtypes": ("input data types",),
    "tracks": ("stream id",), "run": ("infer id", "step id", "iteration id"),
    "mac": ("aic_mac_ratio", "mac_ratio"), "vector": ("aiv_vec_ratio", "vec_ratio"),
    "load_cube": ("aic_mte2_ratio", "mte2_ratio"), "load_vector": ("aiv_mte2_ratio",),
    "cube": ("cube_utilization",),
}
STATISTIC: Mapping[str, tuple[str, ...]] = {
    "types": ("op type",), "cores": ("core type",), "calls": ("count",), "duration_us": ("total time",)}
TASKS: Mapping[str, tuple[str, ...]] = {
    "names": ("kernel_name",), "cores": ("kernel_type",), "tracks": ("stream_id",), "duration_us": ("task_time",),
    "start_us": ("task_start",)}
API: Mapping[str, tuple[str, ...]] = {
    "level": ("level",), "name": ("api name",), "total": ("time",), "count": ("count",), "longest": ("max",)}
FUSION: Mapping[str, tuple[str, ...]] = {"fused": ("fusion op",), "originals": ("original ops",)}

_NEEDED = {"op_summary": ("names", "duration_us"), "op_statistic": ("types", "duration_us", "calls"),
           "task_time": ("names", "duration_us", "start_us"), "api": ("name", "total", "count"),
           "fusion": ("fused", "originals")}
_TABLES = {"op_summary": OPERATORS, "op_statistic": STATISTIC, "task_time": TASKS, "api": API, "fusion": FUSION}


def kind_of(path: Path) -> str:
    """Which of our tables a CSV is, by its heading; "" for none. Raises OSError."""
    heads = _heading(path)
    for kind in ("fusion", "api", "task_time", "op_statistic", "op_summary"):
        found = _columns(heads, _TABLES[kind])
        if all(name in found for name in _NEEDED[kind]):
            return kind
    return ""


def read_operators(path: Path, into: Builder, cancel: Cancel, kind: str = "op_summary"
                   ) -> Generator[Event, None, set[str]]:
    """Add the rows of one table; Progress by rows. Returns the ids of the runs that were seen."""
    seen: set[str] = set()
    heads = _heading(path)
    found = _columns(heads, _TABLES[kind])
    scales = {name: _scale(heads[place]) for name, place in found.items()}
    rows = 0
    for piece in pieces(path, list(found.values()), into):
        cancel.check()
        frame = {name: piece.iloc[:, place] for place, name in enumerate(found)}
        if "start_us" in frame and into.origin is None:
            into.origin = _first_whole(frame["start_us"])
        _add(frame, into, into.origin or 0, scales, kind)
        if "run" in frame:
            seen.update(frame["run"].dropna().unique())
        rows += len(piece)
        yield Progress("Reading the profile", rows, 0, "rows")
    return seen - {"N/A", ""}


def read_host(path: Path) -> list[Host]:
    """The rows of an api_statistic table, the longest first."""
    found = _columns(_heading(path), API)
    rows: list[Host] = []
    for piece in pieces(path, list(found.values()), None):
        frame = {name: piece.iloc[:, place] for place, name in enumerate(found)}
        count = len(piece)
        total, calls = _numbers(frame["total"]), np.nan_to_num(_numbers(frame["count"]))
        longest = _numbers(frame["longest"]) if "longest" in frame else np.full(count, np.nan)
        levels = _texts(frame["level"]) if "level" in frame else [""] * count
        rows += [Host(*row) for row in zip(levels, _texts(frame["name"]), map(int, calls), map(float, total),
                                           map(float, longest), strict=True) if row[3] >= 0]
    return sorted(rows, key=lambda row: -row.total_us)


def read_fusions(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Original operators by fused operator."""
    found = _columns(_heading(path), FUSION)
    fusions = []
    for piece in pieces(path, list(found.values()), None):
        frame = {name: piece.iloc[:, place] for place, name in enumerate(found)}
        for fused, text in zip(_texts(frame["fused"]), _texts(frame["originals"]), strict=True):
            fusions.append((fused, tuple(t.strip() for t in re.split(r"[;,]", text) if t.strip())))
    return fusions


def pieces(path: Path, wanted: Sequence[int], into: Builder | None) -> Iterator[pd.DataFrame]:
    """Pieces of the CSV with only these columns, in this order, as text. Raises FormatError."""
    import pandas as pd

    with path.open(encoding="utf-8-sig", errors="replace") as file:
        parted = comma(file.readline(1 << 16))
    # pandas gives columns in the file's order, whatever the order asked for.
    order = [sorted(wanted).index(one) for one in wanted]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", pd.errors.ParserWarning)
        try:
            with pd.read_csv(path, sep=parted, usecols=sorted(wanted), dtype=str, chunksize=ROWS_AT_ONCE,
                             encoding="utf-8-sig", encoding_errors="replace", on_bad_lines="warn",
                             keep_default_na=False, skipinitialspace=True) as reader:
                for piece in reader:
                    if len(piece):
                        yield piece.iloc[:, order]
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            raise FormatError(path, "Expected a table of a profiler as CSV", found=str(error).splitlines()[0][:200],
                              hint="Export the profile again: msprof --export=on --output=PROF_FOLDER") from error
        if into is not None:
            skipped = [line for w in caught for line in str(w.message).splitlines() if "Skipping line" in line]
            into.refuse(len(skipped), skipped[0] if skipped else "")


def _add(frame: Mapping[str, Any], into: Builder, origin: int, scales: Mapping[str, float], kind: str
         ) -> None:
    duration = _numbers(frame["duration_us"])
    good = np.isfinite(duration) & (duration >= 0) & (duration < MOST_US)
    start = _starts(frame["start_us"], origin) if "start_us" in frame else np.full(len(duration), np.nan)
    if kind != "op_statistic" and "start_us" in frame:
        good &= np.isfinite(start)
    if kind == "task_time":
        # Marks of the profiler and of events are no work.
        good &= np.array([t not in ("", "N/A") for t in _texts(frame["names"])])
    elif not good.all():
        bad = int(np.flatnonzero(~good)[0])
        into.refuse(int((~good).sum()), f"'{frame['duration_us'].iloc[bad]}' is no duration")
    columns: dict[str, Any] = {"duration_us": duration[good] * scales["duration_us"],
                               "start_us": start[good] * scales.get("start_us", 1.0)}
    if "wait_us" in frame:
        columns["wait_us"] = (_numbers(frame["wait_us"]) * scales["wait_us"])[good]
    for name in ("names", "types", "cores", "tracks", "shapes", "dtypes"):
        if name in frame:
            texts = _texts(frame[name])
            columns[name] = [t for t, keep in zip(texts, good, strict=True) if keep]
    columns.setdefault("names", columns.get("types"))
    columns.setdefault("types", columns["names"])
    columns.update({name: values[good] for name, values in _figures(frame).items()})
    into.add(int(good.sum()), {name: column for name, column in columns.items() if column is not None})


def _figures(frame: Mapping[str, Any]) -> dict[str, npt.NDArray[np.generic]]:
    found: dict[str, npt.NDArray[np.generic]] = {}
    if "calls" in frame:
        found["calls"] = np.clip(np.nan_to_num(_numbers(frame["calls"])), 0, 2**31 - 1).astype(np.int32)
    if "blocks" in frame:
        found["blocks"] = np.clip(np.nan_to_num(_numbers(frame["blocks"])), 0, 2**31 - 1).astype(np.int32)
    for name in ("mac", "vector"):
        if name in frame:
            found[name] = _numbers(frame[name])
    if "mac" not in found and "cube" in frame:
        found["mac"] = _numbers(frame["cube"]) / 100
    loads = [_numbers(frame[name]) for name in ("load_cube", "load_vector") if name in frame]
    if loads:
        found["load"] = np.fmax.reduce(loads)
    return found


def _heading(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        line = file.readline(1 << 16)
    return [head.strip().strip('"') for head in line.rstrip("\r\n").split(comma(line))]


def comma(heading: str) -> str:
    """What parts the columns: spreadsheets save tables with tabs or semicolons, too."""
    return max(",\t;", key=heading.count)


def _columns(heads: Sequence[str], table: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    plain = [_plain(head) for head in heads]
    found: dict[str, int] = {}
    for ours, theirs in table.items():
        place = next((plain.index(_plain(name)) for name in theirs if _plain(name) in plain), None)
        if place is not None and place not in found.values():
            found[ours] = place
    return found


def _plain(head: str) -> str:
    return re.sub(r"[\s_]", "", _UNIT.sub("", head.lower().strip()))


def _scale(head: str) -> float:
    """Microseconds in the unit that a heading names."""
    unit = _UNIT.search(head.lower().strip())
    return {"ns": 1e-3, "ms": 1e3, "s": 1e6}.get(unit[1], 1.0) if unit is not None else 1.0


def _texts(column: Any) -> list[str]:  # noqa: ANN401 - a pandas series of texts
    return [t.strip('" \t') for t in column.fillna("").astype(str)]


def _numbers(column: Any) -> npt.NDArray[np.float64]:  # noqa: ANN401
    import pandas as pd

    numbers: npt.NDArray[np.float64] = pd.to_numeric(column.str.strip(), errors="coerce").to_numpy(np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _first_whole(column: Any) -> int | None:  # noqa: ANN401
    for text in column:
        whole = str(text).strip().split(".")[0]
        if whole.isdecimal() and len(whole) < 19:
            return int(whole)
    return None


def _starts(column: Any, origin: int) -> npt.NDArray[np.float64]:  # noqa: ANN401
    import pandas as pd

    parts = column.str.strip().str.partition(".")
    plain = parts[0].str.fullmatch(r"\d{1,18}").fillna(False).astype(bool)
    whole = pd.to_numeric(parts[0].where(plain), errors="coerce")
    known = whole.notna().to_numpy()
    exact = whole.fillna(0).astype(np.int64).to_numpy() - origin
    fraction = pd.to_numeric("0." + parts[2].where(parts[2].str.isdecimal(), "0"), errors="coerce").to_numpy(np.float64)
    return np.where(known, exact + np.nan_to_num(fraction), np.nan)
