"""The page of logs as its user meets it: the same answer as the command line, every line, nothing that is markup."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel
from samples import shared

from app.assets import Look
from app.pages.logs.accept import wanted
from app.pages.logs.boxes import CodeBox, DiagnosticsBox
from app.pages.logs.lines import LEVEL, TEXT, LineModel
from app.pages.logs.page import LogsPage
from app.pages.logs.plain import breakable, shown, tip
from app.theme import LIGHT
from diag.cli.main import main
from diag.logs import three_lines, triage
from diag.logs.book import Book
from diag.logs.select import Filter

PATIENCE_MS = 20_000
HOSTILE = "<img src=x onerror=alert(1)><b>bold</b><a href='file:///etc'>x</a> \x1b[31m \u202e &amp; ```"


def line(second: int, level: str, module: str, text: str, pid: int = 77) -> str:
    clock = f"10:{second // 60:02d}:{second % 60:02d}.000.000"
    return f"[{level}] {module}({pid},python):2024-05-06-{clock} [a.cc:1]9 {text}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A failing run of 400 lines with a record of several lines."""
    lines = [line(i, "INFO", "GE", f"step {i}") for i in range(396)]
    lines[100] = line(100, "WARNING", "FE", "slow pass")
    lines[200] = line(200, "ERROR", "TBE", "not support onnx data type NonZeroish", 88)
    lines[201:201] = ["  continued one", "  continued two"]
    lines += [line(397, "ERROR", "GE", "run failed, ret=-1"), "CONVERT RESULT FAILED:-300: x"]
    path = tmp_path / "run.log"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def page(settings, qtbot, own_home):
    made = LogsPage(Look(LIGHT), "en", settings)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.shut_down()


def read(page: LogsPage, qtbot, *paths: Path) -> None:
    page.open(list(paths))
    qtbot.waitUntil(lambda: not page.work.busy and page.found is not None, timeout=PATIENCE_MS)


def texts(page: LogsPage) -> list[str]:
    return [page.model.index(i, TEXT).data() for i in range(page.model.rowCount())]


def sifted(page: LogsPage, qtbot, count: int) -> None:
    qtbot.waitUntil(lambda: page.model.rowCount() == count, timeout=PATIENCE_MS)


def test_the_same_answer_as_the_command_line(page, qtbot, capsys):
    samples = sorted(shared("logs").glob("*.log"))[::7]
    for sample in samples:
        page.found = None
        read(page, qtbot, sample)
        main(["log", "triage", str(sample)])
        said = capsys.readouterr().out.splitlines()
        assert page.head.sentence.text() == shown(three_lines(triage(sample))[0])
        assert said[0].startswith(page.head.sentence.text()[:200])
        assert page.card.why.text() == breakable(shown(three_lines(page.found)[1]))
        if page.found.root_cause is not None:
            book = page.work.book
            file, number = book.place(page.table.current_row())
            assert (book.files[file], number) == (page.found.root_cause.file, page.found.root_cause.line)


def test_every_line_with_its_fields(page, qtbot, log):
    read(page, qtbot, log)
    assert page.model.rowCount() == 400
    place = page.model.place_of(page.work.book.row_of(str(log), 201))
    assert page.model.index(place, LEVEL).data() == "ERROR"
    assert page.model.index(place, TEXT).data() == "[a.cc:1]9 not support onnx data type NonZeroish"
    assert page.whole.toPlainText().splitlines()[1:] == ["  continued one", "  continued two"]
    QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def test_filters_say_what_show_says(page, qtbot, log, capsys):
    read(page, qtbot, log)
    page.filters.level.setCurrentIndex(3)
    main(["log", "show", str(log), "--level", "ERROR"])
    wanted_lines = capsys.readouterr().out.splitlines()
    sifted(page, qtbot, len(wanted_lines))
    assert [page.model.text(page.model.row_at(i)) for i in range(page.model.rowCount())] == \
        [text.partition(":")[2] for text in wanted_lines]
    page.filters.clear()
    sifted(page, qtbot, 400)
    page.filters.text.setText("step 39[0-4]$")
    sifted(page, qtbot, 5)
    page.filters.around.setValue(1)
    sifted(page, qtbot, 7)
    page.filters.clear()
    page.filters.only("pid", 88)
    sifted(page, qtbot, 3)
    page.filters.clear()
    page.filters.only("module", "FE")
    sifted(page, qtbot, 1)
    page.filters.text.setText("(")
    qtbot.waitUntil(page.filters.problem.isVisible)


