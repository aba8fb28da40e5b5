"""What keys say together: contradictions, profiles against shapes, tuning against the compiler's cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diag.rules.codes import finding
from diag.tools.converter_config.known import PRECISION_MODES, Version
from diag.tools.converter_config.parse import ConfigFile
from diag.tools.converter_config.remark import Remark
from diag.tools.converter_config.values import context_profiles_in, profile_problems, profiles_in, shapes_in
from diag.types.codes import Code
from diag.types.finding import Evidence, Severity

MOST_PROFILES = 100
_CACHE = "ge.op_compiler_cache_mode"
_CONTEXT, _BUILD, _INIT = "ascend_context", "acl_build_options", "acl_init_options"

Config = Mapping[str, Mapping[str, str]]


def about_whole(file: ConfigFile, version: Version) -> Iterator[Remark]:
    """Remarks that need more than one key."""
    told = file.values()
    yield from _profiles(file, told)
    yield from _contradictions(file, told)
    yield from _aoe(file, told)
    context = told.get(_CONTEXT, {})
    shapes = shapes_in(context.get("input_shape", ""))
    static = shapes is not None and all(d != -1 for shape in shapes.values() for d in shape)
    if version >= (2, 3) and static:
        yield Remark(finding(
            Code.CONFIG_VERSION, "input_shape", section=_CONTEXT, key="input_shape",
            version=".".join(map(str, version)), severity=Severity.INFO,
            reason="From 2.3 on fixed shapes belong to --inputShape; here the key is meant for dynamic ones. The old "
            "use still works.", evidence=_place(file, _CONTEXT, "input_shape")))


def _profiles(file: ConfigFile, told: Config) -> Iterator[Remark]:
    for section, key in ((_BUILD, "ge.dynamicDims"), ("ge_graph_options", "ge.dynamicDims"),
                         ("ge_session_options", "ge.dynamicDims")):
        values = told.get(section, {})
        shapes = shapes_in(values.get("input_shape", values.get("ge.inputShape", "")))
        if key in values:
            for reason in profile_problems(shapes, profiles_in(values[key]) or [], MOST_PROFILES):
                yield _profile(file, section, key, reason)
        elif section == _BUILD and shapes and any(-1 in s for s in shapes.values()) \
                and not {"ge.dynamicBatchSize", "ge.dynamicImageSize", "input_shape_rang"} & values.keys():
            yield _profile(file, section, "input_shape", "Sizes are -1, and no profile says which they may take "
                           "(ge.dynamicDims).")
    context = told.get(_CONTEXT, {})
    groups = context_profiles_in(context.get("dynamic_dims", ""))
    if groups is not None:
        yield from _context_profiles(file, context, groups)


def _context_profiles(file: ConfigFile, context: Mapping[str, str], groups: list[list[tuple[int, ...]]]
                      ) -> Iterator[Remark]:
    shapes = shapes_in(context.get("input_shape", ""))
    if any(group != groups[0] for group in groups):
        yield _profile(file, _CONTEXT, "dynamic_dims", "All inputs must have the same profiles here.")
    for reason in profile_problems(None, groups[0], MOST_PROFILES):
        yield _profile(file, _CONTEXT, "dynamic_dims", reason)
    if shapes is None:
        yield _profile(file, _CONTEXT, "dynamic_dims", "There is no input_shape with -1 beside it.")
        return
    varying = [sum(d == -1 for d in shape) for shape in shapes.values() if -1 in shape]
    if len(varying) != len(groups):
        yield _profile(file, _CONTEXT, "dynamic_dims",
                       f"{len(groups)} inputs have profiles, and {len(varying)} inputs have a -1.")
    elif any(len(p) != width for group, width in zip(groups, varying, strict=True) for p in group):
        yield _profile(file, _CONTEXT, "dynamic_dims", "A profile has not as many sizes as its input has -1s.")
    if any(width > 2 for width in varying) or any(
            shape.count(-1) == 2 and (len(shape) != 4) for shape in shapes.values()):
        yield _profile(file, _CONTEXT, "dynamic_dims", "Only the batch, or height and width of an input of four sizes, "
                       "may vary here; use ge.dynamicDims in [acl_build_options].")


def _profile(file: ConfigFile, section: str, key: str, reason: str) -> Remark:
    return Remark(finding(Code.CONFIG_PROFILES, key, key=key, reason=reason, evidence=_place(file, section, key)))


def _contradictions(file: ConfigFile, told: Config) -> Iterator[Remark]:
    context = told.get(_CONTEXT, {})
    mode = PRECISION_MODES.get(context.get("precision_mode", ""), context.get("precision_mode", ""))
    raw = {s: told[s]["ge.exec.precision_mode"] for s in told if "ge.exec.precision_mode" in told[s]}
    for section, value in raw.items():
        if mode and value != mode:
            yield _against(file, (_CONTEXT, "precision_mode"), (section, "ge.exec.precision_mode"),
                           f"The first means {mode}, the second says {value}.")
    for section, key in ((_INIT, "ge.exec.modify_mixlist"), (_BUILD, "ge.exec.modify_mixlist"),
                         (_CONTEXT, "mixprecision_list_path")):
        chosen = {mode, *raw.values()} - {""}
        if key in told.get(section, {}) and not any(v.startswith("allow_mix_precision") for v in chosen):
            yield _against(file, (section, key), (_CONTEXT, "precision_mode"),
                           "A list for mixed precision only counts with allow_mix_precision (preferred_optimal).")
    pairs = (
        ((_CONTEXT, "input_shape"), (_BUILD, "input_shape"), "Only one of them reaches the compiler."),
        ((_CONTEXT, "dynamic_dims"), (_BUILD, "ge.dynamicDims"), "Only one of them reaches the compiler."),
        ((_BUILD, "ge.dynamicDims"), (_BUILD, "ge.dynamicBatchSize"), "The compiler takes one kind of dynamic sizes."),
        ((_BUILD, "ge.dynamicDims"), (_BUILD, "ge.dynamicImageSize"), "The compiler takes one kind of dynamic sizes."),
        ((_BUILD, "ge.dynamicBatchSize"), (_BUILD, "ge.dynamicImageSize"),
         "The compiler takes one kind of dynamic sizes."),
        ((_CONTEXT, "profiling_path"), (_CONTEXT, "dump_path"), "Profiling and dumping exclude each other."),
        ((_CONTEXT, "profiling_config_file"), (_CONTEXT, "dump_config_file"),
         "Profiling and dumping exclude each other."),
        ((_CONTEXT, "plugin_custom_ops"), (_CONTEXT, "enable_custom_op"), "The second is the old name of the first."),
        ((_INIT, _CACHE), (_BUILD, _CACHE), "They say different things."))
    for first, second, reason in pairs:
        one, other = (told.get(s, {}).get(k) for s, k in (first, second))
        if one is not None and other is not None and not (first[1] == second[1] == _CACHE and one == other):
            yield _against(file, first, second, reason)
    if context.get("provider") == "ge" and {_BUILD} & told.keys():
        yield _against(file, (_CONTEXT, "provider"), (_BUILD, next(iter(told[_BUILD]))),
                       "With provider=ge the [ge_…] sections count and [acl_build_options] does not.")


def _against(file: ConfigFile, first: tuple[str, str], second: tuple[str, str], reason: str) -> Remark:
    return Remark(finding(Code.CONFIG_CONTRADICTION, first[1], first=f"{first[1]} of [{first[0]}]",
                          second=f"{second[1]} of [{second[0]}]", reason=reason,
                          evidence=[*_place(file, *first), *_place(file, *second)]))


def _aoe(file: ConfigFile, told: Config) -> Iterator[Remark]:
    tuned = "aoe_mode" in told.get(_CONTEXT, {}) or "job_type" in told.get("aoe_global_options", {})
    modes = [told[s][_CACHE] for s in (_INIT, _BUILD) if _CACHE in told.get(s, {})]
    if not tuned or modes == ["force"] or (modes and set(modes) == {"force"}):
        return
    there = any(name == _INIT for name, _ in file.sections)
    added = () if modes else ((f"{_CACHE}=force",) if there and file.sections[-1][0] == _INIT
                              else ("", f"[{_INIT}]", f"{_CACHE}=force"))
    if modes:
        section = next(s for s in (_INIT, _BUILD) if told.get(s, {}).get(_CACHE, "force") != "force")
        line = next(e.line for e in file.entries if e.section == section and e.key == _CACHE)
        yield Remark(finding(Code.CONFIG_AOE_CACHE, _CACHE, key=_CACHE, evidence=[Evidence(str(file.path), line)]),
                     line, (f"{_CACHE}=force",))
        return
    yield Remark(finding(Code.CONFIG_AOE_CACHE, _CACHE, key=_CACHE, evidence=_place(file, _CONTEXT, "aoe_mode")),
                 added=added)


def _place(file: ConfigFile, section: str, key: str) -> list[Evidence]:
    return [Evidence(str(file.path), e.line) for e in file.entries if e.section == section and e.key == key][:1]
