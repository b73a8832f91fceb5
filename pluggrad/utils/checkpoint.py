"""Checkpoints: memory for time. What a part of a network saves for backward is computed a second time there.

Without reentrance, the part runs under hooks on saved values (:mod:`pluggrad.autograd.saved_values`): each value
is packed into a :class:`_Holder`, which holds nothing. The first that backward asks for runs the part again, with
hooks that fill all holders, in the order in which they were made; it stops as soon as the last is full. The graph is
that of the first run, so hooks, ``autograd.grad`` and higher derivatives work as without checkpoints.

With reentrance, the part runs without a graph; its backward runs it again with one, and calls backward on that.
"""

from __future__ import annotations

import contextlib
import contextvars
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ..autograd import Function, backward, enable_grad, engine, is_grad_enabled, no_grad
from ..autograd.autocast import replayed
from ..autograd.mode import MODE, with_grad
from ..autograd.saved_values import Packed, saved_tensors_hooks
from ..errors import GradientError
from ..random import default_generator
from ..tensor import Buffer, Tensor, make
from ..tensor.memory import hold

__all__ = [
    "CheckpointError", "CheckpointFunction", "checkpoint", "checkpoint_sequential", "noop_context_fn",
    "set_checkpoint_early_stop",
]  # fmt: skip

T = TypeVar("T")
Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]


class CheckpointError(RuntimeError):
    """The second run of a checkpointed part saved other values than the first."""


class _AllRecomputed(Exception):
    """Ends the second run early."""


def noop_context_fn() -> Contexts:
    """The contexts of the first and the second run, where none are asked for."""
    return contextlib.nullcontext(), contextlib.nullcontext()


_early_stop: contextvars.ContextVar[bool | None] = contextvars.ContextVar("pluggrad_early_stop", default=None)


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Let the second run of checkpoints made inside end when all values are there (the default), or go to its end."""
    token = _early_stop.set(bool(enable))
    try:
        yield
    finally:
        _early_stop.reset(token)


def checkpoint(
    function: Callable[..., T],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> T:
    """``function(*args, **kwargs)``, whose inner values are not saved for backward but computed again there.

    Parameters
    ----------
    function : must compute the same both times; it may draw random numbers
    args, kwargs : its arguments. What tensors among them hold now is kept, whatever is written to them later.
    use_reentrant : False or None: keep the graph of the first run, and fill in values in backward. True: run without a
        graph, and call ``backward`` within backward: not for ``autograd.grad``, takes no kwargs.
        (PyTorch asks for one to be chosen, and recommends False.)
    context_fn : returns a context manager for the first run and one for the second
    determinism_check : "default": shape, dtype and device of each value must be the same in both runs; "none"
    debug : accepted for PyTorch's sake: the error says which value differed in any case
    early_stop : end the second run when all values that are needed are there
    preserve_rng_state : draw the same random numbers in the second run; afterwards, go on where the generator was

    Returns
    -------
    What ``function`` returns

    Raises
    ------
    CheckpointError : in backward; the second run saved other values than the first
    ValueError : kwargs or ``context_fn`` with ``use_reentrant=True``

    >>> import pluggrad
    >>> from pluggrad.utils.checkpoint import checkpoint
    >>> x = pluggrad.tensor([0.5, 1.0], requires_grad=True)
    >>> checkpoint(lambda t: pluggrad.exp(t * t).sin(), x).sum().backward()
    >>> x.grad
    tensor([ 0.3632, -4.9567])
    """
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check must be 'default' or 'none', got {determinism_check!r}")
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn:
            raise ValueError("Passing `context_fn` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    forward_context, recompute_context = context_fn()
    if not is_grad_enabled():
        with forward_context:
            return function(*args, **kwargs)
    stop = _early_stop.get()
    frame = _Frame(
        function, args, kwargs, recompute_context, preserve_rng_state, determinism_check == "default",
        early_stop if stop is None else stop,
    )  # fmt: skip
    with saved_tensors_hooks(frame.pack, _Holder.get), forward_context:
        return function(*args, **kwargs)


class _Holder:
    """Stands for one saved value: empty, until backward fills it."""

    __slots__ = ("__weakref__", "described", "frame", "value")

    def __init__(self, frame: _Frame, described: tuple[Any, ...]) -> None:
        self.frame, self.described = frame, described
        self.value: tuple[Buffer, Any] | None = None

    def get(self) -> Tensor:
        """The value."""
        if self.value is None:
            self.frame.recompute()
        if self.value is None:
            raise CheckpointError(
                "checkpoint: the second run of the function saved fewer values for backward than the first; "
                "it must compute the same both times"
            )
        buffer, array_type = self.value
        return make(buffer.array, array_type)


def _describe(tensor: Tensor) -> tuple[Any, ...]:
    return tuple(tensor.shape), tensor.dtype, tensor.device


class _Frame:
    """One call of a checkpointed function: how to run it again, and the holders of what it saved."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any],
        context: AbstractContextManager[Any], preserve_rng_state: bool, check: bool, early_stop: bool,
    ) -> None:  # fmt: skip
        self._function, self._context, self._check, self._early_stop = function, context, check, early_stop
        self._arguments = _kept((args, kwargs))
        self._rng_state = default_generator.get_state() if preserve_rng_state else None
        # The gradient mode, the default device, mixed precision: as they are now.
        self._surroundings = contextvars.copy_context()
        self._holders: list[weakref.ref[_Holder]] = []
        self._filled = 0

    def pack(self, tensor: Tensor) -> _Holder:
        """Of the first run: hold nothing."""
        holder = _Holder(self, _describe(tensor))
        self._holders.append(weakref.ref(holder))
        return holder

    def recompute(self) -> None:
        """Run the function again, and fill the holders that are still in use."""
        rng_state = default_generator.get_state() if self._rng_state is not None else None
        if self._rng_state is not None:
            default_generator.set_state(self._rng_state)
        self._filled = 0
        try:
            self._surroundings.copy().run(self._run)
        finally:
            if rng_state is not None:
                default_generator.set_state(rng_state)

    def _run(self) -> None:
        args, kwargs = _restored(self._arguments)
        with (
            contextlib.suppress(_AllRecomputed), replayed(), self._context,
            saved_tensors_hooks(self._fill, _never), enable_grad(),
        ):  # fmt: skip
            self._function(*args, **kwargs)

    def _fill(self, tensor: Tensor) -> None:
        if self._filled == len(self._holders):
            raise CheckpointError(
                f"checkpoint: the second run of the function saved more values for backward than the first, which "
                f"saved {len(self._holders)}; it must compute the same both times"
            )
        holder = self._holders[self._filled]()
        self._filled += 1
        if holder is not None:
            if self._check and holder.described != _describe(tensor):
                (shape, dtype, device), (shape2, dtype2, device2) = holder.described, _describe(tensor)
                raise CheckpointError(
                    f"checkpoint: value {self._filled - 1} that the function saves for backward is {list(shape2)} "
                    f"{dtype2.name} on {device2} in the second run, and was {list(shape)} {dtype.name} on {device} in "
                    "the first; it must compute the same both times"
                )
            holder.value = hold(tensor), tensor._type
        if self._early_stop and self._filled == len(self._holders):
            raise _AllRecomputed


