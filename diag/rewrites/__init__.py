"""ONNX to ONNX: the same model said in other operators, where a converter or a runtime cannot take the first wording.

A rewrite is offered where it applies, shown as a difference, proved to change nothing, and only then used.
``interface`` says what one is, ``registry`` lists them all, ``apply`` makes and proves the new file.
"""
