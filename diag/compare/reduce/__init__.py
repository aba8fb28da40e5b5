"""The smallest part of two models that still shows the error, as a folder that somebody else can run.

plan, result          what is asked for, and what came out
answers, values       which golden tensor each target value answers; the tensors of a whole run, by name
regions               sets of target nodes: around one, or between two
golden_part, target_part, onnx_cut   a region as model files
piece, trial          a region with its inputs and expected outputs; whether it shows the error
search                the smallest one that does
bundle, readme, scripts   the folder
"""