def _never(value: Any) -> Any:
    raise CheckpointError("checkpoint: backward within a checkpointed function, through what it computes itself")


class _Kept:
    """A tensor among the arguments: its value, safe from writes, and whether it requires a gradient."""

    def __init__(self, tensor: Tensor) -> None:
        mode = MODE.get()
        # Within another checkpoint, this one's arguments are values to compute again, too.
        hooks = None if mode is None else mode.saving
        self.value = hold(tensor) if hooks is None else Packed(tensor, hooks)
        self.type, self.requires_grad = tensor._type, tensor.requires_grad


def _kept(value: Any) -> Any:
    if isinstance(value, Tensor):
        return _Kept(value)
    if value.__class__ in (tuple, list):
        return value.__class__([_kept(v) for v in value])
    return {k: _kept(v) for k, v in value.items()} if value.__class__ is dict else value


def _restored(value: Any) -> Any:
    if isinstance(value, _Kept):
        tensor = make(value.value.array, value.type)
        if isinstance(value.value, Buffer):
            tensor._buffer = value.value  # a write by the function freezes it first
        tensor.requires_grad = value.requires_grad
        return tensor
    if value.__class__ in (tuple, list):
        return value.__class__([_restored(v) for v in value])
    return {k: _restored(v) for k, v in value.items()} if value.__class__ is dict else value


class CheckpointFunction(Function):
    """The reentrant checkpoint, as a function with a backward of its own."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        """Run without a graph."""
        ctx.run_function, ctx.rest = run_function, [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.requires = [args[i].requires_grad for i in ctx.places]
        ctx.rng_state = default_generator.get_state() if preserve_rng_state else None
        ctx.surroundings = contextvars.copy_context()
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Any, ...]:
        """Run again with a graph, and backward through that."""
        if engine.is_restricted():
            raise GradientError(
                "When use_reentrant=True, checkpoint is incompatible with .grad() or passing an `inputs` parameter to "
                ".backward(). To resolve this, pass use_reentrant=False to checkpoint."
            )
        args = list(ctx.rest)
        for i, saved, requires in zip(ctx.places, ctx.saved_tensors, ctx.requires, strict=True):
            args[i] = saved.detach().requires_grad_(requires)
        rng_state = default_generator.get_state()
        if ctx.rng_state is not None:
            default_generator.set_state(ctx.rng_state)
        try:
            outputs = ctx.surroundings.copy().run(_with_graph, ctx.run_function, args)
        finally:
            if ctx.rng_state is not None:
                default_generator.set_state(rng_state)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=True) if isinstance(o, Tensor) and o.requires_grad]
        if not pairs:
            raise GradientError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *(a.grad if isinstance(a, Tensor) else None for a in args))


def _with_graph(function: Callable[..., Any], args: list[Any]) -> Any:
    MODE.set(with_grad(MODE.get(), True))
    with replayed():
        return function(*args)


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Tensor,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Tensor:
    """A sequence of functions, one after the other, in so many checkpointed segments; the last is not checkpointed.

    Parameters
    ----------
    functions : an ``nn.Sequential``, or a list of modules and functions
    segments : how many
    input : what the first takes
    use_reentrant, preserve_rng_state : as for :func:`checkpoint`

    >>> import pluggrad
    >>> from pluggrad.utils.checkpoint import checkpoint_sequential
    >>> x = pluggrad.tensor(0.5, requires_grad=True)
    >>> checkpoint_sequential([pluggrad.exp, pluggrad.sin, pluggrad.exp], 2, x).backward()
    >>> x.grad
    tensor(-0.3478)
    """
    steps: Sequence[Callable[[Any], Any]] = list(functions.children() if hasattr(functions, "children") else functions)
    if segments < 1:
        raise ValueError(f"checkpoint_sequential: segments must be at least 1, got {segments}")

    def run(start: int, end: int) -> Callable[[Any], Any]:
        def forward(value: Any) -> Any:
            for step in steps[start:end]:
                value = step(value)
            return value

        return forward

    size, done = len(steps) // segments, 0
    for _ in range(segments - 1 if size else 0):
        input = checkpoint(
            run(done, done + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state
        )
        done += size
    return run(done, len(steps))(input)
