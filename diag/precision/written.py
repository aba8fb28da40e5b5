"""Writes a plan down: configuration files, and the ONNX with casts, run by onnxruntime before it is praised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError, EncodeError

from diag.compare.metrics import compare
from diag.compare.sides import Side
from diag.errors import ToolFailed
from diag.precision import config
from diag.precision.layers import Layer
from diag.precision.mixed import mixed, save_model
from diag.precision.settings import PrecisionPlan
from diag.precision.trials import allowed, error_of
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import make_session, session_options
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.types.dtype import DType
from diag.types.precision import Checked, Plan, Written


@dataclass(frozen=True, slots=True)
class Emitted:
    """Files that were written, and what became of the ONNX with casts when it was run."""

    files: tuple[Written, ...]
    checked: Checked | None


def emit(told: PrecisionPlan, side: Side, layers: Sequence[Layer], kept: frozenset[int], plan: Plan | None,
         feeds: Mapping[str, Array], golden: Mapping[str, Array]) -> Emitted:
    """Write the files of a plan into ``told.out``; nothing where there is no plan or it does not reach its goal."""
    if plan is None or not plan.reached:
        return Emitted((), None)
    dtype = DType(told.dtype)
    files: list[Written] = []

    def write(name: str, purpose: str, text: str) -> Path:
        path = told.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        files.append(Written(purpose, str(path)))
        return path

    write("enforce_origin.ini", "origin", config.whole("enforce_origin"))
    if plan.kept:
        by_name = {n.name: n for n in side.graph.nodes}
        write("keep_dtype.txt", "keep_dtype", config.keep_dtype(plan.kept))
        write("customize_dtypes.cfg", "customize_dtypes", config.customize_dtypes([by_name[n] for n in plan.kept]))
        listed = write("mixlist.json", "mixlist", config.mixlist(plan.kept_ops))
        text = config.by_type(told.version, dtype, str(listed))
        if text is not None:
            write("mixed_by_type.ini", "by_type", text)
    elif dtype is DType.FLOAT16:
        write("enforce_fp16.ini", "enforce_fp16", config.whole("enforce_fp16"))
    target = told.out / f"{told.model.stem}.{'fp16' if dtype is DType.FLOAT16 else 'bf16'}.onnx"
    checked = _with_casts(told, side, layers, kept, plan, feeds, golden, target)
    if target.exists():
        files.insert(0, Written("mixed", str(target)))
    return Emitted(tuple(files), checked)


def _with_casts(told: PrecisionPlan, side: Side, layers: Sequence[Layer], kept: frozenset[int], plan: Plan,
                feeds: Mapping[str, Array], golden: Mapping[str, Array], target: Path) -> Checked:
    dtype = DType(told.dtype)
    try:
        model = mixed(onnx.load(told.model), side.session.program, layers, kept, dtype)
        save_model(model, target)
    except (DecodeError, EncodeError, ValueError, OSError, onnx.checker.ValidationError) as error:
        return Checked(str(target), float("nan"), float("nan"), False, f"it could not be written: {error}")
    try:
        found = _run(target, feeds)
    except ToolFailed as error:
        return Checked(str(target), float("nan"), float("nan"), False, f"{error.message}: {error.where}")
    worst, excess = 0.0, 0.0
    for name, array in golden.items():
        off = error_of(compare(array, found[name], target_dtype=dtype)) if array.size else 0.0
        limit = (told.wanted if told.wanted is not None else allowed(array, dtype)) if array.dtype.kind == "f" else 0.0
        worst, excess = max(worst, off), max(excess, 0.0 if off == 0 else off / limit if limit else float("inf"))
    # Kernels sum in another order than the emulation did: a border that was met closely may be missed closely.
    return Checked(str(target), worst, excess, excess <= max(1.0, 1.25 * plan.point.excess))


def _run(path: Path, feeds: Mapping[str, Array]) -> dict[str, Array]:
    session = make_session(path, session_options(0))
    names = [o.name for o in session.get_outputs()]
    try:
        found = session.run_with_ort_values(names, {n: to_ort(a) for n, a in feeds.items()})
    except Exception as error:
        raise ToolFailed("onnxruntime failed while it ran the model with casts",
                         where=" ".join(str(error).split())[:300]) from error
    return {n: np.array(to_numpy(v)) for n, v in zip(names, found, strict=True)}
