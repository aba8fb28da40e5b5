"""Recordings with damaged files give a verdict or a worded error, never a traceback, and no layer that lies passes."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from npu_model import recording, run

from diag.errors import DiagError


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    folder = tmp_path_factory.mktemp("good")
    model, done = recording(folder)
    return model, done.folder, done.graph


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("with_graph", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_damaged_recordings(tmp_path: Path, good: tuple[Path, Path, Path], seed: int, with_graph: bool) -> None:
    model, folder, graph = good
    rng = random.Random(seed)
    dumps = tmp_path / "dump"
    shutil.copytree(folder, dumps)
    files = sorted(dumps.iterdir())
    for _ in range(rng.randint(1, 4)):
        file = rng.choice(files)
        data = bytearray(file.read_bytes())
        what = rng.randrange(4)
        if what == 0:
            del data[rng.randrange(len(data)):]
        elif what == 1:
            for _ in range(rng.randint(1, 6)):
                data[rng.randrange(min(len(data), 200))] = rng.randrange(256)
        elif what == 2:
            at = rng.randrange(len(data))
            data[at:at + 64] = bytes(rng.randrange(256) for _ in range(64))
        else:
            data = bytearray(rng.choice(files).read_bytes())
        file.write_bytes(data or b"\0")
    text = graph.read_text()
    hurt = tmp_path / graph.name
    hurt.write_text(text[:rng.randrange(len(text))] if rng.random() < 0.3 else text)
    try:
        found = run(model, dumps, tmp_path / "run", graph=hurt if with_graph else None, checks=False)
    except DiagError as error:
        message = error.message
    else:
        message = found.verdict.value
    assert message
