"""The ``diag`` command. Each command is one file with HELP, ``add_arguments`` and ``run``; it is imported when used."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from diag import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    # name: (module, one line of help); the help stands here so that ``diag --help`` imports no command
    "demo": ("diag.cli.demo", "the whole story on the shipped samples: no NPU, no network"),
    "compare": ("diag.cli.compare", "layer by layer: is the target right, and which layer injects the error"),
    "inspect": ("diag.cli.inspect", "what is this file"),
    "reduce": ("diag.cli.reduce", "smallest failing sub-model as a repro bundle"),
    "lint": ("diag.cli.lint", "before conversion: which nodes will fail or be silently wrong, with the evidence"),
    "precision": ("diag.cli.precision", "what fp16 or bf16 would break, and what to keep in float32, without an NPU"),
    "pipeline": ("diag.cli.pipeline", "several models in a row: which of them is at fault"),
    "graph": ("diag.cli.graph", "graphs shown, compared pass by pass, searched: ONNX, MindIR, GE dumps, OM"),
    "fix": ("diag.cli.fix", "from a wrong converted model to a proved right one"),
    "log": ("diag.cli.log", "root cause in logs; error codes explained"),
    "runtime": ("diag.cli.runtime", "runtimes found, what is missing, how to get it"),
    "conformance": ("diag.cli.conformance", "which operators a runtime converts, runs and gets right"),
    "convert": ("diag.cli.convert", "ONNX to MindIR, proved by a first run; configurations examined"),
    "bench": ("diag.cli.bench", "how fast is it, and is the difference real: before and after"),
    "tune": ("diag.cli.tune", "AOE tuning: plan, run, results from elsewhere; speed and accuracy before and after"),
    "profile": ("diag.cli.profile", "where the time goes: hotspots of a profile, against another one"),
    "record": ("diag.cli.record", "record tensors on an Ascend server, and check what came back"),
    "report": ("diag.cli.report", "any recorded run again as HTML, CSV, JSON"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code of the contract."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words in (["--version"], ["-V"]):
        print(f"diag {__version__}")
        return 0
    from diag.cli.parse import execute

    return execute(words, COMMANDS)


def run() -> None:
    """Entry point of the installed script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
