"""All keys on one sheet."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from app.actions import Actions


class ShortcutSheet(QDialog):
    """Two columns: what, and which keys."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keys"))
        self.resize(460, 620)
        rows = []
        for menu in actions.menus.values():
            rows.append(f"<tr><td colspan=2><br><b>{escape(menu.title().replace('&', ''))}</b></td></tr>")
            for action in menu.actions():
                keys = ", ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in action.shortcuts())
                if keys:
                    title = action.text().replace("&", "").rstrip(" …")
                    rows.append(f"<tr><td width=290>{escape(title)}</td><td><b>{escape(keys)}</b></td></tr>")
        self.text = QTextBrowser(self)
        self.text.setAccessibleName(self.windowTitle())
        self.text.setHtml(f"<table cellpadding=2>{''.join(rows)}</table>")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
