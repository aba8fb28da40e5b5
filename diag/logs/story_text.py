"""A diagnosis as lines for a terminal: three lines, the text itself, the chain, what was set aside."""

from __future__ import annotations

from collections.abc import Sequence

from diag.logs.diagnosis import Cause, Linked, LogDiagnosis, Role
from diag.logs.words import explain, sentences, three_lines

_WIDTH = 220


def story(found: LogDiagnosis, lang: str = "en", *, linked: Sequence[Linked] = (), color: bool = False,
          verbose: bool = False) -> list[str]:
    """The lines. Text from logs is cut and freed of control characters: a log must not command a terminal."""
    say = sentences(lang)
    bold, plain = ("\x1b[1m", "\x1b[0m") if color else ("", "")
    first, *rest = three_lines(found, lang)
    lines = [f"{bold}{safe(first)}{plain}", *map(safe, rest)]
    if found.root_cause is not None:
        lines += ["", f"  {safe(found.root_cause.text.strip())}"]
    lines += [say["node"].format(node=safe(item.node), op=item.op) for item in linked[:5]]
    followed = found.chain[1:] if found.root_cause is not None else found.chain
    shown = [cause for cause in followed if verbose or cause.role is not Role.WRAPPER or found.root_cause is None][:8]
    if shown:
        lines += ["", f"{say['chain']}:" if found.root_cause is not None else f"{say['read-lines']}:"]
        lines += [_one(cause, lang) for cause in shown]
    counts = found.counts
    aside = {"wrappers": sum(counts.wrappers.values()), "noise": sum(counts.noise.values()),
             "benign": sum(counts.benign.values())}
    lines.append("")
    if any(aside.values()):
        lines.append(say["aside"].format(**aside))
    lines.append(say["read-so-far"].format(lines=f"{counts.lines:,}", files=f"{len(found.files):,}"))
    return lines + [safe(note) for note in found.notes[:20]]


def safe(text: str) -> str:
    """One printable line of at most ``_WIDTH`` letters."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= _WIDTH else text[:_WIDTH - 1] + "…"


def _one(cause: Cause, lang: str) -> str:
    times = f" ({sentences(lang)['times'].format(count=cause.count)})" if cause.count > 1 else ""
    return f"  {cause.line:>6}  {safe(explain(cause, lang).title)}{times}"
