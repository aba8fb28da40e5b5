"""The same fault in every coat: the answer is the same line."""

from __future__ import annotations

import json

import pytest

from diag.logs import Verdict, triage
from diag.logs.wrappers import logical_lines, unwrap

BLOCK = """\
RuntimeError: SetDevice:build/torch_npu.dir/compiler_depend.ts:99 NPU function error: aclrtSet, error code is 507033
[ERROR] 2025-03-04-10:00:00 (PID:77, Device:0, RankID:-1) ERR00100 PTA call acl api failed
EL0004: [PID: 77] 2025-03-04-10:00:00.100.200 Failed to allocate memory requested by the GE module.
        Possible Cause: Available memory is insufficient.
        TraceBack (most recent call last):
        Call rtMalloc fail, size:3221225472, device_id:0[FUNC:Alloc][FILE:device_allocator.cc][LINE:72]
        build graph failed, graph id:0, ret:4294967295[FUNC:BuildModelWithGraphId][FILE:ge_generator.cc][LINE:1622]"""
PREFIXES = {
    "plain": "", "ray": "(train_worker pid=8464) ", "ray-ip": "(RayTrainWorker pid=12, ip=10.0.0.3) ",
    "torchrun": "[rank0]: ",
    "vllm": "(EngineCore_DP0 pid=247) ERROR 06-08 14:11:34 [core.py:1136] ",
    "vllm-bare": "ERROR 06-08 14:11:34 [core.py:1136] ",
    "compose": "model-server   | ", "quotation": "> ", "deep-quotation": "> > ",
    "stage": "[Stage-0] ERROR 01-21 17:28:55 [w.py:2] ",
    "cri": "2025-03-04T10:00:00.000000001+08:00 stderr F ", "mpirun": "[1,3]<stderr>:", "colours": "\x1b[31m",
    "syslog": "Mar  4 10:00:00 node17 python3[77]: ",
}


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
def test_prefixes(prefix: str) -> None:
    found = triage("\n".join(prefix + line for line in BLOCK.splitlines()))
    assert found.root_cause is not None
    assert "Failed to allocate memory" in found.root_cause.text
    assert found.root_cause.rule == "mem.device"
    assert found.root_cause.line == 3
    assert found.root_cause.code == "EL0004"


def test_fenced() -> None:
    found = triage(f"It failed:\n```text\n{BLOCK}\n```\nWhat now?")
    assert found.root_cause is not None
    assert found.root_cause.line == 5


@pytest.mark.parametrize("times", [1, 2])
def test_json_escaped(times: int) -> None:
    text = BLOCK
    for _ in range(times):
        text = json.dumps({"detail": text})
    found = triage(text + "\n")
    assert found.root_cause is not None
    assert found.root_cause.rule == "mem.device"
    assert found.root_cause.line == 1
    assert "build graph failed" not in found.root_cause.text


def test_docker_json_log() -> None:
    lines = [json.dumps({"log": line + "\n", "stream": "stderr", "time": "2025-03-04T10:00:00Z"}, separators=(",", ":"))
             for line in BLOCK.splitlines()]
    found = triage("\n".join(lines) + "\n")
    assert found.root_cause is not None
    assert (found.root_cause.rule, found.root_cause.line) == ("mem.device", 3)


def test_flattened() -> None:
    found = triage("in forward return f(x) " + " ".join(line.strip() for line in BLOCK.splitlines()) + "\n")
    assert found.root_cause is not None
    assert found.root_cause.rule == "mem.device"


def test_interleaved_ranks_are_kept_apart() -> None:
    one = [f"[rank0]: {line}" for line in BLOCK.splitlines()]
    other = [f"[rank1]: {line}" for line in (
        "EI0006: [PID: 78] 2025-03-04-10:00:00.100.100 Getting socket times out. Reason: the remote rank is late",
        "        TraceBack (most recent call last):", "        socket failed[FUNC:A][FILE:b.cc][LINE:3]")]
    mixed = [line for pair in zip(one, [*other, *other[1:], *other[1:]], strict=True) for line in pair]
    found = triage("\n".join(mixed))
    assert found.root_cause is not None
    assert found.root_cause.rule == "mem.device"
    assert "hccl.connect" in {cause.rule for cause in found.chain}


def test_unwrap_keeps_headers_as_they_are() -> None:
    line = "[ERROR] GE(1,atc):2025-01-01-00:00:00.000.000 [a.cc:1]1 F:text"
    assert unwrap(line).text == line
    assert logical_lines(line) == [line]
    assert [*logical_lines(line + line)] == [line, line]


def test_windows_paths_are_no_line_breaks() -> None:
    line = r"open C:\new\names.txt failed"
    assert logical_lines(line) == [line]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_encodings(encoding: str, tmp_path) -> None:
    path = tmp_path / "x.log"
    text = "[ERROR] ME(1,7f,py):2025-01-01-00:00:00.000.000 [a.cc:1] RealPath] file path not exists: /数据/模型.onnx\n"
    path.write_bytes(text.encode(encoding))
    found = triage(path)
    assert found.verdict is Verdict.ROOT
    assert found.root_cause is not None
    assert found.root_cause.finding.values["path"] == "/数据/模型.onnx"
