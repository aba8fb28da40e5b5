"""The board: five submodels, every swap, the picture that came of it, and the step where it went wrong."""
