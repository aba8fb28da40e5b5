"""A pipeline object and the user's call of it, as an Application whose submodels somebody else answers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from diag.errors import ToolFailed
from diag.pipeline.calls import Caller, Outcome, Picture, Step
from diag.pipeline.spec import SD_SUBMODELS
from diag.runtimes.interface import Array

Call = Callable[[Any], Any]
"""Runs the pipeline: gets the pipeline, returns what it returned (with ``images``), or the pictures themselves."""


class OwnCall:
    """An Application that is a pipeline object and a call of it."""

    source: Array | None = None

    def __init__(self, pipeline: Any, run: Call, caller: Caller) -> None:  # noqa: ANN401
        self._pipeline, self._call = pipeline, run
        self._names = [n for n in SD_SUBMODELS if caller.has(n)]

    def run(self, caller: Caller) -> Generator[Step, None, Outcome]:
        """One call, its submodels answered by ``caller``. Steps are known where the pipeline tells them."""
        originals = {name: getattr(self._pipeline, name) for name in self._names}
        try:
            for name, original in originals.items():
                put(self._pipeline, name, _Answered(name, original, caller))
            answer = self._call(self._pipeline)
        finally:
            for name, original in originals.items():
                put(self._pipeline, name, original)
        yield from ()
        return Outcome((), Picture(_pictures(answer), _pictures(answer), _flag(answer)), {})


class _Answered:
    """A submodel whose calls someone else answers."""

    def __init__(self, name: str, original: Any, caller: Caller) -> None:  # noqa: ANN401
        self._name, self._original, self._caller = name, original, caller

    def __call__(self, **feeds: Any) -> list[Array]:  # noqa: ANN401
        return self._caller(self._name, {k: np.asarray(v) for k, v in feeds.items()})

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.__dict__["_original"], name)


def put(pipeline: Any, name: str, submodel: object) -> None:  # noqa: ANN401
    """Past the pipeline's own setter, which wants to know the class of what it gets."""
    object.__setattr__(pipeline, name, submodel)


def _pictures(answer: Any) -> Array:  # noqa: ANN401
    """N×H×W×3 in [0, 1] from arrays, PIL pictures, or an answer that has them."""
    found = getattr(answer, "images", answer)
    pages = found if isinstance(found, Sequence) else [found] if getattr(found, "ndim", 4) == 3 else list(found)
    if not len(pages):
        raise ToolFailed("The pipeline gave no picture", hint="Return what the pipeline returned")
    arrays = [np.asarray(p) for p in pages]
    scaled = [a.astype(np.float32) / np.float32(255) if a.dtype == np.uint8 else a.astype(np.float32) for a in arrays]
    return np.stack(scaled)


def _flag(answer: Any) -> bool | None:  # noqa: ANN401
    flags = getattr(answer, "nsfw_content_detected", None)
    return None if flags is None else bool(np.any(np.asarray(flags, bool)))
