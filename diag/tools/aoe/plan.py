"""A tuning, resolved once: the converter's configuration, AOE's command lines, the variables, a script with all."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diag.errors import UsageError

PHRASES = {"subgraph": "subgraph tuning", "operator": "operator tuning"}
NUMBERS = {"subgraph": "1", "operator": "2"}
PRECISIONS = ("force_fp16", "force_fp32", "cube_fp16in_fp32out", "allow_mix_precision", "allow_mix_precision_fp16",
              "allow_mix_precision_bf16", "allow_fp32_to_fp16", "must_keep_origin_dtype")
_FRAMEWORKS = {".onnx": "5", ".air": "1", ".pb": "3"}


@dataclass(frozen=True, slots=True)
class TunePlan:
    """One tuning.

    Attributes:
        model: the ONNX model.
        folder: where plan, results and tuned models go.
        jobs: subgraph, operator or both; subgraphs are always tuned first, because splitting them changes shapes.
        through: "converter" (MindSpore Lite tunes while it converts) or "aoe" (the command by itself).
        shapes: fixed shapes by input name.
        dynamic: shapes with -1 by input name, ``profiles`` the sizes for them.
        optimize: of the converter; tuning needs ascend_oriented.
        precision: precision_mode in the converter's words, "" its default.
        device: number of the NPU.
        bank: folder of the knowledge bank; None is AOE's own choice.
        config: further converter options by section; what tuning needs wins.
    """

    model: Path
    folder: Path
    jobs: tuple[str, ...] = ("subgraph", "operator")
    through: str = "converter"
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dynamic: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    profiles: tuple[tuple[int, ...], ...] = ()
    optimize: str = "ascend_oriented"
    precision: str = ""
    device: int = 0
    bank: Path | None = None
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def checked(plan: TunePlan) -> TunePlan:
    """The plan with its jobs in the order that AOE needs. Raises UsageError."""
    if not plan.model.is_file():
        raise UsageError("There is no such file", where=f"in {plan.model}", hint="Check the path")
    unknown = [job for job in plan.jobs if job not in PHRASES]
    if unknown or not plan.jobs:
        raise UsageError(f"There is no tuning job '{', '.join(unknown)}'", hint="Jobs are: subgraph, operator")
    wrong = [p for p in plan.profiles if len(p) != sum(d == -1 for shape in plan.dynamic.values() for d in shape)]
    if wrong:
        raise UsageError(f"A profile has {len(wrong[0])} sizes", where=f"profile {','.join(map(str, wrong[0]))}",
                         hint="One size for each -1 of the dynamic shapes, in their order")
    jobs = tuple(job for job in PHRASES if job in plan.jobs)
    return TunePlan(plan.model.absolute(), plan.folder.absolute(), jobs, plan.through, plan.shapes, plan.dynamic,
                    plan.profiles, plan.optimize, plan.precision, plan.device, plan.bank, plan.config)


def converter_config(plan: TunePlan, *, tune: bool = True) -> dict[str, dict[str, str]]:
    """Sections for the converter: with tuning, or (``tune`` false) only what makes it use the bank."""
    sections = {name: dict(values) for name, values in plan.config.items()}
    context = sections.setdefault("ascend_context", {})
    if plan.precision:
        context["precision_mode"] = plan.precision
    if tune:
        context["aoe_mode"] = ", ".join(PHRASES[job] for job in plan.jobs)
    else:
        context.pop("aoe_mode", None)
    if plan.dynamic:
        build = sections.setdefault("acl_build_options", {})
        build["input_format"] = "ND"
        build["input_shape"] = _shapes(plan.dynamic)
        if plan.profiles:
            build["ge.dynamicDims"] = ";".join(",".join(map(str, p)) for p in plan.profiles)
    # Without it a kernel that an earlier conversion compiled is used again, and the tuned one never.
    sections.setdefault("acl_init_options", {})["ge.op_compiler_cache_mode"] = "force"
    return sections


def ini(sections: Mapping[str, Mapping[str, str]]) -> str:
    """The sections as the converter reads them: no comments, no quotes, one key a line."""
    return "\n".join(line for name, values in sections.items() if values
                     for line in (f"[{name}]", *(f"{key}={value}" for key, value in values.items()), "")) + ""


def aoe_command(plan: TunePlan, job: str, program: str = "aoe") -> list[str]:
    """The command line of one job. Raises UsageError for a model that it does not read."""
    framework = _FRAMEWORKS.get(plan.model.suffix.lower())
    if framework is None:
        raise UsageError(f"aoe does not read {plan.model.suffix or 'such'} files", where=f"in {plan.model}",
                         hint="Give the ONNX model")
    words = [program, f"--framework={framework}", f"--model={plan.model}", f"--job_type={NUMBERS[job]}",
             f"--output={plan.folder / plan.model.stem}_{job}", f"--device={plan.device}", "--progress_bar=off"]
    if plan.dynamic:
        words += ["--input_format=ND", f"--input_shape={_shapes(plan.dynamic)}"]
        if plan.profiles:
            words.append("--dynamic_dims=" + ";".join(",".join(map(str, p)) for p in plan.profiles))
    elif plan.shapes:
        words.append(f"--input_shape={_shapes(plan.shapes)}")
    mode = raw_precision(plan.precision)
    return words + ([f"--precision_mode={mode}"] if mode else [])


def raw_precision(mode: str) -> str:
    """AOE's word for the converter's precision mode; UsageError for what neither knows (precision_mode_v2 …)."""
    known = {"": "", "enforce_fp16": "force_fp16", "preferred_fp32": "allow_fp32_to_fp16",
             "enforce_fp32": "force_fp32", "enforce_origin": "must_keep_origin_dtype",
             "preferred_optimal": "allow_mix_precision", **{p: p for p in PRECISIONS}}
    if mode not in known:
        raise UsageError(f"There is no precision mode '{mode}'", hint=f"Modes are: {', '.join(k for k in known if k)}")
    return known[mode]


def variables(plan: TunePlan) -> dict[str, str]:
    """Variables for AOE and for the conversions around it: the same bank for all, results into the folder."""
    found = {"ASCEND_WORK_PATH": str(plan.folder), "ASCEND_DEVICE_ID": str(plan.device)}
    if plan.bank is not None:
        found["TUNE_BANK_PATH"] = str(plan.bank.absolute())
    return found


def converter_command(plan: TunePlan, name: str, *, config: str, program: str = "converter_lite") -> list[str]:
    """The command line of one conversion to ``folder/name``.mindir."""
    words = [program, "--fmk=ONNX", f"--modelFile={plan.model}", f"--outputFile={plan.folder / name}",
             "--saveType=MINDIR", f"--optimize={plan.optimize}", f"--configFile={plan.folder / config}"]
    return words + ([f"--inputShape={_shapes(plan.shapes)}"] if plan.shapes and not plan.dynamic else [])


def commands(plan: TunePlan) -> list[list[str]]:
    """All command lines in order: before, tuning, after, and the proofs."""
    found = [converter_command(plan, "before", config="plain.ini")]
    if plan.through == "converter":
        found.append(converter_command(plan, "after", config="tune.ini"))
    else:
        found += [aoe_command(plan, job) for job in plan.jobs]
        found.append(converter_command(plan, "after", config="plain.ini"))
    before, after = plan.folder / "before.mindir", plan.folder / "after.mindir"
    device = f"ascend:{plan.device}"
    found.append(["diag", "bench", str(before), str(after), "--device", device])
    found += [["diag", "compare", str(plan.model), str(m), "--device", device] for m in (before, after)]
    return found


def write(plan: TunePlan) -> list[Path]:
    """``tune.ini``, ``plain.ini`` and ``tune.sh`` in the folder, which moves to the server as it is."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    files = {"tune.ini": ini(converter_config(plan)), "plain.ini": ini(converter_config(plan, tune=False)),
             "tune.sh": "\n".join(_script(plan)) + "\n"}
    for name, text in files.items():
        (plan.folder / name).write_text(text, encoding="utf-8")
    (plan.folder / "tune.sh").chmod(0o755)
    return [plan.folder / name for name in files]


