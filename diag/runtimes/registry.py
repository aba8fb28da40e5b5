"""From a spec to the runtime that it describes, and from a name to the spec to take."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from diag.errors import RuntimeUnavailable, UsageError
from diag.runtimes.interface import Runtime, RuntimeSpec

NAMES = ("onnxruntime", "reference", "mindspore-lite", "mindspore")


def runtime(spec: RuntimeSpec) -> Runtime:
    """The runtime; its module is imported now. Raises RuntimeUnavailable if the spec has a problem."""
    if not spec.usable:
        raise RuntimeUnavailable(spec.problem, hint=spec.hint)
    match spec.name:
        case "onnxruntime":
            from diag.runtimes.onnxruntime import OnnxRuntime

            return OnnxRuntime()
        case "reference":
            from diag.runtimes.reference import Reference

            return Reference()
        case "mindspore-lite":
            from diag.runtimes.mindspore_lite import MindSporeLite

            return MindSporeLite(spec)
        case "mindspore":
            from diag.runtimes.mindspore import MindSpore

            return MindSpore(spec)
        case _:
            raise unknown(spec.name)


def choose(specs: Sequence[RuntimeSpec], name: str, device: str = "cpu") -> RuntimeSpec:
    """The first usable spec of a name. Raises UsageError (no such runtime or device), RuntimeUnavailable."""
    if name not in NAMES:
        raise unknown(name)
    own = [spec for spec in specs if spec.name == name]
    usable = [spec for spec in own if spec.usable]
    if not usable:
        problem, hint = (own[0].problem, own[0].hint) if own else (f"{name} was not looked for", "")
        raise RuntimeUnavailable(problem, hint=hint)
    for spec in usable:
        if device in spec.devices:
            return spec
    known = ", ".join(dict.fromkeys(one for spec in usable for one in spec.devices))
    raise UsageError(f"{name} finds no device '{device}' here", where=f"devices: {known}",
                     hint="See: diag runtime doctor")


def unknown(name: str) -> UsageError:
    """The error for a name that no runtime has."""
    close = difflib.get_close_matches(name, NAMES, 1)
    return UsageError(f"There is no runtime '{name}'", where=f"runtimes: {', '.join(NAMES)}",
                      hint=f"Did you mean '{close[0]}'?" if close else "")
