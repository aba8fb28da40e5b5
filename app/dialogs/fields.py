"""Fields of dialogs: a file with a button, and a problem told below a field."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.assets import Look

_ICON = 14


class FileField(QWidget):
    """A path that can be typed, chosen or dropped."""

    def __init__(self, look: Look, title: str, kinds: str, parent: QWidget | None = None, *,
                 folders: bool = False) -> None:
        super().__init__(parent)
        self.title, self._kinds = title, kinds
        self.edit = QLineEdit(self, clearButtonEnabled=True)
        self.edit.setAccessibleName(title)
        self.setFocusProxy(self.edit)
        button = QToolButton(self)
        button.setIcon(look.icon("open"))
        button.setToolTip(self.tr("Choose a file"))
        button.setAccessibleName(self.tr("Choose a file") + f": {title}")
        button.clicked.connect(self._choose)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.edit, 1)
        layout.addWidget(button)
        if folders:
            layout.addWidget(self._folder_button(look))

    def text(self) -> str:
        """The path as it was typed; a dropped address becomes a path."""
        return self.edit.text().strip().removeprefix("file://")

    def _folder_button(self, look: Look) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(look.icon("folder"))
        button.setToolTip(self.tr("Choose a folder"))
        button.setAccessibleName(self.tr("Choose a folder") + f": {self.title}")
        button.clicked.connect(self._choose_folder)
        return button

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.title, self.text())
        if name:
            self.edit.setText(name)

    def _choose(self) -> None:
        start = str(Path(self.text()).parent) if self.text() else ""
        name, _ = QFileDialog.getOpenFileName(self, self.title, start, self._kinds)
        if name:
            self.edit.setText(name)


class Problem(QWidget):
    """What is wrong with the field above, with an icon; hidden while nothing is."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        icon = QLabel(self)
        icon.setPixmap(look.icon("watch", look.theme.failed).pixmap(QSize(_ICON, _ICON)))
        self.words = QLabel(self, wordWrap=True)
        self.words.setObjectName("problem")
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.words, 1)
        self.hide()

    def tell(self, text: str) -> None:
        """Say what is wrong; nothing hides it."""
        self.words.setText(text)
        self.setVisible(bool(text))
