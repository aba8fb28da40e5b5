"""Before a conversion: which nodes of an ONNX model will fail or be silently wrong, by measured evidence.

Every node is looked up among thousands of measured cases of the converter and runtime: will it convert, build, run,
be right. Defects that depend on the numbers are imitated on this model's inputs. Rewrites that avoid what was found
are offered; --apply writes the rewritten model after proving that it answers the same.

Exit code 1 when a node is expected to fail or to be wrong, else 0.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.deliver import tell
from diag.cli.inputs import add_inputs, inputs_of
from diag.cli.options import differing
from diag.cli.progress import drive
from diag.errors import RuntimeUnavailable, UsageError
from diag.jobs.lint import LintJob, run_lint
from diag.lint.plan import LintPlan
from diag.runtimes.discover import discover
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.registry import choose
from diag.types.lint import Lint

_CONFIGS = (".ini", ".cfg", ".conf", ".config")
_DEFAULT = "mindspore-lite@2.0.0:cpu"
_USUAL: Mapping[str, object] = {"measure": False, "inputs": None, "shape": "", "seed": 0, "output": None, "input": []}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL, for which runtime, and what to do about it."""
    parser.add_argument("model", type=Path, metavar="MODEL.onnx|FILE.ini",
                        help="the ONNX model; or a configuration file of the converter, which is examined")
    parser.add_argument("--for", dest="target", default=_DEFAULT, metavar="RUNTIME@VERSION:DEVICE",
                        help=f"converter and runtime to expect it of (default {_DEFAULT})")
    parser.add_argument("--measure", action="store_true", help="measure nodes whose form is not known yet on the "
                        "converter and runtime of this machine")
    parser.add_argument("--apply", action="append", default=[], metavar="all|NAME",
                        help="apply the rewrites that avoid what was found, or these; repeatable")
    parser.add_argument("--output", type=Path, default=None, metavar="FILE.onnx",
                        help="the rewritten model (default: MODEL.rewritten.onnx beside the model)")
    add_inputs(parser)


def run(args: argparse.Namespace) -> int:
    """Look, tell, write what was asked for."""
    if args.model.suffix.lower() in _CONFIGS:
        return _config(args)
    cancel = Cancel()
    found: Lint = drive(run_lint(LintJob(plan_of(args)), cancel, args.host), args, cancel)
    return tell(args, "lint", found, args.out)


def _config(args: argparse.Namespace) -> int:
    """A configuration file: examined, and with --apply all written corrected."""
    from diag.cli.convert_extra import check_config

    _, version, _ = target_of(args.target)
    fixed = args.output or args.model.with_name(f"{args.model.stem}.fixed{args.model.suffix}")
    told = {**vars(args), "models": [], "check_config": args.model, "converter_version": version,
            "fix": fixed if args.apply else None}
    return check_config(argparse.Namespace(**told))


def plan_of(args: argparse.Namespace) -> LintPlan:
    """The plan that the command line describes. Raises UsageError, RuntimeUnavailable."""
    name, version, device = target_of(args.target)
    measure = _here(name, version, device) if args.measure else None
    output = args.output or args.model.with_name(f"{args.model.stem}.rewritten.onnx")
    names = tuple(dict.fromkeys(n for item in args.apply for n in item.split(",") if n))
    if "all" in names and len(names) > 1:
        raise UsageError("--apply all takes no other names", hint="Give all, or the names of the rewrites")
    told = {**({"for": args.target} if args.target != _DEFAULT else {}), **differing(args, _USUAL),
            **({"apply": ",".join(args.apply)} if args.apply else {})}
    return LintPlan(args.model, name, version, device, inputs_of(args), measure, names, output if names else None, told)


def target_of(text: str) -> tuple[str, str, str]:
    """Runtime, version and device from ``mindspore-lite@2.0.0:cpu``. Raises UsageError."""
    match = re.fullmatch(r"([a-z-]+)(?:@([0-9][\w.]*))?(?::(cpu|ascend(?::[0-9]+)?))?", text)
    if match is None:
        raise UsageError(f"'{text}' names no runtime", where="in --for", hint=f"Write it like {_DEFAULT}")
    return match[1], match[2] or "2.0.0", match[3] or "cpu"


def _here(name: str, version: str, device: str) -> RuntimeSpec:
    found = choose(discover(), name, device)
    if found.version != version:
        raise RuntimeUnavailable(f"{name} {version} is not here: this machine has {found.version}",
                                 where="--measure measures what --for names",
                                 hint=f"Say --for {name}@{found.version}:{device}, if that was measured")
    return found
