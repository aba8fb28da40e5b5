"""The end of a command whose result is a sheet: the terminal, the files that were asked for, the exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diag.cli.terminal import colored, columns, put_json
from diag.report.document import dumps
from diag.report.kept import keep, teller
from diag.report.sheet import Sheet, console, page
from diag.report.write import save
from diag.types.layer import Verdict


def deliver(args: argparse.Namespace, document: dict[str, Any], sheet: Sheet, csv: Callable[[], str],
            html: Callable[[], str] | None = None, run: Path | None = None) -> None:
    """The sheet on stdout (unless JSON goes there); JSON, HTML and CSV where they were asked for.

    ``html`` makes the page where it is more than the sheet; the folder ``run`` gets the document as ``KIND.json``.
    """
    if run is not None:
        save(dumps(document), run / f"{document['kind']}.json")
    if args.json != "-" and not args.quiet:
        sys.stdout.write(console(sheet, args.lang, color=colored(args), columns=columns()))
    if args.json:
        put_json(document, args.json)
    if args.html:
        save(page(sheet, args.lang) if html is None else html(), Path(args.html))
    if args.csv:
        save(csv(), Path(args.csv))


def tell(args: argparse.Namespace, kind: str, found: Any, run: Path | None = None) -> int:  # noqa: ANN401
    """A result of a kind of ``diag.report.kept`` where it was asked for, kept in the folder ``run``; the exit code."""
    if run is not None:
        keep(kind, found, run)
    words = teller(kind)
    deliver(args, words.document(found, args.lang), words.sheet(found, args.lang), lambda: words.to_csv(found), run=run)
    return exit_code(found.verdict, args.fail_on)


def exit_code(verdict: Verdict, fail_on: str) -> int:
    """1 if the verdict is at or above what ``--fail-on`` says, else 0."""
    bad = {Verdict.FAIL, Verdict.NOT_COMPARABLE} | ({Verdict.WATCH} if fail_on == "watch" else set())
    return int(verdict in bad)
