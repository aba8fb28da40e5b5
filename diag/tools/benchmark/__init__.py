"""MindSpore Lite's ``benchmark``: its command line, and everything that it prints."""

from __future__ import annotations

from diag.tools.benchmark.flags import BenchmarkCall, command
from diag.tools.benchmark.output import BenchmarkOutput, Timing, parse

__all__ = ["BenchmarkCall", "BenchmarkOutput", "Timing", "command", "parse"]
