"""Which runtimes are here, what is missing, and how to get it.

  diag runtime list                      every runtime that was found, one line each
  diag runtime doctor                    imports each of them, and looks at the machine around them
  diag runtime install mindspore-lite    into a private environment, from a Python 3.7 that is already here

Exit code 3: a runtime is missing (doctor), or what the installation needs is missing.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from diag.cancel import Cancel
from diag.cli.progress import drive
from diag.cli.terminal import put_json
from diag.errors import RuntimeUnavailable
from diag.machine import peak_bytes, versions
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
    begin = time.perf_counter()
    if args.action == "install":
        cancel = Cancel()
        spec: RuntimeSpec = drive(provision.install(args.name, cancel, args.python), args, cancel)
        _write(args, "pass", {"runtimes": [doctor.as_dict(spec)]}, begin)
        _say(args, f"{spec.name} {spec.version} is ready: {spec.python}")
        return 0
    found = look(DiscoverySettings(tuple(args.python)))
    return _doctor(args, found, begin) if args.action == "doctor" else _list(args, found, begin)


def _list(args: argparse.Namespace, found: Discovery, begin: float) -> int:
    _write(args, "pass", {"runtimes": [doctor.as_dict(spec) for spec in found.specs]}, begin)
    for spec in found.specs:
        if spec.usable:
            where = f"  {spec.python}" if spec.python else ""
            _say(args, f"{spec.name:<15} {spec.version:<10} {', '.join(spec.devices)}{where}")
        else:
            _say(args, f"{spec.name:<15} {'-':<10} {spec.problem}")
            _say(args, f"{'':<26} {spec.hint}")
    return 0


def _doctor(args: argparse.Namespace, found: Discovery, begin: float) -> int:
    health = doctor.doctor(found, Cancel())
    # MindSpore itself is only for what MindSpore exported: most people never need it.
    needed = [one for one in health.missing if one.spec.name != "mindspore"]
    _write(args, "fail" if needed else "pass", health.as_dict(), begin)
    for line in doctor.text(health):
        _say(args, line)
    return RuntimeUnavailable.exit_code if needed else 0


def _write(args: argparse.Namespace, verdict: str, facts: dict[str, Any], begin: float) -> None:
    if not args.json:
        return
    document = {
        "schema": "diag.runtime/1", "kind": "runtime", "verdict": verdict, "findings": [],
        "environment": versions(),
        "timing": {"wall_s": time.perf_counter() - begin},
        "memory": {"peak_bytes": peak_bytes()}, "run": None, **facts}
    put_json(document, args.json)


def _say(args: argparse.Namespace, line: str) -> None:
    if not args.quiet and args.json != "-":
        print(line)
