"""What configures PyTorch rather than computes: switches that programs set, and what they ask about the build.

Some have an effect, most have none: pluggrad's results do not depend on them, and each says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from .. import dtypes
from ..device import set_default_device
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError
from ..methods.conversion import TYPE_NAMES
from ..threads import get_num_threads, set_num_threads

F = TypeVar("F", bound=Callable[..., Any])

__all__ = [
    "are_deterministic_algorithms_enabled",
    "compile",
    "compiled_with_cxx11_abi",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_warn_always_enabled",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_num_threads",
    "set_warn_always",
    "typename",
    "use_deterministic_algorithms",
]  # fmt: skip


@overload
def compile(model: F, **options: Any) -> F: ...
@overload
def compile(model: None = None, **options: Any) -> Callable[[F], F]: ...
def compile(model: Any = None, **options: Any) -> Any:
    """The model or function itself: **nothing is compiled**, it runs as it would without this call.

    PyTorch's ``torch.compile`` changes how fast a program is, not what it computes; so a program that calls it runs
    here, at the speed of eager execution. Also as a decorator, with or without arguments.

    Parameters
    ----------
    model : a module or a function
    options : PyTorch's (``mode``, ``backend``, ``fullgraph``, ``dynamic``, ``options``, ``disable``), not looked at

    >>> import pluggrad.torch as torch
    >>> double = torch.compile(lambda x: x * 2)
    >>> double(torch.ones(2))
    tensor([2., 2.])
    """
    return (lambda given: given) if model is None else model


# -- precision and determinism -----------------------------------------------------------------------


class _Settings:
    """What was set."""

    matmul_precision = "highest"
    deterministic = False
    warn_only = False
    warn_always = False


def set_float32_matmul_precision(precision: str) -> None:
    """Keep PyTorch's setting; products of float32 matrices are computed in float32 in any case.

    Raises
    ------
    RuntimeError : not "highest", "high" or "medium"
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"precision must be 'highest', 'high' or 'medium', got {precision!r}")
    _Settings.matmul_precision = precision


def get_float32_matmul_precision() -> str:
    """What :func:`set_float32_matmul_precision` set."""
    return _Settings.matmul_precision


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Keep PyTorch's setting; pluggrad's functions give the same result for the same input on the CPU in any case."""
    _Settings.deterministic, _Settings.warn_only = bool(mode), warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """What :func:`use_deterministic_algorithms` set."""
    return _Settings.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What :func:`use_deterministic_algorithms` set for warnings."""
    return _Settings.deterministic and _Settings.warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Keep PyTorch's setting: "default" (0), "warn" (1) or "error" (2)."""
    level = {"default": 0, "warn": 1, "error": 2}.get(debug_mode, debug_mode)  # type: ignore[arg-type]
    if level not in (0, 1, 2):
        raise RuntimeError(f"debug_mode must be 'default', 'warn' or 'error', or 0 to 2, got {debug_mode!r}")
    use_deterministic_algorithms(level != 0, warn_only=level == 1)


def get_deterministic_debug_mode() -> int:
    """What :func:`set_deterministic_debug_mode` set, as a number."""
    return (1 if _Settings.warn_only else 2) if _Settings.deterministic else 0


def set_warn_always(b: bool, /) -> None:
    """Keep PyTorch's setting; how often a warning is shown is for Python's :mod:`warnings` to say."""
    _Settings.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What :func:`set_warn_always` set."""
    return _Settings.warn_always


def set_flush_denormal(mode: bool) -> bool:
    """False: it is not supported, which PyTorch says in the same way."""
    return False


# -- threads: the others are pluggrad's own ------------------------------------------------------------


def get_num_interop_threads() -> int:
    """1: operations run one after the other."""
    return 1


def set_num_interop_threads(int: int) -> None:
    """Accepted, without effect: operations run one after the other.

    Raises
    ------
    ArgumentError : not positive
    """
    if int < 1:
        raise ArgumentError(f"set_num_interop_threads: expected a positive integer, got {int}")


# -- types -----------------------------------------------------------------------------------------------


def set_default_tensor_type(t: Any) -> None:
    """Make a type of tensors, such as ``torch.DoubleTensor`` or its name, the default: its dtype and its device.

    Raises
    ------
    TypeError : no such type, or one of integers
    """
    if isinstance(t, str):
        *place, name = t.split(".")
        dtype = {n: d for d, n in TYPE_NAMES.items()}.get(name)
        device = place[1] if len(place) == 2 else "cpu"
    else:
        dtype, device = getattr(t, "dtype", None), getattr(t, "device", "cpu")
    if not isinstance(dtype, DType):
        raise TypeError(f"invalid type object: {t!r} is no type of tensors; one is torch.DoubleTensor")
    if not dtype.is_floating_point:
        raise DTypeError(f"only floating-point types are supported as the default type, got {dtype.name}")
    dtypes.set_default_dtype(dtype)
    set_default_device(device)


def typename(obj: Any, /) -> str:
    """The name of an object's type, with its module; of a tensor, as ``x.type()``."""
    if hasattr(obj, "dtype") and hasattr(obj, "type") and callable(obj.type):
        return str(obj.type())
    module = getattr(obj, "__module__", None) or type(obj).__module__
    name = getattr(obj, "__qualname__", None) or type(obj).__qualname__
    return name if module in ("builtins", "", None) else f"{module}.{name}"


def compiled_with_cxx11_abi() -> bool:
    """True: no C++ is involved."""
    return True
