"""A user's ``Function`` inside ``vmap`` and forward mode: by its own ``vmap`` and ``jvp`` where it has them.

A function's ``forward`` may do anything, and its ``backward`` need not be the derivative of it (a straight-through
estimator). So in forward mode its ``forward`` is given the values alone, and the tangents are those of ``jvp`` or,
where there is none, of ``backward``, differentiated by its cotangent. Batched tensors are worked on as they are, unless
the function has a ``vmap`` of its own, which is given the tensors below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...errors import GradientError, ShapeError
from ...tensor import GradientEdge, Node, Tensor, make, memory
from .. import gradients, inplace
from ..function import Function, FunctionCtx, evaluate, record, takes_no_ctx
from ..mode import enable_grad, is_grad_enabled, no_grad
from . import dual
from .batched import BatchedKernels
from .levels import LEVELS, Alias, LevelType, aside, depth_of, lift_all, outside_the_graph
from .vmap import enter, leave, raised

Rule = Callable[[tuple[Any, ...], dict[str, Any]], Any]


class VmapInfo(NamedTuple):
    """What a function's own ``vmap`` is told of the transform."""

    batch_size: int
    randomness: str


def rule_for(cls: type[Function], args: tuple[Any, ...]) -> Rule | None:
    """How a function is applied to tensors of transforms; None: as anywhere.

    Raises
    ------
    GradientError : it has a ``vmap``, and ``generate_vmap_rule``
    """
    depth = max((depth_of(a._type) for a in args if isinstance(a, Tensor)), default=0)
    running = LEVELS.get()[:depth]
    if not running:
        return None
    if running[-1].kernels is BatchedKernels and cls.vmap is not Function.vmap:
        if cls.generate_vmap_rule:
            raise GradientError(
                f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and an overridden "
                "vmap staticmethod. Please set generate_vmap_rule=False or delete the overridden vmap staticmethod to "
                "avoid ambiguity."
            )
        return lambda args, kwargs: _in_batch(cls, args, depth)
    duals = [at for at, level in enumerate(running, 1) if level.kernels is dual.DualKernels]
    if not duals:
        return None
    return lambda args, kwargs: _forward_mode(cls, tuple(lift_all(args)), kwargs, duals[-1])


def _needs_setup_context(cls: type[Function]) -> GradientError:
    return GradientError(
        f"In order to use an autograd.Function with transforms (vmap, grad, jvp, jacrev, ...) in this way, "
        f"{cls.__name__} must override the setup_context staticmethod, and its forward take no ctx"
    )


def _release(args: tuple[Any, ...]) -> None:
    # The function sees tensors over the same memory, on another level: what it writes to must be safe to write to.
    for a in args:
        if isinstance(a, Tensor):
            memory.release(a)


# -- forward mode ------------------------------------------------------------------------------------


def _forward_mode(cls: type[Function], args: tuple[Any, ...], kwargs: dict[str, Any], at: int) -> Any:
    """Apply to the values, and to the tangents, of the dual level of depth ``at``."""
    running = LEVELS.get()
    depth = max(depth_of(a._type) for a in args if isinstance(a, Tensor))
    _release(args)
    pairs = [tuple(map(aside, dual.unpack(a, at))) if isinstance(a, Tensor) else (a, None) for a in args]
    primals = tuple(p for p, _ in pairs)
    tangents = [_tangent(a, t, at) for a, (_, t) in zip(args, pairs, strict=True)]
    token = LEVELS.set((*running[: at - 1], *running[at:depth]))
    try:
        made = (_by_reverse if cls.jvp is Function.jvp else _by_jvp)(cls, primals, kwargs, tangents)
        results = tuple(
            aside(dual.make_dual(raised(v, depth - 1), None if t is None else raised(t, depth - 1), at))
            if isinstance(v, Tensor)
            else v
            for v, t in zip(made.values, made.tangents, strict=True)
        )
    finally:
        LEVELS.reset(token)
    results = tuple(
        out if i is None else inplace.assign(args[i], out) for out, i in zip(results, made.written, strict=True)
    )
    return results[0] if made.single else results


class _Made(NamedTuple):
    """What came of the values: the outputs, the tangents, and which argument each was written into."""

    values: tuple[Any, ...]
    tangents: tuple[Tensor | None, ...]
    written: tuple[int | None, ...]
    single: bool


def _same(values: tuple[Any, ...], args: tuple[Any, ...]) -> tuple[int | None, ...]:
    """For each of several values, the number of the tensor among the arguments that it is."""
    return tuple(next((i for i, a in enumerate(args) if isinstance(v, Tensor) and v is a), None) for v in values)


def _tangent(arg: Any, tangent: Tensor | None, at: int) -> Tensor | None:
    """The tangent of an argument, None where it has none."""
    if tangent is None or not tangent.dtype.is_differentiable or not dual.has_tangent(arg, at):
        return None
    return tangent


