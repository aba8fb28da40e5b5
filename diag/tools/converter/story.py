"""From how a conversion ended to findings: what happened, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from diag.cancel import Cancel
from diag.logs.triage import triage
from diag.logs.words import explain
from diag.rules.codes import finding
from diag.tools.converter.attempt import Attempt
from diag.tools.converter.find import Converter
from diag.tools.converter.flags import other_version, read_version
from diag.tools.converter.plan import ConverterPlan
from diag.types.codes import Code
from diag.types.conversion import ConvertStatus, RootCause, Said, Smoke
from diag.types.finding import Evidence, Finding
from diag.types.layer import Verdict

LANGS = ("en", "zh")
_MIB = 1 << 20
_NO_WORD = "its log does not say why"


def failure(plan: ConverterPlan, converter: Converter, made: Attempt) -> Finding:
    """The finding of a conversion that gave no model."""
    name, ending = plan.name, made.ending
    reason = _sentence(ending.reason) or _NO_WORD
    seen = [Evidence(str(made.log))]
    tool = converter.kind if converter.kind == "converter_lite" else "mindspore_lite.Converter"
    match ending.kind:
        case "unsupported":
            return finding(Code.UNSUPPORTED_OPERATORS, name, evidence=seen, tool=tool,
                           operators=list(ending.operators))
        case "crashed":
            return finding(Code.CONVERT_CRASHED, name, evidence=seen, tool=tool, ending=ending.text, reason=reason)
        case "hung":
            return finding(Code.CONVERT_HUNG, name, evidence=seen, tool=tool, ending=ending.text, reason=reason)
        case "memory":
            most = plan.limits.memory_bytes
            limit = f"{most / _MIB:,.0f} MiB" if most else "what the machine has"
            return finding(Code.CONVERT_MEMORY, name, evidence=seen, tool=tool, limit=limit, reason=reason)
        case "no_output":
            return finding(Code.CONVERT_NO_OUTPUT, name, evidence=seen, tool=tool,
                           reason="there is no new file that holds a model")
    return finding(Code.CONVERT_FAILED, name, evidence=seen, tool=tool, ending=ending.text, reason=reason)


def root_cause(log: Path, cancel: Cancel) -> RootCause | None:
    """The line of the log that is the cause, cause before consequence; None where the log does not say."""
    if not log.is_file():
        return None
    cause = triage(log, cancel=cancel).root_cause
    if cause is None:
        return None
    said = {lang: explain(cause, lang) for lang in LANGS}
    return RootCause(cause.finding, cause.text, cause.file, cause.line,
                     {lang: Said(w.title, w.cause, w.fix) for lang, w in said.items()})


def about_plan(plan: ConverterPlan, version: str) -> Iterator[Finding]:
    """Options that this version of the converter does not have, or does nothing with."""
    number = read_version(version)
    for option, since in other_version(plan.flags, plan.optimize, number):
        yield finding(Code.OPTION_OF_OTHER_VERSION, option, option=option, version=version, since=since)
    if plan.flags.get("fp16") == "on" and plan.save_type == "MINDIR":
        yield finding(Code.CONVERT_FP16_IGNORED, plan.name, version=version or "this")


def about_success(plan: ConverterPlan, made: Attempt) -> Iterator[Finding]:
    """Error lines on the way to success, which mean nothing."""
    if made.ending.errors:
        yield finding(Code.CONVERT_ERRORS_HARMLESS, plan.name, evidence=[Evidence(str(made.log))],
                      count=made.ending.errors, first=made.ending.first_error[:200])


def about_smokes(plan: ConverterPlan, smokes: Sequence[Smoke]) -> Iterator[Finding]:
    """What the first runs say."""
    for smoke in smokes:
        where = f"{smoke.runtime} {smoke.runtime_version}".strip()
        name = f"{plan.name} (profile {smoke.profile})" if smoke.profile else plan.name
        if not smoke.ran:
            said = ". ".join(filter(None, (_sentence(smoke.problem), _sentence(smoke.hint))))
            yield finding(Code.CONVERTED_NOT_RUNNING, name, runtime=where or "no runtime", reason=said,
                          evidence=[Evidence(str(smoke.log))] if smoke.log else [])
        elif smoke.verdict in (Verdict.FAIL, Verdict.NOT_COMPARABLE):
            worst = max(smoke.outputs, key=lambda o: o.verdict.rank)
            yield finding(Code.CONVERTED_WRONG, name, runtime=where, output=worst.golden_tensor,
                          reason=_sentence(worst.reason))
        if smoke.ran and smoke.runtime == "reference":
            yield finding(Code.CONVERTED_ELSEWHERE, name, runtime="the reference runtime")


def unchecked(plan: ConverterPlan, reason: str) -> Finding:
    """The finding of a model of which nothing is known but that it was written."""
    return finding(Code.CONVERTED_UNCHECKED, plan.name, reason=_sentence(reason))


def status_of(smokes: Sequence[Smoke]) -> ConvertStatus:
    """The worst of the first runs; UNCHECKED without any."""
    if not smokes:
        return ConvertStatus.UNCHECKED
    if not all(s.ran for s in smokes):
        return ConvertStatus.NOT_RUNNING
    wrong = any(s.verdict in (Verdict.FAIL, Verdict.NOT_COMPARABLE) for s in smokes)
    return ConvertStatus.WRONG if wrong else ConvertStatus.OK


def _sentence(text: str) -> str:
    return text.strip().rstrip(".。")
