"""The command line of ``converter_lite``, flag by flag, with what the Python converter calls it and who has it."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diag.errors import UsageError

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """``values``: what it takes (none: anything); ``python``: attribute of the Python converter, "" if it has none.

    ``since`` and ``until``: first version with it and first without; () where there is no such bound.
    """

    meaning: str
    values: tuple[str, ...] = ()
    python: str = ""
    since: Version = ()
    until: Version = ()


_TYPES = ("FLOAT", "FLOAT16", "INT8", "UINT8", "INT32", "INT64", "DEFAULT")
_BOOL = ("true", "false", "on", "off")
OPTIMIZE = ("none", "general", "gpu_oriented", "ascend_oriented")
SAVE_TYPES: Mapping[str, str] = {"MINDIR": ".mindir", "MINDIR_LITE": ".ms"}

FLAGS: Mapping[str, Flag] = {
    "inputDataFormat": Flag("layout of the inputs", ("NHWC", "NCHW"), "input_format"),
    "outputDataFormat": Flag("layout of the outputs", ("NHWC", "NCHW"), "", (2, 7)),
    "inputDataType": Flag("element type of the inputs", _TYPES, "input_data_type"),
    "outputDataType": Flag("element type of the outputs", _TYPES, "output_data_type"),
    "fp16": Flag("weights stored as fp16 (MINDIR_LITE only)", ("on", "off"), "weight_fp16"),
    "device": Flag("the chip, before optimize said it", ("Ascend", "Ascend310", "Ascend310P"), "device", (), (2, 4)),
    "trainModel": Flag("keep what training needs", _BOOL),
    "infer": Flag("run once after converting", _BOOL, "infer"),
    "encryption": Flag("write the model encrypted", _BOOL, "enable_encryption"),
    "encryptKey": Flag("key for the result, hexadecimal", (), "encrypt_key"),
    "decryptKey": Flag("key of an encrypted source", (), "decrypt_key"),
    "decryptMode": Flag("how the source is encrypted", ("AES-GCM", "AES-CBC"), "decrypt_mode"),
    "optimizeTransformer": Flag("fuse transformer blocks", _BOOL, "", (2, 7)),
    "weightFile": Flag("weights of a Caffe model"),
}
"""Beside fmk, modelFile, outputFile, saveType, optimize, inputShape and configFile, which the plan has of its own."""

OPTIMIZE_SINCE: Mapping[str, Version] = {"gpu_oriented": (2, 1)}
_PYTHON_TYPES = {"FLOAT": "FLOAT32"}


def read_version(text: str) -> Version:
    """(2, 3, 1) from "2.3.1rc1"; () where nothing is known."""
    numbers = []
    for part in text.strip().lstrip("v").split("."):
        digits = "".join(itertools.takewhile(str.isdecimal, part))
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def check_flags(flags: Mapping[str, str], optimize: str, *, python: bool) -> None:
    """Raises UsageError for what no version of the converter takes, with the close match."""
    base = optimize.partition(":")[0]
    if base not in OPTIMIZE:
        raise _unknown("way to optimise", optimize, OPTIMIZE)
    for name, value in flags.items():
        flag = FLAGS.get(name)
        if flag is None:
            raise _unknown("flag", name, tuple(FLAGS))
        if flag.values and value not in flag.values:
            raise UsageError(f"--{name} cannot be '{value}'", where=f"it takes: {', '.join(flag.values)}",
                             hint=_close(value, flag.values))
        if python and not flag.python:
            raise UsageError(f"The Python converter has no --{name}", hint="Use converter_lite for it: set LITE_HOME")


def other_version(flags: Mapping[str, str], optimize: str, version: Version) -> list[tuple[str, str]]:
    """(option, since or until when) of what this version does not have; none where the version is not known."""
    found = []
    if not version:
        return []
    since = OPTIMIZE_SINCE.get(optimize.partition(":")[0], ())
    if since and version < since:
        found.append((f"--optimize={optimize}", f"from {_text(since)} on"))
    if ":" in optimize and version < (2, 1):
        found.append((f"--optimize={optimize}", "from 2.1 on"))
    for name in flags:
        flag = FLAGS[name]
        if flag.since and version < flag.since:
            found.append((f"--{name}", f"from {_text(flag.since)} on"))
        if flag.until and version >= flag.until:
            found.append((f"--{name}", f"before {_text(flag.until)}"))
    return found


def attributes(flags: Mapping[str, str]) -> dict[str, Any]:
    """The flags as attributes of the Python converter."""
    found: dict[str, Any] = {}
    for name, value in flags.items():
        flag = FLAGS[name]
        if flag.values in (_BOOL, ("on", "off")):
            found[flag.python] = value in ("true", "on")
        elif flag.values is _TYPES:
            if value != "DEFAULT":
                found[flag.python] = _PYTHON_TYPES.get(value, value)
        else:
            found[flag.python] = value
    return found


def _unknown(what: str, name: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"The converter has no {what} '{name}'", where=f"it has: {', '.join(known)}",
                      hint=_close(name, known))


def _close(name: str, known: Sequence[str]) -> str:
    folded = {k.lower(): k for k in known}
    close = difflib.get_close_matches(name.lower(), list(folded), 1)
    return f"Did you mean '{folded[close[0]]}'?" if close else "See tools of MindSpore Lite: converter_lite --help"


def _text(version: Version) -> str:
    return ".".join(map(str, version))
