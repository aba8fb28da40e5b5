"""Keep the window's translations: collect sentences from the source, compile what people translated.

    python packaging/translations.py          update the .ts, compile the .qm
    python packaging/translations.py --check  fail if a sentence of the source has no translation

lupdate and lrelease come with PySide6-Essentials. The .qm is committed, so that an installation needs neither.
"""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import PySide6

ROOT = Path(__file__).resolve().parents[1]
TS = ROOT / "resources" / "i18n" / "ascend_diag_zh_CN.ts"
TOOLS = Path(PySide6.__file__).parent


def sources() -> list[str]:
    """Every Python file of the window, relative to the root."""
    return sorted(str(p.relative_to(ROOT)) for p in (ROOT / "app").rglob("*.py"))


def update() -> None:
    """New sentences into the .ts; lines of the source are left out, so that the file changes only with its words."""
    run("lupdate", *sources(), "-locations", "none", "-no-obsolete", "-target-language", "zh_CN", "-ts",
        str(TS.relative_to(ROOT)))


def compile_() -> None:
    """The .qm beside the .ts."""
    run("lrelease", str(TS), "-qm", str(TS.with_suffix(".qm")))


def missing(file: Path = TS) -> list[str]:
    """Sentences without a translation, as "context: sentence"."""
    found = []
    for context in ET.parse(file).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            done = translation is not None and translation.get("type") != "unfinished" and \
                "".join(translation.itertext()).strip()
            if not done:
                found.append(f"{context.findtext('name')}: {message.findtext('source')}")
    return found


def run(tool: str, *arguments: str) -> None:
    """A tool of Qt; its words are shown only where it fails."""
    ended = subprocess.run([str(TOOLS / tool), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{tool} failed:\n{ended.stdout}{ended.stderr}")


def main() -> int:
    """0 if every sentence is translated."""
    update()
    if "--check" not in sys.argv:
        compile_()
    untold = missing()
    for line in untold:
        print(line)
    return 1 if untold else 0


if __name__ == "__main__":
    sys.exit(main())
