"""Sizes for each -1; their combinations become profiles, counted before they are made."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.assets import Look
from app.dialogs.fields import Problem
from diag.errors import DiagError, UsageError
from diag.tools.converter.profiles import MOST, Axis, Profiles, count, product

_ROWS = 6


class Combine(QDialog):
    """One row for each -1: its sizes, or the row whose sizes it goes with.

    Signals:
        chosen: Profiles.
    """

    chosen = Signal(object)

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Combine sizes"))
        self.resize(520, 0)
        self._shapes = shapes
        self._varying = Profiles(shapes).varying
        self.sizes: list[QLineEdit] = []
        self.links: list[QComboBox] = []
        form = QFormLayout()
        for position, (name, axis) in enumerate(self._varying):
            edit, link = QLineEdit(self, placeholderText="1, 2, 4"), QComboBox(self)
            link.addItem(self.tr("its own sizes"), -1)
            for other in range(position):
                link.addItem(self.tr("as {name}").format(name=self._label(other)), other)
            label = self._label(position)
            edit.setAccessibleName(label)
            link.setAccessibleName(self.tr("{name} goes with").format(name=label))
            link.setVisible(position > 0)
            edit.textChanged.connect(self._changed)
            link.currentIndexChanged.connect(self._changed)
            row = QHBoxLayout()
            row.addWidget(edit, 1)
            row.addWidget(link)
            form.addRow(f"{name}[{axis}]", row)
            self.sizes.append(edit)
            self.links.append(link)
        self.preview = QLabel(self, wordWrap=True)
        self.preview.setObjectName("muted")
        self.problem = Problem(look, self)
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel, self)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(self.tr("Sizes by comma. All combinations become profiles, the last one varying "
                                        "fastest."), self, wordWrap=True))
        layout.addLayout(form)
        layout.addWidget(self.preview)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self._changed()

    def profiles(self) -> Profiles:
        """What the rows give. Raises UsageError."""
        return product(self._shapes, self._axes())

    def _label(self, position: int) -> str:
        name, axis = self._varying[position]
        return f"{name}[{axis}]"

    def _axes(self) -> list[Axis]:
        members: dict[int, list[int]] = {}
        for position in range(len(self.links)):
            owner = position
            while (other := int(self.links[owner].currentData())) >= 0:
                owner = other
            members.setdefault(owner, []).append(position)
        return [Axis(tuple(group), self._numbers(owner)) for owner, group in members.items()]

    def _numbers(self, position: int) -> tuple[int, ...]:
        words = [w for w in self.sizes[position].text().replace(";", ",").split(",") if w.strip()]
        if not words or not all(w.strip().isdecimal() and int(w) > 0 for w in words):
            raise UsageError(self.tr("{name} needs sizes, such as 1, 2, 4").format(name=self._label(position)))
        return tuple(dict.fromkeys(int(w) for w in words))

    def _changed(self, *_: object) -> None:
        for edit, link in zip(self.sizes, self.links, strict=True):
            edit.setEnabled(int(link.currentData()) < 0)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        try:
            axes = self._axes()
            number = count(axes)
            self.preview.setText(self.tr("{product} = {count} of at most {most} profiles").format(
                product=" × ".join(str(len(a.sizes)) for a in axes), count=number, most=MOST))
            found = self.profiles()
            lines = ["   ".join(f"{n} {'×'.join(map(str, s))}" for n, s in found.inputs(i).items())
                     for i in range(min(_ROWS, len(found.sizes)))]
            self.preview.setText("\n".join([self.preview.text(), *lines, *(["…"] if number > _ROWS else [])]))
            self.problem.tell("")
            ok.setEnabled(True)
        except DiagError as error:
            self.problem.tell(error.message)
            ok.setEnabled(False)

    def _accept(self) -> None:
        self.chosen.emit(self.profiles())
        self.accept()
