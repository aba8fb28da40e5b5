"""Quantised values."""

from __future__ import annotations

from diag.runtimes.reference.lowering import Lower

OPERATORS: dict[str, Lower] = {}
