"""One sentence says it all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report import factory

from diag.report.catalogues import labels
from diag.report.headline import headline
from diag.report.reproduce import command
from diag.types.comparison import Comparison
from diag.types.dtype import DType
from diag.types.layer import Difference, Verdict

NODE = "/text_model/encoder/layers.1/self_attn/LayerNormalization_11"


def output(made: Comparison, **change) -> Comparison:
    return replace(made, outputs=(replace(made.outputs[0], **change),))


def test_a_fault_with_its_reason():
    made = output(factory.comparison(), cumulative=factory.metrics(5.0e-2))
    assert headline(made) == (f"FAIL: final output off by 5.0e-02 relative L2; {NODE} injects it because epsilon is 0 "
                              "in the MindIR and 1e-05 in the ONNX")
    assert headline(made, "zh") == (f"失败：最终输出误差 相对 L2 5.0e-02；误差由 {NODE} 引入，"
                                    "因为参数 epsilon 在 MindIR 中是 0，在 ONNX 中是 1e-05")


def test_a_healthy_pair():
    made = output(factory.comparison(faulty=-1), cumulative=factory.metrics(2.1e-7))
    assert headline(made) == "PASS: the final output is right (2.1e-07 relative L2)"
    assert headline(output(made, cumulative=factory.metrics(0.0))) == "PASS: the final output is identical"


def test_half_precision_is_told_by_noise_ratio():
    made = factory.comparison(faulty=-1)
    told = replace(made, target=replace(made.target, dtype="float16"))
    assert "noise ratio" in headline(told)
    found = replace(made, target=replace(made.target, dtype="auto"),
                    layers=tuple(replace(r, dtype=DType.BFLOAT16) for r in made.layers))
    assert "noise ratio" in headline(found)
    assert "relative L2" in headline(replace(found, layers=()))


@pytest.mark.parametrize(("change", "sentence"), [
    ({"cumulative": factory.metrics(1.0, nonfinite=1200)},
     "FAIL: the final output holds 1,200 NaN or infinite elements that the original does not; "),
    ({"verdict": Verdict.NOT_COMPARABLE, "reason": "shapes differ", "cumulative": None},
     "FAIL: the final output could not be compared: shapes differ; "),
])
def test_other_ways_to_be_wrong(change, sentence):
    assert headline(output(factory.comparison(), **change)).startswith(sentence)


def test_without_culprit():
    made = output(replace(factory.comparison(), culprits=()), cumulative=factory.metrics(2e-3))
    assert headline(made) == "FAIL: final output off by 2.0e-03 relative L2; no single layer injects it"
    assert headline(replace(made, outputs=())) == ("FAIL: there is no output to judge; no single layer injects it")


def test_a_fault_that_the_outputs_hide():
    made = replace(factory.comparison(), verdict=Verdict.PASS, outputs=factory.comparison(faulty=-1).outputs)
    assert f"; but {NODE} is wrong: epsilon is 0" in headline(made)


@pytest.mark.parametrize("kind", ["attribute", "axis", "weight", "dtype", "layout", "activation", "missing", "extra",
                                  "arithmetic"])
def test_every_kind_of_difference_has_a_sentence(kind):
    made = factory.comparison()
    guilty = replace(made.culprits[0], differences=(Difference(kind, "w1", "gg", "tt", explains=True),))
    for lang in ("en", "zh"):
        said = headline(replace(made, culprits=(guilty,)), lang)
        assert kind == "arithmetic" or ("tt" in said) or "w1" in said
        assert "{" not in said


def test_reason_of_the_core_is_used_where_there_are_no_differences():
    made = factory.comparison()
    guilty = replace(made.culprits[0], differences=(), why="the kernel is wrong.")
    assert headline(replace(made, culprits=(guilty,))).endswith("injects it because the kernel is wrong")
    assert headline(replace(made, culprits=(replace(guilty, why=""),))).endswith("injects it, the reason is not known")


def test_the_command_measures_the_same_again():
    made = factory.comparison()
    pair = "diag compare models/text_encoder.onnx models/text_encoder.mindir"
    used = replace(made, options={})
    assert command(used) == f"{pair} --input input_ids=inputs/input_ids.npy --runtime mindspore-lite"
    packed = replace(made.inputs[0], file="run 1/inputs.npz")
    assert command(replace(used, inputs=(packed, packed))) == (
        f"{pair} --inputs 'run 1/inputs.npz' --runtime mindspore-lite")
    told = {"runtime": "reference", "own_input": False, "seed": 3, "input": "a=a.npy;b=b.npy"}
    assert command(replace(made, options=told)) == (
        f"{pair} --runtime reference --no-own-input --seed 3 --input a=a.npy --input b=b.npy")


def test_labels_have_the_same_keys_and_placeholders():
    import re

    en, zh = labels("en"), labels("zh")
    assert [(s, list(keys)) for s, keys in en.items()] == [(s, list(keys)) for s, keys in zh.items()]
    for section, keys in en.items():
        for key, text in keys.items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", zh[section][key])), (section, key)
