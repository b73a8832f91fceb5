"""Forward mode: ``jvp``, ``linearize``, and Hessian-vector products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd import gradients
from ..autograd.forward_ad import dual_level, make_dual, unpack_dual
from ..autograd.mode import enable_grad
from ..autograd.transforms.levels import outside_the_graph
from ..autograd.transforms.trees import flatten, unflatten
from ..errors import ArgumentError, GradientError, ShapeError
from ..tensor import Tensor, make
from .reverse import fresh, grad


def _zeros_like(x: Tensor) -> Tensor:
    return make(x._type.kernels.namespace.zeros_like(x._array), x._type)


def _pairs(primals: Any, tangents: Any, name: str) -> tuple[list[Any], list[Any], Any]:
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise ArgumentError(f"{name}: Expected primals and tangents to be tuples, one entry for each argument")
    flat, tree = flatten(primals)
    given, _ = flatten(tangents)
    if len(flat) != len(given):
        raise ArgumentError(
            f"{name}: Expected primals and tangents to have the same python structure: "
            f"{len(flat)} and {len(given)} tensors"
        )
    for p, t in zip(flat, given, strict=True):
        if isinstance(p, Tensor) and isinstance(t, Tensor) and tuple(p.shape) != tuple(t.shape):
            raise ShapeError(f"{name}: a tangent of shape {tuple(t.shape)} for a primal of shape {tuple(p.shape)}")
    return flat, given, tree


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The value of ``func`` and its derivative along ``tangents``, by forward mode.

    Parameters
    ----------
    func : of tensors or nested structures of them, giving the same
    primals, tangents : tuples with one entry for each argument, of the same structure and shapes
    strict : an output that does not depend on the arguments is an error, instead of the tangent 0
    has_aux : whether ``func`` gives a pair (output, anything else)

    Returns
    -------
    (output, tangent of the output) or, with ``has_aux``, (output, tangent, aux)

    >>> import pluggrad
    >>> pluggrad.func.jvp(lambda x: x**2, (pluggrad.tensor(3.0),), (pluggrad.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    flat, given, tree = _pairs(primals, tangents, "jvp")
    with dual_level():
        duals = [make_dual(p, t) if isinstance(p, Tensor) else p for p, t in zip(flat, given, strict=True)]
        out = func(*unflatten(duals, tree))
        aux = None
        if has_aux:
            if not (isinstance(out, tuple) and len(out) == 2):
                raise GradientError(
                    "jvp(f, ...): output of function f should be a tuple: (output, aux) if has_aux is True"
                )
            out, aux = out
        outs, out_tree = flatten(out)
        values, slopes = [], []
        for o in outs:
            value, slope = unpack_dual(o)
            if slope is None:
                if strict:
                    raise GradientError("jvp(f, ..., strict=True): an output of f does not depend on the inputs")
                slope = _zeros_like(value)
            values.append(value)
            slopes.append(slope)
        if has_aux:
            some, aux_tree = flatten(aux)
            aux = unflatten([unpack_dual(a)[0] if isinstance(a, Tensor) else a for a in some], aux_tree)
    result = unflatten(values, out_tree), unflatten(slopes, out_tree)
    return (*result, aux) if has_aux else result


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of ``func``, and its derivative there as a function of tangents; ``func`` runs once.

    Returns
    -------
    (output, jvp_fn) : ``jvp_fn(*tangents)`` gives the tangent of the output

    >>> import pluggrad
    >>> out, push = pluggrad.func.linearize(pluggrad.sin, pluggrad.tensor(0.0))
    >>> push(pluggrad.tensor(2.0))
    tensor(2.)
    """
    flat, tree = flatten(primals)
    with enable_grad():
        inputs = [fresh(v) for v in flat]
        outs, out_tree = flatten(func(*unflatten(inputs, tree)))
        live = [o for o in outs if o._node is not None]
        # The cotangents of the inputs are linear in those of the outputs: differentiated by these, they give tangents.
        gs = [_zeros_like(o) for o in live]
        for g in gs:
            g.requires_grad = True
        back = gradients.grad(live, inputs, gs, create_graph=True, allow_unused=True) if live else ()

    def jvp_fn(*tangents: Any) -> Any:
        _, given, _ = _pairs(primals, tangents, "linearize")
        pairs = [(b, t) for b, t in zip(back, given, strict=True) if b is not None and b._node is not None]
        found: Any = (None,) * len(gs)
        if pairs:
            found = gradients.grad(
                [b for b, _ in pairs], gs, [t for _, t in pairs], retain_graph=True, allow_unused=True
            )
        slopes = {id(o): s for o, s in zip(live, found, strict=True)}
        return unflatten([s if (s := slopes.get(id(o))) is not None else _zeros_like(o) for o in outs], out_tree)

    return unflatten([outside_the_graph(o) for o in outs], out_tree), jvp_fn


def hvp(func: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The value's Hessian times ``tangents``: forward mode over the gradient, which never builds the Hessian.

    Parameters
    ----------
    func : gives a scalar tensor
    primals, tangents : tuples with one entry for each argument

    Returns
    -------
    tuple with one entry for each argument; for one argument, that entry

    >>> import pluggrad
    >>> x, v = pluggrad.tensor([1.0, 2.0]), pluggrad.tensor([1.0, 0.0])
    >>> pluggrad.func.hvp(lambda x: (x**3).sum(), (x,), (v,))
    tensor([6., 0.])
    """
    argnums = 0 if len(primals) == 1 else tuple(range(len(primals)))
    return jvp(grad(func, argnums=argnums), primals, tangents)[1]
