"""Graphs of models: a hierarchy by name scope, laid out in layers, painted by one painter.

tree overlay model      what is shown: scopes from names, what a comparison says of each node; no Qt
order layout scene      where it is shown: ranks and crossings, coordinates, a spatial index; no Qt
palette paint canvas    how it is shown: colours, one painter with levels of detail, mouse and keys
minimap pane view       the widget: two sides kept in step, search, failures, matching by hand, export
"""
