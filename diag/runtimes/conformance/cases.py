"""ONNX's own backend tests as cases: a model, its inputs, and what must come out."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Array = npt.NDArray[np.generic]

NODE, CONSTANT, MODEL = "node", "constant", "model"
"""One operator, all its inputs given at run time; the same as it stands in real models, all inputs but the first as
constants and without optional outputs; a whole older model."""

KINDS = (NODE, CONSTANT, MODEL)
_MODEL_FOLDERS = ("pytorch-converted", "pytorch-operator", "simple")
_NUMERIC = frozenset(map(np.dtype, ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8",
                                    "uint16", "uint32", "uint64", "bool")))
_FORM_CHARS = 120


@dataclass(frozen=True)
class Case:
    """One test.

    Attributes:
        kind: ``node``, ``constant`` or ``model``.
        name: ONNX's name of the test without "test_".
        op: the operator that is tested; of a model all its operators, joined by "+".
        opset: version of the operator set that the model uses.
        form: the tested node's attributes, as text.
        model: the model.
        inputs: name and array of each graph input, in order.
        expected: what must come out, in the order of the graph's outputs.
    """

    kind: str
    name: str
    op: str
    opset: int
    form: str
    model: onnx.ModelProto
    inputs: tuple[tuple[str, Array], ...]
    expected: tuple[Array, ...]

    @property
    def key(self) -> str:
        """Unique over all kinds."""
        return f"{self.kind}/{self.name}"


def load_cases(ops: Iterable[str] = (), kinds: Iterable[str] = KINDS) -> Iterator[Case]:
    """All numeric cases of the installed onnx package, node tests first; only those of ``ops`` if any are given.

    Tests of strings, sequences, 4- and 8-bit floats are left out, and the ``_expanded`` doubles. Making them takes
    some seconds.
    """
    wanted, chosen = set(ops), set(kinds)
    if chosen & {NODE, CONSTANT}:
        nodes = [case for case in _node_cases() if not wanted or case.op in wanted]
        if NODE in chosen:
            yield from nodes
        if CONSTANT in chosen:
            yield from (fixed for case in nodes if (fixed := _with_constants(case)) is not None)
    if MODEL in chosen:
        yield from (case for case in _model_cases() if not wanted or wanted & set(case.op.split("+")))


def _node_cases() -> Iterator[Case]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        # The generators overflow and divide by zero on purpose.
        warnings.simplefilter("ignore")
        tests = collect_testcases(None)
    for test in sorted(tests, key=lambda t: t.name):
        if "_expanded" in test.name or not test.data_sets or test.model is None:
            continue
        inputs, outputs = test.data_sets[0]
        node = test.model.graph.node[0]
        case = _case(NODE, test.name, node.op_type, test.model, inputs, outputs)
        if case is not None:
            yield replace(case, form=form_of(node))


def _model_cases() -> Iterator[Case]:
    from onnx.backend.test.loader import load_model_tests

    for folder in _MODEL_FOLDERS:
        for test in sorted(load_model_tests(kind=folder), key=lambda t: str(t.name)):
            place = Path(test.model_dir or "")
            model = onnx.load(place / "model.onnx")
            data = place / "test_data_set_0"
            inputs, outputs = (list(_read(data, word)) for word in ("input", "output"))
            ops = "+".join(sorted({n.op_type for n in model.graph.node}))
            case = _case(MODEL, test.name, ops, model, inputs, outputs)
            if case is not None:
                yield case


def _read(folder: Path, word: str) -> Iterator[Array | None]:
    for i in range(len(list(folder.glob(f"{word}_*.pb")))):
        try:
            yield numpy_helper.to_array(onnx.load_tensor(folder / f"{word}_{i}.pb"))
        except (ValueError, TypeError, KeyError):
            # Not a tensor, but a sequence or optional in a file of the same name.
            yield None


def _case(kind: str, name: str, op: str, model: onnx.ModelProto, inputs: Iterable[Any],
          outputs: Iterable[Any]) -> Case | None:
    """The case, unless one of its tensors is none that we compare."""
    arrays, expected = list(map(_numeric, inputs)), list(map(_numeric, outputs))
    weights = {t.name for t in model.graph.initializer}
    names = [i.name for i in model.graph.input if i.name not in weights]
    given = [a for a in arrays if a is not None]
    wanted = [a for a in expected if a is not None]
    if len(given) != len(arrays) or len(wanted) != len(expected) or len(names) != len(given):
        return None
    opset = max((o.version for o in model.opset_import if not o.domain), default=0)
    return Case(kind, name.removeprefix("test_"), op, opset, "", model, tuple(zip(names, given, strict=True)),
                tuple(wanted))


def _numeric(value: object) -> Array | None:
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    if not isinstance(value, (np.ndarray, np.generic)):
        return None
    array = np.asarray(value)
    return array if array.dtype in _NUMERIC else None


def _with_constants(case: Case) -> Case | None:
    """The case as it stands in real models: inputs but the first as initializers, outputs that may be left out left
    out; None if that changes nothing.
    """
    needed = _needed_outputs(case.model.graph.node[0], case.opset)
    if (len(case.inputs) < 2 and needed >= len(case.expected)) or len(case.model.graph.node) > 1 or \
            not case.inputs or any(not i.type.HasField("tensor_type") for i in case.model.graph.input):
        return None
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph = model.graph
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in case.inputs[1:])
    del graph.input[1:], graph.node[0].output[needed:]
    kept = [i for i, output in enumerate(graph.output) if output.name in graph.node[0].output]
    outputs = [graph.output[i] for i in kept]
    del graph.output[:]
    graph.output.extend(outputs)
    return replace(case, kind=CONSTANT, model=model, inputs=case.inputs[:1],
                   expected=tuple(case.expected[i] for i in kept))


def _needed_outputs(node: onnx.NodeProto, opset: int) -> int:
    """How many of the node's outputs, from the first, are not optional."""
    try:
        formal = onnx.defs.get_schema(node.op_type, opset, node.domain).outputs
    except onnx.defs.SchemaError:
        return len(node.output)
    optional = onnx.defs.OpSchema.FormalParameterOption.Optional
    return next((i for i, output in enumerate(formal) if output.option == optional), len(node.output))


def form_of(node: onnx.NodeProto) -> str:
    """A node's attributes as text: ``axis=1 keepdims=0``, sorted by name; tensors and graphs are left out."""
    words = []
    for attribute in sorted(node.attribute, key=lambda a: a.name):
        value = helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, (int, float, str)):
            words.append(f"{attribute.name}={value:g}" if isinstance(value, float) else f"{attribute.name}={value}")
        elif isinstance(value, list) and all(isinstance(v, int) for v in value):
            words.append(f"{attribute.name}={','.join(map(str, value))}")
    return " ".join(words)[:_FORM_CHARS]
