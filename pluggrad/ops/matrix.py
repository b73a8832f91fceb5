"""Products of vectors and matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import function
from ..autograd.autocast import runs_in
from ..autograd.broadcasting import check_broadcast, sum_to_shape
from ..autograd.inplace import in_place
from ..dtypes import NUMERIC
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .axes import either, one_axis
from .declare import composite, standard
from .diagonals import diagonal
from .manipulation import common_shape, reshaped
from .reductions import _sum
from .vector_norms import _vector_norm
from .views import _permute_dims, broadcast_to, unsqueeze

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "cdist", "chain_matmul", "cross", "dot", "ger", "inner",
    "kron", "matmul", "mm", "mv", "outer", "tensordot", "trace", "vdot", "vecdot",
]  # fmt: skip


# -- matmul ---------------------------------------------------------------------------------------------


def _matmul_x1(xp: Any, g: Any, x1_shape: tuple[int, ...], x2: Any) -> Any:
    x2 = xp.conj(x2)
    if len(x1_shape) == 1:
        if x2.ndim == 1:
            return g * x2
        return sum_to_shape(xp, xp.matmul(x2, g[..., None])[..., 0], x1_shape)
    if x2.ndim == 1:
        return g[..., None] * x2
    g = xp.matmul(g, x2.mT)
    return g if g.shape == x1_shape else sum_to_shape(xp, g, x1_shape)


def _matmul_x2(xp: Any, g: Any, x1: Any, x2_shape: tuple[int, ...]) -> Any:
    x1 = xp.conj(x1)
    if x1.ndim == 1:
        return g * x1 if len(x2_shape) == 1 else x1[:, None] * g[..., None, :]
    if len(x2_shape) == 1:
        g = g[..., None]
        x2_shape = (*x2_shape, 1)
        return xp.reshape(_flat_product(xp, x1, g) if x1.ndim > 2 else xp.matmul(x1.mT, g), shape=x2_shape[:1])
    if len(x2_shape) == 2 and x1.ndim > 2:
        return _flat_product(xp, x1, g)
    g = xp.matmul(x1.mT, g)
    return g if g.shape == x2_shape else sum_to_shape(xp, g, x2_shape)


def _flat_product(xp: Any, x1: Any, g: Any) -> Any:
    """The sum over a batch of x1.T @ g, as one product of large matrices."""
    rows = math.prod(x1.shape[:-1])
    return xp.matmul(xp.reshape(x1, shape=(rows, x1.shape[-1])).mT, xp.reshape(g, shape=(rows, g.shape[-1])))


@standard(name="matmul", autocast="lower", kinds=NUMERIC, result="same", vjp=[_matmul_x1, _matmul_x2])
def _matmul(x1, x2, /):
    """Product of matrices."""


def _explain(name: str, x1: Any, x2: Any) -> ShapeError | None:
    """The reason why two shapes cannot be multiplied."""
    if not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        return None
    a, b = tuple(x1.shape), tuple(x2.shape)
    if not a or not b:
        return ShapeError(
            f"{name}: both arguments need at least one axis, but x1 has shape {a} and x2 has shape {b}; use * for "
            "scalars"
        )
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        where = "x2.shape[-2]" if len(b) > 1 else "x2.shape[0]"
        return ShapeError(
            f"{name}: inner sizes differ: x1 has shape {a}, x2 has shape {b}; need x1.shape[-1] == {where}, got "
            f"{a[-1]} and {inner}"
        )
    try:
        check_broadcast(name, (a[:-2], b[:-2]))
    except ShapeError:
        return ShapeError(f"{name}: the batch axes of shapes {a} and {b} do not broadcast: {a[:-2]} and {b[:-2]}")
    return None  # the shapes are fine: something else is wrong


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """Product of matrices; the operator ``@``.

    Parameters
    ----------
    x1 : Tensor, shape (..., m, k) or (k,)
    x2 : Tensor, shape (..., k, n) or (k,); numeric dtypes, which are promoted

    Returns
    -------
    Tensor, shape (..., m, n), the batch axes broadcast; a vector's axis is left out

    Raises
    ------
    ShapeError : inner sizes that differ, batch axes that do not broadcast, or a 0-D tensor

    >>> import pluggrad
    >>> pluggrad.matmul(pluggrad.asarray([[1, 2], [3, 4]]), pluggrad.asarray([1, 1]))
    tensor([3, 7])
    """
    try:
        return _matmul(x1, x2)
    except ValueError as error:
        raise _explain("matmul", x1, x2) or error from None


def _operators() -> None:
    """``@``, reflected and in place, with matmul's errors."""
    declared = function.functions()["matmul"]
    forward, backward = declared.operator, declared.reflected
    assert forward is not None and backward is not None

    def __matmul__(self: Tensor, other: Any) -> Any:
        try:
            return forward(self, other)
        except ValueError as error:
            raise _explain("matmul", self, other) or error from None

    def __rmatmul__(self: Tensor, other: Any) -> Any:
        try:
            return backward(self, other)
        except ValueError as error:
            raise _explain("matmul", other, self) or error from None

    Tensor.__matmul__ = __matmul__  # type: ignore[method-assign]
    Tensor.__rmatmul__ = __rmatmul__  # type: ignore[method-assign]
    Tensor.__imatmul__ = in_place(matmul)  # type: ignore[attr-defined]


