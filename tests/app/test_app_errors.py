"""Errors in the window's language: in the box, in the log, at the fields of the dialog, in the list of jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QWidget

from app import problems
from app.models.draft import Draft, check
from app.session import Session
from app.views.log import LogView
from app.work import Work
from diag.errors import FormatError, UsageError, WorkerCrashed


class _Window(QWidget):
    lang = "zh"


def test_the_box_speaks_the_windows_language_also_from_inside_a_dialog(qtbot):
    window = _Window()
    qtbot.addWidget(window)
    error = UsageError("The folder for the run cannot be made: No space left on device", where="in /full",
                       hint="Give another folder with --out")
    for parent in (window, QDialog(window)):
        box = problems.show(parent, error)
        assert box.text() == "无法创建运行文件夹：磁盘空间不足"
        assert box.informativeText() == "位于 /full\n\n请用 --out 指定其他文件夹"
        box.close()
    plain = QWidget()
    qtbot.addWidget(plain)
    box = problems.show(plain, error)
    assert box.text() == error.message
    box.close()


def test_a_crashed_process_is_told_with_the_end_of_its_log(qtbot, tmp_path: Path):
    window = _Window()
    qtbot.addWidget(window)
    log = tmp_path / "worker.log"
    log.write_text("one\nsegmentation fault\n", encoding="utf-8")
    box = problems.show(window, WorkerCrashed("The mindspore-lite process crashed (SIGSEGV)", where=f"Log: {log}",
                                              hint="Last line of its log: segmentation fault", log=log))
    assert box.text() == "mindspore-lite 进程崩溃（SIGSEGV）"
    assert "日志最后一行：segmentation fault" in box.informativeText()
    assert "segmentation fault" in box.detailedText()
    box.close()


def test_the_log_speaks_it(qtbot):
    work = Work(Session(), None, "zh")
    view = LogView(work)
    qtbot.addWidget(view)
    work.failed.emit(FormatError("m.onnx", "The file is empty", hint="Copy or export it again."))
    said = view.text.toPlainText()
    assert "文件是空的" in said
    assert "位于 m.onnx" in said
    assert "请重新复制或重新导出。" in said
    work.shut_down()


@pytest.mark.parametrize(("lang", "words"), [("en", "There is no such file"), ("zh", "文件不存在")])
def test_problems_at_the_fields_speak_it(lang: str, words: str, tmp_path: Path):
    found = check(Draft(str(tmp_path / "a.onnx"), str(tmp_path / "b.mindir"), map_file=str(tmp_path / "no.json")), lang)
    assert found.job is None
    for name in ("golden", "target", "map_file"):
        assert found.problems[name].startswith(words), name
    assert check(Draft(), lang).problems["golden"] == {
        "en": "Name the ONNX model that is right by definition", "zh": "请给出作为基准的 ONNX 模型"}[lang]
