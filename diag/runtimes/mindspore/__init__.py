"""MindSpore, in a Python of its own: runs the MindIR that MindSpore exported."""