_operators()


def _check_ndim(name: str, **tensors: tuple[Tensor, int]) -> None:
    for argument, (x, ndim) in tensors.items():
        if x._array.ndim != ndim:
            raise ShapeError(f"{name}: {argument} must be {ndim}-D, got {x._array.ndim}-D of shape {tuple(x.shape)}")


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Product of two matrices.

    >>> import pluggrad
    >>> pluggrad.mm(pluggrad.ones(1, 2), pluggrad.ones(2, 1))
    tensor([[2.]])
    """
    _check_ndim("mm", input=(input, 2), mat2=(mat2, 2))
    return matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Products of two batches of matrices, of shapes (b, m, k) and (b, k, n).

    >>> import pluggrad
    >>> pluggrad.bmm(pluggrad.ones(5, 1, 2), pluggrad.ones(5, 2, 3)).shape
    pluggrad.Size([5, 1, 3])
    """
    _check_ndim("bmm", input=(input, 3), mat2=(mat2, 3))
    if input._array.shape[0] != mat2._array.shape[0]:
        raise ShapeError(
            f"bmm: batches of {input._array.shape[0]} and {mat2._array.shape[0]} matrices; they must be equal"
        )
    return matmul(input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Product of a matrix and a vector.

    >>> import pluggrad
    >>> pluggrad.mv(pluggrad.ones(2, 3), pluggrad.ones(3))
    tensor([3., 3.])
    """
    _check_ndim("mv", input=(input, 2), vec=(vec, 1))
    return matmul(input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Product of two vectors of one length, without conjugating either.

    >>> import pluggrad
    >>> pluggrad.dot(pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4]))
    tensor(11)
    """
    _check_ndim("dot", input=(input, 1), tensor=(tensor, 1))
    return matmul(input, tensor)


# -- other products --------------------------------------------------------------------------------------


def _vecdot_x1(xp: Any, g: Any, x2: Any, x1_shape: tuple[int, ...], axis: int) -> Any:
    """The function is linear in conj(x1), so the cotangent comes conjugated."""
    return sum_to_shape(xp, xp.conj(xp.expand_dims(g, axis=(g.ndim + 1 + axis,))) * x2, x1_shape)


def _vecdot_x2(xp: Any, g: Any, x1: Any, x2_shape: tuple[int, ...], axis: int) -> Any:
    return sum_to_shape(xp, xp.expand_dims(g, axis=(g.ndim + 1 + axis,)) * x1, x2_shape)


@composite(name="vecdot", autocast="lower", kinds=NUMERIC, result="same", vjp=[_vecdot_x1, _vecdot_x2])
def _vecdot(xp: Any, x1: Any, x2: Any, /, *, axis: int) -> Any:
    return xp.namespace.vecdot(x1, x2, axis=axis)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1, dim: int | None = None) -> Tensor:
    """Inner products of vectors along an axis, the first one conjugated; the other axes broadcast.

    Parameters
    ----------
    x1, x2 : Tensors, numeric dtypes
    axis, dim : the axis of both, counted from the end if their numbers of axes differ

    Raises
    ------
    ShapeError : sizes that differ

    >>> import pluggrad
    >>> pluggrad.vecdot(pluggrad.asarray([1j, 2]), pluggrad.asarray([1j, 1]))
    tensor(3.+0.j)
    """
    axis = axis if dim is None else dim
    least = min(x1._array.ndim, x2._array.ndim)
    if not least:
        raise ShapeError(
            f"vecdot: both arguments need at least one axis, got shapes {tuple(x1.shape)} and {tuple(x2.shape)}"
        )
    if axis >= 0:
        most = max(x1._array.ndim, x2._array.ndim)
        axis = one_axis("vecdot", axis, most) - most
    one_axis("vecdot", axis, least)
    n1, n2 = x1._array.shape[axis], x2._array.shape[axis]
    if n1 != n2:
        raise ShapeError(
            f"vecdot: sizes differ along axis {axis}: {n1} and {n2}, of shapes {tuple(x1.shape)} and {tuple(x2.shape)}"
        )
    return _vecdot(x1, x2, axis=axis)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """Inner product of two vectors, the first one conjugated.

    >>> import pluggrad
    >>> pluggrad.vdot(pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4]))
    tensor(11)
    """
    _check_ndim("vdot", input=(input, 1), other=(other, 1))
    return vecdot(input, other)


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """All products of an element of a vector and one of another: ``out[i, j] = x1[i] * x2[j]``.

    >>> import pluggrad
    >>> pluggrad.outer(pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    _check_ndim("outer", x1=(x1, 1), x2=(x2, 1))
    return x1[:, None] * x2


ger = outer


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Products of all vectors along the last axes; ordinary product if one is a scalar.

    >>> import pluggrad
    >>> pluggrad.inner(pluggrad.asarray([[1, 2], [3, 4]]), pluggrad.asarray([1, 1]))
    tensor([3, 7])
    """
    if not input._array.ndim or not other._array.ndim:
        return input * other
    if input._array.shape[-1] != other._array.shape[-1]:
        raise ShapeError(
            f"inner(): the last dimension must match on both input tensors but got shapes {list(input.shape)} and "
            f"{list(other.shape)}"
        )
    return tensordot(input, other, axes=((-1,), (-1,)))


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: Any = 2, dims: Any = None) -> Tensor:
    """Sum of products over axes of two tensors.

    Parameters
    ----------
    x1, x2 : Tensors, numeric dtypes
    axes, dims : an int n: the last n axes of ``x1`` and the first n of ``x2``; or two sequences of axes

    Returns
    -------
    Tensor, the other axes of ``x1``, then those of ``x2``

    Raises
    ------
    ShapeError : sizes that differ

    >>> import pluggrad
    >>> pluggrad.tensordot(pluggrad.ones(2, 3, 4), pluggrad.ones(3, 4, 5), axes=2).shape
    pluggrad.Size([2, 5])
    """
    axes = axes if dims is None else dims
    n1, n2 = x1._array.ndim, x2._array.ndim
    if isinstance(axes, int):
        if axes < 0 or axes > min(n1, n2):
            raise ShapeError(f"tensordot: axes={axes} must be between 0 and the number of axes, {n1} and {n2}")
        first, second = tuple(range(n1 - axes, n1)), tuple(range(axes))
    else:
        if isinstance(axes, Tensor):
            axes = axes.tolist()
        first, second = (
            tuple([one_axis("tensordot", a, n) for a in ((given,) if isinstance(given, int) else given)])
            for given, n in zip(axes, (n1, n2), strict=True)
        )
    if len(first) == len(second):  # an axis of size 1 goes with one of any size, as in PyTorch
        ones1 = [a for a, b in zip(first, second, strict=True) if x2._array.shape[b] == 1 != x1._array.shape[a]]
        ones2 = [b for a, b in zip(first, second, strict=True) if x1._array.shape[a] == 1 != x2._array.shape[b]]
        x1 = _sum(x1, axis=tuple(ones1), keepdims=True, dtype=x1.dtype) if ones1 else x1
        x2 = _sum(x2, axis=tuple(ones2), keepdims=True, dtype=x2.dtype) if ones2 else x2
    s1, s2 = x1._array.shape, x2._array.shape
    if len(first) != len(second) or any(s1[a] != s2[b] for a, b in zip(first, second, strict=True)):
        raise ShapeError(
            f"tensordot: contracted sizes differ: axes {first} of shape {tuple(s1)} have sizes "
            f"{[s1[a] for a in first]}, "
            f"axes {second} of shape {tuple(s2)} have sizes {[s2[b] for b in second]}"
        )
    keep1 = [i for i in range(n1) if i not in first]
    keep2 = [i for i in range(n2) if i not in second]
    inner_size = math.prod(s1[a] for a in first)
    a = reshaped(_ordered(x1, (*keep1, *first)), (math.prod(s1[i] for i in keep1), inner_size))
    b = reshaped(_ordered(x2, (*second, *keep2)), (inner_size, math.prod(s2[i] for i in keep2)))
    return reshaped(_matmul(a, b), (*(s1[i] for i in keep1), *(s2[i] for i in keep2)))


