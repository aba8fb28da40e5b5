"""Compiled models: containers of both widths, tables of names, tasks, the JSON of one, one inside a MindIR."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diag.errors import FormatError
from diag.formats import compiled, om
from diag.formats.om.container import KINDS
from diag.formats.om.tasks import Task
from diag.formats.registry import open_model
from diag.types.dtype import DType
from diag.types.ge import GeModel

from om_files import block, entry, flags, graph, model, number, op, texts  # isort: skip
from om_files import om as built  # isort: skip
from samples import shared  # isort: skip

TENSOR = block(34, number(2, 2) + block(3, block(1, bytes([1, 3, 32]))) + block(4, "NC1HWC0"))
CONV = op("conv", "Conv2D", ("x:0", "w:0", "x:-1"), 3, outputs=TENSOR)


def opened(tmp_path: Path, data: bytes) -> om.Compiled:
    file = tmp_path / "net.om"
    file.write_bytes(data)
    return om.read(file)


@pytest.mark.parametrize("wide", [True, False])
def test_a_container_of_either_width(tmp_path, wide):
    found = opened(tmp_path, built([(0, model(graph("g", op("x", "Data"), CONV))), (1, bytes(7)), (99, b"abc")],
                                   wide=wide))
    assert [[(p.kind, p.end - p.start) for p in m][1:] for m in found.partitions] == [[("WEIGHTS", 7), ("kind 99", 3)]]
    assert (found.header.name, found.header.wide, found.model.kind) == ("net", wide, "om")
    conv = found.model.main.by_name["conv"]
    assert (conv.type, conv.inputs, conv.controls) == ("Conv2D", (("x", 0), ("w", 0)), ("x",))
    out = conv.body.outputs[0]
    assert (out.dtype, out.shape, out.layout, conv.body.id) == (DType.FLOAT16, (1, 3, 32), "NC1HWC0", 3)


def test_names_and_values_from_tables(tmp_path):
    # \0\1 is the first name, \0\2 the second; the second model's names lead into the first one's table.
    first = block(11, entry("attr_name_enum", texts("index", "engine"))) + block(
        11, entry("attr_value_enum", texts("aicpu", "aicore"))) + block(
        11, entry("attrs_use_string_value", flags(False, True)))
    second = block(11, entry("attr_name_enum", texts("\0\2")))
    attributes = block(10, entry(b"\0\1", number(3, 7))) + block(10, entry(b"\0\2", number(3, 1)))
    found = opened(tmp_path, built([(0, model(graph("a", op("x", "Data", attributes=attributes)), attributes=first))],
                                   [(0, model(graph("b", op("y", "Cast", attributes=block(
                                       10, entry(b"\0\1", number(3, 0))))), attributes=second))]))
    x, y = (g.ops[0].body.attributes for g in found.model.graphs)
    assert x == {"index": 7, "engine": "aicore"}
    assert y == {"engine": "aicpu"}


def test_a_name_that_leads_nowhere_is_called_by_its_number(tmp_path):
    found = opened(tmp_path, built([(0, model(graph("a", op("x", "Data", attributes=block(
        10, entry(b"\0\x7f", number(3, 7)))))))]))
    assert found.model.main.ops[0].body.attributes == {"attribute 126": 7}


def test_tasks_name_their_operations(tmp_path):
    kernel = block(20, block(1, number(4, 3)) + number(11, 8) + block(17, "te_conv__kernel0"))
    copy = block(31, number(6, 9))
    tasks = block(10, number(2, 0) + number(10, 2) + kernel) + block(10, number(2, 13) + copy)
    found = opened(tmp_path, built([(0, model(graph("g", op("x", "Data"), CONV))), (2, tasks)]))
    assert found.tasks == (Task("kernel", 0, 2, "conv", "te_conv__kernel0", 8), Task("copy", 13, 0, ""))


def test_damaged_tasks_are_a_note(tmp_path):
    found = opened(tmp_path, built([(0, model(graph("g", CONV))), (2, b"\x52\xff\xff")]))
    assert found.tasks == ()
    assert "tasks cannot be read" in found.model.notes[0]


@pytest.mark.parametrize(("data", "said"), [
    (built([(0, b"")], encrypted=True), "encrypted"), (built([(0, b"")], header=512), "512 bytes (version 0x20000000)"),
    (b"IMOD" + bytes(20), "header of 256 bytes"), (built([(0, bytes(90))])[:-30], "MODEL_DEF"),
    (built([(0, model(graph("g", CONV)))])[:300], "MODEL_DEF"), (built([(0, b"")])[:260], "table of partitions"),
    (b"PK\x03\x04" + bytes(300), "OM2"),
    (built([(0, model(graph("g", CONV))[:-4])]), "a compiled model (OM)"),
])
def test_what_cannot_be_read_is_said(tmp_path, data, said):
    with pytest.raises(FormatError) as error:
        opened(tmp_path, data)
    assert said in " ".join(error.value.lines())


def test_a_new_version_is_read_and_said(tmp_path):
    found = opened(tmp_path, built([(0, model(graph("g", CONV)))], version=0x30000000))
    assert len(found.model.main.ops) == 1
    assert "0x30000000" in found.model.notes[0]


@pytest.mark.parametrize(("name", "graphs", "tasks"), [
    ("om/dynamic_and_static_graph_without_unfold.om", [("root", 6), ("sub_1", 4), ("sub_2", 4)], 3),
    ("om/root_model.om", [("test_graph_cache", 3)], 0), ("synthetic/toy_synthetic.om", [("main_graph", 18)], 0)])
def test_the_real_containers(name, graphs, tasks):
    found = om.read(shared(f"formats/{name}"))
    assert [(g.name, len(g.ops)) for g in found.model.graphs] == graphs
    assert len(found.tasks) == tasks
    assert all(p.kind in KINDS.values() for m in found.partitions for p in m)


def test_compressed_attributes_of_the_real_dynamic_model():
    found = om.read(shared("formats/om/dynamic_and_static_graph_without_unfold.om"))
    sub = found.model.graphs[1].by_name["data_i"].body.attributes
    assert (sub["index"], sub["_parent_node_index"]) == (0, 0)
    assert found.model.main.by_name["rank"].engine == "AIcoreEngine"


def facts_of_ops(model: GeModel) -> list[object]:
    return [(op.name, op.type, op.inputs, op.controls, op.originals, op.passes,
             [(t.dtype, t.layout, t.shape, t.origin_layout, t.origin_shape, t.original) for t in op.body.outputs])
            for op in model.main.ops]


def test_one_model_says_the_same_in_every_form():
    """OM, its JSON, the compiler's dump and the MindIR around it hold the same graph."""
    as_om = compiled.read(shared("formats/synthetic/toy_synthetic.om"))
    as_json = compiled.read(shared("formats/synthetic/toy_synthetic_om.json"))
    as_text = compiled.read(shared("formats/synthetic/ge_proto_00000099_graph_0_Build.txt"))
    within = compiled.inside(open_model(shared("formats/synthetic/toy_ascend_SYNTHETIC.mindir")))
    assert within is not None
    wanted = facts_of_ops(as_om)
    assert len(wanted) == 18
    assert facts_of_ops(as_json) == facts_of_ops(as_text) == facts_of_ops(within) == wanted
    assert as_om.attributes["soc_version"] == as_json.attributes["soc_version"] == "Ascend310P3"


