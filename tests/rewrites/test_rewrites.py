"""Every rewrite finds its places, changes nothing, and leaves no trace of what it replaces."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
import rewrite_models as models
import small_models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper
from small_models import perceptron

from diag.cancel import Cancel
from diag.errors import Cancelled, FormatError, UsageError
from diag.events import Finished
from diag.rewrites import norms
from diag.rewrites.apply import Rewritten, offers, prove_places, rewrite
from diag.rewrites.einsum import product
from diag.rewrites.interface import LIMIT
from diag.rewrites.model import Model
from diag.rewrites.registry import NAMES, named

CASES = [
    ("instance_norm_4d", models.group_norm_export, 1), ("instance_norm_4d", models.instance_norm_alone, 1),
    ("transpose_3d", models.channels_last, 1), ("attributes_explicit", models.channels_last, 1),
    ("layer_norm_decomposed", models.layer_norm, 1), ("layer_norm_decomposed", models.layer_norm_plain, 1),
    ("layer_norm_decomposed", models.outside_weights, 1),
    ("group_norm_decomposed", models.group_norm(18), 1), ("group_norm_decomposed", models.group_norm(21), 1),
    ("einsum_matmul", models.einsum("bhid,bhjd->bhij", (1, 2, 3, 4), (1, 2, 5, 4)), 1),
    ("einsum_matmul", models.einsum("bhij,bhjd->bihd", (1, 2, 3, 4), (1, 2, 4, 5)), 1),
    ("einsum_matmul", models.einsum("ij,kj->ki", (3, 4), (5, 4)), 1),
    ("activation_expanded", models.activation("Gelu", 20), 1),
    ("activation_expanded", models.activation("Gelu", 20, approximate="tanh"), 1),
    ("activation_expanded", models.activation("Mish", 18), 1),
    ("activation_expanded", models.activation("HardSwish", 17), 1),
    ("isnan_compare", models.isnan, 1), ("where_arithmetic", models.where, 1),
    ("mask_constant_bounded", models.causal_mask, 1), ("shared_weights_copied", models.shared_scale, 1),
    ("unused_inputs_dropped", models.unused_input, 1), ("constants_folded", models.shape_arithmetic, 1),
    ("opset_lowered", models.layer_norm, 1), ("opset_lowered", models.group_norm(18), 1),
]


def done(source: Path, names: list[str], out: Path, **how: object) -> Rewritten:
    *_, last = rewrite(source, names, out, Cancel(), **how)
    assert isinstance(last, Finished)
    return last.result


@pytest.mark.parametrize(("name", "make", "count"), CASES)
def test_a_rewrite_is_offered_and_changes_nothing(name, make, count, tmp_path):
    source = make(tmp_path / "m.onnx")
    offered = {offer.name: offer for offer in offers(source)}
    assert len(offered[name].sites) == count
    shapes = {"x": (4, 2, 3)} if make is models.shape_arithmetic else {}
    result = done(source, [name], tmp_path / "new" / "m.onnx", shapes=shapes)
    assert result.proved
    assert result.findings == ()
    assert len(result.changes) == 2 * len(onnx.load(source, load_external_data=False).graph.output)
    assert 0 <= result.largest <= LIMIT
    assert result.applied == ((name, count),)
    onnx.checker.check_model(str(result.path), full_check=True)
    assert name not in {offer.name for offer in offers(result.path)}  # done once, there is nothing left to do
    kinds = {line.kind for line in result.lines}
    assert "-" in kinds or "+" in kinds


@pytest.mark.parametrize(("name", "op"), [
    ("layer_norm_decomposed", "LayerNormalization"), ("group_norm_decomposed", "GroupNormalization"),
    ("einsum_matmul", "Einsum"), ("isnan_compare", "IsNaN"), ("where_arithmetic", "Where")])
def test_the_operator_is_gone(name, op, tmp_path):
    make = next(case[1] for case in CASES if case[0] == name)
    result = done(make(tmp_path / "m.onnx"), [name], tmp_path / "new.onnx")
    assert op not in {node.op_type for node in onnx.load(result.path).graph.node}
    removed = [line.text for line in result.lines if line.kind == "-"]
    assert any(f"= {op}(" in text for text in removed)


def test_a_perceptron_needs_nothing(tmp_path):
    assert offers(perceptron(tmp_path / "m.onnx"), named(["layer_norm_decomposed", "transpose_3d"])) == ()
    with pytest.raises(UsageError, match="Nothing to rewrite"):
        done(perceptron(tmp_path / "m.onnx"), ["transpose_3d"], tmp_path / "n.onnx")


def test_the_reshape_of_an_exported_group_norm_is_widened_not_doubled(tmp_path):
    result = done(models.group_norm_export(tmp_path / "m.onnx"), ["instance_norm_4d"], tmp_path / "n.onnx")
    model = Model.load(result.path)
    assert [n.op_type for n in model.nodes] == ["Conv", "Reshape", "InstanceNormalization", "Reshape", "Mul", "Add"]
    assert model.rank(model.nodes[2].input[0]) == 4


def test_a_dynamic_model_gets_the_sizes_asked_for(tmp_path):
    source = models.shape_arithmetic(tmp_path / "m.onnx")
    result = done(source, ["shapes_fixed", "constants_folded"], tmp_path / "n.onnx", shapes={"x": (4, 2, 3)})
    assert result.proved
    model = Model.load(result.path)
    assert [n.op_type for n in model.nodes] == ["Reshape", "Mul"]
    assert model.shape("y") == (4, 6)


def test_a_constant_that_is_no_mask_is_left_alone(tmp_path):
    assert "mask_constant_bounded" not in {o.name for o in offers(models.clipped(tmp_path / "m.onnx"))}
    assert "mask_constant_bounded" not in {o.name for o in offers(models.causal_mask(tmp_path / "n.onnx", -1e4))}


def test_an_infinite_mask_is_bounded_too(tmp_path):
    result = done(models.causal_mask(tmp_path / "m.onnx", -np.inf), ["mask_constant_bounded"], tmp_path / "n.onnx")
    assert result.proved
    mask = Model.load(result.path).constant("mask")
    assert mask is not None
    assert mask.min() == -1e4


def test_weights_outside_the_file_come_along(tmp_path):
    source = models.outside_weights(tmp_path / "m.onnx")
    result = done(source, ["layer_norm_decomposed"], tmp_path / "new" / "n.onnx")
    assert (tmp_path / "new" / "weights" / "data.bin").read_bytes() == (tmp_path / "weights" / "data.bin").read_bytes()
    assert result.proved


def test_only_the_named_nodes(tmp_path):
    with pytest.raises(UsageError, match="Nothing to rewrite"):
        done(models.layer_norm(tmp_path / "m.onnx"), ["layer_norm_decomposed"], tmp_path / "n.onnx", nodes=["other"])
    result = done(models.layer_norm(tmp_path / "m.onnx"), ["layer_norm_decomposed"], tmp_path / "n.onnx",
                  nodes=["norm"])
    assert result.applied == (("layer_norm_decomposed", 1),)


def test_a_rewrite_that_changes_the_answer_is_not_proved(tmp_path, monkeypatch):
    """A wrong one on purpose: epsilon is forgotten."""
    from diag.rewrites import norms

    monkeypatch.setattr(norms, "_attribute", lambda _node, _name, default: default * 0)
    result = done(models.layer_norm(tmp_path / "m.onnx"), ["layer_norm_decomposed"], tmp_path / "n.onnx")
    assert not result.proved
    assert {f.code for f in result.findings} == {"CNV014"}
    assert result.largest > 1e-4


def test_a_misspelt_name_gets_the_close_one():
    with pytest.raises(UsageError) as caught:
        named(["layernorm_decomposed"])
    assert caught.value.hint == "Did you mean 'layer_norm_decomposed'?"


def test_rubbish_is_no_model(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x00\x01 rubbish")
    with pytest.raises(FormatError):
        offers(path)


def test_a_stop_is_obeyed(tmp_path):
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        list(rewrite(models.layer_norm(tmp_path / "m.onnx"), ["layer_norm_decomposed"], tmp_path / "n.onnx", cancel))


@pytest.mark.parametrize("equation", ["ii,ij->j",
                                      "ij,jk,kl->il", "ij->ji",
                                      "abc,abd->c", "...ij,jk->ik", "", "ij,kl->ijkl"])
def test_equations_that_are_no_product(equation):
    assert product(equation) is None


def test_all_names_are_different():
    assert len(set(NAMES)) == len(NAMES) == 22


MAKERS = (models.layer_norm, models.group_norm_export, models.channels_last, models.causal_mask, models.isnan,
          models.einsum("bij,bjk->bik", (1, 2, 3), (1, 3, 2)), models.shape_arithmetic, models.shared_scale)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, len(MAKERS) - 1), end=st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.5]),
       edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4))
def test_any_bytes_are_offered_something_or_are_no_model(tmp_path, which, edits, end):
    source = MAKERS[which](tmp_path / f"{which}.onnx")
    data = bytearray(source.read_bytes())
    for place, value in edits:
        data[int(place * (len(data) - 1))] = value
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(data[:int(end * len(data))])
    with contextlib.suppress(FormatError):
        assert all(offer.sites for offer in offers(broken))


def test_nodes_that_lack_what_they_need_are_left_alone(tmp_path):
    nodes = [helper.make_node("LayerNormalization", ["x"], ["a"], "n1"), helper.make_node("Where", [], ["b"], "n2"),
             helper.make_node("Einsum", ["x", ""], ["c"], "n3", equation="ij,jk->ik"),
             helper.make_node("Transpose", [""], ["d"], "n4", perm=[0, 3, 1, 2]),
             helper.make_node("IsNaN", ["x"], [], "n5"), helper.make_node("Conv", ["x"], ["e"], "n6")]
    graph = helper.make_graph(nodes, "odd", [small_models.value("x", (2, 2))],
                              [small_models.value(n, None) for n in "abcde"])
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    assert offers(path, named(["layer_norm_decomposed", "where_arithmetic", "einsum_matmul", "transpose_3d",
                               "isnan_compare", "attributes_explicit"])) == ()


@pytest.mark.parametrize(("name", "make", "ends"), [
    ("layer_norm_decomposed", models.layer_norm, ["n"]), ("layer_norm_decomposed", models.outside_weights, ["n"]),
    ("instance_norm_4d", models.group_norm_export, ["b"]), ("instance_norm_4d", models.instance_norm_alone, ["n"]),
    ("transpose_3d", models.channels_last, ["p"]), ("isnan_compare", models.isnan, ["n"]),
    ("group_norm_decomposed", models.group_norm(21), ["y"]), ("opset_lowered", models.layer_norm, ["n"])])
def test_each_place_is_proved_alone(name, make, ends, tmp_path):
    source = make(tmp_path / "m.onnx")
    result = done(source, [name], tmp_path / "new" / "n.onnx")
    found = list(prove_places(source, result.path, Cancel()))
    assert [change.output for change in found] == ends
    assert all(change.same and change.rel_l2 <= LIMIT for change in found)
    assert [p.name for p in result.path.parent.glob(".*")] == []


def test_rounding_that_grew_is_refused_unless_allowed_and_a_wrong_place_always(tmp_path, monkeypatch):
    source = models.layer_norm_amplified(tmp_path / "m.onnx")
    strict = done(source, ["layer_norm_decomposed"], tmp_path / "n.onnx")
    assert LIMIT < strict.largest < 1e-5
    assert not strict.proved
    assert strict.only_grew
    assert {f.code for f in strict.findings} == {"CNV014"}
    assert done(source, ["layer_norm_decomposed"], tmp_path / "o.onnx", limit=1e-5).proved
    monkeypatch.setattr(norms, "_attribute", lambda _node, _name, default: default * 1.5)
    wrong = done(source, ["layer_norm_decomposed"], tmp_path / "p.onnx", limit=1e-3)
    assert not wrong.proved
    assert not wrong.only_grew
    assert [(change.output, change.same) for change in wrong.places] == [("n", False)]
    assert {f.code for f in wrong.findings} == {"CNV014"}
