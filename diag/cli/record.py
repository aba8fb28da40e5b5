"""Record tensors on an Ascend server: what to run there, and whether what came back is whole.

  diag record init MODEL.mindir --onnx MODEL.onnx      write plan.toml
  diag record --plan plan.toml --out BUNDLE            the folder for the server: model, inputs, configuration, script
  (there)  sh record.sh                                --cpu rehearses it on a machine without a device
  diag record check BUNDLE --pack recording.tar.gz     what came back, and one archive that opens anywhere

Nothing here needs a device. Exit code 1 when what came back cannot be compared.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from diag.cli.deliver import deliver, exit_code
from diag.errors import UsageError
from diag.recording import check, load, pack, template, write
from diag.report.numbers import nbytes
from diag.report.record import checked, to_csv, written
from diag.runtimes.places import new_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action and its files."""
    parser.add_argument("action", nargs="?", choices=("write", "init", "check"), default="write",
                        help="write the bundle of a plan (default), begin a plan, or check what came back")
    parser.add_argument("path", nargs="?", type=Path, metavar="MODEL|BUNDLE",
                        help="init: the MindIR; check: the bundle")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="write: the plan; init: where it goes (plan.toml)")
    parser.add_argument("--onnx", type=Path, metavar="FILE", help="init: the ONNX model that the MindIR was made from")
    parser.add_argument("--pack", type=Path, metavar="FILE.tar.gz", help="check: also write one archive")
    parser.add_argument("--with-model", action="store_true", help="check: put the model into the archive too")


def run(args: argparse.Namespace) -> int:
    """The exit code."""
    return {"write": _write, "init": _init, "check": _check}[args.action](args)


def _init(args: argparse.Namespace) -> int:
    if args.path is None or args.onnx is None:
        raise UsageError("Two models are wanted", hint="diag record init MODEL.mindir --onnx MODEL.onnx")
    for path in (args.path, args.onnx):
        if not path.is_file():
            raise UsageError("There is no such file", where=f"in {path}", hint="Check the path")
    plan = args.plan or Path("plan.toml")
    if plan.exists():
        raise UsageError("The plan exists already", where=f"in {plan}", hint="Give another file with --plan")
    plan.write_text(template(args.path.absolute(), args.onnx.absolute()), encoding="utf-8")
    if not args.quiet:
        print(f"Written: {plan}\nNext: diag record --plan {plan} --out BUNDLE")
    return 0


def _write(args: argparse.Namespace) -> int:
    if args.plan is None:
        raise UsageError("Which plan?", hint="diag record --plan plan.toml --out BUNDLE (begin one with: diag record "
                         "init)")
    plan = load(args.plan)
    out = args.out or new_folder("recordings", plan.name)
    document, sheet = written(write(plan, out), args.lang)
    deliver(args, document, sheet, lambda: to_csv(None))
    return 0


def _check(args: argparse.Namespace) -> int:
    if args.path is None:
        raise UsageError("Which folder?", hint="diag record check BUNDLE")
    found = check(args.path)
    document, sheet = checked(found, args.lang)
    deliver(args, document, sheet, lambda: to_csv(found))
    if args.pack is not None:
        size = pack(found, args.pack, with_model=args.with_model)
        if not args.quiet and args.json != "-":
            print(f"Packed: {args.pack} ({nbytes(size)})")
    return exit_code(found.verdict, args.fail_on)
