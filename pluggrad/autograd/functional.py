"""Derivatives of functions of tensors, as ``torch.autograd.functional``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import GradientError, ShapeError
from ..tensor import Tensor, make
from .gradients import grad
from .mode import enable_grad
from .transforms.levels import outside_the_graph
from .transforms.vmap import vmap

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _zeros(x: Tensor) -> Tensor:
    return make(x._type.kernels.namespace.zeros_like(x._array), x._type)


def _tuple(values: Any, what: str, name: str) -> tuple[Tensor, ...]:
    out = (values,) if isinstance(values, Tensor) else tuple(values)
    for i, value in enumerate(out):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}: the {what} must be Tensors, got {type(value).__name__} at position {i}")
    return out


def _inputs(inputs: Any, name: str, create_graph: bool) -> tuple[Tensor, ...]:
    """The inputs at places of their own in the graph; with ``create_graph``, after those that they have."""
    given = _tuple(inputs, "inputs", name)
    if create_graph:
        return tuple(x.view_as(x) if x._node is not None else outside_the_graph(x).requires_grad_() for x in given)
    return tuple(outside_the_graph(x).requires_grad_() for x in given)


def _outputs(func: Callable[..., Any], inputs: tuple[Tensor, ...], name: str) -> tuple[Any, tuple[Tensor, ...]]:
    out = func(*inputs)
    return out, _tuple(out, "outputs of the function", name)


def _cotangents(v: Any, like: tuple[Tensor, ...], name: str, what: str) -> tuple[Tensor, ...]:
    if v is None:
        if len(like) != 1 or like[0].size != 1:
            raise GradientError(f"{name}: The vector v can only be None if the {what} is a single element")
        return (make(like[0]._type.kernels.namespace.ones_like(like[0]._array), like[0]._type),)
    vs = _tuple(v, "vectors v", name)
    if len(vs) != len(like):
        raise GradientError(f"{name}: v is an incorrect number of tensors: got {len(vs)}, should be {len(like)}")
    for a, b in zip(vs, like, strict=True):
        if tuple(a.shape) != tuple(b.shape):
            raise ShapeError(f"{name}: v has shape {tuple(a.shape)}, the {what} {tuple(b.shape)}")
    return vs


def _gradients(
    outs: Sequence[Tensor], inputs: Sequence[Tensor], gs: Sequence[Tensor], create_graph: bool, strict: bool, name: str
) -> tuple[Tensor, ...]:
    live = [(o, g) for o, g in zip(outs, gs, strict=True) if o._node is not None]
    if strict and len(live) < len(outs):
        raise GradientError(
            f"{name}: an output of the function is independent of the inputs, not allowed in strict mode"
        )
    if not live:
        return tuple(_zeros(x) for x in inputs)
    found = grad(
        [o for o, _ in live], inputs, [g for _, g in live], retain_graph=True, create_graph=create_graph,
        allow_unused=True,
    )  # fmt: skip
    if strict and any(f is None for f in found):
        raise GradientError(f"{name}: the output is independent of an input, not allowed in strict mode")
    return tuple(_zeros(x) if f is None else f for f, x in zip(found, inputs, strict=True))


def _like(given: Any, values: tuple[Any, ...]) -> Any:
    return values[0] if isinstance(given, Tensor) else values


def _detached(value: Any) -> Any:
    return outside_the_graph(value) if isinstance(value, Tensor) else tuple(outside_the_graph(v) for v in value)


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs of ``func``, and ``v`` times its Jacobian.

    Parameters
    ----------
    func : of Tensors, giving a Tensor or a tuple of them
    inputs : Tensor or tuple of Tensors
    v : of the shapes of the outputs; None for a single number
    create_graph : record, for higher derivatives
    strict : an input or output that does not matter is an error, instead of zeros

    Returns
    -------
    (outputs, product) : the product has the structure of ``inputs``

    >>> import pluggrad
    >>> pluggrad.autograd.functional.vjp(lambda x: x**2, pluggrad.tensor(3.0), pluggrad.tensor(1.0))
    (tensor(9.), tensor(6.))
    """
    with enable_grad():
        xs = _inputs(inputs, "vjp", create_graph)
        out, outs = _outputs(func, xs, "vjp")
        found = _gradients(outs, xs, _cotangents(v, outs, "vjp", "output"), create_graph, strict, "vjp")
    return (out if create_graph else _detached(out)), _like(inputs, found)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs of ``func``, and its Jacobian times ``v``, which has the shapes of the inputs. See :func:`vjp`.

    >>> import pluggrad
    >>> pluggrad.autograd.functional.jvp(lambda x: x**2, pluggrad.tensor(3.0), pluggrad.tensor(2.0))
    (tensor(9.), tensor(12.))
    """
    with enable_grad():
        xs = _inputs(inputs, "jvp", create_graph)
        vs = _cotangents(v, xs, "jvp", "input")
        out, outs = _outputs(func, xs, "jvp")
        gs = tuple(_zeros(o).requires_grad_() for o in outs)
        back = _gradients(outs, xs, gs, True, strict, "jvp")
        found = _gradients(back, gs, vs, create_graph, strict, "jvp")
    return (out if create_graph else _detached(out)), _like(out, found)


def _scalar(outs: tuple[Tensor, ...], name: str) -> None:
    if len(outs) != 1 or outs[0].size != 1:
        raise GradientError(
            f"{name}: the function must give a single number, got shapes {[tuple(o.shape) for o in outs]}"
        )


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of ``func``, a single number, and ``v`` times its Hessian. See :func:`vjp`.

    >>> import pluggrad
    >>> pluggrad.autograd.functional.vhp(lambda x: x**3, pluggrad.tensor(2.0), pluggrad.tensor(1.0))
    (tensor(8.), tensor(12.))
    """
    with enable_grad():
        xs = _inputs(inputs, "vhp", create_graph)
        vs = _cotangents(v, xs, "vhp", "input")
        out, outs = _outputs(func, xs, "vhp")
        _scalar(outs, "vhp")
        first = _gradients(outs, xs, _cotangents(None, outs, "vhp", "output"), True, strict, "vhp")
        found = _gradients(first, xs, vs, create_graph, strict, "vhp")
    return (out if create_graph else _detached(out)), _like(inputs, found)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of ``func``, a single number, and its Hessian times ``v``. See :func:`vjp`.

    >>> import pluggrad
    >>> pluggrad.autograd.functional.hvp(lambda x: x**3, pluggrad.tensor(2.0), pluggrad.tensor(1.0))
    (tensor(8.), tensor(12.))
    """
    with enable_grad():
        xs = _inputs(inputs, "hvp", create_graph)
        vs = _cotangents(v, xs, "hvp", "input")
        out, outs = _outputs(func, xs, "hvp")
        _scalar(outs, "hvp")
        first = _gradients(outs, xs, _cotangents(None, outs, "hvp", "output"), True, strict, "hvp")
        gs = tuple(_zeros(f).requires_grad_() for f in first)
        back = _gradients(first, xs, gs, True, strict, "hvp")
        found = _gradients(back, gs, vs, create_graph, strict, "hvp")
    return (out if create_graph else _detached(out)), _like(inputs, found)


def _rows(out: Tensor, xs: tuple[Tensor, ...], create_graph: bool, strict: bool, vectorize: bool) -> list[Tensor]:
    """The Jacobian of one output by each input, of shape (*output, *input)."""
    count = math.prod(out._array.shape)
    namespace = out._type.kernels.namespace
    eye = namespace.eye(count, dtype=out._type.native, device=out._type.native_device)
    units = make(namespace.reshape(eye, (count, *out._array.shape)), out._type)
    if vectorize and out._node is not None:
        columns: list[Tensor | None] = list(
            grad(out, xs, units, True, create_graph, allow_unused=True, is_grads_batched=True)
        )
    else:
        rows = [_gradients((out,), xs, (units[i],), create_graph, strict, "jacobian") for i in range(count)]
        columns = [_stack(column) for column in zip(*rows, strict=True)] or [None] * len(xs)
    shapes = [(*out._array.shape, *x._array.shape) for x in xs]
    return [
        x.new_zeros(shape) if c is None else c.reshape(shape) for c, x, shape in zip(columns, xs, shapes, strict=True)
    ]


def _stack(tensors: Sequence[Tensor]) -> Tensor:
    from ..function import functions

    return functions()["stack"].call(*tensors, axis=0)


def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian of ``func``.

    Parameters
    ----------
    func, inputs, create_graph, strict : as for :func:`vjp`
    vectorize : compute all rows in one batch
    strategy : ``"reverse-mode"``, or, with ``vectorize``, ``"forward-mode"``: by columns

    Returns
    -------
    Tensor of shape (*output, *input); a tuple for a tuple of inputs, and a tuple of these for a tuple of outputs

    >>> import pluggrad
    >>> pluggrad.autograd.functional.jacobian(lambda x: x**2, pluggrad.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f"jacobian: strategy is 'reverse-mode' or 'forward-mode', got {strategy!r}")
    if strict and vectorize:
        raise GradientError("jacobian: strict=True and vectorize=True are not supported together")
    if strategy == "forward-mode":
        if not vectorize or create_graph:
            raise NotImplementedError("jacobian: strategy='forward-mode' needs vectorize=True and create_graph=False")
        return _columns(func, inputs)
    with enable_grad():
        xs = _inputs(inputs, "jacobian", create_graph)
        out, outs = _outputs(func, xs, "jacobian")
        blocks = [_like(inputs, tuple(_rows(o, xs, create_graph, strict, vectorize))) for o in outs]
    return blocks[0] if isinstance(out, Tensor) else tuple(blocks)


def _columns(func: Callable[..., Any], inputs: Any) -> Any:
    from .forward_ad import dual_level, make_dual, unpack_dual

    xs = _tuple(inputs, "inputs", "jacobian")
    blocks: list[list[Tensor]] = []
    single = True
    for k, x in enumerate(xs):
        count = math.prod(x._array.shape)
        namespace = x._type.kernels.namespace
        eye = namespace.eye(count, dtype=x._type.native, device=x._type.native_device)
        units = make(namespace.reshape(eye, (count, *x._array.shape)), x._type)

        def column(t: Tensor, k: int = k, x: Tensor = x) -> Any:
            nonlocal single
            with dual_level():
                given = [make_dual(x, t) if j == k else other for j, other in enumerate(xs)]
                out = func(*given)
                single = isinstance(out, Tensor)
                pairs = [unpack_dual(o) for o in _tuple(out, "outputs of the function", "jacobian")]
            return tuple(_zeros(p) if t is None else t for p, t in pairs)

        columns = vmap(column, out_dims=-1)(units)
        blocks.append([c.reshape((*c._array.shape[:-1], *x._array.shape)) for c in columns])
    by_output = [_like(inputs, tuple(column)) for column in zip(*blocks, strict=True)]
    return by_output[0] if single else tuple(by_output)


def hessian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Hessian of ``func``, which gives a single number; a tuple of tuples of blocks for a tuple of inputs.

    >>> import pluggrad
    >>> pluggrad.autograd.functional.hessian(lambda x: (x**3).sum(), pluggrad.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def first(*xs: Tensor) -> Any:
        _, outs = _outputs(func, xs, "hessian")
        _scalar(outs, "hessian")
        found = _gradients(outs, xs, _cotangents(None, outs, "hessian", "output"), True, strict, "hessian")
        return found[0] if isinstance(inputs, Tensor) else found

    if outer_jacobian_strategy == "forward-mode":

        def by_tape(*xs: Tensor) -> Any:
            with enable_grad():
                leaves = tuple(x if x._node is not None else outside_the_graph(x).requires_grad_() for x in xs)
                return first(*leaves)

        return jacobian(by_tape, inputs, create_graph, strict, vectorize, "forward-mode")
    return jacobian(first, inputs, create_graph, strict, vectorize)
