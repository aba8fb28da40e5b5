"""What can go wrong, worded for the person at the keyboard: what, where, what now."""

from __future__ import annotations

import errno
from pathlib import Path


class DiagError(Exception):
    """An expected failure.

    Attributes:
        message: what went wrong, one sentence.
        where: the file, node or process it went wrong in; may be empty.
        hint: what to do now; may be empty.
        exit_code: the process status that the command line ends with (see the contract).
    """

    exit_code = 2

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def lines(self) -> list[str]:
        """The error as at most three short lines."""
        return [line for line in (self.message, self.where, self.hint) if line]


class UsageError(DiagError):
    """The command or the input does not make sense (exit 2)."""


class FormatError(DiagError):
    """A file is not what it should be (exit 2); says at which byte."""

    def __init__(self, path: Path | str, expected: str, *, offset: int | None = None, found: str = "",
                 hint: str = "") -> None:
        at = f", at byte {offset:,} (0x{offset:X})" if offset is not None else ""
        what = f"{expected}; found {found}" if found else expected
        super().__init__(what, where=f"in {path}{at}", hint=hint)
        self.path = Path(path)
        self.offset = offset
        self.found = found


class RuntimeUnavailable(DiagError):
    """A runtime or external tool is not installed (exit 3); the hint says how to get it."""

    exit_code = 3


class ToolFailed(DiagError):
    """A runtime or external tool answered with an error (exit 4)."""

    exit_code = 4

    def __init__(self, message: str, *, where: str = "", hint: str = "", log: Path | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.log = log


class WorkerCrashed(ToolFailed):
    """A runtime process died, hung or lied instead of answering (exit 4); its log is kept."""


class Cancelled(DiagError):
    """The user stopped it (exit 130)."""

    exit_code = 130


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def refused(error: OSError | MemoryError) -> UsageError:
    """What the operating system refused (a place to write to, memory), in our three lines."""
    if isinstance(error, MemoryError) or error.errno == errno.ENOMEM:
        return UsageError("There is not enough memory for this model",
                          hint="Give a smaller --budget, or use a machine with more memory")
    what = error.strerror or str(error) or type(error).__name__
    full = error.errno in _FULL
    return UsageError(what[:1].upper() + what[1:], where=f"in {error.filename}" if error.filename else "",
                      hint="Free some space, or give another folder with --out" if full
                      else "Check the path and its permissions")
