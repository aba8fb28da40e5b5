"""Several conversions from one plan file: ``[defaults]`` for all, one ``[[model]]`` each.

    [defaults]
    optimize = "general"
    out = "mindir"

    [[model]]
    name = "unet"
    onnx = "unet/model.onnx"
    shapes = "sample:-1,4,64,64;timestep:1;encoder_hidden_states:-1,77,768"
    profiles = "1,1;2,2"

Relative paths count from the plan file.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from diag.compare.plan import InputChoice
from diag.errors import UsageError
from diag.formats.toml import read_toml
from diag.rewrites.interface import LIMIT
from diag.tools.converter.flags import SAVE_TYPES
from diag.tools.converter.plan import Checks, ConverterLimits, ConverterPlan, name_of
from diag.tools.converter.profiles import read_profiles, read_shapes

AUTO = "auto"
"""Among ``rewrites``: convert as it is, and only where that is no success with the rewrites that are offered."""

_TEXTS = ("name", "onnx", "out", "output", "shapes", "profiles", "optimize", "save_type", "precision", "aoe",
          "custom_ops", "config_file", "tool", "converter", "version", "inputs", "runtime", "device", "dtype", "memory")
_NUMBERS = ("timeout_s", "stall_s", "seed", "check_profiles", "rewrite_limit")
_SWITCHES = ("diagnostics", "smoke", "compare")
_TABLES = ("config", "flags", "env")
_KEYS = (*_TEXTS, *_NUMBERS, *_SWITCHES, *_TABLES, "rewrites")


@dataclass(frozen=True, slots=True)
class Batch:
    """Named plans in the order of the file."""

    plans: Mapping[str, ConverterPlan] = field(default_factory=dict)


def read_batch(path: Path) -> Batch:
    """The plans of a file. Raises UsageError (what it says makes no sense), FormatError (no TOML)."""
    try:
        data = read_toml(path, "See: diag convert --help")
    except FileNotFoundError:
        raise UsageError("There is no such file", where=f"in {path}", hint="Check the path") from None
    _known(data, ("defaults", "model"), path, "the plan")
    defaults, models = data.get("defaults", {}), data.get("model", [])
    if not isinstance(defaults, dict) or not isinstance(models, list) or not all(isinstance(m, dict) for m in models):
        raise UsageError("The plan makes no sense", where=f"in {path}", hint="Write [defaults] and [[model]]")
    if not models:
        raise UsageError("The plan has no models", where=f"in {path}", hint='Add [[model]] and onnx = "…" below it')
    plans: dict[str, ConverterPlan] = {}
    for number, model in enumerate(models, 1):
        told = _merged(defaults, model)
        plan = plan_of(told, path.parent, f"in {path}, model {number}")
        name = str(told.get("name") or name_of(plan.onnx))
        if name in plans or any(p.output == plan.output for p in plans.values()):
            raise UsageError(f"Two models would be called '{name}'" if name in plans
                             else f"Two models would be written to {plan.output}", where=f"in {path}, model {number}",
                             hint="Give each a name of its own")
        plans[name] = plan
    return Batch(plans)


def plan_of(told: Mapping[str, Any], base: Path, where: str) -> ConverterPlan:
    """One plan from the keys of a ``[[model]]``. Raises UsageError with the key that is wrong."""
    _known(told, _KEYS, base, "a model", where)
    _typed(told, where)
    if not told.get("onnx"):
        raise UsageError("A model has no onnx", where=where, hint='Add onnx = "path/to/model.onnx"')
    onnx = base / told["onnx"]
    save = told.get("save_type", "MINDIR")
    name = told.get("name") or name_of(onnx)
    output = base / told["output"] if "output" in told else \
        base / told.get("out", ".") / f"{name}{SAVE_TYPES.get(save, '.mindir')}"
    choice = InputChoice(base / told["inputs"] if told.get("inputs") else None, seed=told.get("seed", 0))
    checks = Checks(told.get("smoke", True), told.get("compare", True), told.get("runtime", "auto"),
                    told.get("device", "cpu"), told.get("dtype", "auto"), choice, told.get("check_profiles", 3))
    usual = ConverterLimits()
    limits = ConverterLimits(float(told.get("timeout_s", usual.wall_s)), float(told.get("stall_s", usual.stall_s)),
                             read_bytes(told.get("memory", ""), where))
    return ConverterPlan(
        onnx, output, read_shapes(told.get("shapes", "")), read_profiles(told.get("profiles", "")),
        told.get("optimize", "general"), save, told.get("precision", ""), told.get("aoe", ""),
        told.get("custom_ops", ""), told.get("config", {}),
        base / told["config_file"] if told.get("config_file") else None,
        {k: str(v) for k, v in told.get("flags", {}).items()}, told.get("tool", "auto"),
        Path(told["converter"]).expanduser() if told.get("converter") else None, told.get("version", ""),
        {k: str(v) for k, v in told.get("env", {}).items()}, told.get("diagnostics", False),
        tuple(told.get("rewrites", ())), float(told.get("rewrite_limit", LIMIT)), checks, limits)


def read_bytes(text: str, where: str) -> int:
    """Bytes from ``8GiB``; 0 for no text. Raises UsageError."""
    units = {"k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30, "": 1}
    number = text.strip().lower().rstrip("b")
    unit = number.lstrip("0123456789. ")
    try:
        return int(float(number[:len(number) - len(unit)] or "0") * units[unit]) if text.strip() else 0
    except (KeyError, ValueError):
        raise UsageError(f"'{text}' is not a size", where=where, hint="Write it like 8GiB") from None


def without_auto(plan: ConverterPlan) -> ConverterPlan:
    """The plan with only the rewrites that it names."""
    return replace(plan, rewrites=tuple(name for name in plan.rewrites if name != AUTO))


def _merged(defaults: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """The model's keys over the defaults; tables are merged, ``config`` section by section."""
    told = {**defaults, **model}
    for key in _TABLES:
        below, above = defaults.get(key, {}), model.get(key, {})
        if isinstance(below, dict) and isinstance(above, dict) and (below or above):
            told[key] = {**below, **above}
            sections = [*below.values(), *above.values()]
            if key == "config" and all(isinstance(s, dict) for s in sections):
                told[key] = {s: {**below.get(s, {}), **above.get(s, {})} for s in {**below, **above}}
    return told


