"""The window on ``diag``. A map of the rooms; ``app`` imports ``diag``, nothing imports ``app``.

__main__ application window   start, languages and themes, the first window (light: nothing heavy before it is shown)
desk actions                  the docks around one Session, and what menus and keys do
session jobs                  what is open and selected; long work beside the event loop
settings theme assets i18n    what a user chose, colours by meaning, icons, translations
commands pairs problems       a job as a command line, files that belong together, errors told kindly
models                        tables over numpy columns, pictures of tensors; no widgets
views                         one dock each; they show a model and say what the user wants
dialogs                       new comparison, preferences, about, command palette, shortcuts
graph                         the canvas of graphs
pages                         one room a page beside the comparison: pipeline convert precision graphs performance logs
"""
