"""Makes resources/samples/pipeline: a whole tiny Stable Diffusion img2img pipeline, converted by MindSpore Lite 2.0.0.

``healthy`` holds five submodels as ONNX (opset 14) and as MindIR, tokenizer, scheduler and the picture to start from.
``defect`` holds the same text encoder written at opset 17, and what the converter makes of it: every LayerNormalization
arrives with epsilon 0. Nothing is planted, nothing is edited.

    python packaging/samples/make_pipeline.py --mslite-python PYTHON37

needs onnx, onnxruntime, tokenizers and Pillow here, and mindspore-lite 2.0.0 in PYTHON37. The weights are seeded; the
bytes of a MindIR differ between two conversions, what it computes does not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]
import pipeline_models as made  # noqa: E402
from corpus.mslite import MindSporeLite  # noqa: E402

Array = npt.NDArray[Any]

AT_MOST_BYTES = 10_000_000
PROMPT = "a lighthouse by the sea at sunset"
SUBMODELS = ("text_encoder", "vae_encoder", "unet", "vae_decoder", "safety_checker")
WORDS = ("a", "lighthouse", "by", "the", "sea", "at", "sunset", "photo", "of", "painting", "in", "storm", "morning")


def picture() -> Image.Image:
    """A lighthouse, drawn: sky, sun, sea, rock, tower."""
    size = made.SIZE
    y, x = np.mgrid[0:size, 0:size] / size
    scene = np.stack([0.35 + 0.55 * y, 0.45 + 0.25 * y, 0.85 - 0.45 * y], -1)
    _paint(scene, (x - 0.26) ** 2 + (y - 0.42) ** 2 < 0.012, (1.0, 0.85, 0.35))
    sea = y > 0.62
    _paint(scene, sea, np.stack([0.10 + 0.06 * np.sin(60 * y), 0.30 + 0.1 * (1 - y), 0.42 + 0.1 * (1 - y)], -1)[sea])
    _paint(scene, (y > 0.55 + 0.9 * np.abs(x - 0.72) ** 1.2) & (y < 0.86), (0.28, 0.24, 0.22))
    tower = (np.abs(x - 0.72) < 0.045 + 0.03 * (y - 0.2)) & (y > 0.24) & (y < 0.60)
    _paint(scene, tower, (0.95, 0.93, 0.90))
    _paint(scene, tower & ((y * 12).astype(int) % 2 == 0), (0.80, 0.18, 0.15))
    _paint(scene, (np.abs(x - 0.72) < 0.05) & (y > 0.17) & (y <= 0.24), (1.0, 0.95, 0.60))
    return Image.fromarray((np.clip(scene, 0, 1) * 255).round().astype(np.uint8))


def _paint(scene: Array, where: Array, colour: Array | tuple[float, float, float]) -> None:
    scene[where] = colour


def tokenizer(folder: Path) -> None:
    """A byte-level BPE in CLIP's spelling, whose merges know the words of the prompt."""
    folder.mkdir(parents=True)
    letters = [chr(c) for c in (*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324))]
    vocabulary = [*letters, *(f"{c}</w>" for c in letters)]
    merges = []
    for word in WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            pair = f"{parts[0]} {parts[1]}"
            parts[:2] = [parts[0] + parts[1]]
            if pair not in merges:
                merges.append(pair)
                vocabulary.append(parts[0])
    vocabulary = [*dict.fromkeys(vocabulary), "<|startoftext|>", "<|endoftext|>"]
    if len(vocabulary) > made.VOCABULARY:
        sys.exit(f"{len(vocabulary)} tokens, room for {made.VOCABULARY}")
    _json(folder / "vocab.json", {word: i for i, word in enumerate(vocabulary)})
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    _json(folder / "tokenizer_config.json", {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": made.LENGTH, "pad_token": "<|endoftext|>",
        "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"})


