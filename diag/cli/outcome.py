"""What every comparing command does at its end: say it, write the reports, choose the exit code."""

from __future__ import annotations

import argparse
from pathlib import Path

from diag.cli import deliver
from diag.cli.terminal import colored, columns
from diag.compare.evidence import histogram
from diag.report.html import Histogram
from diag.report.write import Style, render, write
from diag.types.comparison import Comparison
from diag.workspace.runs import RunFolder


def tell(found: Comparison, args: argparse.Namespace) -> None:
    """The console report on stdout (unless JSON goes there), and the files that were asked for."""
    style = style_of(found, args)
    if args.json == "-":
        print(render(found, "json", style))
    elif not args.quiet:
        print(render(found, "console", style))
    for name, fmt in ((args.json, "json"), (args.html, "html"), (args.csv, "csv")):
        if name and name != "-":
            write(found, fmt, Path(name), style)  # type: ignore[arg-type]


def style_of(found: Comparison, args: argparse.Namespace) -> Style:
    """Language, colours, width, and the histograms of the layers whose tensors were kept."""
    return Style(args.lang, colored(args), columns(), histograms(found) if args.html else {})


def histograms(found: Comparison) -> dict[str, Histogram]:
    """Histograms by golden tensor, from the tensors in the run folder."""
    if found.run is None:
        return {}
    folder = RunFolder(Path(found.run))
    result: dict[str, Histogram] = {}
    for row in found.layers:
        tensors = folder.tensors(row.target_tensor or "", row.golden_tensor) if row.target_tensor else {}
        target = tensors.get("target", tensors.get("own"))
        if "golden" in tensors and target is not None and target.dtype.kind == "f":
            result[row.golden_tensor] = Histogram(**histogram(tensors["golden"], target))
    return result


def exit_code(found: Comparison, fail_on: str) -> int:
    """1 if the verdict or a culprit says that something is wrong, else 0."""
    return 1 if found.culprits else deliver.exit_code(found.verdict, fail_on)
