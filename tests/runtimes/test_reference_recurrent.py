"""LSTM in the reference runtime: a model of the real converter, against its ONNX original in onnxruntime.

The real runtime's own numbers are not compared here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus.families import FAMILIES
from corpus.make import Corpus, make
from corpus.mslite import MindSporeLite
from corpus.score import score


@pytest.mark.mslite
def test_a_converted_lstm_agrees_with_its_onnx(mslite_python: Path, tmp_path: Path) -> None:
    with MindSporeLite(mslite_python, tmp_path / ".work") as lite:
        pair = next(make(Corpus(tmp_path, lite, 0, {"lstm": FAMILIES["lstm"]}), "^healthy$"))
    found = score(pair, None, tmp_path / "run")
    assert found.error == ""
    assert found.verdict == "pass"
    assert found.culprits == ()