def settings(folder: Path) -> None:
    """Scheduler, safety checker's pictures, and what the parts are, as diffusers writes them."""
    (folder / "scheduler").mkdir()
    _json(folder / "scheduler" / "scheduler_config.json", {
        "_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000, "skip_prk_steps": True, "set_alpha_to_one": False, "steps_offset": 1})
    (folder / "feature_extractor").mkdir()
    _json(folder / "feature_extractor" / "preprocessor_config.json", {
        "size": {"shortest_edge": made.CLIP}, "crop_size": {"height": made.CLIP, "width": made.CLIP},
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]})
    _json(folder / "model_index.json", {
        "_class_name": "OnnxStableDiffusionImg2ImgPipeline", "_diffusers_version": "0.30.0",
        "feature_extractor": ["transformers", "CLIPImageProcessor"], "scheduler": ["diffusers", "PNDMScheduler"],
        "tokenizer": ["transformers", "CLIPTokenizer"], **{s: ["diffusers", "OnnxRuntimeModel"] for s in SUBMODELS}})


def spec(healthy: str, text_encoder: str) -> str:
    """pipeline.toml; paths are relative to the file."""
    lines = ['kind = "sd-img2img"', f'prompt = "{PROMPT}"', f'image = "{healthy}picture.png"', "steps = 25",
             "strength = 0.3", "guidance = 7.5", "seed = 7", f'scheduler = "{healthy}onnx/scheduler"',
             f'tokenizer = "{healthy}onnx/tokenizer"', f'feature_extractor = "{healthy}onnx/feature_extractor"']
    for name in SUBMODELS:
        home = text_encoder if name == "text_encoder" else healthy
        lines += ["", "[[submodels]]", f'name = "{name}"', f'onnx = "{home}onnx/{name}/model.onnx"',
                  f'mindir = "{home}mindir/{name}.mindir"']
    return "\n".join(lines) + "\n"


def _model(model: onnx.ModelProto, folder: Path, name: str, lite: MindSporeLite) -> None:
    file, mindir = folder / "onnx" / name / "model.onnx", folder / "mindir" / f"{name}.mindir"
    for path in (file, mindir):
        path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(file))
    lite.convert(file, mindir)
    mindir.chmod(0o644)
    print(f"{name}: {len(model.graph.node)} nodes, {file.stat().st_size:,} B, MindIR {mindir.stat().st_size:,} B")


def make(out: Path, lite: MindSporeLite) -> None:
    """Both folders."""
    healthy, defect = out / "healthy", out / "defect"
    healthy.mkdir()
    defect.mkdir()
    models = {"text_encoder": made.text_encoder(14), "vae_encoder": made.vae_encoder(), "unet": made.unet(),
              "vae_decoder": made.vae_decoder(), "safety_checker": made.safety_checker()}
    for name, model in models.items():
        _model(model, healthy, name, lite)
    _model(made.text_encoder(17), defect, "text_encoder", lite)
    tokenizer(healthy / "onnx" / "tokenizer")
    settings(healthy / "onnx")
    picture().save(healthy / "picture.png", optimize=True)
    (healthy / "pipeline.toml").write_text(spec("", ""), "utf-8")
    (defect / "pipeline.toml").write_text(spec("../healthy/", ""), "utf-8")
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(f"{size:,} B in all")
    if size > AT_MOST_BYTES:
        sys.exit(f"more than {AT_MOST_BYTES:,} B")


def _json(path: Path, facts: dict[str, Any]) -> None:
    path.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")


def main() -> None:
    """Makes them in a scratch folder first: a half-made sample never replaces a good one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mslite-python", type=Path, required=True, help="a Python with mindspore-lite 2.0.0")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "samples" / "pipeline")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, MindSporeLite(arguments.mslite_python, Path(scratch)) as lite:
        made_there = Path(scratch) / "pipeline"
        made_there.mkdir()
        make(made_there, lite)
        shutil.rmtree(arguments.out, ignore_errors=True)
        shutil.copytree(made_there, arguments.out)


if __name__ == "__main__":
    main()
