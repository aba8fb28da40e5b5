"""MindSpore Lite's converter, as a program or as a Python package: one plan for both, and no success unproved."""
