"""Columns, selected lines, nodes, environment, document, command."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
from pathlib import Path

import pytest

from diag.cancel import Cancel
from diag.cli.main import main
from diag.errors import UsageError
from diag.graphs import of_graph, open_view
from diag.logs import triage
from diag.logs.columns import LEVELS, read_columns
from diag.logs.document import document
from diag.logs.environment import settings, shell_block, variables
from diag.logs.grammar import microseconds, parse_line
from diag.logs.graphs import link
from diag.logs.record import Level
from diag.logs.select import Filter, make_pattern, select
from diag.logs.source import text_source
from diag.logs.words import sentences
from diag.types.graph import Graph, Node

HEADS = ["[ERROR] RUNTIME(155320,python3):", "[INFO] GE(1,None):", "[DEBUG] TEFUSION(99,a b):",
         "[WARNING] LITE(17,7f63047d4b80,python):",
         "[EVENT] HCCL(5,x):", "[CRITICAL] ME(6:77,P-1:2):", "[TRACE] GE(7,y):"]
TIMES = ["2025-05-08-09:56:18.522.534", "1970-01-01-00:00:00.000.001", "2024-02-29-23:59:59.999.999",
         "2025-12-31-00:00:00.000.000"]
STARTS = [f"{head}{time}" for head in HEADS for time in TIMES]
TEXT = "".join(f"{start} [a.cc:{i}]{i} F:text {i}\n" for i, start in enumerate(STARTS)) \
    + "        TraceBack (most recent call last):\n\nfree text without header\n[ERROR] half"


def test_columns_agree_with_the_grammar() -> None:
    columns = read_columns(io.BytesIO(TEXT.encode()))
    lines = TEXT.split("\n")
    assert len(columns.offset) == len(lines)
    for row, line in enumerate(lines):
        parsed = parse_line(line)
        if not parsed.time:
            assert (columns.pid[row], columns.time_us[row], columns.modules[columns.module[row]]) == (-1, -1, "")
            continue
        assert LEVELS[columns.level[row]] == parsed.level
        assert columns.modules[columns.module[row]] == parsed.module
        assert columns.time_us[row] == microseconds(parsed.time)
        assert columns.pid[row] == parsed.pid
    for row in (3, 0, len(lines) - 1):
        begin = int(columns.offset[row])
        assert TEXT.encode()[begin:begin + int(columns.length[row])] == lines[row].encode()


def test_columns_of_nothing() -> None:
    assert len(read_columns(io.BytesIO(b"")).offset) == 0
    assert len(read_columns(io.BytesIO(b"\n")).offset) == 1


def chosen(**how: object) -> list[str]:
    return [f"{'' if line.matched else '~'}{line.text}" for line in select(text_source(LOG), Filter(**how),
                                                                           Cancel())]  # type: ignore[arg-type]


LOG = """\
[INFO] GE(1,atc):2025-01-01-00:00:00.000.000 [a.cc:1]1 F:one
[ERROR] GE(1,atc):2025-01-01-00:00:01.000.000 [a.cc:1]1 F:two
   its second line
