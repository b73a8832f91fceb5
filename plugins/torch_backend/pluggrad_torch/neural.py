"""What neural networks need: PyTorch's kernels and, called directly, the kernels of their gradients.

A geometry has one number for each spatial axis, and padding a pair for each. PyTorch's kernels pad both sides alike;
other input is padded before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F

aten = torch.ops.aten
Tensor = torch.Tensor
Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]


def softmax(x: Tensor, *, axis: int) -> Tensor:
    return torch.softmax(x, axis)


def log_softmax(x: Tensor, *, axis: int) -> Tensor:
    return torch.log_softmax(x, axis)


# -- padding -------------------------------------------------------------------------------------


def _flat(padding: Sequence[tuple[int, int]]) -> list[int]:
    """As PyTorch counts: the last axis first."""
    return [n for pair in reversed(padding) for n in pair]


def pad_constant(x: Tensor, *, widths: Padding, value: Any) -> Tensor:
    if x.dtype.is_floating_point:
        return F.pad(x, _flat(widths), value=value) if any(map(any, widths)) else x.clone()
    x = x[tuple([slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, x.shape, strict=True)])]
    grown = [(max(a, 0), max(b, 0)) for a, b in widths]
    out = torch.full(_padded(x.shape, grown), value, dtype=x.dtype, device=x.device)
    out[tuple([slice(a, a + n) for (a, _), n in zip(grown, x.shape, strict=True)])] = x
    return out


def _even(padding: Padding) -> Sizes | None:
    """The padding as PyTorch takes it; None if the sides differ."""
    return None if any(before != after for before, after in padding) else tuple([before for before, _ in padding])


def _padded(size: Sequence[int], padding: Sequence[tuple[int, int]]) -> Sizes:
    return tuple([n + before + after for n, (before, after) in zip(size, padding, strict=True)])


def _cropped(x: Tensor, padding: Padding) -> Tensor:
    """Without the padding."""
    return F.pad(x, [-n for n in _flat(padding)])


# -- convolution ---------------------------------------------------------------------------------


def _of_complex(f: Callable[[Tensor, Tensor], Tensor], x1: Tensor, x2: Tensor) -> Tensor:
    """A function linear in both arguments, of complex ones, by its real form: PyTorch's kernels are real."""
    if not x1.dtype.is_complex:
        return f(x1, x2)
    a, b, c, d = (part.contiguous() for part in (x1.real, x1.imag, x2.real, x2.imag))
    return torch.complex(f(a, c) - f(b, d), f(a, d) + f(b, c))


def convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    even = _even(padding)
    if even is None:
        x, even = F.pad(x, _flat(padding)), (0,) * len(padding)
    none = (0,) * len(even)
    if not x.dtype.is_complex:
        return torch.convolution(x, weight, bias, stride, even, dilation, False, none, groups)
    out = _of_complex(
        lambda x, w: torch.convolution(x, w, None, stride, even, dilation, False, none, groups), x, weight
    )
    return out if bias is None else out + bias.view(_channels(out))


