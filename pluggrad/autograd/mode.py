"""Whether operations are recorded: ``no_grad``, ``enable_grad``, ``set_grad_enabled``, ``inference_mode``.

The mode belongs to a thread and, within it, to an async task (a ``ContextVar``). None stands for the
usual mode, in which operations on tensors that require a gradient are recorded and nothing else happens;
so the code of a call asks only whether there is another one.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeVar

from ..tensor.inference import INFERENCE, INSIDE

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Mode:
    """How operations are recorded.

    Attributes
    ----------
    grad : whether at all
    saving : what packs and unpacks the values that graphs save; see :mod:`.saved_values`
    saving_refused : why hooks on saved values may not be set now; None: they may
    anomaly : whether each node keeps the traceback of its forward call; see :mod:`.anomaly`
    check_nan : whether backward looks for NaN, too
    """

    grad: bool = True
    saving: Any = None
    saving_refused: str | None = None
    anomaly: bool = False
    check_nan: bool = False


MODE: ContextVar[Mode | None] = ContextVar("pluggrad_mode", default=None)
NO_GRAD: Final = Mode(grad=False)
_USUAL: Final = Mode()


def changed(mode: Mode | None, **fields: Any) -> Mode | None:
    """A mode with some of its fields changed; None if that gives the usual one."""
    mode = replace(mode or _USUAL, **fields)
    return None if mode == _USUAL else mode


def with_grad(mode: Mode | None, grad: bool) -> Mode | None:
    """A mode that records, or does not, and is otherwise the same."""
    if mode is None or mode is NO_GRAD:
        return None if grad else NO_GRAD
    return mode if mode.grad is grad else changed(mode, grad=grad)


class _ModeContext:
    """A mode as a context manager and as a decorator of functions and generators."""

    _before: list[Mode | None]

    # All is done here, and not in __init__: a block of few operations is entered as often as they are called.
    def __new__(cls, *args: Any) -> Any:
        self = object.__new__(cls)
        self._before = []
        return self

    def _mode(self, before: Mode | None) -> Mode | None:
        """What holds inside, where ``before`` holds outside."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        before = MODE.get()
        self._before.append(before)
        MODE.set(self._mode(before))
        return self

    def __exit__(self, *exc: object) -> None:
        MODE.set(self._before.pop())

    def _again(self) -> _ModeContext:
        """A fresh context of the same kind: a decorated function may be entered by several threads at once."""
        return type(self)()

    def __call__(self, function: F) -> F:
        if inspect.isclass(function):
            raise TypeError(f"{type(self).__name__} decorates functions; decorate the methods of a class one by one")
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                # The mode holds while the generator's own code runs, not between two items.
                running = function(*args, **kwargs)
                sent: Any = None
                try:
                    while True:
                        with self._again():
                            item = running.send(sent)
                        sent = yield item
                except StopIteration as stop:
                    return stop.value
                finally:
                    running.close()

            return generator  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]


class no_grad(_ModeContext):
    """Record nothing inside: a context manager, and a decorator (with or without parentheses).

    >>> import pluggrad
    >>> w = pluggrad.ones(2, requires_grad=True)
    >>> with pluggrad.no_grad():
    ...     y = w * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, function: Any = None) -> Any:
        self = object.__new__(cls)
        self._before = []
        return self if function is None else self(function)

    def _mode(self, before: Mode | None) -> Mode | None:
        return NO_GRAD if before is None else with_grad(before, False)


class enable_grad(no_grad):
    """Record inside, also within ``no_grad``: a context manager, and a decorator."""

    def _mode(self, before: Mode | None) -> Mode | None:
        return with_grad(before, not INSIDE.get())


class set_grad_enabled(_ModeContext):
    """Record or not, from now on; in a ``with`` statement, inside only.

    >>> import pluggrad
    >>> with pluggrad.set_grad_enabled(False):
    ...     pluggrad.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self._enabled = bool(mode)
        self._outside = MODE.get()
        MODE.set(self._mode(self._outside))

    def _mode(self, before: Mode | None) -> Mode | None:
        return with_grad(before, self._enabled and not INSIDE.get())

    def __enter__(self) -> Self:
        self._before.append(self._outside)
        MODE.set(self._mode(MODE.get()))
        return self

    def _again(self) -> _ModeContext:
        return enable_grad() if self._enabled else no_grad()

    def __call__(self, function: F) -> F:
        MODE.set(self._outside)  # as a decorator, it switches inside the function only
        return super().__call__(function)


class inference_mode(_ModeContext):
    """Record nothing inside, and keep tensors made inside out of every later graph.

    Tensors made inside are *inference tensors* (``x.is_inference()``): outside, a graph that would save one, a write
    to one and ``requires_grad_()`` are errors. So are their views; a ``clone()`` is a normal tensor.

    Parameters
    ----------
    mode : bool or function, default True: whether to; or the function to decorate

    >>> import pluggrad
    >>> w = pluggrad.ones(2, requires_grad=True)
    >>> with pluggrad.inference_mode():
    ...     y = w * 2
    >>> y.requires_grad, y.is_inference()
    (False, True)
    """

    _enabled: bool
    _inside_before: list[bool]

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        self._enabled = mode if isinstance(mode, bool) else True
        self._inside_before = []
        return self if isinstance(mode, bool) else self(mode)

    def _mode(self, before: Mode | None) -> Mode | None:
        return with_grad(before, not self._enabled)

    def __enter__(self) -> Self:
        self._inside_before.append(INSIDE.get())
        INSIDE.set(self._enabled)
        INFERENCE.append(None)
        return super().__enter__()

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        INFERENCE.pop()
        INSIDE.set(self._inside_before.pop())

    def _again(self) -> _ModeContext:
        return inference_mode(self._enabled)


def is_grad_enabled() -> bool:
    """Whether operations are recorded now, in this thread and task."""
    mode = MODE.get()
    return mode is None or mode.grad


def is_inference_mode_enabled() -> bool:
    """Whether ``inference_mode`` is on now, in this thread and task."""
    return INSIDE.get()


_multithreading = ContextVar("pluggrad_multithreading", default=True)


def is_multithreading_enabled() -> bool:
    """What :class:`set_multithreading_enabled` said last; True before."""
    return _multithreading.get()


class set_multithreading_enabled(contextlib.ContextDecorator):
    """Accepted for PyTorch's sake: backward runs in the thread that calls it, and only there, whatever is set here.

    >>> import pluggrad
    >>> with pluggrad.autograd.set_multithreading_enabled(False):
    ...     pluggrad.autograd.is_multithreading_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._before = _multithreading.get()
        _multithreading.set(self.mode)

    def __enter__(self) -> Self:
        _multithreading.set(self.mode)
        return self

    def __exit__(self, *exc: object) -> None:
        _multithreading.set(self._before)
