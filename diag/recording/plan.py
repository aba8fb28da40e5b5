"""What to record: read from TOML, checked, with the nearest right word where one is wrong.

Which settings CANN's dump has: its acl.json ("dump_path", "dump_mode", "dump_data", "dump_list", "dump_step",
"dump_debug", "dump_op_switch"); which ones MindSpore Lite has: the section ascend_context of its runtime
configuration ("dump_config_file", "dump_model_name").
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diag.errors import FormatError, UsageError
from diag.formats.toml import read_toml

MODES = ("all", "input", "output")
DATA = ("tensor", "stats")
RUNNERS = ("python", "benchmark")
GRAPHS = ("all", "no_weights", "relations", "off")
"""DUMP_GE_GRAPH 1, 2, 3, and not at all."""

_KEYS: Mapping[str, type] = {
    "model": str, "onnx": str, "inputs": str, "seed": int, "shapes": dict, "device": int, "mode": str, "data": str,
    "layers": list, "steps": str, "overflow": bool, "graph": str, "runner": str, "runs": int, "config": dict,
    "model_name": str,
}
_WANTED = {str: "text", int: "a whole number", bool: "true or false", list: "a list of texts", dict: "a table"}
_STEPS = re.compile(r"\d+(-\d+)?(\|\d+(-\d+)?)*")


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """One recording. Paths are absolute.

    Attributes:
        path: the plan's own file.
        model: the MindIR (or OM) that runs on the device.
        onnx: what it was made from: golden. Its inputs are generated where ``inputs`` has none.
        inputs: .npz with arrays by input name; None: generated with ``seed``.
        shapes: sizes of dynamic inputs.
        device: number of the NPU.
        mode: which tensors of an operator: all, input, output.
        data: whole tensors, or statistics only.
        layers: names of GE operators; empty: all.
        steps: iterations, as ``0``, ``0|5-10``; empty: all.
        overflow: record which operator overflows instead of tensors (CANN allows one of both).
        graph: how much of the compiler's graphs is written: the comparison maps through them.
        runner: what runs the model on the server: python (mindspore_lite) or benchmark.
        runs: iterations.
        config: more keys for the section ascend_context.
        model_name: what CANN calls the model; it is the stem of the MindIR unless the conversion said otherwise.
    """

    path: Path
    model: Path
    onnx: Path
    inputs: Path | None = None
    seed: int = 0
    shapes: Mapping[str, tuple[int, ...]] | None = None
    device: int = 0
    mode: str = "all"
    data: str = "tensor"
    layers: tuple[str, ...] = ()
    steps: str = "0"
    overflow: bool = False
    graph: str = "no_weights"
    runner: str = "python"
    runs: int = 1
    config: Mapping[str, str] | None = None
    model_name: str = ""

    @property
    def name(self) -> str:
        """What CANN calls the model: folders of the dump have it."""
        return self.model_name or self.model.stem


def load(path: Path) -> RecordPlan:
    """The plan in a file. Raises FormatError (no TOML), UsageError (makes no sense)."""
    try:
        facts = read_toml(path, "Text stands in quotes: model = \"unet.mindir\"")
    except FileNotFoundError as error:
        raise FormatError(path, "The plan does not exist",
                          hint="Write one: diag record init MODEL.mindir --onnx MODEL.onnx --plan plan.toml") from error
    return parse(facts, path.absolute())


def parse(facts: Mapping[str, Any], path: Path) -> RecordPlan:
    """The plan of parsed TOML; relative paths start at the plan's folder."""
    where = f"in {path}"
    for key, value in facts.items():
        _check_key(key, value, where)
    for key in ("model", "onnx"):
        if not facts.get(key):
            raise UsageError(f"The plan has no {key}", where=where, hint=f"Add: {key} = \"…\"")
    found = RecordPlan(
        path, _file(path, facts["model"], "model"), _file(path, facts["onnx"], "onnx"),
        _file(path, facts["inputs"], "inputs") if facts.get("inputs") else None, facts.get("seed", 0),
        _shapes(facts.get("shapes", {}), where), facts.get("device", 0), _word(facts, "mode", MODES, where),
        _word(facts, "data", DATA, where), tuple(map(str, facts.get("layers", ()))), facts.get("steps", "0"),
        facts.get("overflow", False), _word(facts, "graph", GRAPHS, where, "no_weights"),
        _word(facts, "runner", RUNNERS, where), facts.get("runs", 1),
        {str(k): str(v) for k, v in facts.get("config", {}).items()}, facts.get("model_name", ""))
    _check_whole(found, where)
    return found


