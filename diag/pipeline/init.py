"""From a folder of ONNX models, and one of MindIRs, to a ``pipeline.toml``, and to what each submodel takes."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diag.errors import DiagError, UsageError
from diag.formats.onnx import load
from diag.formats.registry import open_model
from diag.pipeline.spec import SD_SUBMODELS
from diag.types.pipeline import PipelineKind

_PROMPT = "a photo of a lighthouse by the sea"
_SD15 = {"height": 512, "width": 512, "channels": 4, "tokens": 77, "clip": 224, "embedding": 768}
"""What Stable Diffusion 1.5 has, where the folder does not say."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One input: shape as the file says it, sizes put in for the names, and where they came from ("" if fixed)."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...]
    static: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One submodel found in the folder. ``mindir`` is "" where none was found."""

    name: str
    onnx: Path
    mindir: Path | None
    inputs: tuple[Wanted, ...]

    @property
    def input_shape(self) -> str:
        """As converter_lite's ``--inputShape`` takes it."""
        return ";".join(f"{w.name}:{','.join(map(str, w.static))}" for w in self.inputs)


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds; paths of parts that are not there are None."""

    kind: PipelineKind
    submodels: tuple[Seen, ...]
    tokenizer: Path | None
    scheduler: Path | None
    feature_extractor: Path | None
    unpaired: tuple[Path, ...]


def examine(home: Path, mindirs: Path | None) -> Folder:
    """Look at the folder. Raises UsageError where there is no model, FormatError for one that is damaged."""
    if not home.is_dir():
        raise UsageError("The folder with the ONNX models is not there", where=f"no folder {home}", hint=_near(home))
    found = dict(_models(home))
    if not found:
        raise UsageError("The folder holds no ONNX model", where=f"in {home}",
                         hint="Give the folder that holds text_encoder/model.onnx and so on")
    if mindirs is not None and not mindirs.is_dir():
        raise UsageError("The folder with the MindIRs is not there", where=f"no folder {mindirs}", hint=_near(mindirs))
    files = sorted(mindirs.rglob("*.mindir")) if mindirs is not None else []
    kind = _kind(found)
    sizes = _sizes(home)
    paired = {name: _mindir(name, files) for name in found}
    submodels = tuple(Seen(name, path, paired[name], tuple(_inputs(name, path, paired[name], sizes)))
                      for name, path in found.items())
    taken = {p for p in paired.values() if p is not None}
    parts = {name: home / name if (home / name).is_dir() else None
             for name in ("tokenizer", "scheduler", "feature_extractor")}
    return Folder(kind, submodels, parts["tokenizer"], parts["scheduler"], parts["feature_extractor"],
                  tuple(f for f in files if f not in taken))


def written(folder: Folder, image: str, out: Path) -> str:
    """The text of ``pipeline.toml`` for the place ``out``; paths are relative to it where they can be."""
    sd = folder.kind is not PipelineKind.CHAIN
    lines = [f"kind = {_quoted(folder.kind.value)}"]
    if sd:
        lines += [f"prompt = {_quoted(_PROMPT)}", 'negative_prompt = ""']
        if folder.kind is PipelineKind.IMG2IMG:
            lines += [f"image = {_quoted(image or 'input.png')}", "strength = 0.75"]
        lines += ["steps = 20", "guidance = 7.5", "seed = 0", *_open_size(folder)]
        for name, path in (("tokenizer", folder.tokenizer), ("scheduler", folder.scheduler)):
            lines.append(f"{name} = {_quoted(_relative(path, out))}" if path is not None else
                         f"# {name} = \"…\"   # its folder was not found beside the models")
        if folder.feature_extractor is not None:
            lines.append(f"feature_extractor = {_quoted(_relative(folder.feature_extractor, out))}")
    for one in folder.submodels:
        lines += ["", "[[submodels]]", f"name = {_quoted(one.name)}", f"onnx = {_quoted(_relative(one.onnx, out))}"]
        lines.append(f"mindir = {_quoted(_relative(one.mindir, out))}" if one.mindir is not None else
                     "# mindir = \"…\"   # none was found: it runs as its ONNX")
    return "\n".join(lines) + "\n"


def _open_size(folder: Folder) -> Iterator[str]:
    """Height and width of the picture, where the ONNX models leave them open."""
    for name, value, factor in (("vae_encoder", "sample", 1), ("unet", "sample", 8)):
        wanted = next((w for s in folder.submodels if s.name == name for w in s.inputs if w.name == value), None)
        if wanted is not None and len(wanted.shape) == 4:
            if not all(isinstance(d, int) for d in wanted.shape[2:]):
                yield from (f"{key} = {size * factor}" for key, size in zip(("height", "width"), wanted.static[2:],
                                                                            strict=True))
            return


def _models(home: Path) -> Iterator[tuple[str, Path]]:
    """Submodels of Stable Diffusion in their usual places and order, else every ONNX file."""
    usual = {name: next((p for p in (home / name / "model.onnx", home / f"{name}.onnx", home / name / f"{name}.onnx")
                         if p.is_file()), None) for name in SD_SUBMODELS}
    if any(usual.values()):
        yield from ((name, path) for name, path in usual.items() if path is not None)
        return
    for path in sorted(home.rglob("*.onnx")):
        yield (path.parent.name if path.stem == "model" and path.parent != home else path.stem), path


def _kind(found: Mapping[str, Path]) -> PipelineKind:
    if not {"text_encoder", "unet", "vae_decoder"} <= set(found):
        return PipelineKind.CHAIN
    return PipelineKind.IMG2IMG if "vae_encoder" in found else PipelineKind.TEXT2IMG


def _mindir(name: str, files: Sequence[Path]) -> Path | None:
    """The MindIR of that name, or the only one that begins or lies so."""
    begins = (f"{name}_", f"{name}-", f"{name}.")
    ranked = sorted((f for f in files if f.stem == name or f.parent.name == name or f.stem.startswith(begins)),
                    key=lambda f: (f.stem != name, f.parent.name != name))
    return ranked[0] if ranked else None


def _inputs(submodel: str, path: Path, mindir: Path | None,
            sizes: Mapping[str, tuple[int, str]]) -> Iterator[Wanted]:
    graph = load(path).graph
    fixed = _fixed(mindir)
    for name, info in zip(graph.input_names, graph.inputs, strict=True):
        shape = tuple(info.shape or ())
        static, sources = [], []
        for axis, size in enumerate(shape):
            if isinstance(size, int) and size >= 0:
                static.append(size)
                continue
            known = fixed.get(name, ())
            value, source = (known[axis], mindir.name) if mindir is not None and len(known) == len(shape) else \
                _size(f"{submodel}.{name}", axis, sizes)
            static.append(value)
            sources.append(source)
        yield Wanted(name, info.dtype.value, shape, tuple(static), ", ".join(dict.fromkeys(filter(None, sources))))


def _fixed(mindir: Path | None) -> dict[str, tuple[int, ...]]:
    """Input shapes of a MindIR, which has them fixed; nothing where it cannot be read."""
    try:
        graph = open_model(mindir) if mindir is not None else None
    except DiagError:
        graph = None
    if graph is None:
        return {}
    return {n: i.static_shape for n, i in zip(graph.input_names, graph.inputs, strict=True) if i.static_shape}


_AXES = {
    "text_encoder.input_ids": ("batch", "tokens"),
    "vae_encoder.sample": ("batch", "three", "height", "width"),
    "unet.sample": ("guided", "channels", "latent_height", "latent_width"), "unet.timestep": ("one",),
    "unet.encoder_hidden_states": ("guided", "tokens", "embedding"),
    "vae_decoder.latent_sample": ("batch", "channels", "latent_height", "latent_width"),
    "safety_checker.clip_input": ("batch", "three", "clip", "clip"),
    "safety_checker.images": ("batch", "height", "width", "three"),
}


def _size(name: str, axis: int, sizes: Mapping[str, tuple[int, str]]) -> tuple[int, str]:
    axes = _AXES.get(name, ())
    return sizes[axes[axis]] if axis < len(axes) else (1, "taken as 1")


def _sizes(home: Path) -> dict[str, tuple[int, str]]:
    """Sizes by axis, each with the file that says it."""
    unet, vae = _config(home / "unet" / "config.json"), _config(home / "vae" / "config.json")
    for name in ("vae_decoder", "vae_encoder"):
        vae = vae or _config(home / name / "config.json")
    text = _config(home / "text_encoder" / "config.json")
    tokens = _config(home / "tokenizer" / "tokenizer_config.json")
    clip = _config(home / "feature_extractor" / "preprocessor_config.json")
    blocks = vae.get("block_out_channels")
    factor = 2 ** (len(blocks) - 1) if isinstance(blocks, list) and blocks else 8
    latent = _whole(unet.get("sample_size"))
    found = {name: (value, "Stable Diffusion 1.5's") for name, value in _SD15.items()}
    found.update(one=(1, ""), three=(3, ""), batch=(1, "one picture"), guided=(2, "with and without the prompt"))
    for key, value, file in (
            ("height", latent and latent * factor, "unet/config.json"), ("width", latent and latent * factor,
                                                                          "unet/config.json"),
            ("channels", _whole(unet.get("in_channels")), "unet/config.json"),
            ("embedding", _whole(unet.get("cross_attention_dim")), "unet/config.json"),
            ("tokens", _whole(text.get("max_position_embeddings")), "text_encoder/config.json"),
            ("tokens", _whole(tokens.get("model_max_length")), "tokenizer/tokenizer_config.json"),
            ("clip", _clip(clip), "feature_extractor/preprocessor_config.json")):
        if value:
            found[key] = (value, file)
    height, width = found["height"], found["width"]
    found.update(latent_height=(height[0] // factor, height[1]), latent_width=(width[0] // factor, width[1]))
    return found


def _clip(facts: Mapping[str, Any]) -> int:
    size = facts.get("crop_size", facts.get("size"))
    return _whole(size.get("height", size.get("shortest_edge"))) if isinstance(size, dict) else _whole(size)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000 else 0


def _config(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _quoted(text: str) -> str:
    """TOML's basic strings are written as JSON's."""
    return json.dumps(text, ensure_ascii=False)


def _relative(path: Path, out: Path) -> str:
    try:
        return Path(os.path.relpath(path.absolute(), out.absolute().parent)).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_posix()


def _near(path: Path) -> str:
    beside = [p.name for p in path.absolute().parent.iterdir() if p.is_dir()] if path.absolute().parent.is_dir() else []
    close = difflib.get_close_matches(path.name, beside, 1)
    return f"Did you mean '{close[0]}'?" if close else "Check the path"
