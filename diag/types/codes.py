"""Finding codes: API, never renumbered. What each one says is in the catalogues of ``diag.rules``.

ACC accuracy, CNV conversion, PRF performance, LOG logs, ENV environment, PIP pipeline.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Codes by name. Severity and the values that each one's words need: ``diag.rules.codes.RULES``."""

    # the whole
    OUTPUT_DIFFERS = "ACC001"
    NO_CULPRIT = "ACC002"
    OUTPUT_NOT_COMPARABLE = "ACC003"
    OUTPUT_CONSTANT = "ACC004"
    OBSERVER_EFFECT = "ACC005"
    GOLDEN_UNSTABLE = "ACC006"
    GOLDEN_RANDOM = "ACC007"
    UNMATCHED_TENSORS = "ACC008"
    PRESET_BLIND = "ACC009"
    # a layer injects error because the target says something else
    ATTRIBUTE_DIFFERS = "ACC010"
    LAYERNORM_EPSILON = "ACC011"
    AXIS_DIFFERS = "ACC012"
    PADS_DIFFER = "ACC013"
    ACTIVATION_DIFFERS = "ACC014"
    LAYOUT_WRONG = "ACC015"
    DTYPE_DIFFERS = "ACC016"
    OPERATOR_MISSING = "ACC017"
    OPERATOR_EXTRA = "ACC018"
    SHAPE_DIFFERS = "ACC019"
    WEIGHTS_DIFFER = "ACC020"
    WEIGHTS_CHANNEL = "ACC021"
    WEIGHTS_SCALED = "ACC022"
    WEIGHTS_TRANSPOSED = "ACC023"
    WEIGHTS_FP16 = "ACC024"
    WEIGHTS_SATURATED = "ACC025"
    WEIGHTS_QUANTISED = "ACC026"
    BIAS_DROPPED = "ACC027"
    OUTPUT_NEAR_LIMIT = "ACC028"
    # the numbers themselves
    NONFINITE_FIRST = "ACC030"
    FP16_OVERFLOW = "ACC031"
    MASK_OVERFLOW = "ACC032"
    INTEGER_MISMATCH = "ACC033"
    # who computes it wrong
    ARITHMETIC = "ACC040"
    RUNTIME_WRONG = "ACC041"
    CONVERSION_WRONG = "ACC042"
    REASON_UNKNOWN = "ACC043"
    KNOWN_OPERATOR_DEFECT = "ACC044"
    LAYERNORM_THREADS = "ACC045"
    COS_NEAR_PI = "ACC046"
    AMPLIFIES = "ACC047"
    # what could not be judged, and inputs
    OPERATOR_NOT_COVERED = "ACC050"
    QUANTISED_LAYERS = "ACC051"
    DYNAMIC_SHAPE = "ACC052"
    INPUT_CAST = "ACC060"
    INPUT_NONFINITE = "ACC061"
    # surroundings
    ASCEND_ORIENTED = "ENV001"
    REFERENCE_INSTEAD = "ENV002"