def test_folds(page, qtbot, log):
    read(page, qtbot, log)
    page.filters.folded.setChecked(True)
    sifted(page, qtbot, 397)
    QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    place = page.model.place_of(200)
    assert page.model.index(place, TEXT).data().endswith("▸ 2")
    page.table.go_to(200)
    QTest.keyClick(page.table, Qt.Key.Key_Space)
    assert page.model.rowCount() == 399
    assert page.model.row_at(place + 2) == 202
    page.model.fold(place)
    assert page.model.rowCount() == 397
    page.moves.to_line(str(log), 203)
    assert page.table.current_row() == 202
    assert page.model.rowCount() == 400


def test_going_from_error_to_error(page, qtbot, log):
    read(page, qtbot, log)
    page.verbs()["next"]()
    assert page.table.current_row() == 398
    page.verbs()["previous"]()
    assert page.table.current_row() == 200
    page.moves.to_time(page.work.book.column("time_us")[100])
    assert page.table.current_row() == 100
    page.filters.text.setText("step")
    sifted(page, qtbot, 394)
    page.verbs()["culprit"]()
    assert page.table.current_row() == 200


def test_a_span_of_time(page, qtbot, log):
    read(page, qtbot, log)
    qtbot.waitUntil(lambda: page.timeline._first > 0)
    page.timeline._span.setRegion((0.5, 0.75))
    page.timeline._spanned()
    qtbot.waitUntil(lambda: page.model.filtered, timeout=PATIENCE_MS)
    times = page.work.book.column("time_us")
    rows = [page.model.row_at(i) for i in range(page.model.rowCount())]
    span = times[times > 0]
    half = span.min() + (span.max() - span.min()) / 2
    assert min(times[r] for r in rows if times[r] > 0) >= half - 1
    assert 95 < len(rows) < 105


def test_nothing_is_markup(page, qtbot, tmp_path):
    path = tmp_path / "hostile.log"
    path.write_text(line(1, "ERROR", "GE", f"not support onnx data type {HOSTILE}") + "\n"
                    + line(2, "ERROR", "GE", HOSTILE) + "\nCONVERT RESULT FAILED:1: <b>x</b>\n")
    read(page, qtbot, path)
    for label in [*page.card.findChildren(QLabel), page.head.sentence, page.head.detail]:
        assert label.textFormat() == Qt.TextFormat.PlainText
    said = page.model.index(1, TEXT)
    assert "<b>bold</b>" in said.data()
    assert "\x1b" not in said.data()
    assert "\u202e" not in said.data()
    assert "<b>" not in said.data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;img" in said.data(Qt.ItemDataRole.ToolTipRole)
    for listed in (page.card.chain, page.card.codes):
        for i in range(listed.count()):
            assert "<img" not in listed.item(i).toolTip()
    page.card.copy.click()
    report = QGuiApplication.clipboard().text()
    assert report.count("```") == 2
    out = tmp_path / "log.html"
    page.write_report(out)
    assert "<img" not in out.read_text("utf-8")


def test_following_a_file_that_grows_and_is_rotated(page, qtbot, tmp_path):
    path = tmp_path / "live.log"
    path.write_text(line(1, "INFO", "GE", "start") + "\n" + line(2, "INFO", "GE", "half"))
    read(page, qtbot, path)
    page.follow.setChecked(True)
    assert page.work.following
    with path.open("a") as file:
        file.write(" more\n" + line(3, "ERROR", "GE", "not support onnx data type Grown") + "\n" + "no end")
    qtbot.waitUntil(lambda: page.model.rowCount() >= 3, timeout=PATIENCE_MS)
    assert [text[10:] for text in texts(page)] == ["start", "half more", "not support onnx data type Grown"]
    qtbot.waitUntil(lambda: page.found.root_cause is not None, timeout=PATIENCE_MS)
    page.filters.level.setCurrentIndex(3)
    sifted(page, qtbot, 1)
    with path.open("a") as file:
        file.write("\n" + line(4, "ERROR", "GE", "again") + "\n")
    sifted(page, qtbot, 3)
    page.filters.clear()
    path.replace(tmp_path / "live.log.1")
    path.write_text(line(9, "INFO", "GE", "new file") + "\n")
    qtbot.waitUntil(lambda: texts(page) == ["[a.cc:1]9 new file"], timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: page.work.following, timeout=PATIENCE_MS)


