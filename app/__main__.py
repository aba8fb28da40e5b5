"""``ascend-diag [PATH…]``: the window, with files or a run folder opened in it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from diag import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window; returns when it is closed."""
    args = _parse(sys.argv[1:] if argv is None else argv)
    from app.application import Application, make_qt
    from app.settings import Settings

    qt = make_qt(sys.argv[:1])
    settings = Settings()
    if args.lang:
        settings.language = args.lang
    if args.theme:
        settings.theme = args.theme
    application = Application(qt, settings)
    application.catcher.install()
    application.open(args.paths)
    return qt.exec()


def run() -> None:
    """Entry point of the installed script."""
    sys.exit(main())


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ascend-diag", description="Tells in a window why a model gives another "
                                     "answer after moving from ONNX to MindSpore Lite / Ascend.")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH",
                        help="an .onnx and a .mindir, a folder with pairs, or a run folder")
    parser.add_argument("--lang", choices=("auto", "en", "zh"), help="language of the window; remembered")
    parser.add_argument("--theme", choices=("auto", "light", "dark"), help="colours of the window; remembered")
    parser.add_argument("--version", action="version", version=f"ascend-diag {__version__}")
    return parser.parse_args(argv)


if __name__ == "__main__":
    run()
