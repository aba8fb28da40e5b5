"""Makes pairs of a golden ONNX and a MindIR by the real converter: healthy, faulty by plan, or faulty by nature.

    python tests/corpus/make.py OUT --mslite-python PYTHON37 [--seed N] [--only REGEX]

OUT/<family>-<kind>-<n>/ holds golden.onnx, target.mindir, inputs.npz and truth.json. Another seed gives other weights,
sizes, places and other families for each kind. Needs onnx and onnxruntime here, mindspore-lite in PYTHON37, no torch.
"""

from __future__ import annotations

import argparse
import itertools
import re
import shutil
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

TESTS = Path(__file__).resolve().parents[1]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))
from corpus import plant  # noqa: E402
from corpus.example import Example  # noqa: E402
from corpus.families import FAMILIES, Build  # noqa: E402
from corpus.faults import KINDS  # noqa: E402
from corpus.mslite import MindSporeLite, MindSporeLiteError  # noqa: E402
from corpus.naturals import NATURALS  # noqa: E402
from corpus.pairs import Pair, Site, Truth, load, write_truth  # noqa: E402
from corpus.sequences import transformer  # noqa: E402
from corpus.tiny import tiny_families  # noqa: E402
from corpus.view import Array, View, rel_l2  # noqa: E402

TINY = TESTS.parents[1] / "shared" / "samples" / "diffusion" / "tiny" / "onnx"
HEALTHY, FAITHFUL, ABOVE_NOISE = 1e-4, 1e-4, 10.0
HOW_MANY = {"clip_limit": 1, "resize_mode": 1, "weight_noise": 4, "weight_channel": 4, "weight_scale": 4,
                   "bias_dropped": 3, "epsilon": 3, "activation": 3}
TRIES = 6


class NotMade(Exception):
    """No place in any family gave this fault an effect, or a healthy pair is not healthy."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Where the corpus goes, with which converter, from which seed and families."""

    out: Path
    lite: MindSporeLite
    seed: int
    families: dict[str, Build]

    def rng(self, *parts: str) -> np.random.Generator:
        """The generator of one purpose: independent of what else is made."""
        return np.random.default_rng([self.seed, *(zlib.crc32(part.encode()) for part in parts)])


def plan(seed: int) -> Iterator[tuple[str, int]]:
    """The kinds to make, each with how many."""
    yield "healthy", 1
    yield from ((f"natural_{name}", 1) for name in NATURALS)
    yield from ((kind, HOW_MANY.get(kind, 2)) for kind in KINDS)
    order = np.random.default_rng([seed, 2]).permutation(len(plant.TOGETHER))
    yield from ((f"two_{plant.TOGETHER[a]}+{plant.TOGETHER[b]}", 1) for a, b in order.reshape(-1, 2))


def make(corpus: Corpus, only: str = "") -> Iterator[Pair]:
    """Every pair of the plan whose kind matches, as it is finished; earlier ones of these kinds go. Raises NotMade."""
    for old in load(corpus.out):
        if re.search(only, old.truth.kind):
            shutil.rmtree(corpus.out / old.name)
    for kind, count in plan(corpus.seed):
        if re.search(only, kind):
            for name in _make_kind(corpus, kind, count):
                yield from (pair for pair in load(corpus.out) if pair.name == name)


def _make_kind(corpus: Corpus, kind: str, count: int) -> Iterator[str]:
    if kind == "healthy":
        for family, build in {**corpus.families, "transformer_opset17": lambda rng: transformer(rng, 17)}.items():
            yield _healthy(corpus, family, build)
    elif kind.startswith("natural_"):
        yield _natural(corpus, kind)
    else:
        yield from _planted(corpus, kind, count)


def _healthy(corpus: Corpus, family: str, build: Build) -> str:
    example = build(corpus.rng(family, "healthy"))
    name = f"{family}-healthy-0"
    strength, _ = _try(corpus, name, example, example.model)
    if strength > HEALTHY:
        raise NotMade(f"{name}: {strength:.1e} apart")
    _keep(corpus, name, example, "healthy", (), (strength, strength))
    return name


def _natural(corpus: Corpus, kind: str) -> str:
    natural = NATURALS[kind.removeprefix("natural_")]
    example = natural.build(corpus.rng(kind))
    name = f"{example.model.graph.name}-{kind}-0"
    strength, _ = _try(corpus, name, example, example.model)
    if strength < 3 * HEALTHY:
        raise NotMade(f"{name}: only {strength:.1e} apart")
    view = View(example.model)
    beside = view.group(view.nodes[natural.node]) - {natural.node}
    sites = (Site(natural.node, (natural.node, *sorted(beside)), natural.explains),)
    _keep(corpus, name, example, kind, sites, (strength, strength), natural.reference)
    return name


