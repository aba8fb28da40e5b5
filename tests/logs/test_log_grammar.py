"""Lines of every program, field by field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.cancel import Cancel
from diag.logs.grammar import microseconds, parse_line
from diag.logs.reader import Tally, read_records
from diag.logs.record import Kind, Level
from diag.logs.source import text_source
from diag.logs.wrappers import logical_lines, unwrap

TIME = "2025-05-08-09:56:18.522.534"


@pytest.mark.parametrize(("line", "module", "pid", "level", "source", "body"), [
    (f"[ERROR] RUNTIME(155320,python3):{TIME} [stars_engine.cc:1553]155320 Cq:[INIT][DEFAULT]Task run failed",
     "RUNTIME", 155320, "ERROR", "stars_engine.cc:1553", "155320 Cq:[INIT][DEFAULT]Task run failed"),
    (f"[ERROR] LITE(17688,7f63047d4b80,python):{TIME} [mindspore/lite/tools/c.cc:94] Read] Parse m.onnx failed.",
     "LITE", 17688, "ERROR", "mindspore/lite/tools/c.cc:94", "Read] Parse m.onnx failed."),
    (f"[WARNING] ME(232186:281457484137952,Process-1:26):{TIME} [a/b.py:40] init failed", "ME", 232186, "WARNING",
     "a/b.py:40", "init failed"),
    (f"[ERROR] LITE(1,converter_lite):{TIME} [c.cc:94] Read] old", "LITE", 1, "ERROR", "c.cc:94", "Read] old"),
    (f"[TRACE] GE(2,python):{TIME} [status:INIT] [ge_api.cc:208]2 GEInit:start", "GE", 2, "EVENT", "ge_api.cc:208",
     "2 GEInit:start"),
    (f"[ERROR] TEFUSION(3,python3.8):{TIME}  ====END====", "TEFUSION", 3, "ERROR", "", "====END===="),
    (f"[3] 36(4,aicpu):{TIME} [x.cc:1]text", "36", 4, "ERROR", "x.cc:1", "text"),
    (f"EVENT] DVPP(7,demo):{TIME} [e.cc:79][ENGINE]text", "DVPP", 7, "EVENT", "e.cc:79", "[ENGINE]text"),
    ("[ERROR] DRV(5,py):2025-1-2 3:4:5.001.002 [ascend][curpid: 5, 9][drv][f 3]msg", "DRV", 5, "ERROR", "",
     "[ascend][curpid: 5, 9][drv][f 3]msg"),
    (f"[EVENT] KERNEL(0,klogd):{TIME} [klogd.c:247][12.3] [ascend] [ERROR] [tsdrv] lost", "KERNEL", 0, "ERROR",
     "klogd.c:247",
     "[12.3] [ascend] [ERROR] [tsdrv] lost"),
])
def test_headers(line: str, module: str, pid: int, level: str, source: str, body: str) -> None:
    parsed = parse_line(line)
    assert parsed.kind is Kind.HEADER
    assert (parsed.module, parsed.pid, parsed.level, parsed.source, parsed.body) == (module, pid, Level(level), source,
                                                                                     body)


@pytest.mark.parametrize(("line", "kind", "level"), [
    ("ERROR [src/a.cc:12] Run] kernel failed", "litert", "ERROR"),
    ("I0411 10:12:08.927596 650 init.cc:146] Try loading", "foreign", "INFO"),
    ("E20241122 10:02:57.047970 281462569663328 I.hpp:819] Failed to recognize", "foreign", "ERROR"),
    ("[F  2/ 9 15:51:16.910 /lite/x.cc:221 Run] fatal", "foreign", "CRITICAL"),
    ("2025-01-01 10:00:00.1 [E:onnxruntime:, sequential_executor.cc:369 Execute] Non-zero", "foreign", "ERROR"),
    ("2025-01-01 10:00:00,123 - vllm - ERROR - it broke", "foreign", "ERROR"),
    ("ERROR:root:it broke", "foreign", "ERROR"),
    ("[ERROR] RecentErrMsg: something odd", "foreign", "ERROR"),
    ("E20001: [PID: 1] 2025-06-16-13:02:36.801.136 Failed to compile Op [x].", "block", "ERROR"),
    ("[PID: 9] 2026-04-09-21:56:40.384.694 Memory_Allocation_Failure(EL0004): Failed", "block", "ERROR"),
    ("EZ9999[PID: 36] 2026-08-05-09:26:01.676.352 (EZ9999):  The error from device", "block", "ERROR"),
    ("W11001: Op [x] does not hit the high-priority library", "block", "WARNING"),
    ("CANN error: EZ9999: Inner Error!", "block", "ERROR"),
    ("        Solution: Try again.", "block-line", ""), ("TraceBack (most recent call last):", "block-line", ""),
    ("  build graph failed[FUNC:B][FILE:g.cc][LINE:16]", "block-line", ""),
    ("[ERROR] 2025-04-29-18:46:11 (PID:10, Device:1, RankID:-1) ERR00100 PTA call acl api failed", "torch", "ERROR"),
    ("CONVERT RESULT SUCCESS:0", "outcome", ""), ("ATC run failed, Please check the detail log", "outcome", ""),
    ("FMKTYPE: ONNX, OP TYPE: Det", "report", ""), ("Traceback (most recent call last):", "traceback", ""),
    ("ModuleNotFoundError: No module named 'x'", "exception", ""), ("torch.OutOfMemoryError: no", "exception", ""),
    ("----------------------", "rule", ""), ("- Ascend Error Message:", "rule", ""),
    ("Segmentation fault (core dumped)", "crash", ""), ("   ", "blank", ""), ("hello world", "text", ""),
])
def test_other_lines(line: str, kind: str, level: str) -> None:
    parsed = parse_line(line)
    assert (parsed.kind, parsed.level) == (Kind(kind), Level(level))


def test_times() -> None:
    assert microseconds("1970-01-01-00:00:01.002.003") == 1_002_003
    assert microseconds("1970-1-1 0:0:1") == 1_000_000
    assert microseconds("1970-01-01T00:00:01,5") == 1_500_000
    assert microseconds("2025-13-01-00:00:00") is None
    assert microseconds("yesterday") is None


def test_multi_line_records_stay_together() -> None:
    text = (f"[ERROR] TUNE(1,py):{TIME} [w.cpp:94][K][Tid:1]\"ModuleNotFoundError: x\n\"\n"
            "E20001: Failed to compile Op [a].\n        Solution: x\n        TraceBack (most recent call last):\n   "
            "more text\n"
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g()\nValueError: bad\n")
    records = list(read_records(text_source(text), Tally(), Cancel()))
    assert [record.kind for record in records] == [
        "header", "continuation", "block", "block-line", "block-line", "block-line", "traceback", "traceback",
        "traceback", "exception"]
    assert {record.pid for record in records} == {1}
    assert [record.code for record in records[2:6]] == ["E20001"] * 4


def test_unknown_lines_are_kept() -> None:
    tally = Tally()
    records = list(read_records(text_source("one\n\ntwo\n"), tally, Cancel(), quiet=True))
    assert [(record.line, record.text) for record in records] == [(1, "one"), (3, "two")]
    assert tally.lines == 3


@given(st.text(max_size=400))
def test_any_text_is_some_kind(text: str) -> None:
    for line in logical_lines(text):
        assert isinstance(parse_line(unwrap(line).text).kind, Kind)
