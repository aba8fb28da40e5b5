"""Which runtimes are here, what is missing, and how to get it.

  diag runtime list                      every runtime that was found, one line each
  diag runtime doctor                    imports each of them, and looks at the machine around them
  diag runtime install mindspore-lite    into a private environment, from a Python 3.7 that is already here

Exit code 3: a runtime is missing (doctor), or what the installation needs is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from diag.cancel import Cancel
from diag.cli.progress import drive
from diag.errors import RuntimeUnavailable
from diag.runtimes import doctor, provision
from diag.runtimes.discover import Discovery, DiscoverySettings, look
from diag.runtimes.interface import RuntimeSpec

HELP = "runtimes found, what is missing, how to get it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action and its options."""
    parser.add_argument("action", choices=("list", "doctor", "install"), help="what to do")
    parser.add_argument("name", nargs="?", default=provision.NAME, help="what to install (default: %(default)s)")
    parser.add_argument("--python", metavar="PATH", type=Path, action="append", default=[],
                        help="an interpreter to look at first; may be given again")


def run(args: argparse.Namespace) -> int:
    """The exit code."""
    if args.action == "install":
        cancel = Cancel()
        spec: RuntimeSpec = drive(provision.install(args.name, cancel, args.python), args, cancel)
        _write(args, {"runtimes": [doctor.as_dict(spec)]})
        _say(args, f"{spec.name} {spec.version} is ready: {spec.python}")
        return 0
    found = look(DiscoverySettings(tuple(args.python)))
    return _doctor(args, found) if args.action == "doctor" else _list(args, found)


def _list(args: argparse.Namespace, found: Discovery) -> int:
    _write(args, {"runtimes": [doctor.as_dict(spec) for spec in found.specs]})
    for spec in found.specs:
        if spec.usable:
            where = f"  {spec.python}" if spec.python else ""
            _say(args, f"{spec.name:<15} {spec.version:<10} {', '.join(spec.devices)}{where}")
        else:
            _say(args, f"{spec.name:<15} {'-':<10} {spec.problem}")
            _say(args, f"{'':<26} {spec.hint}")
    return 0


def _doctor(args: argparse.Namespace, found: Discovery) -> int:
    health = doctor.doctor(found, Cancel())
    _write(args, health.as_dict())
    for line in doctor.text(health):
        _say(args, line)
    # MindSpore itself is only for what MindSpore exported: most people never need it.
    needed = [one for one in health.missing if one.spec.name != "mindspore"]
    return RuntimeUnavailable.exit_code if needed else 0


def _write(args: argparse.Namespace, facts: dict[str, Any]) -> None:
    if not args.json:
        return
    text = json.dumps({"schema": "diag.runtime/1", "kind": "runtime", **facts}, indent=2, ensure_ascii=False) + "\n"
    if args.json == "-":
        sys.stdout.write(text)
    else:
        Path(args.json).write_text(text, encoding="utf-8")


def _say(args: argparse.Namespace, line: str) -> None:
    if not args.quiet and args.json != "-":
        print(line)
