"""The folder in which a worker and we exchange files. Of folders whose owner was killed, only the logs stay."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_LOCK = ".owner"


class JobFolder:
    """A new folder, ours as long as we hold the lock inside (a process id would lie between containers)."""

    def __init__(self, name: str, parent: Path | None) -> None:
        """``parent``: where, by default the system's folder for temporary files. Raises OSError."""
        above = parent or Path(tempfile.gettempdir())
        above.mkdir(parents=True, exist_ok=True)
        _sweep(above, name)
        self.path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=above))
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._open = True

    def close(self, *, keep_logs: bool) -> None:
        """Remove it, or everything in it but logs. Twice is fine."""
        if not self._open:
            return
        self._open = False
        if keep_logs:
            _strip(self.path)
        else:
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _sweep(above: Path, name: str) -> None:
    for lock in above.glob(f"{name}-*/{_LOCK}"):
        with contextlib.suppress(OSError):
            fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _strip(lock.parent)
            finally:
                os.close(fd)


def _strip(folder: Path) -> None:
    """Remove every file that is no log, and links to weights; the lock goes last."""
    for path in sorted(folder.rglob("*"), key=lambda path: path.name == _LOCK):
        if path.suffix != ".log" and (path.is_symlink() or path.is_file()):
            path.unlink(missing_ok=True)
