"""Products of matrices and vectors, and recurrences."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .errors import for_shapes
from .signed import SIGNED, arrays, from_signed, to_signed

Tensor = torch.Tensor

_product = arrays(torch.matmul)


@for_shapes
def matmul(x1: Tensor, x2: Tensor) -> Tensor:
    if x1.dtype != x2.dtype:  # a real one and a complex one, which the standard promotes
        dtype = torch.promote_types(x1.dtype, x2.dtype)
        x1, x2 = x1.to(dtype), x2.to(dtype)
    return _product(x1, x2)


def _inner(x1: Tensor, x2: Tensor, *, dim: int) -> Tensor:
    if x1.dtype.is_floating_point or x1.dtype.is_complex:
        return torch.linalg.vecdot(x1, x2, dim=dim)
    return torch.sum(x1 * x2, dim, dtype=x1.dtype)


def _cross(x1: Tensor, x2: Tensor, *, dim: int) -> Tensor:
    return torch.linalg.cross(*torch.broadcast_tensors(x1, x2), dim=dim)  # type: ignore[no-untyped-call]


_signed_inner, _signed_cross = arrays(_inner), arrays(_cross)


@for_shapes
def vecdot(x1: Tensor, x2: Tensor, *, axis: int) -> Tensor:
    return _signed_inner(x1, x2, dim=axis)


def cross(x1: Tensor, x2: Tensor, *, axis: int) -> Tensor:
    return _signed_cross(x1, x2, dim=axis)


@for_shapes
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.linear(x, weight, bias)


def linear_recurrence(a: Tensor, b: Tensor, *, axis: int, reverse: bool = False) -> Tensor:
    """``y[k] = b[k] + a[k] * y[k - 1]``, in log2(n) steps: each (a, b) is an affine map; they are composed in pairs."""
    dtype = b.dtype
    a, b = to_signed(a), to_signed(b)
    n, step = b.shape[axis], 1
    while step < n:
        first, rest, earlier = (0, step), (step, n - step), (0, n - step)
        if reverse:
            first, rest, earlier = (n - step, step), (0, n - step), (step, n - step)
        factor = a.narrow(axis, *rest)
        parts_b = [b.narrow(axis, *first), b.narrow(axis, *rest) + factor * b.narrow(axis, *earlier)]
        parts_a = [a.narrow(axis, *first), factor * a.narrow(axis, *earlier)]
        order = slice(None, None, -1 if reverse else 1)
        a, b = torch.cat(parts_a[order], axis), torch.cat(parts_b[order], axis)
        step *= 2
    return from_signed(b, dtype) if dtype in SIGNED else b.clone()


KERNELS = {f.__name__: f for f in (matmul, vecdot, cross, linear, linear_recurrence)}
