"""Which runtime runs the target: what is installed, what is not, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.jobs import LatestRunner, call
from app.problems import language
from diag.runtimes import provision
from diag.runtimes.discover import discover
from diag.runtimes.interface import RuntimeSpec
from diag.telling import tell

_FIXED = 2
"""Choices that are there on every machine."""


class RuntimeChoice(QWidget):
    """A choice of runtimes and their devices; the list grows when the machine was looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox(self)
        self.box.setAccessibleName(self.tr("Runtime"))
        self.box.addItem(self.tr("automatic: the real runtime if it is here, else the reference"), None)
        self.box.addItem(self.tr("reference: on this computer, without MindSpore"), RuntimeSpec("reference"))
        self.device = QComboBox(self)
        self.device.setAccessibleName(self.tr("Device"))
        self.device.addItem("cpu")
        self.note = QLabel(self.tr("Looking for runtimes …"), self, wordWrap=True)
        self.note.setObjectName("muted")
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line = QHBoxLayout()
        line.addWidget(self.box, 1)
        line.addWidget(self.device)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(line)
        layout.addWidget(self.note)
        self.install = QPushButton(self.tr("Install {name} …").format(name=provision.NAME), self)
        self.install.clicked.connect(self._install)
        self.install.hide()
        layout.addWidget(self.install, 0, Qt.AlignmentFlag.AlignLeft)
        self._new: RuntimeSpec | None = None
        self.setFocusProxy(self.box)
        self.box.currentIndexChanged.connect(lambda _: self._devices())
        self._runner = LatestRunner(self)
        self._runner.done.connect(self._found)
        self._runner.start(call(lambda _: discover()))

    def chosen(self) -> tuple[str, RuntimeSpec | None, str]:
        """Name, the installation if one was chosen, and the device."""
        spec = self.box.currentData()
        if not isinstance(spec, RuntimeSpec):
            return "auto", None, self.device.currentText()
        return spec.name, spec if spec.python is not None else None, self.device.currentText()

    def _install(self) -> None:
        from app.dialogs.install import InstallDialog

        dialog = InstallDialog(parent=self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.installed.connect(self._installed)
        dialog.start()

    def _installed(self, spec: RuntimeSpec) -> None:
        """What was not there is looked for again; the new one is chosen."""
        self._new = spec
        self.note.setText(self.tr("Looking for runtimes …"))
        self._runner.request(call(lambda _: discover()))

    def _found(self, outcome: object) -> None:
        if not isinstance(outcome, list):
            self.note.setText(str(outcome))
            return
        specs = [s for s in outcome if s.name not in ("reference", "onnxruntime")]
        while self.box.count() > _FIXED:
            self.box.removeItem(self.box.count() - 1)
        for spec in specs:
            self._add(spec)
        missing = [s for s in specs if not s.usable and not any(o.usable and o.name == s.name for o in specs)]
        self.note.setText("\n".join(f"{s.name}: {self._why(s)}" for s in missing))
        self.note.setVisible(bool(missing))
        self.install.setVisible(any(s.name == provision.NAME for s in missing))
        self._auto_devices(specs)
        if self._new is not None:
            at = [i for i in range(self.box.count()) for s in [self.box.itemData(i)]
                  if isinstance(s, RuntimeSpec) and s.python == self._new.python and s.usable]
            self.box.setCurrentIndex(at[0] if at else 0)
            self._new = None

    def _add(self, spec: RuntimeSpec) -> None:
        title = f"{spec.name} {spec.version}  ({spec.python})" if spec.usable else \
            self.tr("{name}: not installed").format(name=spec.name)
        self.box.addItem(title, spec)
        model = self.box.model()
        if not spec.usable and isinstance(model, QStandardItemModel):
            model.item(self.box.count() - 1).setEnabled(False)
            self.box.setItemData(self.box.count() - 1, self._why(spec), Qt.ItemDataRole.ToolTipRole)

    def _why(self, spec: RuntimeSpec) -> str:
        """What is missing, and how to get it."""
        lang = language(self)
        return ("。" if lang == "zh" else ". ").join(tell(s, lang).rstrip("。") for s in (spec.problem, spec.hint) if s)

    def _auto_devices(self, specs: Sequence[RuntimeSpec]) -> None:
        self._all = list(dict.fromkeys(d for s in specs if s.usable for d in s.devices)) or ["cpu"]
        self._devices()

    def _devices(self) -> None:
        spec, before = self.box.currentData(), self.device.currentText()
        devices = list(spec.devices) if isinstance(spec, RuntimeSpec) else getattr(self, "_all", ["cpu"])
        self.device.clear()
        self.device.addItems(devices)
        self.device.setCurrentIndex(max(self.device.findText(before), 0))
