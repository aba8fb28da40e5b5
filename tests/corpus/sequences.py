"""Families that read tokens, frames or points."""

from __future__ import annotations

import numpy as np
from corpus.example import Example
from corpus.net import Net
from onnx import TensorProto


def transformer(rng: np.random.Generator, opset: int = 14) -> Example:
    """Encoder over embedded frames, of which the last four are padding; post-norm, GELU with Erf."""
    net, width, rows = Net(rng, opset), int(rng.choice([32, 48])), int(rng.choice([16, 24]))
    x = net.linear("embed", net.input("frames", (1, rows, 20)), (20, width))
    x = net.op("Add", "", [x, net.normal("positions", (1, rows, width), 0.3)])
    padding = net.constant("", np.where(np.arange(rows) < rows - 4, 0.0, -1e4).reshape(1, 1, 1, rows))
    for layer in range(2):
        scope = f"layers.{layer}"
        y = net.attention(f"{scope}.self_attn", x, x, (rows, rows, width, 4), padding)
        x = net.layer_norm(f"{scope}.norm1", net.op("Add", scope, [x, y]), width)
        y = net.gelu(f"{scope}.activation", net.linear(f"{scope}.linear1", x, (width, 2 * width)))
        y = net.linear(f"{scope}.linear2", y, (2 * width, width))
        x = net.layer_norm(f"{scope}.norm2", net.op("Add", scope, [x, y]), width)
    return Example(net.model("transformer", {"encoded": net.linear("head", x, (width, 12))}),
                   {"frames": rng.standard_normal((1, rows, 20)).astype(np.float32)})


def text(rng: np.random.Generator, opset: int = 14) -> Example:
    """Causal text encoder: embedding Gather, mask constant, pre-norm, quick GELU, pooled by Gather."""
    net, width, rows, vocabulary = Net(rng, opset), 32, int(rng.choice([16, 20, 24])), 120
    integer = TensorProto.INT64 if rng.integers(2) else TensorProto.INT32
    ids = net.input("input_ids", (1, rows), integer)
    x = net.op("Gather", "embeddings.token_embedding",
               [net.normal("embeddings.token_embedding.weight", (vocabulary, width), 0.02), ids])
    x = net.op("Add", "embeddings", [x, net.normal("embeddings.position", (1, rows, width), 0.01)])
    mask = net.constant("", np.triu(np.full((1, 1, rows, rows), -1e4, np.float32), 1))
    for layer in range(2):
        scope = f"encoder.layers.{layer}"
        y = net.layer_norm(f"{scope}.layer_norm1", x, width)
        x = net.op("Add", scope, [x, net.attention(f"{scope}.self_attn", y, y, (rows, rows, width, 4), mask)])
        y = net.layer_norm(f"{scope}.layer_norm2", x, width)
        y = net.quick_gelu(f"{scope}.mlp.activation_fn", net.linear(f"{scope}.mlp.fc1", y, (width, 2 * width)))
        x = net.op("Add", scope, [x, net.linear(f"{scope}.mlp.fc2", y, (2 * width, width))])
    x = net.layer_norm("final_layer_norm", x, width)
    pooled = net.op("Gather", "", [x, net.constant("", np.array(rows - 1))], axis=1)
    return Example(net.model("text", {"last_hidden_state": x, "pooler_output": net.gemm("proj", pooled, (width, 16))}),
                   {"input_ids": rng.integers(0, vocabulary, (1, rows)).astype(
                       np.int64 if integer == TensorProto.INT64 else np.int32)})


