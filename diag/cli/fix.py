"""From a wrong converted model to a right one: finds the cause, changes the least, converts, and proves it.

GOLDEN is the ONNX model, TARGET the MindIR (or ONNX) that it became. Hypotheses are tried in order of cost: convert
again, say the culprit's node in other operators, other rewrites, a lower operator set, a precision plan, float32
throughout, another converter. Each is really converted, run and compared again, layer by layer; the first one that is
proved ends the search. The report shows everything that was tried.

Exit code 0: proved, or nothing was wrong; 1: not fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from diag.cancel import Cancel
from diag.cli import compare
from diag.cli.deliver import tell
from diag.cli.options import at_least, differing, parse_shapes
from diag.cli.progress import drive
from diag.cli.rewriting import add_rewrite_limit
from diag.errors import UsageError
from diag.fix.plan import DEFAULT_TRIES, FixPlan, PipelineFixPlan
from diag.jobs.fix import FixJob, PipelineFixJob, run_fix, run_pipeline_fix
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.spec import load
from diag.rewrites.interface import LIMIT
from diag.runtimes.places import new_folder
from diag.tools.converter.plan import Checks, ConverterPlan
from diag.types.fix import Fix, PipelineFix

_USUAL: Mapping[str, object] = {"output": None, "tries": DEFAULT_TRIES, "optimize": "general", "config": None,
                                "rewrite_limit": LIMIT}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """GOLDEN TARGET, how to convert, and how to compare."""
    parser.add_argument("golden", type=Path, metavar="GOLDEN|SPEC.toml",
                        help="the ONNX model that is right by definition; or a pipeline, whose submodels at fault are "
                        "found and repaired")
    parser.add_argument("target", nargs="?", type=Path, metavar="TARGET", help="what it became: .mindir or .onnx")
    how = parser.add_argument_group("repair (--out is its folder)")
    how.add_argument("--output", type=Path, default=None, metavar="FILE", help="the proved model (default: in --out)")
    how.add_argument("--tries", type=at_least(1), default=DEFAULT_TRIES, help="most conversions (default %(default)s)")
    how.add_argument("--optimize", default="general", help="as for the converter (default general)")
    how.add_argument("--config", type=Path, default=None, metavar="FILE.ini", help="the converter's configuration")
    add_rewrite_limit(how)
    compare.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Repair, tell, write what was asked for."""
    cancel = Cancel()
    if args.target is None:
        whole = pipeline_job_of(args)
        repaired: PipelineFix = drive(run_pipeline_fix(whole, cancel, None), args, cancel)
        return tell(args, "fix_pipeline", repaired, whole.plan.pipeline.out)
    job = job_of(args)
    found: Fix = drive(run_fix(job, cancel, args.host), args, cancel)
    return tell(args, "fix", found, job.plan.compare.out)


def pipeline_job_of(args: argparse.Namespace) -> PipelineFixJob:
    """The job for a pipeline's file. Raises UsageError, FormatError."""
    if args.golden.suffix != ".toml":
        raise UsageError("Two models are wanted: GOLDEN TARGET", where=f"only {args.golden} was given",
                         hint="Or give a pipeline: diag fix pipeline.toml")
    out = args.out or new_folder("fixes", args.golden.stem)
    plan = PipelinePlan(load(args.golden), out.absolute(), threads=args.threads, jobs=args.jobs)
    return PipelineFixJob(PipelineFixPlan(plan, args.tries, differing(args, {"tries": DEFAULT_TRIES})), args.runtime)


def job_of(args: argparse.Namespace) -> FixJob:
    """The job that the command line describes. Raises UsageError."""
    if args.config is not None and not args.config.is_file():
        raise UsageError("There is no such file", where=f"in {args.config}", hint="Check --config")
    out = args.out or new_folder("fixes", args.target.stem)
    plan = compare.job_of(argparse.Namespace(**{**vars(args), "out": out.absolute()})).plan
    convert = ConverterPlan(args.golden, out.absolute() / "model.mindir", parse_shapes(args.shape),
                            optimize=args.optimize, config_file=args.config, rewrite_limit=args.rewrite_limit,
                            checks=Checks(inputs=plan.inputs, device=plan.device))
    told = {**plan.told, **differing(args, _USUAL)}
    output = None if args.output is None else args.output.absolute()
    return FixJob(FixPlan(plan, convert, output, args.tries, told), args.runtime)
