"""The pictures of README: the window with the shipped pair, the board with the shipped pipeline.

    python packaging/pictures.py

Needs no screen. Writes resources/pictures/window.png and board.png.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.window import MainWindow

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from screenshots import pause, until  # noqa: E402

OUT = ROOT / "resources" / "pictures"
SIZE = (1360, 820)


def main() -> int:
    """Write both; returns 0."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["DIAG_HOME"] = home
        from app.application import Application, make_qt
        from app.settings import Settings

        application = Application(make_qt(["pictures"]), Settings(Path(home) / "window.ini"))
        application.settings.language, application.settings.theme = "en", "light"
        window = application.open()
        window.resize(*SIZE)
        until(lambda: window.desk is not None)
        comparison(window)
        window.grab().save(str(OUT / "window.png"))
        board(window)
        window.grab().save(str(OUT / "board.png"))
        application.shut_down()
    return 0


def comparison(window: MainWindow) -> None:
    """The pair that the converter got wrong, its culprit selected."""
    window.do("sample")
    desk = window.desk
    until(lambda: desk.session.graphs.golden is not None)
    desk.curve.furnish()
    window.do("culprit")
    pause(700)


def board(window: MainWindow) -> None:
    """The pipeline whose text encoder is at fault, searched with the reference runtime."""
    from app.pages.pipeline.page import SAMPLE

    page = window.shelf.get("pipeline")
    window.turn("pipeline")
    page.open([SAMPLE])
    until(lambda: page.board.spec is not None)
    page.runtime.setCurrentIndex(page.runtime.findData("reference"))
    page.work.locate()
    until(lambda: page.board.diagnosis is not None)
    until(lambda: page.looking.gallery.pictures.golden is not None)
    pause(500)


if __name__ == "__main__":
    sys.exit(main())
