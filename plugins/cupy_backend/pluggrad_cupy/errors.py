"""CuPy's errors, with what was being done: the operation, its shapes and its device."""

from __future__ import annotations

import functools
import itertools
import types
from collections.abc import Callable, Iterable
from typing import Any

import cupy
import numpy

from . import devices, late


class OutOfMemoryError(RuntimeError):
    """The GPU's memory does not suffice. Replaced by pluggrad's class of that name, see :func:`use_errors`."""


class CUDAError(RuntimeError):
    """CUDA, or one of its libraries, reports a failure."""


#: The classes that are raised: those above, unless pluggrad gave its own.
classes = types.SimpleNamespace(OutOfMemoryError=OutOfMemoryError, LinAlgError=cupy.linalg.LinAlgError)

_CUDA: tuple[type[Exception], ...] = (
    cupy.cuda.runtime.CUDARuntimeError,
    cupy.cuda.driver.CUDADriverError,
    cupy.cuda.nvrtc.NVRTCError,
    cupy.cuda.compiler.CompileException,
)

#: What a kernel that has failed asynchronously leaves behind: every later call fails with the same.
_LATE = ("IllegalAddress", "LaunchFailure", "Assert", "MisalignedAddress", "IllegalInstruction", "HardwareStackError",
         "InvalidPc", "InvalidAddressSpace", "EccUncorrectable", "LaunchTimeout")  # fmt: skip


def use_errors(errors: Any) -> None:
    """Raise pluggrad's classes from now on: the module ``pluggrad.errors``, which this plugin does not import."""
    for name in vars(classes):
        setattr(classes, name, getattr(errors, name))


def describe(args: Iterable[Any]) -> str:
    """Arrays by dtype and shape, other arguments by their values, shortened."""
    words = []
    for arg in args:
        if isinstance(arg, cupy.ndarray | numpy.ndarray):
            words.append(f"{arg.dtype.name}{list(arg.shape)}")
        elif isinstance(arg, list | tuple) and any(isinstance(a, cupy.ndarray) for a in arg):
            words.append(f"[{describe(itertools.islice(arg, 4))}{', ...' if len(arg) > 4 else ''}]")
        else:
            text = repr(arg)
            words.append(text if len(text) <= 40 else text[:37] + "...")
    return ", ".join(words)


def where(name: str, args: Iterable[Any], parameters: dict[str, Any]) -> str:
    """``matmul(float32[2, 3], float32[3, 4]) on cuda:0``."""
    given = [describe(args)] if args else []
    given += [f"{key}={describe([value])}" for key, value in parameters.items()]
    number = devices.of((*args, *parameters.values()))
    return f"{name}({', '.join(given)}) on cuda:{devices.current() if number is None else number}"


def is_cuda_error(error: BaseException) -> bool:
    """Whether CUDA, or one of its libraries, raised it."""
    return isinstance(error, _CUDA) or type(error).__name__ in {"CUBLASError", "CUSOLVERError", "CuFFTError"}


def translate(error: Exception, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Exception:
    """The error to raise in the place of what ``name(*args, **parameters)`` raised."""
    if isinstance(error, cupy.cuda.memory.OutOfMemoryError):
        return classes.OutOfMemoryError(f"{where(name, args, parameters)}: {error}")
    if isinstance(error, classes.OutOfMemoryError):  # from the allocator, which knows all but what was being done
        return type(error)(f"{where(name, args, parameters)}: {error}")
    message = f"{where(name, args, parameters)}: {error}"
    if any(word in str(error) for word in _LATE):
        message += (
            ". The GPU works behind Python: the kernel that failed may be an earlier one than this. With the "
            "environment variable CUDA_LAUNCH_BLOCKING=1 each call waits for its kernels, and the call that fails is "
            "the one to blame. CUDA's state is lost with this error: start the process anew"
        )
    return CUDAError(message)


def guarded(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that runs on the device of its arrays, whichever is the thread's current one, and whose errors tell."""

    @functools.wraps(kernel)
    def call(*args: Any, **parameters: Any) -> Any:
        number = devices.of(args) if args else None
        if number is None:
            number = devices.of(parameters.values())
        try:
            if number is None or number == devices.current():
                return kernel(*args, **parameters)
            with cupy.cuda.Device(number):
                return kernel(*args, **parameters)
        except Exception as error:
            if is_cuda_error(error) or isinstance(error, cupy.cuda.memory.OutOfMemoryError):
                raise translate(error, name, args, parameters) from error
            if isinstance(error, classes.OutOfMemoryError) and " on cuda:" not in str(error):
                raise translate(error, name, args, parameters) from None
            raise

    call.guarded = True  # type: ignore[attr-defined]
    return call


def waiting(name: str, number: int | None, wait: Callable[[], Any]) -> None:
    """Wait for a device, and raise what its kernels have met on their way.

    Raises
    ------
    IndexError : a kernel found an index out of range
    RuntimeError : a kernel failed
    """
    with cupy.cuda.Device(number):
        try:
            wait()
        except Exception as error:
            if is_cuda_error(error):
                raise translate(error, name, (), {}) from error
            raise
        late.check()


def synchronize(number: int | None = None) -> None:
    """Wait for all work of a device; see :func:`waiting`."""
    waiting("synchronize", number, cupy.cuda.runtime.deviceSynchronize)
