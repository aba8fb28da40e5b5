"""What a user chose, kept between starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from diag.errors import UsageError
from diag.runtimes.places import config_dir

LANGUAGES = ("auto", "en", "zh")
THEMES = ("auto", "light", "dark")
_RECENT = 9


class Settings:
    """Language, theme, recent files, and where everything was. ``file``: an INI file of our own."""

    def __init__(self, file: Path | None = None) -> None:
        self._store = QSettings(str(file or config_dir() / "window.ini"), QSettings.Format.IniFormat)

    @property
    def language(self) -> str:
        """auto, en or zh."""
        return self._choice("language", LANGUAGES)

    @language.setter
    def language(self, value: str) -> None:
        self._store.setValue("language", value)

    @property
    def theme(self) -> str:
        """auto, light or dark."""
        return self._choice("theme", THEMES)

    @theme.setter
    def theme(self, value: str) -> None:
        self._store.setValue("theme", value)

    @property
    def recent(self) -> list[tuple[str, ...]]:
        """What was opened, newest first: a run folder, or a golden and a target file."""
        try:
            known = json.loads(str(self._store.value("recent", "[]")))
            return [tuple(map(str, item)) for item in known][:_RECENT]
        except (ValueError, TypeError):
            return []

    def remember(self, paths: Sequence[Path | str], title: str = "") -> None:
        """Put it first among the recent ones; ``title`` says what it is where its name does not."""
        item = tuple(str(p) for p in paths)
        kept = [item, *(r for r in self.recent if r != item)][:_RECENT]
        titles = {r[0]: self.title(r) for r in kept if self.title(r)} | ({item[0]: title} if title else {})
        self._store.setValue("recent", json.dumps(kept))
        self._store.setValue("titles", json.dumps(titles))

    def title(self, paths: Sequence[str]) -> str:
        """What a recent item is; empty if nobody said."""
        try:
            return str(json.loads(self.text("titles", "{}")).get(paths[0], ""))
        except (ValueError, AttributeError, IndexError):
            return ""

    def forget_recent(self) -> None:
        """Empty the list of recent files."""
        self._store.remove("recent")
        self._store.remove("titles")

    def text(self, key: str, default: str = "") -> str:
        """A remembered word."""
        return str(self._store.value(key, default))

    def put(self, key: str, value: str) -> None:
        """Remember a word."""
        self._store.setValue(key, value)

    def state(self, key: str) -> QByteArray:
        """A remembered geometry or layout; empty if there is none."""
        value = self._store.value(f"state/{key}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def put_state(self, key: str, value: QByteArray) -> None:
        """Remember a geometry or layout."""
        self._store.setValue(f"state/{key}", value)

    def forget_layout(self) -> None:
        """Forget sizes and places."""
        self._store.remove("state")

    def save(self) -> None:
        """Write to disk now."""
        self._store.sync()

    def _choice(self, key: str, allowed: Sequence[str]) -> str:
        value = self.text(key, allowed[0])
        return value if value in allowed else allowed[0]


def interpreters() -> list[str]:
    """Interpreters that the user named for runtimes; shared with the command line (``settings.toml``)."""
    import tomllib

    try:
        known = tomllib.loads((config_dir() / "settings.toml").read_text(encoding="utf-8"))
        return [str(p) for p in known.get("runtimes", {}).get("pythons", [])]
    except (OSError, ValueError, AttributeError):
        return []


def write_interpreters(paths: Sequence[str]) -> None:
    """Save them. Raises UsageError if the file holds settings that we would lose, or cannot be written."""
    import tomllib

    file = config_dir() / "settings.toml"
    try:
        known = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if set(known) - {"runtimes"} or set(known.get("runtimes", {})) - {"pythons"}:
            raise UsageError("The settings file holds more than interpreters", where=f"in {file}",
                             hint="Add the interpreter to pythons under [runtimes] by hand")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[runtimes]\npythons = " + json.dumps(list(paths), ensure_ascii=False) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError("The settings cannot be written", where=f"in {file}: {error}",
                         hint="Mend the file, or check its permissions") from error
