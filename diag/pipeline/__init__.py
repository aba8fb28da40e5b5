"""Several models in a row: which of them is at fault.

    from diag.pipeline import attach, locate_in

put a diffusers ONNX pipeline's submodels under watch, and search the user's own call (see ``diag.pipeline.adapter``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diag.pipeline.adapter import Attached, Proxy, attach, locate_in

__all__ = ["Attached", "Proxy", "attach", "locate_in"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """The adapter is loaded when it is asked for: nothing else here needs its runtimes."""
    if name in __all__:
        from diag.pipeline import adapter

        return getattr(adapter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
