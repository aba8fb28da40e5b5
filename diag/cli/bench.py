"""Latency of models on any runtime, turn by turn, with intervals: a difference is told only where they say so.

  diag bench model.onnx                             one model
  diag bench before.mindir after.mindir             the first is what the others are compared with
  diag bench model.onnx model.mindir --layers --run RUN_FOLDER
                                                    time of each layer beside its error from a recorded comparison
  diag bench --import before.txt after.txt          output of MindSpore Lite's benchmark, or JSON of this command

Exit code 1: with --slower PERCENT, when a model is slower than the first by more than that beyond doubt.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.deliver import tell
from diag.cli.inputs import add_inputs, inputs_of
from diag.cli.options import at_least, parse_device, parse_shapes
from diag.cli.progress import drive
from diag.errors import UsageError
from diag.jobs.bench import BenchJob, recorded, run_bench
from diag.perf.plan import DEFAULT_MAX_S, DEFAULT_ROUNDS, DEFAULT_RUNS, DEFAULT_WARMUP, BenchPlan, Contender
from diag.runtimes.choice import spec_for
from diag.runtimes.discover import discover
from diag.runtimes.places import new_folder
from diag.runtimes.registry import NAMES
from diag.tools.benchmark.run import VARIABLE, ToolPlan, find_benchmark

_LEAST_PROCESSES = 6
"""The order statistics of fewer cannot give 95 %."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL… and how to measure."""
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL", help=".onnx or .mindir; the first is compared "
                        "with the others")
    how = parser.add_argument_group("how")
    how.add_argument("--runtime", choices=("auto", *NAMES), action="append", default=[],
                     help="one for all models, or once for each model in their order (default auto: onnxruntime for "
                     "ONNX, the real MindSpore Lite for MindIR if it is installed, else the reference runtime)")
    how.add_argument("--device", action="append", default=[], metavar="cpu|ascend:N",
                     help="one for all models, or once for each")
    how.add_argument("--threads", type=at_least(0), default=1, help="threads of the runtime (default 1; 0: its choice)")
    how.add_argument("--runs", type=at_least(1), default=DEFAULT_RUNS,
                     help="samples of each model (default %(default)s)")
    how.add_argument("--rounds", type=at_least(1), default=DEFAULT_ROUNDS,
                     help="how often each model is opened anew; intervals of ratios need 3, "
                     "and are exact from 6 on (default %(default)s)")
    how.add_argument("--warmup", type=at_least(0), default=DEFAULT_WARMUP,
                     help="runs before the clock counts, in each round (default %(default)s)")
    how.add_argument("--max-time", type=at_least(1), default=int(DEFAULT_MAX_S), metavar="SECONDS",
                     help="no further sample after this time (default %(default)s)")
    how.add_argument("--optimize", action=argparse.BooleanOptionalAction, default=True,
                     help="let onnxruntime optimise the graph (default on)")
    how.add_argument("--layers", action="store_true", help="time each layer too: onnxruntime's profile; in MindSpore "
                     "Lite each node alone")
    how.add_argument("--run", type=Path, metavar="RUN_FOLDER", help="a recorded comparison: the layers' errors beside "
                     "their times (with --layers)")
    how.add_argument("--slower", type=_percent, metavar="PERCENT",
                     help="fail when a model is slower than the first by more than this, beyond doubt")
    how.add_argument("--key", default="", metavar="HEX", help="key of encrypted MindIR models, in hexadecimal")
    tool = parser.add_argument_group("MindSpore Lite's benchmark")
    tool.add_argument("--import", dest="recorded", nargs="+", type=Path, default=[], metavar="FILE",
                      help="times from elsewhere: output of benchmark, JSON of this command, lists of numbers (ms)")
    tool.add_argument("--tool", action="store_true", help="let MindSpore Lite's benchmark measure (LITE_HOME, PATH or "
                      f"{VARIABLE}): one process of it is one sample")
    tool.add_argument("--loops", type=at_least(1), default=10, help="runs of one such process (default %(default)s)")
    tool.add_argument("--flag", action="append", default=[], metavar="NAME=VALUE",
                      help="any other flag of benchmark, e.g. --flag enableFp16=true; repeatable")
    add_inputs(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, tell, write what was asked for."""
    cancel = Cancel()
    if args.recorded:
        if args.models:
            raise UsageError("Measured and imported times cannot be mixed in one call",
                             hint="Measure with --json FILE, then import that file too")
        found = recorded(args.recorded, args.slower)
    elif args.tool:
        found = drive(run_bench(tool_job(args), cancel, args.host), args, cancel)
    else:
        found = drive(run_bench(BenchJob(plan_of(args)), cancel, args.host), args, cancel)
    return tell(args, "bench", found, Path(found.run) if found.run else args.out)


def plan_of(args: argparse.Namespace) -> BenchPlan:
    """The plan that the command line describes. Raises UsageError, RuntimeUnavailable, FormatError."""
    if not args.models:
        raise UsageError("Which models?", hint="diag bench MODEL…")
    devices = _each([parse_device(d) for d in args.device] or ["cpu"], args.models, "--device")
    runtimes = _each(args.runtime or ["auto"], args.models, "--runtime")
    known = discover()
    contenders = tuple(
        Contender(path, spec_for(path, name, device, known, _warn), device, key=args.key or None)
        for path, name, device in zip(args.models, runtimes, devices, strict=True))
    return BenchPlan(contenders, inputs_of(args), args.runs, min(args.rounds, args.runs), args.warmup, args.threads,
                     args.optimize, float(args.max_time), args.layers or args.run is not None, args.run, args.slower,
                     args.out or new_folder("bench", args.models[0].stem))


def tool_job(args: argparse.Namespace) -> BenchJob:
    """The job for ``--tool``. Raises UsageError, RuntimeUnavailable."""
    if not args.models:
        raise UsageError("Which models?", hint="diag bench --tool MODEL…")
    flags = dict(one.partition("=")[::2] for one in args.flag)
    kind, _, number = (args.device or ["cpu"])[0].partition(":")
    if kind == "ascend":
        flags.setdefault("deviceId", number or "0")
    out = args.out or new_folder("bench", args.models[0].stem)
    rounds = max(args.rounds, _LEAST_PROCESSES) if len(args.models) > 1 else args.rounds
    plan = ToolPlan(tuple(args.models), out, {"cpu": "CPU", "ascend": "Ascend"}.get(kind, kind), rounds, args.loops,
                    args.warmup, args.threads or 2, parse_shapes(args.shape), flags)
    return BenchJob(BenchPlan((), slower=args.slower), find_benchmark(), plan)


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


def _each(given: list[str], models: list[Path], option: str) -> list[str]:
    if len(given) == 1:
        return given * len(models)
    if len(given) != len(models):
        raise UsageError(f"{option} is given {len(given)} times for {len(models)} models",
                         hint="Give it once for all models, or once for each")
    return given


def _percent(text: str) -> float:
    try:
        value = float(text.strip().rstrip("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"'{text}' is not a percentage")
    return value / 100
