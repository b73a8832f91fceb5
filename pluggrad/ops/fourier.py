"""Discrete Fourier transforms. All are linear, so each derivative is another transform.

With F the matrix of a transform, the cotangent of its input is Fᴴ g. For the complex transforms that is the
inverse transform without its factor: ``norm`` turns "backward" into "forward" and the other way round. The
public functions bring the input to its length first (by cropping or padding with zeros, which have derivatives
of their own), so the primitives here never change a size but by the real transforms' halving.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..backends import plugins
from ..device import Device, get_default_device
from ..dtypes import COMPLEX, REAL_FLOATING, DType
from ..errors import ArgumentError, DTypeError, EmptyError, ShapeError
from ..tensor import Tensor, make
from .axes import Axes, either, one_axis, some_axes
from .complex_functions import conj
from .declare import composite
from .dtype_functions import _astype
from .manipulation import roll
from .padding import _pad_constant

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

_ADJOINT_NORM = {"backward": "forward", "forward": "backward", "ortho": "ortho"}

# -- primitives ------------------------------------------------------------------------------------


def _complex_x(inverse: str) -> Any:
    return lambda xp, g, axes, norm: getattr(xp, inverse)(g, axes=axes, norm=_ADJOINT_NORM[norm])


@composite(name="fftn", alias="FftC2C", result="same", kinds=COMPLEX, vjp=_complex_x("ifftn"))
def _fftn(xp: Any, x: Any, /, *, axes: tuple[int, ...], norm: str) -> Any:
    return xp.namespace.fft.fftn(x, axes=axes, norm=norm)


@composite(name="ifftn", alias="FftC2C", result="same", kinds=COMPLEX, vjp=_complex_x("fftn"))
def _ifftn(xp: Any, x: Any, /, *, axes: tuple[int, ...], norm: str) -> Any:
    return xp.namespace.fft.ifftn(x, axes=axes, norm=norm)


def _rfftn_x(xp: Any, g: Any, x_shape: tuple[int, ...], axes: tuple[int, ...], norm: str) -> Any:
    """The half that was not computed has no gradient; of the inverse transform of the rest, the real part."""
    last = axes[-1]
    widths = tuple([(0, x_shape[last] - g.shape[last]) if i == last else (0, 0) for i in range(len(x_shape))])
    g = xp.pad_constant(g, widths=widths, value=0)
    return xp.real(xp.ifftn(g, axes=axes, norm=_ADJOINT_NORM[norm]))


@composite(name="rfftn", autocast="float32", alias="FftR2C", kinds=REAL_FLOATING, vjp=_rfftn_x)
def _rfftn(xp: Any, x: Any, /, *, axes: tuple[int, ...], norm: str) -> Any:
    return xp.namespace.fft.rfftn(x, axes=axes, norm=norm)


def _irfftn_x(xp: Any, g: Any, axes: tuple[int, ...], n: int, norm: str) -> Any:
    """Each frequency stands for itself and its mirror image, but 0 and, for even n, n/2."""
    g = xp.rfftn(g, axes=axes, norm=_ADJOINT_NORM[norm])
    return xp.double_mirrored(g, axis=axes[-1], n=n)


@composite(name="irfftn", alias="FftC2R", kinds=COMPLEX, vjp=_irfftn_x)
def _irfftn(xp: Any, x: Any, /, *, axes: tuple[int, ...], n: int, norm: str) -> Any:
    sizes = [x.shape[a] for a in axes[:-1]] + [n]
    return xp.namespace.fft.irfftn(x, s=sizes, axes=axes, norm=norm)


@composite(name="double_mirrored", result="same", kinds=COMPLEX,
           vjp=lambda xp, g, axis, n: xp.double_mirrored(g, axis=axis, n=n))  # fmt: skip
def _double_mirrored(xp: Any, x: Any, /, *, axis: int, n: int) -> Any:
    """The frequencies of a half spectrum that stand for two of the whole, doubled."""
    out = xp.namespace.asarray(x, copy=True)
    middle = (*(slice(None),) * axis, slice(1, (n + 1) // 2), ...)
    out[middle] = out[middle] + out[middle]
    return out


# -- arguments ----------------------------------------------------------------------------------------


def _norm(name: str, norm: str | None) -> str:
    if norm is None:
        return "backward"
    if norm not in _ADJOINT_NORM:
        raise ArgumentError(f"{name}: norm must be 'backward', 'ortho' or 'forward', got {norm!r}")
    return norm


def _as_complex(name: str, x: Tensor) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(x).__name__}")
    if x.dtype.is_complex:
        return x
    real = x.dtype if x.dtype.is_floating_point else dtypes.get_default_dtype()
    return _astype(x, dtype=real.to_complex())


def _as_real(name: str, x: Tensor) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(x).__name__}")
    if x.dtype.is_complex:
        raise DTypeError(
            f"{name}: expects a real input tensor, but got {x.dtype.name}; "
            f"use {name.replace('r', '', 1)} for complex ones"
        )
    return x if x.dtype.is_floating_point else _astype(x, dtype=dtypes.get_default_dtype())


def _resize(name: str, x: Tensor, axes: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Crop, or pad with zeros at the end, to the given sizes."""
    for size in sizes:
        if size < 1:
            raise ShapeError(
                f"{name}: invalid number of data points ({size}) specified: need at least 1; "
                f"input shape {tuple(x.shape)}"
            )
    change = {a: n - x._array.shape[a] for a, n in zip(axes, sizes, strict=True)}
    if not any(change.values()):
        return x
    return _pad_constant(x, widths=tuple((0, change.get(i, 0)) for i in range(x.ndim)), value=0)


