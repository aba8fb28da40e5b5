"""The few facts of an operation that a diff needs, straight from the printer's lines.

A message's fields stand in the order of their numbers: a tensor's type, shape and layout before its attributes.
"""

from __future__ import annotations

import re

from diag.formats.ge_dump.textproto import unescaped
from diag.formats.ge_dump.values import dtype, layout_named
from diag.types.ge import GeSketch, GeTensor

_KEY = b'      key: "%s"\n      value {\n'
_END = b"\n    }\n"
_TEXT = rb'"((?:[^"\\\n]|\\[^\n])*)"'
_STRING = re.compile(rb"        (?:  )?s: " + _TEXT + rb"\n")
_VALUE = re.compile(rb'(?:        list \{\n(?:          (?:s: "(?:[^"\\\n]|\\[^\n])*"|val_type: \w+)\n)*        \}\n'
                    rb'|        s: "(?:[^"\\\n]|\\[^\n])*"\n)      \}\Z')
_OUTPUT = b"    output_desc {\n"
_FIELD = re.compile(rb"      (name|dtype|layout): (?:" + _TEXT + rb"|(\w+))\n|        dim: (-?\d+)\n")


def sketch(text: bytes) -> GeSketch | None:
    """Of an operation as it stands in the file; None where its lines are not as expected."""
    originals = _strings(text, b"_datadump_original_op_names")
    types, passes = _strings(text, b"_datadump_original_op_types"), _strings(text, b"pass_name")
    if originals is None or types is None or passes is None:
        return None
    return GeSketch(originals[0] if originals else None, types[0] if types else (), passes[0] if passes else (),
                    tuple(_outputs(text)))


def _strings(text: bytes, key: bytes) -> list[tuple[str, ...]] | None:
    """The attribute's texts in a list of one; [] where there is no such attribute, None where it is otherwise."""
    at = text.find(_KEY % key)
    if at < 0:
        # The name may still stand there in another layout.
        return None if b'"%s"' % key in text and b'key: "%s"' % key in text else []
    start = at + len(_KEY % key)
    value = text[start:text.find(_END, start)]
    if _VALUE.match(value) is None:
        return None
    texts = (unescaped(found).decode("utf-8", "replace") for found in _STRING.findall(value))
    return [tuple(t for t in texts if t)]


def _outputs(text: bytes) -> list[GeTensor]:
    found = []
    at = 0 if text.startswith(_OUTPUT) else text.find(b"\n" + _OUTPUT) + 1
    while at > 0 or (at == 0 and text.startswith(_OUTPUT)):
        end = text.find(_END, at)
        inner = text.find(b"\n      attr {\n", at, end)
        found.append(_tensor(text[at + len(_OUTPUT):(inner if inner >= 0 else end) + 1]))
        at = text.find(b"\n" + _OUTPUT, end) + 1
    return found


def _tensor(text: bytes) -> GeTensor:
    name, kind, layout, shape = "", "", "", []
    for match in _FIELD.finditer(text):
        word, quoted, bare, size = match.groups()
        if size is not None:
            shape.append(int(size))
        elif word == b"dtype":
            kind = (bare or b"").decode()
        elif word == b"name":
            name = unescaped(quoted or b"").decode("utf-8", "replace")
        else:
            layout = unescaped(quoted or b"").decode("utf-8", "replace")
    return GeTensor(name, dtype(kind), layout_named(layout), tuple(shape))
