"""How fast, tuned how much, and where the time goes: one page with three panes.

``page`` holds the panes, ``pane`` says what one is; ``bench`` ``tune`` ``profile`` are they. A form speaks the command
line (``words``), so that what runs is what "copy as command" copies. ``accept`` tells whose a file is.
"""