def test_cancel_keeps_what_was_read(page, qtbot, tmp_path):
    path = tmp_path / "large.log"
    path.write_text((line(1, "INFO", "GE", "x" * 100) + "\n") * 200_000)
    page.open([path])
    qtbot.waitUntil(lambda: page.model.rowCount() > 0, timeout=PATIENCE_MS)
    page.verbs()["cancel" if page.work.busy else "again"]()
    qtbot.waitUntil(lambda: not page.work.busy, timeout=PATIENCE_MS)
    assert page.model.rowCount() == len(page.work.book) > 0


def test_archives_folders_and_what_is_broken(page, qtbot, tmp_path, log):
    folder = tmp_path / "logs"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(log, "plog/run.log")
        archive.writestr("../evil.log", "out")
    (folder / "b.zip").write_bytes(b"PK nothing")
    (folder / "c.log").write_bytes(b"\x00\x01\x02" * 500)
    (folder / "d.log").write_text("one line", "utf-16")
    read(page, qtbot, folder)
    assert page.model.rowCount() == 401
    assert page.model.index(0, 0).data() == "run.log"
    assert texts(page)[-1] == "one line"
    assert len(page.found.notes) == 3
    assert not page.follow.isEnabled()


def test_a_file_that_is_gone_is_told(page, qtbot, tmp_path):
    with qtbot.waitSignal(page.failed, timeout=PATIENCE_MS) as caught:
        page.open([tmp_path / "gone.log"])
    assert "no such file" in caught.args[0].message
    qtbot.waitUntil(lambda: "no such file" in page.card.title.text(), timeout=PATIENCE_MS)


def test_codes_and_diagnostics(page, qtbot):
    box = CodeBox("en", "507011")
    qtbot.addWidget(box)
    assert "507011" in box.answer.toPlainText()
    box.code.setText("")
    assert box.answer.toPlainText() == ""
    better = DiagnosticsBox("zh", Path("/tmp/x"))
    qtbot.addWidget(better)
    assert "export GLOG_v=1" in better.block.toPlainText()
    better.dumps.setChecked(True)
    assert "DUMP_GE_GRAPH" in better.block.toPlainText()
    QTest.keyClick(page, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)


def test_what_is_open_comes_back(page, qtbot, log, settings):
    read(page, qtbot, log)
    kept = page.save()
    assert json.loads(kept) == {"paths": [str(log)]}
    page.verbs()["close"]()
    assert page.stack.currentIndex() == 0
    page.restore(kept)
    qtbot.waitUntil(lambda: page.model.rowCount() == 400, timeout=PATIENCE_MS)
    page.restore(json.dumps({"paths": ["/nowhere"]}))


def test_an_empty_model_is_a_model(qtbot):
    model = LineModel(LIGHT, "en")
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert model.rowCount() == 0
    assert model.nearest(5) == -1


def test_which_paths_are_logs(tmp_path, log):
    (tmp_path / "x.log.2").write_text("")
    (tmp_path / "plain.txt").write_text("my diary\n")
    (tmp_path / "conv.txt").write_text("CONVERT RESULT FAILED:1\n")
    assert [wanted(tmp_path / name) for name in ("run.log", "x.log.2", "plain.txt", "conv.txt")] == \
        [True, True, False, True]
    assert wanted(tmp_path)
    (tmp_path / "m.onnx").write_bytes(b"")
    assert not wanted(tmp_path)


def test_plain_words():
    assert tip("<b>") == "<span style='white-space:pre-wrap'>&lt;b&gt;</span>"
    assert shown("a\x00b\tc") == "a\u2400b c"
    assert breakable("short words stay") == "short words stay"


def test_the_window_takes_it(opened, qtbot, log):
    window = opened(log)
    qtbot.waitUntil(lambda: window.shelf.page is not None, timeout=PATIENCE_MS)
    page = window.shelf.page
    assert isinstance(page, LogsPage)
    qtbot.waitUntil(lambda: page.found is not None and not page.work.busy, timeout=PATIENCE_MS)
    assert "NonZeroish" in page.head.sentence.text()
    assert isinstance(page.work.book, Book)
    assert page.work.wanted == Filter()
