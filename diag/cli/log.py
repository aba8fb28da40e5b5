"""Root cause first: what failed, what it means, what to do.

diag log triage PATH…                     files, folders, archives; - reads stdin
diag log code CODE…                       one code in any spelling: EZ9999 507011 0x7BC83 -1 1343225857
diag log show PATH… --level ERROR --module GE,FE --grep aicore --around 20
diag log env [FOLDER]                     variables that make the next log tell more, as a block for the shell
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from diag.cancel import Cancel
from diag.cli.deliver import exit_code
from diag.cli.progress import drive
from diag.cli.terminal import colored, put_json
from diag.errors import UsageError
from diag.logs.codes import CodeAnswer, look_up
from diag.logs.diagnosis import Linked, LogDiagnosis, Triage
from diag.logs.environment import settings, shell_block
from diag.logs.export import to_csv, to_html
from diag.logs.grammar import microseconds
from diag.logs.record import Level
from diag.logs.select import Filter, Shown, make_pattern, select
from diag.logs.source import Source
from diag.logs.sources import file_source, sources_of
from diag.logs.story_text import story
from diag.logs.triage import diagnose
from diag.logs.words import code_lines, sentences
from diag.machine import peak_bytes
from diag.report.kept import keep
from diag.report.log import document, in_every_form
from diag.report.write import save
from diag.types.layer import Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``triage``, ``code``, ``show``, ``env``."""
    parser.add_argument("action", choices=("triage", "code", "show", "env"), help="what to do")
    parser.add_argument("items", nargs="*", metavar="PATH|CODE",
                        help="log files, folders, archives, - for stdin; or codes")
    group = parser.add_argument_group("triage")
    group.add_argument("--graph", action="append", default=[], metavar="FILE", type=Path,
                       help="a model, or a graph of the compiler (ONNX, MindIR, GE dump, OM): names in the log "
                       "are linked to its nodes")
    group = parser.add_argument_group("code")
    group.add_argument("--old", action="store_true", help="the log is of CANN 5.1 or earlier: old meanings first")
    group = parser.add_argument_group("show")
    group.add_argument("--level", choices=[level.value for level in Level if level], help="this level and louder")
    group.add_argument("--module", metavar="NAMES", help="modules, by comma: GE,FE,RUNTIME")
    group.add_argument("--pid", metavar="NUMBERS", help="processes, by comma")
    group.add_argument("--tid", metavar="NAMES", help="threads as printed, by comma")
    group.add_argument("--since", metavar="TIME", help="from this time: 2025-03-01-10:00:00")
    group.add_argument("--until", metavar="TIME", help="up to this time")
    group.add_argument("--grep", metavar="REGEX", help="lines that hold this")
    group.add_argument("--around", type=int, default=0, metavar="N", help="and N lines before and after each")
    group = parser.add_argument_group("env")
    group.add_argument("--screen", action="store_true", help="CANN prints to the screen instead of files")
    group.add_argument("--dumps", action="store_true", help="dump graphs too")