def test_the_real_json_with_its_quirks():
    found = om.read_json(shared("formats/om_json/msit_msquickcmp_model.json"))
    assert len(found.main.ops) == 19
    cast = found.main.by_name["trans_Cast_0"]
    assert cast.originals == ()
    assert json.loads(str(cast.body.attributes["_op_slice_info"]))["_op_slice_info"]["l1FusionEnable"] == 0
    assert found.attributes["tasks"] is None
    assert cast.body.outputs[0].original == ("boxes_all", 0)
    assert found.main.by_name["boxes_all"].body.id == 0


@pytest.mark.parametrize(("data", "said"), [
    (b'{"graph": [{"op": [', "JSON that atc"), (b'{"graph": 3}', "no list 'graph'"), (b'{"graph": []}', "operations"),
    (b'{"graph": [{"op": [3, null, "x"]}]}', "operations"), (b'{"graph":' + b"[" * 99_999, "JSON that atc"),
    (b'{"graph": [{"op": [' + b'{"attr":[' * 300 + b"]}" * 300 + b"]}]}", "100 messages"),
])
def test_json_that_is_no_model_is_said(tmp_path, data, said):
    file = tmp_path / "x.json"
    file.write_bytes(data)
    with pytest.raises(FormatError, match=said):
        om.read_json(file)


def test_facts_for_inspect():
    found = compiled.facts(compiled.read(shared("formats/synthetic/toy_synthetic.om")))
    assert (found.nodes, found.ops["Const"], found.weights) == (18, 6, 6)
    assert [(i.name, i.dtype, i.shape) for i in found.inputs] == [("x", DType.FLOAT32, (1, 3, 32, 32))]
    assert [(o.dtype, o.shape) for o in found.outputs] == [(DType.FLOAT32, (1, 10))]
    assert found.metadata["soc_version"] == "Ascend310P3"
