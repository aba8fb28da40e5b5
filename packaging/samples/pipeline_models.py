"""The five submodels of the shipped pipeline: small, seeded, and with structure, so that a picture stays a picture.

The VAE halves and doubles by smoothing filters, the UNet subtracts a smoothed copy (what a denoiser does) and adds a
tint that the prompt decides. Around that lie the blocks of the real models, with small seeded weights: ResNet blocks
with GroupNorm and SiLU, cross-attention, time embedding, CLIP layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from corpus.net import Net
from onnx import TensorProto

Array = npt.NDArray[Any]

SIZE, LATENT, CHANNELS = 192, 24, 4
VOCABULARY, LENGTH, WIDTH, HEADS = 640, 77, 32, 4
CLIP = 32
_SCALING, _SIGNAL = 0.18215, 6.0
_BINOMIAL = np.array([1, 2, 1], np.float64) / 4


def text_encoder(opset: int) -> onnx.ModelProto:
    """CLIP: embeddings of small variance, as in the real one; two layers, causal."""
    net = Net(np.random.default_rng(11), opset)
    ids = net.input("input_ids", (1, LENGTH), TensorProto.INT32)
    scope = "text_model"
    table = net.normal(f"{scope}.embeddings.token_embedding.weight", (VOCABULARY, WIDTH), 0.003)
    x = net.op("Gather", f"{scope}.embeddings.token_embedding", [table, ids], axis=0)
    x = net.op("Add", f"{scope}.embeddings", [
        x, net.normal(f"{scope}.embeddings.position_embedding", (1, LENGTH, WIDTH), 0.001)])
    mask = net.weight(f"{scope}.causal_mask", np.triu(np.full((1, 1, LENGTH, LENGTH), -1e4), 1))
    for layer in range(2):
        block = f"{scope}.encoder.layers.{layer}"
        y = net.layer_norm(f"{block}.layer_norm1", x, WIDTH)
        y = net.attention(f"{block}.self_attn", y, y, (LENGTH, LENGTH, WIDTH, HEADS), mask)
        x = net.op("Add", block, [x, y])
        y = net.linear(f"{block}.mlp.fc1", net.layer_norm(f"{block}.layer_norm2", x, WIDTH), (WIDTH, 2 * WIDTH))
        y = net.linear(f"{block}.mlp.fc2", net.quick_gelu(f"{block}.mlp.activation_fn", y), (2 * WIDTH, WIDTH))
        x = net.op("Add", block, [x, y])
    x = net.layer_norm(f"{scope}.final_layer_norm", x, WIDTH)
    return net.model("text_encoder", {"last_hidden_state": x})


def vae_encoder() -> onnx.ModelProto:
    """[1, 3, S, S] to [1, 4, S/8, S/8]: luminance and two colours in the first channels."""
    net, width, size = Net(np.random.default_rng(12)), 12, SIZE
    x = net.input("sample", (1, 3, size, size))
    x = _conv(net, "encoder.conv_in", x, _keeps(net, 3, width, 3, 0.1))
    for level in range(3):
        scope = f"encoder.down_blocks.{level}"
        x = _resnet(net, f"{scope}.resnets.0", x, (1, width, size, size), 0.05)
        x = _conv(net, f"{scope}.downsamplers.0.conv", x, _smooths(net, width, 0.02), stride=2)
        size //= 2
    x = _resnet(net, "encoder.mid_block.resnets.0", x, (1, width, size, size), 0.05)
    colours = np.zeros((CHANNELS, width, 1, 1))
    colours[:3, :3, 0, 0] = np.array([[0.30, 0.59, 0.11], [0.5, -0.4, -0.1], [-0.1, -0.4, 0.5]])
    colours[3] = net.rng.standard_normal((width, 1, 1)) * 0.2
    x = _conv(net, "encoder.conv_out", x, colours * _SIGNAL / _SCALING, bias=0.01)
    return net.model("vae_encoder", {"latent_sample": x})


def vae_decoder() -> onnx.ModelProto:
    """The way back: doubled and smoothed three times."""
    net, width, size = Net(np.random.default_rng(13)), 12, LATENT
    x = net.input("latent_sample", (1, CHANNELS, size, size))
    back = np.zeros((width, CHANNELS, 1, 1))
    back[:3, :3, 0, 0] = np.linalg.inv(np.array([[0.30, 0.59, 0.11], [0.5, -0.4, -0.1], [-0.1, -0.4, 0.5]]))
    back[3:, :, 0, 0] = net.rng.standard_normal((width - 3, CHANNELS)) * 0.3
    x = _conv(net, "post_quant_conv", x, back * _SCALING / _SIGNAL, bias=0.01)
    x = _resnet(net, "decoder.mid_block.resnets.0", x, (1, width, size, size), 0.05)
    for level in range(3):
        scope = f"decoder.up_blocks.{level}"
        x = net.op("Resize", f"{scope}.upsamplers.0", [x, "", net.weight(f"{scope}.scales", np.array([1., 1, 2, 2]))],
                   mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        size *= 2
        x = _conv(net, f"{scope}.upsamplers.0.conv", x, _smooths(net, width, 0.02))
        x = _resnet(net, f"{scope}.resnets.0", x, (1, width, size, size), 0.03)
    x = _conv(net, "decoder.conv_out", x, _keeps(net, width, 3, 3, 0.01))
    return net.model("vae_decoder", {"sample": x})


def unet() -> onnx.ModelProto:
    """Noise that it sees in [2, 4, h, w]: what a smoothed copy does not have, and a tint from the prompt."""
    net, width, size = Net(np.random.default_rng(14)), 16, LATENT
    x = net.input("sample", (2, CHANNELS, size, size))
    time = _time(net, net.input("timestep", (1,), TensorProto.INT64), width)
    text = net.input("encoder_hidden_states", (2, LENGTH, WIDTH))
    reach = np.exp(-np.arange(-3, 4) ** 2 / (2 * 0.9**2))
    blur = np.outer(reach, reach) / reach.sum() ** 2
    sharp = -blur
    sharp[3, 3] += 1.0
    noise = net.op("Conv", "noise_conv", [x, net.weight("noise_conv.weight", np.tile(
        1.9 * sharp, (CHANNELS, 1, 1, 1)))], group=CHANNELS, kernel_shape=[7, 7], pads=[3] * 4, strides=[1, 1],
        dilations=[1, 1])
    h = _conv(net, "conv_in", x, net.rng.standard_normal((width, CHANNELS, 3, 3)) * 0.2)
    h = _resnet(net, "down_blocks.0.resnets.0", h, (2, width, size, size), 0.3, time)
    h = _attends(net, "down_blocks.0.attentions.0", h, text, width, size)
    low = _conv(net, "down_blocks.0.downsamplers.0.conv", h, _smooths(net, width, 0.05), stride=2)
    low = _resnet(net, "mid_block.resnets.0", low, (2, width, size // 2, size // 2), 0.3, time)
    low = _attends(net, "mid_block.attentions.0", low, text, width, size // 2)
    up = net.op("Resize", "up_blocks.0.upsamplers.0", [low, "", net.weight("up.scales", np.array([1., 1, 2, 2]))],
                mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    h = net.op("Concat", "up_blocks.0", [up, h], axis=1)
    h = _conv(net, "up_blocks.0.resnets.0.conv_shortcut", h, net.rng.standard_normal((width, 2 * width, 1, 1)) * 0.2)
    h = _resnet(net, "up_blocks.0.resnets.0", h, (2, width, size, size), 0.3, time)
    h = net.silu("conv_act", _group_norm(net, "conv_norm_out", h, (2, width, size, size)))
    h = _conv(net, "conv_out", h, net.rng.standard_normal((CHANNELS, width, 3, 3)) * 0.17, bias=0.001)
    return net.model("unet", {"out_sample": net.op("Add", "", [noise, h])})


def safety_checker() -> onnx.ModelProto:
    """Cosine of the picture's embedding to three concepts; a concept that is too near blacks the picture out."""
    net, width, grid = Net(np.random.default_rng(15)), 24, CLIP // 8
    clip = net.input("clip_input", (1, 3, CLIP, CLIP))
    images = net.input("images", (1, SIZE, SIZE, 3))
    scope = "vision_model"
    x = net.conv(f"{scope}.embeddings.patch_embedding", clip, (3, width), 8, 8, 0, bias=False)
    x = net.op("Reshape", f"{scope}.embeddings", [x, net.constant(f"{scope}.embeddings", [1, width, grid * grid])])
    x = net.op("Transpose", f"{scope}.embeddings", [x], perm=[0, 2, 1])
    x = net.layer_norm(f"{scope}.pre_layrnorm", x, width)
    y = net.linear(f"{scope}.encoder.layers.0.mlp.fc1", net.layer_norm(f"{scope}.encoder.layers.0.layer_norm2", x,
                                                                       width), (width, 2 * width))
    y = net.linear(f"{scope}.encoder.layers.0.mlp.fc2", net.quick_gelu(f"{scope}.encoder.layers.0.mlp", y),
                   (2 * width, width))
    x = net.op("Add", f"{scope}.encoder.layers.0", [x, y])
    x = net.op("ReduceMean", f"{scope}.post_layernorm", [x], axes=[1], keepdims=0)
    x = net.gemm("visual_projection", x, (width, 16))
    norm = net.op("Sqrt", "cosine", [net.op("ReduceSum", "cosine", [
        net.op("Mul", "cosine", [x, x]), net.constant("cosine", [1])], keepdims=1)])
    concepts = net.rng.standard_normal((16, 3))
    near = net.op("MatMul", "cosine", [net.op("Div", "cosine", [x, norm]), net.weight(
        "concept_embeds", concepts / np.linalg.norm(concepts, axis=0))])
    over = net.op("Sub", "concepts", [near, net.weight("concept_embeds_weights", np.array([[0.8, 0.85, 0.9]]))])
    worst = net.op("ReduceMax", "concepts", [over], axes=[1], keepdims=0)
    flag = net.op("Greater", "concepts", [worst, net.constant("concepts", np.array([0.0]))])
    keep = net.op("Sub", "blackout", [net.constant("blackout", 1.0), net.op("Cast", "blackout", [flag],
                                                                            to=TensorProto.FLOAT)])
    keep = net.op("Reshape", "blackout", [keep, net.constant("blackout", [1, 1, 1, 1])])
    return net.model("safety_checker", {"out_images": net.op("Mul", "blackout", [images, keep]),
                                        "has_nsfw_concepts": flag})


