"""Raw arrays of random numbers of a shape and a dtype, of which public functions and in-place methods are made."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.transforms import drawing
from ..autograd.transforms.levels import LevelType
from ..backends import ArrayType
from ..dtypes import DType, bfloat16, finfo, float16, float32, float64, iinfo
from ..errors import ArgumentError, DTypeError
from ..tensor.placing import there
from .generator import Generator, default_generator

Shape = tuple[int, ...]

#: Bits of the significand, the leading one included.
_PRECISION = {float16: 11, bfloat16: 8, float32: 24, float64: 53}


def require_floating(name: str, dtype: DType, *, complex_too: bool = False) -> None:
    """Refuse a dtype that has no fractions.

    Raises
    ------
    DTypeError
    """
    if not (dtype.is_floating_point or (complex_too and dtype.is_complex)):
        raise DTypeError(f"{name}: the dtype must be a floating-point type such as float32, got {dtype.name}")


def _reserve(generator: Generator | None, blocks: int) -> tuple[int, int]:
    """The seed, and the first of so many blocks of numbers that are taken from a generator, the default one if None."""
    try:
        return (generator or default_generator).reserve(blocks)
    except AttributeError:
        if isinstance(generator, Generator | None):
            raise
        raise TypeError(f"generator must be a pluggrad.Generator, got {type(generator).__name__}") from None


def _draw(kind: str, count: int, bits: int, array_type: ArrayType, generator: Generator | None) -> Any:
    """``count`` numbers from a kernel: 1-D, float32 or float64."""
    if isinstance(array_type, LevelType):
        return drawing.draw(array_type, count, lambda base, n: _draw(kind, n, bits, base, generator))
    seed, block = _reserve(generator, -(-count // (4 if bits == 64 else 8)))
    kernel = getattr(array_type.kernels, kind)
    return kernel(seed=seed, block=block, count=count, bits=bits, device=array_type.native_device)


def words(count: int, array_type: ArrayType, generator: Generator | None) -> Any:
    """Random 64-bit words: uint64, 1-D."""
    if isinstance(array_type, LevelType):
        return drawing.draw(array_type, count, lambda base, n: words(n, base, generator))
    seed, block = _reserve(generator, -(-count // 4))
    return array_type.kernels.random_bits(seed=seed, block=block, count=count, device=array_type.native_device)


def _real(kind: str, shape: Shape, array_type: ArrayType, generator: Generator | None) -> Any:
    ns, dtype = array_type.kernels.namespace, array_type.dtype
    x = _draw(kind, math.prod(shape), 64 if dtype is float64 else 32, array_type, generator)
    if dtype.bits < 32:
        if kind == "random_uniform":  # cut, not rounded: rounding would give 1
            scale = 2.0 ** _PRECISION[dtype]
            x = ns.floor(x * scale) * (1.0 / scale)
        x = ns.astype(x, array_type.native)
    return ns.reshape(x, shape)


def _floating(kind: str, shape: Shape, array_type: ArrayType, generator: Generator | None) -> Any:
    if not array_type.dtype.is_complex:
        return _real(kind, shape, array_type, generator)
    parts = _real(kind, (*shape, 2), array_type.with_dtype(array_type.dtype.to_real()), generator)
    # NumPy makes a scalar of two 0-D arrays.
    return array_type.kernels.namespace.asarray(parts[..., 0] + parts[..., 1] * 1j)


@there
def uniform(shape: Shape, array_type: ArrayType, generator: Generator | None = None) -> Any:
    """Numbers in [0, 1), of a floating dtype; for a complex one, both parts."""
    return _floating("random_uniform", shape, array_type, generator)


@there
def normal(shape: Shape, array_type: ArrayType, generator: Generator | None = None) -> Any:
    """Standard normal numbers of a floating dtype; complex ones have variance 1, half of it in each part."""
    x = _floating("random_normal", shape, array_type, generator)
    return array_type.kernels.namespace.asarray(x * math.sqrt(0.5)) if array_type.dtype.is_complex else x


@there
def exponential(shape: Shape, array_type: ArrayType, generator: Generator | None = None) -> Any:
    """Exponential numbers of rate 1, above 0, of a real floating dtype."""
    return _real("random_exponential", shape, array_type, generator)


def check_bounds(name: str, low: int, high: int, dtype: DType) -> None:
    """Refuse an empty range, and one that the dtype does not hold.

    Raises
    ------
    ArgumentError
    """
    if low >= high:
        raise ArgumentError(f"{name}: expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.kind == "bool":
        least, most = 0, 1
    elif dtype.kind.endswith("integer"):
        limits = iinfo(dtype)
        least, most = limits.min, limits.max
    elif dtype.is_floating_point:
        most = int(finfo(dtype).max)
        least = -most
    else:
        raise DTypeError(f"{name}: the dtype must be integral, floating-point or bool, got {dtype.name}")
    if low < least or high - 1 > most:
        raise ArgumentError(
            f"{name}: {low} to {high - 1} is out of bounds for {dtype.name}, which holds {least} to {most}"
        )


@there
def integers(shape: Shape, low: int, high: int, array_type: ArrayType, generator: Generator | None = None) -> Any:
    """Whole numbers from ``low`` to ``high - 1``, each as likely as the others, in any dtype that holds them."""
    xp = array_type.kernels
    ns = xp.namespace
    count, span = math.prod(shape), high - low
    x = words(count, array_type, generator)
    # By functions, not operators: PyTorch has no operators on uint64, though its namespace here has the functions.
    if span < 2**64:
        # The words beyond the last whole multiple of the span would favour small numbers. For a small span
        # these are so few (less than one in 2**32) that nobody can tell.
        limit = 2**64 - 2**64 % span
        while span > 2**32 and limit < 2**64 and xp.truth(ns.any(beyond := ns.greater_equal(x, limit))):
            x = ns.where(beyond, words(count, array_type, generator), x)
        x = ns.remainder(x, span)
    if array_type.dtype.kind == "unsigned integer" or (low >= 0 and high > 2**63):
        x = ns.add(x, low) if low else x
    elif span <= 2**63:
        x = ns.astype(x, ns.int64) + low
    else:
        # Upper and lower half apart: neither sum overflows.
        upper = ns.greater_equal(x, 2**63)
        x = ns.astype(ns.where(upper, ns.subtract(x, 2**63), x), ns.int64)
        middle = ns.asarray(low + 2**63, dtype=ns.int64, device=array_type.native_device)
        x = x + ns.where(upper, middle, middle * 0 + low)
    return ns.reshape(ns.astype(x, array_type.native), shape)
