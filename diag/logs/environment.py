"""Which variables to set so that the next run leaves a log that tells more."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable, its value for a diagnosing run, and why (a key of the sentences)."""

    name: str
    value: str
    why: str


def settings(folder: Path, *, screen: bool = False, dumps: bool = False, blocking: bool = True) -> tuple[Setting, ...]:
    """Variables for a run whose log tells more.

    ``folder`` receives plogs and dumps. ``screen``: CANN prints to the terminal, not into files. ``dumps``: graphs of
    every pass are written too (large). ``blocking``: torch_npu waits after each operator, so that stacks are true.
    """
    chosen = [
        Setting("GLOG_v", "1", "env-glog"), Setting("ASCEND_GLOBAL_LOG_LEVEL", "1", "env-level"),
        Setting("ASCEND_GLOBAL_EVENT_ENABLE", "1", "env-event"), Setting("ASCEND_PROCESS_LOG_PATH", str(folder),
                                                                         "env-path"),
        Setting("ASCEND_HOST_LOG_FILE_NUM", "100", "env-files"), Setting("ASCEND_LOG_DEVICE_FLUSH_TIMEOUT", "10000",
                                                                         "env-flush")]
    if screen:
        chosen += [Setting("ASCEND_SLOG_PRINT_TO_STDOUT", "1", "env-screen"), Setting("ASCEND_LOG_PRINT_TO_STDOUT",
                                                                                      "1", "env-screen")]
    if dumps:
        chosen += [Setting("DUMP_GE_GRAPH", "2", "env-graph"), Setting("DUMP_GRAPH_LEVEL", "1", "env-passes"),
                   Setting("DUMP_GRAPH_PATH", str(folder / "graphs"), "env-graph-path")]
    if blocking:
        chosen.append(Setting("ASCEND_LAUNCH_BLOCKING", "1", "env-blocking"))
    return tuple(chosen)


def variables(chosen: tuple[Setting, ...]) -> Mapping[str, str]:
    """The settings as an environment to add to a process."""
    return {setting.name: setting.value for setting in chosen}


def shell_block(chosen: tuple[Setting, ...], say: Mapping[str, str]) -> str:
    """Lines to paste into a POSIX shell, each with its reason; ``say`` gives the sentences."""
    width = max(len(setting.name) + len(shlex.quote(setting.value)) for setting in chosen) + 9
    lines = ((f"export {setting.name}={shlex.quote(setting.value)}", say[setting.why]) for setting in chosen)
    return "\n".join(f"{export:<{width}} # {why}" for export, why in lines)
