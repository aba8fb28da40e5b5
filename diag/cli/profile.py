"""Where the time goes: hotspots of a profile, and against another one.

  diag profile PROF_000001_…                        a folder of msprof, its op_summary*.csv or its trace
  diag profile onnxruntime_profile.json             what onnxruntime's enable_profiling wrote
  diag profile benchmark.txt                        what MindSpore Lite's benchmark --timeProfiling printed
  diag profile NEW OLD                              and what takes longer or shorter than in another
  diag profile PATH --run RUN_FOLDER                and how wrong each layer is, from a recorded comparison

The findings name what wastes time: AI CPU, layout changes, idle gaps, few cores, an idle matrix unit, copies.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.deliver import tell
from diag.cli.progress import drive
from diag.jobs.profile import examine
from diag.report.profile import Told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """PATH [OTHER]."""
    parser.add_argument("path", type=Path, metavar="PATH", help="a profile: file or folder")
    parser.add_argument("other", type=Path, nargs="?", metavar="OTHER", help="an earlier profile to compare it with")
    parser.add_argument("--run", type=Path, metavar="RUN_FOLDER",
                        help="a recorded comparison: its layers and errors beside the operators")


def run(args: argparse.Namespace) -> int:
    """Read, sum up, tell."""
    cancel = Cancel()
    told: Told = drive(examine(args.path, args.other, args.run, cancel), args, cancel)
    return tell(args, "profile", told, args.out)
