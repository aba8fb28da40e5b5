"""Compare a golden ONNX model with what it became, layer by layer, and name the layer that injects the error.

TARGET is a MindIR, another ONNX model, or what an NPU recorded: a folder of tensor dumps, or a run folder. Exit code 1
when an output fails or cannot be compared, or when a layer was found that the conversion or the runtime gets wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.inputs import add_inputs, inputs_of
from diag.cli.options import at_least, differing, parse_budget, parse_device
from diag.cli.outcome import exit_code, tell
from diag.cli.progress import drive
from diag.compare.plan import DEFAULT_BUDGET, LEAST_BUDGET, ComparePlan
from diag.compare.recorder import WORST
from diag.jobs.compare import CompareJob, run_compare
from diag.rules.accuracy import examined
from diag.runtimes.places import cache_dir, new_folder
from diag.types.comparison import Comparison

RUNTIMES = ("auto", "reference", "mindspore-lite", "mindspore", "onnxruntime")
_USUAL: Mapping[str, object] = {
    "inputs": None, "shape": "", "seed": 0, "runtime": "auto", "device": "cpu", "dtype": "auto", "threads": 1,
    "own_input": True, "preset": "calibrated", "map": None, "graph": None, "budget": "", "jobs": None, "record": [],
    "input": []}
"""What a run folder keeps of the options where it is otherwise. Never the key."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """GOLDEN TARGET and how to compare them."""
    parser.add_argument("golden", type=Path, metavar="GOLDEN", help="the ONNX model that is right by definition")
    parser.add_argument("target", type=Path, metavar="TARGET", help="what it became: .mindir, .onnx, or a folder "
                        "that an NPU recorded")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How to compare: every command that builds on a comparison understands these."""
    add_inputs(parser)
    how = parser.add_argument_group("how")
    how.add_argument("--runtime", choices=RUNTIMES, default="auto", help="what runs the target (default auto: the real "
                     "runtime if it is installed, else the reference runtime)")
    how.add_argument("--device", default="cpu", metavar="cpu|ascend:N", help="device of that runtime")
    how.add_argument("--dtype", choices=("auto", "float32", "float16", "bfloat16"), default="auto",
                     help="what the target computes in")
    how.add_argument("--threads", type=at_least(1), default=1, help="threads of the target's runtime (default 1)")
    how.add_argument("--jobs", type=at_least(1), default=None, metavar="N",
                     help="processor cores for all that runs in this process (default: all)")
    how.add_argument("--own-input", action=argparse.BooleanOptionalAction, default=True,
                     help="measure each layer on golden input too (default on)")
    how.add_argument("--checks", action=argparse.BooleanOptionalAction, default=None,
                     help="check that golden is stable (default: if the model is small)")
    how.add_argument("--preset", choices=("calibrated", "mindstudio"), default="calibrated", help="whose limits decide")
    how.add_argument("--map", type=Path, metavar="FILE", help="JSON: target value or node name → golden tensor")
    how.add_argument("--graph", type=Path, metavar="FILE", help="the compiler's graph of what the NPU recorded: "
                     "ge_proto_…_Build.txt, .om, its JSON")
    how.add_argument("--budget", default="", metavar="SIZE", help="memory for tensors (default 2GiB)")
    how.add_argument("--record", action="append", default=[], metavar="LAYER|N|all", help="keep the tensors of "
                     "this layer for pictures too (node or tensor; repeatable), of the N layers with the largest "
                     "errors, or of all; always kept: those of the worst layers")
    how.add_argument("--key", default="", metavar="HEX", help="key of an encrypted MindIR, in hexadecimal")


def run(args: argparse.Namespace) -> int:
    """Compare, tell, write what was asked for."""
    job = job_of(args)
    cancel = Cancel()
    found: Comparison = examined(drive(run_compare(job, cancel, args.host), args, cancel))
    tell(found, args)
    return exit_code(found, args.fail_on)


def job_of(args: argparse.Namespace) -> CompareJob:
    """The job that the command line describes."""
    out = args.out or new_folder("runs", args.target.stem)
    plan = ComparePlan(
        golden=args.golden, target=args.target, out=out, inputs=inputs_of(args), device=parse_device(args.device),
        dtype=args.dtype, own_input=args.own_input, preset=args.preset, map_file=args.map,
        graph=args.graph, budget=parse_budget(args.budget, DEFAULT_BUDGET, LEAST_BUDGET), threads=args.threads,
        jobs=args.jobs, key=args.key or None, checks=args.checks, cache=cache_dir() / "golden",
        record=tuple(r for r in args.record if r != WORST), told=differing(args, _USUAL))
    return CompareJob(plan, args.runtime)


