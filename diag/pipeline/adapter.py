"""Submodels of a diffusers ONNX pipeline as proxies: they record what crosses their boundary, and can be switched.

    pipe = OnnxStableDiffusionImg2ImgPipeline.from_pretrained(folder, provider_options={})
    with attach(pipe, {"unet": "unet.mindir", "vae_decoder": "vae_decoder.mindir"}) as submodels:
        golden = pipe(prompt, image=image, generator=np.random.RandomState(0)).images[0]
        submodels["unet"].use_ascend = True
        swapped = pipe(prompt, image=image, generator=np.random.RandomState(0)).images[0]
        submodels.save("boundary")           # every call's inputs and outputs, by submodel

``locate_in(pipe, targets, lambda p: p(prompt, …), "run")`` does the whole search on the user's own call. Nothing of
diffusers is imported here: any object will do whose submodels are called with arrays by name and answer with a list.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import numpy as np

from diag.cancel import Cancel
from diag.errors import UsageError
from diag.events import result_of
from diag.pipeline.calls import fitted
from diag.pipeline.locate import locate
from diag.pipeline.models import Model, look
from diag.pipeline.owncall import Call, OwnCall, put
from diag.pipeline.plan import PipelinePlan
from diag.pipeline.runners import Runner, call, open_target, widened
from diag.pipeline.spec import SD_SUBMODELS
from diag.pipeline.swap import Recorded
from diag.runtimes.discover import discover
from diag.runtimes.interface import Array
from diag.types.pipeline import PipelineDiagnosis, PipelineKind, PipelineSpec, Submodel
from diag.workspace.pipelines import PipelineFolder

Targets = Mapping[str, str | Path]

class Proxy:
    """One submodel in its pipeline's place. Everything but calls goes to the original object.

    Attributes:
        use_ascend: run the target instead of the original.
        calls: what crossed the boundary, in order; emptied by ``clear``.
    """

    def __init__(self, original: Any, model: Model, ask: Callable[[str, Mapping[str, Array]], list[Array]]) -> None:  # noqa: ANN401
        self._original, self._model, self._ask = original, model, ask
        self.use_ascend = False
        self.calls: list[Recorded] = []

    def __call__(self, **feeds: Any) -> list[Array]:  # noqa: ANN401 - arrays, lists and tensors of users
        """The outputs in order. Raises UsageError that names submodel, input, what is expected and what was given."""
        name = self._model.spec.name
        given = fitted(name, {k: np.asarray(v) for k, v in feeds.items()}, self._model.inputs)
        outputs = self._ask(name, given) if self.use_ascend else list(self._original(**given))
        self.calls.append(Recorded(name, len(self.calls), given, tuple(outputs)))
        return outputs

    def clear(self) -> None:
        """Forget the recorded calls."""
        self.calls = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.__dict__["_original"], name)


class Attached(Mapping[str, Proxy]):
    """The proxies by name. ``close`` (or leaving the ``with`` block) puts the originals back and ends all processes."""

    def __init__(self, pipeline: Any, targets: Targets, runtime: str, device: str, threads: int) -> None:  # noqa: ANN401
        self._pipeline, self._threads = pipeline, threads
        self._cancel = Cancel()
        self._open: dict[str, Runner] = {}
        spec = spec_of(pipeline, targets, runtime, device)
        self._copies = TemporaryDirectory(prefix="diag-models-")
        self._models = look(spec, discover(), Path(self._copies.name))
        self._originals = {name: getattr(pipeline, name) for name in self._models}
        self._proxies = {name: Proxy(self._originals[name], model, self._target)
                         for name, model in self._models.items()}
        for name, proxy in self._proxies.items():
            put(pipeline, name, proxy)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``boundary/SUBMODEL-CALL.npz`` (inputs) and ``.out.npz`` (outputs) below a folder; returns the first.

        Such a file is what ``diag compare --inputs`` takes.
        """
        out = PipelineFolder(Path(folder).absolute())
        (out.path / "boundary").mkdir(parents=True, exist_ok=True)
        written = []
        for name, proxy in self._proxies.items():
            names = [o.name for o in self._models[name].outputs]
            for one in proxy.calls:
                out.save_boundary(name, one.number, one.feeds, dict(zip(names, one.outputs, strict=False)))
                written.append(out.boundary(name, one.number))
        return written

    def close(self) -> None:
        """Put the originals back. Twice is fine."""
        for name, original in self._originals.items():
            put(self._pipeline, name, original)
        for runner in self._open.values():
            runner.close()
        self._open.clear()
        self._copies.cleanup()

    def _target(self, name: str, feeds: Mapping[str, Array]) -> list[Array]:
        model = self._models[name]
        if model.target is None:
            raise UsageError(f"{name} has no MindIR to run as", hint=f"attach(pipe, {{\"{name}\": \"…mindir\"}})")
        if model.problem is not None:
            raise model.problem
        if name not in self._open:
            self._open[name] = open_target(model.target, model.runtime, onnx=model.target_is_onnx,
                                           device=model.spec.device, threads=self._threads, cancel=self._cancel)
        return widened(call(name, self._open[name], feeds, self._cancel, target=True))

    def __getitem__(self, name: str) -> Proxy:
        if name not in self._proxies:
            close = difflib.get_close_matches(name, self._proxies, 1)
            raise UsageError(f"The pipeline has no submodel '{name}'", where=f"it has: {', '.join(self._proxies)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "")
        return self._proxies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._proxies)

    def __len__(self) -> int:
        return len(self._proxies)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def attach(pipeline: Any, targets: Targets, *, runtime: str = "auto", device: str = "cpu",  # noqa: ANN401
           threads: int = 1) -> Attached:
    """Put proxies in place of a pipeline's submodels. ``targets``: MindIR (or another ONNX) by submodel.

    Raises UsageError for a submodel that the pipeline does not have, RuntimeUnavailable, FormatError.
    """
    return Attached(pipeline, targets, runtime, device, threads)


