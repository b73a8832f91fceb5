"""Random tensors: ``rand``, ``randn``, ``randint``, ``randperm``, ``normal`` and their ``_like`` forms."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from .. import dtypes
from ..autograd.mode import no_grad
from ..autograd.transforms.drawing import random_type
from ..backends import ArrayType
from ..device import Device
from ..dtypes import DType
from ..errors import ArgumentError
from ..ops import creation
from ..tensor import Tensor, make
from ..tensor.placing import there
from . import draws
from .generator import Generator

__all__ = ["normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm"]


def _shape(name: str, shape: tuple[Any, ...], size: Any) -> tuple[int, ...]:
    """A shape given as ints, as one sequence, or as ``size=``."""
    if not shape and size is None:
        raise TypeError(f"{name}: a shape is required: {name}(2, 3), {name}((2, 3)) or {name}(()) for a single number")
    return creation._shape(shape or (size,))


def _tensor(array: Any, array_type: ArrayType, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    return creation._finish(array, array_type, requires_grad, pin_memory)


def rand(
    *shape: Any, size: Any = None, generator: Generator | None = None, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers drawn uniformly from [0, 1).

    Parameters
    ----------
    shape, size : the shape, as ints or one sequence
    generator : default: the process's
    dtype : a floating dtype; default: the default one. float32 has 2**24 values, float64 2**53.
    device : default: the default device. The numbers are the same on every device.
    requires_grad : whether the result is a leaf that requires a gradient
    pin_memory : as for :func:`pluggrad.tensor`

    Raises
    ------
    DTypeError : no floating dtype

    >>> import pluggrad
    >>> _ = pluggrad.manual_seed(0)
    >>> pluggrad.rand(2, 2)
    tensor([[0.0347, 0.0115],
            [0.6120, 0.2415]])
    """
    array_type = random_type(creation._array_type(dtype, device))
    draws.require_floating("rand", array_type.dtype, complex_too=True)
    return _tensor(
        draws.uniform(_shape("rand", shape, size), array_type, generator), array_type, requires_grad, pin_memory
    )


