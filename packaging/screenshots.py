"""Pictures of every view, for people to look at: light and dark, English and Chinese, small and large.

    python packaging/screenshots.py OUT [--quick] [--scale 2]
    python packaging/screenshots.py --readme

Needs no screen. --quick: English and dark, Chinese and light, one size. --scale: on a screen that fine; without it
both 1 and 2 are taken. --readme: the picture of the README only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.application import Application
    from app.window import MainWindow

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SIZES = ((1280, 800), (1920, 1080))
LOOKS = (("en", "light"), ("en", "dark"), ("zh", "light"), ("zh", "dark"))
PICTURES = Path(__file__).resolve().parents[1] / "resources" / "pictures"
PATIENCE_MS = 60_000


def main() -> int:
    """Write the pictures; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--scale", type=int, choices=(1, 2))
    parser.add_argument("--readme", action="store_true")
    args = parser.parse_args()
    if args.readme == (args.out is not None):
        parser.error("give either OUT or --readme")
    if not args.quick and not args.readme and args.scale is None:
        # Qt reads the scale once: each has a process of its own.
        return max(subprocess.run([sys.executable, __file__, str(args.out), "--scale", scale]).returncode
                   for scale in ("1", "2"))
    os.environ["QT_SCALE_FACTOR"] = str(args.scale or 1)
    return for_readme() if args.readme else everything(args.out, args.quick, "@2" if args.scale == 2 else "")


def for_readme() -> int:
    """The window on the sample, the culprit in front."""
    with application() as made:
        made.settings.language, made.settings.theme = "en", "light"
        for name, widget in views(made, SIZES[0]):
            if name == "main":
                widget.grab().save(str(PICTURES / "window.png"))
                print(PICTURES / "window.png")
                break
        made.shut_down()
    return 0


@contextmanager
def application() -> Iterator[Application]:
    """An application with settings and runs of its own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["DIAG_HOME"] = home
        from app.application import Application, make_qt
        from app.settings import Settings

        yield Application(make_qt(["screenshots"]), Settings(Path(home) / "window.ini"))


def everything(out: Path, quick: bool, suffix: str) -> int:
    """Every view in every look and size."""
    out.mkdir(parents=True, exist_ok=True)
    with application() as made:
        for lang, theme in LOOKS[1:3] if quick else LOOKS:
            for size in SIZES[:1] if quick else SIZES:
                made.settings.language, made.settings.theme = lang, theme
                made.settings.put("run", "")
                for name, widget in views(made, size):
                    file = out / f"{name}-{lang}-{theme}-{size[0]}{suffix}.png"
                    widget.grab().save(str(file))
                    print(file)
                made.shut_down()
    return 0


def views(application: Application, size: tuple[int, int]) -> Iterator[tuple]:
    """(name, widget) of each view, ready to be grabbed."""
    from app.pages.table import COMPARE, PAGES

    window = application.open()
    window.resize(*size)
    until(lambda: window.desk is not None)
    pause(100)
    yield "welcome", window
    for entry in PAGES:
        window.turn(entry.name)
        pause(200)
        yield f"page-{entry.name}", window
    window.turn(COMPARE)
    window.do("sample")
    until(lambda: bool(window.desk.session.rows))
    yield "running", window
    until(lambda: window.desk.session.graphs.golden is not None)
    desk = window.desk
    for furnish in (desk.curve.furnish, desk.tensor.furnish):
        furnish()
    window.do("culprit")
    pause(500)
    yield "main", window
    for name in ("graph", "findings", "jobs", "log"):
        desk.show_dock(name)
        pause(700)
        yield name, window
    desk.show_dock("layers")
    desk.show_dock("curve")
    desk.show_dock("tensor")
    pause(500)
    for i, name in enumerate(("histogram", "scatter", "magnitude", "heat", "worst", "channels")):
        desk.tensor.tabs.setCurrentIndex(i)
        pause(200)
        yield f"tensor-{name}", window
    desk.session.select(next(r.golden_tensor for r in desk.session.rows if r.role.value == "inherits"))
    pause(200)
    yield "tensor-none", window
    yield from dialogs(window)


def dialogs(window: MainWindow) -> Iterator[tuple]:
    """Every dialog, filled."""
    from PySide6.QtWidgets import QDialog

    for name, ready in (("new", lambda d: d.inputs.rowCount() > 0), ("preferences", None), ("palette", None),
                        ("shortcuts", None), ("about", lambda d: "onnxruntime" in d.text.toPlainText())):
        window.do(name)
        dialog = next(d for d in window.findChildren(QDialog) if d.isVisible())
        if ready is not None:
            until(lambda d=dialog, r=ready: r(d))
        pause(200)
        yield f"dialog-{name}", dialog
        dialog.close()
        pause(50)
    window.do("new")
    dialog = next(d for d in window.findChildren(QDialog) if d.isVisible())
    dialog.budget.setText("two gigabytes")
    dialog.target.edit.setText(__file__)
    until(lambda: dialog.problems["target"].isVisible())
    pause(100)
    yield "dialog-problems", dialog
    dialog.close()


def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until it is so."""
    for _ in range(PATIENCE_MS // 20):
        if condition():
            return
        pause(20)
    raise TimeoutError("the window did not get ready")


def pause(ms: int) -> None:
    """Let the event loop run."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


if __name__ == "__main__":
    sys.exit(main())
