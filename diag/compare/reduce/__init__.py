"""The smallest part of two models that still shows the error, as a folder that somebody else can run.

plan, result          what is asked for, and what came out
answers, values       which golden tensor each target value answers; the tensors of a whole run, by name
regions               sets of target nodes: around one, or between two
parts, onnx_cut       a region as model files, and the golden nodes that it answers
trial                 a region with its inputs and expected outputs; whether it shows the error
search                the smallest one that does
again                 whether converting the golden part makes the fault again
bundle, document, readme, scripts   the folder
engine                all of it in order
"""
