"""``pipeline.toml``: read and checked. Every mistake is said with the nearest right word."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diag.errors import FormatError, UsageError
from diag.formats.toml import read_toml
from diag.pipeline.schedulers import class_of
from diag.types.pipeline import PipelineKind, PipelineSpec, Submodel

SD_SUBMODELS = ("text_encoder", "vae_encoder", "unet", "vae_decoder", "safety_checker")
_RUNTIMES = ("auto", "reference", "mindspore-lite", "mindspore", "onnxruntime")
_DTYPES = ("auto", "float32", "float16", "bfloat16")
_TOP: Mapping[str, type | tuple[type, ...]] = {
    "kind": str, "prompt": str, "negative_prompt": str, "image": str, "steps": int, "strength": (int, float),
    "guidance": (int, float), "seed": int, "scheduler": (str, dict), "tokenizer": str, "feature_extractor": str,
    "height": int, "width": int, "scaling": (int, float), "truncate_prompt": bool, "arrays": str, "outputs": list,
    "folder": str, "submodels": list,
}
_SUBMODEL: Mapping[str, type | tuple[type, ...]] = {
    "name": str, "onnx": str, "mindir": str, "runtime": str, "device": str, "dtype": str, "inputs": dict,
}
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list",
          dict: "a table"}


def load(path: Path) -> PipelineSpec:
    """The pipeline that the file describes. Raises FormatError (no TOML), UsageError (makes no sense)."""
    try:
        facts = read_toml(path, "Text stands in quotes: prompt = \"a photo\"")
    except FileNotFoundError as error:
        raise FormatError(path, "The pipeline's file does not exist",
                          hint="Write it with: diag pipeline init ONNX_FOLDER --mindir FOLDER") from error
    return parse(facts, path.absolute())


def parse(facts: Mapping[str, Any], path: Path) -> PipelineSpec:
    """The pipeline of parsed TOML; relative paths start at the file's folder."""
    _check(facts, _TOP, f"in {path}")
    kind = _word(facts.get("kind", ""), [k.value for k in PipelineKind], "kind", f"in {path}")
    home = path.parent
    submodels = tuple(_submodel(one, i, path) for i, one in enumerate(facts.get("submodels", ())))
    _check_submodels(submodels, PipelineKind(kind), path)
    spec = PipelineSpec(
        kind=PipelineKind(kind), submodels=submodels, path=str(path), prompt=facts.get("prompt", ""),
        negative_prompt=facts.get("negative_prompt", ""), image=_path(home, facts.get("image", "")),
        steps=facts.get("steps", 20), strength=float(facts.get("strength", 0.75)),
        guidance=float(facts.get("guidance", 7.5)), seed=facts.get("seed", 0),
        scheduler=_scheduler(facts.get("scheduler", {}), home), tokenizer=_path(home, facts.get("tokenizer", "")),
        feature_extractor=_config(home, facts.get("feature_extractor", "")), height=facts.get("height", 0),
        width=facts.get("width", 0), scaling=float(facts.get("scaling", 0.18215)),
        truncate_prompt=facts.get("truncate_prompt", False), arrays=_path(home, facts.get("arrays", "")),
        outputs=tuple(map(str, facts.get("outputs", ()))), folder=_path(home, facts.get("folder", "")))
    _check_whole(spec)
    return spec


def _submodel(facts: object, index: int, path: Path) -> Submodel:
    if not isinstance(facts, dict):
        raise UsageError("A submodel is no table", where=f"in {path}", hint="Write each one under [[submodels]]")
    where = f"in {path}, submodel {facts.get('name', index + 1)}"
    _check(facts, _SUBMODEL, where)
    for key in ("name", "onnx"):
        if not facts.get(key):
            raise UsageError(f"A submodel has no {key}", where=where, hint=f"Add: {key} = \"…\"")
    found = Submodel(
        facts["name"], _path(path.parent, facts["onnx"]), _path(path.parent, facts.get("mindir", "")),
        _word(facts.get("runtime", "auto"), _RUNTIMES, "runtime", where), facts.get("device", "cpu"),
        _word(facts.get("dtype", "auto"), _DTYPES, "dtype", where), facts.get("inputs", {}))
    if re.fullmatch(r"cpu|ascend:[0-9]+", str(found.device)) is None:
        raise UsageError(f"'{found.device}' is not a device", where=where, hint="Write cpu or ascend:0")
    for name, source in found.inputs.items():
        if not isinstance(source, str):
            raise UsageError(f"The source of the input '{name}' is {source!r}", where=where,
                             hint=f"Write it like: inputs = {{ \"{name}\" = \"input:NAME\" }}, or \"SUBMODEL.OUTPUT\"")
    for kind, file in (("ONNX model", found.onnx), ("MindIR", found.mindir)):
        if file and not Path(file).is_file():
            raise UsageError(f"The {kind} of {found.name} is not there", where=f"no file {file}", hint=_near(file))
    return found


