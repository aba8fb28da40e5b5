"""The smallest failing part of two models, as a folder that somebody else can run.

Compares (or takes a recorded --run), takes the layer that injects the error (or --layer), cuts its nodes out of both
models, runs them on recorded golden input, and takes in neighbours until the error shows. The bundle holds both
parts, inputs, expected and observed outputs, scripts that show the error again, and a README.

Exit code 1: a failing part was found, or the error does not come again; 0: nothing fails, nothing was written.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from diag.cancel import Cancel
from diag.cli import compare
from diag.cli.options import at_least
from diag.cli.outcome import style_of
from diag.cli.progress import drive
from diag.cli.terminal import put_json
from diag.compare.reduce.document import document
from diag.compare.reduce.result import Reduction
from diag.errors import UsageError
from diag.jobs.reduce import ReduceJob, run_reduce
from diag.report.numbers import nbytes
from diag.report.write import write
from diag.rules.accuracy import examined
from diag.runtimes.places import new_folder
from diag.types.layer import Verdict
from diag.workspace.runs import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """GOLDEN TARGET, what to reduce, and how to compare."""
    parser.add_argument("golden", nargs="?", type=Path, metavar="GOLDEN", help="the ONNX model that is right")
    parser.add_argument("target", nargs="?", type=Path, metavar="TARGET", help="what it became: .mindir or .onnx")
    what = parser.add_argument_group("what to reduce (--out is the folder of the bundle)")
    what.add_argument("--run", type=Path, metavar="RUN", help="a recorded run folder: nothing is compared again; its "
                      "models are taken if none are given")
    what.add_argument("--layer", default="", metavar="NAME", help="node or tensor of either model to reduce around "
                      "(default: the first culprit)")
    what.add_argument("--context", type=at_least(0), default=0, metavar="N",
                      help="take N nodes above and below it too (default 0; more are taken by themselves if needed)")
    what.add_argument("--zip", action="store_true", help="also pack the bundle into one .zip beside it")
    compare.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Reduce, tell, write what was asked for."""
    job = job_of(args)
    cancel = Cancel()
    found: Reduction = drive(run_reduce(job, cancel, args.host), args, cancel)
    if args.json != "-" and not args.quiet:
        print("\n".join(_told(found)))
    if args.json:
        put_json(document(found), args.json)
    _reports(found, args)
    return 0 if found.verdict is Verdict.PASS else 1


def job_of(args: argparse.Namespace) -> ReduceJob:
    """The job that the command line describes."""
    recorded = None if args.run is None else RunFolder.open(args.run).comparison()
    if args.target is None and (recorded is None or args.golden is not None):
        raise UsageError("Two models are wanted: GOLDEN TARGET", hint="Or give a recorded run: --run RUN")
    if args.golden is None and recorded is not None:
        args.golden, args.target = Path(recorded.golden.path), Path(recorded.target.path)
    _check_files(args)
    stem = re.sub(r"[^\w.-]+", "_", args.target.stem)
    place = args.out or new_folder("bundles", stem)
    # --out is the bundle: the run that it is made from goes where runs go.
    job = compare.job_of(argparse.Namespace(**{**vars(args), "out": None}))
    if recorded is not None and args.threads == 1:
        job = replace(job, plan=replace(job.plan, threads=int(recorded.options.get("threads", 1))))
    return ReduceJob(job, place.absolute(), args.run, args.layer, args.context, args.zip)


def _check_files(args: argparse.Namespace) -> None:
    for path in (args.golden, args.target):
        if args.run is not None and not path.is_file():
            raise UsageError("A model of the run is not there any more", where=f"in {path}",
                             hint="Give its place now: diag reduce GOLDEN TARGET --run RUN")


def _told(found: Reduction) -> Iterator[str]:
    focus = found.focus
    if focus is None or found.verdict is Verdict.PASS:
        yield found.note
        return
    if found.verdict is not Verdict.FAIL:
        yield f"No bundle was written. {found.note.rstrip('.')}."
        yield from (f"  tried {a.target_nodes:,} target nodes: {a.note or f'error {a.error:.1e}'}"
                    for a in found.attempts)
        return
    yield (f"{focus.golden_node}: {len(found.golden_nodes):,} of {found.golden_total:,} golden nodes and "
           f"{len(found.target_nodes):,} of {found.target_total:,} target nodes show the error")
    for error in found.errors:
        if error.verdict is Verdict.FAIL:
            yield f"  {error.golden}: {error.reason}"
    if focus.why:
        yield f"  why: {focus.why}"
    if found.again is not None:
        yield f"  converting again: {found.again.note}"
    size = sum(f.size for f in found.files)
    yield f"  checked: what was written shows the same error; {nbytes(size)}, weights {nbytes(found.weights_bytes)}"
    yield f"  bundle: {found.bundle}"
    if found.archive is not None:
        yield f"  packed: {found.archive}"
    yield f"  run it: python {Path(found.bundle or '') / 'repro.py'}"


def _reports(found: Reduction, args: argparse.Namespace) -> None:
    """--html and --csv: the comparison that was reduced."""
    if found.run is None or not (args.html or args.csv):
        return
    whole = replace(examined(RunFolder.open(Path(found.run)).comparison()), run=found.run)
    if args.html:
        write(whole, "html", Path(args.html), style_of(whole, args))
    if args.csv:
        write(whole, "csv", Path(args.csv), style_of(whole, args))
