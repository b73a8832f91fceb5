"""uint16, uint32 and uint64, for which most of PyTorch's kernels are missing: their work is done in signed integers.

There uint16 is computed in int32 and uint32 in int64, which hold all their values, and uint64 in int64 with the same
bits. Sums, products and bitwise operations modulo 2**64 are
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


def in_signed(
    f: Callable[..., Any], args: Sequence[Any], parameters: dict[str, Any], ordered: bool = False, values: Any = True
) -> Any:
    """Call a kernel with all in signed types.

    Parameters
    ----------
    f, args, parameters : the kernel and its arguments, arrays or sequences of arrays among them; Python scalars take
        the type of the first array
    ordered : whether it is the order of the values that counts
    values : whether the output holds values, to be brought back to the unsigned type; one for each of several outputs
    """
    like = _arrays(args)[0]
    wide = next((a.dtype for a in _arrays(args) if a.dtype in SIGNED), None)

    def converted(arg: Any) -> Any:
        if isinstance(arg, tuple | list):
            return [converted(a) for a in arg]
        if type(arg) in (bool, int, float, complex):
            arg = torch.asarray(arg, dtype=like.dtype, device=like.device)
        return to_signed(arg, ordered) if isinstance(arg, torch.Tensor) else arg

    out = f(*[converted(a) for a in args], **parameters)
    if wide is None:
        return out
    if isinstance(out, torch.Tensor):
        return from_signed(out, wide, ordered) if values else out
    kinds = values if isinstance(values, tuple) else (values,) * len(out)
    return tuple([from_signed(o, wide, ordered) if v else o for o, v in zip(out, kinds, strict=True)])


def _arrays(args: Sequence[Any]) -> list[torch.Tensor]:
    flat = [a for arg in args for a in (arg if isinstance(arg, tuple | list) else (arg,))]
    return [a for a in flat if isinstance(a, torch.Tensor)]


def signed(f: Callable[..., Any], *, ordered: bool = False, values: Any = True) -> Callable[..., Any]:
    """A kernel, of an array or of a sequence of arrays and whatever else, that works for unsigned types as well."""

    def kernel(x: Any, /, *args: Any, **parameters: Any) -> Any:
        first = x if isinstance(x, torch.Tensor) else x[0]
        if first.dtype not in SIGNED:
            return f(x, *args, **parameters)
        # Here what is no array is a parameter: keepdims, not a number to compute with.
        return in_signed(lambda x: f(x, *args, **parameters), (x,), {}, ordered, values)

    return _by_dtype(functools.update_wrapper(kernel, f), f)


def arrays(f: Callable[..., Any], *, ordered: bool = False, values: bool = True) -> Callable[..., Any]:
    """A kernel of several arrays, or of arrays and Python scalars, that works for unsigned types as well."""

    def kernel(*args: Any, **parameters: Any) -> Any:
        try:
            return f(*args, **parameters)
        except (NotImplementedError, TypeError):
            # A C++ exception takes its time. That of the calls on Tensors goes by dtype, see below.
            known = _arrays(args)
            if not known or not (len(known) < len(args) or any(a.dtype in SIGNED for a in known)):
                raise
            return in_signed(f, args, parameters, ordered, values)

    def wide(*args: Any, **parameters: Any) -> Any:
        return in_signed(f, args, parameters, ordered, values)

    functools.update_wrapper(kernel, f)
    return _by_dtype(kernel, kernel, wide)  # rules give numbers in place of arrays, which not every function takes


def _by_dtype(kernel: Any, plain: Any, wide: Any = None) -> Any:
    """Let calls and rules of arrays whose dtype is known beforehand go straight to the function for it."""
    kernel.for_dtype = lambda dtype: (wide or kernel) if dtype in SIGNED else plain
    return kernel


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
