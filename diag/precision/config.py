"""A plan as settings of the converter, by version.

Facts used: the converter's ``precision_mode`` words, and the sections that take CANN's options, are those of MindSpore
Lite's documents; [acl_build_options] is documented from 2.1 on. ``modify_mixlist`` goes by operator type and needs
mixed precision; ``keep_dtype`` and ``customize_dtypes`` go by node, and are options of CANN's own tools (atc, aoe).
A model that carries its types itself and is converted with ``enforce_origin`` needs none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from diag.types.dtype import DType
from diag.types.graph import Node

GE_TYPES: Mapping[str, tuple[str, ...]] = {
    "Conv": ("Conv2D",), "ConvTranspose": ("Conv2DTranspose",), "Gemm": ("GEMM", "MatMulV2"),
    "MatMul": ("MatMulV2", "BatchMatMulV2"), "Softmax": ("SoftmaxV2",), "Div": ("RealDiv",), "Where": ("Select",),
    "Gather": ("GatherV2",), "Clip": ("ClipByValue",), "LayerNormalization": ("LayerNorm",),
    "InstanceNormalization": ("InstanceNorm",), "BatchNormalization": ("BatchNorm",), "ReduceSum": ("ReduceSum",),
    "ReduceMean": ("ReduceMean",), "LeakyRelu": ("LeakyRelu",), "Neg": ("Neg",), "Max": ("Maximum",),
    "Min": ("Minimum",), "AveragePool": ("AvgPool",), "MaxPool": ("MaxPool",), "Concat": ("ConcatD",)}
"""What CANN calls an ONNX operator, where it is not the same name."""


def version_of(text: str) -> tuple[int, int]:
    """Major and minor; (2, 0) where it cannot be read."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (2, 0)


def whole(mode: str) -> str:
    """A configuration file that sets one mode for the whole model."""
    return f"[ascend_context]\nprecision_mode={mode}\n"


def by_type(version: str, dtype: DType, mixlist: str) -> str | None:
    """A file that points to a mixed-precision list; None where the version has no section for it."""
    if version_of(version) < (2, 1):
        return None
    mode = "allow_mix_precision_bf16" if dtype is DType.BFLOAT16 else "allow_mix_precision"
    return (f"[ascend_context]\nprecision_mode=preferred_optimal\n\n[acl_init_options]\n"
            f"ge.exec.precision_mode={mode}\n\n[acl_build_options]\nge.exec.modify_mixlist={mixlist}\n")


def mixlist(ops: Iterable[str]) -> str:
    """The mixed-precision list: these operator types are never made narrower."""
    types = sorted({t for op in ops for t in GE_TYPES.get(op, (op,))})
    return json.dumps({"black-list": {"to-add": types}}, indent=1) + "\n"


def keep_dtype(names: Iterable[str]) -> str:
    """The file of ``--keep_dtype``: one node a line."""
    return "".join(f"{name}\n" for name in names)


def customize_dtypes(nodes: Sequence[Node]) -> str:
    """The file of ``--customize_dtypes``: float32 for every input and output of these nodes."""
    lines = []
    for node in nodes:
        inputs, outputs = (",".join(["float32"] * len([v for v in names if v]))
                           for names in (node.inputs, node.outputs))
        lines.append(f"{node.name}::InputDtype:{inputs},OutputDtype:{outputs}\n")
    return "".join(lines)
