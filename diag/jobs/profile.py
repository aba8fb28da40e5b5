"""A profile as a job: read, sum up, judge; in this process, because its columns are larger than any pipe likes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from diag.cancel import Cancel
from diag.events import Event, Finished, passed_on
from diag.machine import peak_bytes, versions
from diag.perf.change import change
from diag.perf.hotspots import Hotspots, hotspots
from diag.report.profile import Told
from diag.rules.performance import verdict_of
from diag.rules.profile import of_profile
from diag.tools.profiles import read_profile
from diag.tools.profiles.join import Layers
from diag.types.layer import LayerResult
from diag.types.timeline import Profile
from diag.workspace.runs import RunFolder


def examine(path: Path, other: Path | None, run: Path | None, cancel: Cancel) -> Iterator[Event]:
    """Progress, then Finished(Told). ``other``: an earlier profile, ``run``: a recorded comparison, for its layers.

    Raises UsageError, FormatError, Cancelled.
    """
    began = time.monotonic()
    profile: Profile = yield from passed_on(read_profile(path, cancel))
    sums = hotspots(profile)
    changed = None
    if other is not None:
        changed = change(sums, hotspots((yield from passed_on(read_profile(other, cancel)))))
    findings = of_profile(profile, sums, changed)
    layers = joined(profile, sums, run) if run is not None else {}
    yield Finished(Told(profile, sums, findings, verdict_of(findings), time.monotonic() - began,
                        peak_bytes(),
                        versions(),
                        changed, str(other) if other is not None else "", layers))


def joined(profile: Profile, sums: Hotspots, run: Path) -> Mapping[str, LayerResult]:
    """The layer of each operator that has one. Raises UsageError, FormatError for what is no run folder."""
    rows = RunFolder.open(run).comparison().layers
    by_name: dict[str, LayerResult] = {}
    aliases: dict[str, str] = {}
    for row in rows:
        by_name.setdefault(row.golden_node, row)
        for alias in (row.target_node, *row.mapping.golden_nodes):
            if alias:
                aliases.setdefault(alias, row.golden_node)
    layers = Layers(by_name, {a: n for a, n in aliases.items() if a not in by_name}, profile.originals)
    return {g.name: by_name[found] for g in sums.by_name if (found := layers.find(g.name))}
