"""What a plan says in the converter's configuration file: sections from its fields, merged with the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diag.errors import UsageError
from diag.tools.converter.flags import Version
from diag.tools.converter.plan import Config, ConverterPlan
from diag.tools.converter.profiles import shapes_text
from diag.tools.converter_config.parse import read_config

BUILD_OPTIONS_SINCE: Version = (2, 1)
"""Version from which [acl_build_options] and its ge.dynamicDims are documented."""


def sections(plan: ConverterPlan, version: Version) -> dict[str, dict[str, str]]:
    """All options by section: the fields' own, over them the file's, over them ``plan.config``.

    Raises UsageError (profiles that do not fit or cannot be said for this version), FormatError (the file).
    """
    made = _of_fields(plan, version)
    if plan.config_file is not None:
        _lay(made, read_config(plan.config_file).values())
    _lay(made, plan.config)
    return {name: values for name, values in made.items() if values}


def _of_fields(plan: ConverterPlan, version: Version) -> dict[str, dict[str, str]]:
    made: dict[str, dict[str, str]] = {"acl_build_options": {}, "acl_init_options": {}, "ascend_context": {}}
    context = made["ascend_context"]
    if plan.dynamic is not None:
        problems = plan.dynamic.problems()
        if problems:
            raise UsageError(f"The dynamic profiles do not fit: {problems[0]}",
                             where=f"shapes: {shapes_text(plan.shapes)}", hint="One number for each -1, in order")
        if plan.for_ascend:
            _profiles(made, plan, version)
    if plan.precision:
        context["precision_mode"] = plan.precision
    if plan.custom_ops:
        context["plugin_custom_ops"] = plan.custom_ops
    if plan.aoe:
        context["aoe_mode"] = plan.aoe
        made["acl_init_options"]["ge.op_compiler_cache_mode"] = "force"
    return made


def _profiles(made: dict[str, dict[str, str]], plan: ConverterPlan, version: Version) -> None:
    profiles = plan.dynamic
    if profiles is None:
        raise AssertionError("only asked for dynamic plans")
    if version and version < BUILD_OPTIONS_SINCE:
        made["ascend_context"].update(
            input_shape=";".join(f"{n}:[{','.join(map(str, s))}]" for n, s in plan.shapes.items()),
            dynamic_dims=profiles.context_dims)
        return
    made["acl_build_options"].update({
        "input_format": "ND", "input_shape": profiles.input_shape, "ge.dynamicDims": profiles.dynamic_dims})


def _lay(under: dict[str, dict[str, str]], over: Config) -> None:
    for section, values in over.items():
        under.setdefault(section, {}).update(values)


def write_config(config: Config, path: Path) -> Path:
    """A file that the converter reads as it is meant: values with separators in quotes, as the documents do."""
    path.write_text(config_text(config), encoding="utf-8")
    return path


def config_text(config: Mapping[str, Mapping[str, str]]) -> str:
    """The sections as text; the converter deletes every double quote."""
    blocks = ["\n".join([f"[{section}]", *(f"{k}={_quoted(v)}" for k, v in values.items())])
              for section, values in config.items() if values]
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def _quoted(value: str) -> str:
    return f'"{value}"' if any(c in value for c in ";, ") else value
