"""Graphs made for tests of the graph view: the hierarchy of a diffusion unet, flat ones, and what was found in them."""

from __future__ import annotations

import math
import random

from diag.types.comparison import Comparison, ModelRun
from diag.types.dtype import DType
from diag.types.graph import Graph, Node
from diag.types.layer import LayerResult, Mapping, MappingKind, Role, Verdict
from diag.types.tensor import TensorInfo


class _Net:
    """Nodes added one after the other; a value is known by the name of the node that writes it."""

    def __init__(self, fused: bool) -> None:
        self.nodes: list[Node] = []
        self.fused = fused

    def add(self, scope: str, op: str, *inputs: str) -> str:
        name = f"{scope}/{op}"
        taken = sum(node.name.startswith(name) for node in self.nodes[-40:])
        name = f"{name}_{taken}" if taken else name
        self.nodes.append(Node(name, op, inputs, (f"{name}_output_0",)))
        return f"{name}_output_0"

    def linear(self, scope: str, x: str) -> str:
        if self.fused:
            return self.add(scope, "MatMulFusion", x, f"{scope}.weight", f"{scope}.bias")
        return self.add(scope, "Add", self.add(scope, "MatMul", x, f"{scope}.weight"), f"{scope}.bias")

    def norm(self, scope: str, x: str) -> str:
        y = self.add(scope, "InstanceNormalization", self.add(scope, "Reshape", x, "shape"), "one", "zero")
        y = self.add(scope, "Reshape", y, "shape")
        return self.add(scope, "Add", self.add(scope, "Mul", y, "w"), "b")

    def resnet(self, scope: str, x: str, time: str) -> str:
        y = self.norm(f"{scope}/norm1", x)
        y = self.add(f"{scope}/nonlinearity", "Mul", y, self.add(f"{scope}/nonlinearity", "Sigmoid", y))
        y = self.add(f"{scope}/conv1", "Conv", y, "w", "b")
        y = self.add(scope, "Add", y, self.linear(f"{scope}/time_emb_proj", time))
        y = self.norm(f"{scope}/norm2", y)
        y = self.add(f"{scope}/nonlinearity_1", "Mul", y, self.add(f"{scope}/nonlinearity_1", "Sigmoid", y))
        return self.add(scope, "Add", x, self.add(f"{scope}/conv2", "Conv", y, "w", "b"))

    def attention(self, scope: str, x: str, context: str) -> str:
        q, k, v = (self.linear(f"{scope}/to_{n}", y) for n, y in (("q", x), ("k", context), ("v", context)))
        q, k, v = (self.add(scope, "Transpose", self.add(scope, "Reshape", y, "shape")) for y in (q, k, v))
        scores = self.add(scope, "Softmax", self.add(scope, "Mul", self.add(scope, "MatMul", q, k), "scale"))
        y = self.add(scope, "Reshape", self.add(scope, "Transpose", self.add(scope, "MatMul", scores, v)), "shape")
        return self.linear(f"{scope}/to_out.0", y)

    def transformer(self, scope: str, x: str, context: str) -> str:
        y = self.add(f"{scope}/norm1", "LayerNormalization", x, "w", "b")
        x = self.add(scope, "Add", x, self.attention(f"{scope}/attn1", y, y))
        y = self.add(f"{scope}/norm2", "LayerNormalization", x, "w", "b")
        x = self.add(scope, "Add", x, self.attention(f"{scope}/attn2", y, context))
        y = self.linear(f"{scope}/ff/net.0/proj", self.add(f"{scope}/norm3", "LayerNormalization", x, "w", "b"))
        y = self.add(f"{scope}/ff/net.0", "Mul", y, self.add(f"{scope}/ff/net.0", "Erf", y))
        return self.add(scope, "Add", x, self.linear(f"{scope}/ff/net.2", y))


