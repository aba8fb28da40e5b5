"""What ran when: operators of a profile as columns, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


class Kind(IntEnum):
    """What an operator does, as far as its type tells."""

    COMPUTE = 0
    LAYOUT = 1
    TRANSFER = 2
    COMMUNICATION = 3
    HOST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column of texts: ``words[codes[i]]`` is that of row i. Few words, many rows."""

    codes: Ints
    words: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """The column of these texts."""
        known: dict[str, int] = {}
        codes = np.fromiter((known.setdefault(t, len(known)) for t in texts), np.int32)
        return cls(codes, tuple(known))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.words[int(self.codes[row])]

    def take(self, rows: npt.NDArray[np.intp]) -> Texts:
        """The column with these rows only."""
        return Texts(self.codes[rows], self.words)


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """Calls of one function on the host: ``level`` acl, runtime, node or model."""

    level: str
    name: str
    count: int
    total_us: float
    longest_us: float


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Operators in the order they began. All columns have one row an operator call, or one a sum of calls.

    Attributes:
        path: the file or folder.
        source: msprof, kernel_details, op_statistic, task_time, trace, onnxruntime, benchmark, cycles (whose
            durations are thousands of cycles, not µs).
        runs: how many inferences it covers; 1 where it is not known.
        start_us: from the first operator's start; NaN where the file has no time axis.
        duration_us: of the call, or of all ``calls`` together.
        wait_us: from the end of the task before it, as the file says; NaN where it does not.
        blocks: cores that the work was cut for; 0 unknown.
        mac, vector, load: shares (0..1) of the matrix, vector and load (MTE2) pipes; NaN unknown.
        unreadable, first_unreadable: rows that were left out, and what was wrong with the first.
        originals: original operators by fused one.
        type_totals: (type, calls, µs), where the file says them but not the type of each operator.
    """

    path: str
    source: str
    runs: int
    names: Texts
    types: Texts
    cores: Texts
    tracks: Texts
    shapes: Texts
    dtypes: Texts
    start_us: Floats
    duration_us: Floats
    wait_us: Floats
    calls: Ints
    blocks: Ints
    mac: Floats
    vector: Floats
    load: Floats
    host: tuple[Host, ...] = ()
    unreadable: int = 0
    first_unreadable: str = ""
    originals: tuple[tuple[str, tuple[str, ...]], ...] = ()
    type_totals: tuple[tuple[str, int, float], ...] = ()

    def __len__(self) -> int:
        return len(self.duration_us)

    @property
    def has_axis(self) -> bool:
        """Whether it is known when each operator ran."""
        return len(self) > 0 and bool(np.isfinite(self.start_us).all())
