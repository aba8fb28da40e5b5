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
import platform
import resource
import time
from collections.abc import Mapping
from pathlib import Path

from diag import __version__
from diag.cancel import Cancel
from diag.cli.deliver import deliver, exit_code
from diag.cli.progress import drive
from diag.perf.change import change
from diag.perf.hotspots import Hotspots, hotspots
from diag.report.profile import Told, document, sheet, to_csv
from diag.rules.performance import verdict_of
from diag.rules.profile import of_profile
from diag.tools.profiles import read_profile
from diag.tools.profiles.join import Layers
from diag.types.layer import LayerResult
from diag.types.timeline import Profile
from diag.workspace.runs import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """PATH [OTHER]."""
    parser.add_argument("path", type=Path, metavar="PATH", help="a profile: file or folder")
    parser.add_argument("other", type=Path, nargs="?", metavar="OTHER", help="an earlier profile to compare it with")
    parser.add_argument("--run", type=Path, metavar="RUN_FOLDER",
                        help="a recorded comparison: its layers and errors beside the operators")


def run(args: argparse.Namespace) -> int:
    """Read, sum up, tell."""
    began, cancel = time.monotonic(), Cancel()
    profile: Profile = drive(read_profile(args.path, cancel), args, cancel)
    sums = hotspots(profile)
    changed = None
    if args.other is not None:
        other: Profile = drive(read_profile(args.other, cancel), args, cancel)
        changed = change(sums, hotspots(other))
    findings = of_profile(profile, sums, changed)
    layers = joined(profile, sums, args.run) if args.run is not None else {}
    told = Told(profile, sums, findings, verdict_of(findings), time.monotonic() - began,
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                {"diag": __version__, "python": platform.python_version(), "platform": platform.platform()},
                changed, str(args.other) if args.other is not None else "", layers)
    deliver(args, document(told, args.lang), sheet(told, args.lang), lambda: to_csv(told))
    return exit_code(told.verdict, args.fail_on)


def joined(profile: Profile, sums: Hotspots, run: Path) -> Mapping[str, LayerResult]:
    """The layer of each operator that has one. Raises UsageError, FormatError for what is no run folder."""
    rows = RunFolder(run).comparison().layers
    by_name: dict[str, LayerResult] = {}
    aliases: dict[str, str] = {}
    for row in rows:
        by_name.setdefault(row.golden_node, row)
        for alias in (row.target_node, *row.mapping.golden_nodes):
            if alias:
                aliases.setdefault(alias, row.golden_node)
    layers = Layers(by_name, {a: n for a, n in aliases.items() if a not in by_name}, profile.originals)
    return {g.name: by_name[found] for g in sums.by_name if (found := layers.find(g.name))}
