"""Window functions, by which a part of a signal is weighted: Hann, Hamming, Blackman, Bartlett, Kaiser."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..device import Device
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor
from .creation import arange, ones
from .trigonometric import cos

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def _window(
    name: str, length: int, periodic: bool, shape: Callable[[Tensor], Tensor], dtype: DType | None,
    device: Device | str | None, requires_grad: bool,
) -> Tensor:  # fmt: skip
    """``shape`` of the numbers from 0 to 1 along a window.

    Raises
    ------
    ArgumentError : a negative length
    DTypeError : not a real floating-point type
    """
    dtype = dtypes.get_default_dtype() if dtype is None else dtype
    if not dtype.is_floating_point:
        raise DTypeError(f"{name}: dtype must be a real floating-point type, got {dtype.name}")
    if length < 0:
        raise ArgumentError(f"{name}: window_length must not be negative, got {length}")
    if length < 2:
        out = ones(length, dtype=dtype, device=device)
    else:
        steps = length if periodic else length - 1
        out = shape(arange(length, dtype=dtypes.float64, device=device) / steps).to(dtype)
    return out.requires_grad_() if requires_grad else out


def _cosines(*weights: float) -> Callable[[Tensor], Tensor]:
    """The sum of cosines of 0, 1, 2, ... turns along the window, with alternating signs."""

    def shape(t: Tensor) -> Tensor:
        total: Any = weights[0]
        for k, weight in enumerate(weights[1:], 1):
            total = total + (-1) ** k * weight * cos(t * (2 * math.pi * k))
        return total

    return shape


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The Hann window, ``(1 - cos(2 pi n / N)) / 2``.

    Parameters
    ----------
    window_length : how many numbers
    periodic : let N be ``window_length``, for spectra; else ``window_length - 1``, which makes it symmetric
    dtype : a real floating-point type; default: the default one

    Returns
    -------
    Tensor, 1-D

    Raises
    ------
    ArgumentError : a negative length
    DTypeError : not a real floating-point type

    >>> import pluggrad
    >>> pluggrad.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", window_length, periodic, _cosines(0.5, 0.5), dtype, device, requires_grad)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The Hamming window, ``alpha - beta cos(2 pi n / N)``. Arguments as for :func:`hann_window`.

    >>> import pluggrad
    >>> pluggrad.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", window_length, periodic, _cosines(alpha, beta), dtype, device, requires_grad)


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The Blackman window. Arguments as for :func:`hann_window`.

    >>> import pluggrad
    >>> pluggrad.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """
    shape = _cosines(0.42, 0.5, 0.08)
    return _window("blackman_window", window_length, periodic, shape, dtype, device, requires_grad)


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The triangle of Bartlett. Arguments as for :func:`hann_window`.

    >>> import pluggrad
    >>> pluggrad.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window(
        "bartlett_window", window_length, periodic, lambda t: 1 - abs(t * 2 - 1), dtype, device, requires_grad
    )


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The Kaiser window with the shape parameter ``beta``. Arguments as for :func:`hann_window`.

    >>> import pluggrad
    >>> pluggrad.kaiser_window(3, periodic=False)[1]
    tensor(1.)
    """
    top = _bessel_i0(beta * beta / 4)

    def shape(t: Tensor) -> Tensor:
        squares = (1 - (t * 2 - 1) ** 2) * (beta * beta / 4)
        return squares.new_tensor([_bessel_i0(s) / top for s in squares.tolist()])

    return _window("kaiser_window", window_length, periodic, shape, dtype, device, requires_grad)


def _bessel_i0(quarter: float) -> float:
    """The modified Bessel function I0 of ``2 sqrt(quarter)``, by its series: sum of ``quarter**k / k!**2``."""
    term = total = 1.0
    k = 0
    while term > 1e-17 * total:
        k += 1
        term *= quarter / (k * k)
        total += term
    return total
