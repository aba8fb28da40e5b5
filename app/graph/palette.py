"""Colours of the graph by meaning."""

from __future__ import annotations

from dataclasses import dataclass

from app.graph.overlay import State
from app.theme import Theme


@dataclass(frozen=True, slots=True)
class GraphPalette:
    """Named colours, as #rrggbb; ``dark`` tells whether text is light on dark."""

    dark: bool
    canvas: str
    box: str
    frame: str
    frame_other: str
    text: str
    muted: str
    border: str
    edge: str
    accent: str
    passed: str
    watch: str
    failed: str
    none: str
    own: str

    @classmethod
    def of(cls, theme: Theme) -> GraphPalette:
        """The colours that fit a theme of the window."""
        return cls(theme.dark, theme.base, theme.raised, theme.window, theme.alternate, theme.text, theme.muted,
                   theme.border, "#707a88" if theme.dark else "#8d97a5", theme.accent, theme.passed, theme.watch,
                   theme.failed, theme.none, theme.injects)

    def state(self, state: State) -> str:
        """The colour of a state."""
        return {State.PASS: self.passed, State.WATCH: self.watch, State.FAIL: self.failed,
                State.NONE: self.border, State.ADDED: self.passed, State.REMOVED: self.failed,
                State.FUSED: self.own, State.CHANGED: self.watch}.get(state, self.none)
