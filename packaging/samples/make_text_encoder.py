"""Makes resources/samples/text_encoder: one tiny CLIP text encoder, converted twice by the real MindSpore Lite 2.0.0.

``healthy`` is exported at opset 14, where PyTorch spells LayerNorm out in small operators. ``defect`` is the same model
exported at opset 17, where it becomes one LayerNormalization node: the converter of MindSpore Lite 2.0.0 then writes
epsilon 0.0 into the MindIR. Nothing is planted, nothing is edited.

    python packaging/samples/make_text_encoder.py --mslite-python PYTHON37

needs torch, transformers, onnx and onnxruntime here, and mindspore-lite 2.0.0 in PYTHON37. The weights are seeded;
the bytes of a MindIR differ between two conversions, what it computes does not.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from transformers import CLIPTextConfig, CLIPTextModel

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from corpus.mslite import MindSporeLite  # noqa: E402

VOCABULARY, LENGTH, WIDTH = 512, 77, 32
SEED = 20240
HEALTHY_AT_MOST, DEFECT_AT_LEAST = 1e-5, 1e-2
FILE_AT_MOST = 250_000


@dataclass(frozen=True)
class Variant:
    """One of the two pairs: how it is exported, and what the numbers must then be."""

    name: str
    opset: int
    layer_norm_nodes: int
    culprit: str
    story: str


VARIANTS = (
    Variant("healthy", 14, 0, "",
            "The MindIR computes what the ONNX computes. No layer is to be blamed."),
    Variant("defect", 17, 5, "/model/encoder/layers.0/layer_norm1/LayerNormalization",
            "Every LayerNormalization arrives with epsilon 0.0 instead of 1e-05. It shows where the variance is small: "
            "in the first one, right after the token embedding (variance 8e-4); the other four have variances above 9. "
            "Exporting at opset 16 or lower heals it."),
)


class Outputs(torch.nn.Module):
    """The two outputs that a diffusion pipeline asks for, as a tuple."""

    def __init__(self, model: CLIPTextModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.model(input_ids, return_dict=False)[:2])


def build() -> CLIPTextModel:
    """CLIP as in Stable Diffusion 1.5, at 1/24 of the width, with weights that look trained rather than initial."""
    torch.manual_seed(SEED)
    model = CLIPTextModel(CLIPTextConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=2 * WIDTH, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=LENGTH, hidden_act="quick_gelu", projection_dim=16,
        bos_token_id=VOCABULARY - 2, eos_token_id=VOCABULARY - 1, pad_token_id=1)).eval()
    model.set_attn_implementation("eager")
    noise = torch.Generator().manual_seed(SEED + 1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and "embed" not in name:
                parameter.mul_(3.0)  # 0.02 as initialised leaves every layer without a say
            if parameter.ndim == 1:  # equal norm weights would be shared and converted in the wrong shape
                parameter.add_(torch.randn(parameter.shape, generator=noise) * 0.1)
    return model


def tokens() -> np.ndarray[Any, np.dtype[np.int32]]:
    """A sentence of eleven tokens between its two ends, padded with the end."""
    ids = np.full((1, LENGTH), VOCABULARY - 1, np.int32)
    ids[0, 0] = VOCABULARY - 2
    ids[0, 1:12] = np.random.default_rng(SEED).integers(2, VOCABULARY - 2, 11)
    return ids


def export(model: CLIPTextModel, variant: Variant, path: Path) -> None:
    """The ONNX, by the exporter that people use with this converter."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Outputs(model), (torch.from_numpy(tokens()),), str(path), dynamo=False,
                          opset_version=variant.opset, input_names=["input_ids"],
                          output_names=["last_hidden_state", "pooler_output"])
    exported = onnx.load(path)
    onnx.checker.check_model(exported)
    operators = Counter(node.op_type for node in exported.graph.node)
    if operators["LayerNormalization"] != variant.layer_norm_nodes:
        sys.exit(f"{path}: {operators['LayerNormalization']} LayerNormalization, not {variant.layer_norm_nodes}")


