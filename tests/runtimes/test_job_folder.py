"""Folders of the living are left alone, those of the dead give their space back and keep their logs."""

from __future__ import annotations

import subprocess
import sys

from diag.runtimes.job_folder import JobFolder


def names(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_it_goes_or_keeps_its_logs(tmp_path):
    for keep in (False, True):
        folder = JobFolder("x", tmp_path / "work")
        (folder.path / "process-1").mkdir()
        (folder.path / "process-1" / "worker.log").write_text("why")
        (folder.path / "feeds.pack").write_text("large")
        (folder.path / "w_variables").symlink_to(tmp_path)
        folder.close(keep_logs=keep)
        folder.close(keep_logs=False)
        assert folder.path.exists() == keep
    assert names(folder.path) == ["process-1/worker.log"]
    assert tmp_path.exists()


def test_what_a_killed_process_left(tmp_path):
    code = (f"import os; from pathlib import Path; from diag.runtimes.job_folder import JobFolder\n"
            f"folder = JobFolder('x', Path({str(tmp_path)!r})).path\n"
            "(folder / 'edit-1.mindir').write_text('large'); (folder / 'worker.log').write_text('why')\n"
            "print(folder); os._exit(9)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    (left,) = list(tmp_path.iterdir())
    assert done.stdout.strip() == str(left)
    assert names(left) == [".owner", "edit-1.mindir", "worker.log"]
    living = JobFolder("x", tmp_path)
    (living.path / "edit-1.mindir").write_text("in use")
    assert names(left) == ["worker.log"]
    other = JobFolder("x", tmp_path)
    assert names(living.path) == [".owner", "edit-1.mindir"]
    living.close(keep_logs=False)
    other.close(keep_logs=False)
    assert list(tmp_path.iterdir()) == [left]
