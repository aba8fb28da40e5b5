"""Before a conversion: which nodes of an ONNX model will fail or be silently wrong, by measured evidence.

Every node is looked up among thousands of measured cases of the converter and runtime: will it convert, build, run,
be right. Defects that depend on the numbers are imitated on this model's inputs. Rewrites that avoid what was found
are offered; --apply writes the rewritten model after proving that it answers the same.

Exit code 1 when a node is expected to fail or to be wrong, else 0.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.deliver import tell
from diag.cli.options import at_least, parse_shapes
from diag.cli.progress import drive
from diag.compare.plan import InputChoice
from diag.errors import RuntimeUnavailable, UsageError
from diag.jobs.lint import LintJob, run_lint
from diag.lint.plan import LintPlan
from diag.runtimes.discover import discover
from diag.runtimes.interface import RuntimeSpec
from diag.runtimes.registry import choose
from diag.types.lint import Lint

_CONFIGS = (".ini", ".cfg", ".conf", ".config")
_DEFAULT = "mindspore-lite@2.0.0:cpu"


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
    inputs = parser.add_argument_group("inputs (what is not given is generated, and means something to the model)")
    inputs.add_argument("--inputs", type=Path, metavar="FILE.npz", help="arrays by input name")
    inputs.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy", help="one input; repeatable")
    inputs.add_argument("--shape", default="", metavar='"NAME:1,77;…"', help="sizes of dynamic inputs")
    inputs.add_argument("--seed", type=at_least(0), default=0, help="seed of generated inputs (default 0)")


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
    choice = InputChoice(args.inputs, dict(map(_named, args.input)), parse_shapes(args.shape), args.seed)
    measure = _here(name, version, device) if args.measure else None
    output = args.output or args.model.with_name(f"{args.model.stem}.rewritten.onnx")
    names = tuple(dict.fromkeys(n for item in args.apply for n in item.split(",") if n))
    if "all" in names and len(names) > 1:
        raise UsageError("--apply all takes no other names", hint="Give all, or the names of the rewrites")
    return LintPlan(args.model, name, version, device, choice, measure, names, output if names else None, _told(args))


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


def _named(item: str) -> tuple[str, Path]:
    name, equals, path = item.partition("=")
    if not equals or not name or not path:
        raise UsageError(f"'{item}' is not an input", where="in --input", hint="Write it like NAME=FILE.npy")
    return name, Path(path)


def _told(args: argparse.Namespace) -> dict[str, str | int | bool]:
    """Options that differ from their defaults, as the user wrote them: for 'copy as command'."""
    told: dict[str, str | int | bool] = {}
    if args.target != _DEFAULT:
        told["for"] = args.target
    for name, default in (("measure", False), ("inputs", None), ("shape", ""), ("seed", 0), ("output", None)):
        value = getattr(args, name)
        if value != default:
            told[name] = value if isinstance(value, (int, bool)) else str(value)
    if args.apply:
        told["apply"] = ",".join(args.apply)
    if args.input:
        told["input"] = ";".join(args.input)
    return told
