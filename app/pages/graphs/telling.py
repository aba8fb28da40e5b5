"""The words of the page of graphs, its reports and its command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from app.pages.graphs.reading import Shown
from app.pages.recognise import kind_of_run
from diag.graphs import GraphDiff, View
from diag.report import graph as tell
from diag.report.document import dumps
from diag.report.sheet import page
from diag.report.write import save
from diag.rules import Lang

_OPS = 6


class Words(QObject):
    """Sentences in the user's language."""

    def made(self) -> str:
        """Why an added node has no counterpart; ``{passes}`` are the compiler's passes."""
        return self.tr("the compiler added it: {passes}")

    def removed(self) -> str:
        """Why a removed node has none."""
        return self.tr("it is gone, and no node says that it does its work")

    def graph(self, name: str, count: int) -> str:
        """A graph of a file in the list of them."""
        return self.tr("{name} ({count} nodes)").format(name=name or "–", count=f"{count:,}")

    def compilation(self, number: int) -> str:
        """One of several compilations in a folder."""
        return self.tr("compilation {n}").format(n=number) if number >= 0 else self.tr("compilation without a number")

    def sides(self, shown: Shown) -> tuple[str, str]:
        """What both panes are called."""
        if shown.comparison is not None:
            return self.tr("Golden"), self.tr("Target")
        return (self.tr("Before"), self.tr("After")) if shown.diff is not None else ("", "")

    def head(self, paths: Sequence[Path], shown: Shown | None, *, busy: bool, stages: int) -> tuple[str, str]:
        """The sentence above everything, and the line below it."""
        name = paths[0].name if paths else ""
        if shown is None:
            return (self.tr("Reading {name} …").format(name=name) if busy else name), ""
        if shown.comparison is not None:
            return self.tr("{name}: errors of the comparison on both graphs").format(name=name), str(paths[0])
        if shown.diff is not None:
            first = shown.diff.before if not stages else name
            title = self.tr("{before}  →  {after}").format(before=shown.diff.before, after=shown.diff.after)
            if stages:
                title = f"{first}: {title}"
            return title, self._differences(shown.diff)
        view = shown.before
        if view is None:
            return name, ""
        title = self.tr("{name}: {nodes} nodes, {edges} edges").format(
            name=view.name, nodes=f"{len(view.nodes):,}", edges=f"{view.edges:,}")
        return title, self._about(view)

    def _differences(self, found: GraphDiff) -> str:
        if found.empty:
            return self.tr("Nothing differs: {count} nodes are the same").format(count=f"{found.kept:,}")
        changed = [c for c in found.changed if c.kind != "inputs"]
        parts = [(self.tr("{n} fused"), len(found.fused)), (self.tr("{n} split"), len(found.split)),
                 (self.tr("{n} added"), len(found.added)), (self.tr("{n} removed"), len(found.removed)),
                 (self.tr("{n} changed"), len({c.node for c in changed})),
                 (self.tr("{n} in a narrower type"), len(found.narrowed))]
        told = [text.format(n=f"{count:,}") for text, count in parts if count]
        told += [self.tr("{n} × {op} inserted").format(n=f"{found.added_of(op):,}", op=op) for op in
                 ("Cast", "TransData") if found.added_of(op)]
        return "  ·  ".join(told) or self.tr("only the order of inputs differs")

    def _about(self, view: View) -> str:
        ops = Counter(n.op for n in view.nodes).most_common(_OPS)
        facts = [view.facts[k] for k in ("soc_version", "framework_type") if k in view.facts]
        return "  ·  ".join([view.format, *facts, ", ".join(f"{count:,} {op}" for op, count in ops)])


def command(paths: Sequence[Path]) -> list[str]:
    """The command line that tells the same."""
    if len(paths) == 1 and paths[0].is_dir() and kind_of_run(paths[0]):
        return ["diag", "report", str(paths[0]), "--html", "report.html"]
    verb = "diff" if len(paths) > 1 or (paths and paths[0].is_dir()) else "show"
    return ["diag", "graph", verb, *map(str, paths)]


def write(shown: Shown | None, paths: Sequence[Path], path: Path, lang: Lang) -> None:
    """What is shown as HTML, JSON or CSV by the ending. Raises UsageError if it cannot be written."""
    if shown is None or shown.before is None:
        return
    before, after, found = shown.before, shown.after, shown.diff
    ending = path.suffix.lower()
    if found is not None and after is not None:
        document = tell.frame([(paths[0], before), (paths[-1], after)]) | tell.diff_facts(found)
        sheet, csv = tell.diff_sheet(found, lang), tell.diffs_csv([found])
    else:
        document = tell.frame([(paths[0], before)])
        sheet, csv = tell.show_sheet(paths[0], before, lang), tell.nodes_csv(before)
    save(dumps(document) if ending == ".json" else csv if ending == ".csv" else page(sheet, lang), path)
