"""The last layer of a model: what nothing reads any more is judged all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import small_models
from onnx import helper
from small_models import value

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan
from diag.events import Finished


def test_a_final_output_of_a_model_in_several_pieces_is_a_layer_too(tmp_path: Path) -> None:
    """Its tensors are computed ahead, and no later node reads them: they must not be let go unjudged."""
    held = {f"w{i}": np.eye(8, dtype=np.float32) * np.float32(1 + i / 10) for i in range(6)}
    nodes = [helper.make_node("MatMul", [f"v{i}", f"w{i}"], [f"v{i + 1}" if i < 5 else "y"], f"fc{i}")
             for i in range(6)]
    ends = [value("v0", (40_000, 8))], [value("y", (40_000, 8))]
    golden = small_models.save(tmp_path / "g.onnx", nodes, *ends, held)
    wrong = small_models.save(tmp_path / "t.onnx", nodes, *ends, {**held, "w5": held["w5"] * np.float32(1.2)})
    *_, last = compare(ComparePlan(golden, wrong, tmp_path / "run", checks=False, budget=2**24), None, Cancel())
    assert isinstance(last, Finished)
    assert [c.golden_node for c in last.result.culprits] == ["fc5"]