def template(model: Path, onnx: Path) -> str:
    """A plan to begin with; every setting that it does not name has its usual value in a comment."""
    return f"""# What to record on the Ascend server. Then: diag record --plan THIS_FILE --out BUNDLE
model = "{model}"
onnx = "{onnx}"
# inputs = "inputs.npz"      # arrays by input name; without it they are generated with the seed
# seed = 0
# device = 0                 # number of the NPU
# mode = "all"               # of each operator: all, input, output
# data = "tensor"            # or "stats": minimum, maximum, mean only
# layers = []                # names of GE operators; empty: all
# steps = "0"                # iterations to record, like "0|5-10"
# overflow = false           # true: which operator overflows, instead of tensors
# graph = "no_weights"       # graphs of the compiler: all, no_weights, relations, off
# runner = "python"          # or "benchmark" (of MindSpore Lite)
# runs = 1
# [shapes]                   # sizes of dynamic inputs
# sample = [2, 4, 64, 64]
# [config]                   # more keys for the section ascend_context
# precision_mode = "enforce_fp32"
"""


def _check_key(key: str, value: object, where: str) -> None:
    if key not in _KEYS:
        close = difflib.get_close_matches(key, _KEYS, 1)
        raise UsageError(f"There is no setting '{key}'", where=where,
                         hint=f"Did you mean '{close[0]}'?" if close else f"Settings: {', '.join(_KEYS)}")
    kind = _KEYS[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UsageError(f"'{key}' is {value!r}", where=where, hint=f"{_WANTED[kind].capitalize()} is wanted")


def _word(facts: Mapping[str, Any], key: str, known: tuple[str, ...], where: str, usual: str = "") -> str:
    word = str(facts.get(key, usual or known[0]))
    if word in known:
        return word
    close = difflib.get_close_matches(word, known, 1)
    raise UsageError(f"There is no {key} '{word}'", where=where,
                     hint=f"Did you mean '{close[0]}'?" if close else f"It is one of: {', '.join(known)}")


def _file(plan: Path, text: str, key: str) -> Path:
    path = (plan.parent / Path(text).expanduser()).absolute()
    if not path.is_file():
        raise UsageError(f"The file of '{key}' is not there", where=f"no file {path}",
                         hint="Relative paths start at the plan's folder")
    return path


def _shapes(facts: Mapping[str, Any], where: str) -> dict[str, tuple[int, ...]]:
    found = {}
    for name, dims in facts.items():
        if not isinstance(dims, list) or not all(isinstance(d, int) and d > 0 for d in dims):
            raise UsageError(f"The shape of '{name}' is {dims!r}", where=where, hint="Write it like [2, 4, 64, 64]")
        found[name] = tuple(dims)
    return found


def _check_whole(plan: RecordPlan, where: str) -> None:
    if plan.steps and not _STEPS.fullmatch(plan.steps):
        raise UsageError(f"steps is '{plan.steps}'", where=where, hint="Write it like \"0\" or \"0|5-10|20\"")
    if plan.overflow and plan.layers:
        raise UsageError("CANN records overflow or chosen layers, not both", where=where,
                         hint="Remove layers, or set overflow = false and record twice")
    for key, value, low in (("runs", plan.runs, 1), ("device", plan.device, 0), ("seed", plan.seed, 0)):
        if value < low:
            raise UsageError(f"{key} is {value}", where=where, hint=f"Give a number from {low} up")
    reserved = {"dump_config_file"} & set(plan.config or ())
    if reserved:
        raise UsageError(f"'{reserved.pop()}' is set by the recording itself", where=f"{where}, [config]",
                         hint="Remove it")