def _ordered(x: Tensor, order: Sequence[int]) -> Tensor:
    """``x`` with its axes in that order; ``x`` itself if they are."""
    return x if tuple(order) == tuple(range(len(order))) else _permute_dims(x, axes=tuple(order))


def _cross_x1(xp: Any, g: Any, x2: Any, axis: int) -> Any:
    return xp.cross(xp.conj(x2), g, axis=axis)


def _cross_x2(xp: Any, g: Any, x1: Any, axis: int) -> Any:
    return xp.cross(g, xp.conj(x1), axis=axis)


@composite(name="cross", alias="LinalgCross", kinds=NUMERIC, broadcasts=True, result="same", vjp=[_cross_x1, _cross_x2])
def _cross(xp: Any, x1: Any, x2: Any, /, *, axis: int) -> Any:
    after = (slice(None),) * (-1 - axis)
    a, b = ([x[(..., i, *after)] for i in range(3)] for x in (x1, x2))
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return xp.namespace.stack(parts, axis=axis)


def cross(x1: Tensor, x2: Tensor, dim: int | None = None, *, axis: int = -1) -> Tensor:
    """Cross products of vectors of three elements; the other axes broadcast.

    Parameters
    ----------
    x1, x2 : Tensors, numeric dtypes
    dim, axis : the axis of size 3; default: the last

    Raises
    ------
    ShapeError : a size other than 3 along the axis

    >>> import pluggrad
    >>> pluggrad.cross(pluggrad.asarray([1, 0, 0]), pluggrad.asarray([0, 1, 0]))
    tensor([0, 0, 1])
    """
    axis = int(either("cross", axis, dim, default=-1))
    least, most = sorted((x1._array.ndim, x2._array.ndim))
    if axis >= 0:
        axis = one_axis("cross", axis, most) - most
    one_axis("cross", axis, least)
    if not least or x1._array.shape[axis] != 3 or x2._array.shape[axis] != 3:
        raise ShapeError(
            f"cross: inputs must have 3 elements along axis {axis}, got shapes {tuple(x1.shape)} and {tuple(x2.shape)}"
        )
    return _cross(x1, x2, axis=axis)


