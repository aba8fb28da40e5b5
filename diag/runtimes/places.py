"""Folders of the user that outlive a run. ``DIAG_HOME`` moves all of them under one folder."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

_NAME = "ascend-diag"


def data_dir() -> Path:
    """What was installed for us: private environments."""
    return _place("XDG_DATA_HOME", ".local/share", "data")


def cache_dir() -> Path:
    """What can be made again."""
    return _place("XDG_CACHE_HOME", ".cache", "cache")


def config_dir() -> Path:
    """What the user wrote: settings.toml."""
    return _place("XDG_CONFIG_HOME", ".config", "config")


def environments_dir() -> Path:
    """Private Python environments, one folder each."""
    return data_dir() / "environments"


def new_folder(room: str, name: str) -> Path:
    """A folder of the cache that does not exist yet, for one run; it is not made."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{os.getpid()}"
    tried = (cache_dir() / room / (f"{name}-{i}" if i else name) for i in itertools.count())
    return next(path for path in tried if not path.exists())


def _place(variable: str, default: str, below_home: str) -> Path:
    own = os.environ.get("DIAG_HOME")
    if own:
        return Path(own).expanduser() / below_home
    # The base directory specification: a relative path in such a variable is to be ignored.
    given = Path(os.environ.get(variable, ""))
    return (given if given.is_absolute() else Path.home() / default) / _NAME
