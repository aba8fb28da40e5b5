"""Dynamic profiles: which sizes a model with varying inputs is compiled for, read, written and counted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from diag.errors import UsageError

MOST = 100
"""Profiles that the compiler takes."""
MOST_DIMS = 128
"""Dims of one profile, over all inputs, that the model's information holds."""

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Profiles:
    """Inputs with -1 where a size varies, and the sizes of each profile in the order of the -1s."""

    shapes: Shapes
    sizes: tuple[tuple[int, ...], ...] = ()

    @property
    def varying(self) -> tuple[tuple[str, int], ...]:
        """Input name and axis of each -1, in the order in which a profile names them."""
        return tuple((name, axis) for name, shape in self.shapes.items() for axis, d in enumerate(shape) if d == -1)

    def inputs(self, number: int) -> dict[str, tuple[int, ...]]:
        """The input shapes of profile ``number`` (from 0)."""
        sizes = iter(self.sizes[number])
        return {name: tuple(next(sizes) if d == -1 else d for d in shape) for name, shape in self.shapes.items()}

    def problems(self) -> tuple[str, ...]:
        """What is wrong with them, as sentences; none if the converter will take them."""
        return tuple(_problems(self))

    @property
    def input_shape(self) -> str:
        """As ``input_shape`` of [acl_build_options]: ``a:1,-1;b:2``."""
        return shapes_text(self.shapes)

    @property
    def dynamic_dims(self) -> str:
        """As ``ge.dynamicDims``: profiles by ``;``, sizes by ``,``."""
        return ";".join(",".join(map(str, p)) for p in self.sizes)

    @property
    def context_dims(self) -> str:
        """As ``dynamic_dims`` of [ascend_context]: profiles in brackets by ``,``, inputs by ``;``.

        Raises UsageError where that form cannot say it: every varying input must have equally many -1s and the same
        sizes in every profile.
        """
        per_input: dict[str, list[int]] = {}
        for position, (name, _) in enumerate(self.varying):
            per_input.setdefault(name, []).append(position)
        texts = [",".join(f"[{','.join(str(p[i]) for i in where)}]" for p in self.sizes)
                 for where in per_input.values()]
        if len(set(texts)) > 1:
            raise UsageError("[ascend_context] cannot say these profiles: its inputs must all vary in the same way",
                             where=f"profiles: {self.dynamic_dims}",
                             hint="Use a converter from 2.1 on, which takes ge.dynamicDims in [acl_build_options]")
        return ";".join(texts)


@dataclass(frozen=True, slots=True)
class Axis:
    """Sizes that one -1 (or several that go together) takes. ``members``: positions in ``Profiles.varying``."""

    members: tuple[int, ...]
    sizes: tuple[int, ...] = field(default=())


def product(shapes: Shapes, axes: Sequence[Axis]) -> Profiles:
    """Profiles of every combination of the axes' sizes, the last axis varying fastest; ``count`` says how many first.

    Raises UsageError where a -1 belongs to no axis or to two, or there are too many combinations.
    """
    width = len(Profiles(shapes).varying)
    owners = sorted(m for axis in axes for m in axis.members)
    if owners != list(range(width)):
        raise UsageError(f"There are {width} varying sizes and the axes speak of {len(owners)}",
                         hint="Give each -1 to exactly one axis")
    if count(axes) > MOST:
        raise UsageError(f"{count(axes):,} profiles are more than the {MOST} that the compiler takes",
                         hint="Give fewer sizes, or let axes that go together share one list")
    made = []
    for chosen in itertools.product(*(axis.sizes for axis in axes)):
        sizes = [0] * width
        for axis, size in zip(axes, chosen, strict=True):
            for member in axis.members:
                sizes[member] = size
        made.append(tuple(sizes))
    return Profiles(shapes, tuple(made))


def count(axes: Sequence[Axis]) -> int:
    """How many profiles the product of the axes has."""
    return math.prod(len(axis.sizes) for axis in axes) if axes else 0


def shapes_text(shapes: Shapes) -> str:
    """``a:1,77;b:2``."""
    return ";".join(f"{name}:{','.join(map(str, shape))}" for name, shape in shapes.items())


def read_shapes(text: str) -> dict[str, tuple[int, ...]]:
    """Shapes from ``a:1,-1;b:[2,3]``; a name may hold ':', the last one separates. Raises UsageError."""
    shapes: dict[str, tuple[int, ...]] = {}
    for item in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, dims = item.rpartition(":")
        numbers = [d.strip() for d in dims.strip("[] ").split(",") if d.strip()]
        try:
            shape = tuple(int(d) for d in numbers)
        except ValueError:
            shape = (-2,)
        if not colon or not name.strip() or any(d < -1 or d == 0 for d in shape):
            raise UsageError(f"'{item}' is not a shape", where=f"in {text}",
                             hint='Write it like "ids:1,77;mask:1,-1", -1 where a size varies')
        if name.strip() in shapes:
            raise UsageError(f"The input '{name.strip()}' is given twice", where=f"in {text}", hint="Give it once")
        shapes[name.strip()] = shape
    return shapes


def read_profiles(text: str) -> tuple[tuple[int, ...], ...]:
    """Profiles from ``1,1;2,2``. Raises UsageError."""
    try:
        return tuple(tuple(int(d) for d in part.split(",")) for part in text.split(";") if part.strip())
    except ValueError:
        raise UsageError(f"'{text}' are no profiles",
                         hint='Write them like "1,1;2,2": profiles by ;, the sizes of one by ,') from None


def _problems(p: Profiles) -> list[str]:
    found = []
    width = len(p.varying)
    if not width:
        return ["No size varies: write -1 in the input shapes where one does"]
    if not p.sizes:
        found.append("There is no profile")
    if len(p.sizes) > MOST:
        found.append(f"{len(p.sizes)} profiles are more than the {MOST} that the compiler takes")
    for number, sizes in enumerate(p.sizes, 1):
        if len(sizes) != width:
            found.append(f"Profile {number} has {len(sizes)} sizes; {width} vary")
        elif any(d < 1 for d in sizes):
            found.append(f"Profile {number} has a size below 1")
    if len(set(p.sizes)) < len(p.sizes):
        found.append("Two profiles are the same")
    dims = sum(len(shape) for shape in p.shapes.values())
    if dims > MOST_DIMS:
        found.append(f"The inputs have {dims} dims; the model's information holds {MOST_DIMS}")
    return found