def _by_jvp(
    cls: type[Function], primals: tuple[Any, ...], kwargs: dict[str, Any], tangents: list[Tensor | None]
) -> _Made:
    ctx = FunctionCtx()
    outputs, filled = evaluate(cls, ctx, primals, kwargs)
    if not filled:  # the values are of a transform, too, whose rule made the outputs
        if not takes_no_ctx(cls):
            raise _needs_setup_context(cls)
        with no_grad():
            cls.setup_context(ctx, primals, outputs)
    single = not isinstance(outputs, tuple)
    values = (outputs,) if single else outputs
    written = _same(values, primals)
    if all(t is None for t in tangents):
        return _Made(values, (None,) * len(values), written, single)
    given = [
        _zeros_like(p) if t is None and ctx._materialize and isinstance(p, Tensor) and p.dtype.is_differentiable else t
        for p, t in zip(primals, tangents, strict=True)
    ]
    if ctx._for_forward is not None:
        ctx._to_save = ctx._for_forward
    found = cls.jvp(ctx, *given)
    found = found if isinstance(found, tuple) else (found,)
    if len(found) != len(values):
        raise GradientError(
            f"{cls.__name__}: Function's jvp returned an invalid number of forward gradients (expected {len(values)} "
            f"but got {len(found)})"
        )
    slopes = tuple(_checked(cls, i, v, s, tangents) for i, (v, s) in enumerate(zip(values, found, strict=True)))
    return _Made(values, slopes, written, single)


def _checked(cls: type[Function], i: int, value: Any, slope: Any, tangents: Sequence[Tensor | None]) -> Tensor | None:
    """What ``jvp`` returned for output ``i``."""
    if slope is None or not isinstance(value, Tensor) or not value.dtype.is_differentiable:
        return None
    if not isinstance(slope, Tensor):
        got = type(slope).__name__
        raise GradientError(f"{cls.__name__}.jvp: expected Variable or None (got {got}) for output {i}")
    if tuple(slope._array.shape) != tuple(value._array.shape):
        raise ShapeError(
            f"{cls.__name__}.jvp: Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(value.shape)} while the given forward gradient is "
            f"of size {list(slope.shape)}."
        )
    if slope._node is None and is_grad_enabled() and any(t is not None and t._node is not None for t in tangents):
        raise GradientError(
            f"{cls.__name__}.jvp: the tangent of output {i} has no graph, but that of an input has one: its gradient "
            "would be lost. Compute it by tensor operations, or leave jvp out, and backward is used"
        )
    return slope if slope.dtype is value.dtype else slope.to(value.dtype)


def _by_reverse(
    cls: type[Function], primals: tuple[Any, ...], kwargs: dict[str, Any], tangents: list[Tensor | None]
) -> _Made:
    """The outputs, and their tangents by ``backward``, which is linear in the cotangent, differentiated by that."""
    recorded = is_grad_enabled() and any(isinstance(p, Tensor) and p._node is not None for p in (*primals, *tangents))
    with enable_grad():
        xs = tuple(p if t is None else _vertex_of_its_own(p) for p, t in zip(primals, tangents, strict=True))
        # The places in the graph: a function that writes to its arguments gives them others.
        pairs = [
            (GradientEdge(x._node, 0), t)  # type: ignore[arg-type]
            for x, t in zip(xs, tangents, strict=True)
            if t is not None
        ]
        outputs, _ = evaluate(cls, FunctionCtx(), xs, kwargs)
        single = not isinstance(outputs, tuple)
        values = (outputs,) if single else outputs
        wanted = [v for v in values if isinstance(v, Tensor) and v._node is not None]
        gs = [_zeros_like(v).requires_grad_() for v in wanted]
        found: dict[int, Any] = {}
        if wanted and pairs:
            try:
                back = gradients.grad(wanted, [x for x, _ in pairs], gs, create_graph=True, allow_unused=True)
                live = [(b, t) for b, (_, t) in zip(back, pairs, strict=True) if b is not None and b._node is not None]
                if live:
                    slopes_of = gradients.grad(
                        [b for b, _ in live], gs, [t for _, t in live], create_graph=recorded, retain_graph=True,
                        allow_unused=True,
                    )  # fmt: skip
                    found = {id(v): s for v, s in zip(wanted, slopes_of, strict=True)}
            except GradientError as error:
                error.add_note(
                    f"(in forward mode, backward of {cls.__name__} is differentiated by its cotangent; give "
                    f"{cls.__name__} a static jvp(ctx, *tangents) to be used instead)"
                )
                raise
    slopes = tuple(found.get(id(v)) for v in values)
    written = _same(values, xs)
    if not recorded:
        values = tuple(outside_the_graph(v) if isinstance(v, Tensor) and v._node is not None else v for v in values)
    return _Made(values, slopes, written, single)


def _vertex_of_its_own(x: Tensor) -> Tensor:
    out = make(x._array, x._type)
    memory.link_alias(x, out)
    out._set_node(Node(Alias, () if x._node is None else (x._node,), (), x._array.shape, x._type))
    return out


def _zeros_like(x: Tensor) -> Tensor:
    return make(x._type.kernels.namespace.zeros_like(x._array), x._type)


