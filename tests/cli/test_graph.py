"""``diag graph``: shown, compared, searched, as a user types it."""

from __future__ import annotations

import contextlib
import json
from importlib.resources import files
from pathlib import Path

import goldenfile
import jsonschema
import pytest
from samples import shared
from small_models import perceptron

from diag.cli.main import main

SCHEMA = json.loads((files("resources") / "schema" / "diag.graph-1.schema.json").read_text(encoding="utf-8"))


def dump(folder: Path, number: int, stage: str, *ops: tuple[str, str, str]) -> Path:
    lines = ["graph {", '  name: "g"']
    for name, kind, reads in ops:
        lines += ["  op {", f'    name: "{name}"', f'    type: "{kind}"', f'    input: "{reads}"', "    output_desc {",
                  "      dtype: DT_FLOAT16", '      layout: "ND"', "    }", "  }"]
    file = folder / f"ge_proto_{number:08d}_graph_0_{stage}.txt"
    file.write_text("\n".join([*lines, "}", ""]))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dump(tmp_path, 1, "PreRunBegin", ("x", "Data", ""), ("a", "Add", "x:0"))
    dump(tmp_path, 2, "Build", ("x", "Data", ""), ("cast", "Cast", "x:0"), ("a", "Add", "cast:0"))
    return tmp_path


def document(diag, *words: object) -> dict:
    answer = diag("graph", *words, "--json", "-")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    jsonschema.validate(found, SCHEMA)
    return found


def test_a_dump_is_shown(diag, folder):
    found = document(diag, "show", folder / "ge_proto_00000002_graph_0_Build.txt")
    assert found["graphs"][0] | {"path": ""} == {
        "name": "Build", "path": "", "format": "ge_proto", "nodes": 3, "edges": 2, "inputs": ["x"], "outputs": [],
        "subgraphs": [], "ops": {"Data": 1, "Cast": 1, "Add": 1}, "facts": {"stage": "Build"}}


def test_one_node_is_shown(diag, folder):
    found = document(diag, "show", folder / "ge_proto_00000002_graph_0_Build.txt", "--node", "a")
    assert (found["node"]["op"], found["node"]["inputs"], found["node"]["outputs"]) == ("Add", ["cast"],
                                                                                      ["float16 ND scalar"])


def test_two_graphs_and_a_folder_give_the_same_difference(diag, folder):
    two = document(diag, "diff", *sorted(folder.glob("*.txt")))
    whole = document(diag, "diff", folder, "--node", "a")
    assert two["added"] == [{"node": "cast", "op": "Cast"}] == whole["passes"][0]["added"]
    assert two["changed"] == [{"node": "a", "kind": "inputs", "before": "x", "after": "cast"}]
    assert [h["event"] for h in whole["history"]] == ["first"]


def test_search_looks_everywhere(diag, folder):
    hits = document(diag, "search", "cast|float16", folder / "ge_proto_00000002_graph_0_Build.txt")["hits"]
    assert [(h["node"], h["where"]) for h in hits] == [("x", "tensor"), ("cast", "name"), ("a", "tensor")]


def test_an_onnx_model_is_a_graph_too(diag, tmp_path):
    perceptron(tmp_path / "m.onnx")
    found = document(diag, "show", tmp_path / "m.onnx")
    assert found["graphs"][0]["format"] == "onnx"
    assert found["graphs"][0]["nodes"] > 0


def test_in_words_as_page_and_as_table(diag, folder, tmp_path):
    answer = diag("graph", "diff", folder, "--lang", "zh", "--html", tmp_path / "d.html", "--csv", tmp_path / "d.csv")
    assert "2 个阶段" in answer.out
    assert "Build" in (tmp_path / "d.html").read_text(encoding="utf-8")
    assert "Build,added,cast,,Cast" in (tmp_path / "d.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(("words", "said"), [
    (("show", "a", "b"), "One graph at a time"), (("diff", "a"), "Two graphs are wanted"),
    (("search", "x"), "A pattern and at least one graph"), (("search", "(", "f"), "no regular expression"),
    (("show", "/nowhere.txt"), "no such file"),
])
def test_what_makes_no_sense_is_said(diag, words, said):
    answer = diag("graph", *words)
    assert answer.code == 2
    assert said in answer.err


