"""What can run a model: one interface, whether it runs in this process or in another Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from diag.cancel import Cancel
from diag.types.tensor import TensorInfo

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """A runtime that was found, or that could be there.

    Attributes:
        name: onnxruntime, reference, mindspore-lite, mindspore.
        version: its version, "" if it is not there.
        python: interpreter of a worker runtime; None when it runs in this process.
        devices: what it can run on: "cpu", "ascend:0" …
        env: environment variables that a worker needs (CANN's set_env).
        problem: why it cannot be used, one sentence; "" if it can.
        hint: how to get it.
    """

    name: str
    version: str = ""
    python: Path | None = None
    devices: tuple[str, ...] = ("cpu",)
    env: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    hint: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can run a model now."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run. ``threads`` is 1 for comparisons: thread count changes sums (and finds bugs of its own)."""

    device: str = "cpu"
    threads: int = 1
    work_dir: Path | None = None
    timeout_s: float = 600.0
    key: bytes | None = None


class Session(Protocol):
    """One model, ready to run on one runtime. Use as a context manager.

    Values are named as in the model's Graph (``Graph.values``): for MindIR the mangled value names. Arrays come back
    in the dtype that the runtime computed them in; bfloat16 as ml_dtypes.bfloat16.
    """

    inputs: tuple[TensorInfo, ...]
    """What ``run`` wants, by caller-visible input name (``Graph.input_names``)."""

    outputs: tuple[TensorInfo, ...]
    """What ``run`` gives, by caller-visible output name (``Graph.output_names``)."""

    def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
        """Final outputs of the untouched model, by caller-visible name."""
        ...

    def observe(self, feeds: Mapping[str, Array], values: Sequence[str], cancel: Cancel) -> dict[str, Array]:
        """Run the whole model with taps: the named values, and the final outputs under their names.

        A value that cannot be tapped is missing from the answer; ``untappable`` says why.
        """
        ...

    def isolate(self, values: Sequence[str], feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
        """Run each node that writes one of ``values`` alone: what it reads comes from ``feeds``, not from its producer.

        ``feeds`` is keyed by value name, in the target's layout; weights, constants and integer shape computations
        that the model makes from constants are the model's own. One build, one run for all of them.
        A value whose node needs something that is not in ``feeds`` is missing from the answer.
        """
        ...

    def untappable(self, value: str) -> str:
        """Why a value cannot be observed or isolated; "" if it can."""
        ...

    def close(self) -> None:
        """End the process, free the memory. Twice is fine."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None: ...


class Runtime(Protocol):
    """A kind of runtime: knows how to open a model with it."""

    spec: RuntimeSpec

    def open(self, path: Path, options: RunOptions, cancel: Cancel) -> Session:
        """A session for the model file. Raises RuntimeUnavailable, ToolFailed, WorkerCrashed, FormatError."""
        ...