def _script(plan: TunePlan) -> Iterator[str]:
    yield "#!/bin/sh"
    yield "# Before: source the set_env.sh of CANN, put converter_lite on PATH, and see that the NPU is idle."
    yield "# MODEL=… names the ONNX model where it lies on this machine."
    yield "set -e"
    yield 'cd "$(dirname "$0")"'
    yield f"""[ -n "$MODEL" ] || MODEL={shlex.quote(plan.model.name)}"""
    for name, value in variables(plan).items():
        said = '"$PWD"' if value == str(plan.folder) else shlex.quote(value)
        yield f"export {name}={said}"
    for words in commands(plan):
        # What diag finds out ends with 1; the other proof is wanted all the same.
        yield " ".join(_here(word, plan) for word in words) + (" || true" if words[0] == "diag" else "")


def _here(word: str, plan: TunePlan) -> str:
    """A word of the script: the model by its variable, files of the folder relative to it."""
    before, model, after = word.partition(str(plan.model))
    if model:
        return f"""{before and shlex.quote(before)}"$MODEL"{after and shlex.quote(after)}"""
    return shlex.quote(word.replace(f"{plan.folder}/", "./"))


def _shapes(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ";".join(f"{name}:{','.join(map(str, shape))}" for name, shape in shapes.items())
