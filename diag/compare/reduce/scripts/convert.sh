#!/bin/sh
# Converts golden.onnx of this bundle again, with converter_lite of the MindSpore Lite package, and runs the result.
# Needs converter_lite on the PATH (and its libraries on LD_LIBRARY_PATH); else take: python convert.py
set -e
cd "$(dirname "$0")"
converter_lite --fmk=ONNX --modelFile=golden.onnx --outputFile=converted --saveType=MINDIR --optimize=general
python3 repro.py --target converted.mindir
