"""Field numbers of GE's messages, for the binary form. Source: the open schema ge_ir.proto.

A kind is ``str``, ``int`` (signed), ``bool``, ``float``, ``ints`` (repeated, packed or not), ``floats``, the name of
another message, or ``skip`` for bytes that may be large and are not wanted.
"""

from __future__ import annotations

from collections.abc import Mapping

Fields = Mapping[int, tuple[str, str]]

MESSAGES: Mapping[str, Fields] = {
    "ModelDef": {1: ("name", "str"), 2: ("version", "int"), 3: ("custom_version", "str"), 7: ("graph", "GraphDef"),
                 11: ("attr", "Entry")},
    "GraphDef": {1: ("name", "str"), 4: ("input", "str"), 5: ("output", "str"), 6: ("op", "OpDef"),
                 11: ("attr", "Entry")},
    "OpDef": {1: ("name", "str"), 2: ("type", "str"), 5: ("input", "str"), 10: ("attr", "Entry"),
              20: ("has_out_attr", "bool"), 21: ("id", "int"), 22: ("stream_id", "int"), 23: ("input_name", "str"),
              24: ("src_name", "str"), 25: ("src_index", "ints"), 26: ("dst_name", "str"), 27: ("dst_index", "ints"),
              28: ("input_i", "ints"), 29: ("output_i", "ints"), 30: ("workspace", "ints"),
              31: ("workspace_bytes", "ints"), 32: ("is_input_const", "ints"), 33: ("input_desc", "TensorDescriptor"),
              34: ("output_desc", "TensorDescriptor"), 35: ("subgraph_name", "str")},
    "Entry": {1: ("key", "str"), 2: ("value", "AttrDef")},
    "TensorDescriptor": {1: ("name", "str"), 2: ("dtype", "int"), 3: ("shape", "ShapeDef"), 4: ("layout", "str"),
                         5: ("attr", "Entry"), 10: ("size", "int"), 11: ("weight_size", "int"),
                         18: ("data_offset", "int")},
    "ShapeDef": {1: ("dim", "ints")},
    "TensorDef": {1: ("desc", "TensorDescriptor"), 2: ("data", "skip")},
    "NamedAttrs": {1: ("name", "str"), 2: ("attr", "Entry")},
    "AttrDef": {1: ("list", "ListValue"), 2: ("s", "str"), 3: ("i", "int"), 4: ("f", "float"), 5: ("b", "bool"),
                7: ("bt", "skip"), 10: ("func", "NamedAttrs"), 11: ("td", "TensorDescriptor"), 12: ("t", "TensorDef"),
                13: ("g", "GraphDef"), 14: ("list_list_int", "ListListInt"), 15: ("dt", "int"),
                17: ("expression", "str")},
    "ListValue": {2: ("s", "str"), 3: ("i", "ints"), 4: ("f", "floats"), 5: ("b", "ints"), 7: ("bt", "skip"),
                  8: ("td", "TensorDescriptor"), 9: ("t", "TensorDef"), 10: ("g", "GraphDef"), 11: ("na", "NamedAttrs"),
                  12: ("dt", "ints"), 20: ("val_type", "int")},
    "ListListInt": {1: ("list_list_i", "ListInt")},
    "ListInt": {1: ("list_i", "ints")},
}