def gated(rng: np.random.Generator) -> Example:
    """Gated MLP stack as in a language model: RMSNorm, SwiGLU, residuals."""
    net, width, rows = Net(rng), int(rng.choice([32, 48])), 12
    x = net.input("hidden_states", (1, rows, width))
    for layer in range(3):
        scope = f"layers.{layer}"
        y = net.rms_norm(f"{scope}.input_layernorm", x, width)
        gate = net.silu(f"{scope}.mlp.act_fn", net.linear(f"{scope}.mlp.gate_proj", y, (width, 2 * width), bias=False))
        up = net.linear(f"{scope}.mlp.up_proj", y, (width, 2 * width), bias=False)
        y = net.linear(f"{scope}.mlp.down_proj", net.op("Mul", f"{scope}.mlp", [gate, up]), (2 * width, width),
                       bias=False, gain=1.5)
        x = net.op("Add", scope, [x, y])
    x = net.rms_norm("norm", x, width)
    return Example(net.model("gated", {"logits": net.linear("lm_head", x, (width, 24), bias=False)}),
                   {"hidden_states": rng.standard_normal((1, rows, width)).astype(np.float32)})


def language(rng: np.random.Generator) -> Example:
    """Causal language model: RMSNorm, rotary positions, SwiGLU, head on the last token; 64-bit token ids."""
    net, width, rows, heads, vocabulary = Net(rng), 32, int(rng.choice([12, 16])), 4, 100
    head = width // heads
    ids = net.input("input_ids", (1, rows), TensorProto.INT64)
    x = net.op("Gather", "embed_tokens", [net.normal("embed_tokens.weight", (vocabulary, width), 0.5), ids])
    mask = net.constant("", np.triu(np.full((1, 1, rows, rows), -1e4, np.float32), 1))
    for layer in range(2):
        scope = f"layers.{layer}"
        attn, y = f"{scope}.self_attn", net.rms_norm(f"{scope}.input_layernorm", x, width)
        q, k, v = (net.op("Transpose", attn, [net.op("Reshape", attn, [
            net.linear(f"{attn}.{name}", y, (width, width), bias=False, gain=1.4),
            net.constant(attn, [1, rows, heads, head])])], perm=[0, 2, 1, 3])
            for name in ("q_proj", "k_proj", "v_proj"))
        k = net.op("Transpose", attn, [net.rotary(attn, k, rows, head)], perm=[0, 1, 3, 2])
        scores = net.op("Div", attn, [net.op("MatMul", attn, [net.rotary(attn, q, rows, head), k]),
                                      net.constant(attn, head ** 0.5)])
        weights = net.op("Softmax", attn, [net.op("Add", attn, [scores, mask])], axis=-1)
        y = net.op("Transpose", attn, [net.op("MatMul", attn, [weights, v])], perm=[0, 2, 1, 3])
        y = net.op("Reshape", attn, [y, net.constant(attn, [1, rows, width])])
        x = net.op("Add", scope, [x, net.linear(f"{attn}.o_proj", y, (width, width), bias=False)])
        y = net.rms_norm(f"{scope}.post_attention_layernorm", x, width)
        gate = net.silu(f"{scope}.mlp.act_fn", net.linear(f"{scope}.mlp.gate_proj", y, (width, 64), bias=False))
        y = net.op("Mul", f"{scope}.mlp", [gate, net.linear(f"{scope}.mlp.up_proj", y, (width, 64), bias=False)])
        x = net.op("Add", scope, [x, net.linear(f"{scope}.mlp.down_proj", y, (64, width), bias=False)])
    last = net.op("Gather", "", [net.rms_norm("norm", x, width), net.constant("", np.array(rows - 1))], axis=1)
    logits = net.linear("lm_head", last, (width, vocabulary), bias=False)
    return Example(net.model("language", {"logits": logits}),
                   {"input_ids": rng.integers(0, vocabulary, (1, rows)).astype(np.int64)})


