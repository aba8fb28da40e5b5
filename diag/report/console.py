"""A comparison for a terminal: is the output right, which layer, why, what now; then the numbers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from diag.compare.reasons import reason
from diag.report.catalogues import labels, stage_words
from diag.report.headline import because, difference, format_name, headline
from diag.report.numbers import computed_in, error, factor, gate, nbytes, told
from diag.report.text import clean, elide, pad, width, wrap
from diag.rules import Lang, words
from diag.types.comparison import Comparison, Unmatched
from diag.types.finding import Finding, Severity
from diag.types.layer import Culprit, LayerResult, OutputResult, Role, Verdict

_COLOURS = {"fail": "31", "watch": "33", "pass": "32", "not_comparable": "35", "info": "36", "bold": "1", "dim": "2"}
_MARKS = {Verdict.PASS: "✓", Verdict.WATCH: "!", Verdict.FAIL: "✗", Verdict.NOT_COMPARABLE: "?"}
_LAYERS, _OTHERS, _REASONS = 10, 5, 6
_NAME = re.compile(r"[^\s,;]*/[^\s,;]*")
_WIDE = 130  # columns from which the operator is shown


def render(comparison: Comparison, lang: Lang = "en", *, color: bool = False, columns: int = 100) -> str:
    """The report as text of at most ``columns`` columns (at least 60), escape sequences only when ``color``."""
    return "\n".join(_Console(comparison, lang, color, max(60, columns)).lines()) + "\n"


class _Console:
    def __init__(self, comparison: Comparison, lang: Lang, color: bool, columns: int) -> None:
        self._it = comparison
        self._lang = lang
        self._text = labels(lang)
        self._words = self._text["console"]
        self._color = color
        self._columns = columns
        self._dtype = computed_in(comparison)

    def lines(self) -> Iterator[str]:
        verdict = self._it.verdict
        for line in wrap(clean(headline(self._it, self._lang)), self._columns):
            yield self._paint(line, verdict, "bold")
        for part in (self._outputs, self._culprits, self._layers, self._not_compared, self._notes, self._files):
            yield from part()

    def _paint(self, text: str, *styles: str) -> str:
        codes = ";".join(_COLOURS[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m" if self._color and text else text

    def _heading(self, text: str) -> Iterator[str]:
        yield ""
        yield self._paint(text, "bold")

    def _wrap(self, text: str, indent: int, first: str | None = None) -> list[str]:
        return wrap(clean(text), self._columns, " " * indent, first)

    def _outputs(self) -> Iterator[str]:
        yield from self._heading(self._words["outputs"])
        for output in self._it.outputs:
            mark = self._verdict(output.verdict)
            numbers = ""
            if output.cumulative is not None:
                name, _ = gate(output.cumulative, self._dtype)
                told_error = told(output.cumulative, self._dtype, self._words)
                numbers = f"  {self._text['metric'][name]} {told_error}  max {error(output.cumulative.max_abs)}"
            left = self._columns - width(mark) - width(numbers) - 4
            yield f"  {self._paint(mark, output.verdict)}  {elide(clean(output.golden_tensor), left)}{numbers}"
            if output.reason:
                yield from self._wrap(self._reason(output), 6)

    def _reason(self, of: OutputResult | LayerResult | Unmatched) -> str:
        return reason(of, self._lang)

    def _verdict(self, verdict: Verdict) -> str:
        return f"{_MARKS[verdict]} {self._text['verdict'][verdict]}"

    def _culprits(self) -> Iterator[str]:
        yield from self._heading(self._words["culprit"])
        if not self._it.culprits:
            yield from self._wrap(self._words[self._nobody()], 2)
            return
        first, *others = self._it.culprits
        yield from self._culprit(first)
        for other in others[:_OTHERS]:
            why = clean(because(other, self._it, self._lang))
            yield from self._wrap(f"{self._words['others']}: {other.golden_node}  {why}".rstrip(), 4, "  ")
        if len(others) > _OTHERS:
            yield "  " + self._words["more"].format(count=len(others) - _OTHERS)

    def _nobody(self) -> str:
        """Why there is no culprit: all is well, every layer is, or none could be seen."""
        if self._it.verdict is Verdict.PASS:
            return "healthy"
        seen = any(layer.own_input or layer.cumulative for layer in self._it.layers)
        return "nobody" if seen else "unseen"

    def _culprit(self, culprit: Culprit) -> Iterator[str]:
        yield from self._wrap(culprit.golden_node, 2)
        how_much = told(culprit.own_input, self._dtype, self._words)
        score = self._words["times_noise"].format(score=factor(culprit.score))
        yield from self._wrap(f"{self._words['own_input']} {how_much}, {score}", 4)
        yield from self._wrap(stage_words(self._it, self._lang)[culprit.stage], 4)
        yield from self._heading(self._words["why"])
        story = self._story(culprit)
        for one in culprit.differences or ():
            mark = "→ " if one.explains else "· "
            yield from self._wrap(difference(one, self._it, self._lang), 4, "  " + mark)
            if one.detail:
                yield from self._wrap(one.detail, 6)
        if not culprit.differences and culprit.why:
            yield from self._wrap(culprit.why, 2)
        if story is None:
            return
        said = words(story, self._lang)
        yield from self._wrap(said.explanation, 2)
        yield from self._heading(self._words["todo"])
        for number, step in enumerate(said.advice, 1):
            yield from self._wrap(step, 5, f"  {number}. ")

    def _story(self, culprit: Culprit) -> Finding | None:
        same = [f for f in self._it.findings if f.code == culprit.finding]
        return next((f for f in same if f.subject == culprit.golden_node), same[0] if same else None)

    def _layers(self) -> Iterator[str]:
        shown = _worst(self._it.layers, self._dtype)[:_LAYERS]
        if not shown:
            return
        yield from self._heading(self._words["layers"].format(shown=len(shown), total=f"{len(self._it.layers):,}"))
        table = [[self._words[key] for key in ("verdict", "layer", "cumulative", "own", "role", "op")]]
        table += [[self._verdict(r.verdict), clean(r.golden_node), told(r.cumulative, r.dtype, self._words),
                   told(r.own_input, r.dtype, self._words), self._text["role"][r.role], clean(r.golden_op)]
                  for r in shown]
        if self._columns < _WIDE:
            table = [row[:-1] for row in table]
        yield from self._table(table, [None, *(r.verdict for r in shown)])
        counts = Counter(r.verdict for r in self._it.layers)
        numbers = {verdict.value: f"{counts[verdict]:,}" for verdict in Verdict}
        yield from self._wrap(self._words["counts"].format(total=f"{len(self._it.layers):,}", **numbers), 2)

    def _table(self, table: Sequence[Sequence[str]], verdicts: Sequence[Verdict | None]) -> Iterator[str]:
        """Rows under a heading; column 1 gets what room the others leave."""
        widths = [max(width(row[i]) for row in table) for i in range(len(table[0]))]
        widths[5:] = [min(w, 20) for w in widths[5:]]
        widths[1] = min(widths[1], max(12, self._columns - sum(widths) + widths[1] - 2 * len(widths)))
        for row, verdict in zip(table, verdicts, strict=True):
            cells = [pad(elide(cell, w), w, right=i in (2, 3)) for i, (cell, w) in
                     enumerate(zip(row, widths, strict=True))]
            cells[0] = self._paint(cells[0], verdict or "dim")
            yield ("  " + "  ".join(cells)).rstrip()

    def _not_compared(self) -> Iterator[str]:
        rows = {r.golden_tensor for r in self._it.layers}
        reasons = {
            "layers_not_compared": [self._reason(r) for r in self._it.layers if r.verdict is Verdict.NOT_COMPARABLE],
            "unmatched_golden": [self._reason(u) for u in self._it.unmatched_golden if u.tensor not in rows],
            "unmatched_target": [self._reason(u) for u in self._it.unmatched_target],
        }
        lines = [self._words[key].format(count=f"{count:,}", reason=reason)
                 for key, given in reasons.items() for reason, count in _common(given)]
        if lines:
            yield from self._heading(self._words["not_compared"])
        for line in lines:
            yield from self._wrap(line, 4, "  ")

    def _notes(self) -> Iterator[str]:
        told_above = {c.finding for c in self._it.culprits[:1]}
        notes = [f for f in self._it.findings if f.code not in told_above]
        if notes:
            yield from self._heading(self._words["notes"])
        for note in sorted(notes, key=lambda f: -list(Severity).index(f.severity)):
            mark = f"  [{self._text['severity'][note.severity]}] "
            line, *rest = self._wrap(words(note, self._lang).title, 4, f"{mark}{note.code} ")
            yield self._paint(mark, note.severity) + line.removeprefix(mark)
            yield from rest

    def _files(self) -> Iterator[str]:
        yield from self._heading(self._words["files"])
        for key, run in (("golden", self._it.golden), ("target", self._it.target)):
            ran = f"{format_name(run.format)}, {run.runtime} {run.runtime_version}, {run.device}, {run.dtype}"
            yield from self._wrap(f"{self._words[key]}: {run.path}  ({ran})", 4, "  ")
        if self._it.run is not None:
            yield from self._wrap(f"{self._words['run']}: {self._it.run}", 4, "  ")
        yield self._paint(f"  {self._it.wall_s:.1f} s, {nbytes(self._it.peak_bytes)}", "dim")


def _worst(layers: Sequence[LayerResult], dtype: str) -> list[LayerResult]:
    """Layers with a number: those that make errors first, then by verdict, then by own-input error."""
    def badness(layer: LayerResult) -> tuple[bool, bool, int, float]:
        own = layer.own_input
        value = gate(own, dtype)[1] if own is not None else -1.0
        return (layer.role is Role.INJECTS, layer.role is Role.AMPLIFIES, layer.verdict.rank,
                -1.0 if math.isnan(value) else value)
    measured = [r for r in layers if r.cumulative is not None or r.own_input is not None]
    return sorted(measured, key=badness, reverse=True)


def _common(reasons: Iterable[str]) -> list[tuple[str, int]]:
    """The commonest reasons and how often they were given, whatever node they name."""
    return Counter(_NAME.sub("…", reason) for reason in reasons).most_common(_REASONS)
