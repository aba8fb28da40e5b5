"""The main window. Light: what needs numpy or our core (the desk, the dialogs) is imported after it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMenu, QStackedWidget, QWidget

from app.actions import Actions
from app.assets import Look
from app.i18n import Lang
from app.menus import CONTEXT, build
from app.pages import table
from app.pages.rail import Rail
from app.pages.shelf import Shelf
from app.settings import Settings
from app.views.welcome import Welcome, recent_title

if TYPE_CHECKING:
    from app.desk import Desk
    from app.flow import Flow
    from app.pages.interface import Page
    from app.session import State

_FIRST_SIZE = (1280, 800)


class MainWindow(QMainWindow):
    """Rail, pages, menus, and what is dropped on it. The comparison's page is the desk, or the welcome page.

    Signals:
        restyle_wanted: language or theme was changed: make this window again.
        furnished: the desk is there.
    """

    restyle_wanted = Signal()
    furnished = Signal()

    def __init__(self, look: Look, lang: Lang, settings: Settings, paths: Sequence[Path] = ()) -> None:
        super().__init__()
        self.look, self.lang, self.settings = look, lang, settings
        self.desk: Desk | None = None
        self.flow: Flow | None = None
        self._paths = list(paths)
        self.setWindowTitle("Ascend Diag")
        self.setAcceptDrops(True)
        self.resize(*_FIRST_SIZE)
        self._stack = QStackedWidget(self)
        self.rail = Rail(self)
        self.shelf = Shelf(self._stack, table.PAGES, look, lang, settings)
        self._furnish_frame()
        self.welcome = self._make_welcome()
        self.actions_by_name = Actions(self, look)
        build(self, self.actions_by_name)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._furnish)
        geometry = settings.state("window")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)

    # pages

    def _furnish_frame(self) -> None:
        frame = QWidget(self)
        row = QHBoxLayout(frame)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self._stack, 1)
        self.setCentralWidget(frame)
        translate = QCoreApplication.translate
        self.rail.add(table.COMPARE, *(translate("Pages", words) for words in table.COMPARE_WORDS))
        for entry in table.PAGES:
            self.rail.add(entry.name, *entry.words())
        self.rail.mark(table.COMPARE)
        self.rail.chosen.connect(self.turn)
        self.shelf.made.connect(self._connect)
        self.shelf.changed.connect(self._show_front)

    def turn(self, name: str) -> None:
        """Bring a page to the front."""
        self._furnish()
        self.shelf.turn(name, self._comparison_widget())
        self.rail.mark(name)
        self._show_front()

    def _connect(self, page: Page) -> None:
        page.failed.connect(self.show_problem)
        page.said.connect(lambda text: self.statusBar().showMessage(text, 6000))
        page.opened.connect(self.settings.remember)
        page.open_wanted.connect(self.open_in)

    def open_in(self, name: str, paths: Sequence[Path]) -> None:
        """Show paths in a page; "" lets them decide which."""
        name = name or table.page_of(paths)
        if name == table.COMPARE:
            if self.flow is not None:
                self.flow.open_comparison(paths)
            return
        self.turn(name)
        self.shelf.get(name).open(paths)

    def _make_welcome(self) -> Welcome:
        recent = [(paths, self.settings.title(paths)) for paths in self.settings.recent]
        page = Welcome(self.look, recent, table.PAGES, self)
        page.page_wanted.connect(self.turn)
        page.sample_wanted.connect(lambda: self.do("sample"))
        page.files_wanted.connect(lambda: self.do("new"))
        page.run_wanted.connect(lambda: self.do("open_run"))
        page.recent_wanted.connect(self.open_recent)
        self._stack.insertWidget(0, page)
        return page

    def refresh_welcome(self) -> None:
        """Show the recent files as they are now."""
        old, shown = self.welcome, self._stack.currentWidget() is self.welcome
        self.welcome = self._make_welcome()
        if shown:
            self._stack.setCurrentWidget(self.welcome)
        self._stack.removeWidget(old)
        old.deleteLater()

    def _furnish(self) -> None:
        if self.desk is not None:
            return
        from app.desk import Desk
        from app.flow import Flow

        self.actions_by_name.decorate()
        self.rail.decorate(self.look, table.PAGES)
        self.desk = Desk(self.look, self.lang, self)
        self._stack.addWidget(self.desk)
        self.flow = Flow(self, self.desk)
        self.desk.session.state_changed.connect(self._turn)
        self.desk.restore(self.settings.state("desk"))
        self.desk.layers.set_preset(self.settings.text("preset", "overview"))
        view = self.actions_by_name.menus["view"]
        for dock in self.desk.docks.values():
            view.addAction(dock.toggleViewAction())
        self._turn(self.desk.session.state)
        self.furnished.emit()
        if self._paths:
            self.flow.open(self._paths)
        else:
            self.flow.resume()
            kept = self.settings.text("page", table.COMPARE)
            if kept in self.rail.buttons:
                self.turn(kept)

    def _turn(self, state: State) -> None:
        if state.value == "empty":
            self.refresh_welcome()
        if self.shelf.page is None:
            self._stack.setCurrentWidget(self._comparison_widget())
        self._show_front()

    def _comparison_widget(self) -> QWidget:
        empty = self.desk is None or self.desk.session.state.value == "empty"
        return self.welcome if empty or self.desk is None else self.desk

    def _show_front(self) -> None:
        """What is possible in the page in front, and its title."""
        page = self.shelf.page
        if page is not None:
            verbs = page.verbs()
            self.actions_by_name.enable(CONTEXT, on=False)
            self.actions_by_name.enable([name for name in CONTEXT if name in verbs], on=True)
            title = self.shelf.title
        else:
            title = self._show_comparison()
        self.setWindowTitle(f"{title} — Ascend Diag" if title else "Ascend Diag")

    def _show_comparison(self) -> str:
        session = self.desk.session if self.desk else None
        state = session.state.value if session else "empty"
        self.actions_by_name.enable(CONTEXT, state != "empty")
        self.actions_by_name.enable(("export_report",), state == "done")
        self.actions_by_name.enable(("again",), state in ("done", "stopped"))
        self.actions_by_name.enable(("cancel",), state == "running")
        pair = session.pair if session else None
        return f"{pair.golden.name} ↔ {pair.target.name}" if pair and state != "empty" else ""

    # what a person wants

    def do(self, name: str) -> None:
        """Run an action by its name: the front page's, else the flow's; furnishes the window first if need be."""
        self._furnish()
        page = self.shelf.page
        verb = page.verbs().get(name) if page is not None else None
        if verb is not None:
            verb()
        elif self.flow is not None:
            self.flow.do(name)

    def open_recent(self, paths: Sequence[str]) -> None:
        """Open what was open before."""
        self._furnish()
        if self.flow is not None:
            self.flow.open([Path(p) for p in paths])

    def open_nth_recent(self, number: int) -> None:
        """Open a recent item by its place, from 1; nothing happens where there are not as many."""
        recent = self.settings.recent
        if number <= len(recent):
            self.open_recent(recent[number - 1])

    def fill_recent(self, menu: QMenu) -> None:
        """The menu of recent files, made when it is opened."""
        menu.clear()
        for i, paths in enumerate(self.settings.recent, 1):
            action = menu.addAction(f"&{i}  {recent_title(paths, self.settings.title(paths))}")
            # The key is a shortcut of the window's own: this menu is made only when it is opened.
            action.setText(f"{action.text()}\tCtrl+{i}" if i < 10 else action.text())
            action.triggered.connect(lambda _=False, p=paths: self.open_recent(p))
        if menu.isEmpty():
            menu.addAction(self.tr("Nothing yet")).setEnabled(False)
            return
        menu.addSeparator()
        menu.addAction(self.tr("Forget all"), self._forget)

    def show_problem(self, error: object) -> QWidget:
        """Tell an error."""
        from app import problems

        return problems.show(self, error)

    def _forget(self) -> None:
        self.settings.forget_recent()
        self.refresh_welcome()

    # Qt

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Furnish the desk as soon as the first picture is on the screen."""
        super().showEvent(event)
        if self.desk is None:
            self._later.start()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Remember everything, stop what runs."""
        self.save()
        self.shelf.shut_down()
        if self.desk is not None:
            self.desk.shut_down()
        super().closeEvent(event)

    def save(self) -> None:
        """Remember size, layout, run and selection."""
        self.settings.put_state("window", self.saveGeometry())
        if self.desk is not None and self.flow is not None:
            self.settings.put_state("desk", self.desk.save())
            self.settings.put("preset", self.desk.layers.preset)
            self.flow.remember()
            self.shelf.save()
        self.settings.save()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files are welcome."""
        if any(u.isLocalFile() for u in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open what was dropped."""
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        event.acceptProposedAction()
        self._furnish()
        if self.flow is not None and paths:
            self.flow.open(paths)
