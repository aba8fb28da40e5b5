"""AOE tuning, and the proof of it: speed before and after with intervals, accuracy before and after.

  diag tune model.onnx --shape "x:1,3,224,224"      tune here; where AOE is not, write plan and commands (exit 3)
  diag tune --import aoe_result_opat_….json log.txt converter.ini
                                                    results from elsewhere, and why there was no effect
  diag tune model.onnx --import FOLDER --before a.mindir --after b.mindir
                                                    and both models measured and compared with the ONNX model

Exit code 1: tuning failed, or the tuned model is less accurate than before.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.deliver import tell
from diag.cli.inputs import add_inputs, inputs_of
from diag.cli.options import at_least, parse_device, parse_shapes
from diag.cli.progress import drive
from diag.errors import RuntimeUnavailable, UsageError
from diag.jobs.tune import TuneJob, run_tune
from diag.perf.plan import DEFAULT_RUNS
from diag.runtimes.places import new_folder
from diag.tools.aoe.plan import PHRASES, TunePlan, raw_precision
from diag.types.tuning import Tuning


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL.onnx and how to tune it."""
    parser.add_argument("model", nargs="?", type=Path, metavar="MODEL.onnx", help="the model to tune")
    how = parser.add_argument_group("tuning")
    how.add_argument("--job", choices=tuple(PHRASES), action="append", default=[],
                     help="repeatable; subgraphs come first whatever the order (default: both)")
    how.add_argument("--through", choices=("converter", "aoe"), default="converter",
                     help="who tunes: MindSpore Lite while it converts, or the command aoe (default %(default)s)")
    how.add_argument("--optimize", default="ascend_oriented", metavar="WORD",
                     help="of the converter (default %(default)s)")
    how.add_argument("--precision", default="", metavar="MODE", help="precision_mode of the converter")
    how.add_argument("--profiles", default="", metavar='"1,1;2,2"',
                     help="sizes for the -1 of --shape: a profile's sizes by comma, profiles by semicolon")
    how.add_argument("--bank", type=Path, metavar="FOLDER", help="knowledge bank (TUNE_BANK_PATH)")
    known = parser.add_argument_group("results from elsewhere, and proofs")
    known.add_argument("--import", dest="recorded", nargs="+", type=Path, default=[], metavar="FILE",
                       help="aoe_result_*.json, printed output, the converter's configuration, or a folder of results")
    known.add_argument("--before", type=Path, metavar="MODEL", help="the converted model without tuning")
    known.add_argument("--after", type=Path, metavar="MODEL", help="the tuned model")
    known.add_argument("--version", dest="lite_version", default="", metavar="X.Y",
                       help="of the MindSpore Lite that tuned")
    known.add_argument("--runtime", choices=("auto", "reference", "mindspore-lite", "onnxruntime"), default="auto",
                       help="runtime of both proofs")
    known.add_argument("--device", default="", metavar="cpu|ascend:N", help="device of tuning and proofs")
    known.add_argument("--runs", type=at_least(1), default=DEFAULT_RUNS,
                       help="samples of each model (default %(default)s)")
    add_inputs(parser, "shapes of the inputs; -1 with --profiles")


def run(args: argparse.Namespace) -> int:
    """Tune or read, prove, tell. 3 where AOE is not here: the plan is written all the same."""
    job = job_of(args)
    cancel = Cancel()
    found: Tuning = drive(run_tune(job, cancel, args.host), args, cancel)
    code = tell(args, "tune", found, job.out)
    return RuntimeUnavailable.exit_code if found.missing else code


def job_of(args: argparse.Namespace) -> TuneJob:
    """The job that the command line describes. Raises UsageError."""
    if args.model is None and not args.recorded and not (args.before and args.after):
        raise UsageError("Which model?", hint="diag tune MODEL.onnx, or diag tune --import FILE…")
    if bool(args.before) != bool(args.after):
        raise UsageError("--before and --after belong together", hint="Give both converted models")
    out = args.out or new_folder("tune", args.model.stem if args.model is not None else "aoe")
    dynamic, fixed = _shapes(args.shape)
    device = parse_device(args.device or "cpu")
    plan = None
    if args.model is not None and not args.recorded and not args.before:
        raw_precision(args.precision)
        profiles = tuple(tuple(map(int, p.split(","))) for p in args.profiles.split(";") if p.strip())
        plan = TunePlan(args.model, out, tuple(args.job) or tuple(PHRASES), args.through, fixed, dynamic, profiles,
                        args.optimize, args.precision, int(device.partition(":")[2] or 0), args.bank)
    return TuneJob(plan, tuple(args.recorded), args.model, args.before, args.after, args.runtime, device,
                   args.lite_version, inputs_of(args, fixed), args.runs, out)


def _shapes(text: str) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Dynamic shapes (all inputs, if any has a -1) and fixed ones."""
    if "-1" not in text:
        return {}, parse_shapes(text)
    found = {}
    for item in filter(None, (part.strip() for part in text.split(";"))):
        name, _, dims = item.rpartition(":")
        try:
            shape = tuple(int(d) for d in dims.split(","))
        except ValueError:
            shape = (-2,)
        if not name or any(d < -1 for d in shape):
            raise UsageError(f"'{item}' is not a shape", where="in --shape", hint='Write it like "x:-1,3,224,224"')
        found[name] = shape
    return found, {}
