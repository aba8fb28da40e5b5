"""What is no model, but read by another command: told by name and first bytes, for ``diag inspect``."""

from __future__ import annotations

import re
from pathlib import Path

_HEAD = 65_536
_DEEP = 4

_TEXTS: tuple[tuple[str, str, str], ...] = (
    # what its beginning holds, what it is, and the command
    ((r"\A[^\n]*\b(op name|op type|kernel_name|accelerator core)\b[^\n]*[,;\t]|\A\s*[\[{][\s\S]*\"ph\"[\s\S]*\"ts\""
      r"|^\s*op(name|type)\s+(avg\(ms\)|cycles|cache|frontend)"), "a profile", "diag profile"),
    (r"\"(opat|sgat)\"|\"tuning_name\"|\[aoe\]", "a result of AOE", "diag tune --import"),
    (r"^\s*(model = .+avgruntime|modelpath =|start unified benchmark run|markaccuracy)",
     "output of MindSpore Lite's benchmark", "diag bench --import"),
    (r"^\s*\[(ascend_context|acl_\w+|aoe_\w+|ge_\w+_options|common_quant_param|full_quant_param|micro_param|registry)\]",
     "a configuration of the converter", "diag convert --check-config"),
    ((r"^\s*\[(debug|info|warning|error|event|critical)\] [a-z]\w*\(|^traceback \(most recent call last\):"
      r"|convert\w* result |^\s*[ew][a-z0-9]\d{4}: |^(debug|info|warning|error) \["), "a log", "diag log triage"),
)
_FOLDERS: tuple[tuple[str, str, str], ...] = (
    (r"(op_summary|op_statistic|task_time|kernel_details).*\.csv|msprof.*\.json", "a profile", "diag profile"),
    (r"ge_(proto|onnx)_\d+.*\.(txt|pbtxt)", "dumps of the Ascend compiler", "diag graph show"),
    (r"aoe_result_.*\.json", "a result of AOE", "diag tune --import"),
    (r".*\.log(\.\d+)?(\.gz)?", "a log", "diag log triage"),
)


def reader_of(path: Path) -> tuple[str, str] | None:
    """What ``path`` is, and the command that reads it; None if nothing tells."""
    if path.is_dir():
        names = [p.name for p in path.rglob("*") if len(p.relative_to(path).parts) <= _DEEP]
        return next(((what, command) for pattern, what, command in _FOLDERS
                     if any(re.fullmatch(pattern, name, re.IGNORECASE) for name in names)), None)
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    return next(((what, command) for pattern, what, command in _TEXTS
                 if re.search(pattern, head, re.IGNORECASE | re.MULTILINE)), None)
