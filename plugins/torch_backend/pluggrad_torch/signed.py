"""uint16, uint32 and uint64, for which most of PyTorch's kernels are missing: their work is done in signed integers.

A kernel that PyTorch lacks raises NotImplementedError. Then uint16 is computed in int32 and uint32 in int64, which
hold all their values, and uint64 in int64 with the same bits. Sums, products and bitwise operations modulo 2**64 are
the same on these; for comparisons the first bit is flipped (``ordered``), which brings the values into order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

#: The signed type in which each is computed.
SIGNED = {torch.uint16: torch.int32, torch.uint32: torch.int64, torch.uint64: torch.int64}
_FIRST_BIT = -(1 << 63)


def to_signed(x: torch.Tensor, ordered: bool = False) -> torch.Tensor:
    """The same numbers, or for uint64 the same bits, in a signed type; of other types ``x`` itself."""
    if x.dtype not in SIGNED:
        return x
    if x.dtype != torch.uint64:
        return x.to(SIGNED[x.dtype])
    x = x.view(torch.int64)
    return x ^ _FIRST_BIT if ordered else x


def from_signed(x: torch.Tensor, dtype: torch.dtype, ordered: bool = False) -> torch.Tensor:
    """The way back to an unsigned type, modulo its size; bools and floats stay what they are."""
    if x.dtype.is_floating_point or x.dtype == torch.bool:
        return x
    if dtype != torch.uint64:
        return x.to(dtype)
    x = x.to(torch.int64)
    return (x ^ _FIRST_BIT if ordered else x).view(torch.uint64)


def retry(
    f: Callable[..., Any], args: Sequence[Any], parameters: dict[str, Any], ordered: bool = False, values: Any = True,
    scalars: bool = False,
) -> Any:  # fmt: skip
    """Call a kernel again, which just raised, with all in signed types.

    Parameters
    ----------
    f, args, parameters : the kernel and its arguments, arrays or sequences of arrays among them
    ordered : whether it is the order of the values that counts
    values : whether the output holds values, to be brought back to the unsigned type; one for each of several outputs
    scalars : whether to make arrays of Python scalars among ``args``

    Raises
    ------
    what is being handled : there is nothing to convert
    """
    arrays = [
        a for arg in args for a in (arg if isinstance(arg, tuple | list) else (arg,)) if isinstance(a, torch.Tensor)
    ]
    wide = next((a.dtype for a in arrays if a.dtype in SIGNED), None)
    scalars = scalars and any(isinstance(a, bool | int | float | complex) for a in args)
    if not arrays or (wide is None and not scalars):
        raise  # noqa: PLE0704 (called while an exception is handled: that one)
    like = arrays[0]

    def converted(arg: Any) -> Any:
        if isinstance(arg, tuple | list):
            return [converted(a) for a in arg]
        if scalars and isinstance(arg, bool | int | float | complex):
            arg = torch.asarray(arg, dtype=like.dtype, device=like.device)
        return to_signed(arg, ordered) if isinstance(arg, torch.Tensor) else arg

    out = f(*[converted(a) for a in args], **parameters)
    if wide is None:
        return out
    if isinstance(out, torch.Tensor):
        return from_signed(out, wide, ordered) if values else out
    kinds = values if isinstance(values, tuple) else (values,) * len(out)
    return tuple([from_signed(o, wide, ordered) if v else o for o, v in zip(out, kinds, strict=True)])


def signed(f: Callable[..., Any], *, ordered: bool = False, values: Any = True) -> Callable[..., Any]:
    """A kernel that works for unsigned types as well: see :func:`retry`."""

    def kernel(*args: Any, **parameters: Any) -> Any:
        try:
            return f(*args, **parameters)
        except NotImplementedError:
            return retry(f, args, parameters, ordered, values)

    return functools.update_wrapper(kernel, f)


def binary(f: Callable[[Any, Any], Any], *, ordered: bool = False, values: bool = True) -> Callable[[Any, Any], Any]:
    """:func:`signed` for functions of two arrays, or of an array and a Python scalar."""

    def kernel(x1: Any, x2: Any, /) -> Any:
        try:
            return f(x1, x2)
        except (NotImplementedError, TypeError):
            return retry(f, (x1, x2), {}, ordered, values, scalars=True)

    return functools.update_wrapper(kernel, f)


# -- what needs more than other types: division and shifts of uint64 -------------------------------------------


def _less(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """Comparison of the bits of uint64s."""
    return (x1 ^ _FIRST_BIT) < (x2 ^ _FIRST_BIT)


def shift_right(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """Of the bits of uint64s: zeros come in, unlike in a signed type."""
    first = (x1 >> 1) & ~_FIRST_BIT
    return torch.where(x2 == 0, x1, first >> torch.clamp(x2 - 1, 0))


def divide(x1: torch.Tensor, x2: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quotient and remainder of the bits of uint64s (Warren, "Hacker's delight", 2nd edition, section 9-3)."""
    # A divisor from 2**63 on goes into anything once at most.
    large = x2 < 0
    divisor = torch.where(large, 1, x2)
    half = torch.div((x1 >> 1) & ~_FIRST_BIT, divisor, rounding_mode="floor")
    quotient = torch.where(large, 0, half << 1)
    remainder = x1 - quotient * x2
    one_more = ~_less(remainder, x2)
    return quotient + one_more.to(torch.int64), torch.where(one_more, remainder - x2, remainder)
