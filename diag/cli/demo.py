"""The whole story on the shipped samples: a model that was converted right, and one that was not.

A tiny CLIP text encoder, exported from PyTorch twice (opset 14 and opset 17) and converted by the real converter of
MindSpore Lite 2.0.0. Needs no NPU, no network and no other Python.
"""

from __future__ import annotations

import argparse
import textwrap
import time
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.outcome import style_of
from diag.cli.progress import drive
from diag.compare.plan import ComparePlan, InputChoice
from diag.jobs.compare import CompareJob, run_compare
from diag.report.headline import headline
from diag.report.write import render, write
from diag.rules import words
from diag.rules.accuracy import examined
from diag.runtimes.places import cache_dir
from diag.types.codes import Code
from diag.types.comparison import Comparison
from diag.types.layer import Verdict

_WIDTH = 98


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""
    parser.set_defaults(progress="auto")


def run(args: argparse.Namespace) -> int:
    """Compare both pairs, tell the story, check that it came out as it should."""
    out = (args.out or cache_dir() / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-demo").absolute()
    say = _Voice(quiet=args.quiet or args.json == "-")
    with as_file(files("resources") / "samples" / "text_encoder") as samples:
        say.part("1. A conversion that went well",
                 "A text encoder, exported at opset 14, became a MindIR. Each layer is compared, twice: in the whole "
                 "run, and alone on the original's own input.")
        healthy = _compare(samples / "healthy", out / "healthy", args)
        say.line(headline(healthy, args.lang))
        say.part("2. The same model, exported at opset 17",
                 "The same converter reported success again. Is this one right, too?")
        broken = _compare(samples / "defect", out / "defect", args)
        say.line(headline(broken, args.lang))
    _explain(say, broken, args)
    page = Path(args.html) if args.html else out / "report.html"
    style = style_of(broken, argparse.Namespace(**{**vars(args), "html": str(page)}))
    write(broken, "html", page, style)
    if args.json == "-":
        print(render(broken, "json", style))
    elif args.json:
        write(broken, "json", Path(args.json), style)
    if args.csv:
        write(broken, "csv", Path(args.csv), style)
    say.part("Where to go on", "")
    say.line(f"The report, for a browser:  {page}")
    say.line(f"The run, to open again:     diag report {out / 'defect'}")
    say.line("Your own pair:              diag compare model.onnx model.mindir --html report.html")
    say.line("A window instead:           ascend-diag")
    wrong = _wrong(healthy, broken)
    for sentence in wrong:
        say.line(f"UNEXPECTED: {sentence}")
    return 1 if wrong else 0


def _compare(pair: Path, out: Path, args: argparse.Namespace) -> Comparison:
    plan = ComparePlan(pair / "text_encoder.onnx", pair / "text_encoder.mindir", out, InputChoice())
    cancel = Cancel()
    found: Comparison = examined(drive(run_compare(CompareJob(plan, "reference"), cancel), args, cancel))
    return found


def _explain(say: _Voice, broken: Comparison, args: argparse.Namespace) -> None:
    if not broken.culprits:
        return
    culprit = broken.culprits[0]
    finding = next(f for f in broken.findings if f.code == culprit.finding)
    text = words(finding, args.lang)
    carried = sum(r.role.value == "inherits" for r in broken.layers)
    say.part("3. Where the error enters", "")
    say.line(f"{carried} layers carry the error. One makes it: {culprit.golden_node}")
    for difference in culprit.differences:
        proof = " (with the original's value put back, the error is gone)" if difference.explains else ""
        say.line(f"  {difference.name}: {difference.golden} in the ONNX, {difference.target} in the MindIR{proof}")
    say.part("4. What it means, and what to do", text.explanation)
    for i, advice in enumerate(text.advice, 1):
        say.line(f"  {i}. {advice}")


def _wrong(healthy: Comparison, broken: Comparison) -> list[str]:
    """What did not come out as it should."""
    problems = []
    if healthy.verdict is not Verdict.PASS or healthy.culprits:
        problems.append(f"the healthy pair should pass without a culprit; its verdict is {healthy.verdict.value}")
    if broken.verdict is not Verdict.FAIL:
        problems.append(f"the second pair should fail; its verdict is {broken.verdict.value}")
    first = broken.culprits[0] if broken.culprits else None
    if first is None or first.finding != Code.LAYERNORM_EPSILON or "layers.0/layer_norm1" not in first.golden_node:
        problems.append("the first LayerNorm should be the culprit, because of its epsilon")
    return problems


class _Voice:
    """Prints paragraphs of a readable width."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def part(self, title: str, text: str) -> None:
        self.line("")
        self.line(title)
        self.line("-" * len(title))
        if text:
            self.line(text)

    def line(self, text: str) -> None:
        if not self._quiet:
            for wrapped in _wrap(text):
                print(wrapped)


def _wrap(text: str) -> Sequence[str]:
    inset = "     " if text.startswith("  ") else ""
    return textwrap.wrap(text, _WIDTH, subsequent_indent=inset, break_long_words=False,
                         break_on_hyphens=False) or [""]
