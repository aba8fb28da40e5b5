"""diag compare with recordings that are broken, of something else, or lie: three lines and exit code 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from npu_dumps import TIME, Dumped, dump
from npu_model import recording

from diag.cli.main import main


def nothing(_: Path, __: Path) -> None:
    pass


def emptied(folder: Path, _: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def all_cut(folder: Path, _: Path) -> None:
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes()[:20])


def another(folder: Path, _: Path) -> None:
    import numpy as np

    emptied(folder, _)
    a = np.ones((2, 3, 9, 7), np.float32)
    (folder / f"Sin.stranger.1.0.{TIME}").write_bytes(dump("stranger", [Dumped(a, original=a.shape)],
                                                           [Dumped(-a, original=a.shape)]))


def graph_cut(_: Path, graph: Path) -> None:
    graph.write_bytes(graph.read_bytes()[:700])


def graph_gone(_: Path, graph: Path) -> None:
    graph.unlink()


def graph_binary(_: Path, graph: Path) -> None:
    graph.write_bytes(bytes(range(256)) * 4)


def weights_only_graph(_: Path, graph: Path) -> None:
    """Level 3 of the compiler's dumps: relations only."""
    lines = graph.read_text().splitlines()
    kept, inside = [], 0
    for line in lines:
        if inside or line.strip() in ("attr {", "input_desc {", "output_desc {"):
            inside += line.count("{") - line.count("}")
            continue
        kept.append(line)
    graph.write_text("\n".join(kept) + "\n")


BAD: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "an empty folder": (emptied, "Expected tensor dumps in this folder"),
    "every file cut short": (all_cut, "None of the dump files in this folder can be read"),
    "another model": (another, "is of another model"),
    "a graph cut in the middle": (graph_cut, ""),
    "no such graph": (graph_gone, "There is no such file"),
    "bytes for a graph": (graph_binary, "Expected a"),
}


@pytest.mark.parametrize("what", list(BAD))
def test_it_is_told_in_three_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    spoil, message = BAD[what]
    model, done = recording(tmp_path)
    spoil(done.folder, done.graph)
    words = ["compare", str(model), str(done.folder), "--out", str(tmp_path / "run"), "--progress", "none"]
    graph = ["--graph", str(done.graph)] if "graph" in what else []
    assert main([*words, *graph]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert message in "\n".join(said)
    assert len([line for line in said if line]) <= 3
    assert "Traceback" not in "\n".join(said)


def test_a_graph_of_relations_alone_still_serves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, done = recording(tmp_path)
    weights_only_graph(done.folder, done.graph)
    assert main(["compare", str(model), str(done.folder), "--graph", str(done.graph), "--out", str(tmp_path / "run"),
                 "--progress", "none"]) == 0
    assert "PASS" in capsys.readouterr().out


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, _ = recording(tmp_path)
    assert main(["compare", str(model), str(tmp_path / "gone"), "--progress", "none"]) == 2
    assert "There is no such file" in capsys.readouterr().err


def test_a_recording_cannot_be_reduced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, done = recording(tmp_path)
    assert main(["reduce", str(model), str(done.folder), "--out", str(tmp_path / "bundle"), "--progress", "none"]) == 2
    assert "A recording cannot be cut down" in capsys.readouterr().err
    assert not (tmp_path / "bundle").exists()


def test_the_command_that_measures_it_again_names_no_runtime(tmp_path: Path) -> None:
    from npu_model import run

    from diag.report import reproduce

    model, done = recording(tmp_path)
    assert reproduce.command(run(model, done.folder, tmp_path / "run")) == f"diag compare {model} {done.folder}"
