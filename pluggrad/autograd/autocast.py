"""Automatic mixed precision: which arguments of which functions are cast, in the regions that ask for it.

A function's declaration says how it is to be run there, as ``autocast="lower"`` (products, convolutions:
in half the bits) or ``autocast="float32"`` (losses, norms, decompositions). The code of just these
functions begins with ``if AUTOCAST:``, which costs nothing that can be measured. Functions that take
arrays of several types to one (PyTorch's third list: ``cat``, ``stack``) do so here at all times.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Self, TypeVar

from ..backends import plugins
from ..dtypes import DType, bfloat16, float16, float32, float64
from ..errors import BackendError, DeviceError, DTypeError, PluginError
from ..function import Function
from ..tensor import Leaf, Tensor
from ..tensor.memory import Buffer, hold
from .mode import is_grad_enabled
from .operands import cast

F = TypeVar("F", bound=Callable[..., Any])

#: True while a region is open in any thread: what the code of the listed functions looks at first.
AUTOCAST: Final[list[None]] = []


@dataclass(frozen=True, slots=True)
class State:
    """What is cast now, in this thread and task.

    ``enabled``, ``dtypes`` : by device type; ``cache`` : casts of weights, by ``id``: what they were made of,
    how it was then, and the cast; ``depth`` : how many regions are open
    """

    enabled: dict[str, bool] = field(default_factory=dict)
    dtypes: dict[str, DType] = field(default_factory=dict)
    cache_enabled: bool = True
    cache: dict[int, tuple[Tensor, Buffer, Tensor]] = field(default_factory=dict)
    depth: int = 0


STATE: ContextVar[State | None] = ContextVar("pluggrad_autocast", default=None)


def cast_arguments(function: Function, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a function as the region around its call wants them. What is not real floating stays."""
    state = STATE.get()
    if state is None:
        return args
    return tuple([_cast(function.autocast, a, state) if isinstance(a, Tensor) else a for a in args])