def test_a_node_that_is_not_there_gets_the_nearest_name(diag, folder):
    answer = diag("graph", "show", folder / "ge_proto_00000002_graph_0_Build.txt", "--node", "castt")
    assert answer.code == 2
    assert "Did you mean 'cast'?" in answer.err


def test_the_real_resnet(diag):
    path = shared("formats/ge_dump/complie_path/ge_proto_00000062_Build.txt")
    found = document(diag, "show", path)["graphs"][0]
    assert (found["nodes"], found["ops"]["Conv2D"], found["ops"]["Const"]) == (170, 50, 108)


def test_a_folder_is_shown_stage_by_stage(diag, folder):
    found = document(diag, "show", folder)
    assert [(g["name"], g["nodes"]) for g in found["graphs"]] == [("PreRunBegin", 2), ("Build", 3)]
    assert found["passes"] == []
    assert "Build" in diag("graph", "show", folder).out


def test_a_stage_that_cannot_be_read_is_a_note(diag, folder):
    (folder / "ge_proto_00000003_graph_0_AfterCut.txt").write_text("graph {\n  op {")
    found = document(diag, "diff", folder)
    assert [g["name"] for g in found["graphs"]] == ["PreRunBegin", "Build"]
    assert "ge_proto_00000003_graph_0_AfterCut.txt" in found["notes"][0]


def test_of_several_compilations_one_is_shown_and_the_others_are_told(diag, folder):
    (folder / "ge_proto_00000009_graph_7_Build.txt").write_text(
        'graph {\n  op {\n    name: "y"\n    type: "Data"\n  }\n}\n')
    assert "--graph-id 7" in document(diag, "diff", folder)["notes"][0]
    assert [g["path"].rpartition("_graph_")[2] for g in document(diag, "show", folder, "--graph-id", 7)["graphs"]] == [
        "7_Build.txt"]
    answer = diag("graph", "diff", folder, "--graph-id", 3)
    assert (answer.code, "graphs 0, 7" in answer.err) == (2, True)


def test_search_goes_through_a_folder(diag, folder):
    hits = document(diag, "search", "^cast$", folder)["hits"]
    assert [Path(h["file"]).name for h in hits] == ["ge_proto_00000002_graph_0_Build.txt"]


def test_help_is_as_it_was(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.suppress(SystemExit):
        main(["graph", "--help"])
    _, _, text = capsys.readouterr().out.partition("\n\n")
    goldenfile.check("help-graph.txt", text)


def test_the_folder_above_the_dumps_will_do_where_one_below_holds_them(diag, folder, tmp_path):
    above = tmp_path / "above"
    (above / "pid_7_deviceid_0").mkdir(parents=True)
    for file in folder.glob("ge_proto*"):
        file.rename(above / "pid_7_deviceid_0" / file.name)
    assert [g["name"] for g in document(diag, "show", above)["graphs"]] == ["PreRunBegin", "Build"]
    (above / "pid_8_deviceid_0").mkdir()
    dump(above / "pid_8_deviceid_0", 1, "Build", ("x", "Data", ""))
    answer = diag("graph", "show", above)
    assert answer.code == 2
    assert "pid_7_deviceid_0, pid_8_deviceid_0" in answer.err


def test_a_node_is_found_by_what_it_was_made_from(diag, tmp_path):
    file = dump(tmp_path, 1, "Build", ("x", "Data", ""), ("convrelu", "Conv2D", "x:0"))
    names = ('    attr { key: "_datadump_original_op_names" value { list { s: "conv" s: "relu" val_type: VT_LIST_STRING'
             " } } }\n")
    file.write_text(file.read_text().replace('    type: "Conv2D"\n', '    type: "Conv2D"\n' + names))
    assert document(diag, "show", file, "--node", "relu")["node"]["name"] == "convrelu"


def test_json_of_a_compiled_model_may_begin_with_a_byte_order_mark(diag, tmp_path):
    file = tmp_path / "model.json"
    text = json.dumps({"graph": [{"name": "g", "op": [{"name": "x", "type": "Data"}]}], "name": "m"}, indent=1)
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert document(diag, "show", file)["graphs"][0]["nodes"] == 1


def test_a_listing_for_readers_names_the_file_to_give(diag, tmp_path):
    file = tmp_path / "ge_readable_00000001_graph_0_Build.txt"
    file.write_text('graph("g"):\n  return\n')
    answer = diag("graph", "show", file)
    assert answer.code == 2
    assert "ge_proto" in answer.err
