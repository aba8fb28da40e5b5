"""The bundle: a folder with both parts, their inputs and outputs, scripts, and the words; checked after it is written.

It appears whole or not at all: it is made in a folder beside its place, run from there, and then moved.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from diag.cancel import Cancel
from diag.compare.align.layout import unarranged
from diag.compare.reduce.document import document, dumps
from diag.compare.reduce.plan import ReducePlan
from diag.compare.reduce.readme import readme
from diag.compare.reduce.result import BundleFile, Reduction
from diag.compare.reduce.trial import Bench, Piece, feed, run_golden, same_error
from diag.compare.sides import Side
from diag.errors import ToolFailed, UsageError
from diag.formats.onnx import load
from diag.runtimes.interface import Array
from diag.types.layer import Verdict
from diag.workspace.digest import sha256

MANIFEST = "bundle.json"
_WHAT = {
    "golden.onnx": "the golden nodes, a model of their own", "golden.onnx.data": "its weights",
    "target.mindir": "what they became in the target", "target.onnx": "what they became in the target",
    "inputs.npz": "what goes in, recorded in the whole golden model",
    "expected.npz": "what must come out: recorded golden tensors",
    "observed.npz": "what the target part gave, in golden's axis order",
    "repro.py": "runs both parts and prints the error", "convert.py": "converts golden.onnx again, in Python",
    "convert.sh": "the same with converter_lite",
}


def prepare(path: Path) -> bool:
    """Make the folder, or accept an empty one or an older bundle; returns whether it was made now.

    Raises UsageError where nothing can be written.
    """
    made = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path), tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise UsageError(f"The bundle cannot be written: {error.strerror}", where=f"in {path}",
                         hint="Give another folder with --out") from error
    if not (path / MANIFEST).exists() and any(path.iterdir()):
        raise UsageError("The folder for the bundle holds other files", where=f"in {path}",
                         hint="Give an empty or a new folder with --out")
    return made


def forget(path: Path) -> None:
    """Take the folder away again if nothing was written into it."""
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()


def write(plan: ReducePlan, result: Reduction, piece: Piece, target: Side, bench: Bench,
          cancel: Cancel) -> Reduction:
    """Write and check the bundle; the result with its files. Raises ToolFailed if the written files are not right."""
    place = plan.bundle.absolute()
    draft = Path(tempfile.mkdtemp(prefix=".reduce-", dir=place.parent))
    try:
        _fill(draft, piece, target)
        _check(draft, piece, bench, cancel)
        facts = {"opset": _opset(piece), "threads": plan.threads, "decrypted": plan.key is not None,
                 "findings": _findings(plan, result),
                 "target_says": {k: v for k, v in target.graph.metadata.items() if k in _KNOWN and v}}
        result = replace(result, files=tuple(_listed(draft)), bundle=str(place), facts=facts)
        (draft / "README.md").write_text(readme(result), encoding="utf-8")
        (draft / MANIFEST).write_text(dumps(document(result, shared=True)), encoding="utf-8")
        _move(draft, place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return replace(result, archive=str(_zip(place))) if plan.zip else result


_KNOWN = ("made_by", "producer_name", "producer_version", "mind_ir_version", "model_version")


def _findings(plan: ReducePlan, result: Reduction) -> list[Mapping[str, Any]]:
    focus = result.focus
    return [f for f in plan.told if focus is not None and (f["code"], f["subject"]) == (focus.finding, focus.blames)]


def _fill(draft: Path, piece: Piece, target: Side) -> None:
    made = piece.target.path.parent
    for file in (*made.glob("golden.onnx*"), piece.target.path):
        shutil.copyfile(file, draft / file.name)
    save_arrays(draft / "inputs.npz", piece.golden.inputs)
    save_arrays(draft / "expected.npz", piece.golden.expected)
    save_arrays(draft / "observed.npz", dict(reversed(list(_observed(piece)))))
    wanted = ("repro.py",) if target.file is not None else ("repro.py", "convert.py", "convert.sh")
    for name in wanted:
        (draft / name).write_bytes((files("diag.compare.reduce") / "scripts" / name).read_bytes())
        (draft / name).chmod(0o755)


def _observed(piece: Piece) -> Iterator[tuple[str, Array]]:
    """Target outputs by golden tensor, in its axis order; of several for one the first counts."""
    for port in piece.outputs:
        array, golden = piece.observed[port.value], piece.golden.expected[port.golden]
        if array.size == golden.size:
            array = unarranged(array, port.layout, golden.shape)
        yield port.golden, array.astype(np.float32) if array.dtype.isbuiltin != 1 else array


def save_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """An .npz of arrays under any names (numpy's own function takes no array named ``file``)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            plain = array.astype(str) if array.dtype.kind == "O" else np.ascontiguousarray(array)
            with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, plain.reshape(array.shape), allow_pickle=False)


def _check(draft: Path, piece: Piece, bench: Bench, cancel: Cancel) -> None:
    """Run what was written, from the files alone."""
    inputs, expected = _load(draft / "inputs.npz"), _load(draft / "expected.npz")
    got = run_golden(draft / "golden.onnx", inputs, bench.golden_threads, cancel)
    good = all(np.array_equal(expected[n], got[n], equal_nan=expected[n].dtype.kind == "f") for n in expected) or \
        all(np.allclose(expected[n], got[n], rtol=1e-5, atol=1e-6, equal_nan=True) for n in expected)
    with bench.runtime.open(draft / piece.target.path.name, bench.options, cancel) as session:
        found = session.run({p.name: feed(inputs[p.golden], p) for p in piece.inputs}, cancel)
    for port, error in zip(piece.outputs, piece.errors, strict=True):
        answer = bench.answers.get(port.value)
        again = bench.judging.judged(port.golden, expected[port.golden], found[port.name], own=True, answer=answer)
        if error.verdict is Verdict.FAIL and error.metrics is not None:
            good = good and same_error(error.metrics, again.metrics)
    if not good:
        raise ToolFailed("The written bundle does not show the error that was found", where=f"in {draft.parent}",
                         hint="The model or its runtime gives other numbers each time: try --threads 1")


def _load(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as held:
        return {n: held[n].astype(object) if held[n].dtype.kind == "U" else held[n] for n in held.files}


def _opset(piece: Piece) -> dict[str, int]:
    return {o.domain or "ai.onnx": o.version for o in load(piece.target.path.parent / "golden.onnx").model.opset_import}


def _listed(draft: Path) -> Iterator[BundleFile]:
    for name, what in _WHAT.items():
        file = draft / name
        if file.exists():
            yield BundleFile(name, file.stat().st_size, sha256(file), what)


def _move(draft: Path, place: Path) -> None:
    for old in place.iterdir():
        if old.name in (*_WHAT, "README.md", MANIFEST):
            old.unlink()
    # The manifest last: a folder with one is whole.
    for file in sorted(draft.iterdir(), key=lambda f: f.name == MANIFEST):
        file.replace(place / file.name)


def _zip(place: Path) -> Path:
    archive = place.with_name(place.name + ".zip")
    draft = archive.with_name(f".{archive.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as out:
            for file in sorted(place.iterdir()):
                out.write(file, f"{place.name}/{file.name}")
        draft.replace(archive)
    finally:
        draft.unlink(missing_ok=True)
    return archive
