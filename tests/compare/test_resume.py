"""A comparison on a foreign runtime that is stopped does not ask the runtime again for what it has given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from diag.cancel import Cancel
from diag.compare.engine import compare
from diag.compare.plan import ComparePlan, InputChoice
from diag.errors import ToolFailed
from diag.events import Finished
from diag.runtimes.interface import Array, RunOptions, RuntimeSpec
from diag.runtimes.onnxruntime.session import ProgramSession
from diag.runtimes.reference import Reference
from diag.types.comparison import Comparison

PAIR = Path(str(files("resources"))) / "samples" / "text_encoder" / "defect"


class Counting:
    """A runtime that counts what it is asked; ``fails``: isolated runs end with an error."""

    def __init__(self, *, fails: bool) -> None:
        self.spec = RuntimeSpec("counting", "1")
        self.asked: list[str] = []
        self.fails = fails

    def open(self, path: Path, options: RunOptions, cancel: Cancel) -> ProgramSession:
        outer, inner = self, Reference().open(path, options, cancel)

        class Session(ProgramSession):
            def run(self, feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
                outer.asked.append("run")
                return inner.run(feeds, cancel)

            def observe(self, feeds: Mapping[str, Array], values: Sequence[str], cancel: Cancel) -> dict[str, Array]:
                outer.asked.append("observe")
                return inner.observe(feeds, values, cancel)

            def isolate(self, values: Sequence[str], feeds: Mapping[str, Array], cancel: Cancel) -> dict[str, Array]:
                outer.asked.append("isolate")
                if outer.fails:
                    raise ToolFailed("the device went away")
                return inner.isolate(values, feeds, cancel)

        return Session(inner.program, 1)


def plan(out: Path, seed: int = 0) -> ComparePlan:
    return ComparePlan(PAIR / "text_encoder.onnx", PAIR / "text_encoder.mindir", out, InputChoice(seed=seed),
                       checks=False)


def finish(runtime: Counting, given: ComparePlan) -> Comparison:
    *_, last = compare(given, runtime, Cancel())
    assert isinstance(last, Finished)
    return last.result


def test_what_was_captured_before_the_failure_is_not_asked_again(tmp_path: Path) -> None:
    broken, whole = Counting(fails=True), Counting(fails=False)
    with pytest.raises(ToolFailed, match="went away"):
        finish(broken, plan(tmp_path / "run"))
    assert broken.asked == ["run", "observe", "isolate"]
    found = finish(whole, plan(tmp_path / "run"))
    assert whole.asked == ["isolate"]
    assert "layer_norm1" in found.culprits[0].golden_node
    assert not (tmp_path / "run" / "captures").exists()


def test_other_inputs_use_nothing_of_it(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed):
        finish(Counting(fails=True), plan(tmp_path / "run"))
    other = Counting(fails=False)
    finish(other, plan(tmp_path / "run", seed=1))
    assert other.asked == ["run", "observe", "isolate"]
