"""Values that have a grammar of their own: shapes, profiles, tuning phrases, names of custom operators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from diag.tools.converter_config.known import AOE_OLD_PHRASE, AOE_PHRASES, CUSTOM_OPS, Version
from diag.tools.converter_config.remark import close, sure

WIDE = str.maketrans("；，：＝（）【】“”", ';,:=()[]""')
"""Full-width signs, as input methods write them."""
_ITEM = re.compile(r"\s*(?P<name>[^;]+?)\s*:\s*\[?(?P<dims>-?\d+(?:\s*,\s*-?\d+)*)\]?\s*")
_TWO_IN_ONE = re.compile(r"[；：，]|:\s*\[?-?\d+(?:\s*,\s*-?\d+)*\]?\s*,")
"""In a name: it is no name, but an input whose separator from the next one is wrong."""
_RUN_ON = re.compile(r",\s*(?=[A-Za-z_][^,;:]*:)")


@dataclass(frozen=True, slots=True)
class Wrong:
    """``what``: "value" or "separator"; ``expected``: what it should be; ``instead``: the value meant, "" if unsure."""

    what: str
    expected: str
    instead: str = ""


def shapes_in(value: str) -> dict[str, tuple[int, ...]] | None:
    """Shapes by input of ``a:1,-1;b:[2,3]``; None where it is not of that form."""
    shapes: dict[str, tuple[int, ...]] = {}
    for part in filter(None, (p.strip() for p in value.split(";"))):
        found = _ITEM.fullmatch(part)
        if found is None or found["name"] in shapes or _TWO_IN_ONE.search(found["name"]):
            return None
        shapes[found["name"]] = tuple(int(d) for d in found["dims"].split(","))
    return shapes or None


def profiles_in(value: str) -> list[tuple[int, ...]] | None:
    """Profiles of ``1,1;2,2``; None where it is not of that form."""
    try:
        return [tuple(int(d) for d in part.split(",")) for part in value.split(";") if part.strip()]
    except ValueError:
        return None


def context_profiles_in(value: str) -> list[list[tuple[int, ...]]] | None:
    """By input the profiles of ``[1],[2];[1],[2]``; None where it is not of that form."""
    found = []
    for part in filter(None, (p.strip() for p in value.split(";"))):
        if not re.fullmatch(r"\[\d+(,\d+)*\](\s*,\s*\[\d+(,\d+)*\])*", part.replace(" ", "")):
            return None
        found.append([tuple(int(d) for d in inner.split(",")) for inner in re.findall(r"\[([^\]]*)\]", part)])
    return found or None


def wrong_shape(value: str, *, brackets: bool) -> Wrong | None:
    """``brackets``: whether the section writes shapes in them (both forms are read, separators must be right)."""
    if shapes_in(value) is not None:
        return None
    meant = _RUN_ON.sub(";", value.translate(WIDE))
    form = "a:[1,77];b:[2,3]" if brackets else "a:1,77;b:2,3"
    known = shapes_in(meant)
    return Wrong("separator", f"{form}: inputs by ;, sizes by ,", meant if known is not None else "")


def wrong_dims(value: str, width: int | None) -> Wrong | None:
    """``ge.dynamicDims`` for ``width`` varying sizes (None: not known)."""
    expected = "profiles by ;, the sizes of one profile by , (1,1;2,2)"
    profiles = profiles_in(value)
    if profiles is None:
        context = context_profiles_in(value.translate(WIDE))
        meant = ";".join(",".join(map(str, p)) for p in context[0]) if context is not None and len(context) == 1 else ""
        if context is None and profiles_in(value.translate(WIDE)) is not None:
            meant = value.translate(WIDE)
        return Wrong("separator", expected, meant)
    if width == 1 and len(profiles) == 1 and len(profiles[0]) > 1:
        return Wrong("separator", expected, ";".join(map(str, profiles[0])))
    if width and width > 1 and all(len(p) == 1 for p in profiles) and len(profiles) == width:
        return Wrong("separator", expected, ",".join(str(p[0]) for p in profiles))
    return None


def wrong_context_dims(value: str) -> Wrong | None:
    """``dynamic_dims`` of [ascend_context]."""
    if context_profiles_in(value) is not None:
        return None
    profiles = profiles_in(value.translate(WIDE).replace("[", "").replace("]", ""))
    plain = profiles is not None and "[" not in value
    meant = ",".join(f"[{','.join(map(str, p))}]" for p in profiles or ()) if plain else ""
    return Wrong("separator", "profiles in brackets by ,, inputs by ; ([1],[2];[1],[2])", meant)


def wrong_aoe(value: str, version: Version) -> Wrong | None:
    """``aoe_mode``: one phrase or both."""
    known = (*AOE_PHRASES, *((AOE_OLD_PHRASE,) if version and version < (2, 1) else ()))
    parts = [p.strip() for p in value.split(",")]
    if all(p in known for p in parts):
        return None
    meant = [p if p in known else close(p, AOE_PHRASES) for p in parts]
    certain = all(m and (p == m or sure(p, m)) for p, m in zip(parts, meant, strict=True))
    return Wrong("value", ", ".join(f'"{p}"' for p in (*AOE_PHRASES, ", ".join(AOE_PHRASES))),
                 ", ".join(meant) if certain else "")


def wrong_ops(value: str) -> Wrong | None:
    """Names of custom operators by comma; All and None stand alone."""
    parts = [p.strip() for p in value.split(",")]
    alone = len(parts) == 1 or not {"All", "None"} & set(parts)
    if all(p in CUSTOM_OPS for p in parts) and alone:
        return None
    meant = [p if p in CUSTOM_OPS else close(p, CUSTOM_OPS) for p in parts]
    certain = alone and all(m and (p == m or sure(p, m)) for p, m in zip(parts, meant, strict=True))
    return Wrong("value", ", ".join(CUSTOM_OPS) + " (All and None alone)", ",".join(meant) if certain else "")


def profile_problems(shapes: Mapping[str, tuple[int, ...]] | None, profiles: list[tuple[int, ...]],
                     most: int) -> Iterator[str]:
    """Sentences about profiles that do not fit the shapes."""
    if len(profiles) > most:
        yield f"There are {len(profiles)} profiles; the compiler takes {most}."
    if len(set(profiles)) < len(profiles):
        yield "Two profiles are the same."
    if any(d < 1 for p in profiles for d in p):
        yield "A size is below 1."
    if shapes is None:
        return
    width = sum(d == -1 for shape in shapes.values() for d in shape)
    if not width:
        yield "No size of input_shape is -1, so there is nothing that a profile could say."
    for number, profile in enumerate(profiles, 1):
        if width and len(profile) != width:
            yield f"Profile {number} has {len(profile)} sizes, and {width} sizes of input_shape are -1."
            return