def recurrent(rng: np.random.Generator) -> Example:
    """A GRU cell unrolled over six steps, as a loop over a GRUCell is exported."""
    net, width, features, steps = Net(rng), 24, 16, 6
    frames = net.input("frames", (1, steps, features))
    state = net.weight("h0", np.zeros((1, width)))
    weights = {gate: (net.normal(f"cell.w_{gate}", (features, width), 1.5 / np.sqrt(features)),
                      net.normal(f"cell.u_{gate}", (width, width), 1.2 / np.sqrt(width)),
                      net.normal(f"cell.b_{gate}", (width,), 0.2)) for gate in "rzn"}
    for step in range(steps):
        scope = "cell"
        x = net.op("Gather", "", [frames, net.constant("", np.array(step))], axis=1)
        parts = {}
        for gate, (w, u, b) in weights.items():
            parts[gate] = (net.op("Add", scope, [net.op("MatMul", scope, [x, w]), b]),
                           net.op("MatMul", scope, [state, u]))
        r = net.op("Sigmoid", scope, [net.op("Add", scope, parts["r"])])
        z = net.op("Sigmoid", scope, [net.op("Add", scope, parts["z"])])
        n = net.op("Tanh", scope, [net.op("Add", scope, [parts["n"][0], net.op("Mul", scope, [r, parts["n"][1]])])])
        left = net.op("Mul", scope, [net.op("Sub", scope, [net.constant(scope, 1.0), z]), n])
        state = net.op("Add", scope, [left, net.op("Mul", scope, [z, state])])
    return Example(net.model("recurrent", {"logits": net.gemm("head", state, (width, 8))}),
                   {"frames": rng.standard_normal((1, steps, features)).astype(np.float32)})


def lstm(rng: np.random.Generator) -> Example:
    """One LSTM operator, in one direction or both, sequence first, and a head on every step."""
    net, width, features, steps, ways = Net(rng), 24, 16, 8, int(rng.integers(1, 3))
    frames = net.input("frames", (steps, 1, features))
    y = net.op("LSTM", "lstm", [
        frames, net.normal("onnx::LSTM_1", (ways, 4 * width, features), 1.2 / np.sqrt(features)),
        net.normal("onnx::LSTM_2", (ways, 4 * width, width), 1 / np.sqrt(width)),
        net.normal("onnx::LSTM_3", (ways, 8 * width), 0.1), "", net.weight("h0", np.zeros((ways, 1, width))),
        net.weight("c0", np.zeros((ways, 1, width)))], 3, hidden_size=width,
        **({"direction": "bidirectional"} if ways == 2 else {}))[0]
    y = net.op("Reshape", "lstm", [net.op("Transpose", "lstm", [y], perm=[0, 2, 1, 3]),
                                   net.constant("lstm", [steps, 1, ways * width])])
    return Example(net.model("lstm", {"logits": net.linear("head", y, (ways * width, 8))}),
                   {"frames": rng.standard_normal((steps, 1, features)).astype(np.float32)})


def fourier(rng: np.random.Generator, reach: tuple[float, float] = (0.0, 0.35)) -> Example:
    """Coordinate network: sines and cosines of π x and 2π x, then an MLP with a skip.

    ``reach``: how far the coordinates lie from 0, at least and at most. Near 1 the angles come near π, where the
    runtime's Cos is wrong by up to 2e-3.
    """
    net, width, rows = Net(rng), 48, 40
    points = net.input("points", (1, rows, 3))
    angles = [net.op("Mul", "encoding", [points, net.constant("encoding", float(np.pi * 2 ** k))]) for k in range(2)]
    waves = [net.op(kind, "encoding", [angle]) for angle in angles for kind in ("Sin", "Cos")]
    encoded = net.op("Concat", "encoding", [points, *waves], axis=-1)
    x = net.op("Relu", "layers.0.act", [net.linear("layers.0.fc", encoded, (15, width), gain=1.4)])
    x = net.op("Relu", "layers.1.act", [net.linear("layers.1.fc", x, (width, width), gain=1.4)])
    x = net.op("Concat", "", [x, encoded], axis=-1)
    x = net.op("Relu", "layers.2.act", [net.linear("layers.2.fc", x, (width + 15, width), gain=1.4)])
    colour = net.op("Sigmoid", "", [net.linear("colour", x, (width, 3))])
    coordinates = rng.choice([-1.0, 1.0], (1, rows, 3)) * rng.uniform(*reach, (1, rows, 3))
    return Example(net.model("fourier", {"density": net.linear("density", x, (width, 1)), "colour": colour}),
                   {"points": coordinates.astype(np.float32)})
