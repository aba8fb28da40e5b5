"""Where a graph is looked at: zoom, pan, selection by mouse and keys. It shows a scene and says what is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.graph.minimap import Minimap
from app.graph.paint import Artist, Marks
from app.graph.primitives import View
from app.graph.scene import Scene

LEAST_ZOOM, MOST_ZOOM = 0.0002, 3.0
_STEP = 1.25
_FIT_AT_MOST = 1.0


class Canvas(QWidget):
    """Shows one scene.

    Signals:
        picked: the item that was chosen, -1 for none.
        toggled: a scope to open or close.
        up_wanted: one level up from the selection.
        zoomed: pixels per scene unit.
        menu_wanted: (item, QPoint on the screen).
    """

    picked = Signal(object)
    toggled = Signal(object)
    up_wanted = Signal()
    zoomed = Signal(object)
    menu_wanted = Signal(object)

    def __init__(self, artist: Artist, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._artist = artist
        self._scene: Scene | None = None
        self._view = View(0, 0, 1, 1, 1)
        self._marks = Marks()
        self._tip: Callable[[int], str] = lambda _: ""
        self._grabbed: QPointF | None = None
        self._moved = False
        self._fitted = True
        self.empty = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.minimap = Minimap(artist, self)
        self.minimap.looked_at.connect(self.centre_at)

    # what is shown

    @property
    def scene(self) -> Scene | None:
        """What is shown."""
        return self._scene

    @property
    def view(self) -> View:
        """Which part of it."""
        return self._view

    @property
    def marks(self) -> Marks:
        """What is marked in it."""
        return self._marks

    def set_artist(self, artist: Artist) -> None:
        """Other colours."""
        self._artist = artist
        self.minimap.set_artist(artist)
        self.update()

    def set_tip(self, tip: Callable[[int], str]) -> None:
        """What the tool tip of an item says."""
        self._tip = tip

    def set_scene(self, scene: Scene | None, anchor: int = -1) -> None:
        """Show another scene; the corner of the anchor, or of what holds it now, stays where it is on the screen."""
        before = self._scene
        self._scene = scene
        if scene is None:
            self._marks = Marks()
        elif before is None or self._fitted or before.model is not scene.model:
            self.fit()
        elif anchor >= 0 and (old := before.rect(before.seen(anchor))) and (new := scene.rect(scene.seen(anchor))):
            middle = (new[0] + new[2] - old[0] - old[2]) / 2
            self._look(self._view.x + middle, self._view.y + new[1] - old[1], self._view.zoom)
        self.minimap.set_scene(scene)
        self._place_minimap()
        self.update()

    def set_marks(self, marks: Marks) -> None:
        """Mark other items."""
        self._marks = replace(marks, hover=self._marks.hover)
        self.update()

    # where one looks

    def fit(self) -> None:
        """All of it; a tall graph from its top, at a zoom at which one can read it."""
        if self._scene is None:
            return
        wide = self.width() / (self._scene.width + 40)
        high = self.height() / (self._scene.height + 40)
        self._zoom_to_fit(min(wide, high, _FIT_AT_MOST))
        self._fitted = True

    def start(self) -> None:
        """The top of it, as wide as it is, but not so small that nothing can be read."""
        if self._scene is not None:
            whole = min(self.width() / (self._scene.width + 40), _FIT_AT_MOST)
            zoom, boxes, middle = max(whole, 0.5), self._scene.boxes.box, self._scene.width / 2
            if zoom > whole and len(boxes):
                # Not all of it fits: the middle may be empty, the first box is not.
                middle = float(boxes[0, 0] + boxes[0, 2] / 2)
            self._look(middle - self.width() / zoom / 2, -20, zoom)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in or out; the place under the cursor stays (the middle if none is given)."""
        where = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        zoom = min(max(self._view.zoom * factor, LEAST_ZOOM), MOST_ZOOM)
        x = self._view.x + where.x() / self._view.zoom - where.x() / zoom
        y = self._view.y + where.y() / self._view.zoom - where.y() / zoom
        self._look(x, y, zoom)

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by pixels."""
        self._look(self._view.x + dx / self._view.zoom, self._view.y + dy / self._view.zoom, self._view.zoom)

    def centre_at(self, place: object) -> None:
        """Look at a place of the scene (x, y)."""
        if isinstance(place, tuple):
            x, y = place
            self._look(x - self.width() / self._view.zoom / 2, y - self.height() / self._view.zoom / 2, self._view.zoom)

    def show_item(self, item: int, least: float = 0.75) -> None:
        """Bring an item into view, near enough to be read."""
        rect = self._scene.rect(self._scene.seen(item)) if self._scene is not None else None
        if rect is None:
            return
        zoom = max(self._view.zoom, least)
        wide, high = self.width() / zoom, self.height() / zoom
        x, y = self._view.x, self._view.y
        inside = (zoom == self._view.zoom and rect[0] > x + 10 and rect[2] < x + wide - 10 and rect[1] > y + 10
                  and rect[3] < y + high - 10)
        if not inside:
            top = rect[1] if rect[3] - rect[1] > high * 0.8 else (rect[1] + rect[3]) / 2 - high * 0.3
            self._look((rect[0] + rect[2]) / 2 - wide / 2, top - high * 0.15, zoom)

    def _zoom_to_fit(self, zoom: float) -> None:
        scene = self._scene
        if scene is None:
            return
        zoom = max(zoom, LEAST_ZOOM)
        self._look((scene.width - self.width() / zoom) / 2, (scene.height - self.height() / zoom) / 2
                   if scene.height * zoom > self.height() * 0.6 else -20 / zoom, zoom)

    def _look(self, x: float, y: float, zoom: float) -> None:
        self._fitted = False
        changed = zoom != self._view.zoom
        self._view = View(x, y, zoom, self.width(), self.height())
        self.minimap.set_view(self._view)
        self.update()
        if changed:
            self.zoomed.emit(zoom)

    # Qt

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """All of it."""
        painter = QPainter(self)
        self.render_to(painter)
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(0, 0, self.width() - 1, self.height() - 1)
        painter.end()

    def render_to(self, painter: QPainter) -> None:
        """Draw the view with any painter: the screen, an image, an SVG."""
        if self._scene is not None:
            self._artist.paint(painter, self._scene, self._view, self._marks)
            return
        painter.fillRect(self.rect(), self._artist.colour("canvas"))
        painter.setPen(self._artist.colour("muted"))
        painter.drawText(QRectF(self.rect()).adjusted(20, 20, -20, -20),
                         Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for a small graph."""
        return QSize(520, 420)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Still of use."""
        return QSize(160, 140)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep what is in the middle; a fitted graph stays fitted."""
        if self._fitted and self._scene is not None:
            self.fit()
        else:
            self._view = replace(self._view, width=self.width(), height=self.height())
            self.minimap.set_view(self._view)
        self._place_minimap()
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the cursor; with Shift sideways, with a touch pad's pixels and no Ctrl pan."""
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-float(event.angleDelta().y() or event.angleDelta().x()), 0)
        else:
            self.zoom_by(_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grabbed, self._moved = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag the graph, or mark what is under the cursor."""
        if self._grabbed is not None and event.buttons():
            step = self._grabbed - event.position()
            if self._moved or step.manhattanLength() > 4:
                self._moved = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.pan(step.x(), step.y())
                self._grabbed = event.position()
            return
        under = self._under(event.position())
        if under != self._marks.hover:
            self._marks = replace(self._marks, hover=under)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click selects."""
        if self._grabbed is not None and not self._moved:
            self.picked.emit(self._under(event.position()))
        self._grabbed = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Open or close the scope under the cursor."""
        item = self._under(event.position())
        if item >= 0:
            self.toggled.emit(item)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Nothing is under the cursor."""
        self._marks = replace(self._marks, hover=-1)
        self.update()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show where the keys go."""
        self.update()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """W S zoom, A D pan, space all, arrows to the neighbours, Enter opens, Backspace one level up."""
        key, far = event.key(), 60.0
        simple: dict[int, Callable[[], None]] = {
            Qt.Key.Key_W: lambda: self.zoom_by(_STEP), Qt.Key.Key_S: lambda: self.zoom_by(1 / _STEP),
            Qt.Key.Key_Plus: lambda: self.zoom_by(_STEP), Qt.Key.Key_Minus: lambda: self.zoom_by(1 / _STEP),
            Qt.Key.Key_A: lambda: self.pan(-far, 0), Qt.Key.Key_D: lambda: self.pan(far, 0),
            Qt.Key.Key_PageUp: lambda: self.pan(0, -self.height() * 0.8),
            Qt.Key.Key_PageDown: lambda: self.pan(0, self.height() * 0.8),
            Qt.Key.Key_Space: self.fit, Qt.Key.Key_Backspace: self.up_wanted.emit,
            Qt.Key.Key_Up: lambda: self._step(0, -1), Qt.Key.Key_Down: lambda: self._step(0, 1),
            Qt.Key.Key_Left: lambda: self._step(-1, 0), Qt.Key.Key_Right: lambda: self._step(1, 0),
            Qt.Key.Key_Return: self._toggle, Qt.Key.Key_Enter: self._toggle,
            Qt.Key.Key_Escape: lambda: self.picked.emit(-1),
            Qt.Key.Key_Menu: self._menu_key,
        }
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier,
                                      Qt.KeyboardModifier.ShiftModifier)
        if plain and key in simple and self._scene is not None:
            simple[key]()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tool tips and the context menu."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self._under(QPointF(event.pos()))
            text = self._tip(item) if item >= 0 else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        if event.type() == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent):
            self.menu_wanted.emit((self._under(QPointF(event.pos())), event.globalPos()))
            return True
        return super().event(event)

    def _menu_key(self) -> None:
        rect = self._scene.rect(self._marks.selected) if self._scene and self._marks.selected >= 0 else None
        view = self._view
        at = QPoint(int((rect[0] - view.x) * view.zoom), int((rect[3] - view.y) * view.zoom)) if rect else QPoint(9, 9)
        self.menu_wanted.emit((self._marks.selected, self.mapToGlobal(at)))

    def _toggle(self) -> None:
        if self._marks.selected >= 0:
            self.toggled.emit(self._marks.selected)

    def _step(self, dx: int, dy: int) -> None:
        """Select the nearest box in a direction; the first one if nothing is selected."""
        if self._scene is not None:
            found = self._scene.neighbour(self._marks.selected, dx, dy)
            if found >= 0:
                self.picked.emit(found)
                self.show_item(found, least=0.0)

    def _under(self, at: QPointF) -> int:
        if self._scene is None:
            return -1
        return self._scene.hit(self._view.x + at.x() / self._view.zoom, self._view.y + at.y() / self._view.zoom)

    def _place_minimap(self) -> None:
        side = min(120, self.width() // 4), min(190, self.height() // 3)
        self.minimap.fit_into(QRectF(self.width() - side[0] - 10, self.height() - side[1] - 10, *side))