def measure(lite: MindSporeLite, onnx_file: Path, mindir: Path) -> dict[str, float]:
    """Largest absolute error and relative L2 error of last_hidden_state, real runtime against onnxruntime."""
    feeds = {"input_ids": tokens()}
    golden = onnxruntime.InferenceSession(str(onnx_file), providers=["CPUExecutionProvider"]).run(None, feeds)[0]
    target = lite.run(mindir, feeds)[0]
    return {"max_abs": float(np.abs(target - golden).max()),
            "rel_l2": float(np.linalg.norm(target - golden) / np.linalg.norm(golden))}


def facts(variant: Variant, files: list[Path], errors: dict[str, float], lite: MindSporeLite) -> str:
    """sample.toml: what it is, how it was made, what it must show."""
    versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers", "onnx", "onnxruntime")}
    versions["mindspore-lite"] = lite.version
    lines = [
        'made_by = "packaging/samples/make_text_encoder.py"',
        f'model = "CLIP text encoder, 2 layers, width {WIDTH}, {VOCABULARY} tokens, seeded random weights"',
        f"seed = {SEED}",
        f'exporter = "torch.onnx.export(dynamo=False), eager attention, opset {variant.opset}"',
        f"opset = {variant.opset}",
        f"layer_norm_nodes = {variant.layer_norm_nodes}",
        f'culprit = "{variant.culprit}"',
        f'verdict = "{"pass" if variant.name == "healthy" else "fail"}"',
        f'story = "{variant.story}"',
        f"input_ids = {tokens()[0].tolist()}",
        "", "[versions]", *(f'{name} = "{version}"' for name, version in versions.items()),
        "", "[measured]  # last_hidden_state, MindSpore Lite on one CPU thread against onnxruntime",
        *(f"{name} = {value:.3e}" for name, value in errors.items()),
        "", "[sha256]", *(f'"{file.name}" = "{hashlib.sha256(file.read_bytes()).hexdigest()}"' for file in files)]
    return "\n".join(lines) + "\n"


def make(model: CLIPTextModel, variant: Variant, lite: MindSporeLite, out: Path) -> None:
    """One folder: the pair and its facts. Ends the program if the numbers are not as they must be."""
    out.mkdir(parents=True, exist_ok=True)
    onnx_file, mindir = out / "text_encoder.onnx", out / "text_encoder.mindir"
    export(model, variant, onnx_file)
    lite.convert(onnx_file, mindir)
    errors = measure(lite, onnx_file, mindir)
    good = errors["max_abs"] <= HEALTHY_AT_MOST if variant.name == "healthy" else errors["max_abs"] >= DEFECT_AT_LEAST
    for file in (onnx_file, mindir):
        file.chmod(0o644)
        good = good and file.stat().st_size <= FILE_AT_MOST
    (out / "sample.toml").write_text(facts(variant, [onnx_file, mindir], errors, lite), "utf-8")
    sizes = ", ".join(f"{file.name} {file.stat().st_size:,} B" for file in (onnx_file, mindir))
    print(f"{variant.name}: max_abs {errors['max_abs']:.1e}, rel_l2 {errors['rel_l2']:.1e}; {sizes}")
    if not good:
        sys.exit(f"{out}: not as expected")


def main() -> None:
    """Makes both pairs, in a scratch folder first: a half-made sample never replaces a good one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mslite-python", type=Path, required=True, help="a Python with mindspore-lite 2.0.0")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "samples" / "text_encoder")
    arguments = parser.parse_args()
    model = build()
    with tempfile.TemporaryDirectory() as scratch, MindSporeLite(arguments.mslite_python, Path(scratch)) as lite:
        for variant in VARIANTS:
            make(model, variant, lite, Path(scratch) / variant.name)
        for variant in VARIANTS:
            shutil.copytree(Path(scratch) / variant.name, arguments.out / variant.name, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
