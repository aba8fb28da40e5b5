"""The main window. Light: what needs numpy or our core (the desk, the dialogs) is imported after it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QWidget

from app.actions import Actions
from app.assets import Look
from app.i18n import Lang
from app.menus import build
from app.settings import Settings
from app.views.welcome import Welcome, recent_title

if TYPE_CHECKING:
    from app.desk import Desk
    from app.flow import Flow
    from app.session import State

_FIRST_SIZE = (1280, 800)


class MainWindow(QMainWindow):
    """Welcome page or desk, menus, and what is dropped on it.

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
        self.setCentralWidget(self._stack)
        self.welcome = self._make_welcome()
        self.actions_by_name = Actions(self, look)
        build(self, self.actions_by_name)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._furnish)
        geometry = settings.state("window")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)

    # the two pages

    def _make_welcome(self) -> Welcome:
        recent = [(paths, self.settings.title(paths)) for paths in self.settings.recent]
        page = Welcome(self.look, recent, self)
        page.sample_wanted.connect(lambda: self.do("sample"))
        page.files_wanted.connect(lambda: self.do("new"))
        page.run_wanted.connect(lambda: self.do("open_run"))
        page.recent_wanted.connect(self.open_recent)
        self._stack.insertWidget(0, page)
        self._stack.setCurrentIndex(0)
        return page

    def refresh_welcome(self) -> None:
        """Show the recent files as they are now."""
        old, shown = self.welcome, self._stack.currentWidget() is self.welcome
        self._stack.removeWidget(old)
        old.deleteLater()
        self.welcome = self._make_welcome()
        if not shown and self.desk is not None:
            self._stack.setCurrentWidget(self.desk)

    def _furnish(self) -> None:
        if self.desk is not None:
            return
        from app.desk import Desk
        from app.flow import Flow

        self.actions_by_name.decorate()
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

    def _turn(self, state: State) -> None:
        empty = state.value == "empty"
        if empty:
            self.refresh_welcome()
        self._stack.setCurrentWidget(self.welcome if empty or self.desk is None else self.desk)
        self.actions_by_name.enable(("close", "copy_command", "culprit", "next", "previous", "own_input", "swap",
                                     "find", "clear_filters", "export_table"), not empty)
        self.actions_by_name.enable(("export_report",), state.value == "done")
        self.actions_by_name.enable(("again",), state.value in ("done", "stopped"))
        self.actions_by_name.enable(("cancel",), state.value == "running")
        session = self.desk.session if self.desk else None
        pair = session.pair if session else None
        self.setWindowTitle(f"{pair.golden.name} ↔ {pair.target.name} — Ascend Diag" if pair and not empty
                            else "Ascend Diag")

    # what a person wants

    def do(self, name: str) -> None:
        """Run an action of the flow by its name; furnishes the window first if it is that early."""
        self._furnish()
        if self.flow is not None:
            self.flow.do(name)

    def open_recent(self, paths: Sequence[str]) -> None:
        """Open what was open before."""
        self._furnish()
        if self.flow is not None:
            self.flow.open([Path(p) for p in paths])

    def fill_recent(self, menu: QMenu) -> None:
        """The menu of recent files, made when it is opened."""
        menu.clear()
        for i, paths in enumerate(self.settings.recent, 1):
            action = menu.addAction(f"&{i}  {recent_title(paths, self.settings.title(paths))}")
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