def _backward(
    g: Tensor, x: Tensor, weight: Tensor, which: int, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Tensor:
    mask = [i == which for i in range(3)]
    return aten.convolution_backward(
        g, x, weight, None, stride, padding, dilation, False, (0,) * len(padding), groups, mask
    )[which]


def _of_shape(like: Tensor, shape: Sequence[int]) -> Tensor:
    """An array of which the shape alone will be read."""
    return like.new_empty(1).expand(shape)


def convolution_input(
    g0: Tensor, weight: Tensor, *, size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Tensor:
    """The gradient of a convolution with respect to an input of that ``size``."""
    even = _even(padding)
    whole = size if even is not None else _padded(size, padding)
    given = even or (0,) * len(size)

    def gradient(g: Tensor, w: Tensor) -> Tensor:
        x = _of_shape(g, (g.shape[0], w.shape[1] * groups, *whole))
        return _backward(g, x, w, 0, stride, given, dilation, groups)

    out = _of_complex(gradient, g0, weight)
    return out if even is not None else _cropped(out, padding)


def convolution_weight(
    g0: Tensor, x: Tensor, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Tensor:
    """The gradient of a convolution with respect to its weight."""
    even = _even(padding)
    if even is None:
        x, even = F.pad(x, _flat(padding)), (0,) * len(padding)

    def gradient(g: Tensor, x: Tensor) -> Tensor:
        weight = _of_shape(g, (g.shape[1], x.shape[1] // groups, *kernel_size))
        return _backward(g, x, weight, 1, stride, even, dilation, groups)

    return _of_complex(gradient, g0, x)


# -- pooling -------------------------------------------------------------------------------------

_MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def _max_pool(x: Tensor, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, indices: bool) -> Any:
    """The pooling, with where the maxima are in the flattened input; padded before where PyTorch would not."""
    pool: Any = _MAX_POOL[len(kernel)]
    even = _even(padding)
    if even is not None and all(2 * p <= k for p, k in zip(even, kernel, strict=True)):
        return pool(x, kernel, stride, even, dilation, return_indices=indices)
    size = tuple(x.shape[2:])
    out = pool(F.pad(x, _flat(padding), value=-math.inf), kernel, stride, 0, dilation, return_indices=indices)
    if not indices:
        return out
    values, at = out
    place = torch.zeros_like(at)
    scale = 1
    # From positions in the padded input to those in the input itself.
    for n, whole, (before, _) in reversed(list(zip(size, _padded(size, padding), padding, strict=True))):
        place += (at % whole - before).clamp(0, n - 1) * scale
        at, scale = at // whole, scale * n
    return values, place


def max_pool(x: Tensor, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Tensor:
    return _max_pool(x, kernel_size, stride, padding, dilation, False)


def max_pool_indices(
    x: Tensor, out0: Tensor, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Tensor:
    return _max_pool(x, kernel_size, stride, padding, dilation, True)[1]


def max_pool_input(
    g0: Tensor, x: Tensor, out0: Tensor, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Tensor:
    """``g0`` added where each window of ``x`` has its first maximum."""
    at = _max_pool(x, kernel_size, stride, padding, dilation, True)[1]
    return torch.zeros_like(x).flatten(2).scatter_add_(2, at.flatten(2), g0.flatten(2)).view(x.shape)


def max_pool_select(
    values: Tensor, x: Tensor, out0: Tensor, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Tensor:
    """``values`` where each window of ``x`` has its first maximum."""
    at = _max_pool(x, kernel_size, stride, padding, dilation, True)[1]
    return torch.gather(values.flatten(2), 2, at.flatten(2)).view(at.shape)


def _divisor(
    like: Tensor, size: Sizes, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Padding, counted: Padding | None,
    divisor: int | None,
) -> Any:  # fmt: skip
    """By what the sum of each window is divided: how many of its elements lie in the input or in ``counted``."""
    if divisor is not None:
        return divisor
    if counted is None:
        return math.prod(kernel)
    total: Any = 1
    for axis, (n, count, k, s, (before, _), (b, a)) in enumerate(
        zip(size, counts, kernel, stride, padding, counted, strict=True)
    ):
        start = torch.arange(count, device=like.device) * s - before
        length = ((start + k).clamp(max=n + a) - start.clamp(min=-b)).clamp(min=1).to(like.dtype)
        total = total * length.reshape([-1 if i == axis else 1 for i in range(len(counts))])
    return total


def _window_sums(x: Tensor, kernel: Sizes, stride: Sizes) -> Tensor:
    if len(kernel) == 1:  # PyTorch's pooling of signals knows no divisor
        return F.avg_pool2d(x[:, :, None], (1, *kernel), (1, *stride), divisor_override=1)[:, :, 0]
    pool = F.avg_pool2d if len(kernel) == 2 else F.avg_pool3d
    return pool(x, kernel, stride, divisor_override=1)


def avg_pool(
    x: Tensor, *, kernel_size: Sizes, stride: Sizes, padding: Padding, counted: Padding | None, divisor: int | None
) -> Tensor:
    size = tuple(x.shape[2:])
    out = _window_sums(F.pad(x, _flat(padding)) if any(map(any, padding)) else x, kernel_size, stride)
    return out / _divisor(x, size, tuple(out.shape[2:]), kernel_size, stride, padding, counted, divisor)


def avg_pool_input(
    g0: Tensor, *, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, counted: Padding | None,
    divisor: int | None,
) -> Tensor:  # fmt: skip
    """The gradient of average pooling with respect to an input of that ``size``."""
    share = g0 / _divisor(g0, size, tuple(g0.shape[2:]), kernel_size, stride, padding, counted, divisor)
    x = _of_shape(g0, (*g0.shape[:2], *_padded(size, padding)))
    if len(size) == 1:
        out = aten.avg_pool2d_backward(
            share[:, :, None], x[:, :, None], (1, *kernel_size), (1, *stride), (0, 0), False, True, 1
        )[:, :, 0]
    else:
        backward = aten.avg_pool2d_backward if len(size) == 2 else aten.avg_pool3d_backward
        out = backward(share, x, kernel_size, stride, (0,) * len(size), False, True, 1)
    return _cropped(out, padding)


# -- normalisation ---------------------------------------------------------------------------------
#
# PyTorch's gradients are those of the normalised values alone. Mean and rstd are outputs here, too; with g_mean and
# g_rstd their gradients, and n elements that are averaged over, x gets (g_mean - g_rstd·rstd³·(x - mean))/n besides.


def _of_statistics(
    of_x: Tensor, x: Tensor, g_mean: Tensor, g_rstd: Tensor, mean: Tensor, rstd: Tensor, n: int
) -> Tensor:
    slope = g_rstd * (rstd * rstd * rstd / -n)
    return torch.addcmul(of_x + (g_mean / n - slope * mean), slope, x)


def layer_norm(*arrays: Tensor, count: int, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    x, (weight, bias) = arrays[0], (*arrays[1:], None, None)[:2]
    out, mean, rstd = torch.native_layer_norm(x, x.shape[x.ndim - count :], weight, bias, eps)
    return out, mean.to(x.dtype), rstd.to(x.dtype)


def layer_norm_gradients(*arrays: Tensor, count: int) -> tuple[Tensor, ...]:
    g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
    shape = x.shape[x.ndim - count :]
    affine = weight[0] if weight else None
    # The kernel reads the statistics as if they were contiguous.
    mean, rstd = mean.contiguous(), rstd.contiguous()
    found = aten.native_layer_norm_backward(g, x, shape, mean, rstd, affine, affine, [True, bool(weight), bool(weight)])
    of_x = _of_statistics(found[0], x, g_mean, g_rstd, mean, rstd, math.prod(shape))
    return (of_x, *found[1:]) if weight else (of_x,)


def _channels(x: Tensor) -> Sizes:
    return (1, x.shape[1], *(1,) * (x.ndim - 2))


def batch_norm(*arrays: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    x, (weight, bias) = arrays[0], (*arrays[1:], None, None)[:2]
    if not x.numel():  # which PyTorch's kernel refuses
        mean = x.new_full(_channels(x), math.nan)
        return x.clone(), mean, mean.clone()
    out, mean, rstd = torch.native_batch_norm(x, weight, bias, None, None, True, 0.0, eps)
    return out, mean.to(x.dtype).view(_channels(x)), rstd.to(x.dtype).view(_channels(x))


def batch_norm_gradients(*arrays: Tensor) -> tuple[Tensor, ...]:
    g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
    affine = weight[0] if weight else None
    if not x.numel():  # where PyTorch's kernel divides by zero, and ends the process
        return tuple(torch.zeros_like(a) for a in (x, *weight, *weight))
    found = aten.native_batch_norm_backward(
        g, x, affine, None, None, mean.reshape(-1), rstd.reshape(-1), True, 0.0, [True, bool(weight), bool(weight)]
    )
    of_x = _of_statistics(found[0], x, g_mean, g_rstd, mean, rstd, x.numel() // max(x.shape[1], 1))
    return (of_x, *found[1:]) if weight else (of_x,)


def batch_norm_inference(
    x: Tensor, mean: Tensor, var: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, *, eps: float
) -> Tensor:
    return F.batch_norm(x, mean, var, weight, bias, False, 0.0, eps)


# -- losses --------------------------------------------------------------------------------------


def mse_loss(x: Tensor, target: Tensor, *, reduction: str) -> Tensor:
    return F.mse_loss(x, target, reduction=reduction)


def l1_loss(x: Tensor, target: Tensor, *, reduction: str) -> Tensor:
    return F.l1_loss(x, target, reduction=reduction)


def cross_entropy(
    x: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int | None, reduction: str,
    smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    ignored = -100 if ignore_index is None else ignore_index  # PyTorch's default, which is no class
    return F.cross_entropy(
        x, target.to(torch.int64), weight, ignore_index=ignored, reduction=reduction, label_smoothing=smoothing
    )


KERNELS = {f.__name__: f for f in (
    softmax, log_softmax, pad_constant, convolution, convolution_input, convolution_weight, max_pool, max_pool_indices,
    max_pool_input, max_pool_select, avg_pool, avg_pool_input, layer_norm, layer_norm_gradients, batch_norm,
    batch_norm_gradients, batch_norm_inference, mse_loss, l1_loss, cross_entropy,
)}  # fmt: skip
