"""Several models in a row, such as Stable Diffusion: which of them gives the wrong picture, and which layer in it.

  diag pipeline init ONNX_FOLDER --mindir FOLDER   write pipeline.toml, and print what each submodel takes
  diag pipeline run pipeline.toml --swap unet      run it once, these submodels as their MindIR
  diag pipeline locate pipeline.toml               swap them one by one and name the one at fault

locate runs the original twice, swaps every submodel alone, then all but one, judges each against the healthy ones, and
compares the layers of the one at fault on what the pipeline gave it. A search that was stopped goes on where it was
when it is started again. Exit code 1 when a submodel is at fault or does not run.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.compare import RUNTIMES
from diag.cli.options import at_least, parse_size
from diag.cli.progress import drive
from diag.errors import UsageError
from diag.jobs.pipeline import LocateJob, RunJob, run_locate, run_once
from diag.pipeline.plan import DEFAULT_BUDGET, PipelinePlan, search_folder
from diag.pipeline.spec import load
from diag.runtimes.places import cache_dir
from diag.types.layer import Verdict
from diag.types.pipeline import PipelineDiagnosis, PipelineRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action, and its options."""
    parser.add_argument("action", choices=("init", "run", "locate"), help="what to do")
    parser.add_argument("path", type=Path, metavar="SPEC.toml|ONNX_FOLDER", help="the pipeline, or (init) its models")
    how = parser.add_argument_group("run, locate")
    how.add_argument("--swap", default="", metavar="NAMES", help="run: submodels as their MindIR, by comma; or all")
    how.add_argument("--runtime", choices=RUNTIMES, help="for all submodels, instead of what the file says")
    how.add_argument("--threads", type=at_least(1), default=1, help="threads of the targets' runtime (default 1)")
    how.add_argument("--jobs", type=at_least(1), default=None, metavar="N",
                     help="processor cores for all that runs in this process (default: all)")
    how.add_argument("--budget", default="", metavar="SIZE",
                     help="memory for loaded submodels (default 4GiB); what was not used for longest goes first")
    how.add_argument("--layers", action=argparse.BooleanOptionalAction, default=True,
                     help="locate: compare the layers of the submodel at fault (default on)")
    how.add_argument("--fresh", action="store_true", help="locate: run everything again, whatever is recorded")


def run(args: argparse.Namespace) -> int:
    """The exit code."""
    cancel = Cancel()
    plan = _plan(args)
    if args.action == "run":
        done: PipelineRun = drive(run_once(RunJob(plan), cancel, args.host), args, cancel)
        print(done)
        return 0
    found: PipelineDiagnosis = drive(run_locate(LocateJob(plan), cancel, args.host), args, cancel)
    for one in found.submodels:
        print(one.name, one.verdict, one.error, one.ratio, one.reason)
    for r in found.runs:
        print(r.kind, r.swapped, r.verdict, r.reason, r.seconds)
    for c in found.culprits:
        print("CULPRIT", c)
    for f in found.findings:
        print(f)
    return 1 if found.verdict is Verdict.FAIL else 0


def _plan(args: argparse.Namespace) -> PipelinePlan:
    spec = load(args.path)
    budget = parse_size(args.budget) if args.budget else DEFAULT_BUDGET
    if budget < 2**26:
        raise UsageError(f"--budget {args.budget} is too small for any pipeline", hint="Give at least 64MiB")
    named = tuple(filter(None, (n.strip() for n in args.swap.split(","))))
    swapped = tuple(s.name for s in spec.submodels if s.mindir) if named == ("all",) else named
    return PipelinePlan(spec, args.out or _folder(args), args.runtime or "", budget, args.threads, args.jobs,
                        args.layers, swapped, args.fresh)


def _folder(args: argparse.Namespace) -> Path:
    """A search has the same folder each time, so that it goes on where it was stopped; a run has a new one."""
    if args.action == "locate":
        return search_folder(args.path)
    return cache_dir() / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{args.path.stem}"
