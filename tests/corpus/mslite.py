"""The real converter and runtime in their own long-lived process; a crash costs one answer, not the corpus."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
WORKER = Path(__file__).with_name("mslite_worker.py")


class MindSporeLiteError(Exception):
    """The converter or the runtime refused, or crashed."""


class MindSporeLite:
    """MindSpore Lite in another Python. ``work`` keeps the exchanged arrays and the native log (mslite.log)."""

    def __init__(self, python: Path, work: Path) -> None:
        self.python, self.work = python, work
        self.version = ""
        self._process: subprocess.Popen[str] | None = None
        work.mkdir(parents=True, exist_ok=True)

    def convert(self, onnx_file: Path, mindir: Path) -> None:
        """Writes ``mindir``, mode 0644. Raises MindSporeLiteError."""
        self._ask(do="convert", onnx=str(onnx_file.resolve()), out=str(mindir.resolve().with_suffix("")))

    def run(self, mindir: Path, feeds: dict[str, Array], threads: int = 1) -> list[Array]:
        """The outputs in the model's order. Raises MindSporeLiteError."""
        inputs, outputs = (self.work / "feeds.npz").resolve(), (self.work / "outputs.npz").resolve()
        np.savez(inputs, **feeds)
        self._ask(do="run", mindir=str(mindir.resolve()), inputs=str(inputs), out=str(outputs), threads=threads)
        with np.load(outputs) as kept:
            return [kept[f"o{index}"] for index in range(len(kept.files))]

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[str]:
        with (self.work / "mslite.log").open("ab") as log:
            process = subprocess.Popen([self.python, "-u", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=log, text=True)
        self._process = process
        self.version = str(self._answer(process)["version"])
        return process

    def _ask(self, **request: Any) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = self._answer(process)
        if not answer["ok"]:
            raise MindSporeLiteError(f"{request['do']}: {answer['error']}")
        return answer

    def _answer(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            code = process.wait()
            self.close()
            raise MindSporeLiteError(f"the process died ({code}); see {self.work / 'mslite.log'}")
        answer: dict[str, Any] = json.loads(line)
        return answer
