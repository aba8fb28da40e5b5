"""The command line of ``benchmark``: every flag that we know, with the version that has it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from diag.errors import UsageError

DEVICES = ("CPU", "GPU", "NPU", "Ascend", "Auto")
POSITIONAL_SHAPES_UNTIL = (2, 7)


@dataclass(frozen=True, slots=True)
class Flag:
    """``default`` as the tool has it; ``build``: common, cloud, device; ``since``: the first version with it."""

    default: str
    meaning: str
    build: str = "common"
    since: tuple[int, int] = (1, 0)


FLAGS: Mapping[str, Flag] = {
    "modelFile": Flag("", "the model"),
    "modelType": Flag("MindIR", "MindIR or MindIR_Lite"),
    "inDataFile": Flag("", "inputs as raw bytes, by comma, in the model's order"),
    "inputShape": Flag("", "n1:1,32;n2:… for every input", since=(2, 7)),
    "inputShapes": Flag("", "1,3,224,224:1,10 in the model's order"),
    "device": Flag("CPU", "CPU GPU NPU Ascend Auto"),
    "configFile": Flag("", "runtime configuration"),
    "loopCount": Flag("10", "runs that count"),
    "warmUpLoopCount": Flag("3", "runs before them"),
    "numThreads": Flag("2", "threads"),
    "cpuBindMode": Flag("1", "0 none, 1 big cores, 2 middle cores"),
    "enableFp16": Flag("false", "compute in float16 where it can"),
    "timeProfiling": Flag("false", "time of each operator (of no use on Ascend: the model is one operator there)"),
    "perfProfiling": Flag("false", "counters of each operator (arm64)"),
    "perfEvent": Flag("CYCLE", "CYCLE, CACHE or STALL"),
    "benchmarkDataFile": Flag("", "expected outputs: compare instead of timing"),
    "benchmarkDataType": Flag("FLOAT", "FLOAT INT32 INT8 UINT8"),
    "accuracyThreshold": Flag("0.5", "mean bias allowed, percent"),
    "cosineDistanceThreshold": Flag("-1.1", "least cosine similarity; judged from -1 up"),
    "decryptKey": Flag("", "key, hexadecimal"),
    "cryptoLibPath": Flag("", "library that decrypts"),
    "enableParallelPredict": Flag("false", "several predictions at once"),
    "parallelNum": Flag("2", "how many at once"),
    "parallelTaskNum": Flag("2", "tasks of each"),
    "workersNum": Flag("2", "workers"),
    "cpuCoreList": Flag("", "cores to bind to"),
    "interOpParallelNum": Flag("1", "operators at once"),
    "deviceId": Flag("-1", "device", "cloud"),
    "rankId": Flag("-1", "rank; with deviceId the provider is ge", "cloud"),
    "GroupInfoFile": Flag("", "group information", "cloud"),
    "enableGLTexture": Flag("false", "OpenGL textures", "device"),
    "delegateMode": Flag("", "delegate", "device"),
    "provider": Flag("", "provider", "device"),
}


@dataclass(frozen=True, slots=True)
class BenchmarkCall:
    """One call. ``flags`` by name, as text; those that the tool would take by default may be left out."""

    model: Path
    device: str = "CPU"
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)


def command(program: str, call: BenchmarkCall, version: tuple[int, int] | None = None) -> list[str]:
    """The words of the command line. Raises UsageError for a flag or device that the tool does not have.

    ``version`` decides how shapes are written: by name from 2.7, before that by position, in the order of ``shapes``.
    """
    if call.device not in DEVICES:
        raise _unknown("device", call.device, DEVICES)
    for name in call.flags:
        known = FLAGS.get(name)
        if known is None:
            raise _unknown("flag", name, tuple(FLAGS))
        if version is not None and version < known.since:
            raise UsageError(f"benchmark has no --{name} before {known.since[0]}.{known.since[1]}",
                             hint=f"This one is {version[0]}.{version[1]}")
    words = [program, f"--modelFile={call.model}", f"--device={call.device}"]
    if call.shapes and version is not None and version >= POSITIONAL_SHAPES_UNTIL:
        words.append("--inputShape=" + ";".join(f"{n}:{','.join(map(str, s))}" for n, s in call.shapes.items()))
    elif call.shapes:
        words.append("--inputShapes=" + ":".join(",".join(map(str, s)) for s in call.shapes.values()))
    return words + [f"--{name}={value}" for name, value in call.flags.items() if value != FLAGS[name].default]


def _unknown(what: str, name: str, known: Sequence[str]) -> UsageError:
    close = difflib.get_close_matches(name, known, 1)
    where = f"it has: {', '.join(known)}" if what == "device" else ""
    return UsageError(f"benchmark has no {what} '{name}'", where=where,
                      hint=f"Did you mean '{close[0]}'?" if close else "See the tool's --help")
