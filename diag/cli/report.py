"""Write any recorded run again: as HTML, CSV or JSON, or to the console. Findings are judged anew."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from diag.cli import pipeline
from diag.cli.outcome import exit_code, tell
from diag.rules.accuracy import examined
from diag.rules.pipeline import examined as pipeline_examined
from diag.workspace.pipelines import PipelineFolder, is_pipeline
from diag.workspace.runs import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """RUN."""
    parser.add_argument("run", type=Path, metavar="RUN",
                        help="a run folder (--out of diag compare, diag pipeline locate)")


def run(args: argparse.Namespace) -> int:
    """Open the folder, examine, tell."""
    if is_pipeline(args.run):
        recorded = PipelineFolder.open(args.run)
        return pipeline.tell(replace(pipeline_examined(recorded.diagnosis()), run=str(recorded.path)), args)
    folder = RunFolder.open(args.run)
    found = replace(examined(folder.comparison()), run=str(folder.path))
    tell(found, args)
    return exit_code(found, args.fail_on)
