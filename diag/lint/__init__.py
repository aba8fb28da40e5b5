"""Before a conversion: will each node of an ONNX model convert, build, run and be right, by measured evidence."""
