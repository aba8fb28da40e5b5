"""Where the files are that come with the program. Plain paths: ``importlib.resources`` would cost the first window."""

from __future__ import annotations

from pathlib import Path

import resources

RESOURCES = Path(resources.__path__[0])
