"""Why a tuning had no effect, where that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from diag.rules.codes import finding
from diag.tools.aoe.plan import PHRASES
from diag.types.codes import Code
from diag.types.finding import Evidence, Finding
from diag.types.tuning import TunedTask, TuneStatus

FIRST_GOOD = (2, 1)
_CACHE = "ge.op_compiler_cache_mode"
_LEAST = 0.001
"""An improvement below a tenth of a percent is none."""


def of_tasks(tasks: Sequence[TunedTask]) -> tuple[Finding, ...]:
    """What the results say by themselves."""
    found: list[Finding] = []
    for task in tasks:
        found += _of_task(task)
    return tuple(found)


def _of_task(task: TunedTask) -> Iterator[Finding]:
    name, evidence = task.name or task.source, (Evidence(task.source),) if task.source else ()
    if task.status is TuneStatus.FAILURE:
        reason = f"no result for {', '.join(task.failed[:5])}" if task.failed else "AOE says so"
        yield finding(Code.TUNING_FAILED, name, reason=reason, evidence=evidence)
        return
    if task.improvement >= _LEAST:
        yield finding(Code.TUNED, name, before=task.before_ms, after=task.after_ms, percent=100 * task.improvement,
                      operators=len(task.operators), evidence=evidence)
    elif task.improvement == task.improvement:  # a number, not NaN
        yield finding(Code.TUNING_NO_EFFECT, name, before=task.before_ms, after=task.after_ms, evidence=evidence)
    bank = task.bank
    if bank is not None and bank.total and bank.hit + bank.unsatisfied >= bank.total and not bank.added + bank.updated:
        yield finding(Code.TUNING_NOTHING_LEFT, name, hits=bank.hit, total=bank.total, evidence=evidence)


def of_setting(config: Mapping[str, Mapping[str, str]], version: str = "", where: str = "") -> tuple[Finding, ...]:
    """What a configuration and a version are known for; ``where`` is the file."""
    return tuple(_of_setting(config, version, where))


def _of_setting(config: Mapping[str, Mapping[str, str]], version: str, where: str) -> Iterator[Finding]:
    evidence = (Evidence(where),) if where else ()
    mode = config.get("ascend_context", {}).get("aoe_mode", "")
    jobs = config.get("aoe_global_options", {}).get("job_type", "")
    understood = [phrase for phrase in PHRASES.values() if phrase in mode]
    asked = [part.strip() for part in re.split(r"[,;，]", mode) if part.strip()]
    if len(understood) < len(asked):
        yield finding(Code.TUNING_PHRASE, where or "aoe_mode", value=mode, wanted=f"aoe_mode={_meant(asked)}",
                      evidence=evidence)
    if mode or jobs:
        caches = [section[_CACHE] for section in config.values() if _CACHE in section]
        if "force" not in (value.strip() for value in caches):
            yield finding(Code.TUNING_CACHE, where or _CACHE, value=caches[0] if caches else "not set",
                          evidence=evidence)
    number = re.match(r"(\d+)\.(\d+)", version)
    if (mode or jobs) and number is not None and (int(number[1]), int(number[2])) < FIRST_GOOD:
        yield finding(Code.TUNING_OLD_VERSION, where or "MindSpore Lite", version=version, evidence=evidence)


def _meant(asked: Sequence[str]) -> str:
    found = [phrase for job, phrase in PHRASES.items() if any(job[:4] in part.lower() for part in asked)]
    return ", ".join(found or PHRASES.values())
