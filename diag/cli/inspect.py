"""What is this file: format, origin, inputs and outputs, operators, weights. No weight is read, nothing is run.

  diag inspect model.onnx model.mindir     one block each
  diag inspect model.onnx --json -         everything as one document

Exit code 2 if one of the files is not a model, or is damaged; the others are shown all the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diag.cli.elsewhere import reader_of
from diag.cli.terminal import put_json
from diag.errors import DiagError, FormatError
from diag.formats import compiled
from diag.formats.facts import ModelFacts, facts_of
from diag.formats.interface import ReadOptions, key_of
from diag.formats.registry import open_model
from diag.formats.tensor_dump import facts as dumps
from diag.machine import peak_bytes, versions
from diag.pipeline.facts import PipelineFacts, lines, pipeline_facts
from diag.report.numbers import nbytes
from diag.telling import lines as lines_of
from diag.types.tensor import TensorInfo
from diag.workspace.codec import to_json

_MANY = 12

Facts = ModelFacts | PipelineFacts | dumps.RecordingFacts


@dataclass(frozen=True, slots=True)
class _Refused:
    """A file that is no model, and why."""

    path: str
    error: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, and the key of encrypted ones."""
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="model files: ONNX, MindIR; "
                        "graph dumps of the Ascend compiler, OM and its JSON; pipeline.toml; tensor dumps of an NPU: "
                        "a file, or a folder of them")
    parser.add_argument("--key", default="",
                        help="key of an encrypted MindIR: its characters or their hexadecimal digits")


def run(args: argparse.Namespace) -> int:
    """0, or 2 if a file could not be read."""
    begin = time.perf_counter()
    options = ReadOptions(key_of(args.key))
    found = [_look(path, options, args.lang) for path in args.files]
    if args.json:
        _write(args.json, found, time.perf_counter() - begin)
    blocks = ["\n".join(_lines(one))
              for one in found if not isinstance(one, _Refused)]
    if blocks and args.json != "-" and not args.quiet:
        print("\n\n".join(blocks))
    refused = [one for one in found if isinstance(one, _Refused)]
    for one in refused:
        print("\n".join(one.error), file=sys.stderr)
    damaged = any(isinstance(one, dumps.RecordingFacts) and one.damaged for one in found)
    return DiagError.exit_code if refused or damaged else 0


def _lines(one: Facts) -> Iterator[str]:
    if isinstance(one, dumps.RecordingFacts):
        return dumps.lines(one)
    return iter(lines(one)) if isinstance(one, PipelineFacts) else _block(one)


def _look(path: Path, options: ReadOptions, lang: str) -> Facts | _Refused:
    try:
        if path.suffix.lower() == ".toml":
            return pipeline_facts(path)
        if dumps.looks_recorded(path):
            return dumps.recording_facts(path)
        if path.is_file() and compiled.sniff(path):
            return compiled.facts(compiled.read(path))
        return _model(path, options)
    except DiagError as error:
        return _Refused(str(path), tuple(lines_of(error, lang)))


def _model(path: Path, options: ReadOptions) -> ModelFacts:
    try:
        return facts_of(open_model(path, options))
    except FormatError:
        found = reader_of(path)
        if found is None:
            raise
        what, command = found
        raise FormatError(path, f"This is no model but {what}", hint=f"Read it with: {command} {path}") from None


def _write(where: str, found: list[Facts | _Refused], seconds: float) -> None:
    document = {
        "schema": "diag.inspect/1", "kind": "inspect",
        "verdict": "fail" if any(isinstance(one, _Refused) for one in found) else "pass", "findings": [],
        "environment": versions(),
        "timing": {"wall_s": seconds},
        "memory": {"peak_bytes": peak_bytes()}, "run": None,
        "files": [to_json(one) for one in found],
    }
    put_json(document, where)


def _block(facts: ModelFacts) -> Iterator[str]:
    yield facts.path
    yield _row("format", f"{_FORMATS.get(facts.format, facts.format)}, {nbytes(facts.size)}")
    yield from _origin(facts)
    yield from _tensors("inputs", facts.inputs)
    yield from _tensors("outputs", facts.outputs)
    if facts.dynamic:
        yield _row("dynamic", ", ".join(f"{where} = {size}" for where, size in facts.dynamic.items()))
    yield _row("nodes", f"{facts.nodes:,}")
    yield _row("", _listing([f"{op} {count:,}" for op, count in facts.ops.items()]))
    sizes = ", ".join(f"{dtype} {nbytes(size)}" for dtype, size in facts.weight_bytes.items())
    yield _row("weights", f"{facts.weights:,}" + (f": {sizes}" if sizes else ""))
    for file in facts.external:
        size = "MISSING" if file.size is None else nbytes(file.size)
        yield _row("external", f"{file.path}  {size}, {_count(file.weights, 'weight')}")
    functions = [f"{g.name} ({_count(g.nodes, 'node')})" for g in facts.inner if not g.where]
    subgraphs = [f"{g.where} ({_count(g.nodes, 'node')})" for g in facts.inner if g.where]
    for label, names in (("functions", functions), ("subgraphs", subgraphs)):
        if names:
            yield _row(label, f"{len(names):,}: {_listing(names)}")
    for note in facts.notes:
        yield _row("note", note)


_FORMATS = {"onnx": "ONNX", "mindir": "MindIR", "ge_proto": "graph dump of the Ascend compiler (ge_proto)",
            "ge_onnx": "graph dump of the Ascend compiler (ge_onnx)", "om": "OM, compiled for the Ascend",
            "om_json": "JSON that atc wrote of an OM"}
_COMPILED = {"stage": "stage", "soc_version": "chip", "atc_version": "compiler", "atc_cmdline": "command",
             "partitions": "parts", "tasks": "tasks", "om_shapes": "shapes"}


def _origin(facts: ModelFacts) -> Iterator[str]:
    known = facts.metadata
    maker = " ".join(filter(None, (known.get("made_by") or known.get("producer_name"), known.get("producer_version"))))
    if maker:
        yield _row("made by", maker)
    versions = [f"{words} {known[key]}" for key, words in (
        ("ir_version", "IR"), ("opsets", "operator sets"), ("model_version", "model version"),
        ("mind_ir_version", "MindIR version")) if key in known]
    if versions:
        yield _row("versions", ", ".join(versions))
    for key, label in _COMPILED.items():
        if known.get(key):
            yield _row(label, known[key][:200])
    if known.get("doc_string"):
        yield _row("says", " ".join(known["doc_string"].split())[:100])


def _tensors(label: str, infos: tuple[TensorInfo, ...]) -> Iterator[str]:
    if not infos:
        yield _row(label, "none")
    width = max((len(i.name) for i in infos), default=0)
    for info in infos:
        shape = "?" if info.shape is None else f"[{', '.join('?' if d is None else str(d) for d in info.shape)}]"
        yield _row(label, f"{info.name:<{width}}  {info.dtype.value} {shape}")
        label = ""


def _listing(items: list[str]) -> str:
    more = f" and {len(items) - _MANY} more" if len(items) > _MANY else ""
    return ", ".join(items[:_MANY]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _row(label: str, text: str) -> str:
    return f"  {label:<10}{text}"
