"""The docks around one session. Imported after the first window is shown, because numpy and our core come with it."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from app.assets import Look
from app.jobs import JobRunner
from app.session import Session
from app.views.banner import Banner
from app.views.curve import CurveView
from app.views.findings import FindingsView
from app.views.graph import GraphDock
from app.views.jobs import JobsView
from app.views.layers import LayersView
from app.views.log import LogView
from app.views.tensor import TensorView
from app.views.why import WhyView
from app.work import Work
from diag.rules import Lang

LEFT, RIGHT, BOTTOM = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea,
                       Qt.DockWidgetArea.BottomDockWidgetArea)
LAYOUT_VERSION = 2


class Desk(QWidget):
    """Banner and docks.

    Signals:
        export_wanted: (kind) "table" or "report".
    """

    export_wanted = Signal(str)

    def __init__(self, look: Look, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = Session(self)
        self.work = Work(self.session, self, lang)
        self.banner = Banner(self.session, look, lang, self)
        self.banner.cancel_wanted.connect(self.work.cancel)
        self.layers = LayersView(self.session, look, lang)
        self.layers.export_wanted.connect(lambda: self.export_wanted.emit("table"))
        self.curve = CurveView(self.session, look, lang)
        self.tensor = TensorView(self.session, look, lang)
        self.graph = GraphDock(self.session, look, lang)
        self.graph.match_wanted.connect(self.work.match)
        self.graph.failed.connect(self.work.failed)
        self.why = WhyView(self.session, look, lang)
        self.findings = FindingsView(self.session, look, lang)
        self.jobs = JobsView(self.work, look)
        self.log = LogView(self.work)
        self.work.progress.connect(self.banner.set_progress)
        self.inner = QMainWindow(self)
        # Its constructor makes it a window of its own whatever flags it is given.
        self.inner.setWindowFlags(Qt.WindowType.Widget)
        self.inner.setDockNestingEnabled(True)
        self.inner.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.inner.setDockOptions(self.inner.dockOptions() | QMainWindow.DockOption.GroupedDragging)
        self.docks: dict[str, QDockWidget] = {}
        self._heads = QTimer(self, singleShot=True, interval=0)
        self._heads.timeout.connect(self._tell_names_once)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.inner, 1)
        self._dock_all()
        self._usual = self.inner.saveState(LAYOUT_VERSION)

    def save(self) -> QByteArray:
        """Where everything is."""
        return self.inner.saveState(LAYOUT_VERSION)

    def restore(self, state: QByteArray) -> None:
        """Put everything back where it was."""
        if not state.isEmpty():
            self.inner.restoreState(state, LAYOUT_VERSION)

    def restore_usual(self) -> None:
        """The layout of the first start."""
        self.inner.restoreState(self._usual, LAYOUT_VERSION)

    def shut_down(self) -> None:
        """Stop every thread."""
        self.work.shut_down()
        self.graph.view.shut_down()
        for runner in self.findChildren(JobRunner):
            runner.shut_down()

    def show_dock(self, name: str) -> None:
        """Bring a dock to the front."""
        self.docks[name].show()
        self.docks[name].raise_()

    def _tell_names_once(self) -> None:
        """A dock in tabs has its name on the tab: its own title would only take room."""
        for dock in self.docks.values():
            bare = not dock.isFloating() and bool(self.inner.tabifiedDockWidgets(dock))
            if bare == (dock.titleBarWidget() is None):
                old = dock.titleBarWidget()
                # None brings the usual title back; PySide's stubs do not know.
                dock.setTitleBarWidget(QWidget(dock) if bare else None)  # type: ignore[arg-type]
                if old is not None:
                    old.deleteLater()

    def _dock_all(self) -> None:
        for name, title, widget, area in (
                ("layers", self.tr("Layers"), self.layers, LEFT),
                ("curve", self.tr("Error over depth"), self.curve, LEFT),
                ("why", self.tr("Why"), self.why, RIGHT), ("graph", self.tr("Graph"), self.graph, RIGHT),
                ("tensor", self.tr("Tensor"), self.tensor, RIGHT),
                ("findings", self.tr("Findings"), self.findings, RIGHT), ("jobs", self.tr("Jobs"), self.jobs, LEFT),
                ("log", self.tr("Log"), self.log, LEFT)):
            dock = QDockWidget(title, self.inner)
            dock.setObjectName(name)
            dock.setWidget(widget)
            self.inner.addDockWidget(area, dock)
            dock.topLevelChanged.connect(lambda _: self._heads.start())
            dock.dockLocationChanged.connect(lambda _: self._heads.start())
            dock.visibilityChanged.connect(lambda _: self._heads.start())
            self.docks[name] = dock
        self.docks["graph"].visibilityChanged.connect(self.graph.set_front)
        tabs = ("why", "graph"), ("graph", "tensor"), ("tensor", "findings"), ("curve", "jobs"), ("jobs", "log")
        for first, second in tabs:
            self.inner.tabifyDockWidget(self.docks[first], self.docks[second])
        for front in ("why", "curve"):
            self.docks[front].raise_()
        self.inner.resizeDocks([self.docks["layers"], self.docks["why"]], [700, 560], Qt.Orientation.Horizontal)
        self.inner.resizeDocks([self.docks["layers"], self.docks["curve"]], [440, 260], Qt.Orientation.Vertical)
