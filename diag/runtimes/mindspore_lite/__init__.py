"""MindSpore Lite, in a Python of its own: runs MindIR models and converts ONNX to MindIR."""
