"""What a run depends on, as text that changes whenever the run would: content, never names or times."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import onnxruntime as ort

from diag.pipeline.models import Model, Side
from diag.pipeline.runners import parts
from diag.types.pipeline import PipelineSpec
from diag.workspace.codec import to_json
from diag.workspace.digest import sha256


@dataclass(frozen=True, slots=True)
class Keys:
    """``request``: prompt, picture, scheduler and so on; ``sides``: each model with how it runs."""

    request: str
    sides: Mapping[tuple[str, Side], str]

    def of(self, kind: str, swapped: Iterable[str], but: Iterable[str] = ()) -> str:
        """Key of one run: the request, all golden models, and the targets that are swapped in."""
        targets = {name: self.sides.get((name, Side.TARGET), "") for name in swapped}
        golden = {name: text for (name, side), text in self.sides.items() if side is Side.GOLDEN}
        return _short(json.dumps([kind, self.request, golden, targets, sorted(but)], sort_keys=True))


def keys(spec: PipelineSpec, models: Mapping[str, Model], cores: int, threads: int) -> Keys:
    """Hashes everything that the spec names."""
    plain = replace(spec, path="", submodels=tuple(replace(s, onnx="", mindir="") for s in spec.submodels))
    files = [spec.image, spec.arrays, spec.feature_extractor, *_tokenizer(spec.tokenizer)]
    content = [sha256(Path(f)) for f in files if f and Path(f).is_file()]
    sides = {}
    for name, model in models.items():
        sides[name, Side.GOLDEN] = _short(f"{_content(model.golden)} onnxruntime {ort.__version__} {cores}")
        if model.target is not None and model.target.is_file():
            how = f"{model.name} {model.version} {model.spec.device} {model.spec.dtype} {threads}"
            sides[name, Side.TARGET] = _short(f"{_content(model.target)} {how}")
    return Keys(_short(json.dumps([to_json(plain), content], sort_keys=True)), sides)


def _content(path: Path) -> str:
    """Hash of a model and of the weights beside it."""
    return " ".join(sha256(p) for p in parts(path))


def _tokenizer(folder: str) -> list[str]:
    return [str(p) for p in sorted(Path(folder).glob("*.*"))] if folder and Path(folder).is_dir() else []


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
