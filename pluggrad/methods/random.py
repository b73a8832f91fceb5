"""Random numbers in place: ``x.uniform_()``, ``x.normal_()``, ``x.random_()`` and so on. Each returns the tensor."""

from __future__ import annotations

import math
from typing import Any

from .. import random
from ..autograd.inplace import check_writable, overwrite
from ..autograd.transforms.drawing import check_fill
from ..dtypes import finfo, float64, iinfo
from ..errors import ArgumentError, DTypeError
from ..random import draws
from ..random.discrete import _as_float64, bernoulli_array
from ..random.generator import Generator
from ..random.sampling import check_std
from ..tensor import Tensor, make
from ..tensor.placing import there
from .attach import method


def _fill(x: Tensor, array: Any) -> Tensor:
    """Write a raw array of the shape of ``x``; its gradient with respect to what stood there is zero."""
    return overwrite(x, make(x._type.kernels.namespace.astype(array, x._type.native), x._type))


def _check(x: Tensor) -> None:
    """Refuse a tensor that may not be filled."""
    check_writable(x)
    check_fill(x._type)


def _prepare(name: str, x: Tensor, *, complex_too: bool = False) -> tuple[int, ...]:
    """Refuse what cannot be filled, before a number is drawn; the shape to draw."""
    _check(x)
    draws.require_floating(name, x.dtype, complex_too=complex_too)
    return tuple(x._array.shape)


@method()
@there
def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **named: float
) -> Tensor:
    """Numbers drawn uniformly from [from, to).

    Raises
    ------
    ArgumentError : ``from`` above ``to``
    DTypeError : no floating dtype

    >>> import pluggrad
    >>> x = pluggrad.empty(100).uniform_(-1, 1)
    >>> bool((x >= -1).all()) and bool((x < 1).all())
    True
    """
    low = named.pop("from", from_)  # a word of Python's, so it cannot be a parameter
    if named:
        raise TypeError(f"uniform_: unexpected keyword arguments {sorted(named)}")
    if not low <= to:
        raise ArgumentError(f"uniform_: expects to return a [from, to) range, but found from={low} > to={to}")
    x = draws.uniform(_prepare("uniform_", self, complex_too=True), self._type, generator)
    return _fill(self, x if low == 0 and to == 1 else x * float(to - low) + float(low))


@method()
@there
def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from the normal distribution.

    Raises
    ------
    ArgumentError : a negative ``std``
    DTypeError : no floating dtype
    """
    check_std("normal_", std)
    x = draws.normal(_prepare("normal_", self, complex_too=True), self._type, generator)
    return _fill(self, x if mean == 0 and std == 1 else x * float(std) + float(mean))


@method()
@there
def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Numbers whose logarithms are normal with that mean and standard deviation.

    Raises
    ------
    ArgumentError : ``std`` is not positive
    DTypeError : no real floating dtype
    """
    if not std > 0:
        raise ArgumentError(f"log_normal_: expects std > 0.0, but found std={std}")
    x = draws.normal(_prepare("log_normal_", self), self._type, generator)
    return _fill(self, self._type.kernels.namespace.exp(x * float(std) + float(mean)))


@method()
@there
def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Numbers above 0 drawn from the exponential distribution of rate ``lambd``.

    Raises
    ------
    ArgumentError : ``lambd`` is not positive
    DTypeError : no real floating dtype
    """
    if not lambd > 0:
        raise ArgumentError(f"exponential_: expects lambda > 0.0, but found lambda={lambd}")
    return _fill(self, draws.exponential(_prepare("exponential_", self), self._type, generator) / float(lambd))


@method()
@there
def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from the Cauchy distribution.

    Raises
    ------
    ArgumentError : ``sigma`` is not positive
    DTypeError : no real floating dtype
    """
    if not sigma > 0:
        raise ArgumentError(f"cauchy_: expects sigma > 0.0, but found sigma={sigma}")
    u = draws.uniform(_prepare("cauchy_", self), self._type, generator)
    return _fill(self, self._type.kernels.namespace.tan((u - 0.5) * math.pi) * float(sigma) + float(median))


@method()
@there
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Numbers of trials up to the first success, each of which succeeds with probability ``p``.

    Raises
    ------
    ArgumentError : ``p`` is not between 0 and 1
    DTypeError : a bool or complex dtype
    """
    if not 0 < p < 1:
        raise ArgumentError(f"geometric_: expects p to be in (0, 1), but got p={p}")
    _check(self)
    if self.dtype.kind == "bool" or self.dtype.is_complex:
        raise DTypeError(f"geometric_: the dtype must be a real number's, got {self.dtype.name}")
    x = draws.exponential(tuple(self._array.shape), self._type.with_dtype(float64), generator)
    return _fill(self, self._type.kernels.namespace.ceil(x / -math.log1p(-p)))


@method()
def bernoulli_(self: Tensor, p: float | Tensor = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Ones with probability ``p``, a number or a tensor that broadcasts, and zeros.

    Raises
    ------
    ArgumentError : a probability outside of [0, 1]
    """
    _check(self)
    probabilities = _as_float64(p) if isinstance(p, Tensor) else p
    return _fill(self, bernoulli_array(probabilities, tuple(self._array.shape), self._type, generator))


@method()
def random_(
    self: Tensor, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None, **named: int
) -> Tensor:
    """Whole numbers from ``from`` to ``to - 1``: ``random_(to)``, ``random_(from, to)``; with no bounds, all that an
    integer dtype holds from 0 up, and those up to which a floating dtype holds every whole number.

    Raises
    ------
    ArgumentError : no numbers in the range, or numbers that the dtype does not hold
    DTypeError : a complex dtype
    """
    from_named = "from" in named
    low = named.pop("from", from_)
    if named:
        raise TypeError(f"random_: unexpected keyword arguments {sorted(named)}")
    _check(self)
    most = _most(self)
    if low is None:
        low, high = 0, most + 1 if to is None else to
    elif to is None:
        low, high = (low, most + 1) if from_named else (0, low)
    else:
        high = to
    draws.check_bounds("random_", int(low), int(high), self.dtype)
    return _fill(self, draws.integers(tuple(self._array.shape), int(low), int(high), self._type, generator))


def _most(x: Tensor) -> int:
    """The largest whole number that random_ draws without bounds."""
    dtype = x.dtype
    if dtype.kind == "bool":
        return 1
    if dtype.kind.endswith("integer"):
        return iinfo(dtype).max
    if dtype.is_floating_point:
        return round(2 / finfo(dtype).eps)
    raise DTypeError(f"random_: the dtype must be integral, floating-point or bool, got {dtype.name}")


@method()
def bernoulli(self: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """See :func:`pluggrad.bernoulli`."""
    return random.bernoulli(self, p, generator=generator)


@method()
def multinomial(
    self: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """See :func:`pluggrad.multinomial`."""
    return random.multinomial(self, num_samples, replacement, generator=generator)
