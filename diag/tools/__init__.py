"""External tools: command in, process out, output parsed. None of them is trusted to end, or to say the truth."""
