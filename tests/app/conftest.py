"""A window on a screen that nobody sees, settings of its own, and one recorded comparison for all tests."""

from __future__ import annotations

import gc
import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.application import Application
from app.settings import Settings
from app.window import MainWindow
from diag.cancel import Cancel
from diag.compare.plan import ComparePlan
from diag.jobs.compare import CompareJob, compare_here

SAMPLES = Path(str(files("resources") / "samples" / "text_encoder"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every Qt warning fails; those let through are said by the offscreen platform, which cannot raise or hint."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


def sample_job(out: Path, name: str = "defect") -> CompareJob:
    """A shipped pair, on the reference runtime."""
    pair = SAMPLES / name
    plan = ComparePlan(pair / "text_encoder.onnx", pair / "text_encoder.mindir", out)
    return CompareJob(plan, "reference")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and runs of a test are its own."""
    monkeypatch.setenv("DIAG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the sample that fails."""
    out = tmp_path_factory.mktemp("runs") / "defect"
    job = sample_job(out)
    list(compare_here(replace(job, plan=replace(job.plan, checks=False)), Cancel()))
    return out


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a first start, in English and light."""
    fresh = Settings(tmp_path / "window.ini")
    fresh.language, fresh.theme = "en", "light"
    return fresh


@pytest.fixture
def application(qapp: QApplication, settings: Settings) -> Iterator[Application]:
    """The application; its window is closed at the end, and nothing of it may live on."""
    before = set(qapp.topLevelWidgets())
    app = Application(qapp, settings)
    yield app
    app.shut_down()
    app.deleteLater()
    left = _flush(qapp) - before
    assert not left, f"left behind: {left}"


@pytest.fixture
def opened(application: Application, qtbot) -> Callable[..., MainWindow]:
    """Opens the window, furnished, with paths if given."""
    def open_window(*paths: Path, width: int = 1280, height: int = 800) -> MainWindow:
        window = application.open(paths)
        window.resize(width, height)
        qtbot.waitUntil(lambda: window.desk is not None, timeout=20_000)
        return window

    return open_window


@pytest.fixture
def on_run(opened, recorded: Path, qtbot) -> MainWindow:
    """The window with the recorded comparison open and both graphs read."""
    window = opened(recorded)
    settle(window, qtbot)
    return window


def settle(window: MainWindow, qtbot) -> None:
    """Wait until the comparison is open and its models are read."""
    desk = window.desk
    qtbot.waitUntil(lambda: desk.session.comparison is not None and desk.session.graphs.golden is not None,
                    timeout=20_000)
    desk.curve.furnish()
    desk.tensor.furnish()


def _flush(qapp: QApplication) -> set[QWidget]:
    for _ in range(3):
        gc.collect()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        qapp.processEvents()
    timers = [t for t in qapp.findChildren(QTimer) if t.isActive()]
    assert not timers, f"timers left running: {timers}"
    return {w for w in qapp.topLevelWidgets() if isinstance(w, QObject) and w.isVisible()}
