"""The swaps as rows: which submodels ran as their MindIR, the picture that came of it, and its scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap

from app.assets import Look
from app.models.columns import LEFT, RIGHT, ItemRole
from diag.report.labels import labels
from diag.rules import Lang
from diag.types.pipeline import SwapKind, SwapRun

Index = QModelIndex | QPersistentModelIndex

THUMB = 44
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


class RunsModel(QAbstractTableModel):
    """Columns: picture and verdict, one a submodel, then the scores. Sorted as the search made them."""

    def __init__(self, look: Look, lang: Lang, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._verdicts = labels(lang)["verdict"]
        self._words = {SwapKind.GOLDEN: self.tr("all ONNX"), SwapKind.SINGLE: self.tr("one swapped"),
                       SwapKind.LEAVE_ONE_OUT: self.tr("all but one"), SwapKind.ALL: self.tr("all swapped"),
                       SwapKind.PAIR: self.tr("two swapped")}
        self._scores = (self.tr("PSNR"), self.tr("SSIM"), self.tr("largest"), self.tr("latents"), self.tr("time"),
                        self.tr("reason"))
        self._tips = (self.tr("Peak signal-to-noise ratio against the original's picture, in dB; higher is better"),
                      self.tr("Structural similarity to the original's picture; 1 is the same"),
                      self.tr("Largest difference of a pixel, of 1"),
                      self.tr("Relative L2 error of the last latents"), self.tr("Seconds of the run"),
                      self.tr("What decided the verdict"))
        self.submodels: tuple[str, ...] = ()
        self.runs: tuple[SwapRun, ...] = ()
        self._thumbs: dict[str, QIcon] = {}

    def set_runs(self, submodels: Sequence[str], runs: Sequence[SwapRun], folder: Path | None) -> None:
        """Other rows; pictures are read from the run folder, small."""
        self.beginResetModel()
        self.submodels, self.runs = tuple(submodels), tuple(runs)
        self._thumbs = {r.picture: _thumb(folder / r.picture) for r in runs if r.picture and folder is not None}
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Swaps."""
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Two, submodels, scores."""
        return 0 if parent.isValid() else 2 + len(self.submodels) + len(self._scores)

    def data(self, index: Index, role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Texts, thumbnails, verdict icons; swapped submodels say so in words for those who ask."""
        if not index.isValid():
            return None
        run, column = self.runs[index.row()], index.column()
        if column == 0:
            return self._picture(run, role)
        if column == 1:
            return self._verdict(run, role)
        if column < 2 + len(self.submodels):
            return self._swap(run, self.submodels[column - 2], role)
        if role in (ItemRole.DisplayRole, ItemRole.ToolTipRole):
            return self._score(run, column - 2 - len(self.submodels))
        last = column == self.columnCount() - 1
        return (LEFT if last else RIGHT) if role == ItemRole.TextAlignmentRole else None

    def headerData(self, section: int, orientation: Qt.Orientation,  # noqa: N802
                   role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Names, and what the scores mean."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        score = section - 2 - len(self.submodels)
        if role == ItemRole.DisplayRole:
            if section < 2:
                return (self.tr("picture"), self.tr("verdict"))[section]
            return self.submodels[section - 2] if score < 0 else self._scores[score]
        if role == ItemRole.ToolTipRole and score >= 0:
            return self._tips[score]
        if role == ItemRole.TextAlignmentRole:
            return LEFT if section < 2 or score == len(self._scores) - 1 else _CENTRE if score < 0 else RIGHT
        return None

    def _picture(self, run: SwapRun, role: int) -> object:
        if role == ItemRole.DecorationRole:
            return self._thumbs.get(run.picture)
        if role in (ItemRole.ToolTipRole, ItemRole.AccessibleTextRole):
            return self._words[run.kind]
        return QSize(THUMB + 8, THUMB + 4) if role == ItemRole.SizeHintRole else None

    def _verdict(self, run: SwapRun, role: int) -> object:
        if role == ItemRole.DisplayRole:
            return f"{self._verdicts[run.verdict.value]}\n{self._words[run.kind]}"
        return self._look.verdict(run.verdict.value) if role == ItemRole.DecorationRole else None

    def _swap(self, run: SwapRun, name: str, role: int) -> object:
        swapped = name in run.swapped
        if role == ItemRole.DisplayRole:
            return "MindIR" if swapped else "·"
        if role in (ItemRole.ToolTipRole, ItemRole.AccessibleTextRole):
            return self.tr("{name} ran as its MindIR").format(name=name) if swapped else \
                self.tr("{name} ran as its ONNX").format(name=name)
        return _CENTRE if role == ItemRole.TextAlignmentRole else None

    def _score(self, run: SwapRun, which: int) -> str:
        image, latents = run.image, run.latents
        if which == 0:
            return "" if image is None else self.tr("equal") if image.equal else _number(image.psnr, "{:.1f}")
        if which == 1:
            return "" if image is None else _number(image.ssim, "{:.5f}")
        if which == 2:
            return "" if image is None else _number(image.max_abs, "{:.1e}")
        if which == 3:
            return "" if latents is None else _number(latents.rel_l2, "{:.1e}")
        if which == 4:
            return f"{run.seconds:.1f} s" if run.seconds else ""
        return run.reason


def _number(value: float, form: str) -> str:
    if math.isnan(value):
        return "–"
    return ("∞" if value > 0 else "−∞") if math.isinf(value) else form.format(value)


def _thumb(file: Path) -> QIcon:
    picture = QPixmap(str(file)) if file.is_file() else QPixmap()
    if picture.isNull():
        return QIcon()
    return QIcon(picture.scaled(THUMB, THUMB, Qt.AspectRatioMode.KeepAspectRatio,
                                Qt.TransformationMode.SmoothTransformation))