def _conv(net: Net, scope: str, x: str, kernel: Array, stride: int = 1, bias: float = 0.0) -> str:
    size = kernel.shape[-1]
    inputs = [x, net.weight(f"{scope}.weight", kernel), net.normal(f"{scope}.bias", (kernel.shape[0],), bias or 1e-3)]
    return str(net.op("Conv", scope, inputs, dilations=[1, 1], group=1, kernel_shape=[size, size],
                      pads=[size // 2] * 4, strides=[stride, stride]))


def _keeps(net: Net, channels: int, out: int, size: int, noise: float) -> Array:
    """A kernel that hands the first channels through, and a little of everything besides."""
    kernel = net.rng.standard_normal((out, channels, size, size)) * noise / size
    kernel[:3] *= 0.1
    for c in range(3):
        kernel[c, c, size // 2, size // 2] += 1.0
    return kernel


def _smooths(net: Net, channels: int, noise: float) -> Array:
    """A binomial filter on each channel, and a little mixing."""
    kernel = net.rng.standard_normal((channels, channels, 3, 3)) * noise / np.sqrt(channels)
    kernel[:3] *= 0.1
    for c in range(channels):
        kernel[c, c] += np.outer(_BINOMIAL, _BINOMIAL)
    return kernel


def _group_norm(net: Net, scope: str, x: str, shape: tuple[int, int, int, int]) -> str:
    """GroupNorm in the spelling that the converter takes: a 4-D InstanceNormalization, norm weights of its own."""
    batch, channels, height, width = shape
    split = net.op("Reshape", scope, [x, net.constant(scope, [batch, 4, channels // 4 * height, width])])
    normal = net.op("InstanceNormalization", scope, [split, net.weight(f"{scope}.ones", np.ones(4)),
                                                     net.weight(f"{scope}.zeros", np.zeros(4))], epsilon=1e-6)
    back = net.op("Reshape", scope, [normal, net.constant(scope, list(shape))])
    scaled = net.op("Mul", scope, [back, net.normal(f"{scope}.weight", (1, channels, 1, 1), 0.15, 1.0)])
    return str(net.op("Add", scope, [scaled, net.normal(f"{scope}.bias", (1, channels, 1, 1), 0.1)]))


def _resnet(net: Net, scope: str, x: str, shape: tuple[int, int, int, int], gain: float, time: str = "") -> str:
    """x + gain · conv(silu(norm(conv(silu(norm(x)))))), the time embedding added between."""
    channels = shape[1]
    y = net.silu(f"{scope}.nonlinearity", _group_norm(net, f"{scope}.norm1", x, shape))
    y = net.conv(f"{scope}.conv1", y, (channels, channels))
    if time:
        moved = net.gemm(f"{scope}.time_emb_proj", time, (32, channels))
        y = net.op("Add", scope, [y, net.op("Reshape", scope, [moved, net.constant(scope, [1, channels, 1, 1])])])
    y = net.silu(f"{scope}.nonlinearity_1", _group_norm(net, f"{scope}.norm2", y, shape))
    kernel = net.rng.standard_normal((channels, channels, 3, 3)) * gain / np.sqrt(9 * channels)
    return str(net.op("Add", scope, [x, _conv(net, f"{scope}.conv2", y, kernel, bias=0.01)]))


def _time(net: Net, timestep: str, width: int) -> str:
    """Sine and cosine of the timestep at eight frequencies, then two linear layers."""
    number = net.op("Cast", "time_proj", [timestep], to=TensorProto.FLOAT)
    angles = net.op("Mul", "time_proj", [
        net.op("Reshape", "time_proj", [number, net.constant("time_proj", [1, 1])]),
        net.weight("time_proj.frequencies", 10000.0 ** -(np.arange(8)[None] / 8))])
    waves = net.op("Concat", "time_proj", [net.op("Cos", "time_proj", [angles]), net.op("Sin", "time_proj", [angles])],
                   axis=-1)
    hidden = net.silu("time_embedding.act", net.gemm("time_embedding.linear_1", waves, (width, 32)))
    return net.silu("time_act", net.gemm("time_embedding.linear_2", hidden, (32, 32)))


def _attends(net: Net, scope: str, x: str, text: str, width: int, size: int) -> str:
    """A transformer block: cross-attention to the prompt and a feed-forward layer."""
    rows, block = size * size, f"{scope}.transformer_blocks.0"
    y = _group_norm(net, f"{scope}.norm", x, (2, width, size, size))
    y = net.op("Reshape", scope, [y, net.constant(scope, [2, width, rows])])
    y = net.op("Transpose", scope, [y], perm=[0, 2, 1])
    y = net.linear(f"{scope}.proj_in", y, (width, width))
    y = net.op("Add", block, [y, _cross(net, f"{block}.attn2", net.layer_norm(f"{block}.norm2", y, width), text, rows,
                                        width)])
    z = net.gelu(f"{block}.ff.net.0", net.linear(f"{block}.ff.net.0.proj", net.layer_norm(f"{block}.norm3", y, width),
                                                 (width, 2 * width)))
    y = net.op("Add", block, [y, net.linear(f"{block}.ff.net.2", z, (2 * width, width), gain=0.5)])
    y = net.linear(f"{scope}.proj_out", y, (width, width), gain=0.5)
    y = net.op("Transpose", scope, [y], perm=[0, 2, 1])
    y = net.op("Reshape", scope, [y, net.constant(scope, [2, width, size, size])])
    return str(net.op("Add", scope, [x, y]))


def _cross(net: Net, scope: str, x: str, text: str, rows: int, width: int) -> str:
    heads, head = 2, width // 2
    q = net.linear(f"{scope}.to_q", x, (width, width), bias=False, gain=1.4)
    k = net.linear(f"{scope}.to_k", text, (WIDTH, width), bias=False, gain=1.4)
    v = net.linear(f"{scope}.to_v", text, (WIDTH, width), bias=False, gain=2.0)
    q, k, v = (net.op("Reshape", scope, [p, net.constant(scope, [2, n, heads, head])])
               for p, n in ((q, rows), (k, LENGTH), (v, LENGTH)))
    q = net.op("Transpose", scope, [q], perm=[0, 2, 1, 3])
    k = net.op("Transpose", scope, [k], perm=[0, 2, 3, 1])
    v = net.op("Transpose", scope, [v], perm=[0, 2, 1, 3])
    scores = net.op("Mul", scope, [net.op("MatMul", scope, [q, k]), net.constant(scope, head ** -0.5)])
    mixed = net.op("MatMul", scope, [net.op("Softmax", scope, [scores], axis=-1), v])
    flat = net.op("Reshape", scope, [net.op("Transpose", scope, [mixed], perm=[0, 2, 1, 3]),
                                     net.constant(scope, [2, rows, width])])
    return net.linear(f"{scope}.to_out.0", flat, (width, width))
