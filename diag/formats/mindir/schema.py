"""The MindIR messages as a table: which field number means what. Facts of the format, not generated code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from diag.types.dtype import DType


class Kind(StrEnum):
    """How the bytes of a field are to be read."""

    INT = "int"
    """A varint, signed 64 bits (bools and enums too)."""
    UINT = "uint"
    FLOAT = "float"
    DOUBLE = "double"
    TEXT = "text"
    BYTES = "bytes"
    SPAN = "span"
    """Bytes that stay where they are: only their place is kept."""
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message; ``message`` names the kind of a sub-message."""

    name: str
    kind: Kind
    repeated: bool = False
    message: str = ""


def _rows(text: str) -> dict[int, Field]:
    """Rows ``number name kind`` (``kind*`` is repeated; a kind with a capital is a message)."""
    fields = {}
    for line in text.strip().splitlines():
        number, name, kind = line.split()
        bare = kind.rstrip("*")
        message = bare if bare[0].isupper() else ""
        fields[int(number)] = Field(name, Kind.MESSAGE if message else Kind(bare), kind.endswith("*"), message)
    return fields


MESSAGES: dict[str, dict[int, Field]] = {
    "Model": _rows("""
        1 ir_version text
        2 producer_name text
        3 producer_version text
        4 domain text
        5 model_version text
        6 doc_string text
        7 graph Graph
        8 functions Graph*
        10 little_endian int
        12 primitives Primitive*
        13 mind_ir_version int
        14 user_info Entry*
    """),
    "Entry": _rows("""
        1 key text
        2 value text
    """),
    "Graph": _rows("""
        1 node Node*
        2 name text
        3 parameter Tensor*
        5 input ValueInfo*
        6 output ValueInfo*
        8 attribute Attribute*
        10 map_parameter MapTensor*
    """),
    "Node": _rows("""
        1 input text*
        2 output text*
        3 name text
        4 op_type text
        5 attribute Attribute*
        7 domain text
        8 node_attr Attribute*
        9 primal_attr Attribute*
    """),
    "ValueInfo": _rows("""
        1 name text
        2 tensor Tensor*
        4 denotation text
        5 attr_info Attribute
    """),
    "Tensor": _rows("""
        1 dims int*
        2 data_type int
        3 float_data float*
        4 int32_data int*
        5 string_data bytes*
        6 int64_data int*
        7 name text
        9 raw_data span
        10 double_data double*
        11 uint64_data uint*
        12 external_data External
        13 ref_key text
        14 min_dims int*
        15 max_dims int*
        16 compression_type int
        17 quant_params Quant*
    """),
    "External": _rows("""
        1 location text
        2 offset int
        3 length int
    """),
    "Quant": _rows("""
        1 quant_algo_name text
        2 attribute Attribute*
    """),
    "MapTensor": _rows("""
        1 name text
    """),
    "Attribute": _rows("""
        1 name text
        2 f float
        3 i int
        4 d double
        5 s bytes
        6 t Tensor
        7 g Graph
        8 floats float*
        9 doubles double*
        10 ints int*
        11 strings bytes*
        12 tensors Tensor*
        13 graphs Graph*
        15 ref_attr_name text
        16 type int
        17 values Attribute*
        18 seq_info SeqInfo
        19 functor Functor
        20 graph_holder span
    """),
    "SeqInfo": _rows("""
        1 is_dyn_len int
        2 tuple_elem_item Attribute
    """),
    "Functor": _rows("""
        1 type int
        2 name text
        3 values Attribute*
    """),
    "Primitive": _rows("""
        1 name text
        2 op_type text
        3 attribute Attribute*
        4 instance_name text
        5 prim_type int
    """),
}

DTYPES: dict[int, DType] = {
    1: DType.FLOAT32, 2: DType.UINT8, 3: DType.INT8, 4: DType.UINT16, 5: DType.INT16, 6: DType.INT32, 7: DType.INT64,
    8: DType.STRING, 9: DType.BOOL, 10: DType.FLOAT16, 11: DType.FLOAT64, 12: DType.UINT32, 13: DType.UINT64,
    14: DType.COMPLEX64, 15: DType.COMPLEX128, 16: DType.BFLOAT16, 17: DType.FLOAT64,
}
"""Element types by the number in ``Tensor.data_type``. 18 is a packed pair of 4-bit numbers: see ``QINT4X2``."""

QINT4X2 = 18

COMPRESSIONS = {1: "INDEXING", 2: "SPARSE", 3: "FSE", 4: "BIT_PACKING", 5: "FSE_INT", 6: "FSE_INFER"}


class AttrType(IntEnum):
    """What ``Attribute.type`` says the attribute holds; scalars have the numbers of ``DTYPES``."""

    UNDEFINED = 0
    FLOAT = 1
    INT32 = 6
    INT64 = 7
    STRING = 8
    BOOL = 9
    FLOAT16 = 10
    DOUBLE = 11
    BFLOAT16 = 16
    TENSOR = 17
    GRAPH = 18
    TENSORS = 19
    TUPLE = 20
    LIST = 21
    DICT = 22
    UMONAD = 23
    IOMONAD = 24
    NONE = 25
    PRIMITIVE_CLOSURE = 26
    FUNC_GRAPH_CLOSURE = 27
    PARTIAL_CLOSURE = 28
    UNION_FUNC_CLOSURE = 29
    CLASS_TYPE = 33
    TYPE_NULL = 36
