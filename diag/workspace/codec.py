"""Facts of ``diag.types`` to JSON and back.

Enums are their values, paths are text, tuples are lists, a number that is NaN or infinite is null (and comes back as
NaN). Models are not written: a Graph is read again from its own file. Reading is strict about types and lenient about
unknown keys, so that an older program opens what a newer one wrote.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import cattrs
import numpy as np
import numpy.typing as npt
from cattrs.strategies import configure_union_passthrough

from diag.errors import DiagError

T = TypeVar("T")


def to_json(obj: Any) -> Any:  # noqa: ANN401 - a dataclass gives a dict, anything JSON-able gives itself
    """``obj`` as dicts, lists, text, numbers and None; ``json.dumps(…, allow_nan=False)`` accepts it."""
    return _converter().unstructure(obj)


def from_json(cls: type[T], data: object, *, where: str = "") -> T:
    """The fact that ``to_json`` wrote; DiagError names the first key that does not fit, ``where`` the file."""
    try:
        return _converter().structure(data, cls)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError) as problem:
        first = cattrs.transform_error(problem, path=cls.__name__, format_exception=_say)[0]
        raise DiagError(f"This is not a {cls.__name__}: {first}", where=f"in {where}" if where else "",
                        hint="The file was changed by hand or written by another version: measure again") from problem


def _say(problem: BaseException, _type: type | None) -> str:
    return f"missing key {problem}" if isinstance(problem, KeyError) else str(problem)


@lru_cache(maxsize=1)
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    configure_union_passthrough(int | str | bool | float | None, converter)
    converter.register_unstructure_hook(float, _finite)
    converter.register_unstructure_hook(int, int)
    converter.register_unstructure_hook(bool, bool)
    converter.register_unstructure_hook(Path, str)
    converter.register_unstructure_hook(np.generic, lambda value: converter.unstructure(value.item()))
    converter.register_unstructure_hook(np.ndarray, lambda value: converter.unstructure(value.tolist()))
    converter.register_unstructure_hook_func(_is_array, lambda value: converter.unstructure(value.tolist()))
    converter.register_structure_hook_func(_is_array, _array)
    for cls, read in _READERS.items():
        converter.register_structure_hook(cls, read)
    return converter


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _float(value: object, _type: type) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number is expected, not {value!r}")
    return float(value)


def _int(value: object, _type: type) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number is expected, not {value!r}")
    return value


def _str(value: object, _type: type) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is expected, not {value!r}")
    return value


def _bool(value: object, _type: type) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"true or false is expected, not {value!r}")
    return value


def _path(value: object, _type: type) -> Path:
    return Path(_str(value, str))


def _is_array(kind: Any) -> bool:  # noqa: ANN401 - any annotation
    return bool(get_origin(kind) is np.ndarray)


def _array(value: object, kind: type) -> npt.NDArray[np.generic]:
    """Of one dimension, as facts hold them; null is NaN."""
    dtype = np.dtype(get_args(get_args(kind)[1])[0])
    if not isinstance(value, list) or not all(isinstance(v, int | float) or v is None for v in value):
        raise TypeError("a list of numbers is expected")
    return np.array([math.nan if v is None else v for v in value], dtype)


def _enum(value: object, cls: type) -> object:
    return cls(_str(value, str))


_READERS: dict[type, Callable[[Any, type], Any]] = {
    float: _float, int: _int, str: _str, bool: _bool, Path: _path, StrEnum: _enum,
}
