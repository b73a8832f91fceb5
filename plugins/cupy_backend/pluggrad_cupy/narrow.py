"""bfloat16: CuPy has arrays of it, with ml_dtypes, and few functions that compute in it. pluggrad computes in float32.

A number of this type is the upper half of a float32. Going from one to the other is an elementwise kernel of the
plugin's own, over the bits; what merely moves numbers is CuPy's.
"""

from __future__ import annotations

from typing import Any

import cupy
from cupy import ndarray as Array

from . import pointwise

#: Functions that move such numbers about as they are, or look at their bits.
_AS_THEY_ARE = frozenset({"concat", "flip", "nextafter", "repeat", "reshape", "roll", "stack", "tile"})


def _type() -> Any:
    """The dtype; None without ml_dtypes, or with a NumPy (before 2.1.2) with which CuPy does not take it."""
    if not any("E" in loop for loop in cupy.nextafter.types):
        return None
    import ml_dtypes  # CuPy has found it

    return cupy.dtype(ml_dtypes.bfloat16)


TYPE = _type()


def dtypes() -> dict[str, tuple[Any, str, frozenset[str]]]:
    """What ``pluggrad.backends.Backend`` asks for."""
    return {} if TYPE is None else {"bfloat16": (TYPE, "float32", _AS_THEY_ARE)}


def is_it(dtype: Any) -> bool:
    """Whether a dtype is bfloat16."""
    return TYPE is not None and dtype is not None and bool(dtype == TYPE)


def widen(x: Array) -> Array:
    """Of bfloat16 to float32."""
    return pointwise.widen_bfloat16(x.view(cupy.uint16))


def rounded(x: Array) -> Array:
    """Of float32 to bfloat16: to the nearest, of two equally near to the even one."""
    return pointwise.round_bfloat16(x).view(TYPE)


def astype(x: Array, dtype: Any, copy: bool = True) -> Array:
    """``x.astype(dtype)``, where one of them is bfloat16."""
    if x.dtype == dtype:
        return x.copy(order="C") if copy else x
    wide = widen(x) if x.dtype == TYPE else x.astype(cupy.float32, copy=False)
    return rounded(wide) if dtype == TYPE else wide.astype(dtype, copy=False)
