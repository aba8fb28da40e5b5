"""Write any recorded run again: as HTML, CSV or JSON, or to the console. Findings of comparisons are judged anew.

RUN is what --out named: of diag compare, pipeline locate, pipeline run, bench, convert, fix, lint, log triage,
precision, profile, tune. A run that was recorded elsewhere opens here too.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from diag.cli import deliver, log, outcome, pipeline
from diag.report.kept import is_kept, opened
from diag.rules.accuracy import examined
from diag.rules.pipeline import examined as pipeline_examined
from diag.workspace.pipelines import PipelineFolder, is_pipeline
from diag.workspace.runs import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """RUN."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder: the --out of another command")


def run(args: argparse.Namespace) -> int:
    """Open the folder, examine, tell."""
    recorded = PipelineFolder.open(args.run) if is_pipeline(args.run) else None
    if recorded is not None and (recorded.concluded or not is_kept(args.run)):
        return pipeline.tell(replace(pipeline_examined(recorded.diagnosis()), run=str(recorded.path)), args)
    if is_kept(args.run):
        kept = opened(args.run)
        if kept.kind == "log":
            return log.tell(kept.found, args, None)
        return deliver.tell(args, kept.kind, kept.found)
    folder = RunFolder.open(args.run)
    found = replace(examined(folder.comparison()), run=str(folder.path))
    outcome.tell(found, args)
    return outcome.exit_code(found, args.fail_on)