def _axis(name: str, x: Tensor, axis: int, dim: int | None) -> int:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(x).__name__}")
    if not x.ndim:
        raise EmptyError(f"{name}: needs at least one axis, got a 0-D tensor")
    return one_axis(name, axis if dim is None else dim, x.ndim)


def _axes_and_sizes(
    name: str, x: Tensor, s: Sequence[int] | None, axes: Axes, dim: Axes
) -> tuple[tuple[int, ...], list[int]]:
    """Which axes, and how long; sizes without axes mean the last ones; a size of -1 means the size there is."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(x).__name__}")
    axes = either(name, axes, dim)
    if axes is None and s is not None:
        if len(s) > x.ndim:
            raise ShapeError(f"{name}: got {len(s)} sizes for a tensor of {x.ndim} axes")
        chosen = tuple(range(x.ndim - len(s), x.ndim))
    else:
        chosen = some_axes(name, axes, x.ndim)
    if not chosen:
        raise ShapeError(
            f"{name}: needs at least one axis to transform, got a tensor of shape {tuple(x.shape)} and axes {axes}"
        )
    if s is not None and len(s) != len(chosen):
        raise ShapeError(f"{name}: {len(s)} sizes for {len(chosen)} axes; give as many of each")
    given = [-1] * len(chosen) if s is None else list(s)
    return chosen, [x._array.shape[a] if n == -1 else n for a, n in zip(chosen, given, strict=True)]


def _half_length(name: str, x: Tensor, axis: int, n: int | None) -> int:
    """The length of the real signal behind a half spectrum."""
    n = 2 * (x._array.shape[axis] - 1) if n is None else n
    if n < 1:
        raise ShapeError(
            f"{name}: invalid number of data points ({n}) specified: need at least 1; input shape {tuple(x.shape)}"
        )
    return n


# -- one axis ----------------------------------------------------------------------------------------


def fft(
    x: Tensor, /, n: int | None = None, axis: int = -1, norm: str | None = "backward", *, dim: int | None = None
) -> Tensor:
    """Discrete Fourier transform along one axis: X_k = Σ_j x_j exp(-2πi jk/n).

    Parameters
    ----------
    x : Tensor, complex (real ones are taken as complex)
    n : length; ``x`` is cropped or padded with zeros to it; default: that of the axis
    axis, dim : the axis
    norm : "backward" (no factor), "ortho" (1/√n) or "forward" (1/n)

    Returns
    -------
    Tensor, complex, of length n along the axis

    Raises
    ------
    ShapeError : n < 1
    AxisError : no such axis

    >>> import pluggrad
    >>> pluggrad.fft.fft(pluggrad.asarray([1.0, 0.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _one(_fftn, "fft", x, n, axis, dim, norm)


def ifft(
    x: Tensor, /, n: int | None = None, axis: int = -1, norm: str | None = "backward", *, dim: int | None = None
) -> Tensor:
    """Inverse of :func:`fft`, with the factor 1/n for norm "backward".

    >>> import pluggrad
    >>> pluggrad.fft.ifft(pluggrad.asarray([4.0, 0.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _one(_ifftn, "ifft", x, n, axis, dim, norm)


def _one(primitive: Any, name: str, x: Tensor, n: int | None, axis: int, dim: int | None, norm: str | None) -> Tensor:
    axis = _axis(name, x, axis, dim)
    x = _resize(name, _as_complex(name, x), (axis,), (x._array.shape[axis] if n is None else n,))
    return primitive(x, axes=(axis,), norm=_norm(name, norm))


def rfft(
    x: Tensor, /, n: int | None = None, axis: int = -1, norm: str | None = "backward", *, dim: int | None = None
) -> Tensor:
    """Fourier transform of a real signal: the n // 2 + 1 frequencies that are not mirror images.

    Parameters and errors as :func:`fft`; DTypeError for a complex input.

    >>> import pluggrad
    >>> pluggrad.fft.rfft(pluggrad.asarray([1.0, 0.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j])
    """
    axis = _axis("rfft", x, axis, dim)
    x = _resize("rfft", _as_real("rfft", x), (axis,), (x._array.shape[axis] if n is None else n,))
    return _rfftn(x, axes=(axis,), norm=_norm("rfft", norm))


def irfft(
    x: Tensor, /, n: int | None = None, axis: int = -1, norm: str | None = "backward", *, dim: int | None = None
) -> Tensor:
    """Inverse of :func:`rfft`: the real signal of length n (default: 2 (m - 1) for m frequencies).

    The imaginary parts of frequency 0 and, for even n, n/2 are not used, and get no gradient.

    >>> import pluggrad
    >>> pluggrad.fft.irfft(pluggrad.asarray([4.0, 0.0, 0.0]))
    tensor([1., 1., 1., 1.])
    """
    axis = _axis("irfft", x, axis, dim)
    n = _half_length("irfft", x, axis, n)
    x = _resize("irfft", _as_complex("irfft", x), (axis,), (n // 2 + 1,))
    return _irfftn(x, axes=(axis,), n=n, norm=_norm("irfft", norm))


def hfft(
    x: Tensor, /, n: int | None = None, axis: int = -1, norm: str | None = "backward", *, dim: int | None = None
) -> Tensor:
    """Fourier transform of a signal with Hermitian symmetry, given by its first half: a real spectrum of length n.

    >>> import pluggrad
    >>> pluggrad.fft.hfft(pluggrad.asarray([1.0, 0.0, 0.0]))
    tensor([1., 1., 1., 1.])
    """
    return irfft(conj(_as_complex("hfft", x)), n, axis, _ADJOINT_NORM[_norm("hfft", norm)], dim=dim)


def ihfft(
    x: Tensor, /, n: int | None = None, axis: int = -1, norm: str | None = "backward", *, dim: int | None = None
) -> Tensor:
    """Inverse of :func:`hfft`: the first half of the signal behind a real spectrum.

    >>> import pluggrad
    >>> pluggrad.fft.ihfft(pluggrad.asarray([4.0, 0.0, 0.0, 0.0]))
    tensor([1.-0.j, 1.-0.j, 1.-0.j])
    """
    return conj(rfft(_as_real("ihfft", x), n, axis, _ADJOINT_NORM[_norm("ihfft", norm)], dim=dim))


# -- several axes -----------------------------------------------------------------------------------


def fftn(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward", *, dim: Axes = None
) -> Tensor:
    """Fourier transform along several axes.

    Parameters
    ----------
    x : Tensor, complex (real ones are taken as complex)
    s : a length for each axis, -1 for what there is; without ``axes``, of the last ones
    axes, dim : the axes; default: all
    norm : as in :func:`fft`

    Raises
    ------
    ShapeError : a length < 1, or not as many lengths as axes
    AxisError : no such axis

    >>> import pluggrad
    >>> pluggrad.fft.fftn(pluggrad.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    return _several(_fftn, "fftn", x, s, axes, dim, norm)


def ifftn(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward", *, dim: Axes = None
) -> Tensor:
    """Inverse of :func:`fftn`.

    >>> import pluggrad
    >>> pluggrad.fft.ifftn(pluggrad.ones(2, 2))
    tensor([[1.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    return _several(_ifftn, "ifftn", x, s, axes, dim, norm)


def _several(
    primitive: Any, name: str, x: Tensor, s: Sequence[int] | None, axes: Axes, dim: Axes, norm: str | None
) -> Tensor:
    chosen, sizes = _axes_and_sizes(name, x, s, axes, dim)
    return primitive(_resize(name, _as_complex(name, x), chosen, sizes), axes=chosen, norm=_norm(name, norm))


def rfftn(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward", *, dim: Axes = None
) -> Tensor:
    """Fourier transform of a real tensor along several axes; the last of them is halved as in :func:`rfft`.

    >>> import pluggrad
    >>> pluggrad.fft.rfftn(pluggrad.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    chosen, sizes = _axes_and_sizes("rfftn", x, s, axes, dim)
    return _rfftn(_resize("rfftn", _as_real("rfftn", x), chosen, sizes), axes=chosen, norm=_norm("rfftn", norm))


def irfftn(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward", *, dim: Axes = None
) -> Tensor:
    """Inverse of :func:`rfftn`; the last size of ``s`` is that of the real signal (default: 2 (m - 1)).

    >>> import pluggrad
    >>> pluggrad.fft.irfftn(pluggrad.ones(2, 2))
    tensor([[1., 0.],
            [0., 0.]])
    """
    chosen, sizes = _axes_and_sizes("irfftn", x, s, axes, dim)
    n = _half_length("irfftn", x, chosen[-1], None if s is None or s[-1] == -1 else s[-1])
    x = _resize("irfftn", _as_complex("irfftn", x), chosen, [*sizes[:-1], n // 2 + 1])
    return _irfftn(x, axes=chosen, n=n, norm=_norm("irfftn", norm))


def fft2(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    axes: Axes = (-2, -1),
    norm: str | None = "backward",
    *,
    dim: Axes = None,
) -> Tensor:
    """:func:`fftn` along the last two axes.

    >>> import pluggrad
    >>> pluggrad.fft.fft2(pluggrad.ones(1, 2))
    tensor([[2.+0.j, 0.+0.j]])
    """
    return fftn(x, s, axes if dim is None else dim, norm)


def ifft2(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    axes: Axes = (-2, -1),
    norm: str | None = "backward",
    *,
    dim: Axes = None,
) -> Tensor:
    """:func:`ifftn` along the last two axes.

    >>> import pluggrad
    >>> pluggrad.fft.ifft2(pluggrad.ones(1, 2))
    tensor([[1.+0.j, 0.+0.j]])
    """
    return ifftn(x, s, axes if dim is None else dim, norm)


def rfft2(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    axes: Axes = (-2, -1),
    norm: str | None = "backward",
    *,
    dim: Axes = None,
) -> Tensor:
    """:func:`rfftn` along the last two axes.

    >>> import pluggrad
    >>> pluggrad.fft.rfft2(pluggrad.ones(1, 2))
    tensor([[2.+0.j, 0.+0.j]])
    """
    return rfftn(x, s, axes if dim is None else dim, norm)


def irfft2(
    x: Tensor,
    /,
    s: Sequence[int] | None = None,
    axes: Axes = (-2, -1),
    norm: str | None = "backward",
    *,
    dim: Axes = None,
) -> Tensor:
    """:func:`irfftn` along the last two axes.

    >>> import pluggrad
    >>> pluggrad.fft.irfft2(pluggrad.ones(1, 2))
    tensor([[1., 0.]])
    """
    return irfftn(x, s, axes if dim is None else dim, norm)


# -- frequencies -------------------------------------------------------------------------------------


def _frequencies(
    name: str, n: int, d: float, half: bool, dtype: DType | None, device: Device | str | None, requires_grad: bool
) -> Tensor:
    if n < 1:
        raise ArgumentError(f"{name}: n must be at least 1, got {n}")
    if dtype is not None and not dtype.is_floating_point:
        raise DTypeError(f"{name}: dtype must be a real floating-point type, got {dtype}")
    array_type = plugins.array_type(device or get_default_device(), dtype or dtypes.get_default_dtype())
    numbers = list(range(n // 2 + 1)) if half else [*range((n + 1) // 2), *range(-(n // 2), 0)]
    # In Python's double precision, so that every backend gives the same.
    values = [k / (n * d) if math.isfinite(n * d) and n * d else math.nan for k in numbers]
    array = array_type.kernels.namespace.asarray(values, dtype=array_type.native, device=array_type.native_device)
    out = make(array, array_type)
    out.requires_grad = requires_grad
    return out


def fftfreq(
    n: int,
    /,
    d: float = 1.0,
    *,
    dtype: DType | None = None,
    device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of :func:`fft`, in cycles per unit of the sample spacing ``d``: 0, 1, ..., -2, -1 over n·d.

    >>> import pluggrad
    >>> pluggrad.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return _frequencies("fftfreq", n, d, False, dtype, device, requires_grad)


def rfftfreq(
    n: int,
    /,
    d: float = 1.0,
    *,
    dtype: DType | None = None,
    device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of :func:`rfft`, in cycles per unit of the sample spacing ``d``.

    >>> import pluggrad
    >>> pluggrad.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    return _frequencies("rfftfreq", n, d, True, dtype, device, requires_grad)


def fftshift(x: Tensor, /, axes: Axes = None, *, dim: Axes = None) -> Tensor:
    """The zero frequency moved to the middle of the axes (default: all).

    >>> import pluggrad
    >>> pluggrad.fft.fftshift(pluggrad.asarray([0, 1, -2, -1]))
    tensor([-2, -1,  0,  1])
    """
    chosen = some_axes("fftshift", either("fftshift", axes, dim), x.ndim)
    return roll(x, tuple(x._array.shape[a] // 2 for a in chosen), axis=chosen)


def ifftshift(x: Tensor, /, axes: Axes = None, *, dim: Axes = None) -> Tensor:
    """Inverse of :func:`fftshift`.

    >>> import pluggrad
    >>> pluggrad.fft.ifftshift(pluggrad.asarray([-2, -1, 0, 1]))
    tensor([ 0,  1, -2, -1])
    """
    chosen = some_axes("ifftshift", either("ifftshift", axes, dim), x.ndim)
    return roll(x, tuple(-(x._array.shape[a] // 2) for a in chosen), axis=chosen)


def hfftn(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward", *, dim: Axes = None
) -> Tensor:
    """Fourier transform along several axes of a signal with Hermitian symmetry, of which the last axis holds half.

    >>> import pluggrad
    >>> pluggrad.fft.hfftn(pluggrad.ones(1, 2))
    tensor([[2., 0.]])
    """
    return irfftn(conj(_as_complex("hfftn", x)), s, axes, _ADJOINT_NORM[_norm("hfftn", norm)], dim=dim)


def ihfftn(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str | None = "backward", *, dim: Axes = None
) -> Tensor:
    """Inverse of :func:`hfftn`: half of the signal behind a real spectrum.

    >>> import pluggrad
    >>> pluggrad.fft.ihfftn(pluggrad.asarray([[2.0, 0.0]]))
    tensor([[1.-0.j, 1.-0.j]])
    """
    return conj(rfftn(_as_real("ihfftn", x), s, axes, _ADJOINT_NORM[_norm("ihfftn", norm)], dim=dim))


def hfft2(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = (-2, -1), norm: str | None = "backward", *,
    dim: Axes = None,
) -> Tensor:  # fmt: skip
    """:func:`hfftn` along two axes, by default the last.

    >>> import pluggrad
    >>> pluggrad.fft.hfft2(pluggrad.ones(1, 2))
    tensor([[2., 0.]])
    """
    return hfftn(x, s, axes if dim is None else dim, norm)


def ihfft2(
    x: Tensor, /, s: Sequence[int] | None = None, axes: Axes = (-2, -1), norm: str | None = "backward", *,
    dim: Axes = None,
) -> Tensor:  # fmt: skip
    """:func:`ihfftn` along two axes, by default the last.

    >>> import pluggrad
    >>> pluggrad.fft.ihfft2(pluggrad.asarray([[2.0, 0.0]]))
    tensor([[1.-0.j, 1.-0.j]])
    """
    return ihfftn(x, s, axes if dim is None else dim, norm)
