"""Reductions in one pass over memory: what to make of each element, how to put two together, what to make of the end.

CuPy makes a kernel of it, for any strides and axes. Whatever the dtype, the numbers are put together as doubles: no
square overflows, and the order in which a GPU adds shows in the last bit of a double, not of the result.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import cupy

from .pointwise import FLOATS
from .pointwise import PREAMBLE as _WIDE

PREAMBLE = (
    _WIDE
    + """
template <typename X> __device__ inline double number(X x) { return (double)(typename wide_of<X>::type)x; }
template <typename X> __device__ inline X rounded(double a) { return X((typename wide_of<X>::type)a); }
__device__ inline double larger(double a, double b) { return a > b || a != a ? a : b; }
"""
)


class Reduction(NamedTuple):
    """A reduction: ``each`` of the elements, ``both`` of two numbers a and b, and ``y`` of the number a in the end."""

    name: str
    inputs: str
    each: str
    both: str
    end: str
    dtypes: tuple[str, ...] = FLOATS

    @property
    def arguments(self) -> dict[str, Any]:
        """What CuPy makes the kernel of."""
        return {
            "in_params": self.inputs, "out_params": "T y", "map_expr": self.each, "reduce_expr": self.both,
            "post_map_expr": f"y = rounded<T>({self.end})", "identity": "0", "name": f"pluggrad_{self.name}",
            "reduce_type": "double", "preamble": PREAMBLE, "options": ("--std=c++17",),
        }  # fmt: skip

    def __call__(self, *arrays: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return _kernel(self)(*arrays, axis=axis, keepdims=keepdims)


@functools.cache
def _kernel(r: Reduction) -> Any:
    return cupy.ReductionKernel(**r.arguments)


#: All of them, by name: what tests compile and run.
REDUCTIONS: dict[str, Reduction] = {}


def reduction(name: str, inputs: str, each: str, both: str = "a + b", end: str = "a") -> Reduction:
    """Declare a reduction of ``T x`` and perhaps other arrays of the same dtype."""
    REDUCTIONS[name] = made = Reduction(name, inputs, each, both, end)
    return made


_SQUARE, _SIZE = "({0}) * ({0})", "fabs({0})"
_OF_X, _DIFFERENCE = "number(x)", "number(x) - number(t)"
# The number of elements that make one result.
_MEAN = "a / (double)(_in_ind.size() / _out_ind.size())"

norm_1 = reduction("norm_1", "T x", _SIZE.format(_OF_X))
norm_2 = reduction("norm_2", "T x", _SQUARE.format(_OF_X), end="sqrt(a)")
norm_max = reduction("norm_max", "T x", _SIZE.format(_OF_X), "larger(a, b)")
squares = reduction("squares", "T x, T t", _SQUARE.format(_DIFFERENCE))
mean_square = reduction("mean_square", "T x, T t", _SQUARE.format(_DIFFERENCE), end=_MEAN)
sizes = reduction("sizes", "T x, T t", _SIZE.format(_DIFFERENCE))
mean_size = reduction("mean_size", "T x, T t", _SIZE.format(_DIFFERENCE), end=_MEAN)
