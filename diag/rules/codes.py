"""Every finding code with its usual severity and the values that its words need.

``Finding.subject`` is always there as ``{subject}``. A layer's finding has the golden node as subject and ``op``, the
golden operator. ``golden`` and ``target`` are the two sides as short text or numbers, ``name`` is the attribute or
weight. Errors are plain numbers: the words format them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diag.types.codes import Code
from diag.types.finding import Evidence, Finding, Severity

__all__ = ["RULES", "Code", "Rule", "finding"]

INFO, WATCH, FAIL = Severity.INFO, Severity.WATCH, Severity.FAIL


@dataclass(frozen=True, slots=True)
class Rule:
    """How bad a finding usually is, and the names of the values that it must carry."""

    severity: Severity
    values: tuple[str, ...] = ()


_BOTH_SIDES = ("op", "name", "golden", "target")

RULES: Mapping[Code, Rule] = {
    Code.OUTPUT_DIFFERS: Rule(FAIL, ("metric", "error", "limit")),
    Code.OUTPUT_NEAR_LIMIT: Rule(WATCH, ("metric", "error", "limit")),
    Code.NO_CULPRIT: Rule(WATCH, ("metric", "error")),
    Code.OUTPUT_NOT_COMPARABLE: Rule(FAIL, ("reason",)),
    Code.OUTPUT_CONSTANT: Rule(FAIL, ("value",)),
    Code.OBSERVER_EFFECT: Rule(WATCH, ("error",)),
    Code.GOLDEN_UNSTABLE: Rule(WATCH, ("error", "condition")),
    Code.GOLDEN_RANDOM: Rule(WATCH, ("nodes",)),
    Code.UNMATCHED_TENSORS: Rule(INFO, ("golden", "target")),
    Code.PRESET_BLIND: Rule(WATCH, ("preset", "count")),
    Code.ATTRIBUTE_DIFFERS: Rule(FAIL, _BOTH_SIDES),
    Code.LAYERNORM_EPSILON: Rule(FAIL, _BOTH_SIDES),
    Code.AXIS_DIFFERS: Rule(FAIL, _BOTH_SIDES),
    Code.PADS_DIFFER: Rule(FAIL, _BOTH_SIDES),
    Code.ACTIVATION_DIFFERS: Rule(FAIL, ("op", "golden", "target")),
    Code.LAYOUT_WRONG: Rule(FAIL, ("op", "golden", "target")),
    Code.DTYPE_DIFFERS: Rule(FAIL, ("op", "golden", "target")),
    Code.OPERATOR_MISSING: Rule(FAIL, ("op",)),
    Code.OPERATOR_EXTRA: Rule(FAIL, ("op", "target")),
    Code.SHAPE_DIFFERS: Rule(FAIL, ("op", "golden", "target")),
    Code.WEIGHTS_DIFFER: Rule(FAIL, ("op", "name", "error")),
    Code.WEIGHTS_CHANNEL: Rule(FAIL, ("op", "name", "channels")),
    Code.WEIGHTS_SCALED: Rule(FAIL, ("op", "name", "factor")),
    Code.WEIGHTS_TRANSPOSED: Rule(FAIL, _BOTH_SIDES),
    Code.WEIGHTS_FP16: Rule(WATCH, ("op", "name", "error")),
    Code.WEIGHTS_SATURATED: Rule(FAIL, ("op", "name", "golden", "target")),
    Code.WEIGHTS_QUANTISED: Rule(WATCH, ("op", "name", "target")),
    Code.BIAS_DROPPED: Rule(FAIL, ("op", "name")),
    Code.NONFINITE_FIRST: Rule(FAIL, ("op", "kind", "count")),
    Code.FP16_OVERFLOW: Rule(FAIL, ("op", "largest", "count")),
    Code.MASK_OVERFLOW: Rule(FAIL, ("op", "golden", "target")),
    Code.INTEGER_MISMATCH: Rule(FAIL, ("op", "count", "size")),
    Code.ARITHMETIC: Rule(FAIL, ("op", "runtime", "error")),
    Code.RUNTIME_WRONG: Rule(FAIL, ("op", "runtime", "error", "reference_error")),
    Code.CONVERSION_WRONG: Rule(FAIL, ("op", "error", "reference_error")),
    Code.REASON_UNKNOWN: Rule(FAIL, ("op", "error")),
    Code.KNOWN_OPERATOR_DEFECT: Rule(FAIL, ("op", "runtime", "wrong", "tests")),
    Code.LAYERNORM_THREADS: Rule(FAIL, ("op", "runtime", "threads")),
    Code.COS_NEAR_PI: Rule(WATCH, ("op", "runtime", "error")),
    Code.AMPLIFIES: Rule(WATCH, ("op", "factor")),
    Code.OPERATOR_NOT_COVERED: Rule(INFO, ("op", "count")),
    Code.QUANTISED_LAYERS: Rule(INFO, ("count",)),
    Code.DYNAMIC_SHAPE: Rule(INFO, ("shape",)),
    Code.INPUT_CAST: Rule(INFO, ("golden", "target")),
    Code.INPUT_NONFINITE: Rule(WATCH, ("nan", "inf")),
    Code.PRECISION_NAN: Rule(FAIL, ("op", "dtype", "count", "source", "path")),
    Code.PRECISION_MASK: Rule(WATCH, ("op", "dtype", "value", "name")),
    Code.PRECISION_OVERFLOW: Rule(FAIL, ("op", "dtype", "count", "largest", "limit")),
    Code.PRECISION_WEIGHT: Rule(FAIL, ("op", "dtype", "name", "count", "largest", "limit")),
    Code.PRECISION_ZERO: Rule(WATCH, ("op", "dtype", "name", "value")),
    Code.PRECISION_UNDERFLOW: Rule(INFO, ("op", "dtype", "percent")),
    Code.PRECISION_SENSITIVE: Rule(WATCH, ("op", "dtype", "ratio", "error")),
    Code.PRECISION_OUTPUT: Rule(FAIL, ("dtype", "reason")),
    Code.PRECISION_ENOUGH: Rule(INFO, ("dtype", "error")),
    Code.PRECISION_PLAN: Rule(INFO, ("dtype", "count", "before", "after", "percent")),
    Code.PRECISION_NO_PLAN: Rule(FAIL, ("dtype", "after")),
    Code.PRECISION_PROVED: Rule(INFO, ("error",)),
    Code.PRECISION_NOT_PROVED: Rule(WATCH, ("reason",)),
    Code.PRECISION_NEAR: Rule(WATCH, ("op", "dtype", "largest", "factor")),
    Code.PRECISION_INPUT: Rule(FAIL, ("dtype", "count", "limit")),
    Code.ASCEND_ORIENTED: Rule(FAIL),
    Code.REFERENCE_INSTEAD: Rule(INFO, ("reason",)),
    Code.RECORDING_NOT_RUN: Rule(FAIL),
    Code.RECORDING_FAILED: Rule(FAIL, ("log",)),
    Code.RECORDING_REHEARSED: Rule(WATCH),
    Code.RECORDING_EMPTY: Rule(FAIL, ("name",)),
    Code.RECORDING_OTHER_MODEL: Rule(FAIL, ("found", "expected")),
    Code.RECORDING_DAMAGED: Rule(FAIL, ("count", "names")),
    Code.RECORDING_LOST_LAYERS: Rule(WATCH, ("count", "names")),
    Code.RECORDING_NO_GRAPH: Rule(WATCH, ("folder",)),
    Code.RECORDING_NONFINITE: Rule(WATCH, ("count",)),
    Code.RECORDING_CHANGED: Rule(FAIL),
    Code.SLOWER: Rule(WATCH, ("other", "percent", "ratio", "low", "high")),
    Code.FASTER: Rule(INFO, ("other", "percent", "ratio", "low", "high")),
    Code.SPEED_SAME: Rule(INFO, ("other", "ratio", "low", "high")),
    Code.SPEED_UNKNOWN: Rule(INFO, ("other", "ratio")),
    Code.TIMES_DRIFT: Rule(WATCH, ("percent",)),
    Code.TIMES_NOISY: Rule(WATCH, ("percent",)),
    Code.TIMES_OUTLIERS: Rule(INFO, ("count", "runs", "largest", "median")),
    Code.REFERENCE_TIMED: Rule(INFO),
    Code.BENCHMARK_FAILED: Rule(FAIL, ("reason",)),
    Code.BENCHMARK_BIAS: Rule(WATCH, ("bias", "limit")),
    Code.HOTSPOT: Rule(INFO, ("op", "percent", "time")),
    Code.AI_CPU_TASKS: Rule(WATCH, ("count", "percent", "ops")),
    Code.LAYOUT_WORK: Rule(WATCH, ("count", "percent", "ops")),
    Code.DEVICE_IDLE: Rule(WATCH, ("percent", "time", "largest")),
    Code.FEW_BLOCKS: Rule(WATCH, ("count", "percent", "cores", "ops")),
    Code.MEMORY_BOUND: Rule(INFO, ("count", "percent", "ops")),
    Code.CUBE_LOW: Rule(WATCH, ("use", "percent", "ops")),
    Code.CUBE_FLOAT32: Rule(WATCH, ("count", "percent", "ops")),
    Code.TRANSFERS: Rule(WATCH, ("count", "percent", "time")),
    Code.SLOWER_THAN_OTHER: Rule(WATCH, ("op", "time", "other", "difference")),
    Code.ROWS_UNREADABLE: Rule(WATCH, ("count", "first")),
    Code.TUNED: Rule(INFO, ("before", "after", "percent", "operators")),
    Code.TUNING_FAILED: Rule(FAIL, ("reason",)),
    Code.TUNING_NO_EFFECT: Rule(WATCH, ("before", "after")),
    Code.TUNING_CACHE: Rule(WATCH, ("value",)),
    Code.TUNING_OLD_VERSION: Rule(WATCH, ("version",)),
    Code.TUNING_PHRASE: Rule(FAIL, ("value", "wanted")),
    Code.TUNING_NOTHING_LEFT: Rule(INFO, ("hits", "total")),
    Code.TUNING_ACCURACY: Rule(FAIL, ("before", "after")),
    Code.TUNING_NOT_CONFIRMED: Rule(WATCH, ("percent", "ratio", "low", "high")),
    Code.TUNING_NOT_HERE: Rule(INFO, ("missing",)),
    Code.TUNING_ACCURACY_KEPT: Rule(INFO, ("before", "after")),
    Code.SUBMODEL_WRONG: Rule(FAIL, ("output", "error", "ratio", "call", "calls")),
    Code.SUBMODEL_NONFINITE: Rule(FAIL, ("output", "count", "call", "calls")),
    Code.SUBMODEL_FAILED: Rule(FAIL, ("reason", "where", "hint")),
    Code.SUBMODEL_HIDDEN: Rule(FAIL, ("output",)),
    Code.SUBMODEL_NEAR_LIMIT: Rule(WATCH, ("output", "error", "ratio")),
    Code.ERRORS_MASK: Rule(FAIL, ("first", "second")),
    Code.ERROR_AMPLIFIED: Rule(WATCH, ("error", "step_error", "last_error", "steps")),
    Code.NO_SUBMODEL: Rule(WATCH, ("reason",)),
    Code.NOT_SWAPPED: Rule(INFO),
    Code.RANDOM_REPLACED: Rule(WATCH, ("nodes",)),
    Code.TARGET_RANDOM: Rule(FAIL, ("nodes",)),
    Code.TARGET_UNSTABLE: Rule(WATCH, ("error",)),
    Code.GOLDEN_NOISE: Rule(WATCH, ("psnr",)),
    Code.PICTURE_FLAGGED: Rule(WATCH),
    Code.CONVERT_FAILED: Rule(FAIL, ("tool", "ending", "reason")),
    Code.CONVERT_CRASHED: Rule(FAIL, ("tool", "ending", "reason")),
    Code.CONVERT_HUNG: Rule(FAIL, ("tool", "ending", "reason")),
    Code.CONVERT_MEMORY: Rule(FAIL, ("tool", "limit", "reason")),
    Code.CONVERTED_NOT_RUNNING: Rule(FAIL, ("runtime", "reason")),
    Code.CONVERTED_WRONG: Rule(FAIL, ("runtime", "output", "reason")),
    Code.CONVERTED_UNCHECKED: Rule(WATCH, ("reason",)),
    Code.CONVERT_ERRORS_HARMLESS: Rule(INFO, ("count", "first")),
    Code.CONVERT_NO_OUTPUT: Rule(FAIL, ("tool", "reason")),
    Code.UNSUPPORTED_OPERATORS: Rule(FAIL, ("tool", "operators")),
    Code.OPTION_OF_OTHER_VERSION: Rule(WATCH, ("option", "version", "since")),
    Code.CONVERTED_ELSEWHERE: Rule(INFO, ("runtime",)),
    Code.CONVERT_FP16_IGNORED: Rule(WATCH, ("version",)),
    Code.REWRITE_CHANGES: Rule(FAIL, ("rewrite", "output", "error", "limit")),
    Code.CONFIG_INLINE_COMMENT: Rule(FAIL, ("key", "value", "comment")),
    Code.CONFIG_ILLEGAL_LINE: Rule(FAIL, ("text", "reason")),
    Code.CONFIG_INDENTED_COMMENT: Rule(FAIL, ("text",)),
    Code.CONFIG_UNKNOWN_SECTION: Rule(FAIL, ("close",)),
    Code.CONFIG_UNKNOWN_KEY: Rule(FAIL, ("section", "key", "close")),
    Code.CONFIG_BAD_VALUE: Rule(FAIL, ("key", "value", "expected")),
    Code.CONFIG_SEPARATOR: Rule(FAIL, ("key", "value", "expected")),
    Code.CONFIG_PROFILES: Rule(FAIL, ("key", "reason")),
    Code.CONFIG_CONTRADICTION: Rule(FAIL, ("first", "second", "reason")),
    Code.CONFIG_AOE_CACHE: Rule(WATCH, ("key",)),
    Code.CONFIG_VERSION: Rule(WATCH, ("section", "key", "version", "reason")),
    Code.CONFIG_DUPLICATE: Rule(WATCH, ("section", "key", "first")),
    Code.CONFIG_NO_SECTION: Rule(FAIL, ("text",)),
    Code.CONFIG_NO_FILE: Rule(FAIL, ("key", "path")),
    Code.CONFIG_BYTES: Rule(FAIL, ("what",)),
    Code.CONFIG_NOTHING: Rule(WATCH),
    Code.REWRITE_SHAPES: Rule(INFO, ("count",)),
    Code.REWRITE_FOLDED: Rule(INFO, ("count",)),
    Code.REWRITE_UNUSED_INPUT: Rule(INFO, ("count",)),
    Code.REWRITE_SHARED: Rule(INFO, ("count",)),
    Code.REWRITE_LAYER_NORM: Rule(INFO, ("count",)),
    Code.REWRITE_GROUP_NORM: Rule(INFO, ("count",)),
    Code.REWRITE_INSTANCE_NORM: Rule(INFO, ("count",)),
    Code.REWRITE_TRANSPOSE: Rule(INFO, ("count",)),
    Code.REWRITE_EINSUM: Rule(INFO, ("count",)),
    Code.REWRITE_ACTIVATION: Rule(INFO, ("count",)),
    Code.REWRITE_ISNAN: Rule(INFO, ("count",)),
    Code.REWRITE_WHERE: Rule(INFO, ("count",)),
    Code.REWRITE_MASK: Rule(INFO, ("count",)),
    Code.REWRITE_OPSET: Rule(INFO),
}


def finding(code: Code, subject: str, *, severity: Severity | None = None, evidence: Iterable[Evidence] = (),
            **values: Any) -> Finding:  # noqa: ANN401 - facts of many types
    """A finding with its usual severity; TypeError where a value that its words need is not given."""
    rule = RULES[code]
    absent = [name for name in rule.values if name not in values]
    if absent:
        raise TypeError(f"{code.name} needs {', '.join(absent)}")
    return Finding(str(code), severity or rule.severity, subject, values, tuple(evidence))
