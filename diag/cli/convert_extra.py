"""``diag convert`` without a conversion: a configuration examined, rewrites shown."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from diag import __version__
from diag.cancel import Cancel
from diag.cli.deliver import deliver, exit_code
from diag.cli.progress import drive
from diag.errors import UsageError
from diag.report.catalogues import convert_words
from diag.report.csv_ import csv_text
from diag.report.document import told
from diag.report.sheet import Column, Findings, Lines, Part, Sheet, Table
from diag.rewrites.apply import Offer, Rewritten, rewrite
from diag.rewrites.interface import LIMIT
from diag.tools.converter.flags import read_version
from diag.tools.converter.offered import offers_for
from diag.tools.converter.plan import ConverterPlan
from diag.tools.converter_config.lint import ConfigLint, examine
from diag.types.finding import Finding, Severity
from diag.types.layer import Verdict

_SHOWN_LINES = 40


def check_config(args: argparse.Namespace) -> int:
    """Examine ``--check-config``; write it corrected where ``--fix`` says."""
    if args.models:
        raise UsageError("--check-config converts nothing", hint="Leave the model out")
    lint = examine(args.check_config, read_version(args.converter_version))
    if args.fix is not None:
        text = lint.corrected if lint.corrected is not None else "\n".join(lint.file.lines) + "\n"
        args.fix.write_text(text, encoding="utf-8")
    verdict = _verdict(lint.findings)
    doc = {**_envelope(verdict, lint.findings, args.lang), "headline": _headline(lint, args.lang),
           "models": [], "config": {"path": str(args.check_config), "corrected": lint.corrected,
                                    "written": str(args.fix) if args.fix is not None else None,
                                    "values": lint.file.values()}}
    deliver(args, doc, config_sheet(lint, args.lang, args.fix), lambda: _findings_csv(lint.findings))
    return exit_code(verdict, args.fail_on)


def config_sheet(lint: ConfigLint, lang: Any, written: Path | None = None) -> Sheet:  # noqa: ANN401 - a language
    """What was found, what the converter reads, and the file as it should be."""
    text = convert_words(lang)["config_lint"]
    columns = (Column(text["line"], right=True), Column(text["text"], wide=True), Column(text["understood"]))
    rows = tuple((str(e.line), e.raw.strip(), text["refused"] if e.problem else f"[{e.section}] {e.key} = {e.value}")
                 for e in lint.file.entries)
    parts: list[Part] = [Findings(text["findings"], lint.findings)] if lint.findings else []
    parts.append(Table(text["table"], columns, rows))
    if lint.corrected is not None:
        parts.append(Lines(text["corrected"], tuple(lint.corrected.splitlines()), code=True))
    if written is not None:
        parts.append(Lines("", (text["written"].format(path=written),)))
    return Sheet(_verdict(lint.findings), _headline(lint, lang), tuple(parts))


def show_rewrites(args: argparse.Namespace, plans: Mapping[str, ConverterPlan]) -> int:
    """What is offered for each model, each proved on its own; nothing is kept but with ``--out``."""
    offered: list[dict[str, Any]] = []
    parts: list[Part] = []
    findings: list[Finding] = []
    for name, plan in plans.items():
        found = offers_for(plan)
        findings += [o.finding for o in found]
        with tempfile.TemporaryDirectory(prefix="diag-rewrites-") as scratch:
            folder = args.out or Path(scratch)
            made = [(o, _proved(plan, o, folder / f"{name}.{o.name}.onnx", args)) for o in found]
        parts += _offer_parts(name, made, args.lang)
        offered += [{"model": name, "name": o.name, "places": [s.node for s in o.sites], "proved": r.proved,
                     "largest_change": r.largest, "difference": [f"{x.kind}{x.text}" for x in r.lines]}
                    for o, r in made]
    text = convert_words(args.lang)["offer"]
    names = ", ".join(plans)
    headline = text["headline" if offered else "none"].format(count=len(offered), name=names)
    doc = {**_envelope(Verdict.PASS, findings, args.lang), "headline": headline, "models": [], "rewrites": offered}
    deliver(args, doc, Sheet(Verdict.PASS, headline, tuple([*parts, Findings(
        convert_words(args.lang)["convert"]["findings"], tuple(findings))] if findings else parts)),
        lambda: _findings_csv(findings))
    return 0


def _proved(plan: ConverterPlan, offer: Offer, out: Path, args: argparse.Namespace) -> Rewritten:
    cancel = Cancel()
    fixed = {n: s for n, s in plan.shapes.items() if -1 not in s}
    result: Rewritten = drive(rewrite(plan.onnx, [offer.name], out, cancel, shapes=fixed, choice=plan.checks.inputs,
                                      limit=plan.rewrite_limit), args, cancel)
    return result


def _offer_parts(name: str, made: Sequence[tuple[Offer, Rewritten]], lang: Any) -> list[Part]:  # noqa: ANN401
    if not made:
        return []
    text = convert_words(lang)["offer"]
    columns = (Column(text["name"], wide=True), Column(text["places"], right=True), Column(text["change"], right=True),
               Column(text["proved"]))
    rows = tuple((o.name, f"{len(o.sites):,}", f"{r.largest:.2g}", text["yes" if r.proved else "no"]) for o, r in made)
    parts: list[Part] = [Table(f"{text['table']}: {name}", columns, rows, note=text["note"].format(limit=f"{LIMIT:g}"),
                               limit=100)]
    for offer, result in made:
        lines = [f"{line.kind} {line.text}" for line in result.lines]
        more = [text["more"].format(count=len(lines) - _SHOWN_LINES)] if len(lines) > _SHOWN_LINES else []
        parts.append(Lines(text["difference"].format(name=offer.name), tuple(lines[:_SHOWN_LINES] + more), code=True))
    return parts


def _envelope(verdict: Verdict, findings: Sequence[Finding], lang: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"schema": "diag.convert/1", "kind": "convert", "verdict": str(verdict),
            "findings": [told(f, lang) for f in findings], "environment": {"diag": __version__},
            "timing": {"wall_s": time.process_time()}, "memory": {"peak_bytes": 0}, "run": None}


def _headline(lint: ConfigLint, lang: Any) -> str:  # noqa: ANN401
    text = convert_words(lang)["config_lint"]
    bad = [f for f in lint.findings if f.severity is Severity.FAIL]
    told_ = [f for f in lint.findings if f.severity is not Severity.INFO]
    key = "headline" if bad else "headline_watch" if told_ else "clean"
    return text[key].format(name=lint.file.path.name, count=len(bad or told_))


def _verdict(findings: Sequence[Finding]) -> Verdict:
    severities = {f.severity for f in findings}
    if Severity.FAIL in severities:
        return Verdict.FAIL
    return Verdict.WATCH if Severity.WATCH in severities else Verdict.PASS


def _findings_csv(findings: Sequence[Finding]) -> str:
    return csv_text(("code", "severity", "subject", "line", "title"), (
        (f.code, f.severity, f.subject, (f.evidence[0].line if f.evidence else None) or "", told(f, "en")["title"])
        for f in findings))
