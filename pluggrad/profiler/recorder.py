"""How calls are timed: while a profiler runs, the code of every function is exchanged for code that times it.

A declared function is a Python function whose code was written for it (:mod:`pluggrad.autograd.writer`). A profiler
puts other code into the same object, and the own code back when it stops. So a program that is not profiled runs
exactly the code that it ran before, and pays nothing.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar

from .. import function
from ..autograd import recorder as calls
from ..autograd.engine import TIMED
from ..function import Function
from ..tensor import Cotangents, Tensor

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Event:
    """One call.

    Attributes
    ----------
    name : of the function, ``MulBackward0`` of its backward, or what ``record_function`` was given
    category : "forward", "backward" or "user"
    start, duration : in nanoseconds of ``time.perf_counter_ns``
    self_duration : less what other events took within this one
    memory, self_memory : bytes of the arrays that it made, with and without those of the events within
    thread : its ``threading.get_ident()``
    depth : how many events it lies within
    shapes : of the tensors that it took, if asked for
    stack : lines of the program that called it, the innermost first, if asked for
    """

    name: str
    category: str
    start: int
    duration: int = 0
    self_duration: int = 0
    memory: int = 0
    self_memory: int = 0
    thread: int = 0
    depth: int = 0
    shapes: tuple[tuple[int, ...], ...] = ()
    stack: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """When it ended, in nanoseconds."""
        return self.start + self.duration


@dataclass(slots=True)
class _Within:
    """Of an event that is not over: what the events within it took so far."""

    duration: int = 0
    memory: int = 0


@dataclass(slots=True)
class Options:
    """What to note of each call besides its time."""

    shapes: bool = False
    memory: bool = False
    stack: bool = False
    synchronize: bool = False


# The code that stands in every function's place while a profiler runs. Its globals are the function's own, where
# PROFILE and ORIGINALS were put.
_TIMED: Final[dict[str, Callable[..., Any]]] = {
    "call": lambda *args, **kwargs: PROFILE(FUNCTION, "call", args, kwargs),  # type: ignore[name-defined]  # noqa: F821
    "operator": lambda x, y: PROFILE(FUNCTION, "operator", (x, y), {}),  # type: ignore[name-defined]  # noqa: F821
    "reflected": lambda x, y: PROFILE(FUNCTION, "reflected", (x, y), {}),  # type: ignore[name-defined]  # noqa: F821
    "backward": lambda *args: PROFILE(FUNCTION, "backward", args, {}),  # type: ignore[name-defined]  # noqa: F821
    "backward_graph": lambda *args: PROFILE(FUNCTION, "backward_graph", args, {}),  # type: ignore[name-defined]  # noqa: F821
}


class Recorder:
    """Times all calls of the process while it is installed. One at a time can be."""

    installed: Recorder | None = None
    _installing: Final = threading.Lock()

    def __init__(self, options: Options) -> None:
        self.options = options
        self.events: list[Event] = []
        self._own: dict[tuple[Function, str], types.FunctionType] = {}
        self._local = threading.local()
        self._handles: list[Any] = []

    def install(self) -> None:
        """Begin.

        Raises
        ------
        RuntimeError : another profiler runs
        """
        with Recorder._installing:
            if Recorder.installed is not None:
                raise RuntimeError("a profiler is running already; profilers cannot be used within each other")
            for known in function.functions().values():
                self._exchange(known)
            self._watch_optimizers()
            TIMED.append(None)
            Recorder.installed = self

    def uninstall(self) -> None:
        """Put every function's own code back."""
        with Recorder._installing:
            for (known, attribute), own in self._own.items():
                there = getattr(known, attribute)
                if there.__code__ is _TIMED[attribute].__code__:
                    there.__code__ = own.__code__
            self._own.clear()
            TIMED.remove(None)
            for handle in self._handles:
                handle.remove()
            Recorder.installed = None

    def _watch_optimizers(self) -> None:
        """Steps of optimisers are events, too: their kernels are no declared functions."""
        self._handles = []
        optim = sys.modules.get("pluggrad.optim.optimizer")
        if optim is None:
            return  # no optimiser can have been made
        begun: list[tuple[Event, _Within]] = []

        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            begun.append(self.begin(f"Optimizer.step#{type(optimizer).__name__}.step", "user"))

        def after(optimizer: Any, args: Any, kwargs: Any) -> None:
            if begun:
                self.end(*begun.pop())

        self._handles = [
            optim.register_optimizer_step_pre_hook(before), optim.register_optimizer_step_post_hook(after),
        ]  # fmt: skip

    def _exchange(self, known: Function) -> None:
        for attribute, timed in _TIMED.items():
            there = getattr(known, attribute)
            if there.__code__ is timed.__code__:
                continue
            own = types.FunctionType(there.__code__, there.__globals__, there.__name__, there.__defaults__)
            own.__kwdefaults__ = there.__kwdefaults__
            self._own[known, attribute] = own
            there.__globals__["PROFILE"] = self._profile
            there.__code__ = timed.__code__

    def _profile(self, known: Function, attribute: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """One call of a function: its own code, timed."""
        own = self._own.get((known, attribute))
        if own is None:  # in another thread, the profiler has just stopped
            return getattr(known, attribute)(*args, **kwargs)
        if own.__code__ is calls.unwritten(attribute):
            # Not timed: the code that is written at the first call takes the place of that which times it.
            with Recorder._installing:
                calls.write_code(known, attribute)
                if Recorder.installed is self:
                    self._exchange(known)
            own = self._own.get((known, attribute), getattr(known, attribute))
        if attribute.startswith("backward"):
            return self.time(known.grad_name, "backward", own, args, kwargs, () if known.view else args[1:2])
        return self.time(known.name, "forward", own, args, kwargs, None if known.view else ())

    def time(
        self, name: str, category: str, call: Callable[..., Any], args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None, known: Sequence[Any] | None = None,
    ) -> Any:  # fmt: skip
        """Time a call. ``known`` : what of its result is not new; None: all."""
        event, within = self.begin(name, category)
        options = self.options
        try:
            out = call(*args, **kwargs or {})
            if options.synchronize:
                _synchronize(out)
        finally:
            self.end(event, within)
        if options.shapes:
            event.shapes = tuple(tuple(a._array.shape) for a in args if isinstance(a, Tensor))
        if options.memory and known is not None:
            bytes_made = _bytes(out) - sum(_bytes(k) for k in known if _is_in(k, out))
            self.note_memory(event, bytes_made)
        return out

    def begin(self, name: str, category: str) -> tuple[Event, _Within]:
        """An event begins."""
        stack = self._stack()
        within = _Within()
        event = Event(name, category, 0, thread=threading.get_ident(), depth=len(stack))
        if self.options.stack:
            event.stack = _program()
        stack.append(within)
        event.start = time.perf_counter_ns()
        return event, within

    def end(self, event: Event, within: _Within) -> None:
        """It ends."""
        event.duration = time.perf_counter_ns() - event.start
        stack = self._stack()
        stack.pop()
        event.self_duration = event.duration - within.duration
        event.memory = within.memory
        if stack:
            stack[-1].duration += event.duration
            stack[-1].memory += event.memory
        self.events.append(event)

    def note_memory(self, event: Event, bytes_made: int) -> None:
        """Add what an event that has just ended has made itself."""
        made = max(bytes_made - event.memory, 0)  # what a call within made and this one returned counts there
        event.self_memory += made
        event.memory += made
        stack = self._stack()
        if stack:
            stack[-1].memory += made

    def _stack(self) -> list[_Within]:
        try:
            return self._local.stack
        except AttributeError:
            self._local.stack = []
            return self._local.stack


def _bytes(value: Any) -> int:
    """Bytes of the arrays in what a call returned."""
    if value is None:
        return 0
    if isinstance(value, tuple | list):
        return sum(map(_bytes, value))
    if isinstance(value, Cotangents):
        return sum(map(_bytes, value.by_index.values()))
    array = value._array if isinstance(value, Tensor) else value
    size = getattr(array, "nbytes", None)
    if isinstance(size, int):
        return size
    count = 1
    for n in getattr(array, "shape", (0,)):
        count *= n
    return count * (value._type.dtype.itemsize if isinstance(value, Tensor) else 8)


def _is_in(value: Any, out: Any) -> bool:
    return any(value is o for o in out) if isinstance(out, tuple | list) else value is out


def _synchronize(out: Any) -> None:
    for one in out if isinstance(out, tuple | list) else (out,):
        if isinstance(one, Tensor):
            one._type.kernels.synchronize(one._type.native_device)


def _program() -> tuple[str, ...]:
    """The lines of the program that called, the innermost first; not pluggrad's own."""
    return tuple(
        f"{frame.f_code.co_filename}({line}): {frame.f_code.co_name}"
        for frame, line in traceback.walk_stack(None)
        if frame.f_globals.get("__name__", "").partition(".")[0] != "pluggrad"
    )


@dataclass(slots=True)
class record_function:
    """Give a part of a program a name of its own in the profile: a context manager, and a decorator.

    Parameters
    ----------
    name : str
    args : str, optional: shown in the trace

    >>> import pluggrad
    >>> from pluggrad.profiler import profile, record_function
    >>> with profile() as prof:
    ...     with record_function("both sums"):
    ...         y = pluggrad.ones(2).sum() + 1.0
    >>> [e.name for e in prof.events()]
    ['sum', 'add', 'both sums']
    """

    name: str
    args: str | None = None
    _open: list[Any] = field(default_factory=list, init=False, repr=False)

    def __enter__(self) -> Self:
        recorder = Recorder.installed
        self._open.append(None if recorder is None else (recorder, *recorder.begin(self.name, "user")))
        return self

    def __exit__(self, *exc: object) -> None:
        begun = self._open.pop()
        if begun is not None:
            recorder, event, within = begun
            recorder.end(event, within)

    def __call__(self, wrapped: F) -> F:
        @functools.wraps(wrapped)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return wrapped(*args, **kwargs)

        return wrapper  # type: ignore[return-value]
