"""What stands in place of pictures where no tensor was recorded: why, and which layers have them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app.session import Session
from diag.compare.reasons import reason
from diag.compare.recorder import ALL, RECORD_BYTES
from diag.errors import DiagError
from diag.report.numbers import nbytes
from diag.rules import Lang
from diag.telling import lines
from diag.types.layer import LayerResult


class RecordedList(QWidget):
    """A sentence, the layers whose tensors were recorded, to be chosen, and the wish to record others.

    Signals:
        record_wanted: the golden tensor of the layer, or "all".
    """

    record_wanted = Signal(str)

    def __init__(self, session: Session, lang: Lang, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._lang = session, lang
        self.words = QLabel(self, wordWrap=True)
        self.words.setObjectName("muted")
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Layers with recorded tensors"))
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        self._row: LayerResult | None = None
        self.one = QPushButton(self.tr("Record this layer"), self)
        self.one.setToolTip(self.tr("Compare once more and keep the tensors of this layer"))
        self.one.clicked.connect(lambda: self._row is not None and self.record_wanted.emit(self._row.golden_tensor))
        self.every = QPushButton(self.tr("Record every layer"), self)
        self.every.setToolTip(self.tr("Compare once more and keep the tensors of all layers, up to {size} on the disk")
                              .format(size=nbytes(RECORD_BYTES)))
        self.every.clicked.connect(lambda: self.record_wanted.emit(ALL))
        buttons = QHBoxLayout()
        buttons.addWidget(self.one)
        buttons.addWidget(self.every)
        buttons.addStretch(1)
        layout.addWidget(self.words)
        layout.addLayout(buttons)
        layout.addWidget(self.list, 1)
        session.opened.connect(self._fill)

    def tell(self, row: LayerResult | None) -> None:
        """Say why there are no pictures for this layer."""
        self._row = row
        done = self._session.comparison is not None
        self.every.setVisible(done)
        self.one.setVisible(done and row is not None and row.target_tensor is not None)
        if self._session.comparison is None:
            text = self.tr("Tensors are recorded when the comparison has ended.")
        elif self.list.count():
            text = self.tr("Pictures are drawn from recorded tensors. Tensors are recorded of the layers that make the "
                           "largest errors themselves:")
        else:
            text = self.tr("No tensors were recorded: no layer makes an error itself. They are recorded by every "
                           "comparison that measures each layer alone (own input) and finds one that fails.")
        if row is not None and row.target_tensor is None:
            text = self.tr("This tensor has no counterpart in the target.") + " " + reason(row, self._lang)
        self.words.setText(text)
        self.list.setVisible(self.list.count() > 0)

    def tell_problem(self, text: str) -> None:
        """The recorded file cannot be read."""
        self.words.setText(text)

    def _fill(self) -> None:
        self.list.clear()
        folder = self._session.folder
        if folder is None or self._session.comparison is None:
            return
        names = {r.golden_tensor: r.golden_node for r in self._session.rows}
        try:
            recorded = [golden for _, golden in folder.recorded() if golden in names]
        except DiagError as error:
            self.words.setText(" ".join(lines(error, self._lang)))
            return
        for golden in recorded:
            item = QListWidgetItem(names[golden], self.list)
            item.setData(Qt.ItemDataRole.UserRole, golden)

    def _choose(self, item: QListWidgetItem) -> None:
        self._session.select(str(item.data(Qt.ItemDataRole.UserRole)))
