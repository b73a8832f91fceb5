"""Interpolation: images made larger or smaller."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ...dtypes import float64
from ...errors import ShapeError
from ...tensor import Tensor
from .adaptive_avg_pool import adaptive_average
from .resampling import Taps, _resample, antialiased, cubic, linear, nearest

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

#: The numbers of spatial axes that a mode is of.
_SPATIAL = {
    "nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "area": (1, 2, 3), "linear": (1,), "bilinear": (2,),
    "trilinear": (3,), "bicubic": (2,), "lanczos": (2,),
}  # fmt: skip


def _for_each(name: str, given: Any, n: int, shape: tuple[int, ...]) -> list[Any]:
    if not isinstance(given, Sequence):
        return [given] * n
    if len(given) != n:
        raise ValueError(
            f"interpolate: {name} must be one number or {n}, one for each spatial axis of the input of shape {shape}, "
            f"got {tuple(given)}"
        )
    return list(given)


def _sizes(
    shape: tuple[int, ...], size: Any, scale_factor: Any, mode: str, recompute: bool | None
) -> tuple[list[int], list[float | None]]:
    """The size of the result, and the factors that it was given by, if these are to be used."""
    n = len(shape) - 2
    if size is not None and scale_factor is not None:
        raise ValueError("interpolate: only one of size or scale_factor should be defined")
    if size is not None:
        if recompute:
            raise ValueError("interpolate: recompute_scale_factor is not meaningful with an explicit size")
        sizes = _for_each("size", size, n, shape)
        if not all(hasattr(s, "__index__") for s in sizes):
            raise TypeError(f"interpolate: expected size to be one int or ints, got {size!r}")
        return [s.__index__() for s in sizes], [None] * n
    if scale_factor is None:
        raise ValueError("interpolate: either size or scale_factor should be defined")
    factors = [float(f) for f in _for_each("scale_factor", scale_factor, n, shape)]
    sizes = [math.floor(m * f) for m, f in zip(shape[2:], factors, strict=True)]
    return sizes, [None] * n if recompute or mode == "area" else list(factors)


def _taps(
    mode: str, m: int, count: int, factor: float | None, align_corners: bool, antialias: bool, single: bool
) -> Taps:
    if mode.startswith("nearest"):
        return nearest(m, count, factor, mode == "nearest-exact", single)
    if antialias:
        return antialiased(mode, m, count, factor, align_corners)
    return (cubic if mode == "bicubic" else linear)(m, count, factor, align_corners)


def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """Resample signals, images or volumes to another size.

    Parameters
    ----------
    input : Tensor, shape (N, C, L), (N, C, H, W) or (N, C, D, H, W), floating
    size : int or ints: the spatial size of the result
    scale_factor : number or numbers: by how much it is larger; one of the two must be given
    mode : 'nearest', 'nearest-exact' (as of Pillow and scikit-image), 'area' (means), 'linear' (3 axes),
        'bilinear', 'bicubic' (4 axes), 'trilinear' (5 axes), 'lanczos' (4 axes, with ``antialias``)
    align_corners : for linear and cubic modes: whether the middles of the corner elements, not their outer edges,
        fall upon each other
    recompute_scale_factor : use the factor that the sizes have, not the one given: they differ where the result's size
        was rounded
    antialias : for 'bilinear', 'bicubic', 'lanczos': filter what would be passed over, as Pillow does

    Returns
    -------
    Tensor, shape (N, C, *size)

    Raises
    ------
    ValueError : both or none of ``size`` and ``scale_factor``, an option that the mode does not have
    NotImplementedError : a mode that the number of axes does not have
    ShapeError : a size below 1

    >>> import pluggrad
    >>> x = pluggrad.tensor([[[1.0, 3.0]]])
    >>> pluggrad.nn.functional.interpolate(x, scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    >>> pluggrad.nn.functional.interpolate(x, size=3, mode="linear", align_corners=True)
    tensor([[[1., 2., 3.]]])
    """
    shape = tuple(input._array.shape)
    n = len(shape) - 2
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        raise ValueError(
            f"interpolate: align_corners option can only be set with the interpolating modes: linear | bilinear | "
            f"bicubic | trilinear, got mode {mode!r}"
        )
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and n == 2):
        raise ValueError(
            f"interpolate: antialias is restricted to the modes bilinear, bicubic and lanczos and requires a 4-D "
            f"tensor, got mode {mode!r} and shape {shape}"
        )
    if mode == "lanczos" and (align_corners or not antialias):
        raise ValueError("interpolate: mode 'lanczos' requires antialias=True and does not support align_corners=True")
    sizes, factors = _sizes(shape, size, scale_factor, mode, recompute_scale_factor)
    if n not in _SPATIAL.get(mode, ()):
        raise NotImplementedError(
            f"interpolate: mode must be one of {', '.join(_SPATIAL)}, for inputs (N, C, ...) of as many spatial axes "
            f"as it is for, got {mode!r} and input of shape {shape}"
        )
    if min(*shape[1:], *sizes) < 1:
        raise ShapeError(f"interpolate: input and output sizes must be greater than 0, got {shape} and {sizes}")
    if mode == "area":
        return adaptive_average(input, tuple(sizes))
    out, single = input, input.dtype is not float64
    for axis, (m, count, factor) in enumerate(zip(shape[2:], sizes, factors, strict=True), start=2):
        taps = _taps(mode, m, count, factor, bool(align_corners), antialias, single)
        if m != count or taps != _identity(m):
            out = _resample(out, axis=axis, taps=taps)
    return out if out is not input else input.clone()


def _identity(n: int) -> Taps:
    return nearest(n, n, None, False, False)


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """An older name of :func:`interpolate`, with a warning, as in PyTorch."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """An older name of :func:`interpolate` with mode 'nearest', with a warning, as in PyTorch."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """An older name of :func:`interpolate` with mode 'bilinear' and aligned corners, with a warning, as in PyTorch."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, "bilinear", True)
