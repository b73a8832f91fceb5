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
from ..errors import ShapeError
from ..tensor import Tensor
from .axes import either, one_axis
from .declare import composite, standard
from .diagonals import diagonal
from .manipulation import reshaped
from .reductions import _sum, sum
from .views import _permute_dims

__all__ = [
    "bmm", "cross", "dot", "ger", "inner", "kron", "matmul", "mm", "mv", "outer", "tensordot", "trace", "vdot",
    "vecdot",
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