# -- batches -----------------------------------------------------------------------------------------


def _in_batch(cls: type[Function], args: tuple[Any, ...], depth: int) -> Any:
    """Call the function's own ``vmap`` on tensors of the level below."""
    running = LEVELS.get()
    level = running[depth - 1]
    _release(args)
    below = [_below(a, depth, level.size) for a in args]
    lower = tuple(a for a, _ in below)
    vertices = [a._node if isinstance(a, Tensor) else None for a in lower]
    token = LEVELS.set(running[: depth - 1])
    try:
        result = cls.vmap(VmapInfo(level.size, level.randomness), tuple(d for _, d in below), *lower)
    finally:
        LEVELS.reset(token)
    values, dims, single = _outputs(cls, result)
    results = []
    for value, dim, i in zip(values, dims, _same(values, lower), strict=True):
        made = value if not isinstance(value, Tensor) else _above(cls, value, dim, depth, level.size)
        if i is not None:  # an argument, perhaps written to
            made = inplace.assign(args[i], made) if value._node is not vertices[i] else args[i]
        results.append(made)
    if is_grad_enabled() and not _reach(results, {v for v in vertices if v is not None}):
        results = _recorded(cls, args, results, single)
    return results[0] if single else tuple(results)


def _below(a: Any, depth: int, size: int) -> tuple[Any, int | None]:
    """An argument on the level below, and its batch axis."""
    if not isinstance(a, Tensor) or depth_of(a._type) < depth:
        return a, None
    assert isinstance(a._type, LevelType)
    if not a._array.batched and (a._node is None or a._node.name() == "LiftBackward0"):
        array = a._array.array
        lower = make(array, a._type.inner.siblings[array.dtype])
        lower._node = None if a._node is None else a._node.parents[0]
        memory.link_alias(a, lower)
        return lower, None
    return aside(leave(a, 0, size)), 0


def _above(cls: type[Function], value: Tensor, dim: int | None, depth: int, size: int) -> Tensor:
    """An output of ``vmap``, as a batched tensor."""
    if dim is None:
        return aside(raised(value, depth))
    ndim = value._array.ndim
    if not -ndim <= dim < ndim or value._array.shape[dim] != size:
        raise ShapeError(
            f"{cls.__name__}.vmap: out_dim {dim} of an output of shape {tuple(value.shape)} is no axis of the batch's "
            f"size, {size}"
        )
    return aside(enter(raised(value, depth - 1), dim % ndim, size))


def _outputs(cls: type[Function], result: Any) -> tuple[tuple[Any, ...], tuple[int | None, ...], bool]:
    """The outputs and out_dims that ``vmap`` returned, and whether there is but one output.

    Raises
    ------
    GradientError : something else was returned
    """
    if not isinstance(result, tuple) or len(result) != 2:
        got = f"{len(result)} returns" if isinstance(result, tuple) else f"a {type(result)}"
        raise GradientError(
            f"{cls.__name__}: Expected the vmap staticmethod to have two returns, an output and out_dims with a "
            f"structure compatible with the output. Got {got} instead"
        )
    outputs, dims = result
    single = not isinstance(outputs, tuple)
    values = (outputs,) if single else outputs
    if dims is None or isinstance(dims, int):
        dims = (dims,) * len(values)
    elif single or not isinstance(dims, tuple | list) or len(dims) != len(values):
        raise GradientError(
            f"{cls.__name__}: The autograd.Function's vmap staticmethod returned an incompatible (output, out_dims) "
            f"tuple. Expected out_dims={dims} to be compatible with the structure of `output`, "
            f"{'a tensor' if single else f'a tuple of {len(values)}'}"
        )
    return values, tuple(dims), single


def _reach(outputs: Sequence[Any], ends: set[Any]) -> bool:
    """Whether the graph leads from outputs that can have a gradient to all of some vertices."""
    tensors = [o for o in outputs if isinstance(o, Tensor) and o.dtype.is_differentiable]
    if not tensors:
        return True
    stack = [o._node for o in tensors if o._node is not None]
    seen = set(stack)
    while stack and not ends <= seen:
        vertex = stack.pop()
        for parent in () if vertex in ends else vertex.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return ends <= seen


def _recorded(cls: type[Function], args: tuple[Any, ...], outputs: list[Any], single: bool) -> list[Any]:
    """The outputs with ``backward`` as their rule: where ``vmap`` is not made of operations that are recorded."""
    if not takes_no_ctx(cls):
        raise _needs_setup_context(cls)
    outs = [make(o._array, o._type) if isinstance(o, Tensor) and not any(o is a for a in args) else o for o in outputs]
    ctx = FunctionCtx()
    parents = tuple(a._node if isinstance(a, Tensor) else None for a in args)
    ctx.needs_input_grad = tuple(p is not None for p in parents)
    with no_grad():
        cls.setup_context(ctx, args, outs[0] if single else tuple(outs))
    record(cls, ctx, parents, tuple(outs), args)
    return outs
