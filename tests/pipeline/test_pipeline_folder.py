"""The run folder of a pipeline: damaged, foreign and half-written files are said or left out, never believed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeline_samples import search
from test_pipeline_locate import chain

from diag.errors import DiagError, FormatError, UsageError
from diag.types.layer import Verdict
from diag.types.pipeline import SwapKind, SwapRun
from diag.workspace.pipelines import PipelineFolder, is_pipeline


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recorded")
    search(chain(home, 2.0, 0.6), home / "run", layers=False)
    return home / "run"


def test_other_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        PipelineFolder.create(tmp_path)
    with pytest.raises(FormatError, match="A pipeline's run folder is wanted"):
        PipelineFolder.open(tmp_path)
    assert not is_pipeline(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        PipelineFolder.create(tmp_path / "file" / "below")


def test_a_line_that_was_being_written_is_left_out(tmp_path: Path) -> None:
    folder = PipelineFolder.create(tmp_path / "run")
    run = SwapRun(SwapKind.SINGLE, ("unet",), Verdict.PASS, "fine", seconds=1.5)
    folder.append("k1", run)
    folder.append("k2", run)
    file = tmp_path / "run" / "runs.jsonl"
    file.write_text(file.read_text()[:-30])
    assert [(k, r.seconds) for k, r in folder.finished()] == [("k1", 1.5)]
    folder.close()


def test_pictures_latents_and_boundaries_come_back_as_they_were(tmp_path: Path) -> None:
    folder = PipelineFolder.create(tmp_path / "run")
    picture = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32)
    assert folder.save_picture("golden", b"png", picture) == "pictures/golden.png"
    kept = folder.picture("golden")
    assert kept is not None
    np.testing.assert_array_equal(kept, picture)
    folder.save_latents("golden", [picture, picture + 1])
    np.testing.assert_array_equal(folder.latents("golden")[1], picture + 1)
    folder.save_boundary("unet", 12, {"file": picture}, {"out": picture * 2})
    assert folder.boundary("unet", 12).name == "unet-012.npz"
    np.testing.assert_array_equal(np.load(folder.boundary("unet", 12))["file"], picture)
    assert folder.picture("nobody") is None
    assert folder.latents("nobody") == []
    folder.close()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_a_sentence(recorded: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = (recorded / "pipeline.json").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(0, 40))
    damaged = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + cut:]
    copy = tmp_path / "copy"
    copy.mkdir(exist_ok=True)
    (copy / "run.json").write_bytes((recorded / "run.json").read_bytes())
    (copy / "pipeline.json").write_bytes(damaged)
    (copy / "runs.jsonl").write_bytes(damaged + b"\n" + damaged)
    folder = PipelineFolder.open(copy)
    assert folder.finished() == []
    assert _opened(folder) in ("diagnosis", "refused")


def _opened(folder: PipelineFolder) -> str:
    try:
        folder.diagnosis()
    except DiagError as error:
        assert error.hint  # noqa: PT017 - a sentence without advice is no use
        return "refused"
    return "diagnosis"


@pytest.mark.parametrize("facts", [{}, {"kind": "pipeline"}, {"kind": "pipeline", "layout": "1"}, [],
                                   {"kind": "compare", "layout": 1}])
def test_a_mark_that_says_something_else(tmp_path: Path, facts: object) -> None:
    (tmp_path / "run.json").write_text(json.dumps(facts))
    with pytest.raises(FormatError):
        PipelineFolder.open(tmp_path)
