"""ONNX to MindIR, and proof that the result runs and answers right; where it does not, the reason.

  diag convert model.onnx                              one model, by converter_lite or MindSpore Lite's Python package
  diag convert unet/model.onnx --shape "sample:-1,4,64,64;t:1" --profiles "1;2" --optimize ascend_oriented
                                                       dynamic profiles: one number for each -1
  diag convert batch.toml --resume                     several models from a plan file; what is done well is kept
  diag convert model.onnx --show-rewrites              rewrites that would help, as a difference, proved
  diag convert model.onnx --rewrite auto               and used, where the model is no success as it is
  diag convert --check-config FILE.ini [--fix NEW.ini] what is wrong with a converter's configuration

A batch plan has [defaults] and one [[model]] for each model, with the keys onnx, name, out or output, shapes, profiles,
optimize, save_type, precision, aoe, custom_ops, config_file, tool, converter, version, rewrites, rewrite_limit,
timeout_s, stall_s, memory, diagnostics, smoke, compare, runtime, device, inputs, seed, and the tables config, flags
and env.

Exit code 1: a model failed, does not run, or answers wrongly.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.deliver import tell
from diag.cli.options import at_least, parse_device, parse_size
from diag.cli.progress import drive
from diag.cli.rewriting import add_rewrite_limit
from diag.compare.plan import InputChoice
from diag.errors import UsageError
from diag.jobs.convert import ConvertJob, run_convert
from diag.rewrites.registry import NAMES
from diag.tools.converter.batch import AUTO, read_batch
from diag.tools.converter.command import command, shell
from diag.tools.converter.config import config_text, sections
from diag.tools.converter.find import TOOLS
from diag.tools.converter.flags import FLAGS, SAVE_TYPES, check_flags, read_version
from diag.tools.converter.following import without_log
from diag.tools.converter.plan import Checks, ConverterLimits, ConverterPlan, name_of
from diag.tools.converter.profiles import read_profiles, read_shapes
from diag.tools.converter_config.known import PRECISION_MODES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL.onnx… or BATCH.toml, and how to convert."""
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.onnx|BATCH.toml", help="what to convert")
    _result(parser.add_argument_group("result"))
    _options(parser.add_argument_group("converter"))
    _checks(parser.add_argument_group("checks and limits"))
    config = parser.add_argument_group("configuration files")
    config.add_argument("--check-config", type=Path, metavar="FILE.ini", help="examine it and convert nothing")
    config.add_argument("--fix", type=Path, metavar="FILE.ini", help="with --check-config: write it corrected")


