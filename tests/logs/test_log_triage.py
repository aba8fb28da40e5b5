"""Cause before consequence, on logs of our own making."""

from __future__ import annotations

import pytest

from diag.logs import Verdict, three_lines, triage
from diag.logs.diagnosis import Role

LITE = "[{}] LITE(475,ffff911bf010,converter_lite):2024-07-09-14:04:09.{:03d}.911 [mindspore/lite/x.cc:7] {}\n"


def lite(*lines: str) -> str:
    """A converter's log: lines of the form ``LEVEL Func] text``, a millisecond apart."""
    return "".join(LITE.format(*line.split(" ", 1)[:1], i, line.split(" ", 1)[1]) for i, line in enumerate(lines))


def test_the_chain_runs_from_cause_to_consequence() -> None:
    found = triage(lite("ERROR ConvertNodes] not support onnx data type Det", "ERROR Parse] convert onnx graph failed.",
                        "ERROR Convert] Handle graph failed: -1 Common error code."))
    assert found.verdict is Verdict.ROOT
    assert [cause.role for cause in found.chain] == [Role.CAUSE, Role.WRAPPER]
    assert found.chain[0].operator == "Det"
    assert found.chain[1].count == 1
    assert sum(found.counts.wrappers.values()) == 2


def test_only_unwinding_is_insufficient() -> None:
    found = triage(lite("ERROR BuildGraph] Convert graph  to om failed.", "ERROR Run] Acl pass impl run failed.",
                        "ERROR Convert] Convert model failed, ret=Common error code."))
    assert found.verdict is Verdict.INSUFFICIENT
    assert found.root_cause is None
    assert "plog" in three_lines(found)[2]


def test_a_warning_before_the_errors_may_be_the_cause() -> None:
    found = triage(lite("WARNING FindAdapter] Can't find OpAdapter for LSTM", "ERROR Run] Acl pass impl run failed."))
    assert found.root_cause is not None
    assert (found.root_cause.level, found.root_cause.operator) == ("WARNING", "LSTM")


def test_success_with_skipped_optimisations_is_no_failure() -> None:
    found = triage(lite("WARNING Run] Do constant fold failed.",
                        "WARNING InferProcess] node infer shape failed, node is /a")
                   + "CONVERT RESULT SUCCESS:0\n")
    assert found.verdict is Verdict.NO_FAILURE
    assert found.outcome == "success"
    assert found.counts.benign == {"lite.benign": 1}


def test_success_that_hides_a_broken_model() -> None:
    found = triage(lite("WARNING InferProcess] node infer shape failed, node is /fc/MatMul",
                        "WARNING Run] run pass failed, pass name is InferShapePass") + "CONVERT RESULT SUCCESS:0\n")
    assert found.latent
    assert found.root_cause is not None
    assert found.root_cause.node == "/fc/MatMul"
    assert "success" in three_lines(found)[0].lower()


def test_of_two_runs_only_the_one_that_failed_counts() -> None:
    good = lite("ERROR Read] Parse a.onnx failed.",
                "WARNING Run] Do constant fold failed.") + "CONVERT RESULT SUCCESS:0\n"
    bad = lite("ERROR RealPath] file path not exists: /nowhere/b.onnx", "ERROR Run] Convert model failed")
    for text in (good + bad, bad + "RuntimeError: Converter model failed! model_file is b\n" + good):
        found = triage(text)
        assert found.root_cause is not None
        assert found.root_cause.finding.values["path"] == "/nowhere/b.onnx"


def test_success_written_before_the_warnings_of_its_run() -> None:
    warnings = lite("WARNING InferProcess] node infer shape failed, node is /a", "ERROR Parse] Parse a.onnx failed.")
    assert triage("CONVERT RESULT SUCCESS:0\n" + warnings).verdict is Verdict.NO_FAILURE
    gave_up = lite("ERROR Convert] Handle graph failed: -1 Common error code.")
    failed = triage("CONVERT RESULT SUCCESS:0\n" + warnings + gave_up)
    assert failed.verdict is Verdict.ROOT


def plog(pid: int, second: int, module: str, text: str) -> str:
    return f"[ERROR] {module}({pid},python3):2025-01-02-03:04:{second:02d}.001.001 [f.cc:1]{pid} F:{text}\n"


def test_hardware_fault_joins_code_kernel_and_assertion() -> None:
    found = triage(
        plog(4, 1, "RUNTIME",
             "Task run failed, device_id=1, stream_id=5, task_id=12, errType=0x1(task exception), sqSwStatus=0")
        + plog(4, 1, "RUNTIME", "report error module_type=5, module_name=EZ9999")
        + plog(4, 1, "RUNTIME",
               "The extend info: errcode:(0, 0, 0) errorStr: timeout or trap error. fixp_error0 info: 0x3")
        + plog(4, 2, "RUNTIME",
               "Aicore kernel execute failed, device_id=1, fault kernel_name=GatherV3_ab_high, program id=1")
        + plog(4, 2, "IDEDD", "[ASSERT] x.h:13: Assertion `(0 <= index)' Index 7 out of range!")
        + plog(4, 3, "ASCENDCL", "synchronize stream failed, runtime result = 507035"))
    assert found.root_cause is not None
    assert "errcode:(0, 0, 0)" in found.root_cause.text
    text = " ".join(three_lines(found))
    assert "GatherV3_ab_high" in text
    assert "Index 7 out of range" in text
    assert {seen.code for seen in found.codes} >= {"507035", "(0, 0, 0)", "EZ9999"}