def randn(
    *shape: Any, size: Any = None, generator: Generator | None = None, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers drawn from the normal distribution of mean 0 and variance 1.

    They are the normal quantiles (M. J. Wichura's algorithm AS 241) of the numbers that :func:`rand` draws from the
    same state, computed so that they are the same to the last bit on every device.

    Parameters
    ----------
    shape, size, generator, dtype, device, requires_grad, pin_memory : as for :func:`rand`; complex numbers have
        independent real and imaginary parts, each of variance 1/2

    Raises
    ------
    DTypeError : no floating dtype

    >>> import pluggrad
    >>> _ = pluggrad.manual_seed(0)
    >>> pluggrad.randn(3)
    tensor([-1.8153, -2.2719,  0.2844])
    """
    array_type = random_type(creation._array_type(dtype, device))
    draws.require_floating("randn", array_type.dtype, complex_too=True)
    return _tensor(
        draws.normal(_shape("randn", shape, size), array_type, generator), array_type, requires_grad, pin_memory
    )


def rand_like(
    x: Tensor, /, *, generator: Generator | None = None, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Numbers from [0, 1), of the shape and, unless given, the dtype and device of ``x``; see :func:`rand`."""
    array_type = random_type(creation._like(x, dtype, device))
    draws.require_floating("rand_like", array_type.dtype, complex_too=True)
    return _tensor(draws.uniform(tuple(x._array.shape), array_type, generator), array_type, requires_grad)


def randn_like(
    x: Tensor, /, *, generator: Generator | None = None, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Normal numbers of the shape and, unless given, the dtype and device of ``x``; see :func:`randn`."""
    array_type = random_type(creation._like(x, dtype, device))
    draws.require_floating("randn_like", array_type.dtype, complex_too=True)
    return _tensor(draws.normal(tuple(x._array.shape), array_type, generator), array_type, requires_grad)


def randint(
    low: int = 0, high: Any = None, size: Any = None, *, generator: Generator | None = None, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Whole numbers from ``low`` to ``high - 1``, each as likely as the others.

    Called as ``randint(high, size)`` or ``randint(low, high, size)``.

    Parameters
    ----------
    low, high : int
    size : the shape, a sequence
    dtype : default int64
    generator, device, requires_grad, pin_memory : as for :func:`rand`

    Raises
    ------
    ArgumentError : ``low >= high``, or numbers that the dtype does not hold
    TypeError : no size

    >>> import pluggrad
    >>> _ = pluggrad.manual_seed(0)
    >>> pluggrad.randint(10, (5,))
    tensor([9, 8, 9, 6, 3])
    """
    if size is None and isinstance(high, Iterable):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if not isinstance(size, Iterable):
        raise TypeError(f"randint: size must be a sequence of ints, as in randint(0, 10, (3,)), got {size!r}")
    array_type = random_type(creation._array_type(dtype, device, default=dtypes.int64))
    low, high = operator.index(low), operator.index(high)
    draws.check_bounds("randint", low, high, array_type.dtype)
    array = draws.integers(creation._shape((size,)), low, high, array_type, generator)
    return _tensor(array, array_type, requires_grad, pin_memory)


def randint_like(
    x: Tensor, /, low: int, high: int | None = None, *, generator: Generator | None = None, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Whole numbers of the shape and, unless given, the dtype and device of ``x``; bounds as in :func:`randint`."""
    if high is None:
        low, high = 0, low
    array_type = random_type(creation._like(x, dtype, device))
    low, high = operator.index(low), operator.index(high)
    draws.check_bounds("randint_like", low, high, array_type.dtype)
    return _tensor(draws.integers(tuple(x._array.shape), low, high, array_type, generator), array_type, requires_grad)


#: Up to this many elements a permutation is the low bits of sorted words.
_MOST_MARKED = 2**24


def randperm(
    n: int, /, *, generator: Generator | None = None, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The numbers from 0 to ``n - 1`` in random order.

    Parameters
    ----------
    n : how many
    dtype : default int64
    generator, device, requires_grad, pin_memory : as for :func:`rand`

    Raises
    ------
    ArgumentError : ``n`` is negative, or more than the dtype holds

    >>> import pluggrad
    >>> _ = pluggrad.manual_seed(0)
    >>> pluggrad.randperm(5)
    tensor([0, 2, 1, 4, 3])
    """
    n = operator.index(n)
    if n < 0:
        raise ArgumentError(f"randperm: n must not be negative, got {n}")
    array_type = random_type(creation._array_type(dtype, device, default=dtypes.int64))
    if n:
        draws.check_bounds("randperm", 0, n, array_type.dtype)
    return _tensor(_shuffled(n, array_type, generator), array_type, requires_grad, pin_memory)


@there
def _shuffled(n: int, array_type: ArrayType, generator: Generator | None) -> Any:
    """The numbers below n in the order of random words."""
    ns = array_type.kernels.namespace
    words = draws.words(n, array_type, generator)
    if n <= _MOST_MARKED:
        # The position stands in the low bits of each random word, so sorting the words alone shuffles the positions.
        bits = max(n - 1, 1).bit_length()
        mask = (1 << bits) - 1
        positions = ns.arange(n, dtype=ns.uint64, device=array_type.native_device)
        order = ns.sort((words & (2**64 - 1 - mask)) | positions, stable=False) & mask  # no two are equal
    else:
        order = ns.argsort(words)
    return ns.astype(order, array_type.native)


def check_std(name: str, std: Any) -> None:
    """Refuse a negative standard deviation, a number or a tensor.

    Raises
    ------
    ArgumentError
    """
    if isinstance(std, Tensor):
        if std.dtype.is_complex:
            raise ArgumentError(f"{name}: the standard deviation must be real, got {std.dtype.name}")
        with std._type.here():
            error = ArgumentError(f"{name}: expects all elements of std >= 0.0")
            std._type.kernels.refuse(std._array < 0, error)
    elif not std >= 0:
        raise ArgumentError(f"{name}: expects std >= 0.0, but found std {std}")


def normal(
    mean: Tensor | float = 0.0, std: Tensor | float = 1.0, size: Any = None, *, generator: Generator | None = None,
    dtype: DType | None = None, device: Device | str | None = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Normal numbers of given means and standard deviations.

    Parameters
    ----------
    mean, std : Tensors or numbers; shapes that broadcast
    size : the shape; given if, and only if, both are numbers
    dtype, device, requires_grad, pin_memory : as for :func:`randn`, where ``size`` is given; else they are the tensors'
    generator : default: the process's

    Returns
    -------
    Tensor outside of any graph: gradients with respect to ``mean`` and ``std`` are those of ``mean + std * randn(...)``

    Raises
    ------
    ArgumentError : a negative ``std``
    DTypeError : tensors of no floating dtype
    TypeError : no ``size`` for two numbers

    >>> import pluggrad
    >>> _ = pluggrad.manual_seed(0)
    >>> pluggrad.normal(mean=0.5, std=pluggrad.arange(1.0, 6.0))
    tensor([-1.3153, -4.0438,  1.3532, -2.3053, -1.2192])
    """
    check_std("normal", std)
    tensors = [v for v in (mean, std) if isinstance(v, Tensor)]
    if not tensors:
        if size is None:
            raise TypeError("normal: a size is required where mean and std are numbers, as in normal(0.0, 1.0, (2, 3))")
        z = randn(creation._shape((size,)), generator=generator, dtype=dtype, device=device)
        with no_grad():
            z = z * std + mean
        return _tensor(z._array, z._type, requires_grad, pin_memory)
    if size is not None:
        raise TypeError("normal: size is for numbers only; tensors give the shape")
    for tensor in tensors:
        draws.require_floating("normal", tensor.dtype, complex_too=tensor is mean)
    with no_grad():
        shaped = tensors[0] + tensors[1] if len(tensors) == 2 else tensors[0]
        z = make(draws.normal(tuple(shaped._array.shape), shaped._type, generator), shaped._type)
        return z * std + mean
