"""The fields of a conversion, and the words of the command line that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.assets import Look
from app.dialogs.fields import FileField
from app.pages.convert.shapes import Shapes
from app.pages.fields import FileList, FolderField, check, choice, group, number, spoken
from diag.tools.converter.flags import OPTIMIZE
from diag.tools.converter.plan import name_of
from diag.tools.converter_config.known import AOE_PHRASES, PRECISION_MODES

_AUTO = "auto"


class ConvertForm(QWidget):
    """All options of ``diag convert``.

    Signals:
        changed: something was typed or chosen.
    """

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rewrites: tuple[str, ...] = ()
        self.models = FileList(look, self.tr("Models"), self.tr("Models and batch plans (*.onnx *.toml)"),
                               self.tr("ONNX models, or one batch plan (.toml)"), self)
        self.out = FolderField(look, self.tr("Folder"), "", self)
        self.out.edit.setPlaceholderText(self.tr("the current folder"))
        self.resume = check(self.tr("keep what is done well"))
        self.shapes = Shapes(look, self)
        self._converter(look)
        self._checks()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.addWidget(group(self.tr("Models"), [("", self.models), (self.tr("Into"), self.out),
                                                   (self.tr("Resume"), self.resume)]))
        self.inputs = group(self.tr("Inputs and dynamic profiles"), [("", self.shapes)])
        self.options = group(self.tr("Converter"), [
            (self.tr("Optimise"), self.optimize), (self.tr("Precision"), self.precision),
            (self.tr("Rewrites"), self.rewrites), (self.tr("Save as"), self.save_type), (self.tr("AOE"), self.aoe),
            (self.tr("Custom ops"), self.custom_ops), (self.tr("Config file"), self.config),
            (self.tr("Options"), self.settings), (self.tr("Flags"), self.flags), (self.tr("By"), self.tool),
            (self.tr("Program"), self.converter), (self.tr("Version"), self.version)])
        self.proof = group(self.tr("Checks and limits"), [
            ("", self.smoke), ("", self.compare), (self.tr("Run in"), self.runtime), (self.tr("NPU"), self.device),
            (self.tr("Time limit"), self.timeout), (self.tr("Hangs after"), self.stall),
            (self.tr("Memory"), self.memory), ("", self.diagnostics)])
        for widget in (self.inputs, self.options, self.proof):
            layout.addWidget(widget)
        layout.addStretch(1)
        self._connect()

    def words(self) -> list[str]:
        """After ``diag convert``. Raises UsageError for shapes that make no sense."""
        paths = self.models.paths()
        words = [str(p) for p in paths]
        if self.out.text():
            words += ["--out", self.out.text()]
        if self.resume.isChecked():
            words.append("--resume")
        if not self._batch():
            words += spoken(self._options())
            for line in self.settings.toPlainText().splitlines():
                words += ["--set", line.strip()] if line.strip() else []
            for flag in self.flags.text().split():
                words += ["--flag", flag]
            for name in self.rewrite_names():
                words += ["--rewrite", name]
            for box, option, when in ((self.smoke, "--no-smoke", False), (self.compare, "--no-compare", False),
                                      (self.diagnostics, "--diagnostics", True)):
                words += [option] if box.isChecked() is when and box.isEnabled() else []
        return words

    def rewrite_names(self) -> tuple[str, ...]:
        """The rewrites that are chosen."""
        kind = self.rewrites.currentData()
        return (_AUTO,) if kind == _AUTO else self._rewrites if kind == "chosen" else ()

    def set_rewrites(self, names: Sequence[str]) -> None:
        """Choose these, from the pane of rewrites."""
        self._rewrites = tuple(names)
        self.rewrites.setItemText(2, self.tr("{count} chosen ones").format(count=len(names)))
        self.rewrites.setItemData(2, ", ".join(names), 3)
        self.rewrites.setCurrentIndex(2 if names else 0)
        self.rewrites.setToolTip(", ".join(names))

    def fit(self) -> None:
        """What can be said depends on what is converted: a batch plan says all of it itself."""
        paths = self.models.paths()
        for row, path in enumerate(paths):
            plain = sum(p.name == path.name for p in paths) > 1 or name_of(path) != path.stem
            self.models.list.item(row).setText(f"{path.parent.name}/{path.name}" if plain else path.name)
        batch = self._batch()
        alone = len(paths) == 1 and not batch
        self.shapes.read(paths[0] if alone else None)
        self.inputs.setVisible(alone)
        for box in (self.options, self.proof):
            box.setEnabled(not batch)
        self.compare.setEnabled(self.smoke.isChecked())
        for widget in (self.runtime, self.device):
            widget.setEnabled(self.smoke.isChecked())

    def state(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {"models": [str(p) for p in self.models.paths()], "out": self.out.text(),
                "optimize": self.optimize.currentText(), "precision": self.precision.currentData(),
                "aoe": self.aoe.currentData(), "custom_ops": self.custom_ops.text(), "config": self.config.text(),
                "settings": self.settings.toPlainText(), "flags": self.flags.text(), "tool": self.tool.currentData(),
                "rewrites": list(self._rewrites), "rewrite_kind": self.rewrites.currentIndex()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """The same again; files that are gone are left out."""
        self.models.set_paths([p for p in map(Path, state.get("models", [])) if p.is_file()])
        self.out.edit.setText(str(state.get("out", "")))
        self.optimize.setCurrentText(str(state.get("optimize", "general")))
        for box, key in ((self.precision, "precision"), (self.aoe, "aoe"), (self.tool, "tool")):
            box.setCurrentIndex(max(0, box.findData(state.get(key, ""))))
        for edit, key in ((self.custom_ops, "custom_ops"), (self.config.edit, "config"), (self.flags, "flags")):
            edit.setText(str(state.get(key, "")))
        self.settings.setPlainText(str(state.get("settings", "")))
        self.set_rewrites([str(n) for n in state.get("rewrites", [])])
        self.rewrites.setCurrentIndex(int(state.get("rewrite_kind", 0)))

    def shut_down(self) -> None:
        """Nothing is read any more."""
        self.shapes.shut_down()

    def _batch(self) -> bool:
        return any(p.suffix == ".toml" for p in self.models.paths())

    def _options(self) -> list[tuple[str, str, str]]:
        """Option, value, and the value that need not be said."""
        npu = self.device.value()
        alone = len(self.models.paths()) == 1
        return [
            ("--shape", self.shapes.shape_words() if alone else "", ""),
            ("--profiles", self.shapes.profile_words() if alone else "", ""),
            ("--optimize", self.optimize.currentText().strip(), "general"),
            ("--precision", str(self.precision.currentData()), ""), ("--aoe", str(self.aoe.currentData()), ""),
            ("--save-type", str(self.save_type.currentData()), "MINDIR"),
            ("--custom-ops", self.custom_ops.text().strip(), ""), ("--config", self.config.text(), ""),
            ("--tool", str(self.tool.currentData()), "auto"), ("--converter", self.converter.text(), ""),
            ("--converter-version", self.version.text().strip(), ""),
            ("--runtime", str(self.runtime.currentData()), "auto"),
            ("--device", "cpu" if npu < 0 else f"ascend:{npu}", "cpu"),
            ("--timeout", str(self.timeout.value()), "3600"), ("--stall", str(self.stall.value()), "300"),
            ("--memory", self.memory.text().strip(), "")]

    def _converter(self, look: Look) -> None:
        self.optimize = QComboBox(self, editable=True)
        self.optimize.addItems(list(OPTIMIZE))
        self.optimize.setCurrentText("general")
        self.optimize.setToolTip(self.tr("ascend_oriented compiles for the chip and needs CANN"))
        self.precision = choice([("", self.tr("the converter's own"))] + [(m, m) for m in PRECISION_MODES])
        self.rewrites = choice([("", self.tr("none")), (_AUTO, self.tr("where it fails without")),
                                ("chosen", self.tr("{count} chosen ones").format(count=0))])
        self.save_type = choice([("MINDIR", "MINDIR"), ("MINDIR_LITE", "MINDIR_LITE (.ms)")])
        both = ", ".join(AOE_PHRASES)
        self.aoe = choice([("", self.tr("no tuning")), *((p, p) for p in (*AOE_PHRASES, both))])
        self.custom_ops = QLineEdit(self, placeholderText="FlashAttention")
        self.config = FileField(look, self.tr("Config file"), self.tr("Configurations (*.ini *.cfg *.config)"), self)
        self.settings = QPlainTextEdit(self)
        self.settings.setPlaceholderText("acl_init_options:ge.deterministic=1")
        self.settings.setToolTip(self.tr("One a line: section:key=value"))
        self.settings.setTabChangesFocus(True)
        self.settings.setFixedHeight(3 * self.fontMetrics().height() + 8)
        self.flags = QLineEdit(self, placeholderText="inputDataType=FLOAT16")
        self.tool = choice([("auto", self.tr("what is here")), ("converter_lite", "converter_lite"),
                            ("python", self.tr("the Python package"))])
        self.converter = FileField(look, self.tr("Program"), "", self)
        self.converter.edit.setPlaceholderText(self.tr("LITE_HOME, PATH"))
        self.version = QLineEdit(self, placeholderText=self.tr("as it says"))

    def _checks(self) -> None:
        self.smoke = check(self.tr("run the result once"), on=True)
        self.compare = check(self.tr("compare its answers with the ONNX model"), on=True)
        self.runtime = choice([("auto", self.tr("the real runtime, if it is here")),
                               ("mindspore-lite", "mindspore-lite"), ("reference", self.tr("the reference runtime"))])
        self.device = number(-1, -1, 1023)
        self.device.setSpecialValueText(self.tr("none: CPU"))
        self.timeout = number(3600, 1, 10**6, " s")
        self.stall = number(300, 1, 10**6, " s")
        self.memory = QLineEdit(self, placeholderText=self.tr("no limit, or 16GiB"))
        self.diagnostics = check(self.tr("diagnostics: a log that tells more"))

    def _connect(self) -> None:
        edits = (self.out.edit, self.custom_ops, self.config.edit, self.flags, self.converter.edit, self.version,
                 self.memory)
        boxes = (self.precision, self.rewrites, self.save_type, self.aoe, self.tool, self.runtime)
        for signal in (self.models.changed, self.shapes.changed, self.settings.textChanged,
                       self.optimize.currentTextChanged, *(e.textChanged for e in edits),
                       *(b.currentIndexChanged for b in boxes),
                       *(n.valueChanged for n in (self.device, self.timeout, self.stall)),
                       *(c.toggled for c in (self.resume, self.smoke, self.compare, self.diagnostics))):
            signal.connect(lambda *_: self.changed.emit())