@runs_in("float32")
def trace(x: Tensor) -> Tensor:
    """Sum of the diagonal of a matrix; ``linalg.trace`` takes batches and other diagonals.

    >>> import pluggrad
    >>> pluggrad.trace(pluggrad.asarray([[1, 2], [3, 4]]))
    tensor(5)
    """
    from .reductions import sum

    _check_ndim("trace", x=(x, 2))
    return sum(diagonal(x))


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker product: each element of ``input`` times the whole of ``other``, laid out as blocks.

    >>> import pluggrad
    >>> pluggrad.kron(pluggrad.asarray([1, 10]), pluggrad.asarray([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    ndim = max(input._array.ndim, other._array.ndim)
    a = (1,) * (ndim - input._array.ndim) + tuple(input._array.shape)
    b = (1,) * (ndim - other._array.ndim) + tuple(other._array.shape)
    left = reshaped(input, tuple([n for m in a for n in (m, 1)]))
    right = reshaped(other, tuple([n for m in b for n in (1, m)]))
    return reshaped(left * right, tuple([m * n for m, n in zip(a, b, strict=True)]))


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications.

    Parameters
    ----------
    tensors : at least two matrices; the first may be a vector (a row) and the last one, too (a column)

    >>> import pluggrad
    >>> pluggrad.linalg.multi_dot([pluggrad.ones(10, 100), pluggrad.ones(100, 5), pluggrad.ones(5)]).shape
    pluggrad.Size([10])
    """
    factors = list(tensors)
    if len(factors) < 2:
        raise ShapeError(f"multi_dot: expected at least 2 tensors but got {len(factors)}")
    row, column = factors[0]._array.ndim == 1, factors[-1]._array.ndim == 1
    if row:
        factors[0] = unsqueeze(factors[0], 0)
    if column:
        factors[-1] = unsqueeze(factors[-1], 1)
    for i, f in enumerate(factors):
        if f._array.ndim != 2:
            raise ShapeError(
                f"multi_dot: tensor {i} must be 2D but got {tensors[i].ndim}D (only the first and the last may be 1D)"
            )
    for i in range(1, len(factors)):
        if factors[i - 1]._array.shape[1] != factors[i]._array.shape[0]:
            raise ShapeError(
                f"multi_dot: tensors {i - 1} and {i} with shapes {list(tensors[i - 1].shape)} and "
                f"{list(tensors[i].shape)} cannot be multiplied"
            )
    product = _in_order(
        factors, _best_splits([f._array.shape[0] for f in factors] + [factors[-1]._array.shape[1]]), 0, len(factors) - 1
    )
    key = (0 if row else slice(None), 0 if column else slice(None))
    return product[key] if row or column else product


def _best_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each run of factors, by dynamic programming (Cormen et al., "Introduction to Algorithms")."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return split


def _in_order(factors: list[Tensor], split: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return factors[i]
    k = split[i, j]
    return matmul(_in_order(factors, split, i, k), _in_order(factors, split, k + 1, j))


def chain_matmul(*matrices: Any) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications: see :func:`multi_dot`.

    >>> import pluggrad
    >>> pluggrad.chain_matmul(pluggrad.ones(1, 2), pluggrad.ones(2, 3), pluggrad.ones(3, 1))
    tensor([[6.]])
    """
    factors = tuple(matrices[0]) if len(matrices) == 1 and isinstance(matrices[0], list | tuple) else matrices
    return factors[0] if len(factors) == 1 else multi_dot(factors)


# -- products added to something --------------------------------------------------------------------------


def _add_scaled(input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    """``beta * input + alpha * product``; with beta 0, what ``input`` holds (NaN, say) does not matter."""
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        shape = common_shape(tuple(input._array.shape), tuple(product._array.shape))
        return product if tuple(product._array.shape) == shape else broadcast_to(product, shape)
    return (input if beta == 1 else input * beta) + product


@runs_in("lower")
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``.

    >>> import pluggrad
    >>> pluggrad.addmm(pluggrad.ones(1), pluggrad.ones(1, 2), pluggrad.ones(2, 1))
    tensor([[3.]])
    """
    return _add_scaled(input, mm(mat1, mat2), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``.

    >>> import pluggrad
    >>> pluggrad.addmv(pluggrad.ones(1), pluggrad.ones(1, 2), pluggrad.ones(2))
    tensor([3.])
    """
    return _add_scaled(input, mv(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``.

    >>> import pluggrad
    >>> pluggrad.addr(pluggrad.zeros(1, 2), pluggrad.ones(1), pluggrad.ones(2))
    tensor([[1., 1.]])
    """
    return _add_scaled(input, outer(vec1, vec2), beta, alpha)


@runs_in("lower")
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2)`` for batches of matrices.

    >>> import pluggrad
    >>> pluggrad.baddbmm(pluggrad.ones(1), pluggrad.ones(1, 1, 2), pluggrad.ones(1, 2, 1))
    tensor([[[3.]]])
    """
    return _add_scaled(input, bmm(batch1, batch2), beta, alpha)


@runs_in("lower")
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (the sum over the batch of batch1 @ batch2)``.

    >>> import pluggrad
    >>> pluggrad.addbmm(pluggrad.zeros(1), pluggrad.ones(5, 1, 2), pluggrad.ones(5, 2, 1))
    tensor([[10.]])
    """
    from .reductions import sum

    products = bmm(batch1, batch2)
    return _add_scaled(input, sum(products, axis=0, dtype=products.dtype), beta, alpha)


# -- distances -----------------------------------------------------------------------------------------------


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
    # |a - b|^2 = |a|^2 - 2 a.b + |b|^2: no array of all differences, at the price of digits where a and b are close.
    squares = ns.sum(ns.square(x1), axis=-1)[..., :, None] + ns.sum(ns.square(x2), axis=-1)[..., None, :]
    squares = squares - 2 * ns.matmul(x1, ns.matrix_transpose(x2))
    return ns.sqrt(ns.where(squares < 0, ns.zeros_like(squares), squares))


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
