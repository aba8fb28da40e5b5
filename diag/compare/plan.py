"""Everything that a comparison is told, resolved once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diag.formats.interface import key_of

DEFAULT_BUDGET = 2 * 2**30
LEAST_BUDGET = 16 * 2**20


@dataclass(frozen=True, slots=True)
class InputChoice:
    """Where inputs come from: ``archive`` an .npz, ``files`` .npy by input name, the rest generated with ``seed``."""

    archive: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ComparePlan:
    """One comparison.

    Attributes:
        golden: the ONNX model that is right by definition.
        target: what it became: a MindIR, or another ONNX.
        inputs: where the inputs come from.
        out: the run folder; made if it is not there.
        device: "cpu" or "ascend:N", for the target's runtime.
        dtype: what the target computes in: "auto", "float32", "float16", "bfloat16".
        own_input: whether each layer's own error is measured too (each target node runs once more).
        preset: "calibrated" or "mindstudio".
        map_file: pairings given by hand (see ``diag.compare.align.manual``).
        graph: the compiler's graph (GE dump, OM, OM as JSON) of what a recording was made with; None: by names.
        budget: memory for tensors, bytes.
        threads: threads of the target's runtime.
        jobs: processor cores for everything that runs here; None: the machine's.
        key: decrypts the target: 16, 24 or 32 characters, or twice as many hexadecimal digits.
        checks: whether golden stability is measured; None: if the model is small.
        cache: folder in which golden tensors are kept by content; None: they are not kept.
        record: layers whose tensors are kept beside those with the largest errors of their own: names of nodes or
            tensors, a number (so many layers with the largest errors), or "all".
        told: the options as the user gave them, for the report.
    """

    golden: Path
    target: Path
    out: Path
    inputs: InputChoice = field(default_factory=InputChoice)
    device: str = "cpu"
    dtype: str = "auto"
    own_input: bool = True
    preset: str = "calibrated"
    map_file: Path | None = None
    graph: Path | None = None
    budget: int = DEFAULT_BUDGET
    threads: int = 1
    jobs: int | None = None
    key: str | None = None
    checks: bool | None = None
    cache: Path | None = None
    record: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key_bytes(self) -> bytes | None:
        """The key as bytes. Raises UsageError if it has no usable length."""
        return key_of(self.key) if self.key else None