def _typed(told: Mapping[str, Any], where: str) -> None:
    kinds = ((_TEXTS, str, "text in quotes"), (_NUMBERS, (int, float), "a number"), (_SWITCHES, bool, "true or false"),
             (_TABLES, dict, "a table"), (("rewrites",), list, 'a list like ["transpose_3d"]'))
    for keys, kind, words in kinds:
        for key in keys:
            value = told.get(key)
            fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
            if value is not None and not fits:
                raise UsageError(f"'{key}' must be {words}", where=where)
            if keys is _NUMBERS and value is not None and not 0 <= value < 1e9:
                raise UsageError(f"'{key}' must not be below 0", where=where)
    for key in ("seed", "check_profiles"):
        if isinstance(told.get(key), float):
            raise UsageError(f"'{key}' must be a whole number", where=where)
    if not all(isinstance(name, str) for name in told.get("rewrites", ())):
        raise UsageError("'rewrites' must be a list of names", where=where)
    for section, values in told.get("config", {}).items():
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise UsageError(f"config.{section} must be a table of text", where=where,
                             hint='Write [model.config.ascend_context] and key = "value" below it')


def _known(told: Mapping[str, Any], known: Sequence[str], path: Path, what: str, where: str = "") -> None:
    for key in told:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            raise UsageError(f"{what[:1].upper() + what[1:]} has no key '{key}'", where=where or f"in {path}",
                             hint=f"Did you mean '{close[0]}'?" if close else f"Keys: {', '.join(known)}")
