"""The swaps as rows: which submodels ran as their MindIR, the picture that came of it, and its scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap

from app.assets import Look
from app.models.columns import LEFT, RIGHT, ItemRole
from diag.report.catalogues import labels
from diag.rules import Lang
from diag.types.layer import Verdict
from diag.types.pipeline import SwapKind, SwapRun

Index = QModelIndex | QPersistentModelIndex

THUMB = 44
_ICON = 18
_VERDICT = 2
_SHORT_S = 0.1


class RunsModel(QAbstractTableModel):
    """Picture, which submodels were swapped, verdict, scores. In the order in which the search made them."""

    def __init__(self, look: Look, lang: Lang, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._verdicts = labels(lang)["verdict"]
        self._icons = {v.value: look.verdict(v.value).pixmap(QSize(_ICON, _ICON)) for v in Verdict}
        self._titles = (self.tr("picture"), self.tr("as MindIR"), self.tr("verdict"), self.tr("PSNR"), self.tr("SSIM"),
                        self.tr("largest"), self.tr("latents"), self.tr("time"), self.tr("reason"))
        self._tips = ("", self.tr("Which submodels ran as their MindIR: one square a submodel, in their order"), "",
                      self.tr("Peak signal-to-noise ratio against the original's picture, in dB; higher is better"),
                      self.tr("Structural similarity to the original's picture; 1 is the same"),
                      self.tr("Largest difference of a pixel, of 1"), self.tr("Relative L2 error of the last latents"),
                      self.tr("Seconds of the run"), self.tr("What decided the verdict"))
        self.submodels: tuple[str, ...] = ()
        self.runs: tuple[SwapRun, ...] = ()
        self._thumbs: dict[str, QIcon] = {}
        self._folder: Path | None = None

    def set_runs(self, submodels: Sequence[str], runs: Sequence[SwapRun], folder: Path | None) -> None:
        """Other rows; pictures are read from the run folder, small, each once."""
        self.beginResetModel()
        self.submodels, self.runs = tuple(submodels), tuple(runs)
        wanted = {str(folder / r.picture) for r in runs if r.picture and folder is not None}
        self._thumbs = {file: self._thumbs.get(file) or _thumb(Path(file)) for file in wanted}
        self._folder = folder
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Swaps."""
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Always the same."""
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: Index, role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Texts, thumbnails, verdict icons."""
        if not index.isValid():
            return None
        run, column = self.runs[index.row()], index.column()
        if role == ItemRole.DecorationRole:
            return self._thumb(run) if column == 0 else self._icons[run.verdict.value] if column == _VERDICT else None
        if role == ItemRole.DisplayRole:
            return self._text(run, column)
        if role == ItemRole.ToolTipRole:
            return self._named(run) if column < _VERDICT else self._text(run, column)
        if role == ItemRole.AccessibleTextRole and column < _VERDICT:
            return self._named(run)
        if role == ItemRole.SizeHintRole and column == 0:
            return QSize(THUMB + 10, THUMB + 4)
        return self._aligned(column) if role == ItemRole.TextAlignmentRole else None

    def headerData(self, section: int, orientation: Qt.Orientation,  # noqa: N802
                   role: int = ItemRole.DisplayRole) -> Any:  # noqa: ANN401
        """Names, and what the scores mean."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._titles):
            return None
        if role == ItemRole.DisplayRole:
            return self._titles[section]
        if role == ItemRole.ToolTipRole:
            return self._tips[section] or None
        return self._aligned(section) if role == ItemRole.TextAlignmentRole else None

    def _aligned(self, column: int) -> int:
        return RIGHT if _VERDICT < column < len(self._titles) - 1 else LEFT

    def _thumb(self, run: SwapRun) -> QIcon | None:
        return self._thumbs.get(str(self._folder / run.picture)) if self._folder is not None and run.picture else None

    def _text(self, run: SwapRun, column: int) -> str:
        if column == 0:
            return ""
        if column == 1:
            squares = " ".join("■" if name in run.swapped else "□" for name in self.submodels)
            return f"{self._named(run)}\n{squares}"
        if column == _VERDICT:
            return str(self._verdicts[run.verdict.value])
        return self._score(run, column - _VERDICT - 1)

    def _named(self, run: SwapRun) -> str:
        return named(run, self.submodels)

    def _score(self, run: SwapRun, which: int) -> str:
        image, latents = run.image, run.latents
        if which == 0:
            return "" if image is None else self.tr("equal") if image.equal else _number(image.psnr, "{:.1f}")
        if which == 1:
            return "" if image is None else _number(image.ssim, "{:.4f}")
        if which == 2:
            return "" if image is None else _number(image.max_abs, "{:.1e}")
        if which == 3:
            return "" if latents is None else _number(latents.rel_l2, "{:.1e}")
        if which == 4:
            return f"{run.seconds:.1f} s" if run.seconds >= _SHORT_S else "" if not run.seconds else f"< {_SHORT_S} s"
        return run.reason


def named(run: SwapRun, submodels: Sequence[str]) -> str:
    """Which submodels ran as their MindIR, in words."""
    match run.kind:
        case SwapKind.GOLDEN:
            return QCoreApplication.translate("RunsModel", "none")
        case SwapKind.ALL:
            return QCoreApplication.translate("RunsModel", "all")
        case SwapKind.LEAVE_ONE_OUT:
            left = ", ".join(n for n in submodels if n not in run.swapped)
            return QCoreApplication.translate("RunsModel", "all but {names}").format(names=left)
        case _:
            return " + ".join(run.swapped)


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
