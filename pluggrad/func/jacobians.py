"""Whole Jacobians and Hessians: a product with each unit vector, all in one batch."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ..autograd.transforms.trees import flatten, unflatten
from ..autograd.transforms.vmap import vmap
from ..tensor import Tensor, make
from .forward import jvp
from .reverse import Argnums, _argnums, vjp


def units(tensors: list[Tensor]) -> list[Tensor]:
    """For each of several tensors, its part of the unit vectors of all: shape (number of all elements, *shape)."""
    sizes = [math.prod(t._array.shape) for t in tensors]
    total, at, out = sum(sizes), 0, []
    for t, n in zip(tensors, sizes, strict=True):
        base = _base(t)
        namespace = base.kernels.namespace
        eye = namespace.eye(total, n, k=-at, dtype=base.native, device=base.native_device)
        out.append(make(namespace.reshape(eye, (total, *t._array.shape)), base))
        at += n
    return out


def _base(t: Tensor) -> Any:
    """The type of the real library below all transforms."""
    array_type = t._type
    while hasattr(array_type, "inner"):
        array_type = array_type.inner
    return array_type


def _selected(func: Callable[..., Any], args: tuple[Any, ...], where: tuple[int, ...]) -> Callable[..., Any]:
    """``func`` as one of the arguments that are differentiated by."""

    def of_some(*some: Any) -> Any:
        given = list(args)
        for i, value in zip(where, some, strict=True):
            given[i] = value
        return func(*given)

    return of_some


def jacrev(
    func: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[..., Any]:
    """A function that gives the Jacobian of ``func``, by reverse mode: one row for each output element, in one batch.

    Parameters
    ----------
    func : of tensors, giving a tensor or a nested structure of them
    argnums : which arguments to differentiate by
    has_aux : whether ``func`` gives a pair (output, anything else)
    chunk_size : how many rows at a time; None: all

    Returns
    -------
    callable : gives, for each output and within it for each argument, a tensor of shape (*output, *argument)

    >>> import pluggrad
    >>> pluggrad.func.jacrev(lambda x: x**2)(pluggrad.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        where = _argnums(argnums, len(args), "jacrev")
        some = tuple(args[i] for i in where)
        of_some = _selected(functools.partial(func, **kwargs), args, where)
        # The shapes of the outputs must be known before the batch of unit vectors can be made.
        found: dict[str, Any] = {}
        out = vjp(of_some, *some, has_aux=has_aux)
        outs, out_tree = flatten(out[0])
        basis = units(outs)

        def row(*cotangents: Tensor) -> Any:
            # The function runs within the batch, on values that are the same for all of it: its graph is then of
            # this level, whatever transforms are inside it.
            pull = vjp(of_some, *some, has_aux=has_aux)[1]
            rows, found["tree"] = flatten(pull(unflatten(list(cotangents), out_tree), False))
            return tuple(rows)

        rows = vmap(row, chunk_size=chunk_size)(*basis)
        columns = [_split(r, outs) for r in rows]  # for each input, a block for each output
        blocks = []
        for i in range(len(outs)):
            by_input = unflatten([column[i] for column in columns], found["tree"])
            blocks.append(by_input[0] if isinstance(argnums, int) else by_input)
        result = unflatten(blocks, out_tree)
        return (result, out[2]) if has_aux else result

    return call


def _split(rows: Tensor, outs: list[Tensor]) -> list[Tensor]:
    """The rows of all output elements as a block for each output."""
    blocks, at = [], 0
    rest = tuple(rows._array.shape[1:])
    for o in outs:
        n = math.prod(o._array.shape)
        blocks.append(rows[at : at + n].reshape((*o._array.shape, *rest)))
        at += n
    return blocks


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, chunk_size: int | None = None,
    randomness: str = "error",
) -> Callable[..., Any]:  # fmt: skip
    """A function that gives the Jacobian of ``func``, by forward mode: one column for each input element, in one batch.

    Parameters and result are those of :func:`jacrev`; ``randomness`` is that of :func:`vmap`.

    >>> import pluggrad
    >>> pluggrad.func.jacfwd(lambda x: x**2)(pluggrad.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        where = _argnums(argnums, len(args), "jacfwd")
        some = tuple(args[i] for i in where)
        of_some = _selected(functools.partial(func, **kwargs), args, where)
        flat, tree = flatten(some)
        basis = units(flat)
        found: dict[str, Any] = {}

        def column(*tangents: Tensor) -> Any:
            out = jvp(of_some, some, unflatten(list(tangents), tree), has_aux=has_aux)
            slopes, found["tree"] = flatten(out[1])
            return tuple(slopes), (out[2] if has_aux else ())

        dims = (0, None) if has_aux else (0, 0)
        columns, aux = vmap(column, out_dims=(-1, 0), chunk_size=chunk_size, randomness=randomness)(*basis)
        del dims
        blocks = []
        for c in columns:
            shape = tuple(c._array.shape[:-1])
            parts, at = [], 0
            for x in flat:
                n = math.prod(x._array.shape)
                parts.append(c[..., at : at + n].reshape((*shape, *x._array.shape)))
                at += n
            by_input = unflatten(parts, tree)
            blocks.append(by_input[0] if isinstance(argnums, int) else by_input)
        result = unflatten(blocks, found["tree"])
        if has_aux:
            some_aux, aux_tree = flatten(aux)
            return result, unflatten([a[0] for a in some_aux], aux_tree)
        return result

    return call


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that gives the Hessian of ``func``: forward mode over reverse.

    >>> import pluggrad
    >>> pluggrad.func.hessian(lambda x: (x**3).sum())(pluggrad.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
