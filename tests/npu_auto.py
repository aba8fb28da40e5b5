"""Any ONNX model on the emulated device: constants folded, random neighbours fused, layouts by operator."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import onnx
import onnxruntime as ort
from npu_dumps import Part
from onnx import helper, numpy_helper

from diag.compare.align.names import varying
from diag.compare.inputs import gather
from diag.compare.plan import InputChoice
from diag.formats.registry import open_model


def folded(model: Path, out: Path) -> Path:
    """The model without the nodes that a compiler computes beforehand."""
    proto = onnx.load(model)
    graph = open_model(model)
    live = varying(graph)
    dead = [o for n in proto.graph.node for o in n.output if o and o not in live]
    kept = [n for n in proto.graph.node if any(o in live for o in n.output)]
    used = {i for n in kept for i in n.input}
    if dead:
        whole = onnx.ModelProto()
        whole.CopyFrom(proto)
        del whole.graph.output[:]
        whole.graph.output.extend([helper.make_empty_tensor_value_info(d) for d in dead])
        session = ort.InferenceSession(whole.SerializeToString(), providers=["CPUExecutionProvider"])
        values = session.run(dead, dict(gather(graph, InputChoice()).arrays))
        proto.graph.initializer.extend([numpy_helper.from_array(v, k) for k, v in zip(dead, values, strict=True)
                                        if k in used])
    del proto.graph.node[:]
    proto.graph.node.extend(kept)
    onnx.save(proto, out)
    return out


def parts(model: Path, seed: int, share: float = 0.3) -> list[Part]:
    """Every node once; a node is fused with its only reader with this probability, as far as the order allows."""
    rng, proto = random.Random(seed), onnx.load(model)
    count = Counter(i for n in proto.graph.node for i in n.input)
    reader = {i: n for n in reversed(proto.graph.node) for i in n.input}
    made = {i.name for i in proto.graph.input} | {t.name for t in proto.graph.initializer} | {""}
    finals, done, found = {o.name for o in proto.graph.output}, set(), []
    for node in proto.graph.node:
        if node.name in done:
            continue
        chain = [node]
        while count[chain[-1].output[0]] == 1 and chain[-1].output[0] not in finals and rng.random() < share:
            following = reader[chain[-1].output[0]]
            ours = made | {o for n in chain for o in n.output}
            if following.name in done or not all(i in ours for i in following.input):
                break
            chain.append(following)
        done.update(n.name for n in chain)
        made.update(o for n in chain for o in n.output)
        layout = "NC1HWC0" if chain[0].op_type in ("Conv", "Resize") else \
            "FRACTAL_NZ" if chain[-1].op_type == "MatMul" else "ND"
        found.append(Part("".join(n.name for n in chain), chain[0].op_type, tuple(n.name for n in chain), layout))
    return found
