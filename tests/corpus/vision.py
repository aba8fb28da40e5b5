"""Families that see images or feature maps."""

from __future__ import annotations

import numpy as np
from corpus.example import Example, image
from corpus.net import Net


def resnet(rng: np.random.Generator) -> Example:
    """ResNet with basic blocks; BatchNorm folded into the convolutions, as the exporter does."""
    net, width = Net(rng), int(rng.choice([12, 16, 20]))
    x = net.op("Relu", "relu", [net.conv("conv1", net.input("input", (1, 3, 32, 32)), (3, width), 3, 2)])
    x = net.op("MaxPool", "maxpool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = width
    for stage, out in enumerate((width, 2 * width, 3 * width), 1):
        scope, stride = f"layer{stage}.layer{stage}.0", 1 if out == channels else 2
        y = net.op("Relu", f"{scope}.relu", [net.conv(f"{scope}.conv1", x, (channels, out), 3, stride)])
        y = net.conv(f"{scope}.conv2", y, (out, out))
        if stride == 2:
            x = net.conv(f"{scope}.downsample.downsample.0", x, (channels, out), 1, 2)
        x = net.op("Relu", f"{scope}.relu", [net.op("Add", scope, [y, x])])
        channels = out
    x = net.op("Flatten", "", [net.op("GlobalAveragePool", "avgpool", [x])], axis=1)
    return Example(net.model("resnet", {"logits": net.gemm("fc", x, (channels, 10))}),
                   {"input": image(rng, (1, 3, 32, 32))})


def _squeeze(net: Net, scope: str, x: str, channels: int) -> str:
    """Squeeze-and-excitation."""
    y = net.op("GlobalAveragePool", f"{scope}.avgpool", [x])
    y = net.op("Relu", f"{scope}.activation", [net.conv(f"{scope}.fc1", y, (channels, channels // 4), 1)])
    y = net.op("Sigmoid", f"{scope}.scale_activation", [net.conv(f"{scope}.fc2", y, (channels // 4, channels), 1)])
    return str(net.op("Mul", scope, [y, x]))


def depthwise(rng: np.random.Generator) -> Example:
    """Depthwise-separable CNN with BatchNorm nodes left in, ReLU6 and squeeze-and-excitation."""
    net, width = Net(rng), int(rng.choice([16, 24]))
    low, high = net.weight("relu6.low", np.array(0.0)), net.weight("relu6.high", np.array(6.0))
    x = net.conv("features.features.0.0", net.input("input", (1, 3, 32, 32)), (3, width), 3, 2, bias=False)
    x = net.op("Clip", "features.features.0.2", [net.batch_norm("features.features.0.1", x, width), low, high])
    for block in range(1, 4):
        scope, stride = f"features.features.{block}", 2 if block == 2 else 1
        y = net.conv(f"{scope}.conv.0", x, (width, width), 3, stride, groups=width, bias=False)
        y = net.op("Clip", f"{scope}.conv.2", [net.batch_norm(f"{scope}.conv.1", y, width), low, high])
        if block == 3:
            y = _squeeze(net, f"{scope}.se", y, width)
        y = net.batch_norm(f"{scope}.conv.4", net.conv(f"{scope}.conv.3", y, (width, width), 1, bias=False), width)
        x = y if stride == 2 else net.op("Add", scope, [x, y])
    x = net.op("Flatten", "", [net.op("GlobalAveragePool", "", [x])], axis=1)
    return Example(net.model("depthwise", {"logits": net.gemm("classifier.1", x, (width, 10))}),
                   {"input": image(rng, (1, 3, 32, 32))})


def unet(rng: np.random.Generator) -> Example:
    """UNet: two levels, skips by Concat, one upsampling by ConvTranspose and one by Resize; GroupNorm and SiLU."""
    net, width, size = Net(rng), int(rng.choice([8, 16])), 16
    x = net.conv("inc", net.input("input", (1, 3, size, size)), (3, width))
    first = _unet_block(net, "down1", x, (width, width), size)
    x = net.conv("down1.downsample", first, (width, width), 3, 2)
    second = _unet_block(net, "down2", x, (width, 2 * width), size // 2)
    x = net.conv("down2.downsample", second, (2 * width, 2 * width), 3, 2)
    x = _unet_block(net, "mid", x, (2 * width, 2 * width), size // 4)
    x = net.op("ConvTranspose", "up1.up", [
        x, net.normal("up1.up.weight", (2 * width, 2 * width, 2, 2), 1 / np.sqrt(2 * width)),
        net.normal("up1.up.bias", (2 * width,), 0.1)],
        dilations=[1, 1], group=1, kernel_shape=[2, 2], pads=[0] * 4, strides=[2, 2])
    x = net.op("Concat", "up1", [x, second], axis=1)
    x = _unet_block(net, "up1", x, (4 * width, 2 * width), size // 2)
    x = net.op("Resize", "up2.up", [x, "", net.constant("up2.up", np.array([1.0, 1.0, 2.0, 2.0]))], mode="nearest",
               coordinate_transformation_mode="asymmetric", nearest_mode="floor", cubic_coeff_a=-0.75)
    x = net.op("Concat", "up2", [net.conv("up2.conv", x, (2 * width, width)), first], axis=1)
    x = _unet_block(net, "up2", x, (2 * width, width), size)
    return Example(net.model("unet", {"output": net.conv("outc", x, (width, 3), 1)}),
                   {"input": image(rng, (1, 3, size, size))})


def _unet_block(net: Net, scope: str, x: str, channels: tuple[int, int], size: int) -> str:
    """Conv, GroupNorm, SiLU, Conv and a shortcut."""
    y = net.conv(f"{scope}.conv1", x, channels)
    y = net.silu(f"{scope}.act", net.group_norm(f"{scope}.norm", y, (1, channels[1], size, size), 4))
    y = net.conv(f"{scope}.conv2", y, (channels[1], channels[1]))
    shortcut = x if channels[0] == channels[1] else net.conv(f"{scope}.shortcut", x, channels, 1)
    return str(net.op("Add", scope, [shortcut, y]))


def vit(rng: np.random.Generator) -> Example:
    """Vision transformer: patch convolution, class token, pre-norm, fused projections, head on the class token."""
    net, width, rows = Net(rng), int(rng.choice([32, 40])), 17
    x = net.conv("patch_embed.proj", net.input("pixels", (1, 3, 32, 32)), (3, width), 8, 8, pad=0)
    x = net.op("Reshape", "patch_embed", [x, net.constant("patch_embed", [1, width, rows - 1])])
    x = net.op("Transpose", "patch_embed", [x], perm=[0, 2, 1])
    x = net.op("Concat", "", [net.normal("cls_token", (1, 1, width), 0.3), x], axis=1)
    x = net.op("Add", "", [x, net.normal("pos_embed", (1, rows, width), 0.2)])
    for layer in range(2):
        scope = f"blocks.{layer}"
        y = net.layer_norm(f"{scope}.norm1", x, width)
        x = net.op("Add", scope, [x, net.fused_attention(f"{scope}.attn", y, rows, width, 4)])
        y = net.layer_norm(f"{scope}.norm2", x, width)
        y = net.gelu(f"{scope}.mlp.act", net.linear(f"{scope}.mlp.fc1", y, (width, 2 * width)))
        x = net.op("Add", scope, [x, net.linear(f"{scope}.mlp.fc2", y, (2 * width, width))])
    x = net.op("Gather", "", [net.layer_norm("norm", x, width), net.constant("", np.array(0))], axis=1)
    return Example(net.model("vit", {"logits": net.gemm("head", x, (width, 10))}),
                   {"pixels": image(rng, (1, 3, 32, 32))})


def timestep(rng: np.random.Generator) -> Example:
    """Diffusion residual block: sinusoidal timestep embedding, GroupNorm, cross attention. Step 1 of 1000."""
    net, width, size, half = Net(rng), 16, 8, 16
    sample, time = net.input("sample", (1, 4, size, size)), net.input("timestep", (1, 1))
    memory = net.input("encoder_hidden_states", (1, 10, width))
    frequencies = net.weight("time_proj.frequencies", np.exp(-np.log(1e4) * np.arange(half) / half)[None])
    angle = net.op("Mul", "time_proj", [time, frequencies])
    embedded = net.op("Concat", "time_proj", [net.op("Cos", "time_proj", [angle]), net.op("Sin", "time_proj", [angle])],
                      axis=-1)
    embedded = net.silu("time_embedding.act", net.gemm("time_embedding.linear_1", embedded, (2 * half, width)))
    shift = net.gemm("time_embedding.linear_2", embedded, (width, width))
    shift = net.op("Reshape", "resnet", [shift, net.constant("resnet", [1, width, 1, 1])])
    x = net.conv("conv_in", sample, (4, width))
    y = net.silu("resnet.nonlinearity", net.group_norm("resnet.norm1", x, (1, width, size, size), 4))
    y = net.op("Add", "resnet", [net.conv("resnet.conv1", y, (width, width)), shift])
    y = net.silu("resnet.nonlinearity", net.group_norm("resnet.norm2", y, (1, width, size, size), 4))
    x = net.op("Add", "resnet", [x, net.conv("resnet.conv2", y, (width, width))])
    y = net.op("Transpose", "attn", [net.op("Reshape", "attn", [x, net.constant("attn", [1, width, size * size])])],
               perm=[0, 2, 1])
    y = net.attention("attn.attn2", net.layer_norm("attn.norm2", y, width), memory, (size * size, 10, width, 2))
    y = net.op("Reshape", "attn", [net.op("Transpose", "attn", [y], perm=[0, 2, 1]),
                                   net.constant("attn", [1, width, size, size])])
    x = net.conv("conv_out", net.op("Add", "attn", [x, y]), (width, 4))
    return Example(net.model("timestep", {"out_sample": x}), {
        "sample": rng.standard_normal((1, 4, size, size)).astype(np.float32),
        "timestep": np.ones((1, 1), np.float32),
        "encoder_hidden_states": rng.standard_normal((1, 10, width)).astype(np.float32)})


def mixer(rng: np.random.Generator) -> Example:
    """MLP-Mixer: mixing over tokens by Transpose, then over channels."""
    net, width, rows = Net(rng), int(rng.choice([24, 32])), 16
    x = net.conv("stem", net.input("pixels", (1, 3, 32, 32)), (3, width), 8, 8, pad=0)
    x = net.op("Transpose", "stem", [net.op("Reshape", "stem", [x, net.constant("stem", [1, width, rows])])],
               perm=[0, 2, 1])
    for layer in range(2):
        scope = f"blocks.{layer}"
        y = net.op("Transpose", scope, [net.layer_norm(f"{scope}.norm1", x, width)], perm=[0, 2, 1])
        y = net.gelu(f"{scope}.mlp_tokens.act", net.linear(f"{scope}.mlp_tokens.fc1", y, (rows, 24)))
        y = net.op("Transpose", scope, [net.linear(f"{scope}.mlp_tokens.fc2", y, (24, rows))], perm=[0, 2, 1])
        x = net.op("Add", scope, [x, y])
        y = net.layer_norm(f"{scope}.norm2", x, width)
        y = net.gelu(f"{scope}.mlp_channels.act", net.linear(f"{scope}.mlp_channels.fc1", y, (width, 2 * width)))
        x = net.op("Add", scope, [x, net.linear(f"{scope}.mlp_channels.fc2", y, (2 * width, width))])
    x = net.op("ReduceMean", "", [net.layer_norm("norm", x, width)], axes=[1], keepdims=0)
    return Example(net.model("mixer", {"logits": net.gemm("head", x, (width, 10))}),
                   {"pixels": image(rng, (1, 3, 32, 32))})


def decoder(rng: np.random.Generator) -> Example:
    """Image decoder: Gemm to a map, transposed convolutions, LeakyReLU, Tanh."""
    net, width = Net(rng), int(rng.choice([16, 24]))
    x = net.gemm("fc", net.input("latent", (1, 16)), (16, width * 16))
    x = net.op("Reshape", "", [x, net.constant("", [1, width, 4, 4])])
    for level in range(2):
        scope = f"up.{level}"
        x = net.op("ConvTranspose", f"{scope}.conv", [
            x, net.normal(f"{scope}.conv.weight", (width, width, 4, 4), 0.7 / np.sqrt(width * 4)),
            net.normal(f"{scope}.conv.bias", (width,), 0.1)],
            dilations=[1, 1], group=1, kernel_shape=[4, 4], pads=[1] * 4, strides=[2, 2])
        x = net.op("LeakyRelu", f"{scope}.act", [x], alpha=0.2)
        y = net.op("LeakyRelu", f"{scope}.res.act", [net.conv(f"{scope}.res.conv1", x, (width, width))], alpha=0.2)
        x = net.op("Add", f"{scope}.res", [x, net.conv(f"{scope}.res.conv2", y, (width, width))])
    x = net.op("Tanh", "", [net.op("Mul", "", [net.conv("to_rgb", x, (width, 3)), net.constant("", 0.3)])])
    return Example(net.model("decoder", {"image": x}), {"latent": rng.standard_normal((1, 16)).astype(np.float32)})


def shuffle(rng: np.random.Generator) -> Example:
    """Grouped and dilated convolutions, channel Split and shuffle, PReLU, Mish, hard sigmoid, reflection padding."""
    net, width, size = Net(rng), 24, 16
    x = net.op("Pad", "pad", [net.input("input", (1, 3, size, size)), net.constant("pad", [0, 0, 1, 1, 0, 0, 1, 1])],
               mode="reflect")
    slope = net.normal("act.slope", (width, 1, 1), 0.05, 0.2)
    x = net.op("PRelu", "act", [net.conv("stem", x, (3, width), pad=0), slope])
    for block in range(2):
        scope = f"stages.{block}"
        kept, y = net.op("Split", scope, [x, net.constant(scope, [width // 2] * 2)], 2, axis=1)
        y = net.conv(f"{scope}.conv1", y, (width // 2, width // 2), groups=3)
        soft = net.op("Tanh", f"{scope}.mish", [net.op("Softplus", f"{scope}.mish", [y])])
        y = net.op("Mul", f"{scope}.mish", [y, soft])
        y = net.conv(f"{scope}.conv2", y, (width // 2, width // 2), groups=1)
        y = net.op("Reshape", scope, [net.op("Concat", scope, [kept, y], axis=1),
                                      net.constant(scope, [1, 2, width // 2, size, size])])
        x = net.op("Reshape", scope, [net.op("Transpose", scope, [y], perm=[0, 2, 1, 3, 4]),
                                      net.constant(scope, [1, width, size, size])])
    x = net.op("AveragePool", "pool", [x], kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4)
    gate = net.conv("gate.fc", net.op("GlobalAveragePool", "gate", [x]), (width, width), 1)
    x = net.op("Mul", "gate", [x, net.op("HardSigmoid", "gate.act", [gate], alpha=1 / 6, beta=0.5)])
    x = net.op("Flatten", "", [net.op("GlobalAveragePool", "", [x])], axis=1)
    return Example(net.model("shuffle", {"logits": net.gemm("fc", x, (width, 10))}),
                   {"input": image(rng, (1, 3, size, size))})
