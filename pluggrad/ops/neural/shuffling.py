"""Pixels moved between channels and space, and channels between groups (Shi et al., 2016; Zhang et al., 2018)."""

from __future__ import annotations

from ...autograd.operands import require_tensors
from ...errors import ShapeError
from ...tensor import Tensor

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Make an image r times as large of r² channels each: (..., C·r², H, W) gives (..., C, H·r, W·r).

    >>> import pluggrad
    >>> pluggrad.nn.functional.pixel_shuffle(pluggrad.arange(4.0).view(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    require_tensors("pixel_shuffle", input=input)
    r, shape = upscale_factor, tuple(input._array.shape)
    if len(shape) < 3 or r < 1 or shape[-3] % (r * r):
        raise ShapeError(
            f"pixel_shuffle expects its input's 'channel' dimension, of at least 3, to be divisible by the square of "
            f"upscale_factor, got shape {shape} and upscale_factor={r}"
        )
    *lead, c, h, w = shape
    n = len(lead)
    parts = input.reshape(*lead, c // (r * r), r, r, h, w)
    return parts.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2).reshape(*lead, c // (r * r), h * r, w * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The way back of :func:`pixel_shuffle`: (..., C, H·r, W·r) gives (..., C·r², H, W).

    >>> import pluggrad
    >>> pluggrad.nn.functional.pixel_unshuffle(pluggrad.arange(4.0).view(1, 2, 2), 2).flatten()
    tensor([0., 1., 2., 3.])
    """
    require_tensors("pixel_unshuffle", input=input)
    r, shape = downscale_factor, tuple(input._array.shape)
    if len(shape) < 3 or r < 1 or shape[-2] % r or shape[-1] % r:
        raise ShapeError(
            f"pixel_unshuffle expects height and width of its input, of at least 3 dimensions, to be divisible by "
            f"downscale_factor, got shape {shape} and downscale_factor={r}"
        )
    *lead, c, h, w = shape
    n = len(lead)
    parts = input.reshape(*lead, c, h // r, r, w // r, r)
    return parts.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3).reshape(*lead, c * r * r, h // r, w // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Deal the channels of ``groups`` groups out by turns: (N, C, ...) to the same shape.

    >>> import pluggrad
    >>> pluggrad.nn.functional.channel_shuffle(pluggrad.arange(4.0).view(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    require_tensors("channel_shuffle", input=input)
    shape = tuple(input._array.shape)
    if len(shape) < 3 or groups < 1 or shape[1] % groups:
        raise ShapeError(
            f"channel_shuffle expects input with > 2 dims and channels divisible by groups, got shape {shape} and "
            f"groups={groups}"
        )
    return input.reshape(shape[0], groups, shape[1] // groups, *shape[2:]).transpose(1, 2).reshape(*shape)
