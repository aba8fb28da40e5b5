"""The texts of a bundle: CANN's dump configuration, MindSpore Lite's runtime configuration, the commands."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from diag.recording.plan import RecordPlan

HERE = "@HERE@"
_GRAPH_SWITCH = {"all": "1", "no_weights": "2", "relations": "3"}


def acl_json(plan: RecordPlan) -> str:
    """``acl.json`` with a placeholder for the folder. Overflow detection and a list of layers exclude each other."""
    dump: dict[str, object] = {"dump_path": f"{HERE}/dump"}
    if plan.overflow:
        dump["dump_debug"] = "on"
    else:
        one: dict[str, object] = {"model_name": plan.name}
        if plan.layers:
            one["layer"] = list(plan.layers)
        dump |= {"dump_mode": plan.mode, "dump_op_switch": "off", "dump_list": [one]}
        if plan.data == "stats":
            dump |= {"dump_data": "stats", "dump_stats": ["Max", "Min", "Avg", "Nan", "Negative Inf", "Positive Inf"]}
        if plan.steps:
            dump["dump_step"] = plan.steps
    return json.dumps({"dump": dump}, indent=1, ensure_ascii=False) + "\n"


def runtime_ini(plan: RecordPlan) -> str:
    """The section that MindSpore Lite hands to CANN; no comment behind a value, because it would become part of it."""
    lines = ["[ascend_context]", f"dump_config_file={HERE}/acl.json"]
    lines += [f"{key}={value}" for key, value in (plan.config or {}).items()]
    return "\n".join(lines) + "\n"


def record_sh(plan: RecordPlan, model: str, inputs: Sequence[str]) -> str:
    """The commands for the server; ``inputs`` are the names in the model's order."""
    lines = [
        "#!/bin/sh",
        "# Runs the model on the Ascend device and records its tensors. Nothing outside this folder is written.",
        "# sh record.sh --cpu rehearses without a device: the model is built and run, no tensors are recorded.",
        "set -eu",
        'cd "$(dirname "$0")"',
        "here=$(pwd)",
        "export RECORD_TARGET=ascend",
        'if [ "${1:-}" = --cpu ]; then RECORD_TARGET=cpu; fi',
        'if [ $RECORD_TARGET = ascend ] && [ -z "${ASCEND_HOME_PATH:-}" ]; then',
        "  for file in /usr/local/Ascend/ascend-toolkit/set_env.sh /usr/local/Ascend/cann/set_env.sh; do",
        '    if [ -f "$file" ]; then set +u; . "$file"; set -u; break; fi',
        "  done",
        "fi",
        'if [ $RECORD_TARGET = ascend ] && [ -z "${ASCEND_HOME_PATH:-}" ]; then',
        '  echo "CANN is not set up in this shell: source its set_env.sh first" >&2; exit 3',
        "fi",
        "rm -rf dump graphs outputs.npz ran.json record.log && mkdir dump graphs",
        f'for name in acl.json runtime.ini; do sed "s#{HERE}#$here#g" "$name.in" > "$name"; done',
        f"export ASCEND_DEVICE_ID={plan.device}",
        "export ASCEND_PROCESS_LOG_PATH=$here/log ASCEND_GLOBAL_LOG_LEVEL=3 GLOG_v=2",
    ]
    if plan.graph != "off":
        level = "1" if plan.graph == "all" else "2"
        lines.append(f"export DUMP_GE_GRAPH={_GRAPH_SWITCH[plan.graph]} DUMP_GRAPH_LEVEL={level} "
                     "DUMP_GRAPH_PATH=$here/graphs")
    lines += [f"({_runner(plan, model, inputs)}) > record.log 2>&1 || failed=$?", 'tail -n 20 record.log',
              'if [ "${failed:-0}" -ne 0 ]; then echo "the run failed: see record.log" >&2; exit 4; fi',
              'files=$(find dump -type f | wc -l)', 'echo "$files files in $here/dump"',
              'echo "Copy this folder back, then: diag record check FOLDER"']
    return "\n".join(lines) + "\n"


def _runner(plan: RecordPlan, model: str, inputs: Sequence[str]) -> str:
    if plan.runner == "python":
        return '"${PYTHON:-python3}" run.py'
    data = ",".join(f"inputs/{i:03d}.bin" for i in range(len(inputs)))
    words = [f"--modelFile={model}", "--modelType=MindIR", f"--deviceId={plan.device}",
             f"--inDataFile={data}", "--configFile=runtime.ini", f"--loopCount={plan.runs}", "--warmUpLoopCount=0"]
    if plan.shapes:
        words.append("--inputShape=" + ";".join(f"{n}:{','.join(map(str, s))}" for n, s in plan.shapes.items()))
    device = '--device="$([ $RECORD_TARGET = ascend ] && echo Ascend || echo CPU)"'
    return f'"${{BENCHMARK:-benchmark}}" {device} ' + shlex.join(words)
