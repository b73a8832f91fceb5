"""User-defined functions: a forward and a backward in Python, as ``torch.autograd.Function``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..errors import GradientError, ShapeError
from ..tensor import Applied, Buffer, Cotangents, ManyNode, Node, Tensor, make
from ..tensor.memory import hold, link_alias
from . import inplace
from .broadcasting import sum_to_shape
from .engine import graph_namespace
from .mode import MODE, is_grad_enabled, with_grad
from .operands import cast
from .recorder import observe, restore
from .transforms.levels import LEVELS

_Saved = tuple[Buffer, Node | int | None, Any]  # a value, its vertex (or the number of the output), its type


class FunctionCtx:
    """What ``forward`` leaves for ``backward``. Any attribute may be set on it.

    Attributes
    ----------
    needs_input_grad : tuple of bool, one for each argument of ``apply``
    saved_tensors : what ``save_for_backward`` was given (in ``backward``), or ``save_for_forward`` (in ``jvp``)
    """

    needs_input_grad: tuple[bool, ...] = ()

    def __init__(self) -> None:
        self._to_save: tuple[Tensor | None, ...] = ()
        self._for_forward: tuple[Tensor | None, ...] | None = None
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True
        self._node: Node | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Save inputs and outputs (and other tensors) for ``backward``; a later in-place change does not reach them."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save tensors, got {type(tensor).__name__}; "
                    "set other values as attributes of ctx"
                )
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Save tensors for ``jvp``, which finds them as ``saved_tensors``; default: those saved for ``backward``."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_forward can only save tensors, got {type(tensor).__name__}; "
                    "set other values as attributes of ctx"
                )
        self._for_forward = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The saved tensors, each at its place in the graph.

        Raises
        ------
        GradientError : they were freed by an earlier backward.
        """
        node = self._node
        if node is None:
            return self._to_save
        if node.saved is None:
            raise GradientError(
                f"Trying to backward through the graph a second time (at {node.name()}): its saved tensors were freed "
                "by the first backward. Specify retain_graph=True there if you need to go backward again."
            )
        return tuple(None if item is None else _restored(item, node) for item in node.saved)

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs ``forward`` changed in place; it must return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` is given zeros (the default) or None for outputs that no gradient came from.

        Likewise ``jvp``, for inputs that have no tangent.
        """
        self._materialize = value


def _restored(item: _Saved, node: Node) -> Tensor:
    buffer, vertex, array_type = item
    if isinstance(vertex, int):
        vertex = node.output(vertex) if isinstance(node, ManyNode) else node
    return restore(buffer, vertex, array_type)


class Function:
    """A function with a gradient of its own: subclass it with static methods ``forward`` and ``backward``.

    ``forward(ctx, *args)`` computes on tensors outside any graph; or ``forward(*args)`` with
    ``setup_context(ctx, inputs, output)``. ``backward(ctx, *grad_outputs)`` returns a gradient, or None, for
    every argument of ``forward``. Call the function as ``MyFunction.apply(*args)``.

    Two more are for the transforms of :mod:`pluggrad.func`. ``jvp(ctx, *tangents)`` gives the tangents of the outputs
    in forward mode; without it, ``backward`` is differentiated by its cotangent, in which it is linear.
    ``vmap(info, in_dims, *args)`` works on a whole batch and returns (outputs, out_dims); without it, or with
    ``generate_vmap_rule = True``, ``forward`` and ``backward`` run on batched tensors.

    Attributes
    ----------
    generate_vmap_rule : True says that ``forward`` and ``backward`` work under ``vmap``; then there is no ``vmap``

    >>> import pluggrad
    >>> class Exp(pluggrad.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         out = pluggrad.exp(x)
    ...         ctx.save_for_backward(out)
    ...         return out
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (out,) = ctx.saved_tensors
    ...         return grad * out
    >>> x = pluggrad.tensor(1.0, requires_grad=True)
    >>> Exp.apply(x).backward()
    >>> x.grad
    tensor(2.7183)
    """

    generate_vmap_rule = False

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs: a tensor, or a tuple of tensors and other values."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what ``backward`` needs; if it is defined, ``forward`` takes no ctx."""
        raise NotImplementedError("setup_context is not implemented")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """A gradient for every argument of ``forward``."""
        raise NotImplementedError

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name for ``backward``."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward."
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangent of every output of ``forward``, by those of its arguments."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> Any:
        """The outputs for a batch, and where in each its axis stands: (outputs, out_dims).

        Parameters
        ----------
        info : has ``batch_size`` and ``randomness``, as :func:`pluggrad.vmap` was given it
        in_dims : which axis of each argument is the batch's; None: the argument is the same for all
        """
        raise NotImplementedError("vmap is not implemented")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward`` on ``args`` and record it.

        What is given by name takes its place among the arguments, and ``backward`` returns a gradient, or None, for it;
        with ``setup_context``, so do the defaults of ``forward``.
        """
        ctx = FunctionCtx()
        if takes_no_ctx(cls):
            args, kwargs = _in_place_of_names(cls.forward, args, kwargs)
        elif kwargs:
            args, kwargs = _in_place_of_names(cls.forward, (ctx, *args), kwargs)
            args = args[1:]
        if is_grad_enabled() and any(isinstance(a, Tensor) and a._node is not None for a in kwargs.values()):
            raise GradientError(
                f"{cls.__name__}.apply: a tensor that requires a gradient cannot be a keyword-only argument"
            )
        outputs, _ = evaluate(cls, ctx, args, kwargs)
        ctx._to_save, ctx._for_forward = (), None
        return outputs


def evaluate(cls: type[Function], ctx: FunctionCtx, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, bool]:
    """The outputs, and whether ``ctx`` was filled: not where a rule for a transform made them."""
    if LEVELS.get():
        from .transforms.user_functions import rule_for  # it is built on this module

        rule = rule_for(cls, args)
        if rule is not None:
            return rule(args, kwargs), False
    parents = tuple(a._node if isinstance(a, Tensor) else None for a in args)
    recording = is_grad_enabled() and any(p is not None for p in parents)
    ctx.needs_input_grad = tuple(p is not None for p in parents)
    before = MODE.get()
    MODE.set(with_grad(before, False))
    try:
        if takes_no_ctx(cls):
            result = cls.forward(*args, **kwargs)
            cls.setup_context(ctx, args, result)
        else:
            result = cls.forward(ctx, *args, **kwargs)
    finally:
        MODE.set(before)
    single = not isinstance(result, tuple)
    values = (result,) if single else result
    outputs = tuple(_output(cls, v, args, ctx) for v in values)
    if recording and any(isinstance(o, list) and any(isinstance(t, Tensor) for t in o) for o in outputs):
        raise GradientError(f"{cls.__name__}: forward returned a list of tensors, which would have no gradient; "
                            "return a tuple")  # fmt: skip
    if recording and any(isinstance(o, Tensor) for o in outputs):
        record(cls, ctx, parents, outputs, args)
    return (outputs[0] if single else outputs), True


def takes_no_ctx(cls: type[Function]) -> bool:
    """Whether a function has ``setup_context``, so that its forward takes no ctx."""
    return cls.setup_context is not Function.setup_context


def _in_place_of_names(
    forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments by position, with defaults; by name those alone that cannot be given otherwise."""
    bound = inspect.signature(forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args, bound.kwargs


def _is_one_of(tensor: Any, tensors: tuple[Any, ...]) -> bool:
    return any(tensor is t for t in tensors)


def _output(cls: type[Function], value: Any, args: tuple[Any, ...], ctx: FunctionCtx) -> Any:
    """An output as a tensor of its own: an input that is returned unchanged becomes an alias of itself."""
    if isinstance(value, Tensor) and _is_one_of(value, args) and not _is_one_of(value, ctx._dirty):
        alias = make(value._array, value._type)
        link_alias(value, alias)
        if _is_one_of(value, ctx._constant):
            ctx._constant = (*ctx._constant, alias)
        return alias
    return value


def record(
    cls: type[Function],
    ctx: FunctionCtx,
    parents: tuple[Node | None, ...],
    outputs: tuple[Any, ...],
    args: tuple[Any, ...],
) -> None:
    """Make the vertex of an application, and give the outputs their places."""
    tensors = [o for o in outputs if isinstance(o, Tensor)]
    for dirty in ctx._dirty:
        if not _is_one_of(dirty, outputs):
            raise GradientError(f"{cls.__name__}: a tensor marked dirty in forward must be returned by it")
    saved = tuple(None if t is None else _save(t, args, outputs) for t in ctx._to_save)
    application = _Application(cls, ctx, any(s is not None for s in saved))
    if len(outputs) == 1:
        out = tensors[0]
        node: Node = _AppliedNode(application, parents, saved, out._array.shape, out._type)
        vertices = [node]
    else:
        node = many = object.__new__(_AppliedManyNode)
        node.function, node.parents, node.saved, node.extra = application, parents, saved, None
        many.shapes = tuple(o._array.shape if isinstance(o, Tensor) else () for o in outputs)
        many.types = tuple(o._type if isinstance(o, Tensor) else None for o in outputs)
        many.shape, many.type = many.shapes[0], tensors[0]._type
        many.outputs = [None] * len(outputs)
        vertices = [many.output(i) for i in range(len(outputs))]
    if (mode := MODE.get()) is not None:
        observe(mode, node, (*tensors, *(t for t in ctx._to_save if t is not None)))
    for out, vertex in zip(outputs, vertices, strict=True):
        if not isinstance(out, Tensor) or not out.dtype.is_differentiable or _is_one_of(out, ctx._constant):
            continue
        if _is_one_of(out, ctx._dirty):
            inplace.check_writable(out)
            inplace.rebase(out, vertex)
        else:
            out._set_node(vertex)


def _save(tensor: Tensor, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> _Saved:
    for i, out in enumerate(outputs):
        if out is tensor:
            return hold(tensor), i, tensor._type
    return hold(tensor), tensor._node, tensor._type


class _ShowsContext:
    """A node of a user's function: ``grad_fn`` shows the attributes of its ``ctx``."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name == "function" or name.startswith("__"):
            raise AttributeError(name)
        return self.function.attribute(self, name)


class _AppliedNode(_ShowsContext, Node):
    """Of one output."""

    __slots__ = ()


class _AppliedManyNode(_ShowsContext, ManyNode):
    """Of several outputs."""

    __slots__ = ()


class _Application(Applied):
    """One application of a user's function, as the engine sees it."""

    def __init__(self, cls: type[Function], ctx: FunctionCtx, saves_arrays: bool) -> None:
        self.cls, self.ctx, self.saves_arrays = cls, ctx, saves_arrays
        self.grad_name = f"{cls.__name__}Backward"
        self.rule = cls.vjp if cls.backward is Function.backward else cls.backward

    def attribute(self, node: Node, name: str) -> Any:
        """What ``grad_fn`` shows of the user's ``ctx``: ``saved_tensors``, and what was set on it."""
        before = self.ctx._node
        self.ctx._node = node
        try:
            return getattr(self.ctx, name)
        finally:
            self.ctx._node = before

    def backward(self, xp: Any, g: Any, parents: tuple[Node | None, ...], node: Node) -> tuple[Any, ...]:
        """On raw arrays: wrapped for the user's code, and unwrapped behind it."""
        grads = self._call(self._cotangents(g, node), parents, node)
        return tuple(None if r is None else r._array for r in grads)

    def backward_graph(self, xp: Any, g: Any, parents: tuple[Node | None, ...], node: Node) -> tuple[Any, ...]:
        """On Tensors."""
        return self._call(self._cotangents(g, node), parents, node)

    def _cotangents(self, g: Any, node: Node) -> list[Tensor | None]:
        def tensor(value: Any, array_type: Any) -> Tensor:
            if isinstance(value, Tensor):
                return value
            if value.__class__ is not array_type.array_class:
                value = array_type.kernels.namespace.asarray(value, dtype=array_type.native)
            return make(value, array_type)

        if not isinstance(g, Cotangents):
            return [tensor(g, node.type)]
        assert isinstance(node, ManyNode)
        out: list[Tensor | None] = []
        for i, (shape, array_type) in enumerate(zip(node.shapes, node.types, strict=True)):
            if i in g.by_index:
                out.append(tensor(g.by_index[i], array_type))
            elif self.ctx._materialize and array_type is not None:
                namespace = array_type.kernels.namespace
                zeros = namespace.zeros(tuple(shape), dtype=array_type.native, device=array_type.native_device)
                out.append(make(zeros, array_type))
            else:
                out.append(None)
        return out

    def _call(self, gs: list[Tensor | None], parents: tuple[Node | None, ...], node: Node) -> tuple[Tensor | None, ...]:
        self.ctx._node = node
        try:
            result = self.rule(self.ctx, *gs)
        finally:
            self.ctx._node = None
        result = result if isinstance(result, tuple) else (result,)
        if len(result) > len(parents) and all(r is None for r in result[len(parents) :]):
            result = result[: len(parents)]
        if len(result) != len(parents):
            raise GradientError(
                f"function {self.grad_name} returned an incorrect number of gradients "
                f"(expected {len(parents)}, got {len(result)})"
            )
        return tuple(self._fitted(r, p, i) for i, (r, p) in enumerate(zip(result, parents, strict=True)))

    def _fitted(self, value: Any, parent: Node | None, i: int) -> Tensor | None:
        """A returned gradient, brought to the shape and dtype of its input where that is unambiguous."""
        if parent is None or value is None:
            return None
        if not isinstance(value, Tensor):
            raise GradientError(
                f"function {self.grad_name} returned a {type(value).__name__} as gradient {i}; "
                "expected a Tensor or None"
            )
        if tuple(value._array.shape) != tuple(parent.shape):
            try:
                value = sum_to_shape(graph_namespace, value, tuple(parent.shape))
            except (ValueError, IndexError):
                raise ShapeError(
                    f"function {self.grad_name} returned an invalid gradient at index {i} - got {list(value.shape)} "
                    f"but expected shape compatible with {list(parent.shape)}"
                ) from None
        if value._type is not parent.type:
            value = cast(value, parent.type.dtype)
        return value


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a ``backward`` that cannot itself be differentiated: doing so is an error instead of a wrong result."""

    @functools.wraps(backward)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        before = MODE.get()
        MODE.set(with_grad(before, False))
        try:
            result = backward(ctx, *grads)
        finally:
            MODE.set(before)
        if not is_grad_enabled():
            return result
        # Tie the result to all that it depends on, so that differentiating it is noticed whatever it is
        # differentiated by. (PyTorch looks at grads alone, and is silently wrong for the saved tensors.)
        inputs = [g for g in grads if isinstance(g, Tensor)]
        for parent in ctx._node.parents:
            if parent is not None:
                stand_in = make(inputs[0]._array, parent.type)
                stand_in._node = parent
                inputs.append(stand_in)
        single = not isinstance(result, tuple)
        marked = tuple(
            _Once.apply(r, *inputs) if isinstance(r, Tensor) else r for r in ((result,) if single else result)
        )
        return marked[0] if single else marked

    return wrapper


class _Once(Function):
    """Carries a value that must not be differentiated."""

    @staticmethod
    def forward(ctx: FunctionCtx, value: Tensor, *grads: Tensor) -> Tensor:
        return value

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> Any:
        raise GradientError("trying to differentiate twice a function that was marked with @once_differentiable")
