"""Logs: grammar (bytes to records), error codes, triage (cause before consequence)."""

from diag.logs.diagnosis import LogDiagnosis, Verdict
from diag.logs.triage import triage
from diag.logs.words import three_lines

__all__ = ["LogDiagnosis", "Verdict", "three_lines", "triage"]
