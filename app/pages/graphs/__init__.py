"""Graphs of every kind in the window: one graph, two side by side, or a compilation pass by pass.

page      what is open, and the jobs that read it
slider    the compiler's passes in their order
"""