def _check_submodels(submodels: tuple[Submodel, ...], kind: PipelineKind, path: Path) -> None:
    names = [s.name for s in submodels]
    double = next((n for n in names if names.count(n) > 1), None)
    if double is not None:
        raise UsageError(f"Two submodels are called '{double}'", where=f"in {path}", hint="Give each its own name")
    if not submodels:
        raise UsageError("The pipeline has no submodels", where=f"in {path}", hint="Write each one under [[submodels]]")
    if kind is PipelineKind.CHAIN:
        return
    for name in names:
        if name not in SD_SUBMODELS:
            close = difflib.get_close_matches(name, SD_SUBMODELS, 1)
            raise UsageError(f"{kind.value} has no submodel '{name}'", where=f"it has: {', '.join(SD_SUBMODELS)}",
                             hint=f"Did you mean '{close[0]}'?" if close else "Use kind = \"chain\" for other models")
    needed = {"text_encoder", "unet", "vae_decoder"} | ({"vae_encoder"} if kind is PipelineKind.IMG2IMG else set())
    lost = next((n for n in SD_SUBMODELS if n in needed and n not in names), None)
    if lost is not None:
        raise UsageError(f"The pipeline has no submodel '{lost}'", where=f"{kind.value} needs it, in {path}",
                         hint="Add it under [[submodels]]")


def _check_whole(spec: PipelineSpec) -> None:
    where = f"in {spec.path}"
    if spec.kind in (PipelineKind.IMG2IMG, PipelineKind.TEXT2IMG):
        if not spec.tokenizer:
            raise UsageError("The pipeline has no tokenizer", where=where,
                             hint="Set tokenizer to the folder with tokenizer.json")
        class_of(str(spec.scheduler.get("_class_name", "PNDMScheduler")))
    if spec.kind is PipelineKind.IMG2IMG and not spec.image:
        raise UsageError("sd-img2img starts from a picture, and none is given", where=where,
                         hint="Add: image = \"input.png\"")
    if spec.kind is PipelineKind.DIFFUSERS and not spec.folder:
        raise UsageError("kind = \"diffusers\" needs the pipeline's folder", where=where, hint="Add: folder = \"…\"")
    if spec.steps < 1 or spec.steps > 1000:
        raise UsageError(f"steps is {spec.steps}", where=where, hint="Give a number from 1 to 1000")
    if not 0 <= spec.seed < 2**32:
        raise UsageError(f"seed is {spec.seed}", where=where, hint="Give a number from 0 to 4294967295")
    if spec.height < 0 or spec.width < 0 or spec.height % 8 or spec.width % 8:
        raise UsageError(f"The picture's size is {spec.width}×{spec.height}", where=where,
                         hint="Give multiples of 8, or leave height and width out")
    if not math.isfinite(spec.guidance):
        raise UsageError(f"guidance is {spec.guidance}", where=where, hint="Stable Diffusion 1.5 is run with 7.5")
    if not 0 < spec.scaling < math.inf:
        raise UsageError(f"scaling is {spec.scaling}", where=where, hint="Stable Diffusion 1.5 has 0.18215")


def _scheduler(given: str | dict[str, Any], home: Path) -> Mapping[str, Any]:
    """A table, a file or folder with the config, or the name of a class (with Stable Diffusion's numbers)."""
    if isinstance(given, dict):
        facts = dict(given)
        if "class" in facts:
            facts["_class_name"] = class_of(str(facts.pop("class")))
        if "config" in facts:
            return {**_read_config(home / str(facts.pop("config"))), **facts}
        return {**STABLE_DIFFUSION, **facts}
    if "/" in given or given.endswith(".json") or (home / given).exists():
        return _read_config(home / given)
    return {**STABLE_DIFFUSION, "_class_name": class_of(given)}


STABLE_DIFFUSION: Mapping[str, Any] = {
    "_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000, "skip_prk_steps": True, "set_alpha_to_one": False, "steps_offset": 1,
    "prediction_type": "epsilon", "timestep_spacing": "leading", "clip_sample": False,
}
"""The schedule that Stable Diffusion 1.x was trained with."""


def _read_config(path: Path) -> Mapping[str, Any]:
    file = path / "scheduler_config.json" if path.is_dir() else path
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(file, "A scheduler_config.json is wanted", found=str(error)[:120],
                          hint="Or give a name: scheduler = \"PNDMScheduler\"") from error
    if not isinstance(facts, dict):
        raise FormatError(file, "A scheduler_config.json is wanted", hint="It holds one JSON object")
    return facts


def _check(facts: Mapping[str, Any], known: Mapping[str, type | tuple[type, ...]], where: str) -> None:
    for key, value in facts.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            raise UsageError(f"There is no setting '{key}'", where=where,
                             hint=f"Did you mean '{close[0]}'?" if close else f"Settings: {', '.join(known)}")
        kinds = _kinds(known[key])
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(_NAMES[k] for k in kinds)
            raise UsageError(f"'{key}' is {value!r}", where=where, hint=f"{wanted[:1].upper()}{wanted[1:]} is wanted")


def _kinds(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def _word(word: str, known: tuple[str, ...] | list[str], key: str, where: str) -> str:
    if word in known:
        return word
    close = difflib.get_close_matches(word, known, 1)
    raise UsageError(f"There is no {key} '{word}'" if word else f"The pipeline has no {key}", where=where,
                     hint=f"Did you mean '{close[0]}'?" if close else f"It is one of: {', '.join(known)}")


def _path(home: Path, text: str) -> str:
    return str((home / Path(text).expanduser()).absolute()) if text else ""


def _config(home: Path, text: str) -> str:
    path = _path(home, text)
    return str(Path(path) / "preprocessor_config.json") if path and Path(path).is_dir() else path


def _near(file: str) -> str:
    folder = Path(file).parent
    names = sorted(f.name for f in folder.iterdir()) if folder.is_dir() else []
    close = difflib.get_close_matches(Path(file).name, names, 1)
    return f"Did you mean '{close[0]}'?" if close else "Check the path; relative ones start at the pipeline's file"
