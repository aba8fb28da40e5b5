"""The command that does the same, of runs from the terminal and of runs from the window."""

from __future__ import annotations

import shlex
from dataclasses import replace

from report import factory

from app import commands
from diag.report.reproduce import command


def test_words_of_the_window_are_the_command():
    words = ["compare", "a b.onnx", "c.mindir", "--record", "/x/y"]
    found = replace(factory.comparison(14), options={"argv": words})
    assert shlex.split(command(found)) == ["diag", *words]
    job = commands.job_of(command(found))
    assert job is not None
    assert (str(job.plan.golden), job.plan.record) == ("a b.onnx", ("/x/y",))


def test_options_that_repeat_are_repeated():
    found = replace(factory.comparison(14), options={"record": "/x;/y", "own_input": False})
    words = shlex.split(command(found))
    assert [words[i + 1] for i, w in enumerate(words) if w == "--record"] == ["/x", "/y"]
    assert "--no-own-input" in words
    job = commands.job_of(command(found))
    assert job is not None
    assert not job.plan.own_input


def test_words_that_this_version_does_not_know_give_no_job():
    assert commands.job_of("diag compare a.onnx b.mindir --from-the-future") is None