def _result(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-o", "--output", type=Path, metavar="FILE", help="the converted model (default: its name in "
                       "--out, or in the current folder)")
    group.add_argument("--resume", action="store_true", help="keep what the same plan converted well before")
    group.add_argument("--dry-run", action="store_true", help="only say the commands and write the configurations")


def _options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--shape", default="", metavar='"NAME:1,77;…"', help="input shapes; -1 where a size varies")
    group.add_argument("--profiles", default="", metavar='"1,1;2,2"',
                       help="sizes for the -1 of --shape: a profile's sizes by comma, profiles by semicolon")
    group.add_argument("--optimize", default="general", metavar="WORD",
                       help="none, general, gpu_oriented, ascend_oriented[:chip] (default %(default)s)")
    group.add_argument("--save-type", choices=tuple(SAVE_TYPES), default="MINDIR", help="(default %(default)s)")
    group.add_argument("--precision", default="", metavar="MODE",
                       help=f"precision_mode: {', '.join(PRECISION_MODES)}")
    group.add_argument("--aoe", default="", metavar="MODE", help='aoe_mode: "subgraph tuning", "operator tuning", or '
                       "both by comma; switches the compiler's cache to force")
    group.add_argument("--custom-ops", default="", metavar="NAMES", help="plugin_custom_ops: All, FlashAttention …")
    group.add_argument("--config", type=Path, metavar="FILE.ini", help="further options, as a configuration file")
    group.add_argument("--set", action="append", default=[], metavar="SECTION:KEY=VALUE",
                       help='one option, e.g. "acl_init_options:ge.deterministic=1"; repeatable')
    group.add_argument("--flag", action="append", default=[], metavar="NAME=VALUE",
                       help=f"another flag of the converter: {', '.join(FLAGS)}; repeatable")
    group.add_argument("--rewrite", action="append", default=[], metavar="NAME", choices=(AUTO, *NAMES),
                       help="say parts of the model in other operators first (proved to change nothing); auto: those "
                       "that are offered, and only where the model is no success as it is; repeatable")
    add_rewrite_limit(group)
    group.add_argument("--show-rewrites", action="store_true", help="show what is offered and convert nothing")
    group.add_argument("--tool", choices=TOOLS, default="auto",
                       help="converter_lite (LITE_HOME, PATH) or MindSpore Lite's Python package (default: what is "
                       "here)")
    group.add_argument("--converter", type=Path, metavar="PATH", help="converter_lite, or the Python that has the "
                       "package")
    group.add_argument("--converter-version", default="", metavar="X.Y", help="where it cannot tell by itself")
    group.add_argument("--diagnostics", action="store_true", help="set the variables that make its log tell more")


def _checks(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--no-smoke", action="store_true", help="do not run the result")
    group.add_argument("--no-compare", action="store_true", help="run it, and do not look at its answers")
    group.add_argument("--runtime", choices=("auto", "mindspore-lite", "reference"), default="auto",
                       help="where the result runs (default: the real runtime if it is here, else the reference one)")
    group.add_argument("--device", default="cpu", metavar="cpu|ascend:N", help="(default %(default)s)")
    group.add_argument("--dtype", choices=("auto", "float32", "float16", "bfloat16"), default="auto",
                       help="what the result computes in: its limits are judged by (default %(default)s)")
    group.add_argument("--inputs", type=Path, metavar="FILE.npz", help="inputs by name; the others are generated")
    group.add_argument("--seed", type=at_least(0), default=0, help="seed of generated inputs (default 0)")
    group.add_argument("--check-profiles", type=at_least(1), default=3, metavar="N",
                       help="dynamic profiles that are run (default %(default)s)")
    group.add_argument("--timeout", type=at_least(1), default=3600, metavar="SECONDS",
                       help="for one conversion (default %(default)s)")
    group.add_argument("--stall", type=at_least(1), default=300, metavar="SECONDS",
                       help="without a word and without processor time: it hangs (default %(default)s)")
    group.add_argument("--memory", default="", metavar="SIZE", help="address space of the converter, e.g. 16GiB")


def run(args: argparse.Namespace) -> int:
    """Convert, prove, tell, write what was asked for."""
    if args.check_config is not None:
        from diag.cli.convert_extra import check_config

        return check_config(args)
    plans = plans_of(args)
    if args.show_rewrites:
        from diag.cli.convert_extra import show_rewrites

        return show_rewrites(args, plans)
    if args.dry_run:
        return _dry(plans)
    cancel = Cancel()
    events = run_convert(ConvertJob(plans, args.resume), cancel, args.host)
    found = drive(events if args.verbose else without_log(events), args, cancel)
    return tell(args, "convert", found, args.out)


def plans_of(args: argparse.Namespace) -> dict[str, ConverterPlan]:
    """Plans by name, from the command line or from a plan file. Raises UsageError, FormatError."""
    models: Sequence[Path] = args.models
    if not models:
        raise UsageError("Which model?", hint="diag convert MODEL.onnx, or a plan file: diag convert BATCH.toml")
    if any(path.suffix == ".toml" for path in models):
        if len(models) > 1:
            raise UsageError("A plan file stands alone", hint="Put the other models into it")
        plans = dict(read_batch(models[0]).plans)
        if args.out is not None:
            plans = {n: replace(p, output=args.out / p.output.name) for n, p in plans.items()}
        return plans
    if args.output is not None and len(models) > 1:
        raise UsageError("--output names one file, and there are several models", hint="Give a folder: --out DIR")
    plans = {}
    for path in models:
        name = name_of(path)
        if name in plans:
            raise UsageError(f"Two models would be called '{name}'", hint="Write a plan file with a name for each")
        plans[name] = _plan(args, path, name)
    return plans


def checked(plan: ConverterPlan) -> None:
    """Raises UsageError for options that no converter takes, before one is looked for."""
    check_flags(plan.flags, plan.optimize, python=plan.tool == "python")
    sections(plan, read_version(plan.version))


def _plan(args: argparse.Namespace, path: Path, name: str) -> ConverterPlan:
    output = args.output or (args.out or Path()) / f"{name}{SAVE_TYPES[args.save_type]}"
    checks = Checks(not args.no_smoke, not args.no_compare, args.runtime, parse_device(args.device), args.dtype,
                    InputChoice(args.inputs, seed=args.seed), args.check_profiles)
    limits = ConverterLimits(float(args.timeout), float(args.stall), parse_size(args.memory) if args.memory else 0)
    return ConverterPlan(
        path, output, read_shapes(args.shape), read_profiles(args.profiles), args.optimize, args.save_type,
        args.precision, args.aoe, args.custom_ops, _config(args.set), args.config, _flags(args.flag), args.tool,
        args.converter, args.converter_version, {}, args.diagnostics, tuple(args.rewrite), args.rewrite_limit,
        checks, limits)


def _config(told: Sequence[str]) -> dict[str, dict[str, str]]:
    config: dict[str, dict[str, str]] = {}
    for item in told:
        place, equals, value = item.partition("=")
        section, colon, key = place.partition(":")
        if not (equals and colon and section.strip() and key.strip() and value.strip()):
            raise UsageError(f"'{item}' is no option", where="in --set", hint='Write "section:key=value"')
        config.setdefault(section.strip(), {})[key.strip()] = value.strip()
    return config


def _flags(told: Sequence[str]) -> dict[str, str]:
    flags = {}
    for item in told:
        name, equals, value = item.partition("=")
        if not equals or not value:
            raise UsageError(f"'{item}' is no flag", where="in --flag", hint="Write NAME=VALUE")
        flags[name.strip().lstrip("-")] = value.strip()
    return flags


def _dry(plans: dict[str, ConverterPlan]) -> int:
    for name, plan in plans.items():
        config = sections(plan, read_version(plan.version))
        file = plan.output.with_name(plan.output.name + ".ini") if config else plan.config_file
        print(f"# {name}")
        if config and file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(config_text(config), encoding="utf-8")
            print("\n".join(f"# {line}" for line in (f"{file}:", *config_text(config).splitlines())))
        print(shell(command("converter_lite", plan, plan.onnx, plan.output, file)))
    return 0
