"""What float16 or bfloat16 would do to an ONNX model, found here, without any NPU, and what to keep in float32.

Runs the model with every tensor stored in the narrower type; counts what overflows and underflows; measures each
layer alone and its effect on the outputs; finds the smallest set of layers to keep in float32 for the wanted error,
proves it on the whole model, and writes it as converter configuration and as an ONNX with casts.

Exit code 1 when an output of the whole model in the narrower type fails or cannot be compared, else 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from diag.cancel import Cancel
from diag.cli.deliver import tell
from diag.cli.inputs import add_inputs, inputs_of
from diag.cli.options import at_least, differing, parse_budget
from diag.cli.progress import drive
from diag.compare.plan import DEFAULT_BUDGET, LEAST_BUDGET
from diag.jobs.precision import PrecisionJob, run_precision
from diag.precision.settings import ACCUMULATE, DEFAULT_SEARCH_S, PrecisionPlan
from diag.runtimes.places import new_folder
from diag.types.precision import Emulation

DTYPES = {"fp16": "float16", "bf16": "bfloat16", "float16": "float16", "bfloat16": "bfloat16"}
_USUAL: Mapping[str, object] = {
    "accumulate": "float32", "overflow": "infinity", "error": None, "plan": True, "max_time": int(DEFAULT_SEARCH_S),
    "converter": "2.0.0", "inputs": None, "shape": "", "seed": 0, "jobs": None, "budget": "", "input": []}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL and how to emulate it."""
    parser.add_argument("model", type=Path, metavar="MODEL.onnx", help="the ONNX model")
    how = parser.add_argument_group("what the device does")
    how.add_argument("--dtype", choices=tuple(DTYPES), default="fp16", help="what it keeps floats in (default fp16)")
    how.add_argument("--accumulate", choices=ACCUMULATE, default="float32",
                     help="how products are summed: in float32; device: sixteen at a time into a float32 sum; narrow: "
                     "sixteen at a time, the sum kept in the narrow type (default float32)")
    how.add_argument("--overflow", choices=("infinity", "saturate"), default="infinity",
                     help="what too large values become (default infinity)")
    plan = parser.add_argument_group("what to keep in float32")
    plan.add_argument("--error", type=_error, default=None, metavar="X",
                      help="relative L2 error wanted of every output (default: the limit up to which an output passes)")
    plan.add_argument("--plan", action=argparse.BooleanOptionalAction, default=True,
                      help="measure each layer's effect and look for the layers to keep (default on)")
    plan.add_argument("--max-time", type=at_least(1), default=int(DEFAULT_SEARCH_S), metavar="S",
                      help="seconds after which the search begins nothing new (default %(default)s)")
    plan.add_argument("--converter", default="2.0.0", metavar="VERSION",
                      help="version of MindSpore Lite that the configuration is for (default 2.0.0)")
    add_inputs(parser)
    machine = parser.add_argument_group("this machine")
    machine.add_argument("--jobs", type=at_least(1), default=None, metavar="N", help="processor cores (default: all)")
    machine.add_argument("--budget", default="", metavar="SIZE", help="memory for tensors (default 2GiB)")


def run(args: argparse.Namespace) -> int:
    """Emulate, tell, write what was asked for."""
    plan, cancel = plan_of(args), Cancel()
    found: Emulation = drive(run_precision(PrecisionJob(plan), cancel, args.host), args, cancel)
    return tell(args, "precision", found, plan.out)


def plan_of(args: argparse.Namespace) -> PrecisionPlan:
    """The plan that the command line describes. Raises UsageError."""
    out = args.out or new_folder("precision", args.model.stem)
    budget = parse_budget(args.budget, DEFAULT_BUDGET, LEAST_BUDGET)
    return PrecisionPlan(args.model, out.absolute(), inputs_of(args), DTYPES[args.dtype], args.accumulate,
                         args.overflow == "saturate", args.error, args.plan, float(args.max_time), args.converter,
                         budget, args.jobs, differing(args, _USUAL))


def _error(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive number")
    return value
