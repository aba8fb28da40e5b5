"""All pages, in the order of the rail. Light: no page is imported before it is shown."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from app.pages import recognise
from app.pages.convert import accept as convert_accept
from app.pages.graphs import accept as graph_accept
from app.pages.logs import accept as log_accept
from app.pages.performance import accept
from app.pages.precision import accept as precision_accept

if TYPE_CHECKING:
    from app.pages.interface import Page

COMPARE = "compare"
"""The comparison is no ``Page``: it is the desk, and the welcome page where nothing is open."""


class Entry(NamedTuple):
    """One page. ``accepts``: whether a path that was opened or dropped belongs to it, told from its name and its first
    bytes at most; the first page that says yes gets it. ``where``: "module:class".

    A tuple: the first window does not wait for dataclasses.
    """

    name: str
    title: str
    tip: str
    icon: str
    where: str
    accepts: Callable[[Path], bool]

    def words(self) -> tuple[str, str]:
        """Title and tip in the user's language."""
        return QCoreApplication.translate("Pages", self.title), QCoreApplication.translate("Pages", self.tip)

    def load(self) -> type[Page]:
        """The page's class."""
        module, _, name = self.where.partition(":")
        found: type[Page] = getattr(importlib.import_module(module), name)
        return found


COMPARE_WORDS = (str(QT_TRANSLATE_NOOP("Pages", "Compare")),
                 str(QT_TRANSLATE_NOOP("Pages", "Two models, layer by layer: which layer makes the error")))

PAGES: tuple[Entry, ...] = (
    Entry("pipeline", str(QT_TRANSLATE_NOOP("Pages", "Pipeline")),
          str(QT_TRANSLATE_NOOP("Pages", "Several models in a row, such as Stable Diffusion: which one is at fault")),
          "pipeline", "app.pages.pipeline.page:PipelinePage", recognise.pipeline),
    Entry("convert", str(QT_TRANSLATE_NOOP("Pages", "Convert")),
          str(QT_TRANSLATE_NOOP("Pages", "ONNX to MindIR, proved; rewrites that help; the converter's configuration")),
          "convert", "app.pages.convert.page:ConvertPage", convert_accept.wanted),
    Entry("precision", str(QT_TRANSLATE_NOOP("Pages", "Precision")),
          str(QT_TRANSLATE_NOOP("Pages", "What fp16 would break, what will fail, and how a wrong model is repaired")),
          "precision", "app.pages.precision.page:PrecisionPage", precision_accept.wanted),
    Entry("graphs", str(QT_TRANSLATE_NOOP("Pages", "Graphs")),
          str(QT_TRANSLATE_NOOP("Pages", "What the compiler did: any graph, two side by side, or pass by pass")),
          "graph", "app.pages.graphs.page:GraphsPage", graph_accept.wanted),
    Entry("performance", str(QT_TRANSLATE_NOOP("Pages", "Performance")),
          str(QT_TRANSLATE_NOOP("Pages", "How fast, what tuning brings, and where the time goes")), "performance",
          "app.pages.performance.page:PerformancePage", accept.wanted),
    Entry("logs", str(QT_TRANSLATE_NOOP("Pages", "Logs")),
          str(QT_TRANSLATE_NOOP("Pages", "Ten thousand lines, one cause: what it means and what to do")), "logs",
          "app.pages.logs.page:LogsPage", log_accept.wanted),
)


def page_of(paths: Sequence[Path], pages: Sequence[Entry] = PAGES) -> str:
    """Name of the page that the paths belong to; the comparison where no page wants them."""
    if recognise.model_and_recording(paths):
        return COMPARE
    for entry in pages:
        if any(entry.accepts(path) for path in paths):
            return entry.name
    return COMPARE
