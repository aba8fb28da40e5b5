"""The row above the graphs: search, failures, what is open, match, export; and the legend below them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QLineEdit, QSizePolicy, QToolBar, QWidget

from app.graph.overlay import State
from app.graph.paint import Artist


class SearchField(QLineEdit):
    """A search field that goes through its hits.

    Signals:
        stepped: 1 for the next hit, -1 for the one before.
        left: the user is done and wants the graph back.
    """

    stepped = Signal(object)
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter and Shift+Enter go through the hits, Escape leaves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class Bar(QToolBar):
    """The row of controls; what does not fit goes into its overflow. What they do is connected by the view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMovable(False)
        self.setAccessibleName(self.tr("Graph"))
        self.search = SearchField(self)
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(self.tr("Search node or operator …"))
        self.search.setAccessibleName(self.tr("Search the graph"))
        self.search.setToolTip(self.tr("Enter: next hit, Shift+Enter: the one before"))
        self.search.setMinimumWidth(120)
        self.search.setMaximumWidth(280)
        self.hits = QLabel(self)
        self.hits.setAccessibleName(self.tr("Hits"))
        self.hits.setMinimumWidth(self.fontMetrics().horizontalAdvance("0000/0000"))
        self.addWidget(self.search)
        self.addWidget(self.hits)
        self.previous = self._action(self.tr("◀ Failure"), self.tr("Previous failing node"))
        self.next = self._action(self.tr("Failure ▶"), self.tr("Next failing node"))
        self.fit = self._action(self.tr("Fit"), self.tr("Show all (Space)"))
        self.open_all = self._action(self.tr("Open all"),
                                     self.tr("Open the selected scope and all inside it, or everything"))
        self.close_all = self._action(self.tr("Close all"), self.tr("Close all scopes"))
        self.match = self._action(self.tr("Match"), self.tr("Say that the two selected grey nodes answer each other"))
        self.match.setEnabled(False)
        self.export = self._action(self.tr("Export …"), self.tr("Save what is seen as PNG or SVG"))

    def tell_steps(self, kind: str) -> None:
        """Whether the two steps go to failures or to differences; what has no sense is hidden."""
        self.match.setVisible(kind == "verdicts")
        for action in (self.previous, self.next):
            action.setVisible(kind != "plain")
        for action, text, tip in (
                (self.previous, self.tr("◀ Difference"), self.tr("Previous node that differs")),
                (self.next, self.tr("Difference ▶"), self.tr("Next node that differs"))) if kind != "verdicts" else (
                (self.previous, self.tr("◀ Failure"), self.tr("Previous failing node")),
                (self.next, self.tr("Failure ▶"), self.tr("Next failing node"))):
            action.setText(text)
            action.setToolTip(tip)
            self.widgetForAction(action).setAccessibleName(tip)

    def _action(self, text: str, tip: str) -> QAction:
        action = QAction(text, self)
        action.setToolTip(tip)
        self.addAction(action)
        button = self.widgetForAction(action)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return action


class Legend(QWidget):
    """What the shapes and colours mean; entries that do not fit are left out."""

    def __init__(self, artist: Artist, states: Sequence[tuple[State, str]], own: str,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._artist, self._states, self._own = artist, states, own
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Legend"))
        self.setAccessibleDescription(", ".join([*(word for _, word in states), own]))

    def set_states(self, states: Sequence[tuple[State, str]], own: str) -> None:
        """Other entries; ``own`` is "" where there is no ring to explain."""
        self._states, self._own = states, own
        self.setAccessibleDescription(", ".join([*(word for _, word in states), own]))
        self.update()

    def set_artist(self, artist: Artist) -> None:
        """Other colours."""
        self._artist = artist
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return QSize(300, QFontMetrics(self.font()).height() + 8)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Pictures and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(self.font())
        x, high = 8.0, float(self.height())
        for state, word in (*self._states, *(((None, self._own),) if self._own else ())):
            wide = metrics.horizontalAdvance(word)
            if x + wide + 20 > self.width():
                break
            if state is None:
                painter.setPen(QPen(QColor(self._artist.palette.own), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(x, high / 2 - 6, 13, 12), 4, 4)
            else:
                pixmap = self._artist.glyphs.pixmap(state, 13, self.devicePixelRatioF())
                painter.drawPixmap(QPointF(x, high / 2 - 6.5), pixmap)
            painter.setPen(self._artist.colour("muted"))
            painter.drawText(QPointF(x + 18, high / 2 + metrics.ascent() / 2 - 1), word)
            x += wide + 34
        painter.end()
