"""Synthetic NPU recordings, written by our own hand: dump files, the compiler's graph, and a device that emulates.

``emulate`` runs an ONNX model in parts as a device would: each part reads float16, computes in float32, stores float16
in the device's layout, and what it reads and writes is dumped. Faults are planted by the part's name.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime as ort
import wire
from onnx import helper, numpy_helper
from wire import block, varint

from diag.formats.layouts import store
from diag.formats.tensor_dump.numbers import LAYOUTS

TIME = 1767225600000000
Array = np.ndarray
Fault = Callable[[Array], Array]

PROTO = {np.dtype(np.float32): 1, np.dtype(np.float16): 2, np.dtype(np.int8): 3, np.dtype(np.uint8): 4,
         np.dtype(np.int32): 7, np.dtype(np.int64): 8, np.dtype(bool): 11, np.dtype(ml_dtypes.bfloat16): 27}
NUMBERS = {name: number for number, name in LAYOUTS.items()}
_NAMES = {1: "DT_FLOAT", 2: "DT_FLOAT16", 3: "DT_INT8", 4: "DT_UINT8", 7: "DT_INT32", 8: "DT_INT64", 11: "DT_BOOL",
          27: "DT_BF16"}


@dataclass(frozen=True)
class Dumped:
    """One tensor of a dump file: stored elements, layout, the shape before it (None: the file does not say)."""

    array: Array
    layout: str = "ND"
    original: tuple[int, ...] | None = None
    origin: tuple[str, int] | None = None
    size: int | None = None
    shape: tuple[int, ...] | None = None
    data_type: int | None = None
    groups: int = 1
    before: tuple[int, ...] | None = None  # the shape before, for the graph alone


@dataclass(frozen=True)
class Part:
    """What becomes one operation on the device. ``layout`` of its output; ``names``: original operations, None: the
    graph does not say; ``weights``: whether they are dumped as inputs."""

    name: str
    op: str
    nodes: tuple[str, ...]
    layout: str = "ND"
    weights: bool = True
    dtype: Any = np.float16
    originals: tuple[str, ...] | None = None  # what the graph says in place of ``nodes``


def number(tag: int, value: int) -> bytes:
    return b"" if value == 0 else wire.number(tag, value)


def dims(shape: Sequence[int]) -> bytes:
    return block(1, b"".join(varint(d) for d in shape)) if shape else b""


def tensor(t: Dumped, *, output: bool) -> bytes:
    kind = t.data_type if t.data_type is not None else PROTO[t.array.dtype]
    shape = t.shape if t.shape is not None else t.array.shape
    size = t.size if t.size is not None else t.array.nbytes
    head = number(1, kind) + number(2, NUMBERS[t.layout]) + block(3, dims(shape))
    original = b"" if t.original is None else dims(t.original)
    if output:
        named = b"" if t.origin is None else block(4, block(1, t.origin[0].encode()) + number(2, t.origin[1]))
        return head + named + number(6, size) + (b"" if t.original is None else block(7, original)) + number(
            8, t.groups if t.groups > 1 else 0)
    return head + number(5, size) + (b"" if t.original is None else block(6, original)) + number(
        7, t.groups if t.groups > 1 else 0)


def dump(name: str, inputs: Sequence[Dumped] = (), outputs: Sequence[Dumped] = (), *, time: int = TIME,
         spaces: Sequence[bytes] = ()) -> bytes:
    """The bytes of a standard dump file."""
    head = block(1, b"2.0") + number(2, time)
    head += b"".join(block(3, tensor(t, output=True)) for t in outputs)
    head += b"".join(block(4, tensor(t, output=False)) for t in inputs)
    head += block(6, name.encode()) + b"".join(block(8, number(3, len(s))) for s in spaces)
    body = b"".join(t.array.tobytes().ljust(t.size or 0, b"\0") for t in (*inputs, *outputs)) + b"".join(spaces)
    return struct.pack("<Q", len(head)) + head + body


def plain(name: str) -> str:
    return "".join("_" if c in " ./\\" else c for c in name)


def overflow(task: int, stream: int, *, unit: int = 0, status: int = 32, version: int = 2) -> bytes:
    """The bytes of an overflow report in the new layout, inside its dump file."""
    values = [1, stream, task, 0, 0, 0, 0x1000, 0x2000, 5, 1, status]
    report = struct.pack("<6I", 0x5A5A5A5A, version, 1, unit, 0, 8 * len(values)) + struct.pack("<11Q", *values)
    return dump("Node_OpDebug", outputs=[Dumped(np.frombuffer(report.ljust(2048, b"\0"), np.uint8))])


@dataclass
class Emulated:
    """What came of it: the folder with the dumps, and what each part should and did write (in golden's shape)."""

    folder: Path
    graph: Path
    written: dict[str, Array] = field(default_factory=dict)
    golden: dict[str, Array] = field(default_factory=dict)


class Emulator:
    """Runs the parts of a model in order, dumping as it goes."""

    def __init__(self, model: Path, parts: Sequence[Part], folder: Path, *, c0: int = 16,
                 rename: Callable[[str], str] = lambda n: n, stated: bool = True, outputs_only: bool = False,
                 original: bool = True) -> None:
        self.model = onnx.load(model)
        self.parts, self.c0, self.rename, self.stated = parts, c0, rename, stated
        self.outputs_only, self.original = outputs_only, original
        self.folder = folder / "20260101000000" / "0" / "net" / "1" / "0"
        self.folder.mkdir(parents=True)
        self.graph_file = folder / "ge_proto_00000042_graph_1_Build.txt"
        self.nodes = {n.name: n for n in self.model.graph.node}
        self.held = {t.name: numpy_helper.to_array(t) for t in self.model.graph.initializer}
        self.ops: list[dict[str, Any]] = []
        self.values: dict[str, tuple[str, Dumped]] = {}  # golden tensor → device value (producer), as stored
        self.task = 1

    def run(self, inputs: Mapping[str, Array], faults: Mapping[str, Fault] | None = None,
            weight_faults: Mapping[str, Fault] | None = None) -> Emulated:
        """Dump a run on these inputs."""
        faults, weight_faults = faults or {}, weight_faults or {}
        done = Emulated(self.folder, self.graph_file)
        for name, array in inputs.items():
            self.ops.append({"name": name, "op": "Data", "reads": [], "in": [], "out": [Dumped(array)], "names": None})
            self._input(name, array)
        for part in self.parts:
            self._part(part, faults.get(part.name), weight_faults, done)
        self._ends()
        self.graph_file.write_text(proto(self.ops))
        return done

    def _input(self, name: str, array: Array) -> None:
        if array.dtype != np.float32:
            self.values[name] = (f"{name}:0", Dumped(array, original=array.shape))
            return
        wide = Dumped(array, original=array.shape)
        half = Dumped(array.astype(np.float16), original=array.shape, origin=(name, 0))
        self._op(f"trans_Cast_{len(self.ops)}", "Cast", [f"{name}:0"], [wide], half, [])
        self.values[name] = (f"{self.ops[-1]['name']}:0", half)

    def _op(self, name: str, op: str, reads: list[str], inputs: list[Dumped], output: Dumped,
            names: list[str] | None) -> None:
        self.ops.append({"name": name, "op": op, "reads": reads, "in": inputs, "out": [output], "names": names})
        self.task += 1
        file = self.folder / f"{plain(op)}.{plain(name)}.{self.task}.3.{TIME + 100 * self.task}"
        if len(file.name) > 200:
            # As the device does: a number for a name, and a table of both.
            with (self.folder / "mapping.csv").open("a") as table:
                table.write(f"{zlib.crc32(file.name.encode()):019d},{file.name}\n")
            file = self.folder / f"{zlib.crc32(file.name.encode()):019d}"
        file.write_bytes(dump(name, [] if self.outputs_only else inputs, [output], time=TIME + 100 * self.task))

    def _part(self, part: Part, fault: Fault | None, weight_faults: Mapping[str, Fault], done: Emulated) -> None:
        nodes = [self.nodes[n] for n in part.nodes]
        inside = {o for n in nodes for o in n.output}
        reads = list(dict.fromkeys(i for n in nodes for i in n.input if i and i not in inside))
        live = [r for r in reads if r not in self.held]
        stored = [self._as_layout(r, part.layout) for r in live]
        held = {r: (weight_faults[r](self.held[r]) if r in weight_faults else self.held[r]) for r in reads
                if r in self.held}
        feeds = {r: self._plain(s[1], r) for r, s in zip(live, stored, strict=True)}
        result = self._compute(nodes, feeds, {k: _rounded(v) for k, v in held.items()})
        done.golden[part.name] = result
        with np.errstate(over="ignore"):
            out = (fault(result) if fault is not None else result)
            out = out.astype(part.dtype) if out.dtype == np.float32 else out
        done.written[part.name] = out
        last = nodes[-1].output[0]
        layout = part.layout if out.ndim in (4, 5) or (part.layout == "FRACTAL_NZ" and out.ndim > 1) else "ND"
        dumped = Dumped(store(out, layout, self.c0), layout, out.shape if self.original else None,
                        (nodes[-1].name, 0) if self.stated and part.originals is None else None, before=out.shape)
        weights = [_weight(held[r], self.c0, part.layout) for r in reads if r in self.held] if part.weights else []
        names = [f"const_{plain(r)}:0" for r in reads if r in self.held] if part.weights else []
        self._op(self.rename(part.name), part.op, [s[0] for s in stored] + names, [s[1] for s in stored] + weights,
                 dumped, list(part.originals or part.nodes) if self.stated else None)
        self.values[last] = (f"{self.ops[-1]['name']}:0", dumped)

    def _as_layout(self, value: str, layout: str) -> tuple[str, Dumped]:
        """The value in the layout that a part wants; a TransData is put in where it has another."""
        source, held = self.values[value]
        array = self._plain(held, value)
        wanted = layout if array.ndim == 4 and layout == "NC1HWC0" else "ND"
        if held.layout == wanted or (held.layout != "NC1HWC0" and wanted == "ND" and held.layout != "FRACTAL_NZ"):
            return source, held
        moved = Dumped(store(array, wanted, self.c0), wanted, array.shape if self.original else None, held.origin,
                       before=array.shape)
        self._op(f"trans_TransData_{len(self.ops)}", "TransData", [source], [held], moved, [])
        self.values[value] = (f"{self.ops[-1]['name']}:0", moved)
        return self.values[value]

    def _plain(self, held: Dumped, value: str) -> Array:
        from diag.formats.layouts import restore

        shape = held.original if held.original is not None else self._shapes[value]
        self._shapes[value] = tuple(shape)
        return restore(held.array, held.layout, shape)

    def _compute(self, nodes: Sequence[onnx.NodeProto], feeds: Mapping[str, Array],
                 held: Mapping[str, Array]) -> Array:
        last = nodes[-1].output[0]
        wide = {k: v.astype(np.float32) if v.dtype.kind in "fV" else v for k, v in feeds.items()}
        inputs = [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
                  for k, v in wide.items()]
        graph = helper.make_graph(nodes, "part", inputs, [helper.make_empty_tensor_value_info(last)],
                                  [numpy_helper.from_array(v, k) for k, v in held.items()])
        model = helper.make_model(graph, opset_imports=self.model.opset_import, ir_version=8)
        session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        result: Array = session.run([last], wide)[0]
        self._shapes[last] = result.shape
        return result

    @property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return self.__dict__.setdefault("shapes", {})

    def _ends(self) -> None:
        sources = []
        for output in self.model.graph.output:
            source, held = self.values[output.name]
            array = self._plain(held, output.name)
            if array.dtype.itemsize == 2 and array.dtype.kind in "fV":
                wide = Dumped(array.astype(np.float32), original=array.shape, origin=held.origin)
                self._op(f"trans_Cast_{len(self.ops)}", "Cast", [source], [held], wide, [])
                source = f"{self.ops[-1]['name']}:0"
            sources.append(source)
        self.ops.append({"name": "Node_Output", "op": "NetOutput", "reads": sources, "in": [], "out": [], "names": []})


def _rounded(array: Array) -> Array:
    return array.astype(np.float16).astype(np.float32) if array.dtype == np.float32 else array


def _weight(array: Array, c0: int, layout: str) -> Dumped:
    if array.dtype == np.float32:
        array = array.astype(np.float16)
    if array.ndim == 4 and layout == "NC1HWC0":
        return Dumped(store(array, "FRACTAL_Z", c0), "FRACTAL_Z", array.shape)
    return Dumped(array, original=array.shape)


def proto(ops: Sequence[Mapping[str, Any]], name: str = "net") -> str:
    """The compiler's graph of these operations, as its text dump."""
    lines = [f'name: "{name}"', "version: 1", "graph {", '  name: "main_graph"']
    lines += [line for i, op in enumerate(ops) for line in _op_lines(op, i)]
    return "\n".join([*lines, "}", ""])


def _op_lines(op: Mapping[str, Any], index: int) -> list[str]:
    quoted = json.dumps
    lines = ["  op {", f"    name: {quoted(op['name'], ensure_ascii=False)}", f'    type: "{op["op"]}"']
    reads = op["reads"] or ([""] if op["op"] == "Data" else [])
    lines += [f"    input: {quoted(r, ensure_ascii=False)}" for r in reads]
    if op["names"] is not None:
        lines += ["    attr {", '      key: "_datadump_original_op_names"', "      value {", "        list {"]
        lines += [f"          s: {quoted(n, ensure_ascii=False)}" for n in op["names"]]
        lines += ["          val_type: VT_LIST_STRING", "        }", "      }", "    }"]
    lines += [f"    id: {index}"] if index else []
    for kind, tensors in (("input_desc", op["in"]), ("output_desc", op["out"])):
        for t in tensors:
            lines += [f"    {kind} {{", *_desc_lines(t), "    }"]
    return [*lines, "  }"]


def _desc_lines(t: Dumped) -> list[str]:
    shape = t.original or t.before or t.array.shape
    lines = [f"      dtype: {_NAMES[PROTO[t.array.dtype]]}", "      shape {"]
    lines += [f"        dim: {d}" for d in t.array.shape] + ["      }", f'      layout: "{t.layout}"']
    texts = {"origin_format": "NCHW" if len(shape) == 4 else "ND"}
    if t.origin is not None:
        texts["_datadump_origin_name"] = t.origin[0]
    for key, text in texts.items():
        lines += ["      attr {", f'        key: "{key}"', "        value {", f"          s: {json.dumps(text)}",
                  "        }", "      }"]
    lines += ["      attr {", '        key: "origin_shape"', "        value {", "          list {"]
    lines += [f"            i: {d}" for d in shape]
    return [*lines, "            val_type: VT_LIST_INT", "          }", "        }", "      }"]
