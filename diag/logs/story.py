"""From evidence to the answer: which line is the cause, what followed from it, or that the evidence is not enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from diag.logs.codes import look_up
from diag.logs.diagnosis import Cause, CodeSeen, Counts, LogDiagnosis, Role, Verdict
from diag.logs.evidence import Evidence, Hit
from diag.logs.rules import NAMEABLE, Sort
from diag.types.finding import Evidence as Place
from diag.types.finding import Finding, Severity

_GAP_US = 3_600_000_000
_STRONG = 55
_CHAIN = 10
_NOTES = 100


def conclude(evidence: Evidence) -> LogDiagnosis:
    """The diagnosis of what was collected."""
    hits = sorted(evidence.hits, key=lambda hit: hit.order)
    live = [hit for hit in hits if _counts(hit, evidence)]
    incidents = _incidents(live)
    chosen = _choose(incidents)
    counts = _count(evidence, hits)
    codes = tuple(_seen(code, count) for code, count in evidence.codes.most_common(50))
    files = tuple(evidence.files)
    notes = _notes(evidence.tally.notes)
    outcome = _outcome(evidence)
    if chosen is not None:
        root, incident = chosen
        latent = root.run in evidence.succeeded
        chain = _chain(root, incident,
                       [hit for hit in hits if hit.judgement.rule.sort is Sort.HINT and hit.run == root.run])
        return LogDiagnosis(Verdict.ROOT, chain[0], chain, codes, counts, files, outcome, latent,
                            _wanted([root]), root.record.pid, notes)
    weak = [hit for hit in live if hit.judgement.rule.sort in (Sort.WRAPPER, Sort.NOISE, Sort.CLASS, Sort.ROOT)]
    if weak or evidence.failed or evidence.crashed or not (evidence.succeeded or evidence.tally.levels):
        pid = next((hit.record.pid for hit in weak if hit.record.pid is not None), None)
        chain = tuple(_cause(hit, Role.WRAPPER, {}) for hit in _distinct(weak)[:_CHAIN])
        return LogDiagnosis(Verdict.INSUFFICIENT, None, chain, codes, counts, files, outcome, False,
                            _wanted(weak) or ("plog",), pid, notes)
    return LogDiagnosis(Verdict.NO_FAILURE, None, (), codes, counts, files, outcome, notes=notes)


def _notes(notes: Sequence[str]) -> tuple[str, ...]:
    more = len(notes) - _NOTES
    return tuple(notes[:_NOTES]) + ((f"and {more:,} more of these",) if more > 0 else ())


def _counts(hit: Hit, evidence: Evidence) -> bool:
    """Whether the hit can be part of a failure: not benign, and in a run that succeeded only what is latent."""
    rule = hit.judgement.rule
    if rule.sort in (Sort.BENIGN, Sort.HINT):
        return False
    if hit.run not in evidence.succeeded:
        return not (rule.needs and rule.latent is False and not _has(rule.needs, hit.run, evidence))
    return rule.latent and (not rule.needs or _has(rule.needs, hit.run, evidence))


def _has(rule_id: str, run: int, evidence: Evidence) -> bool:
    return any(hit.run == run and hit.judgement.rule.id == rule_id for hit in evidence.hits)


def _incidents(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Hits parted where the clock says that nothing happened for an hour."""
    parted: list[list[Hit]] = []
    last = 0
    for hit in sorted(hits, key=lambda hit: (hit.time_us or 0, hit.order)) if _comparable(hits) else hits:
        if not parted or (hit.time_us and last and hit.time_us - last > _GAP_US):
            parted.append([])
        parted[-1].append(hit)
        last = hit.time_us or last
    return parted


def _comparable(hits: Sequence[Hit]) -> bool:
    return all(hit.time_us for hit in hits) and len({hit.order[0] for hit in hits}) > 1


def _choose(incidents: Sequence[Sequence[Hit]]) -> tuple[Hit, Sequence[Hit]] | None:
    best = [(min(incident, key=lambda hit: -hit.judgement.rank), incident) for incident in incidents]
    for least in (_STRONG, NAMEABLE):
        for hit, incident in best:
            if hit.judgement.rank >= least:
                return hit, incident
    return None


def _chain(root: Hit, incident: Sequence[Hit], hints: Sequence[Hit]) -> tuple[Cause, ...]:
    facts = _join(root, [*incident, *hints])
    first = _cause(root, Role.CAUSE, facts)
    near = [hit for hit in incident if _related(hit, root)]
    rest = [hit for hit in _distinct(near) if hit.judgement.rule.id != root.judgement.rule.id
            and hit.judgement.rule.sort is not Sort.NOISE]
    return (first, *(_cause(hit, Role.WRAPPER if hit.judgement.rule.sort is Sort.WRAPPER else Role.CONSEQUENCE, {})
                     for hit in rest[:_CHAIN]))


def _related(hit: Hit, root: Hit) -> bool:
    """Same process or same text; of other processes only what waited for this one (collective communication)."""
    same = hit.record.pid == root.record.pid if hit.record.pid is not None and root.record.pid is not None else False
    return same or (hit.order[0] == root.order[0] and (hit.run == root.run or hit.record.pid is None)) \
        or hit.judgement.rule.id.startswith("hccl.")


def _join(root: Hit, incident: Sequence[Hit]) -> dict[str, str]:
    """Facts that other lines of the same incident and process give: kernel, node, operator, assertion."""
    facts: dict[str, str] = {}
    for hit in incident:
        if root.record.pid is None or hit.record.pid in (None, root.record.pid):
            for name, value in hit.judgement.facts.items():
                facts.setdefault(name, value)
    return facts | dict(root.judgement.facts)


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.judgement.rule.id, hit)
    return list(first.values())


def _cause(hit: Hit, role: Role, facts: dict[str, str]) -> Cause:
    record, judgement = hit.record, hit.judgement
    values = {**judgement.facts, **facts}
    severity = Severity.FAIL if role is Role.CAUSE else Severity.INFO
    subject = values.get("node") or values.get("op") or values.get("kernel") or values.get("path") or record.module
    finding = Finding(judgement.rule.finding, severity, subject, values, (Place(record.file, record.line),))
    return Cause(record.file, record.line, record.time_us, record.module, record.level, record.code, record.text,
                 judgement.rule.id, finding, role, hit.count, values.get("node", ""), values.get("op", ""))


def _count(evidence: Evidence, hits: Sequence[Hit]) -> Counts:
    by_sort: dict[Sort, Counter[str]] = {sort: Counter() for sort in Sort}
    for hit in hits:
        by_sort[hit.judgement.rule.sort][hit.judgement.rule.id] += hit.count
    tally = evidence.tally
    return Counts(tally.lines, dict(tally.levels), dict(tally.modules), dict(by_sort[Sort.WRAPPER]),
                  dict(by_sort[Sort.NOISE]), dict(by_sort[Sort.BENIGN]))


def _seen(code: str, count: int) -> CodeSeen:
    entries = look_up(code).entries
    if not entries:
        return CodeSeen(code, "", count, {"en": "", "zh": ""})
    return CodeSeen(code, entries[0].family, count, entries[0].meaning)


def _wanted(hits: Sequence[Hit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.judgement.rule.wants for hit in hits if hit.judgement.rule.wants))


def _outcome(evidence: Evidence) -> str:
    if evidence.crashed:
        return "crashed"
    if evidence.failed:
        return "failed"
    return "success" if evidence.succeeded else "unknown"
