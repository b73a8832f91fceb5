"""Distances between the points of two sets."""

from __future__ import annotations

from typing import Any

from ..autograd.broadcasting import sum_to_shape
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .declare import composite
from .vector_norms import _vector_norm
from .views import unsqueeze

__all__ = ["cdist"]


def _cdist_x1(xp: Any, g: Any, x1: Any, x2: Any, out: Any) -> Any:
    """Equal points, whose distance has a kink, get no gradient, as in PyTorch."""
    apart = out > 0
    w = xp.where(apart, g / xp.where(apart, out, xp.ones_like(out)), xp.zeros_like(out))
    return sum_to_shape(xp, x1 * xp.sum(w, axis=(w.ndim - 1,), keepdims=True) - xp.matmul(w, x2), tuple(x1.shape))


def _cdist_x2(xp: Any, g: Any, x1: Any, x2: Any, out: Any) -> Any:
    return _cdist_x1(xp, g.mT, x2, x1, out.mT)


@composite(
    name="cdist", autocast="float32", kinds=frozenset({"real floating"}), result="same", vjp=[_cdist_x1, _cdist_x2]
)
def _cdist(xp: Any, x1: Any, x2: Any, /, *, by_product: bool) -> Any:
    ns = xp.namespace
    if not by_product:
        return ns.sqrt(ns.sum(ns.square(x1[..., :, None, :] - x2[..., None, :, :]), axis=-1))
    # |a - b|^2 = |a|^2 - 2 a.b + |b|^2 as one product, of rows (-2 a, |a|^2, 1) and (b, 1, |b|^2), as PyTorch has it:
    # no array of all differences, at the price of digits where a and b are close.
    first, second = (ns.sum(ns.square(x), axis=-1, keepdims=True) for x in (x1, x2))
    left = ns.concat((x1 * -2, first, ns.ones_like(first)), axis=-1)
    right = ns.concat((x2, ns.ones_like(second), second), axis=-1)
    return xp.sqrt(xp.clip(xp.matmul(left, ns.matrix_transpose(right)), min=0.0, max=None))


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """Distances between all points of two sets.

    Parameters
    ----------
    x1 : Tensor, shape (..., m, d), real floating
    x2 : Tensor, shape (..., n, d)
    p : of the p-norm, from 0 to infinity
    compute_mode : whether the Euclidean distance is computed by a matrix product, which is faster and less exact:
        "use_mm_for_euclid_dist_if_necessary" (from 26 points), "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist"

    Returns
    -------
    Tensor, shape (..., m, n)

    >>> import pluggrad
    >>> pluggrad.cdist(pluggrad.asarray([[0.0, 0.0]]), pluggrad.asarray([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    for name, x in (("x1", x1), ("x2", x2)):
        if x._array.ndim < 2:
            raise ShapeError(f"cdist: {name} must have at least two axes, got shape {tuple(x.shape)}")
    if x1._array.shape[-1] != x2._array.shape[-1]:
        raise ShapeError(
            f"cdist: points of {x1._array.shape[-1]} and of {x2._array.shape[-1]} coordinates; they must be equal"
        )
    modes = {
        "use_mm_for_euclid_dist_if_necessary": None,
        "use_mm_for_euclid_dist": True,
        "donot_use_mm_for_euclid_dist": False,
    }
    if compute_mode not in modes:
        raise ArgumentError(
            f"cdist: {compute_mode!r} is not a valid value for compute_mode; valid are {', '.join(modes)}"
        )
    if p < 0:
        raise ArgumentError(f"cdist: p must not be negative, got {p}")
    if p == 2:
        by_product = modes[compute_mode]
        if by_product is None:
            by_product = max(x1._array.shape[-2], x2._array.shape[-2]) > 25
        return _cdist(x1, x2, by_product=by_product)
    differences = unsqueeze(x1, -2) - unsqueeze(x2, -3)
    return _vector_norm(differences, ord=p, axis=(differences._array.ndim - 1,))
