"""Reverse mode: ``grad``, ``grad_and_value``, ``vjp``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd import gradients
from ..autograd.mode import enable_grad
from ..autograd.transforms.levels import Alias, outside_the_graph
from ..autograd.transforms.trees import flatten, unflatten
from ..autograd.transforms.vmap import raise_to_current
from ..errors import ArgumentError, GradientError
from ..tensor import Leaf, Node, Tensor, make
from ..tensor.memory import link_alias

Argnums = int | tuple[int, ...]


def fresh(x: Any) -> Any:
    """A tensor at the level of the running transform and at a vertex of its own; anything else as it is."""
    if not isinstance(x, Tensor):
        return x
    x = raise_to_current(x)
    if not x._type.dtype.is_differentiable:
        return x
    alias = make(x._array, x._type)
    link_alias(x, alias)
    if x._node is None:
        alias.requires_grad = True
    else:
        alias._set_node(Node(Alias, (x._node,), (), x._array.shape, x._type))
    return alias


def reaches_further(outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> bool:
    """Whether the gradient may be differentiated: something else that requires a gradient went into the outputs."""
    ends = {x._node for x in inputs}
    if any(type(e) is not Leaf for e in ends):
        return True
    stack = [o._node for o in outputs if o._node is not None]
    seen = set(stack)
    while stack:
        vertex = stack.pop()
        if type(vertex) is Leaf and vertex not in ends:
            return True
        for parent in vertex.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return False


def gradients_of(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], cotangents: Sequence[Tensor | None],
    retain_graph: bool | None = None, create_graph: bool | None = None,
) -> list[Tensor]:  # fmt: skip
    """Cotangents of ``inputs``, zeros where the outputs do not depend on them; recorded if that can matter."""
    live = [(o, g) for o, g in zip(outputs, cotangents, strict=True) if o._node is not None]
    if not live:
        return [make(x._type.kernels.namespace.zeros_like(x._array), x._type) for x in inputs]
    if create_graph is None:
        create_graph = reaches_further([o for o, _ in live], inputs) or any(
            g is not None and g._node is not None for _, g in live
        )
    return list(
        gradients.grad(
            [o for o, _ in live], list(inputs), [g for _, g in live],
            retain_graph=bool(retain_graph) or create_graph, create_graph=create_graph, materialize_grads=True,
        )
    )  # fmt: skip


def _argnums(argnums: Argnums, count: int, name: str) -> tuple[int, ...]:
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if not wanted:
        raise ArgumentError(f"{name}: argnums must name at least one argument")
    for n in wanted:
        if not -count <= n < count:
            raise ArgumentError(f"{name}: Got argnum={n}, but only {count} positional inputs")
    return tuple(n % count for n in wanted)


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of ``func`` and its value.

    Parameters
    ----------
    func : of tensors, or nested structures of them, that gives a scalar tensor; with ``has_aux``, a pair of that and
        anything else
    argnums : which arguments to differentiate by: one, or several for a tuple of gradients
    has_aux : whether ``func`` gives something else besides

    Returns
    -------
    callable : gives (gradient, value), or (gradient, (value, aux))

    Raises
    ------
    GradientError : the value is no scalar tensor

    >>> import pluggrad
    >>> pluggrad.func.grad_and_value(lambda x: x**2)(pluggrad.tensor(3.0))
    (tensor(6.), tensor(9.))
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        where = _argnums(argnums, len(args), "grad")
        flat, tree = flatten(tuple(args[i] for i in where))
        with enable_grad():
            inputs = [fresh(v) for v in flat]
            changed = unflatten(inputs, tree)
            given = list(args)
            for i, value in zip(where, changed, strict=True):
                given[i] = value
            out = func(*given, **kwargs)
            aux = None
            if has_aux:
                if not (isinstance(out, tuple) and len(out) == 2):
                    raise GradientError(
                        "grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) "
                        "if has_aux is True"
                    )
                out, aux = out
            if not isinstance(out, Tensor):
                raise GradientError(f"grad(f)(*args): f must give a Tensor, got {type(out).__name__}")
            if out._array.ndim:
                raise GradientError(
                    f"grad(f)(*args): Expected f(*args) to return a scalar tensor, got tensor with {out.ndim} dims, "
                    f"of shape {tuple(out.shape)}; sum it, or use jacrev"
                )
            tensors = [x for x in inputs if isinstance(x, Tensor) and x._node is not None]
            found = iter(gradients_of([out], tensors, [None]))
        grads = [next(found) if isinstance(x, Tensor) and x._node is not None else _zeros(x) for x in inputs]
        result = unflatten(grads, tree)
        value = _released(out, tensors)
        result = result[0] if isinstance(argnums, int) else result
        return result, ((value, _released_all(aux, tensors)) if has_aux else value)

    return call


def _zeros(x: Any) -> Any:
    if not isinstance(x, Tensor):
        return x
    raise GradientError(f"grad: only floating and complex tensors have a gradient, got {x.dtype}")


def _released(out: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """An output without a graph that leads to nothing but the inputs, which are gone."""
    return out if out._node is None or reaches_further([out], inputs) else outside_the_graph(out)


def _released_all(value: Any, inputs: Sequence[Tensor]) -> Any:
    flat, tree = flatten(value)
    return unflatten([_released(v, inputs) if isinstance(v, Tensor) else v for v in flat], tree)


def value_and_grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the value of ``func`` and its gradient; see :func:`grad_and_value`.

    >>> import pluggrad
    >>> pluggrad.func.value_and_grad(lambda x: x**2)(pluggrad.tensor(3.0))
    (tensor(9.), tensor(6.))
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return value, gradient

    return call


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of ``func``; with ``has_aux``, (gradient, aux). See :func:`grad_and_value`.

    >>> import pluggrad
    >>> pluggrad.func.grad(pluggrad.func.grad(lambda x: x**3))(pluggrad.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        gradient, rest = both(*args, **kwargs)
        return (gradient, rest[1]) if has_aux else gradient

    return call


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``func``, and a function that takes cotangents of it to cotangents of the arguments.

    Parameters
    ----------
    func : of tensors or nested structures of them, giving the same
    primals : the arguments
    has_aux : whether ``func`` gives a pair (output, anything else)

    Returns
    -------
    (output, vjp_fn) or, with ``has_aux``, (output, vjp_fn, aux). ``vjp_fn(cotangents)`` takes what has the structure
    of the output and gives a tuple with one for each of ``primals``

    >>> import pluggrad
    >>> out, pull = pluggrad.func.vjp(lambda x, y: x * y, pluggrad.tensor(2.0), pluggrad.tensor(5.0))
    >>> pull(pluggrad.tensor(1.0))
    (tensor(5.), tensor(2.))
    """
    flat, tree = flatten(primals)
    with enable_grad():
        inputs = [fresh(v) for v in flat]
        out = func(*unflatten(inputs, tree))
    aux = None
    if has_aux:
        if not (isinstance(out, tuple) and len(out) == 2):
            raise GradientError(
                "vjp(f, *primals): output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        out, aux = out
    outputs, out_tree = flatten(out)
    for o in outputs:
        if not isinstance(o, Tensor):
            raise GradientError(f"vjp(f, *primals): f must only give Tensors, got {type(o).__name__}")
    tensors = [x for x in inputs if isinstance(x, Tensor) and x._node is not None]

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        gs, _ = flatten(cotangents)
        if len(gs) != len(outputs):
            raise GradientError(
                f"vjp_fn: the cotangents must have the structure of the output of f: {len(outputs)} tensors, "
                f"got {len(gs)}"
            )
        with enable_grad():
            found = iter(gradients_of(outputs, tensors, gs, retain_graph, create_graph))
        values = [next(found) if isinstance(x, Tensor) and x._node is not None else None for x in inputs]
        return unflatten(values, tree)

    result = unflatten([_released(o, tensors) for o in outputs], out_tree)
    return (result, vjp_fn, _released_all(aux, tensors)) if has_aux else (result, vjp_fn)
