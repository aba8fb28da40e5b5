"""Colours by meaning, for a light and a dark window. A colour never stands alone: an icon or a word goes with it."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette


class Theme(NamedTuple):
    """Named colours, as #rrggbb. ``none`` is for what could not be compared.

    A tuple: the first window does not wait for dataclasses.
    """

    name: str
    window: str
    base: str
    alternate: str
    raised: str
    text: str
    muted: str
    border: str
    accent: str
    on_accent: str
    chosen: str
    passed: str
    watch: str
    failed: str
    none: str
    injects: str
    golden: str
    target: str
    own: str
    grid: str

    @property
    def dark(self) -> bool:
        """Whether text is light on dark."""
        return self.name == "dark"

    def verdict(self, verdict: str) -> str:
        """Colour of a verdict by its value."""
        return {"pass": self.passed, "watch": self.watch, "fail": self.failed}.get(verdict, self.none)

    def role(self, role: str) -> str:
        """Colour of a role by its value."""
        return {"injects": self.injects, "inherits": self.watch, "amplifies": self.watch,
                "clean": self.passed}.get(role, self.none)


LIGHT = Theme("light", window="#f3f4f6", base="#ffffff", alternate="#f7f8fa", raised="#ffffff", text="#1c2330",
              muted="#5b6472", border="#d3d8e0", accent="#2459c4", on_accent="#ffffff", chosen="#cfdffb",
              passed="#1f7a43", watch="#9a6200", failed="#c22f2f", none="#5f6874", injects="#a11d6b",
              golden="#2459c4", target="#c2571a", own="#7a3fb0", grid="#e3e7ed")

DARK = Theme("dark", window="#1d2128", base="#161a20", alternate="#1b2027", raised="#262c35", text="#e4e8ee",
             muted="#9aa5b4", border="#3a424e", accent="#6ea0ff", on_accent="#0d1420", chosen="#2b4370",
             passed="#57c785", watch="#e5b04a", failed="#ff7b72", none="#97a1af", injects="#f28ac2",
             golden="#6ea0ff", target="#f0955a", own="#c79bf2", grid="#2c333d")


def chosen(name: str) -> Theme:
    """The theme of a setting; ``auto`` follows the desktop."""
    if name == "auto":
        name = "dark" if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"
    return DARK if name == "dark" else LIGHT


def palette(theme: Theme) -> QPalette:
    """Our own palette: ``setColorScheme`` does nothing on some platforms."""
    p, r = QPalette(), QPalette.ColorRole
    for role, colour in ((r.Window, theme.window), (r.WindowText, theme.text), (r.Base, theme.base),
                         (r.AlternateBase, theme.alternate), (r.Text, theme.text), (r.Button, theme.raised),
                         (r.ButtonText, theme.text), (r.BrightText, theme.failed), (r.ToolTipBase, theme.raised),
                         (r.ToolTipText, theme.text), (r.PlaceholderText, theme.muted), (r.Highlight, theme.chosen),
                         (r.HighlightedText, theme.text), (r.Link, theme.accent), (r.LinkVisited, theme.accent),
                         (r.Light, theme.raised), (r.Midlight, theme.raised), (r.Mid, theme.border),
                         (r.Dark, theme.border), (r.Shadow, theme.border), (r.Accent, theme.accent)):
        p.setColor(role, QColor(colour))
    for role in (r.WindowText, r.Text, r.ButtonText):
        p.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.none))
    p.setColor(QPalette.ColorGroup.Disabled, r.Highlight, QColor(theme.border))
    return p


def boxes(theme: Theme) -> QPalette:
    """For check boxes: Fusion outlines them darker than the window, so that on a dark one an empty box vanishes."""
    p = palette(theme)
    if theme.dark:
        p.setColor(QPalette.ColorRole.Base, QColor("#5f6a79"))
    return p


def stylesheet(theme: Theme) -> str:
    """What a palette cannot say."""
    return f"""
    QToolTip {{ color: {theme.text}; background: {theme.raised}; border: 1px solid {theme.border}; padding: 3px; }}
    QMainWindow::separator {{ background: {theme.window}; width: 5px; height: 5px; }}
    QDockWidget {{ color: {theme.text}; }}
    QDockWidget::title {{ background: {theme.window}; padding: 4px 6px; text-align: left; }}
    QHeaderView::section {{ background: {theme.window}; color: {theme.text}; border: none; padding: 3px 6px;
        border-right: 1px solid {theme.border}; border-bottom: 1px solid {theme.border}; }}
    QTableView, QListView, QPlainTextEdit, QTextBrowser {{ border: 1px solid {theme.border};
        gridline-color: {theme.grid}; }}
    QTabBar::tab {{ padding: 5px 10px; color: {theme.muted}; background: {theme.window}; border: none;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom: 2px solid {theme.accent}; }}
    QTabBar::tab:hover {{ color: {theme.text}; }}
    QTabWidget::pane {{ border: none; }}
    QToolButton#chip {{ border: 1px solid {theme.border}; border-radius: 11px; padding: 2px 6px;
        background: {theme.base}; color: {theme.text}; }}
    QToolButton#chip:checked {{ border: 1px solid {theme.accent}; background: {theme.accent};
        color: {theme.on_accent}; }}
    QToolButton#chip:focus {{ border: 1px solid {theme.accent}; }}
    QScrollArea#rail, QWidget#rail_inside {{ background: {theme.alternate}; border: none;
        border-right: 1px solid {theme.border}; }}
    QWidget#rail_inside {{ border-right: none; }}
    QToolButton#page {{ border: none; border-left: 3px solid transparent; border-radius: 0; padding: 6px 4px;
        color: {theme.muted}; }}
    QToolButton#page:hover {{ color: {theme.text}; background: {theme.raised}; }}
    QToolButton#page:checked {{ color: {theme.text}; border-left: 3px solid {theme.accent};
        background: {theme.raised}; }}
    QToolButton#page:focus {{ color: {theme.accent}; }}
    QFrame#banner {{ background: {theme.raised}; border: none; border-bottom: 1px solid {theme.border}; }}
    QFrame#card {{ background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 8px; }}
    QPushButton#link {{ text-align: left; padding: 3px 4px; color: {theme.accent}; border: none; }}
    QPushButton#link:hover, QPushButton#link:focus {{ text-decoration: underline; }}
    QFrame#tile {{ background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 8px; }}
    QFrame#tile[culprit="true"] {{ border: 1px solid {theme.failed}; }}
    QFrame#tile[selected="true"] {{ border: 2px solid {theme.accent}; }}
    QFrame#tile[selected="true"][culprit="true"] {{ border: 2px solid {theme.failed}; }}
    QLabel#muted {{ color: {theme.muted}; }}
    QLabel#problem {{ color: {theme.failed}; }}
    """