def unet(size: int, *, fused: bool = False) -> Graph:
    """A graph of at least so many nodes in the scopes of a diffusion unet; ``fused``: as a converter would leave it."""
    net = _Net(fused)
    # Without fusion 379 nodes stand around transformer blocks of 52 in 18 places: as deep as it takes.
    deep = max(1, math.ceil((size - 379) / (18 * 52)))
    time = net.linear("/time_embedding/linear_2", net.linear("/time_embedding/linear_1", "timestep"))
    x, skips = net.add("/conv_in", "Conv", "sample", "w", "b"), []
    for part in ("down_blocks", "mid_block", "up_blocks"):
        for block in range(1 if part == "mid_block" else 4):
            scope = "/mid_block" if part == "mid_block" else f"/{part}.{block}"
            for layer in range(2):
                if part == "up_blocks" and skips:
                    x = net.add(scope, "Concat", x, skips.pop())
                x = net.resnet(f"{scope}/resnets.{layer}", x, time)
                for k in range(deep):
                    block_scope = f"{scope}/attentions.{layer}/transformer_blocks.{k}"
                    x = net.transformer(block_scope, x, "encoder_hidden_states")
                if part == "down_blocks":
                    skips.append(x)
    x = net.add("/conv_out", "Conv", net.norm("/conv_norm_out", x), "w", "b")
    inputs = tuple(TensorInfo(name, DType.FLOAT32, (1,)) for name in ("sample", "timestep", "encoder_hidden_states"))
    return Graph("unet", "mindir" if fused else "onnx", None, inputs, (TensorInfo(x),), tuple(net.nodes))


def flat(size: int, seed: int = 11) -> Graph:
    """A graph without scopes: a chain of blocks with branches, and edges that skip some blocks."""
    rng = random.Random(seed)
    nodes: list[Node] = []
    outs, here = ["x"], "x"

    def add(op: str, *inputs: str) -> str:
        nodes.append(Node(f"{op}_{len(nodes)}", op, inputs, (f"v{len(nodes)}",)))
        return nodes[-1].outputs[0]

    while len(nodes) < size:
        ends = []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
            y = here
            for _ in range(rng.randrange(1, 6)):
                y = add(rng.choice(("Conv", "Relu", "MatMul")), y, "w")
            ends.append(y)
        more = [here] if rng.random() < 0.5 else []
        far = [rng.choice(outs[-200:])] if rng.random() < 0.05 else []
        here = add("Add", *ends, *more, *far)
        outs.append(here)
    return Graph("flat", "onnx", None, (TensorInfo("x"),), (TensorInfo(here),), tuple(nodes))


def wide(size: int, branches: int) -> Graph:
    """So many chains side by side, with an edge to the neighbour here and there: a graph as wide as it is tall."""
    nodes: list[Node] = []
    ends = ["x"] * branches
    while len(nodes) < size:
        for b in range(branches):
            more = (ends[b - 1],) if (len(nodes) // branches + b) % 7 == 0 else ()
            nodes.append(Node(f"Conv_{len(nodes)}", "Conv", (ends[b], *more), (f"v{len(nodes)}",)))
            ends[b] = nodes[-1].outputs[0]
    return Graph("wide", "onnx", None, (TensorInfo("x"),), (TensorInfo(ends[0]),), tuple(nodes))


def compared(golden: Graph, target: Graph) -> Comparison:
    """A result by names: a golden MatMul and its Add are one in the target; every 50th layer fails, one has no
    counterpart.
    """
    theirs = {node.name: node for node in target.nodes}
    rows = []
    for i, node in enumerate(golden.nodes):
        fused = node.name.rpartition("/")[0] + "/MatMulFusion"
        name = node.name if node.name in theirs else fused if fused in theirs else None
        other = theirs.get(name) if name else None
        inside = node.op == "MatMul" and name == fused
        members = (node.name.replace("/Add", "/MatMul"), node.name) if name == fused else (node.name,)
        kind = MappingKind.NONE if inside or other is None else MappingKind.FUSED if name == fused else MappingKind.NAME
        verdict = Verdict.NOT_COMPARABLE if inside or other is None else Verdict.FAIL if i % 50 == 7 else Verdict.PASS
        rows.append(LayerResult(i, node.name, node.op, node.outputs[0], name, other.op if other else None,
                                other.outputs[0] if other and not inside else None,
                                Mapping(kind, 0.9 * (kind is not MappingKind.NONE), () if inside else members), (1, 4),
                                DType.FLOAT32, verdict, "", None, None, Role.INJECTS if i % 500 == 7 else Role.CLEAN))
    run = ModelRun("model", "", "onnx", "reference", "1", "cpu", "float32")
    return Comparison(Verdict.FAIL, run, run, (), tuple(rows), (), None, (), (), {}, (), (), {}, "calibrated", 0.0, 0)
