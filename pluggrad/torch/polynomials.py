"""Orthogonal polynomials, of which ``torch.special`` has Chebyshev's, Hermite's, Laguerre's and Legendre's.

Each is the first two of its kind and a recurrence. The degree is a number or a tensor, for each element its own; of a
negative one the value is 0. They have no derivative, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggrad

from ..autograd.mode import no_grad
from ..tensor import Tensor

Recurrence = Callable[[Tensor, Tensor, Tensor, int], Tensor]
First = Callable[[Tensor], Tensor]


def _polynomial(name: str, formula: str, first: First, following: Recurrence) -> Callable[..., Tensor]:
    """The polynomials that begin with 1 and ``first(x)`` and go on with ``following(x, last, before, degree)``."""

    def polynomial(input: Any, n: Any) -> Tensor:
        with no_grad():
            x, degree = _operands(input, n)
            before, last = pluggrad.ones_like(x), first(x)
            out = pluggrad.where(degree < 0, pluggrad.zeros_like(x), before)
            out = pluggrad.where(degree == 1, last, out)
            for k in range(2, int(degree.max().item()) + 1 if degree.numel() else 0):
                before, last = last, following(x, last, before, k)
                out = pluggrad.where(degree == k, last, out)
        return out

    polynomial.__name__ = polynomial.__qualname__ = name
    polynomial.__doc__ = f"{formula}\n\n    Of degree ``n``, a number or a tensor, at each element of ``input``."
    return polynomial


def _operands(input: Any, n: Any) -> tuple[Tensor, Tensor]:
    """Points, in a floating-point dtype, and whole degrees, of one shape."""
    x = input if isinstance(input, Tensor) else n.new_tensor(input, dtype=n.dtype)
    x = x if x.dtype.is_floating_point else x.to(pluggrad.get_default_dtype())
    degree = n if isinstance(n, Tensor) else x.new_tensor(n)
    x, degree = pluggrad.broadcast_arrays(x, degree.to(pluggrad.int64))
    return x, degree


def _chebyshev(x: Tensor, last: Tensor, before: Tensor, k: int) -> Tensor:
    return 2 * x * last - before


def _shifted(x: Tensor, last: Tensor, before: Tensor, k: int) -> Tensor:
    return (4 * x - 2) * last - before


def _of_shifted(first: First) -> First:
    return lambda x: first(2 * x - 1)


POLYNOMIALS: dict[str, Callable[..., Tensor]] = {}
for _kind, _order, _first in (
    ("t", "first", lambda x: x), ("u", "second", lambda x: 2 * x), ("v", "third", lambda x: 2 * x - 1),
    ("w", "fourth", lambda x: 2 * x + 1),
):  # fmt: skip
    _name = f"chebyshev_polynomial_{_kind}"
    POLYNOMIALS[_name] = _polynomial(_name, f"Chebyshev's polynomial of the {_order} kind.", _first, _chebyshev)
    _name = f"shifted_{_name}"
    POLYNOMIALS[_name] = _polynomial(
        _name,
        f"Chebyshev's polynomial of the {_order} kind, of ``2 x - 1``.",
        _of_shifted(_first),
        _shifted,
    )
for _name, _formula, _first, _following in (
    ("hermite_polynomial_h", "The physicists' Hermite polynomial.", lambda x: 2 * x,
     lambda x, last, before, k: 2 * x * last - 2 * (k - 1) * before),
    ("hermite_polynomial_he", "The probabilists' Hermite polynomial.", lambda x: x,
     lambda x, last, before, k: x * last - (k - 1) * before),
    ("laguerre_polynomial_l", "Laguerre's polynomial.", lambda x: 1 - x,
     lambda x, last, before, k: ((2 * k - 1 - x) * last - (k - 1) * before) / k),
    ("legendre_polynomial_p", "Legendre's polynomial.", lambda x: x,
     lambda x, last, before, k: ((2 * k - 1) * x * last - (k - 1) * before) / k),
):  # fmt: skip
    POLYNOMIALS[_name] = _polynomial(_name, _formula, _first, _following)
