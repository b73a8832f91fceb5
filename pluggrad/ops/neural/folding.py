"""Windows as columns and back: ``unfold`` and ``fold``, each the transpose, and so the derivative, of the other."""

from __future__ import annotations

from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import FLOATING
from ...errors import ShapeError
from ...tensor import Tensor
from ..declare import composite
from ..manipulation import reshape
from .windows import Padding, Sizes, add_columns, columns, elements, per_axis, window_counts

__all__ = ["fold", "unfold"]


def _im2col_x(xp: Any, g: Any, x_shape: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    return xp.col2im(
        g, size=tuple(x_shape[2:]), kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )


@composite(name="im2col", alias="Im2Col", result="same", kinds=FLOATING, vjp=_im2col_x)
def _im2col(xp: Any, x: Any, /, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Any:
    """All windows of (N, C, *size) as (N, C · elements, windows)."""
    cols = columns(xp, x, kernel_size, stride, padding, dilation)
    return xp.namespace.reshape(cols, (x.shape[0], x.shape[1] * elements(kernel_size), elements(cols.shape[3:])))


@composite(
    name="col2im", alias="Col2Im", result="same", kinds=FLOATING,
    vjp=lambda xp, g, kernel_size, stride, padding, dilation: xp.im2col(
        g, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    ),
)  # fmt: skip
def _col2im(
    xp: Any, x: Any, /, *, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Any:
    """Windows (N, C · elements, windows) laid over each other and added up, (N, C, *size)."""
    counts = window_counts(size, kernel_size, stride, padding, dilation)
    many = elements(kernel_size)
    cols = xp.namespace.reshape(x, (x.shape[0], x.shape[1] // many, many, *counts))
    return add_columns(xp, cols, size, kernel_size, stride, padding, dilation)


def _geometry(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Any]:
    pads = per_axis(name, "padding", padding, 2, least=0)
    return {
        "kernel_size": per_axis(name, "kernel_size", kernel_size, 2),
        "stride": per_axis(name, "stride", stride, 2),
        "padding": tuple((p, p) for p in pads),
        "dilation": per_axis(name, "dilation", dilation, 2),
    }


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of images as columns.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size, dilation, padding, stride : int or (int, int), in pixels

    Returns
    -------
    Tensor, shape (N, C · elements of a window, number of windows)

    Raises
    ------
    ShapeError : another number of axes, a window larger than the padded input

    >>> import pluggrad
    >>> pluggrad.nn.functional.unfold(pluggrad.arange(4.0).view(1, 2, 2), (1, 2))
    tensor([[0., 2.],
            [1., 3.]])
    """
    require_tensors("unfold", input=input)
    shape = tuple(input._array.shape)
    if len(shape) not in (3, 4):
        raise ShapeError(f"unfold: expected input (N, C, H, W) or (C, H, W), got shape {shape}")
    geometry = _geometry("unfold", kernel_size, dilation, padding, stride)
    if min(window_counts(shape[-2:], *geometry.values())) < 1:
        raise ShapeError(
            f"unfold: the window, of size {geometry['kernel_size']} with dilation {geometry['dilation']}, is larger "
            f"than the input of size {shape[-2:]} with padding {geometry['padding']}"
        )
    if len(shape) == 4:
        return _im2col(input, **geometry)
    out = _im2col(reshape(input, (1, *shape)), **geometry)
    return reshape(out, tuple(out._array.shape[1:]))


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns laid as windows over images and added up: the transpose of :func:`unfold`.

    Parameters
    ----------
    input : Tensor, shape (N, C · elements of a window, number of windows), or without N
    output_size : int or (int, int): H and W
    kernel_size, dilation, padding, stride : int or (int, int), in pixels

    Returns
    -------
    Tensor, shape (N, C, H, W), or without N

    Raises
    ------
    ShapeError : columns that do not fit the windows

    >>> import pluggrad
    >>> pluggrad.nn.functional.fold(pluggrad.ones(1, 2, 2), (1, 3), (1, 2))
    tensor([[[[1., 2., 1.]]]])
    """
    require_tensors("fold", input=input)
    shape = tuple(input._array.shape)
    if len(shape) not in (2, 3):
        raise ShapeError(f"fold: expected input (N, C · elements, windows), or without N, got shape {shape}")
    geometry = _geometry("fold", kernel_size, dilation, padding, stride)
    size = per_axis("fold", "output_size", output_size, 2)
    many = elements(geometry["kernel_size"])
    if shape[-2] % many:
        raise ShapeError(
            f"fold: expected size of input's dimension 1 to be divisible by the product of kernel_size, {many}, "
            f"got shape {shape}"
        )
    counts = window_counts(size, *geometry.values())
    if min(counts) < 1 or shape[-1] != elements(counts):
        raise ShapeError(
            f"fold: given output_size={size} and {geometry}, expected size of input's last dimension to match the "
            f"number of windows, {counts[0]} · {counts[1]}, got shape {shape}"
        )
    if len(shape) == 3:
        return _col2im(input, size=size, **geometry)
    out = _col2im(reshape(input, (1, *shape)), size=size, **geometry)
    return reshape(out, tuple(out._array.shape[1:]))
