"""File names of dumps: what each form says; what is none is left alone."""

from __future__ import annotations

import pytest

from diag.formats.tensor_dump.names import FileName, parse, sanitised

GOOD = {
    # names that public documents and tickets quote
    "TransData.trans_TransData_1170.327.1619347786532995":
        FileName("no-stream", "TransData", "trans_TransData_1170", 327, time=1619347786532995),
    "Cast.trans_Cast_0.31.0.1675157077159449": FileName("standard", "Cast", "trans_Cast_0", 31, 0, 1675157077159449),
    "TransData.trans_TransData_22.112.21.948645536672764":
        FileName("standard", "TransData", "trans_TransData_22", 112, 21, 948645536672764),
    "ConcatV2D.concatv2.0.0.550288648": FileName("standard", "ConcatV2D", "concatv2", 0, 0, 550288648),
    "Conv2D.ffts_sgt_graph_0_A.8.3.1767225600000000.4.11.1.0":
        FileName("standard", "Conv2D", "ffts_sgt_graph_0_A", 8, 3, 1767225600000000, 11, 1),
    "Add.x.7.1.2.1767225600000000": FileName("numbered", "Add", "x", 1, 2, 1767225600000000),
    "Opdebug.Node_OpDebug.0.3.1767225600000050":
        FileName("overflow", "Opdebug", "Node_OpDebug", 0, 3, 1767225600000050),
    "Opdebug.Node_OpDebug.31.1619347786532995":
        FileName("overflow", "Opdebug", "Node_OpDebug", 31, time=1619347786532995),
    "exception_info.21.112.20220104.1": None,
    "exception_info.21.112.1619347786532995": FileName("exception", "exception_info", "", 112, 21, 1619347786532995),
    # one tensor a file
    "Conv2D.conv1.4.3.1767225600000274.output.0.npy":
        FileName("standard", "Conv2D", "conv1", 4, 3, 1767225600000274, side="output", slot=0, ending=".npy"),
    "Conv2D.conv1.4.3.1767225600000274.input.1.9x1x16x16.npy":
        FileName("standard", "Conv2D", "conv1", 4, 3, 1767225600000274, side="input", slot=1, rest="9x1x16x16",
                 ending=".npy"),
    "Conv2D.Conv2D-op107.2.2.1623124369613540.input.0.DefaultFormat.npy":
        FileName("standard", "Conv2D", "Conv2D-op107", 2, 2, 1623124369613540, side="input", slot=0,
                 rest="DefaultFormat", ending=".npy"),
    "MatMul.Default_fc-Dense_MatMul-op0.0.0.1637825733456789.output.0.FRACTAL_NZ.bfloat16.npy":
        FileName("standard", "MatMul", "Default_fc-Dense_MatMul-op0", 0, 0, 1637825733456789, side="output", slot=0,
                 rest="FRACTAL_NZ.bfloat16", ending=".npy"),
    "Conv2D._conv2_Conv.5.3.1767225600000000.csv":
        FileName("standard", "Conv2D", "_conv2_Conv", 5, 3, 1767225600000000, ending=".csv"),
    "_relu1_Relu.0.1767225600000000.npy":
        FileName("array", "", "_relu1_Relu", time=1767225600000000, slot=0, ending=".npy"),
    "Default.Conv2D-op1_input_0_shape_1_3_224_224_Float32_NCHW.bin":
        FileName("lite", "", "Default.Conv2D-op1", side="input", slot=0, ending=".bin", shape=(1, 3, 224, 224),
                 dtype="Float32", layout="NCHW"),
}


@pytest.mark.parametrize("name", list(GOOD))
def test_a_name_is_taken_apart(name: str) -> None:
    assert parse(name) == GOOD[name]


@pytest.mark.parametrize("name", ["", "a", "mapping.csv", "statistic.csv", "model.onnx", "dump.tar.gz", "a.b.c.d",
                                  "Add.x.1.2.3", ".hidden", "..", "acl.json", "Add.x.1.2.1767225600000000.txt",
                                  "Add.x.1.2.1767225600000000\n"])
def test_other_names_are_none(name: str) -> None:
    assert parse(name) is None


def test_names_of_operators_lose_their_separators() -> None:
    assert sanitised(r"/model/layers.0/a b\c") == "_model_layers_0_a_b_c"
