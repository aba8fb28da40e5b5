"""Graphs of models: a hierarchy by name scope, laid out in layers, painted by one painter.

tree bodies             where nodes belong: scopes from names, graphs inside nodes; no Qt
overlay model           what is shown: the hierarchy, what a comparison says of each node; no Qt
order layout scene      where it is shown: ranks and crossings, coordinates, a spatial index; no Qt
prepare                 the work of a thread: models, layouts, scenes; no Qt
palette glyphs labels   how it is shown: colours, pictures of the states, words
paint boxes edges       one painter with levels of detail, each within a budget of pixels
canvas minimap pane     mouse and keys, the overview, one side with its thread
view bar describe       the widget: two sides kept in step, search, failures, matching by hand, export
"""
