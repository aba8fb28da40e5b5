"""The same model under an older operator set, for converters that misread newer ones."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import shape_inference, version_converter

from diag.formats.onnx.infos import text
from diag.rewrites.interface import Site
from diag.rewrites.model import Model
from diag.rewrites.norms import GroupNormDecomposed, LayerNormDecomposed
from diag.types.codes import Code

TARGETS = (14, 15, 16)
"""What MindSpore Lite 2.0.0 reads right, the one with most experience first."""
_FAILURES = (RuntimeError, ValueError, TypeError, LookupError, onnx.checker.ValidationError,
             version_converter.ConvertError, shape_inference.InferenceError)


class OpsetLowered:
    """Opset 17 and above as 14 (or 15, 16 where an operator has no older form)."""

    name = "opset_lowered"
    code = Code.REWRITE_OPSET

    def sites(self, model: Model) -> Sequence[Site]:
        """The whole model, where it is newer and can be said in an older set."""
        if model.opset <= TARGETS[-1]:
            return []
        lowered = _lowered(model)
        return [Site(f"opset {model.opset}", "model", f"opset {lowered.opset}")] if lowered is not None else []

    def apply(self, model: Model, sites: Sequence[Site]) -> None:
        """Normalisations that are new in opset 17 and 18 are decomposed on the way."""
        lowered = _lowered(model) if sites else None
        if lowered is not None:
            model.proto = lowered.proto
            model.changed()


def _lowered(model: Model) -> Model | None:
    plain = model.copy()
    for rewrite in (LayerNormDecomposed(), GroupNormDecomposed()):
        found = rewrite.sites(plain)
        if found:
            rewrite.apply(plain, found)
    for target in TARGETS:
        proto = _converted(plain, target)
        if proto is not None:
            lowered = Model(proto, model.path)
            lowered.changed()
            return lowered
    return None


def _converted(model: Model, target: int) -> onnx.ModelProto | None:
    try:
        proto = version_converter.convert_version(model.proto, target)
    except _FAILURES:
        return None
    # The converter invents names for what it adds, and forgets to say which domains it kept.
    known = {text(o.domain) for o in proto.opset_import}
    proto.opset_import.extend(o for o in model.proto.opset_import if text(o.domain) not in known)
    proto.ir_version = min(model.proto.ir_version, 8)
    try:
        onnx.checker.check_model(proto, full_check=False)
    except _FAILURES:
        return None
    return proto