[ERROR] FE(2,atc):2025-01-01-00:00:02.000.000 [a.cc:1]1 F:three
[WARNING] FE(2,atc):2025-01-01-00:00:03.000.000 [a.cc:1]1 F:four
"""


def test_select() -> None:
    lines = LOG.splitlines()
    assert chosen() == lines
    assert chosen(least=Level.ERROR) == lines[1:4]
    assert chosen(modules=frozenset({"GE"})) == lines[:3]
    assert chosen(pids=frozenset({2})) == lines[3:]
    assert chosen(pattern=make_pattern("THREE|one")) == [lines[0], lines[3]]
    assert chosen(pattern=make_pattern("second"), around=1) == [f"~{lines[1]}", lines[2], f"~{lines[3]}"]
    assert chosen(since_us=microseconds("2025-01-01-00:00:01"),
                  until_us=microseconds("2025-01-01-00:00:02")) == lines[1:4]


def test_a_bad_expression_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="not a regular expression"):
        make_pattern("(")


def node(name: str, op: str) -> Node:
    return Node(name, op, (), ())


def test_names_are_linked_to_nodes() -> None:
    graph = Graph("g", "onnx", None, (), (), (node("/fc/MatMul", "MatMul"), node("/layers.4/Slice", "Slice"),
                                              node("/stem/Conv", "Conv")))
    for name, wanted, exact in (("/fc/MatMul", "/fc/MatMul", True), ("/layers.4/Slice_ascend_mbatch_batch_5",
                                                                     "/layers.4/Slice", False),
                                ("Default/stem/Conv-op12", "/stem/Conv", False)):
        found = triage(f"E20001: Failed to compile Op [{name}]. (optype: [X])\n")
        linked = link(found, [of_graph(graph, "g")])
        assert (linked[0].name, linked[0].node, linked[0].exact) == (name, wanted, exact)
    assert link(triage("E20001: Failed to compile Op [/other/Thing].\n"), [of_graph(graph, "g")]) == ()


def test_a_name_inside_a_fused_operation_leads_to_it(tmp_path: Path) -> None:
    file = tmp_path / "ge_proto_00000001_graph_0_Build.txt"
    file.write_text('graph {\n  name: "g"\n  op {\n    name: "convrelu"\n    type: "Conv2D"\n    attr {\n'
                    '      key: "_datadump_original_op_names"\n      value {\n        list {\n'
                    '          s: "/conv/Conv"\n          s: "/relu/Relu"\n        }\n      }\n    }\n  }\n}\n')
    found = triage("E20001: Failed to compile Op [/relu/Relu]. (optype: [X])\n")
    assert [(one.node, one.op) for one in link(found, [open_view(file)])] == [("convrelu", "Conv2D")]


def test_shell_block_is_shell(tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    chosen_settings = settings(folder, screen=True, dumps=True)
    for lang in ("en", "zh"):
        block = shell_block(chosen_settings, sentences(lang))
        out = subprocess.run(["/bin/sh", "-c", f"{block}\nenv"], capture_output=True, text=True, check=True,
                             env={}).stdout
        for name, value in variables(chosen_settings).items():
            assert f"{name}={value}" in out.splitlines()
    assert "DUMP_GE_GRAPH" not in variables(settings(folder))
    assert shlex.split(block.splitlines()[3].partition("#")[0])[0] == "export"


def test_document_has_the_keys_of_the_contract() -> None:
    doc = document(triage(LOG + "E20001: Failed to compile Op [/a]. (optype: [X])\n"), "zh")
    assert doc["schema"] == "diag.log/1"
    assert doc["verdict"] == "fail"
    assert {"kind", "findings", "environment", "timing", "memory", "run", "files", "counts", "root_cause", "chain",
            "codes"} <= set(doc)
    assert set(doc["counts"]) == {"level", "module"}
    root = doc["root_cause"]
    assert {"file", "line", "time", "module", "code", "text", "finding"} <= set(root)
    assert (root["line"], root["code"], root["finding"]["code"]) == (6, "E20001", "LOG303")
    assert doc["chain"][0] == root
    assert doc["codes"][0]["code"] == "E20001"
    json.dumps(doc, allow_nan=False)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "a.log"
    log.write_text("[ERROR] LITE(1,7f,py):2025-01-01-00:00:00.000.000 [a.cc:1] N] not support onnx data type "
                   "\x1b[31mDet\n")
    assert main(["log", "triage", str(log)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("Cause: The converter has no parser for operator Det (a.log, line 1)\n")
    assert "\x1b" not in out
    assert main(["log", "triage", str(log), "--json", "-"]) == 1
    assert json.loads(capsys.readouterr().out)["root_cause"]["operator"] == "Det"
    assert main(["log", "triage", str(log), "--lang", "zh", "-q", "--json", str(tmp_path / "x.json")]) == 1
    assert capsys.readouterr().out == ""
    assert "转换工具" in json.loads((tmp_path / "x.json").read_text("utf-8"))["findings"][0]["title"]
    assert main(["log", "code", "-1", "507011"]) == 0
    assert "0x7BC83" in capsys.readouterr().out
    assert main(["log", "code", "E10099"]) == 1
    assert main(["log", "show", str(log), "--level", "ERROR", "--grep", "det"]) == 0
    assert main(["log", "env", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["log", "show", str(log), "--since", "noon"]) == 2
    assert main(["log", "show", str(log), "--pid", "x"]) == 2
    assert main(["log", "triage", str(tmp_path / "none")]) == 2
    assert main(["log", "triage"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_html_and_csv_hold_no_markup_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("E20001: Failed to compile Op [<script>alert(1)</script>]. (optype: [=cmd|x])\n")
    files = ["--html", str(tmp_path / "o/x.html"), "--csv", str(tmp_path / "x.csv")]
    assert main(["log", "triage", str(log), "-q", *files]) == 1
    page = (tmp_path / "o/x.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    rows = (tmp_path / "x.csv").read_text("utf-8").splitlines()
    assert rows[0].startswith("role,file,line")
    assert rows[1].startswith("cause,")
    assert ",=cmd" not in rows[1]


def test_relays_and_fault_events_are_not_skipped() -> None:
    head = "[EVENT] DRV(1,dmp):2025-01-01-00:00:00.000.000 [dms.c:1][fault]"
    event = "event_id=0x80e18404; device_id=0; event_type=0x9[fault]; severity={}; assertion=1[Event occur];\n"
    assert triage(head + event.format("1[Warning]")).verdict == "no-failure"
    found = triage(head + event.format("3[Critical]"))
    assert found.root_cause is not None
    assert found.root_cause.rule == "dev.fault-event"
    relay = "[EVENT] KERNEL(0,klogd):2025-01-01-00:00:00.000.000 [klogd.c:2][1.2] [ascend] [ERROR] [tsdrv] "
    assert triage(relay + "[f 1] queue id 7 is invalid\n").verdict == "root"
