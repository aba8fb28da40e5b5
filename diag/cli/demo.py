"""The whole story on the shipped samples: from a wrong picture to the submodel, the layer, the reason, the cure.

A tiny Stable Diffusion img2img pipeline of five submodels, converted by the real converter of MindSpore Lite 2.0.0:
once right, and once with a text encoder that was exported at opset 17. Needs no NPU, no network and no other Python.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.progress import drive
from diag.jobs.pipeline import LocateJob, run_locate
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.spec import load
from diag.report.catalogues import labels, pipeline_words
from diag.report.document import dumps
from diag.report.numbers import error, factor
from diag.report.pipeline import document, headline, page, to_csv
from diag.report.pipeline.wording import all_swapped, decibel, layers_of
from diag.report.text import width, wrap
from diag.report.write import save
from diag.rules import words
from diag.rules.pipeline import submodel
from diag.runtimes.places import new_folder
from diag.types.codes import Code
from diag.types.layer import Role, Verdict
from diag.types.pipeline import PipelineDiagnosis, SwapKind, SwapRun

_WIDTH = 98
_AT_FAULT = "text_encoder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""
    parser.set_defaults(progress="auto")


def run(args: argparse.Namespace) -> int:
    """Search both pipelines, tell the story, check that it came out as it should."""
    out = (args.out or new_folder("runs", "demo")).absolute()
    said = pipeline_words(args.lang)["demo"]
    say = _Voice(quiet=args.quiet or args.json == "-")
    with as_file(files("resources") / "samples" / "pipeline") as samples:
        say.part(said["right"], said["right_text"])
        healthy = _locate(samples / "healthy", out / "healthy", args)
        say.line(_verdict(healthy, args))
        say.part(said["wrong"], said["wrong_text"])
        broken = _locate(samples / "defect", out / "defect", args)
        _pictures(say, broken, said)
    _explain(say, broken, args, said)
    target = Path(args.html) if args.html else out / "report.html"
    save(page(broken, args.lang), target)
    if args.json == "-":
        print(dumps(document(broken, args.lang)), end="")
    elif args.json:
        save(dumps(document(broken, args.lang)), Path(args.json))
    if args.csv:
        save(to_csv(broken), Path(args.csv))
    _onwards(say, broken, target, said)
    wrong = _wrong(healthy, broken)
    for sentence in wrong:
        say.line(said["unexpected"].format(text=sentence))
    return 1 if wrong else 0


def _locate(folder: Path, out: Path, args: argparse.Namespace) -> PipelineDiagnosis:
    plan = PipelinePlan(load(folder / "pipeline.toml"), out, "reference", told={"runtime": "reference"})
    cancel = Cancel()
    host, args.host = args.host, None  # a process that was started ahead serves the first search
    found: PipelineDiagnosis = drive(run_locate(LocateJob(plan), cancel, host), args, cancel)
    return replace(found, run=str(out))


def _pictures(say: _Voice, broken: PipelineDiagnosis, said: Mapping[str, str]) -> None:
    """Scores of the swaps: who keeps the picture, and who does not."""
    whole = all_swapped(broken)
    if whole is not None and whole.image is not None:
        say.line(said["picture"].format(psnr=decibel(whole.image, ""), ssim=f"{whole.image.ssim:.3f}"))
    for one in broken.runs:
        if one.kind is SwapKind.SINGLE:
            say.line(said["alone"].format(name=one.swapped[0], score=_score(one, said)))
    for one in broken.runs:
        left = [s.name for s in broken.submodels if s.name not in one.swapped]
        if one.kind is SwapKind.LEAVE_ONE_OUT and left == [_AT_FAULT]:
            say.line(said["rest"].format(name=left[0], score=_score(one, said)))


def _score(one: SwapRun, said: Mapping[str, str]) -> str:
    text = decibel(one.image, "")
    return said["decibel"].format(psnr=text) if text else said["equal"]


def _explain(say: _Voice, broken: PipelineDiagnosis, args: argparse.Namespace, said: Mapping[str, str]) -> None:
    if not broken.culprits:
        return
    culprit = broken.culprits[0]
    one, comparison = submodel(broken, culprit.submodel), layers_of(broken, culprit.submodel)
    say.part(said["submodel"], "")
    say.line(said["own"].format(name=one.name, error=error(one.error), ratio=factor(one.ratio)))
    if culprit.layer is None or comparison is None:
        return
    carried = sum(r.role is Role.INHERITS for r in comparison.layers)
    say.part(said["layer"], "")
    say.line(said["carried"].format(carried=carried, node=culprit.layer.golden_node))
    for difference in culprit.layer.differences:
        text = said["difference"].format(name=difference.name, golden=difference.golden, target=difference.target)
        say.line(text + (said["proof"] if difference.explains else ""))
    say.line(_verdict(broken, args))
    finding = next(f for f in broken.findings if f.code == culprit.layer.finding)
    told = words(finding, args.lang)
    say.part(said["means"], told.explanation)
    for i, advice in enumerate(told.advice, 1):
        say.line(f"  {i}. {advice}")


def _verdict(found: PipelineDiagnosis, args: argparse.Namespace) -> str:
    text = labels(args.lang)
    return text["banner"][found.verdict] + text["headline"]["colon"] + headline(found, args.lang)


def _onwards(say: _Voice, broken: PipelineDiagnosis, target: Path, said: Mapping[str, str]) -> None:
    say.part(said["onwards"], "")
    say.line(said["page"].format(path=target), wrapped=False)
    say.line(said["again"].format(path=broken.run), wrapped=False)
    if broken.culprits and broken.culprits[0].comparison:
        say.line(said["layers"].format(path=f"{broken.run}/{broken.culprits[0].comparison}"), wrapped=False)
    for key in ("own_init", "own_locate", "own_pair", "window"):
        say.line(said[key], wrapped=False)


def _wrong(healthy: PipelineDiagnosis, broken: PipelineDiagnosis) -> list[str]:
    """What did not come out as it should."""
    problems = []
    if healthy.verdict is not Verdict.PASS or healthy.culprits:
        problems.append(f"the healthy pipeline should pass without a culprit; its verdict is {healthy.verdict.value}")
    if [c.submodel for c in broken.culprits] != [_AT_FAULT]:
        problems.append(f"{_AT_FAULT} alone should be at fault, not {[c.submodel for c in broken.culprits]}")
    layer = broken.culprits[0].layer if broken.culprits else None
    if layer is None or layer.finding != Code.LAYERNORM_EPSILON or "layers.0/layer_norm1" not in layer.golden_node:
        problems.append("the first LayerNorm should be the culprit, because of its epsilon")
    return problems


class _Voice:
    """Prints paragraphs of a readable width."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def part(self, title: str, text: str) -> None:
        self.line("")
        self.line(title)
        self.line("-" * width(title))
        if text:
            self.line(text)

    def line(self, text: str, *, wrapped: bool = True) -> None:
        if self._quiet:
            return
        for piece in _wrap(text) if wrapped else [text]:
            print(piece)


def _wrap(text: str) -> Sequence[str]:
    indented = text.startswith("  ")
    return wrap(text.strip(), _WIDTH, "     " if indented else "", "  " if indented else "") or [""]