def runs_in(precision: Literal["lower", "float32"]) -> Callable[[F], F]:
    """Say how a function that is composed of others runs in a region, as ``autocast=`` says of a declared one.

    >>> import pluggrad
    >>> @runs_in("float32")
    ... def rms(x):
    ...     return (x * x).mean().sqrt()
    >>> with pluggrad.autocast("cpu", dtype=pluggrad.float16):
    ...     rms(pluggrad.ones(2, dtype=pluggrad.float16)).dtype
    pluggrad.float32
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            state = STATE.get() if AUTOCAST else None
            if state is None:
                return function(*args, **kwargs)
            args = tuple([_cast(precision, a, state) if isinstance(a, Tensor) else a for a in args])
            kwargs = {k: _cast(precision, a, state) if isinstance(a, Tensor) else a for k, a in kwargs.items()}
            token = STATE.set(replace(state, enabled={}))  # what it is composed of casts nothing again
            try:
                return function(*args, **kwargs)
            finally:
                STATE.reset(token)

        return wrapper  # type: ignore[return-value]

    return decorate


def _cast(precision: str | None, x: Tensor, state: State) -> Tensor:
    dtype, device = x._type.dtype, x._type.device.type
    # As in PyTorch: who took the trouble to use float64 keeps it.
    if dtype.kind != "real floating" or dtype is float64 or not state.enabled.get(device, False):
        return x
    target = float32 if precision == "float32" else _dtype_of(state, device)
    if dtype is target:
        return x
    cacheable = state.cache_enabled and dtype is float32 and type(x._node) is Leaf and is_grad_enabled()
    if not cacheable or x.is_view:
        return cast(x, target)
    found = state.cache.get(id(x))
    # A write to x takes its Buffer away: the cast is used again only while x is what it was.
    if found is not None and found[1] is x._buffer and found[2]._type.dtype is target:
        return found[2]
    lower = cast(x, target)
    state.cache[id(x)] = (x, hold(x), lower)
    return lower


def _dtype_of(state: State | None, device_type: str) -> DType:
    default = float16 if device_type == "cuda" else bfloat16
    return default if state is None else state.dtypes.get(device_type, default)


class autocast:
    """Run what is inside in mixed precision: a context manager, and a decorator.

    Matrix products and convolutions run in ``dtype``, losses and decompositions in float32, whatever
    floating type but float64 their arguments have. Everything else runs in the types that come. The lists
    of functions are those that PyTorch has for the CPU; ``docs/amp.md`` gives them. Holds in this thread and
    task. Backward runs in the types of forward, and belongs outside.

    Parameters
    ----------
    device_type : str, "cpu" or "cuda" or the type of another backend's devices, whose tensors are cast
    dtype : float16 or bfloat16; default: what :func:`get_autocast_dtype` says. With another one nothing is cast, and a
        warning says so
    enabled : bool, False: cast nothing inside, also within another region
    cache_enabled : bool, default what :func:`is_autocast_cache_enabled` says: whether a weight that is used twice is
        cast once

    Raises
    ------
    ValueError : ``device_type`` is no string
    RuntimeError : no backend has devices of that type
    DTypeError : ``dtype`` is no dtype, or one that the backend lacks

    >>> import pluggrad
    >>> x = pluggrad.ones(2, 2)
    >>> with pluggrad.autocast("cpu", dtype=pluggrad.float16):
    ...     y = x @ x
    >>> y.dtype, (x @ x).dtype
    (pluggrad.float16, pluggrad.float32)
    """

    def __init__(
        self, device_type: str, dtype: DType | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"autocast: device_type must be a str such as 'cpu', got {type(device_type).__name__}")
        self.device, self._enabled = device_type, bool(enabled)
        self.fast_dtype = _dtype_of(STATE.get(), device_type) if dtype is None else dtype
        self._cache_enabled = is_autocast_cache_enabled() if cache_enabled is None else bool(cache_enabled)
        if self._enabled and isinstance(dtype, DType) and dtype not in (float16, bfloat16):
            warnings.warn(
                f"In {device_type} autocast, but the target dtype {dtype} is not supported. Disabling autocast, which "
                "only supports pluggrad.float16 and pluggrad.bfloat16.",
                stacklevel=2,
            )
            self._enabled = False
        if self._enabled:
            _check(device_type, self.fast_dtype)
        self._before: list[State | None] = []

    def __enter__(self) -> Self:
        before = STATE.get()
        state = State() if before is None else before
        self._before.append(before)
        STATE.set(replace(
            state,
            enabled={**state.enabled, self.device: self._enabled},
            dtypes={**state.dtypes, self.device: self.fast_dtype},
            cache_enabled=self._cache_enabled,
            cache=state.cache if state.depth else {},
            depth=state.depth + 1,
        ))  # fmt: skip
        AUTOCAST.append(None)
        return self

    def __exit__(self, *exc: object) -> None:
        AUTOCAST.pop()
        STATE.set(self._before.pop())

    def __call__(self, function: F) -> F:
        if not callable(function):
            raise TypeError(
                f"autocast()(function) requires a callable, got {type(function).__name__}; "
                f"as a context manager it is written: with pluggrad.autocast('cpu'): ..."
            )

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            # A context of its own for each call: several threads may be in the function at once.
            with autocast(self.device, self.fast_dtype, self._enabled, self._cache_enabled):
                return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]


def _check(device_type: str, dtype: DType) -> None:
    if not is_autocast_available(device_type):
        raise RuntimeError(f"autocast: no backend here has devices of type {device_type!r}")
    if dtype not in (float16, bfloat16):
        raise DTypeError(f"autocast: dtype must be pluggrad.float16 or pluggrad.bfloat16, got {dtype!r}")
    backend = plugins.backend(device_type)
    if dtype not in backend.dtypes:
        other = bfloat16 if dtype is float16 else float16
        instead = f"; or use dtype={other}" if other in backend.dtypes else ""
        raise DTypeError(f"autocast: backend {backend.name!r} has no {dtype}; {backend.advice(dtype)}{instead}")


@contextlib.contextmanager
def replayed() -> Iterator[None]:
    """Let the listed functions look at the state of this context, which was copied from within a region."""
    inside = STATE.get() is not None
    if inside:
        AUTOCAST.append(None)
    try:
        yield
    finally:
        if inside:
            AUTOCAST.pop()


def is_autocast_available(device_type: str) -> bool:
    """Whether :class:`autocast` knows a device type: a backend that can be used here has such devices."""
    try:
        plugins.backend(device_type)
    except (BackendError, DeviceError, PluginError):
        return False
    return True


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether tensors on devices of that type are cast now, in this thread and task."""
    state = STATE.get()
    return state is not None and state.enabled.get(device_type, False)


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    """Cast from now on, or not, without a region; in this thread and task.

    Raises
    ------
    RuntimeError, DTypeError : as for :class:`autocast`
    """
    if enabled:
        _check(device_type, get_autocast_dtype(device_type))
        if not is_autocast_enabled(device_type):
            AUTOCAST.append(None)  # nobody says when this ends: the listed functions look at their thread's state
    state = STATE.get() or State()
    STATE.set(replace(state, enabled={**state.enabled, device_type: bool(enabled)}))


def get_autocast_dtype(device_type: str) -> DType:
    """The lower precision on devices of that type: bfloat16, on "cuda" float16, unless set.

    >>> get_autocast_dtype("cpu")
    pluggrad.bfloat16
    """
    return _dtype_of(STATE.get(), device_type)


def set_autocast_dtype(device_type: str, dtype: DType) -> None:
    """Choose the lower precision on devices of that type, in this thread and task."""
    state = STATE.get() or State()
    STATE.set(replace(state, dtypes={**state.dtypes, device_type: dtype}))


def is_autocast_cache_enabled() -> bool:
    """Whether a weight that is used twice in a region is cast once."""
    state = STATE.get()
    return state is None or state.cache_enabled


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Choose whether a weight that is used twice in a region is cast once, in this thread and task."""
    STATE.set(replace(STATE.get() or State(), cache_enabled=bool(enabled)))


def clear_autocast_cache() -> None:
    """Forget the casts of this region: weights are cast again at their next use."""
    state = STATE.get()
    if state is not None:
        state.cache.clear()
