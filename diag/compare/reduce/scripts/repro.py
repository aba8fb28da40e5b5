"""Run this bundle: the golden part in onnxruntime, the target part in the runtime that it is for; print the error.

    python repro.py [--target FILE]

Needs numpy, and what there is of onnxruntime (golden part, ONNX targets), mindspore_lite or Ascend Diag (MindIR
targets). Without onnxruntime the recorded golden outputs are taken. Runs on Python 3.7 and later.
Exit code 1: the error is there. 0: it is gone. 3: nothing here can run the target part.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Golden, target, error."""
    parser = argparse.ArgumentParser(description="Run this bundle and print the error.")
    parser.add_argument("--target", type=Path, help="another target part (default: the one of the bundle)")
    args = parser.parse_args()
    bundle = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    inputs = load("inputs.npz")
    expected = golden(bundle, inputs)
    path = args.target or HERE / bundle["target_file"]
    found = run(path, bundle, inputs)
    if found is None:
        say(f"target:  no runtime for {path.name} in this Python; what was recorded is shown")
        report(bundle, expected, recorded(bundle))
        return 3
    return 1 if report(bundle, expected, found) else 0


def say(line: str) -> None:
    """One line of the answer."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def load(name: str) -> dict[str, Any]:
    """The arrays of a file of the bundle, by name."""
    with np.load(str(HERE / name), allow_pickle=False) as held:
        return {key: held[key] for key in held.files}


def golden(bundle: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """What golden.onnx gives here; the recorded outputs where onnxruntime is not installed."""
    recorded_outputs = load("expected.npz")
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        say("golden:  onnxruntime is not in this Python; the recorded outputs are taken")
        return recorded_outputs
    got = run_onnx(HERE / bundle["golden_file"], inputs)
    gap = max(distance(array, got[name]) for name, array in recorded_outputs.items())
    say(f"golden:  {bundle['golden_file']}, {gap:.1e} away from the recorded outputs")
    return {name: got[name] for name in recorded_outputs}


def run(path: Path, bundle: dict[str, Any], inputs: dict[str, Any]) -> list[Any] | None:
    """Outputs of the target part in order; None where nothing here runs it."""
    feeds = {port["name"]: fitted(inputs[port["golden"]], port) for port in bundle["inputs"]}
    if path.suffix == ".onnx":
        return run_with_onnxruntime(path, feeds, bundle)
    return run_with_lite(path, feeds, bundle) or run_with_diag(path, feeds)


def fitted(array: NDArray[Any], port: dict[str, Any]) -> NDArray[Any]:
    """A golden tensor in the target's axis order, shape and type."""
    moved = array if port["layout"] is None else array.transpose(port["layout"])
    return np.ascontiguousarray(moved.reshape(port["shape"]).astype(port["dtype"]))


def run_with_onnxruntime(path: Path, feeds: dict[str, Any], bundle: dict[str, Any]) -> list[Any] | None:
    """An ONNX target."""
    try:
        import onnxruntime
    except ImportError:
        return None
    say(f"target:  {path.name} in onnxruntime {onnxruntime.__version__}")
    got = run_onnx(path, feeds)
    return [got[port["name"]] for port in bundle["outputs"]]


