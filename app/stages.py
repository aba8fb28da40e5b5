"""The stages of a job in the user's language."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from diag.events import Progress

_STAGES = (QT_TRANSLATE_NOOP("Stages", "Opening the models"), QT_TRANSLATE_NOOP("Stages", "Comparing layers"),
           QT_TRANSLATE_NOOP("Stages", "Running the target"), QT_TRANSLATE_NOOP("Stages", "Looking for the reason"),
           QT_TRANSLATE_NOOP("Stages", "Measuring"), QT_TRANSLATE_NOOP("Stages", "Timing layers"),
           QT_TRANSLATE_NOOP("Stages", "Reading the profile"), QT_TRANSLATE_NOOP("Stages", "samples"),
           QT_TRANSLATE_NOOP("Stages", "rounds"), QT_TRANSLATE_NOOP("Stages", "layers"),
           QT_TRANSLATE_NOOP("Stages", "Converting without tuning"),
           QT_TRANSLATE_NOOP("Stages", "Tuning while converting (silent until the end)"),
           QT_TRANSLATE_NOOP("Stages", "Converting with the knowledge bank"),
           QT_TRANSLATE_NOOP("Stages", "subgraph tuning"), QT_TRANSLATE_NOOP("Stages", "operator tuning"),
           QT_TRANSLATE_NOOP("Stages", "Converting"), QT_TRANSLATE_NOOP("Stages", "Looking at the result"),
           QT_TRANSLATE_NOOP("Stages", "Running the result"), QT_TRANSLATE_NOOP("Stages", "Rewriting"),
           QT_TRANSLATE_NOOP("Stages", "Proving that it answers the same"),
           QT_TRANSLATE_NOOP("Stages", "Looking for rewrites"), QT_TRANSLATE_NOOP("Stages", "Proving rewrites"),
           QT_TRANSLATE_NOOP("Stages", "models"), QT_TRANSLATE_NOOP("Stages", "nodes"),
           QT_TRANSLATE_NOOP("Stages", "Opening the model"), QT_TRANSLATE_NOOP("Stages", "Opening the recorded result"),
           QT_TRANSLATE_NOOP("Stages", "Running in float32 and in float16"),
           QT_TRANSLATE_NOOP("Stages", "Running in float32 and in bfloat16"),
           QT_TRANSLATE_NOOP("Stages", "Effect of each layer on the outputs"),
           QT_TRANSLATE_NOOP("Stages", "Looking for the layers to keep"),
           QT_TRANSLATE_NOOP("Stages", "Trying each kept layer without"),
           QT_TRANSLATE_NOOP("Stages", "Cost against error"), QT_TRANSLATE_NOOP("Stages", "Looking at each node"),
           QT_TRANSLATE_NOOP("Stages", "Looking at the data of known defects"),
           QT_TRANSLATE_NOOP("Stages", "Measuring nodes on the converter"),
           QT_TRANSLATE_NOOP("Stages", "Recording what the nodes are given"),
           QT_TRANSLATE_NOOP("Stages", "Rewriting, and proving that it answers the same"),
           QT_TRANSLATE_NOOP("Stages", "Comparing the pair"), QT_TRANSLATE_NOOP("Stages", "runs"),
           QT_TRANSLATE_NOOP("Stages", "tries"), QT_TRANSLATE_NOOP("Stages", "choices"),
           QT_TRANSLATE_NOOP("Stages", "Reading the graphs"), QT_TRANSLATE_NOOP("Stages", "graphs"))


def stage(name: str) -> str:
    """A stage or unit as the core calls it, translated where it is known."""
    return QCoreApplication.translate("Stages", name)


def told(progress: Progress) -> str:
    """Stage, items and the time that is left, in one line."""
    text = stage(progress.stage)
    if progress.total:
        text += f"  {progress.done:,} / {progress.total:,} {stage(progress.unit)}"
    if progress.eta_s is not None:
        left = QCoreApplication.translate("Stages", "about {seconds} s left").format(seconds=f"{progress.eta_s:,.0f}")
        text += f"   {left}"
    return text
