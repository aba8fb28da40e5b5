"""Which lines are wanted: level, modules, processes, threads, text, lines around, folds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QMenu, QSpinBox, QToolButton, QWidget

from app.assets import Look
from diag.errors import UsageError
from diag.logs.record import Level
from diag.logs.select import Filter, make_pattern

_DELAY_MS = 250
_MOST = 60
_LEVELS = (None, Level.INFO, Level.WARNING, Level.ERROR)


class Filters(QWidget):
    """One row of choices.

    Signals:
        changed: a moment after the last change.
    """

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._span: tuple[int | None, int | None] = (None, None)
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.changed)
        self.level = QComboBox(self)
        self.level.setAccessibleName(self.tr("Level"))
        for text in (self.tr("every level"), self.tr("INFO and louder"), self.tr("WARNING and louder"),
                     self.tr("ERROR and louder")):
            self.level.addItem(text)
        self.text = QLineEdit(self, clearButtonEnabled=True)
        self.text.setPlaceholderText(self.tr("Text or regular expression (Ctrl+F)"))
        self.text.setAccessibleName(self.tr("Text in lines"))
        self.text.addAction(look.icon("search", look.theme.muted), QLineEdit.ActionPosition.LeadingPosition)
        self.modules = _Choice(self.tr("Modules"), self)
        self.pids = _Choice(self.tr("Processes"), self)
        self.tid = QLineEdit(self, clearButtonEnabled=True)
        self.tid.setPlaceholderText(self.tr("Thread"))
        self.tid.setAccessibleName(self.tr("Thread as printed"))
        self.tid.setMaximumWidth(110)
        self.around = QSpinBox(self, maximum=500, prefix="± ")
        self.around.setAccessibleName(self.tr("Lines around each match"))
        self.around.setToolTip(self.tr("Lines to show before and after each match"))
        self.folded = QToolButton(self)
        self.folded.setText(self.tr("Fold"))
        self.folded.setCheckable(True)
        self.folded.setObjectName("chip")
        self.folded.setToolTip(self.tr("Show only the first line of records that have several; Space unfolds one"))
        self.problem = QLabel(self)
        self.problem.setObjectName("problem")
        self.problem.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((self.level, 0), (self.text, 1), (self.problem, 0), (self.modules, 0), (self.pids, 0),
                                (self.tid, 0), (self.around, 0), (self.folded, 0)):
            row.addWidget(widget, stretch)
        for signal in (self.level.currentIndexChanged, self.text.textChanged, self.modules.changed, self.pids.changed,
                       self.tid.textChanged, self.around.valueChanged, self.folded.toggled):
            signal.connect(lambda *_: self._timer.start())

    def wanted(self) -> Filter | None:
        """The filter; None where the text is no regular expression, which is told beside it."""
        text = self.text.text()
        self.problem.hide()
        try:
            pattern = make_pattern(text) if text else None
        except UsageError as error:
            self.problem.setText(self.tr("Not a regular expression"))
            self.problem.setToolTip(error.message)
            self.problem.show()
            return None
        thread = self.tid.text().strip()
        return Filter(_LEVELS[self.level.currentIndex()], frozenset(name.upper() for name in self.modules.chosen()),
                      frozenset(int(number) for number in self.pids.chosen()), frozenset({thread} if thread else ()),
                      *self._span, pattern, self.around.value())

    def set_span(self, since_us: int | None, until_us: int | None) -> None:
        """Only this time."""
        if self._span != (since_us, until_us):
            self._span = since_us, until_us
            self._timer.start()

    def only(self, what: str, value: object) -> None:
        """Only this module or process."""
        (self.modules if what == "module" else self.pids).choose([str(value)])

    def clear(self) -> None:
        """Show every line."""
        self.level.setCurrentIndex(0)
        self.text.clear()
        self.tid.clear()
        self.modules.choose([])
        self.pids.choose([])
        self.folded.setChecked(False)
        self.around.setValue(0)
        self._span = None, None
        self._timer.start()

    def stop(self) -> None:
        """No more signals."""
        self._timer.stop()


class _Choice(QToolButton):
    """A button with a menu of names to tick; none ticked means all."""

    changed = Signal()

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = title
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName(title)
        self._tell()

    def offer(self, names: Sequence[str]) -> None:
        """The names that there are; ticks stay."""
        known = {action.text() for action in self._menu.actions()}
        for name in names[:_MOST]:
            if name not in known:
                action = QAction(name, self, checkable=True)
                action.toggled.connect(self._toggled)
                self._menu.addAction(action)
        self._tell()

    def chosen(self) -> list[str]:
        """Ticked names."""
        return [action.text() for action in self._menu.actions() if action.isChecked()]

    def choose(self, names: Sequence[str]) -> None:
        """Tick exactly these."""
        self.offer(names)
        for action in self._menu.actions():
            action.setChecked(action.text() in names)

    def forget(self) -> None:
        """Other logs: no names."""
        self._menu.clear()
        self._tell()

    def _toggled(self) -> None:
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        chosen = self.chosen()
        self.setText(f"{self._title}: {chosen[0] if len(chosen) == 1 else len(chosen)}" if chosen else self._title)
        self.setEnabled(bool(self._menu.actions()))
