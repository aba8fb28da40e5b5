"""Pages beside the comparison: made when shown, their verbs are the window's actions, remembered over a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout

from app.pages import table
from app.pages.interface import Page, Verb
from app.pages.table import Entry, page_of
from app.places import RESOURCES

REAL = table.PAGES
NOTES = Entry("notes", "Notes", "Reads notes", "info", f"{__name__}:NotesPage", lambda path: path.suffix == ".note")


class NotesPage(Page):
    """Shows the text of a file."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.label = QLabel(self)
        QVBoxLayout(self).addWidget(self.label)
        self.path = ""
        self.cancelled = 0

    def open(self, paths: Sequence[Path]) -> None:
        self.path = str(paths[0])
        self.label.setText(paths[0].read_text())
        self.title_changed.emit(paths[0].name)
        self.verbs_changed.emit()
        self.opened.emit((self.path,), "a note")

    def verbs(self) -> Mapping[str, Verb]:
        return {"cancel": self.cancel} if self.path else {}

    def cancel(self) -> None:
        self.cancelled += 1

    def save(self) -> str:
        return self.path

    def restore(self, text: str) -> None:
        if Path(text).exists():
            self.open([Path(text)])


@pytest.fixture(autouse=True)
def pages(monkeypatch):
    monkeypatch.setattr(table, "PAGES", (NOTES,))
    monkeypatch.setattr("app.menus.PAGES", (NOTES,))
    monkeypatch.setattr(page_of, "__defaults__", ((NOTES,),))


@pytest.fixture
def note(tmp_path: Path) -> Path:
    file = tmp_path / "a.note"
    file.write_text("hello")
    return file


def enabled(window) -> set[str]:
    return {a.objectName() for a in window.actions_by_name.all() if a.isEnabled()}


def test_a_path_goes_to_the_page_that_wants_it(opened, note):
    window = opened(note)
    page = window.shelf.page
    assert isinstance(page, NotesPage)
    assert page.label.text() == "hello"
    assert window.windowTitle() == "a.note — Ascend Diag"
    assert window.settings.recent[0] == (str(note),)
    assert window.rail.buttons["notes"].isChecked()


def test_actions_are_those_of_the_page_in_front(opened, note, recorded, qtbot):
    window = opened(recorded)
    qtbot.waitUntil(lambda: window.desk.session.comparison is not None, timeout=20_000)
    assert "culprit" in enabled(window)
    window.flow.open([note])
    assert "culprit" not in enabled(window)
    assert "cancel" in enabled(window)
    window.do("cancel")
    assert window.shelf.page.cancelled == 1
    window.rail.buttons["compare"].click()
    assert window.shelf.page is None
    assert "culprit" in enabled(window)
    assert window._stack.currentWidget() is window.desk


def test_a_page_is_made_when_it_is_first_shown_and_once(opened):
    window = opened()
    assert window.findChildren(NotesPage) == []
    window.actions_by_name["page_notes"].trigger()
    window.turn("compare")
    window.turn("notes")
    assert len(window.findChildren(NotesPage)) == 1


def test_the_welcome_page_leads_to_every_page(opened):
    window = opened()
    link = next(b for b in window.welcome.findChildren(QPushButton) if b.text() == "Notes")
    link.click()
    assert isinstance(window.shelf.page, NotesPage)


def test_the_page_in_front_and_what_it_shows_are_back_after_a_restart(application, opened, note):
    opened(note)
    application.shut_down()
    again = opened()
    assert isinstance(again.shelf.page, NotesPage)
    assert again.shelf.page.label.text() == "hello"


def test_every_page_of_the_table_has_an_icon_words_and_a_class():
    names = [entry.name for entry in REAL]
    assert len(set(names)) == len(names)
    for entry in REAL:
        assert (RESOURCES / "icons" / f"{entry.icon}.svg").is_file(), entry.name
        assert issubclass(entry.load(), Page)
        assert all(entry.words())