def run(args: argparse.Namespace) -> int:
    """Exit 0 without a failure, 1 with one."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {"triage": _triage, "code": _code, "show": _show,
                                                               "env": _env}
    if not args.items and args.action != "env":
        raise UsageError(f"diag log {args.action} needs at least one {'code' if args.action == 'code' else 'path'}",
                         hint="See: diag log --help")
    return actions[args.action](args)


def _triage(args: argparse.Namespace) -> int:
    started = time.monotonic()
    cancel = Cancel()
    with tempfile.TemporaryDirectory(prefix="diag-log-") as folder:
        found: LogDiagnosis = drive(diagnose(_paths(args.items, Path(folder)), cancel), args, cancel)
    linked = _link(found, args.graph)
    return tell(Triage(found, linked, time.monotonic() - started, peak_bytes()), args, args.out)


def tell(triage: Triage, args: argparse.Namespace, run: Path | None) -> int:
    """A triage on the terminal, in files and in the folder ``run``; returns the exit code."""
    found, linked = triage.diagnosis, triage.linked
    doc = document(found, args.lang, wall_s=triage.wall_s, peak_bytes=triage.peak_bytes, linked=linked, run=run)
    _write_all(doc, args)
    if run is not None:
        in_every_form(doc, run.expanduser(), args.lang)
        keep("log", triage, run.expanduser())
    if args.json != "-" and not args.quiet:
        _print_story(found, linked, args)
    return exit_code(Verdict(doc["verdict"]), args.fail_on)


def _link(found: LogDiagnosis, paths: Sequence[Path]) -> tuple[Linked, ...]:
    """Nodes of the models that the log names; readers of models are imported only if one is given."""
    if not paths:
        return ()
    from diag.graphs import open_view
    from diag.logs.graphs import link

    return link(found, [open_view(path) for path in paths])


def _paths(items: Sequence[str], folder: Path) -> list[Path | str | Source]:
    """The paths; stdin is kept in ``folder`` as it may be larger than memory."""
    paths: list[Path | str | Source] = []
    for item in items:
        if item == "-":
            target = folder / "stdin"
            with target.open("wb") as file:
                while block := sys.stdin.buffer.read(1 << 20):
                    file.write(block)
            paths.append(file_source(target, "stdin", []))
        else:
            paths.append(Path(item).expanduser())
    return paths


def _print_story(found: LogDiagnosis, linked: Sequence[Linked], args: argparse.Namespace) -> None:
    print("\n".join(story(found, args.lang, linked=linked, color=colored(args), verbose=args.verbose)))


def _code(args: argparse.Namespace) -> int:
    answers = [look_up(code, old=args.old) for code in args.items]
    if args.json:
        put_json({"schema": "diag.code/1", "kind": "code",
                  "codes": [_code_document(answer, args.lang) for answer in answers]}, args.json)
    if args.json != "-":
        print("\n\n".join("\n".join(code_lines(answer, args.lang)) for answer in answers))
    return 0 if all(answer.entries for answer in answers) else 1


def _code_document(answer: CodeAnswer, lang: str) -> dict[str, Any]:
    return {
        "query": answer.query, "twins": list(answer.twins), "fields": dict(answer.fields), "family": answer.family,
        "entries": [{"code": entry.code, "family": entry.family, "component": entry.component, "symbol": entry.symbol,
                     "era": entry.era, "meaning": entry.meaning[lang],
                     "causes": [cause[lang] for cause in entry.causes],
                     "fixes": [fix[lang] for fix in entry.fixes],
                     "maps_to": entry.maps_to} for entry in answer.entries],
        "near": [entry.code for entry in answer.near]}


def _show(args: argparse.Namespace) -> int:
    wanted = _filter(args)
    cancel = Cancel()
    notes: list[str] = []
    several = len(args.items) > 1 or any(Path(item).is_dir() for item in args.items)
    with tempfile.TemporaryDirectory(prefix="diag-log-") as folder:
        sources = sources_of(_paths(args.items, Path(folder)), notes)
        matched = 0
        for line in chain.from_iterable(select(source, wanted, cancel) for source in sources):
            matched += line.matched
            print(_shown(line, several))
    for note in notes:
        print(note, file=sys.stderr)
    return 0 if matched else 1


def _shown(line: Shown, several: bool) -> str:
    name = f"{line.file}:" if several else ""
    return f"{name}{line.line}{':' if line.matched else '-'}{line.text}"


def _filter(args: argparse.Namespace) -> Filter:
    return Filter(
        Level(args.level) if args.level else None,
        frozenset(_words(args.module.upper())) if args.module else frozenset(),
        frozenset(_numbers(args.pid)) if args.pid else frozenset(),
        frozenset(_words(args.tid)) if args.tid else frozenset(),
        _time(args.since, "--since"), _time(args.until, "--until"), make_pattern(args.grep) if args.grep else None,
        max(0, args.around))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in _words(text)]
    except ValueError:
        raise UsageError(f"'{text}' is not a list of process numbers", where="in --pid",
                         hint="Write it like 1234,5678") from None


def _time(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    full = text if any(mark in text for mark in ":") else f"{text}-00:00:00"
    value = microseconds(full if full.count(":") > 1 else f"{full}:00")
    if value is None:
        raise UsageError(f"'{text}' is not a time", where=f"in {option}", hint="Write it like 2025-03-01-10:00:00")
    return value


def _env(args: argparse.Namespace) -> int:
    say = sentences(args.lang)
    folder = Path(args.items[0] if args.items else "ascend-log").expanduser().absolute()
    print(say["env-head"])
    print(shell_block(settings(folder, screen=args.screen, dumps=args.dumps), say))
    return 0


def _write_all(doc: dict[str, Any], args: argparse.Namespace) -> None:
    if args.json:
        put_json(doc, args.json)
    if args.csv:
        save(to_csv(doc), Path(args.csv).expanduser())
    if args.html:
        save(to_html(doc, args.lang), Path(args.html).expanduser())