def run_onnx(path: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    """All outputs of an ONNX file, computed as the graph says: optimisation is off."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    feeds = {i.name: inputs[i.name] for i in session.get_inputs()}
    return dict(zip(names, session.run(names, feeds)))  # noqa: B905 - Python 3.7


def run_with_lite(path: Path, feeds: dict[str, Any], bundle: dict[str, Any]) -> list[Any] | None:
    """A MindIR target in MindSpore Lite."""
    try:
        import mindspore_lite as lite
    except ImportError:
        return None
    device, _, number = str(bundle["target"]["device"]).partition(":")
    say(f"target:  {path.name} in mindspore_lite {lite.__version__} on {device}")
    context = lite.Context()
    context.target = [device]
    context.cpu.thread_num = bundle["threads"]
    if device == "ascend":
        context.ascend.device_id = int(number or 0)
    model = lite.Model()
    model.build_from_file(str(path), lite.ModelType.MINDIR, context)
    tensors = model.get_inputs()
    model.resize(tensors, [list(feed_of(feeds, t.name, i).shape) for i, t in enumerate(tensors)])
    tensors = model.get_inputs()
    for i, tensor in enumerate(tensors):
        wanted = str(getattr(tensor.dtype, "name", tensor.dtype)).lower()
        tensor.set_data_from_numpy(np.ascontiguousarray(feed_of(feeds, tensor.name, i).astype(wanted)))
    return [tensor.get_data_to_numpy() for tensor in model.predict(tensors)]


def feed_of(feeds: dict[str, Any], name: str, place: int) -> NDArray[Any]:
    """The feed of an input, by its name, else by its place."""
    found: NDArray[Any] = feeds[name] if name in feeds else list(feeds.values())[place]
    return found


def run_with_diag(path: Path, feeds: dict[str, Any]) -> list[Any] | None:
    """A MindIR target in the reference runtime of Ascend Diag, which does what the file says."""
    try:
        from diag.cancel import Cancel
        from diag.runtimes.interface import RunOptions
        from diag.runtimes.reference import Reference
    except ImportError:
        return None
    say(f"target:  {path.name} in the reference runtime of Ascend Diag")
    cancel = Cancel()
    with Reference().open(path, RunOptions(), cancel) as session:
        names = [info.name for info in session.inputs]
        by_place = dict(zip(names, feeds.values()))  # noqa: B905 - Python 3.7
        given = feeds if set(names) == set(feeds) else by_place
        return list(session.run(given, cancel).values())


def recorded(bundle: dict[str, Any]) -> list[Any]:
    """What the target gave when the bundle was made, in golden's axis order."""
    observed = load("observed.npz")
    return [observed[port["golden"]] for port in bundle["outputs"]]


def report(bundle: dict[str, Any], expected: dict[str, Any], found: list[Any]) -> bool:
    """Print the error of each output beside the one in the bundle; whether one of them is there again."""
    there = False
    for port, told, got in zip(bundle["outputs"], bundle["errors"], found):  # noqa: B905 - Python 3.7
        want = expected[port["golden"]]
        got = back(got, port, want.shape)
        error = distance(want, got)
        known = told["metrics"] or {}
        limit = (known.get("rel_l2") or 0.0) / 2
        broken = int((~np.isfinite(as_float(got)) & np.isfinite(as_float(want))).sum())
        again = told["verdict"] == "fail" and (broken > 0 if known.get("nonfinite") else not error < limit)
        there = there or again
        before = f"{known['rel_l2']:.3e}" if known.get("rel_l2") is not None else "not a number"
        say(f"output:  {port['golden']}")
        say(f"         relative L2 error {error:.3e} (bundle: {before}), largest error {largest(want, got):.3e}, "
            f"non-finite {broken}: {'THE ERROR IS THERE' if again else 'no error'}")
    return there


def back(got: NDArray[Any], port: dict[str, Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A target output in golden's axis order and shape."""
    if got.shape == tuple(shape) or got.size != int(np.prod(shape)):
        return got
    if port["layout"] is None:
        return got.reshape(shape)
    return got.reshape([shape[p] for p in port["layout"]]).transpose(np.argsort(port["layout"]))


def as_float(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers as float64."""
    return np.asarray(array).astype(np.float64)


def distance(want: NDArray[Any], got: NDArray[Any]) -> float:
    """Relative L2 distance over elements that are finite on both sides; infinite if the shapes differ."""
    if want.shape != got.shape:
        return float("inf")
    a, b = as_float(want), as_float(got)
    both = np.isfinite(a) & np.isfinite(b)
    norm = float(np.linalg.norm(a[both]))
    gap = float(np.linalg.norm(b[both] - a[both]))
    return gap / norm if norm else (0.0 if gap == 0 else float("inf"))


def largest(want: NDArray[Any], got: NDArray[Any]) -> float:
    """Largest absolute difference over elements that are finite on both sides."""
    if want.shape != got.shape:
        return float("inf")
    a, b = as_float(want), as_float(got)
    both = np.isfinite(a) & np.isfinite(b)
    return float(np.abs(b[both] - a[both]).max()) if both.any() else 0.0


if __name__ == "__main__":
    sys.exit(main())
