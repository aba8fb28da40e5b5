"""The pictures of a run folder, ready to stand in a page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from diag.pipeline.images import amplified, to_image
from diag.types.pipeline import PipelineDiagnosis, SwapRun
from diag.workspace.pipelines import PipelineFolder

_THUMB = 96
_LARGEST = 768
_GAINS = (1, 2, 5, 10, 50, 100, 1000, 10_000, 100_000, 1_000_000)


class Pictures:
    """Reads from the run folder; what is not there any more is None."""

    def __init__(self, found: PipelineDiagnosis) -> None:
        self._folder = PipelineFolder(Path(found.run)) if found.run is not None else None

    def of(self, run: SwapRun) -> str | None:
        """A run's picture as a data URI."""
        return self.named(Path(run.picture).stem) if run.picture else None

    def thumb(self, run: SwapRun) -> str | None:
        """The same, small."""
        exact = self._exact(run)
        return None if exact is None else _uri(_within(to_image(exact), _THUMB))

    def named(self, name: str) -> str | None:
        """A picture by its name in the folder."""
        exact = None if self._folder is None else self._folder.picture(name)
        return None if exact is None else _uri(_within(to_image(exact), _LARGEST))

    def difference(self, golden: SwapRun, run: SwapRun) -> tuple[str, int] | None:
        """Distance from golden, amplified until it can be seen, and by how much; None if there is nothing to see."""
        g, t = self._exact(golden), self._exact(run)
        if g is None or t is None or g.shape != t.shape:
            return None
        # What is no number is as far off as can be.
        g, t = g.astype(np.float32), np.where(np.isfinite(t.astype(np.float32)), t, g.astype(np.float32) + 1)
        gap = float(np.abs(t.astype(np.float64) - g.astype(np.float64)).max(initial=0.0))
        gain = next((k for k in reversed(_GAINS) if gap * k <= 1.5), 1)
        return _uri(_within(to_image(amplified(g, t, gain)), _LARGEST)), gain

    def _exact(self, run: SwapRun) -> npt.NDArray[np.generic] | None:
        if self._folder is None or not run.picture:
            return None
        return self._folder.picture(Path(run.picture).stem)


def _within(image: Image.Image, size: int) -> Image.Image:
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    return image


def _uri(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")