def _planted(corpus: Corpus, kind: str, count: int) -> Iterator[str]:
    """``count`` pairs, each in another family. Families take turns; one without an effective place is passed over."""
    names = list(corpus.families)
    made = 0
    for index in corpus.rng(kind).permutation(len(names)):
        name = f"{names[index]}-{kind}-{made}"
        if made < count and _plant_in(corpus, names[index], kind, name):
            yield name
            made += 1
    if not made:
        raise NotMade(f"{kind}: without effect in every family")


def _plant_in(corpus: Corpus, family: str, kind: str, name: str) -> bool:
    rng = corpus.rng(family, kind)
    example = corpus.families[family](rng)
    golden = _run(example.model, example.feeds)
    candidates = plant.pair(example, _two(kind), rng) if kind.startswith("two_") else plant.single(example, kind, rng)
    effective = (one for one in candidates
                 if all(_effect(model, example.feeds, golden) >= one.floor for model in (one.model, *one.alone)))
    for planted in itertools.islice(effective, TRIES):
        try:
            strength, noise = _try(corpus, name, example, planted.model)
        except MindSporeLiteError:
            continue  # this form does not convert or run
        faithful = noise <= FAITHFUL or not np.isfinite(noise)  # else the converter has a defect of its own, on top
        if faithful and strength >= max(planted.floor, ABOVE_NOISE * noise if np.isfinite(noise) else 0.0):
            _keep(corpus, name, example, kind, planted.sites, (strength, noise))
            return True
    shutil.rmtree(corpus.out / name, ignore_errors=True)
    return False


def _two(kind: str) -> tuple[str, str]:
    first, _, second = kind.removeprefix("two_").partition("+")
    return first, second


def _effect(model: onnx.ModelProto, feeds: dict[str, Array], golden: list[Array]) -> float:
    """Error of the outputs under onnxruntime; -1 if the model is not valid."""
    try:
        onnx.checker.check_model(model, full_check=True)
        return float(rel_l2(_run(model, feeds), golden))
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError,
            onnxruntime.capi.onnxruntime_pybind11_state.OnnxRuntimeException):
        return -1.0


def _run(model: onnx.ModelProto, feeds: dict[str, Array]) -> list[Array]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, feeds))


def _try(corpus: Corpus, name: str, example: Example, model: onnx.ModelProto) -> tuple[float, float]:
    """Converts and runs; how far the target is from the golden, and from the very model that was converted."""
    folder = corpus.out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = folder / "converted.onnx"
    try:
        onnx.save(model, source)
        corpus.lite.convert(source, folder / "target.mindir")
        outputs = corpus.lite.run(folder / "target.mindir", example.feeds)
    except MindSporeLiteError:
        shutil.rmtree(folder)
        raise
    source.unlink()
    return rel_l2(outputs, _run(example.model, example.feeds)), rel_l2(outputs, _run(model, example.feeds))


def _keep(corpus: Corpus, name: str, example: Example, kind: str, sites: tuple[Site, ...],
          errors: tuple[float, float], reference: bool = True) -> None:
    """Writes what the pair consists of besides the MindIR."""
    folder = corpus.out / name
    onnx.save(example.model, folder / "golden.onnx")
    np.savez(folder / "inputs.npz", **example.feeds)
    cosines = () if kind == "natural_cos" else tuple(n.name for n in example.model.graph.node if n.op_type == "Cos")
    strength, noise = (float(error) if np.isfinite(error) else None for error in errors)
    write_truth(folder, Truth(name.partition("-")[0], kind, corpus.seed, sites, reference, cosines, strength, noise))


def main() -> None:
    """Makes the corpus and prints one line per pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--mslite-python", type=Path, required=True, help="a Python with mindspore-lite 2.0.0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="kinds that match this regular expression")
    parser.add_argument("--tiny", type=Path, default=TINY, help="folder with <submodel>/model.onnx")
    arguments = parser.parse_args()
    families = {**FAMILIES, **tiny_families(arguments.tiny)}
    begin, made = time.monotonic(), 0
    with MindSporeLite(arguments.mslite_python, arguments.out / ".work") as lite:
        for pair in make(Corpus(arguments.out, lite, arguments.seed, families), arguments.only):
            made += 1
            strength = "not finite" if pair.truth.strength is None else f"{pair.truth.strength:.1e}"
            at = " ".join(site.node for site in pair.truth.sites)
            print(f"{time.monotonic() - begin:6.1f}s {pair.name:50} {strength:>10}  {at}", flush=True)
    print(f"{made} pairs in {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
