"""Every view, page and dialog: what can have the focus has a name for a screen reader, and Tab reaches it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QMenuBar,
    QSplitterHandle,
    QTabWidget,
    QWidget,
)

from app.pages.table import PAGES
from app.window import MainWindow

_MOST_STEPS = 400


def _focusable(top: QWidget, policy: Qt.FocusPolicy) -> list[QWidget]:
    """Widgets that are seen and may have the focus; parts of a spin box or a combo box belong to it."""
    found = []
    for widget in [top, *top.findChildren(QWidget)]:
        if not widget.isVisibleTo(top) or not widget.isEnabled() or widget.window() is not top.window():
            continue
        if (widget.focusPolicy() & policy) != policy or isinstance(widget, (QMenuBar, QSplitterHandle)):
            continue
        if widget.focusProxy() is not None or isinstance(widget.parent(), (QAbstractSpinBox, QComboBox)):
            continue
        found.append(widget)
    return found


def _called(widget: QWidget) -> str:
    """What a screen reader says; of a row of tabs, the tab in front."""
    heard = QAccessible.queryAccessibleInterface(widget)
    return heard.text(QAccessible.Text.Name).strip() if heard is not None else ""


def _path(widget: QWidget) -> str:
    names = []
    while widget is not None:
        names.append(type(widget).__name__ + (f"#{widget.objectName()}" if widget.objectName() else ""))
        widget = widget.parentWidget()
    return " < ".join(names[:5])


def _nameless(top: QWidget) -> list[str]:
    return [_path(w) for w in _focusable(top, Qt.FocusPolicy.ClickFocus) + _focusable(top, Qt.FocusPolicy.TabFocus)
            if not _called(w)]


def _reached(start: QWidget) -> list[QWidget]:
    """Everything that Tab goes to, until it is back, or stays where it is."""
    start.setFocus(Qt.FocusReason.TabFocusReason)
    order: list[QWidget] = []
    for _ in range(_MOST_STEPS):
        here = QApplication.focusWidget()
        if here is None or (here in order and here is order[0]):
            break
        order.append(here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
        if QApplication.focusWidget() is here:
            break
    return order


def _unreached(part: QWidget) -> list[str]:
    wanted = _focusable(part, Qt.FocusPolicy.TabFocus)
    assert wanted
    order = _reached(wanted[0])
    seen = set(order) | {w.focusProxy() for w in order if w.focusProxy() is not None}
    # Of buttons that exclude each other Tab goes to the chosen one, arrows to the others.
    lost = [w for w in wanted if w not in seen and not (
        isinstance(w, QAbstractButton) and (w.autoExclusive() or (w.group() is not None and w.group().exclusive())))]
    trapped = [w for w in order[-1:] if lost and QApplication.focusWidget() is w]
    return [_path(w) for w in lost] + [f"Tab does not leave {_path(w)}" for w in trapped]


def _activate(window: QWidget, qtbot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5_000)


def _every_tab(part: QWidget) -> Iterator[None]:
    """Each tab of each row of tabs in front once."""
    yield
    for tabs in part.findChildren(QTabWidget):
        first = tabs.currentIndex()
        for i in range(tabs.count()):
            if i != first:
                tabs.setCurrentIndex(i)
                QApplication.processEvents()
                yield
        tabs.setCurrentIndex(first)


def _problems(part: QWidget) -> list[str]:
    found: dict[str, None] = {}
    for _ in _every_tab(part):
        found.update(dict.fromkeys(f"no name: {path}" for path in _nameless(part)))
        found.update(dict.fromkeys(f"not reached: {path}" for path in _unreached(part)))
    return list(found)


def test_the_walk_finds_a_widget_without_name_and_one_that_keeps_the_focus(qtbot):
    from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout

    top = QWidget()
    box = QVBoxLayout(top)
    keeper = QPlainTextEdit("Tab goes in here", accessibleName="keeper")
    for widget in (QPushButton("named"), QLineEdit(), keeper, QPushButton("behind"), QLabel("no focus")):
        box.addWidget(widget)
    qtbot.addWidget(top)
    top.show()
    _activate(top, qtbot)
    found = _problems(top)
    assert [p for p in found if p.startswith("no name")] == ["no name: QLineEdit < QWidget"]
    assert "not reached: QPushButton < QWidget" in found
    assert "not reached: Tab does not leave QPlainTextEdit < QWidget" in found


@pytest.mark.parametrize("name", ["layers", "curve", "tensor", "graph", "why", "findings", "jobs", "log"])
def test_every_view(on_run: MainWindow, qtbot, name: str):
    _activate(on_run, qtbot)
    on_run.do("culprit")
    on_run.desk.show_dock(name)
    qtbot.wait(50)
    dock = on_run.desk.docks[name]
    assert dock.isVisible()
    assert _problems(dock) == []


def test_the_window_itself(on_run: MainWindow, qtbot):
    _activate(on_run, qtbot)
    assert _nameless(on_run) == []
    assert _unreached(on_run) == []


def test_the_welcome_page(opened, qtbot):
    window = opened()
    _activate(window, qtbot)
    assert _problems(window) == []


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_every_page(opened, qtbot, name: str):
    window = opened()
    _activate(window, qtbot)
    window.turn(name)
    qtbot.wait(50)
    page = window.shelf.get(name)
    assert page.isVisible()
    assert _problems(page) == []


@pytest.mark.parametrize("name", ["new", "preferences", "palette", "shortcuts", "about"])
def test_every_dialog(on_run: MainWindow, qtbot, name: str):
    on_run.do(name)
    dialog = next(d for d in on_run.findChildren(QDialog) if d.isVisible())
    _activate(dialog, qtbot)
    found = _problems(dialog)
    dialog.close()
    assert found == []


def test_a_bug_and_an_installation(qtbot):
    from app.dialogs.install import InstallDialog
    from app.problems import BugDialog

    for dialog in (BugDialog("what happened"), InstallDialog()):
        qtbot.addWidget(dialog)
        dialog.show()
        _activate(dialog, qtbot)
        assert _problems(dialog) == []
