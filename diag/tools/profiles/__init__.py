"""Profiles of every tool as one form: msprof, framework profilers, onnxruntime, MindSpore Lite's benchmark."""

from __future__ import annotations

from diag.tools.profiles.reader import read_profile

__all__ = ["read_profile"]
