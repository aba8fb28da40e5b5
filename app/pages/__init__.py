"""The pages beside the comparison, one room each: ``table`` names them, ``interface`` says what a page is.

To add one: a folder with a subclass of ``Page``, a line in ``table.PAGES``, an icon in ``resources/icons``. A page is
imported when it is shown for the first time. It talks to nobody but its own work and, by signals, to the window.
``head`` is the strip with verdict, progress and buttons that every page has at its top.
``pane`` is a form with its results, log and job; ``fields`` are what forms are made of.
"""
