"""Pictures: read, sized, prepared for the models, written, and compared. Arrays are float32 in [0, 1], H×W×3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from diag.errors import FormatError, UsageError
from diag.pipeline.calls import Numbers
from diag.runtimes.interface import Array
from diag.types.pipeline import ImageMetrics

_MULTIPLE = 64
_MOST_PIXELS = 100_000_000


def read(path: Path) -> Image.Image:
    """The picture as RGB. Raises FormatError if it is none."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise UsageError(f"The picture has {image.width * image.height:,} pixels", where=f"in {path}",
                                 hint="Scale it down first")
            return image.convert("RGB")
    except FileNotFoundError as error:
        raise FormatError(path, "The picture to start from does not exist", hint="Check image in the file") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FormatError(path, "A picture is wanted", found=str(error)[:120] or type(error).__name__,
                          hint="Give a PNG or JPEG file that opens elsewhere") from error


def sized(image: Image.Image, height: int, width: int) -> Image.Image:
    """Resized to the model's size; 0: to the next smaller multiple of 64, as diffusers does."""
    wanted = (width or image.width - image.width % _MULTIPLE, height or image.height - image.height % _MULTIPLE)
    if min(wanted) < 1:
        raise UsageError(f"The picture is only {image.width}×{image.height} pixels",
                         where=f"at least {_MULTIPLE}×{_MULTIPLE} are wanted", hint="Give a larger picture")
    return image.resize(wanted, Image.Resampling.LANCZOS)


def for_encoder(image: Image.Image) -> Array:
    """[1, 3, H, W] in [-1, 1]."""
    pixels = np.asarray(image, np.float32)[None] / np.float32(255)
    return np.ascontiguousarray(np.float32(2) * pixels.transpose(0, 3, 1, 2) - np.float32(1))


def from_decoder(sample: Array) -> Array:
    """[N, H, W, 3] in [0, 1] from the decoder's [N, 3, H, W]."""
    picture = np.clip(sample.astype(np.float32) / np.float32(2) + np.float32(0.5), 0, 1)
    return np.ascontiguousarray(picture.transpose(0, 2, 3, 1))


def to_image(picture: Array) -> Image.Image:
    """An 8-bit picture from H×W×3 in [0, 1]; elements that are no numbers become black."""
    clean = np.clip(np.nan_to_num(picture.astype(np.float32), nan=0.0), 0, 1)
    return Image.fromarray((clean * 255).round().astype(np.uint8))


@dataclass(frozen=True, slots=True)
class ClipImages:
    """How the safety checker wants its pictures (``preprocessor_config.json``)."""

    shortest: int = 224
    height: int = 224
    width: int = 224
    mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)

    @classmethod
    def read(cls, path: Path) -> ClipImages:
        """From the file; FormatError if it makes no sense."""
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            size, crop = facts.get("size", 224), facts.get("crop_size", 224)
            shortest = size["shortest_edge"] if isinstance(size, dict) else size
            height, width = (crop["height"], crop["width"]) if isinstance(crop, dict) else (crop, crop)
            mean, std = (_three(facts.get(name, usual)) for name, usual in (
                ("image_mean", cls().mean), ("image_std", cls().std)))
            sizes = int(shortest), int(height), int(width)
            if not all(0 < s < 10_000 for s in sizes) or min(map(abs, std)) < 1e-6:
                raise ValueError(f"sizes {sizes}, deviations {std}")
            return cls(*sizes, mean, std)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise FormatError(path, "A preprocessor_config.json is wanted", found=str(error)[:120],
                              hint="Take the file of the model's author again") from error

    def __call__(self, picture: Array) -> Array:
        """[1, 3, h, w] from one H×W×3 picture: shortest edge resized (bicubic), centre cropped, normalised."""
        image = to_image(picture)
        scale = self.shortest / min(image.size)
        narrow = image.width <= image.height
        size = (self.shortest, int(image.height * scale)) if narrow else (int(image.width * scale), self.shortest)
        resized = image.resize(size, Image.Resampling.BICUBIC)
        top, left = (resized.height - self.height) // 2, (resized.width - self.width) // 2
        pixels = np.asarray(resized.crop((left, top, left + self.width, top + self.height)), np.float32)
        scaled = (pixels / np.float32(255) - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None].astype(np.float32))


def _three(values: Any) -> tuple[float, float, float]:  # noqa: ANN401 - whatever the file holds
    r, g, b = map(float, values)
    if not all(abs(v) < 1e6 for v in (r, g, b)):
        raise ValueError(f"{values} are no means or deviations of pixels")
    return r, g, b


def compare(golden: Array, target: Array) -> ImageMetrics:
    """PSNR (dB, peak 1), SSIM (Gaussian window of 11, deviation 1.5) and largest difference of two pictures.

    Both H×W×3 or N×H×W×3. A target that is not finite gives a PSNR of minus infinity.
    """
    if golden.shape != target.shape:
        raise UsageError(f"The pictures have different sizes: {golden.shape} and {target.shape}",
                         hint="Both runs must make the same picture")
    g, t = golden.astype(np.float64), target.astype(np.float64)
    if not np.isfinite(t).all():
        return ImageMetrics(-np.inf, 0.0, np.inf)
    gap = np.abs(t - g)
    error = float((gap**2).mean())
    psnr = float("nan") if error == 0 else -10 * float(np.log10(error))
    pages = (-1, *g.shape[-3:])
    similar = [_ssim(a, b) for a, b in zip(g.reshape(pages), t.reshape(pages), strict=True)]
    return ImageMetrics(psnr, float(np.mean(similar)), float(gap.max(initial=0.0)))


def amplified(golden: Array, target: Array, gain: float) -> Array:
    """Distance of two pictures of one shape, ``gain`` times as large, at most 1. What is not finite stays so."""
    gap = np.abs(np.asarray(target, np.float32) - np.asarray(golden, np.float32)) * np.float32(gain)
    return np.minimum(gap, np.float32(1))


def latent_pictures(golden: Array, target: Array) -> tuple[Array, Array]:
    """Latents [1, C, h, w] as pictures h×w×3: their first three channels (fewer are repeated), scaled by the golden
    ones' range, so that both have the same colours for the same values.
    """
    channels = [min(i, golden.shape[1] - 1) for i in range(3)]
    pair = [np.asarray(a, np.float32)[0, channels].transpose(1, 2, 0) for a in (golden, target)]
    finite = pair[0][np.isfinite(pair[0])]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    width = high - low or 1.0
    first, second = ((p - np.float32(low)) / np.float32(width) for p in pair)
    return first, second


def _ssim(a: Numbers, b: Numbers) -> float:
    c1, c2 = 0.01**2, 0.03**2
    mean_a, mean_b = _blurred(a), _blurred(b)
    var_a, var_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    shared = _blurred(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + c1) * (2 * shared + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def _blurred(image: Numbers) -> Numbers:
    """The part of the picture that a whole window fits on; a small picture takes a smaller window."""
    reach = min(5, (min(image.shape[:2]) - 1) // 2)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    for axis in (0, 1):
        count = image.shape[axis] - 2 * reach
        pieces = (image[k:k + count] if axis == 0 else image[:, k:k + count] for k in range(len(weights)))
        image = sum((w * piece for w, piece in zip(weights, pieces, strict=True)), start=np.zeros(()))
    return image
