"""Convert golden.onnx of this bundle again with MindSpore Lite's Converter, run the result, print its error.

    python convert.py          in the Python that has mindspore_lite

Exit code 1: the fresh conversion has the error. 0: it has not. 3: mindspore_lite is not in this Python.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Convert, then repro.py on what came out."""
    try:
        import mindspore_lite as lite
    except ImportError:
        sys.stderr.write("mindspore_lite is not in this Python (convert.sh uses converter_lite instead)\n")
        return 3
    bundle = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    sys.stdout.write(f"converter: mindspore_lite {lite.__version__}\n")
    sys.stdout.flush()
    converter = lite.Converter()
    converter.save_type = lite.ModelType.MINDIR
    converter.optimize = bundle["convert"]["optimize"]
    made = HERE / "converted.mindir"
    if made.exists():
        made.unlink()
    converter.convert(fmk_type=lite.FmkType.ONNX, model_file=str(HERE / bundle["golden_file"]),
                      output_file=str(made.with_suffix("")))
    # The library holds on to the process: the new model runs in one of its own.
    return subprocess.call([sys.executable, str(HERE / "repro.py"), "--target", str(made)])


if __name__ == "__main__":
    sys.exit(main())
