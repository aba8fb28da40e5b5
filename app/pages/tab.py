"""What a page of several panes needs of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Signal

from app.pages.interface import Verb
from app.pages.speaking import Speaking


class Tab(Speaking):
    """One pane under a tab of a ``PanedPage``.

    Signals:
        changed: the sentence of the head, or what can be done, is other than before.
        progress: Progress of the running job.
        shown: (paths, title) goes to the recent files.
    """

    changed = Signal()
    progress = Signal(object)
    shown = Signal(object, str)

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return False

    def sentence(self) -> tuple[str, str, str]:
        """Icon, sentence and detail for the head."""
        raise NotImplementedError

    def verbs(self) -> Mapping[str, Verb]:
        """The window's actions that are possible now."""
        raise NotImplementedError

    def open(self, paths: Sequence[Path]) -> None:
        """Show these files."""
        raise NotImplementedError

    def reopen(self, folder: Path) -> None:
        """Show the result that was recorded in a folder, as if it had been measured now."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Stop the running job."""

    def save(self) -> str:
        """What ``restore`` needs to show the same again."""
        raise NotImplementedError

    def restore(self, text: str) -> None:
        """The same again; files that are gone are left out."""
        raise NotImplementedError

    def shut_down(self) -> None:
        """Nothing of this pane goes on."""
        raise NotImplementedError
