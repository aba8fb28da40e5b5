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
from collections.abc import Mapping
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.compare import RUNTIMES
from diag.cli.deliver import deliver, exit_code
from diag.cli.deliver import tell as tell_kept
from diag.cli.options import at_least, differing, parse_budget
from diag.cli.progress import drive
from diag.errors import UsageError
from diag.jobs.pipeline import LocateJob, RunJob, run_locate, run_once
from diag.pipeline.init import examine, written
from diag.pipeline.plan import DEFAULT_BUDGET, PipelinePlan, search_folder
from diag.pipeline.spec import load
from diag.report.pipeline import document, page, sheet, to_csv
from diag.report.pipeline.opening import init_csv, init_document, init_sheet
from diag.report.write import save
from diag.runtimes.places import new_folder
from diag.types.pipeline import PipelineDiagnosis, PipelineRun

_USUAL: Mapping[str, object] = {"runtime": None, "threads": 1, "jobs": None, "budget": "", "layers": True}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action, and its options."""
    parser.add_argument("action", choices=("init", "run", "locate"), help="what to do")
    parser.add_argument("path", type=Path, metavar="SPEC.toml|ONNX_FOLDER", help="the pipeline, or (init) its models")
    start = parser.add_argument_group("init")
    start.add_argument("--mindir", type=Path, metavar="FOLDER", help="folder with the converted models")
    start.add_argument("-o", "--spec", type=Path, default=Path("pipeline.toml"), metavar="FILE",
                       help="the file to write (default: pipeline.toml)")
    start.add_argument("--image", default="", metavar="FILE", help="picture to start from")
    start.add_argument("--force", action="store_true", help="write over a file that is there")
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
    if args.action == "init":
        return init(args)
    cancel = Cancel()
    if args.action == "run":
        done: PipelineRun = drive(run_once(RunJob(_plan(args)), cancel, None), args, cancel)
        return tell_kept(args, "pipeline_run", done, Path(done.run))
    found: PipelineDiagnosis = drive(run_locate(LocateJob(_plan(args)), cancel, args.host), args, cancel)
    return tell(found, args)


def init(args: argparse.Namespace) -> int:
    """Write the spec of a folder, print what its submodels take."""
    folder = examine(args.path, args.mindir)
    if args.spec.exists() and not args.force:
        raise UsageError("There is a file of that name", where=f"in {args.spec.absolute()}",
                         hint="Give another name with -o, or --force to write over it")
    save(written(folder, args.image, args.spec), args.spec)
    deliver(args, init_document(folder, args.spec), init_sheet(folder, args.spec, args.lang), lambda: init_csv(folder))
    return 0


def tell(found: PipelineDiagnosis, args: argparse.Namespace) -> int:
    """A search on the terminal and in files; returns the exit code."""
    deliver(args, document(found, args.lang), sheet(found, args.lang), lambda: to_csv(found),
            lambda: page(found, args.lang))
    return exit_code(found.verdict, args.fail_on)


def _plan(args: argparse.Namespace) -> PipelinePlan:
    spec = load(args.path)
    budget = parse_budget(args.budget, DEFAULT_BUDGET, 2**26)
    named = tuple(filter(None, (n.strip() for n in args.swap.split(","))))
    swapped = tuple(s.name for s in spec.submodels if s.mindir) if named == ("all",) else named
    return PipelinePlan(spec, args.out or _folder(args), args.runtime or "", budget, args.threads, args.jobs,
                        args.layers, swapped, args.fresh, differing(args, _USUAL))


def _folder(args: argparse.Namespace) -> Path:
    """A search has the same folder each time, so that it goes on where it was stopped; a run has a new one."""
    if args.action == "locate":
        return search_folder(args.path)
    return new_folder("runs", args.path.stem)
