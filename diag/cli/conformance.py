"""Which operators a converter and runtime convert, build, run, and get right: measured with ONNX's own backend tests.

  diag conformance mindspore-lite                   all tests (minutes); an interrupted measurement goes on
  diag conformance mindspore-lite --op Clip Resize  only those operators
  diag conformance mindspore-lite --shipped         the table that came with this program; nothing is run

Exit code 1: something runs and is silently wrong.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import time
from collections.abc import Iterator
from pathlib import Path

import onnx

from diag.cancel import Cancel
from diag.cli.progress import drive
from diag.cli.terminal import put_json
from diag.errors import UsageError
from diag.machine import peak_bytes, versions
from diag.report.csv_ import safe
from diag.runtimes import conformance
from diag.runtimes.conformance import CaseResult, Table
from diag.runtimes.conformance.cases import KINDS
from diag.runtimes.conformance.table import COLUMNS, row
from diag.runtimes.discover import discover
from diag.runtimes.places import cache_dir
from diag.runtimes.registry import choose

_STAGES = ("tests", "convert", "build", "run", "crash", "ran", "wrong")
_HEADS = ("tests", "not converted", "not built", "failed", "crashed", "ran", "of these wrong")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runtime and which tests."""
    parser.add_argument("runtime", choices=("mindspore-lite",), metavar="RUNTIME", help="mindspore-lite")
    parser.add_argument("--op", nargs="+", action="extend", default=[], metavar="OP",
                        help="only tests of these ONNX operators")
    parser.add_argument("--kind", choices=KINDS, action="append", default=[],
                        help="node: all inputs given at run time; constant: all but the first are constants, as in "
                        "real models; model: whole older models (default: all)")
    parser.add_argument("--device", default="cpu", help="cpu, ascend:0 … (default: %(default)s)")
    parser.add_argument("--shipped", action="store_true", help="show the shipped table of MindSpore Lite 2.0.0 on CPU")


def run(args: argparse.Namespace) -> int:
    """0, or 1 if something is silently wrong."""
    if args.html:
        raise UsageError("This command writes no HTML", hint="Use --json or --csv")
    begin = time.perf_counter()
    folder: Path | None = None
    if args.shipped:
        table = conformance.table(args.runtime)
        if table is None:
            raise UsageError(f"No table of {args.runtime} is shipped", hint="Measure one: leave out --shipped")
    else:
        table, folder = _measured(args)
    table = _chosen(table, args)
    wrong = [r for r in table.results if r.right is False]
    _write(args, table, wrong, folder, time.perf_counter() - begin)
    if args.json != "-" and not args.quiet:
        print("\n".join(_lines(table, wrong)))
    return 1 if wrong else 0


def _measured(args: argparse.Namespace) -> tuple[Table, Path]:
    spec = choose(discover(), args.runtime, args.device)
    cases = list(conformance.load_cases(args.op, args.kind or KINDS))
    if not cases:
        raise _unknown(args.op)
    name = f"{spec.name}-{spec.version}-{args.device.replace(':', '')}-onnx-{onnx.__version__}"
    folder = args.out or cache_dir() / "conformance" / name
    cancel = Cancel()
    table: Table = drive(conformance.measure(cases, spec, folder, cancel, args.device), args, cancel)
    return table, folder


def _chosen(table: Table, args: argparse.Namespace) -> Table:
    kinds, ops = set(args.kind or KINDS), set(args.op)
    results = tuple(r for r in table.results if r.kind in kinds and (not ops or ops & set(r.op.split("+"))))
    if not results:
        raise _unknown(args.op)
    return Table(table.converter, table.runtime, table.device, table.onnx, results)


def _unknown(ops: list[str]) -> UsageError:
    known = conformance.table()
    close = difflib.get_close_matches(ops[0], known.by_op, 1) if ops and known is not None else []
    hint = f"Did you mean '{close[0]}'?" if close else "Operators are written as in ONNX: Conv, LayerNormalization"
    return UsageError(f"There is no test of the operator {' or '.join(ops) or '(any)'}", hint=hint)


def _lines(table: Table, wrong: list[CaseResult]) -> Iterator[str]:
    yield f"{table.converter}, run by {table.runtime} on {table.device}; ONNX {table.onnx}"
    yield ""
    yield f"{'':<10}" + "".join(f"{head:>16}" for head in _HEADS)
    for kind, counts in table.counts().items():
        yield f"{kind:<10}" + "".join(f"{counts[stage]:>16,}" for stage in _STAGES)
    agreed = table.agreement()
    if agreed:
        yield ""
        yield (f"Reference runtime, of {sum(agreed.values()):,} tests that ran: {agreed['agrees']:,} agree, in "
               f"{agreed['runtime']:,} only the reference is right, {agreed['other']:,} differ otherwise, "
               f"{agreed['unknown']:,} are not covered")
    if wrong:
        yield ""
        yield "Silently wrong (conversion and run reported success):"
    width = max((len(r.op) for r in wrong), default=0)
    for r in wrong:
        error = f"{r.error:.3g}" if r.error is not None else r.why
        yield f"  {r.op:<{width}}  {r.key}: {error}. {r.cause}"


def _write(args: argparse.Namespace, table: Table, wrong: list[CaseResult], folder: Path | None, wall_s: float) -> None:
    if args.csv:
        with Path(args.csv).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([safe(v) if isinstance(v, str) else v for v in row(r)] for r in table.results)
    if args.json:
        put_json({
            "schema": "diag.conformance/1", "kind": "conformance", "verdict": "fail" if wrong else "pass",
            "findings": [],
            "environment": versions(),
            "timing": {"wall_s": wall_s},
            "memory": {"peak_bytes": peak_bytes()},
            "run": str(folder) if folder is not None else None,
            "converter": table.converter, "runtime": table.runtime, "device": table.device, "onnx": table.onnx,
            "counts": table.counts(), "agreement": table.agreement(),
            "columns": COLUMNS, "cases": [row(r) for r in table.results]}, args.json)
