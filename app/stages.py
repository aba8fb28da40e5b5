"""The stages of a job in the user's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.i18n import spoken
from diag.events import Progress
from diag.telling import tell


def stage(name: str) -> str:
    """A stage or unit as the core calls it, in the window's language; a model's name may stand before it."""
    found = tell(name, spoken())
    model, colon, rest = name.partition(": ")
    return f"{model}: {stage(rest)}" if found == name and colon else found


def told(progress: Progress) -> str:
    """Stage, items and the time that is left, in one line."""
    text = stage(progress.stage)
    if progress.total:
        text += f"  {progress.done:,} / {progress.total:,} {stage(progress.unit)}"
    if progress.eta_s is not None:
        left = QCoreApplication.translate("Stages", "about {seconds} s left").format(seconds=f"{progress.eta_s:,.0f}")
        text += f"   {left}"
    return text
