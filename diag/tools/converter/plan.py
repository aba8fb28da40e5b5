"""One conversion, resolved once: the same plan for ``converter_lite`` and for the Python converter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diag.compare.plan import InputChoice
from diag.rewrites.interface import LIMIT
from diag.tools.converter.profiles import Profiles

Config = Mapping[str, Mapping[str, str]]
"""Converter options: section, key, value."""


@dataclass(frozen=True, slots=True)
class Checks:
    """How a converted model is proved: ``smoke`` runs it, ``compare`` judges its outputs against the ONNX model.

    ``runtime``: auto (the real MindSpore Lite where it is, else the reference runtime), mindspore-lite, reference.
    """

    smoke: bool = True
    compare: bool = True
    runtime: str = "auto"
    device: str = "cpu"
    dtype: str = "auto"
    inputs: InputChoice = field(default_factory=InputChoice)
    profiles: int = 3


@dataclass(frozen=True, slots=True)
class ConverterLimits:
    """``wall_s`` for the conversion, ``stall_s`` without a line and without processor time, ``memory_bytes`` of address
    space (0: no limit).
    """

    wall_s: float = 3600.0
    stall_s: float = 300.0
    memory_bytes: int = 0


def name_of(onnx: Path) -> str:
    """What to call a model: its file, or its folder where the file is called model.onnx."""
    plain = onnx.stem in ("model", "graph", "network")
    return onnx.absolute().parent.name if plain else onnx.stem


@dataclass(frozen=True, slots=True)
class ConverterPlan:
    """One conversion.

    Attributes:
        onnx: the model; external data must lie beside it.
        output: where the MindIR goes, with its ending: .mindir, or .ms for MINDIR_LITE.
        shapes: input shapes by name, -1 where a size varies; those of the file where it is empty.
        profiles: the sizes of each dynamic profile: one number for each -1 of ``shapes``, in the order of the inputs.
        optimize: none, general, gpu_oriented, ascend_oriented, ascend_oriented:910b …
        save_type: MINDIR or MINDIR_LITE.
        precision: precision_mode in the converter's words (enforce_fp16, preferred_fp32, enforce_fp32,
            enforce_origin, preferred_optimal); "" leaves the converter's default.
        aoe: aoe_mode ("subgraph tuning", "operator tuning", both by ", "); sets the compiler's cache to force as well.
        custom_ops: plugin_custom_ops (All, FlashAttention …).
        config: further options by section; they win over what the fields above make.
        config_file: a file with the same, to which everything else is added.
        flags: further flags of converter_lite by name without the dashes (inputDataType, fp16, encryption …).
        tool: auto, converter_lite, python.
        converter: path of converter_lite, or of the Python that has mindspore_lite; None: looked for.
        version: of the converter, where it cannot tell: options are checked against it.
        env: variables for its process.
        diagnostics: set the variables that make its log tell more.
        rewrites: names of rewrites to apply first (``diag.rewrites``), verified before they are used.
        rewrite_limit: relative L2 by which they may move an output, where each place alone moves by no more than 1e-6.
        checks, limits: see there.
    """

    onnx: Path
    output: Path
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    profiles: tuple[tuple[int, ...], ...] = ()
    optimize: str = "general"
    save_type: str = "MINDIR"
    precision: str = ""
    aoe: str = ""
    custom_ops: str = ""
    config: Config = field(default_factory=dict)
    config_file: Path | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    tool: str = "auto"
    converter: Path | None = None
    version: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    diagnostics: bool = False
    rewrites: tuple[str, ...] = ()
    rewrite_limit: float = LIMIT
    checks: Checks = field(default_factory=Checks)
    limits: ConverterLimits = field(default_factory=ConverterLimits)

    @property
    def name(self) -> str:
        """What to call it in sentences."""
        return name_of(self.onnx)

    @property
    def dynamic(self) -> Profiles | None:
        """The dynamic profiles; None for a model of fixed sizes."""
        varies = any(-1 in shape for shape in self.shapes.values())
        return Profiles(self.shapes, self.profiles) if varies or self.profiles else None

    @property
    def for_ascend(self) -> bool:
        """Whether the result is compiled for a chip."""
        return self.optimize.startswith("ascend_oriented")
