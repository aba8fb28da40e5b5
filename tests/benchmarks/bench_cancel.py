"""Seconds from Ctrl-C to the end of a command, at moments spread over its whole run, on the real converter and runtime.

    python tests/benchmarks/bench_cancel.py [--moments 5]

Each command is first run to its end, to know how long it takes; then it is started once for each moment and
interrupted there. Goal: it ends within a second, with exit code 130; none of its processes and no temporary file is
left.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples" / "pipeline"
UNET = str(SAMPLES / "healthy" / "onnx" / "unet" / "model.onnx")
ENCODER = str(SAMPLES / "defect" / "onnx" / "text_encoder" / "model.onnx")
MINDIR = str(SAMPLES / "defect" / "mindir" / "text_encoder.mindir")
COMMANDS = (
    ("pipeline", "locate", str(SAMPLES / "healthy" / "pipeline.toml"), "--runtime", "mindspore-lite"),
    ("compare", ENCODER, MINDIR, "--runtime", "mindspore-lite"),
    ("convert", UNET), ("fix", ENCODER, MINDIR), ("precision", UNET, "--dtype", "fp16"), ("lint", UNET),
    ("bench", MINDIR, MINDIR),
)
GOAL_S = 1.0
_MARK = "DIAG_BENCH_CANCEL"


def main() -> int:
    """Print the table; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=5)
    count = parser.parse_args().moments
    good = True
    for words in COMMANDS:
        whole = _interrupted(words, None)[0]
        # From the first half second on: before that there is nothing but an interpreter that is starting.
        moments = [0.5 + (whole - 0.6) * (i + 0.5) / count for i in range(count)]
        found = [_interrupted(words, moment) for moment in moments]
        taken = [seconds for seconds, code, *_ in found if code == 130]
        left, files = sum(f[2] for f in found), sum(f[3] for f in found)
        late = sum(code not in (130, 0, 1) for _, code, *_ in found)
        good = good and not left and not files and not late and bool(taken) and max(taken) <= GOAL_S
        shown = f"{min(taken):.2f} to {max(taken):.2f} s" if taken else "never interrupted"
        print(f"{' '.join(words[:2]) if words[0] == 'pipeline' else words[0]:16} whole {whole:5.1f} s; from Ctrl-C to "
              f"the end {shown} at {len(taken)} moments (goal {GOAL_S:g}); {left} processes and {files} "
              f"files left, {late} ended oddly")
    return 0 if good else 1


def _interrupted(words: Sequence[str], after_s: float | None) -> tuple[float, int, int, int]:
    """(seconds from the interrupt, or of the whole run, to its end; exit code; processes, temporary files left)."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as scratch:
        mark = f"{os.getpid()}-{time.monotonic_ns()}"
        process = subprocess.Popen(
            [sys.executable, "-c", "from diag.cli.main import run; run()", *words], cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "DIAG_HOME": folder, "TMPDIR": scratch, _MARK: mark,
                 "PYTHONPATH": str(SAMPLES.parents[2])})
        started = time.perf_counter()
        if after_s is not None:
            try:
                process.wait(after_s)
            except subprocess.TimeoutExpired:
                started = time.perf_counter()
                process.send_signal(signal.SIGINT)
        code = process.wait()
        ended = time.perf_counter() - started
        files = [p for p in Path(scratch).rglob("*") if p.name != ".ses"]  # that one is onnxruntime's
        return ended, code, _alive(mark), len(files)


def _alive(mark: str) -> int:
    """Processes of that run, by their environment."""
    wanted = f"{_MARK}={mark}".encode()
    found = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            found += wanted in (place / "environ").read_bytes()
        except OSError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