def test_a_cause_of_another_rank_beats_its_victims() -> None:
    found = triage(plog(11, 1, "HCCL",
                        "[Wait][LinkEstablish]wait socket establish timeout, role[1] rank[1] timeout[120]")
                   + plog(10, 2, "RUNTIME", "halMemAlloc failed: size=3221225472(bytes), drvRetCode=6, device_id=0!"))
    assert found.root_cause is not None
    assert found.root_cause.rule == "mem.device"
    assert "hccl.connect" in [cause.rule for cause in found.chain]


def test_a_fault_months_later_does_not_explain_an_earlier_one() -> None:
    later = plog(10, 2, "RUNTIME", "halMemAlloc failed: size=3221225472(bytes), drvRetCode=6").replace("2025-01",
                                                                                                       "2025-07")
    found = triage(plog(11, 1, "HCCL", "[Wait][LinkEstablish]wait socket establish timeout, rank[1]") + later)
    assert found.root_cause is not None
    assert found.root_cause.rule == "hccl.connect"


def test_processes_in_several_files_are_ordered_by_time(tmp_path) -> None:
    (tmp_path / "plog-1_2.log").write_text(plog(1, 30, "HCCL", "connected p2p timeout, timeout:130 s"))
    (tmp_path / "plog-2_1.log").write_text(plog(2, 10, "HCCL",
                                                "[Recv][RaSocket]errNo[0x000000000500000d] recv fail, data[0x1]"))
    found = triage(tmp_path)
    assert found.root_cause is not None
    assert found.root_cause.file.endswith("plog-1_2.log") or found.root_cause.rule == "hccl.broken"
    assert found.counts.module == {"HCCL": 2}


def test_rotated_set_is_read_oldest_first(tmp_path) -> None:
    for name in ("run.log", "run.log.1", "run.log.2", "run.log.10"):
        (tmp_path / name).write_text("x\n")
    assert [file.rpartition("/")[2] for file in triage(tmp_path).files] == ["run.log.10", "run.log.2", "run.log.1",
                                                                            "run.log"]


def test_repetitions_are_one_finding_with_a_count() -> None:
    found = triage("".join(lite("ERROR Populate] kernel_size/stride/dilation is nullptr") for _ in range(70)))
    assert found.root_cause is not None
    assert found.root_cause.count == 70
    assert len(found.chain) == 1


@pytest.mark.parametrize("text", ["", "\n\n", "hello\nworld\n", "\0\0\1\2" * 50])
def test_no_log_is_insufficient(text: str) -> None:
    assert triage(text + "\n").verdict is Verdict.INSUFFICIENT


def test_quiet_log_is_no_failure() -> None:
    text = "".join(f"[{level}] GE(1,atc):2025-01-01-00:00:00.000.000 [a.cc:1]1 F:x\n" for level in ("INFO", "EVENT"))
    found = triage(text)
    assert found.verdict is Verdict.NO_FAILURE
    assert found.counts.level == {"INFO": 1, "EVENT": 1}


def test_unknown_error_with_a_reason_is_named() -> None:
    found = triage(plog(1, 1, "DVPP", "invalid channel id 300, must be smaller than 256") + plog(1, 2, "ASCENDCL",
                                                                                                 "execute failed"))
    assert found.root_cause is not None
    assert found.root_cause.rule == "generic.error"
    assert "channel id 300" in three_lines(found)[0]


@pytest.mark.parametrize(("text", "rule"), [
    ("ImportError: libascend_hal.so: cannot open shared object file: No such file or directory", "env.library"),
    ("E10001: [PID: 3] 2024-08-08-01:01:01.000.001 Value Ascend310p for parameter soc_version is invalid.",
     "atc.parameter"),
    ("EZ3003: No supported Ops kernel and engine are found for [/enc/Where_12], optype [SelectV2].", "ge.no-engine"),
    ("/usr/x.cpp:3:10: fatal error: 'kernel_operator.h' file not found", "te.header"),
    ("[123.4] Out of memory: Killed process 42 (python3) total-vm:9kB", "te.killed"),
    ("RuntimeError: NPU out of memory. Tried to allocate 2.00 GiB (NPU 0; 29.50 GiB total capacity)", "mem.device"),
    ("EZ1001: [PID: 4] 2025-05-05-05:05:05.000.001 Tensor self not implemented for DT_COMPLEX128", "acl.argument"),
    ("dcmi module initialize failed. ret is -8005", "env.device-used"),
    ("E16005: The model has [2] [--domain_version] fields, but only one is allowed.", "generic.code"),
    ("the current runtime supported socVersion=Ascend310P3, but the model socVersion=Ascend910B2", "ge.soc-mismatch"),
    ("torch_npu: undefined symbol: PyObject_Foo", "te.python-version"),
    ("OSError: libascendcl.so: undefined symbol: aclFoo", "env.symbol"),
    ("rank table file is invalid: server_count", "hccl.rank-table"),
    ("[HCCL] bind fail, Address already in use", "hccl.port"),
    ("data type not equal! Numpy type: float64, Tensor type: FLOAT32", "lite.input-data"),
])
def test_single_lines(text: str, rule: str) -> None:
    found = triage(text + "\n")
    assert found.root_cause is not None
    assert found.root_cause.rule == rule


def test_a_name_that_the_log_leaves_out_is_not_told() -> None:
    places = "[FUNC:GetError][FILE:stream.cc][LINE:8]"
    for text in (f"E39999  Aicpu kernel execute failed, device_id=0, stream_id=1, task_id=2, fault op_name={places}",
                 f"        Aicore kernel execute failed, device_id=0, stream_id=1, fault kernel_name={places}",
                 "[PID: 3] 2025-01-02-03:04:05.100.100 Failure_to_Compile_Op(E40021): Failed to compile Op [cast,]."):
        for lang in ("en", "zh"):
            first = three_lines(triage(text), lang)[0]
            assert not any(part in first for part in ("FUNC", "…", ",)", ",）")), first
