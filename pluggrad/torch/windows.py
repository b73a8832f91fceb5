"""``torch.signal.windows``: windows of ``M`` points, to be multiplied with a signal before its spectrum is taken.

``sym=True`` gives a symmetric window, for filters; ``sym=False`` one that goes on periodically, for spectra. Formulas
as in PyTorch and SciPy (Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform",
1978).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pluggrad

from .. import dtypes
from ..dtypes import DType
from ..errors import ArgumentError
from ..tensor import Tensor
from ..tensor.formats import check_layout

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


def _points(name: str, M: int, dtype: DType | None, layout: Any) -> DType:
    """The dtype, once the arguments are found to be right."""
    if M < 0:
        raise ArgumentError(f"{name}: requires non-negative window length, got M={M}")
    if layout is not None:
        check_layout(name, "layout", layout)
    dtype = dtypes.get_default_dtype() if dtype is None else dtype
    if dtype not in (dtypes.float32, dtypes.float64):
        raise ArgumentError(f"{name}: expects float32 or float64 dtypes, got {dtype}")
    return dtype


def _made(values: Tensor, dtype: DType, requires_grad: bool) -> Tensor:
    return values.to(dtype).requires_grad_(requires_grad)


def _steps(M: int, first: float, step: float, device: Any) -> Tensor:
    return first + step * pluggrad.arange(M, dtype=dtypes.float64, device=device)


def _span(M: int, sym: bool) -> int:
    """How many steps the window is long; at least one."""
    return M if not sym and M > 1 else max(M - 1, 1)


def general_cosine(
    M: int, *, a: Iterable[float], sym: bool = True, dtype: DType | None = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A sum of cosines with the coefficients ``a``, of alternating sign.

    Parameters
    ----------
    M : number of points
    a : coefficients
    sym : symmetric, rather than periodic
    dtype, layout, device, requires_grad : of the result

    Returns
    -------
    Tensor, shape (M,)

    Raises
    ------
    ArgumentError : a negative ``M``, no coefficients, another dtype than float32 or float64

    >>> import pluggrad.torch as torch
    >>> torch.signal.windows.general_cosine(5, a=[0.5, 0.5])
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    dtype = _points("general_cosine", M, dtype, layout)
    coefficients = [float(c) for c in a]
    if not coefficients:
        raise ArgumentError("general_cosine: coefficients cannot be empty")
    if M == 1:
        return pluggrad.ones(1, dtype=dtype, device=device, requires_grad=requires_grad)
    angle = _steps(M, 0.0, 2 * math.pi / _span(M, sym), device)
    out = pluggrad.zeros_like(angle)
    for i, c in enumerate(coefficients):
        out = out + (-1) ** i * c * pluggrad.cos(i * angle)
    return _made(out, dtype, requires_grad)


def general_hamming(M: int, *, alpha: float = 0.54, **words: Any) -> Tensor:
    """``alpha - (1 - alpha) cos``: see :func:`general_cosine`, also for the other arguments."""
    return general_cosine(M, a=[alpha, 1 - alpha], **words)


def hamming(M: int, **words: Any) -> Tensor:
    """:func:`general_hamming` with 0.54."""
    return general_hamming(M, **words)


def hann(M: int, **words: Any) -> Tensor:
    """:func:`general_hamming` with 0.5: 0 at both ends."""
    return general_hamming(M, alpha=0.5, **words)


def blackman(M: int, **words: Any) -> Tensor:
    """:func:`general_cosine` with Blackman's three coefficients."""
    return general_cosine(M, a=[0.42, 0.5, 0.08], **words)


def nuttall(M: int, **words: Any) -> Tensor:
    """:func:`general_cosine` with Nuttall's four coefficients."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], **words)


def bartlett(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A triangle; arguments as for :func:`general_cosine`."""
    dtype = _points("bartlett", M, dtype, layout)
    if M == 1:
        return pluggrad.ones(1, dtype=dtype, device=device, requires_grad=requires_grad)
    return _made(1 - _steps(M, -1.0, 2 / _span(M, sym), device).abs(), dtype, requires_grad)


def cosine(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Half a wave of a sine; arguments as for :func:`general_cosine`."""
    dtype = _points("cosine", M, dtype, layout)
    step = math.pi / (M + 1 if not sym and M > 1 else max(M, 1))
    return _made(pluggrad.sin(_steps(M, step / 2, step, device)), dtype, requires_grad)


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: DType | None = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """It falls off on both sides of ``center`` by e within ``tau``; arguments as for :func:`general_cosine`.

    Raises
    ------
    ArgumentError : also a ``tau`` that is not positive, and a ``center`` of a symmetric window
    """
    dtype = _points("exponential", M, dtype, layout)
    if tau <= 0:
        raise ArgumentError(f"exponential: tau must be positive, got {tau} instead.")
    if sym and center is not None:
        raise ArgumentError("exponential: center must be None for symmetric windows")
    middle = (M if not sym and M > 1 else M - 1) / 2 if center is None else center
    return _made(pluggrad.exp(-_steps(M, -middle / tau, 1 / tau, device).abs()), dtype, requires_grad)


def gaussian(
    M: int, *, std: float = 1.0, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The bell curve of a standard deviation in points; arguments as for :func:`general_cosine`.

    Raises
    ------
    ArgumentError : also an ``std`` that is not positive
    """
    dtype = _points("gaussian", M, dtype, layout)
    if std <= 0:
        raise ArgumentError(f"gaussian: standard deviation must be positive, got {std} instead.")
    middle, scale = (M if not sym and M > 1 else M - 1) / 2, std * math.sqrt(2)
    return _made(pluggrad.exp(-(_steps(M, -middle / scale, 1 / scale, device) ** 2)), dtype, requires_grad)


def kaiser(
    M: int, *, beta: float = 12.0, sym: bool = True, dtype: DType | None = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """By the modified Bessel function of order 0; the narrower, the larger ``beta``. Others: :func:`general_cosine`.

    Raises
    ------
    ArgumentError : also a negative ``beta``
    """
    dtype = _points("kaiser", M, dtype, layout)
    if beta < 0:
        raise ArgumentError(f"kaiser: beta must be non-negative, got {beta} instead.")
    if M == 1:
        return pluggrad.ones(1, dtype=dtype, device=device, requires_grad=requires_grad)
    k = _steps(M, -beta, 2 * beta / _span(M, sym), device).clamp(-beta, beta)
    whole = pluggrad.special.i0(pluggrad.full((), beta, dtype=dtypes.float64, device=device))
    return _made(pluggrad.special.i0(pluggrad.sqrt(beta * beta - k * k)) / whole, dtype, requires_grad)