def locate_in(pipeline: Any, targets: Targets, run: Call, out: str | Path, *, runtime: str = "auto",  # noqa: ANN401
              device: str = "cpu", threads: int = 1, layers: bool = True) -> PipelineDiagnosis:
    """The search of ``diag pipeline locate`` over the user's own call of the user's own pipeline.

    ``run`` must do the same each time: give it a generator with a fixed seed. Its pictures are compared.
    """
    # What the call asks for cannot be seen from here: what an older search recorded may be of another request.
    plan = PipelinePlan(spec_of(pipeline, targets, runtime, device), Path(out), threads=threads, layers=layers,
                        fresh=True)
    found: PipelineDiagnosis = result_of(locate(plan, discover(), Cancel(),
                                                lambda _, caller: OwnCall(pipeline, run, caller)))
    return found


def spec_of(pipeline: Any, targets: Targets, runtime: str = "auto", device: str = "cpu") -> PipelineSpec:  # noqa: ANN401
    """The pipeline's submodels, where their ONNX files lie, and their targets. Raises UsageError."""
    files = {name: path for name in SD_SUBMODELS if (path := _file(getattr(pipeline, name, None))) is not None}
    if not files:
        raise UsageError("No submodel of this object is an ONNX model on disk",
                         where=f"a {type(pipeline).__name__} was given", hint="Load it with an Onnx… pipeline class")
    for name in targets:
        if name not in files:
            close = difflib.get_close_matches(name, files, 1)
            raise UsageError(f"The pipeline has no submodel '{name}'", where=f"it has: {', '.join(files)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "Leave it out")
    submodels = tuple(Submodel(name, str(path), str(Path(targets[name]).absolute()) if name in targets else "",
                               runtime, device) for name, path in files.items())
    home = next(iter(files.values())).parent.parent
    return PipelineSpec(PipelineKind.DIFFUSERS, submodels, folder=str(home))


def _file(submodel: Any) -> Path | None:  # noqa: ANN401
    folder = getattr(submodel, "model_save_dir", None)
    if folder is None:
        return None
    path = Path(folder) / str(getattr(submodel, "latest_model_name", "model.onnx"))
    return path.absolute() if path.is_file() else None


__all__ = ["Attached", "Proxy", "attach", "locate_in"]
