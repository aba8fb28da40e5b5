"""Logs: grammar (bytes to records), error codes, triage (cause before consequence).

For other rooms: ``triage(paths)`` gives the whole diagnosis, ``three_lines`` its answer in words. A failure of a
program that we started is told by ``explain_failure(log, lang)`` (three lines, or none where the log is silent),
``cause_of(log, lang)`` (one sentence), ``failure_lines(error, lang)`` (an error with what its kept log says).
``diag.tools``, ``diag.jobs``, ``diag.cli`` and ``app`` may call them; ``diag.compare`` and ``diag.runtimes`` only keep
the log (``ToolFailed.log``) and let those above explain it.
"""

from diag.logs.diagnosis import LogDiagnosis, Verdict
from diag.logs.failure import cause_of, explain_failure, failure_lines
from diag.logs.source import text_source
from diag.logs.triage import triage
from diag.logs.words import three_lines

__all__ = ["LogDiagnosis", "Verdict", "cause_of", "explain_failure", "failure_lines", "text_source", "three_lines",
           "triage"]
