"""Images and volumes read at any places: spatial transformers (Jaderberg et al., 2015).

Places are given as a grid of coordinates, in which -1 and 1 are the ends of an axis: the middles of the outermost
pixels (``align_corners``), or their outer edges. What is between pixels is interpolated from those around it. All is
composed of functions that have derivatives, so these are of any order.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence

from ...autograd.operands import require_tensors
from ...dtypes import REAL_FLOATING, float32
from ...errors import ArgumentError, DTypeError, ShapeError
from ...tensor import Tensor
from ..creation import linspace, ones
from ..gathering import gather
from ..joining import stack
from ..ranges import spaced
from ..searching import where

__all__ = ["affine_grid", "grid_sample"]

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def _aligned(name: str, align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(
            f"{name}: align_corners=False is the default, as in PyTorch since 1.3; specify align_corners to choose",
            stacklevel=3,
        )
    return bool(align_corners)


# -- coordinates --------------------------------------------------------------------------------------------------


def _pixels(x: Tensor, size: int, aligned: bool) -> Tensor:
    """Coordinates in [-1, 1] as pixel numbers."""
    return (x + 1) * ((size - 1) / 2) if aligned else ((x + 1) * size - 1) / 2


def _mirrored(x: Tensor, size: int, aligned: bool) -> Tensor:
    """Pixel numbers outside of an axis, mirrored at its ends until they are inside."""
    low, span = (0.0, float(size - 1)) if aligned else (-0.5, float(size))
    if not span:
        return x * 0.0
    distance = (x - low).abs()
    turns = (distance.detach() / span).floor()
    rest = distance - turns * span
    return where(turns % 2 == 0, rest + low, span - rest + low)


def _bounded(x: Tensor, size: int, padding: str, aligned: bool) -> Tensor:
    """Pixel numbers after the padding: inside of the axis, unless it is padded with zeros."""
    if padding == "zeros":
        return x
    if padding == "reflection":
        x = _mirrored(x, size, aligned)
    fixed = x.detach()
    # On the ends there is no derivative either, as in PyTorch.
    return where((fixed > 0) & (fixed < size - 1), x, fixed.clamp(0, size - 1))


# -- taps: along each axis, pixel numbers and weights -------------------------------------------------------------

Tap = tuple[Tensor, Tensor | None]


def _linear_taps(x: Tensor) -> list[Tap]:
    first = x.detach().floor()
    part = x - first
    return [(first, 1 - part), (first + 1, part)]


def _nearest_taps(x: Tensor) -> list[Tap]:
    """The nearest pixel; of two, the even one. Its weight, 1, has the derivative 0 with respect to the coordinate."""
    nearest = x.round()
    return [(nearest.detach(), 1 + (nearest - nearest.detach()))]


def _cubic_taps(x: Tensor, size: int, padding: str, aligned: bool) -> list[Tap]:
    """Four pixels with the weights of cubic convolution (Keys, 1981), a = -0.75."""
    a = -0.75
    first = x.detach().floor()
    t = x - first

    def near(d: Tensor) -> Tensor:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d: Tensor) -> Tensor:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    weights = (far(t + 1), near(t), near(1 - t), far(2 - t))
    return [(_bounded(first + i - 1, size, padding, aligned), weight) for i, weight in enumerate(weights)]


# -- public -------------------------------------------------------------------------------------------------------


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """Read images or volumes at the places of a grid.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (N, C, D, H, W), real floating
    grid : Tensor, shape (N, H', W', 2) or (N, D', H', W', 3), same dtype: the places x, y (and z), with -1 the left,
        top and front end of the input, 1 the right, bottom and back one
    mode : 'bilinear' (of volumes: trilinear), 'nearest', or of images 'bicubic'
    padding_mode : what places outside read: 'zeros', the 'border', or the 'reflection' of the input
    align_corners : whether -1 and 1 are the middles of the outermost pixels, rather than their outer edges

    Returns
    -------
    Tensor, shape (N, C, H', W') or (N, C, D', H', W')

    Raises
    ------
    ValueError : an unknown mode or padding
    ShapeError, DTypeError : an input and a grid that do not fit

    >>> import pluggrad
    >>> x = pluggrad.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> grid = pluggrad.tensor([[[[0.0, 0.0], [1.0, -1.0]]]])
    >>> pluggrad.nn.functional.grid_sample(x, grid, align_corners=True)
    tensor([[[[1.5000, 1.0000]]]])
    """
    if mode not in _MODES:
        raise ValueError(f"grid_sample: expected mode to be one of {_MODES}, but got: '{mode}'")
    if padding_mode not in _PADDINGS:
        raise ValueError(f"grid_sample: expected padding_mode to be one of {_PADDINGS}, but got: '{padding_mode}'")
    aligned = _aligned("grid_sample", align_corners)
    dims = _check(input, grid, mode)
    count, channels, *sizes = input._array.shape
    places = tuple(grid._array.shape[1:-1])
    flat_grid = grid.reshape(count, -1, dims)
    along: list[list[Tap]] = []
    for d, size in enumerate(sizes):
        x = _pixels(flat_grid[:, :, dims - 1 - d], size, aligned)
        if mode == "bicubic":
            along.append(_cubic_taps(x, size, padding_mode, aligned))
        else:
            x = _bounded(x, size, padding_mode, aligned)
            along.append(_linear_taps(x) if mode == "bilinear" else _nearest_taps(x))
    out = _weighted(input.reshape(count, channels, math.prod(sizes)), along, sizes)
    return out.reshape(count, channels, *places)


def _check(input: Tensor, grid: Tensor, mode: str) -> int:
    """The number of spatial axes."""
    require_tensors("grid_sample", input=input, grid=grid)
    x, g = tuple(input._array.shape), tuple(grid._array.shape)
    dims = len(x) - 2
    if dims not in (2, 3) or len(g) != len(x) or g[0] != x[0] or g[-1] != dims:
        raise ShapeError(
            f"grid_sample: expected input (N, C, H, W) with grid (N, H', W', 2), or (N, C, D, H, W) with "
            f"(N, D', H', W', 3), got shapes {x} and {g}"
        )
    if 0 in x[1:]:
        raise ShapeError(f"grid_sample: expected input to have non-empty channels and sizes, got shape {x}")
    if mode == "bicubic" and dims == 3:
        raise ShapeError("grid_sample: bicubic interpolation only supports 4D input")
    if input.dtype != grid.dtype or input.dtype.kind not in REAL_FLOATING:
        raise DTypeError(
            f"grid_sample: expected input and grid of one real floating dtype, got {input.dtype.name} and "
            f"{grid.dtype.name}"
        )
    return dims


def _weighted(flat: Tensor, along: list[list[Tap]], sizes: list[int]) -> Tensor:
    """The sum over all corners: one tap along each axis. ``flat`` (N, C, pixels), taps (N, places)."""
    total: Tensor | None = None
    for corner in itertools.product(*along):
        weight: Tensor | None = None
        index: Tensor | None = None
        inside: Tensor | None = None
        for (pixel, factor), size in zip(corner, sizes, strict=True):
            within = (pixel >= 0) & (pixel <= size - 1)
            inside = within if inside is None else inside & within
            index = pixel if index is None else index * size + pixel
            weight = factor if weight is None else weight * factor
        assert index is not None and inside is not None and weight is not None  # there are axes
        number = where(inside, index.detach(), 0.0).long()
        pixels = gather(flat, 2, number.unsqueeze(1).expand(-1, flat.shape[1], -1))
        part = where(inside.unsqueeze(1), pixels * weight.unsqueeze(1), 0.0)
        total = part if total is None else total + part
    assert total is not None
    return total


def _from_minus_one(n: int, like: Tensor) -> Tensor:
    """``n`` even steps from -1 to 1."""
    if like.dtype is float32:
        return spaced(-1, 1, n, like.device)
    return linspace(-1, 1, n, dtype=like.dtype, device=like.device)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid for :func:`grid_sample` that maps the output's places by an affine map to the input's.

    Parameters
    ----------
    theta : Tensor, shape (N, 2, 3) or (N, 3, 4), floating: the maps
    size : (N, C, H, W) or (N, C, D, H, W) of the output
    align_corners : whether -1 and 1 are the middles of the outermost pixels, rather than their outer edges

    Returns
    -------
    Tensor, shape (N, H, W, 2) or (N, D, H, W, 3)

    Raises
    ------
    ShapeError, DTypeError, ValueError : maps and a size that do not fit

    >>> import pluggrad
    >>> theta = pluggrad.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> pluggrad.nn.functional.affine_grid(theta, (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    require_tensors("affine_grid", theta=theta)
    if not theta.dtype.is_floating_point:
        raise ArgumentError(f"affine_grid: expected theta to have floating point type, but got {theta.dtype.name}")
    dims, shape = len(size) - 2, tuple(theta._array.shape)
    if dims not in (2, 3):
        raise NotImplementedError(
            f"affine_grid: expected an output size of 4 or 5 numbers, (N, C, [D,] H, W), got {tuple(size)}"
        )
    if shape != (size[0], dims, dims + 1):
        raise ShapeError(
            f"affine_grid: expected a batch of affine maps {(size[0], dims, dims + 1)} for size {tuple(size)}, "
            f"got {shape}"
        )
    if min(size) <= 0:
        raise ShapeError(f"affine_grid: expected non-zero, positive output size, got {tuple(size)}")
    aligned = _aligned("affine_grid", align_corners)
    places = tuple(size[2:])
    axes = []
    for d, n in enumerate(places):
        step = _from_minus_one(n, theta) if n > 1 else theta.new_zeros(1)
        step = step if aligned else step * (n - 1) / n  # rounded as in PyTorch
        axes.append(step.reshape(*(n if i == d else 1 for i in range(dims))).expand(*places))
    one = ones(places, dtype=theta.dtype, device=theta.device)
    base = stack([*reversed(axes), one], axis=-1).reshape(1, math.prod(places), dims + 1)
    return (base @ theta.transpose(1, 2)).reshape(size[0], *places, dims)
