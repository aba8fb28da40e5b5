"""An opened pipeline: its models, what is in memory, what was answered before, and its own logic around them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from diag.cancel import Cancel
from diag.pipeline.calls import Application, Caller
from diag.pipeline.keys import Keys, keys
from diag.pipeline.models import Model, Pool, look
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.runs import application
from diag.pipeline.swap import Memory, Recorded, Swapped
from diag.runtimes.interface import RuntimeSpec
from diag.types.pipeline import PipelineSpec
from diag.workspace.pipelines import PipelineFolder


class Session:
    """Use as a context manager: at its end no process is left.

    Attributes:
        models: by name, in the order of the spec.
        app: the pipeline's logic.
        keys: what runs depend on.
    """

    def __init__(self, plan: PipelinePlan, specs: Sequence[RuntimeSpec], cancel: Cancel,
                 wired: Callable[[PipelineSpec, Caller], Application] = application) -> None:
        """Look at every model and wire them. Raises UsageError, FormatError, RuntimeUnavailable."""
        self.plan, self.spec = plan, plan.spec
        self._cancel = cancel
        self.cores = plan.jobs or os.cpu_count() or 1
        self.folder = PipelineFolder.create(plan.out)
        with ExitStack() as undone:
            undone.callback(self.folder.close)
            for name in ("memory", "runs.jsonl") if plan.fresh else ():
                _remove(self.folder, name)
            self.models: dict[str, Model] = look(self.spec, specs, self.folder.path / "models", plan.runtime)
            self.keys: Keys = keys(self.spec, self.models, self.cores, plan.threads)
            known = {side: {"key": key} for side, key in self.keys.sides.items()}
            self.memory = Memory(self.folder.path / "memory", known)
            self.pool = Pool(self.models, plan.budget, self.cores, plan.threads, cancel)
            self.app: Application = wired(self.spec, self.caller(()))
            undone.pop_all()

    def caller(self, swapped: Iterable[str], record: list[Recorded] | None = None, *, fresh: bool = False) -> Swapped:
        """Calls submodels; those ``swapped`` as their targets."""
        return Swapped(self.models, self.pool, self.memory, swapped, self._cancel, record=record, fresh=fresh)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.pool.close()
        self.folder.close()


def _remove(folder: PipelineFolder, name: str) -> None:
    path = folder.path / name
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
