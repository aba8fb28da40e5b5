"""The corpus generator: its models run, its faults have an effect, its truths name nodes of the golden."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from corpus import make, plant
from corpus.families import FAMILIES
from corpus.faults import KINDS
from corpus.mslite import MindSporeLite
from corpus.pairs import Site, Truth, load, write_truth
from corpus.view import rel_l2


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("family", FAMILIES)
def test_family_runs_and_is_seeded(family: str) -> None:
    once, again, other = (FAMILIES[family](rng(seed)) for seed in (0, 0, 1))
    assert once.model.SerializeToString() == again.model.SerializeToString() != other.model.SerializeToString()
    names = [node.name for node in once.model.graph.node]
    assert len(set(names)) == len(names)
    outputs = make._run(once.model, once.feeds)
    assert all(np.isfinite(output).all() and output.std() > 1e-2 for output in outputs)


@pytest.mark.parametrize("kind", KINDS)
def test_fault_has_an_effect_somewhere_and_its_truth_is_in_the_golden(kind: str) -> None:
    for build in FAMILIES.values():
        example = build(rng())
        golden = make._run(example.model, example.feeds)
        for planted in list(plant.single(example, kind, rng()))[:4]:
            if make._effect(planted.model, example.feeds, golden) >= planted.floor:
                names = {node.name for node in example.model.graph.node}
                (site,) = planted.sites
                assert site.nodes[0] == site.node
                assert len(set(site.nodes)) == len(site.nodes)
                assert set(site.nodes) <= names
                return
    pytest.fail(f"{kind}: no effect in any family")


def test_two_faults_are_apart_and_each_is_there_alone() -> None:
    example = FAMILIES["resnet"](rng())
    planted = next(plant.pair(example, ("weight_scale", "pads"), rng()))
    first, second = planted.sites
    assert set(first.nodes).isdisjoint(second.nodes)
    outputs = [make._run(model, example.feeds) for model in (*planted.alone, planted.model)]
    assert rel_l2(outputs[0], outputs[2]) > 0 < rel_l2(outputs[1], outputs[2])


def test_plan_is_large_enough() -> None:
    counts = dict(make.plan(0))
    assert sum(counts.values()) - counts["healthy"] + len(FAMILIES) >= 80
    assert set(KINDS) <= set(counts)


def test_other_seeds_plan_the_same_single_kinds() -> None:
    single = [{kind: count for kind, count in make.plan(seed) if not kind.startswith("two_")} for seed in (0, 1)]
    assert single[0] == single[1]


def test_truth_survives_the_disk(tmp_path: Path) -> None:
    truth = Truth("vit", "pads", 3, (Site("/a/Conv", ("/a/Conv", "/a/Relu"), "pads"),), True, (), None, 1e-7)
    (tmp_path / "vit-pads-0").mkdir()
    write_truth(tmp_path / "vit-pads-0", truth)
    (pair,) = load(tmp_path)
    assert pair.truth == truth
    assert pair.golden.name == "golden.onnx"


@pytest.mark.mslite
def test_natural_defects_are_real(tmp_path: Path, mslite_python: Path) -> None:
    with MindSporeLite(mslite_python, tmp_path / ".work") as lite:
        made = list(make.make(make.Corpus(tmp_path, lite, 5, dict(FAMILIES)), "natural|clip_limit"))
    assert len(made) == 11
    for pair in made:
        assert pair.truth.strength is not None
        assert pair.truth.strength > 3e-4
        names = {node.name for node in onnx.load(pair.golden).graph.node}
        assert {name for site in pair.truth.sites for name in site.nodes} <= names
