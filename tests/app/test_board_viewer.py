"""Looking at two pictures: the same place in both, swipe, flip, difference, and blind votes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from app.assets import Look
from app.pages.pipeline.blind import BlindTest
from app.pages.pipeline.gallery import Gallery, Pictures
from app.pages.pipeline.viewer import Mode, Viewer
from app.theme import LIGHT
from diag.pipeline.votes import Choice

RED, BLUE = np.zeros((32, 48, 3), np.float32), np.zeros((32, 48, 3), np.float32)
RED[..., 0], BLUE[..., 2] = 1, 1
PAIR = Pictures(RED, BLUE, ("ONNX", "unet"), "caption")


@pytest.fixture
def viewer(qtbot):
    widget = Viewer(Look(LIGHT))
    qtbot.addWidget(widget)
    widget.resize(480, 320)
    widget.set_pictures(RED, BLUE, None, ("ONNX", "MindIR"))
    widget.show()
    return widget


def colour(widget, x: float, y: float) -> str:
    picture = widget.grab().toImage()
    pixel = picture.pixelColor(int(picture.width() * x), int(picture.height() * y))
    return {(255, 0, 0): "red", (0, 0, 255): "blue", (255, 0, 255): "magenta"}.get(pixel.getRgb()[:3], pixel.name())


def test_side_by_side_shows_golden_left_and_target_right(viewer):
    assert colour(viewer, 0.25, 0.5) == "red"
    assert colour(viewer, 0.75, 0.5) == "blue"


def test_swipe_moves_the_border_by_mouse_and_by_key(viewer):
    viewer.set_mode(Mode.SWIPE)
    assert colour(viewer, 0.4, 0.5) == "red"
    QTest.mousePress(viewer, Qt.MouseButton.LeftButton, pos=QPoint(240, 160))
    QTest.mouseMove(viewer, QPoint(96, 160))
    QTest.mouseRelease(viewer, Qt.MouseButton.LeftButton, pos=QPoint(96, 160))
    assert viewer.split == pytest.approx(0.2, abs=0.02)
    assert colour(viewer, 0.4, 0.5) == "blue"
    for _ in range(30):
        QTest.keyClick(viewer, Qt.Key.Key_Right)
    assert colour(viewer, 0.4, 0.5) == "red"


def test_holding_space_shows_the_other_one(viewer):
    viewer.set_mode(Mode.FLIP)
    assert colour(viewer, 0.5, 0.5) == "red"
    QTest.keyPress(viewer, Qt.Key.Key_Space)
    assert colour(viewer, 0.5, 0.5) == "blue"
    QTest.keyRelease(viewer, Qt.Key.Key_Space)
    assert colour(viewer, 0.5, 0.5) == "red"


def test_zoom_keeps_the_pixel_under_the_pointer_in_both_panes(viewer):
    at = QPointF(100, 160)
    before = viewer._pixel(at)
    viewer.zoom(4, at)
    after = viewer._pixel(at)
    assert (after - before).manhattanLength() < 0.01
    other = QPointF(at.x() + (viewer.width() - 2 + 8) / 2, at.y())
    assert (viewer._pixel(other) - after).manhattanLength() < 0.5


def test_what_is_no_number_is_magenta(viewer):
    broken = RED.copy()
    broken[:] = np.nan
    viewer.set_pictures(broken, BLUE, None, ("", ""))
    assert colour(viewer, 0.25, 0.5) == "magenta"


def test_the_difference_is_amplified_in_powers_of_two(qtbot):
    gallery = Gallery(Look(LIGHT))
    qtbot.addWidget(gallery)
    gallery.resize(480, 400)
    close = RED.copy()
    close[..., 0] -= 1 / 256
    gallery.set_pictures(Pictures(RED, close, ("ONNX", "unet")))
    gallery.show_mode(Mode.DIFFERENCE)
    gallery.show()
    gallery.gain.setValue(0)
    assert gallery.times.text() == "×1"
    faint = gallery.viewer.grab().toImage().pixelColor(240, 150).red()
    gallery.gain.setValue(8)
    assert gallery.times.text() == "×256"
    assert faint <= 1
    assert gallery.viewer.grab().toImage().pixelColor(240, 150).red() == 255


def test_votes_say_what_was_meant_whatever_side_it_stood_on(qtbot):
    kept = []
    test = BlindTest(PAIR, [], kept.append, Look(LIGHT), seed=1)
    qtbot.addWidget(test)
    test.show()
    sides = set()
    for _ in range(12):
        sides.add(test.swapped)
        QTest.mouseClick(test.buttons[2 if test.swapped else 0], Qt.MouseButton.LeftButton)
    assert sides == {True, False}
    assert [v.choice for v in kept] == [Choice.GOLDEN] * 12
    QTest.mouseClick(test.buttons[1], Qt.MouseButton.LeftButton)
    assert kept[-1].choice is Choice.NEITHER
    QTest.mouseClick(test.reveal, Qt.MouseButton.LeftButton)
    assert "Original better: 12" in test.count.text()
    assert "see a difference" in test.count.text()


def test_nothing_on_the_screen_tells_which_is_which(qtbot):
    test = BlindTest(PAIR, [], lambda vote: None, Look(LIGHT), seed=2)
    qtbot.addWidget(test)
    assert test.viewer._names == ("A", "B")
    assert "ONNX" not in test.windowTitle() + test.count.text()
