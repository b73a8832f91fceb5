"""CuPy's functions by NumPy's of the same name, bound to the real signatures."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
from signatures import signature

from . import devices
from .arrays import check_devices, host_copies, ndarray, refuse_host, unwrap, wrap


def _bound(name: str, real: Any, args: Any, kwargs: Any) -> None:
    found = signature(real)
    if found is None:
        raise NotImplementedError(f"the signature of {name} is not known")
    try:
        found.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}{found}: {error}") from None


def by_numpy(name: str, real: Any, twin: Callable[..., Any], finish: Callable[[Any], Any] = wrap) -> Callable[..., Any]:
    """A function of CuPy's that does what NumPy's of that name does."""

    @functools.wraps(twin)
    def function(*args: Any, **kwargs: Any) -> Any:
        _bound(name, real, args, kwargs)
        refuse_host([*args, *kwargs.values()])
        check_devices([*args, *kwargs.values()])
        out = kwargs.pop("out", None)
        with np.errstate(all="ignore"):
            result = finish(twin(*unwrap(args), **{k: unwrap(v) for k, v in kwargs.items()}))
        if out is not None:
            out[...] = result
            return out
        return result

    function.__name__ = name.rpartition(".")[2]
    function.__signature__ = signature(real)  # type: ignore[attr-defined]
    return function


def _dtype(character: str) -> Any:
    """The dtype of a letter of a loop. "E" is bfloat16, which NumPy knows only with ml_dtypes."""
    return np.dtype(ml_dtypes.bfloat16 if character == "E" else character)


def ufunc(name: str, real: Any, twin: Callable[..., Any]) -> Callable[..., Any]:
    """A ufunc: its loops are those of the real one, and so is the dtype that it gives."""
    loops = [t.split("->") for t in getattr(real, "types", ())]
    plain = by_numpy(name, real, twin, lambda x: x)

    def function(*args: Any, **kwargs: Any) -> Any:
        arrays = [a for a in args[: real.nin] if isinstance(a, ndarray | np.generic)]
        if not arrays or kwargs or len(args) > real.nin:
            return wrap(plain(*args, **kwargs))
        given = args[: real.nin]
        scalars = [a for a in given if not isinstance(a, ndarray | np.generic)]
        common = np.result_type(*(a.dtype for a in arrays), *scalars) if scalars else None
        dtypes = [a.dtype if isinstance(a, ndarray | np.generic) else common for a in given]
        for ins, outs in loops:
            if len(ins) == len(given) and all(
                np.can_cast(d, _dtype(c), "safe") for d, c in zip(dtypes, ins, strict=True)
            ):
                result = np.asarray(plain(*args))
                return wrap(result.astype(_dtype(outs), copy=False))
        raise TypeError(f"Wrong type ({', '.join(str(d) for d in dtypes)}) of arguments for cupy.{name}")

    function.__name__ = name
    for attribute in ("nin", "nout", "types"):
        setattr(function, attribute, getattr(real, attribute, None))
    return function


# -- what NumPy does otherwise ----------------------------------------------------------------------------------


def _array(obj: Any, dtype: Any = None, copy: Any = True, order: str = "K", subok: bool = False, ndmin: int = 0,
           *, blocking: bool = False) -> ndarray:  # fmt: skip
    if isinstance(obj, ndarray):
        same = obj._device == devices.state.device and (dtype is None or obj.dtype == dtype)
        if same and not copy:
            return obj
        return ndarray._fresh(np.array(obj._host, dtype, order=order if order in "CFK" else "C"))  # type: ignore[call-overload]
    if isinstance(obj, list | tuple) and any(isinstance(a, ndarray) for a in obj):
        check_devices(obj)
    if isinstance(obj, np.ndarray) and devices.is_pinned(obj) and not blocking:
        devices.read_later(obj)
    return ndarray._fresh(np.array(unwrap(obj), dtype))


def _asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> ndarray:
    return _array(a, dtype, bool(copy), order or "K")


def _empty(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return ndarray(shape, dtype, order=order)


def _empty_like(
    prototype: ndarray, dtype: Any = None, order: str = "K", subok: Any = None, shape: Any = None
) -> ndarray:
    return ndarray(prototype.shape if shape is None else shape, prototype.dtype if dtype is None else dtype)


def _take(a: ndarray, indices: Any, axis: Any = None, out: Any = None) -> ndarray:
    check_devices([a, indices])
    n = a.size if axis is None else a.shape[axis]
    index = unwrap(indices)
    return wrap(np.take(a._host, np.asarray(index) % n if n else index, axis))


def _take_along_axis(a: ndarray, indices: ndarray, axis: Any) -> ndarray:
    check_devices([a, indices])
    n = a.size if axis is None else a.shape[axis]
    return wrap(np.take_along_axis(a._host, indices._host % n if n else indices._host, axis))


def _view_of(name: str) -> Callable[..., Any]:
    """A function whose result is a view of its first argument."""
    twin = getattr(np, name)

    def function(x: ndarray, *args: Any, **kwargs: Any) -> Any:
        def one(out: Any) -> Any:
            return x._view(out) if np.shares_memory(out, x._host) or not out.size else wrap(out)

        out = twin(x._host, *unwrap(args), **kwargs)
        return [one(o) for o in out] if isinstance(out, list | tuple) else one(np.asarray(out))

    return function


def _as_strided(x: ndarray, shape: Any = None, strides: Any = None) -> ndarray:
    out = x._view(np.lib.stride_tricks.as_strided(x._host, shape, strides, writeable=True))
    out.base = None  # as CuPy's: made of the address
    object.__setattr__(out, "_kept", x)
    return out


def _broadcast_to(array: ndarray, shape: Any) -> ndarray:
    strided = np.lib.stride_tricks.as_strided
    read = np.broadcast_to(array._host, shape)
    return array._view(strided(array._host, read.shape, read.strides, writeable=True))


def _counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that cannot do without a look at the values: how many there are."""

    def call(*args: Any, **kwargs: Any) -> Any:
        host_copies[name] += 1
        return function(*args, **kwargs)

    call.__signature__ = function.__signature__  # type: ignore[attr-defined]
    return call


def _from_dlpack(array: Any, *, device: Any = None, copy: Any = None) -> ndarray:
    if isinstance(array, ndarray):
        return array.copy() if copy else array
    raise BufferError("the simulation takes in no memory but its own")


def _may_share_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    return bool(np.may_share_memory(unwrap(a), unwrap(b)))


def _ascontiguousarray(a: ndarray, dtype: Any = None) -> ndarray:
    if a._host.flags.c_contiguous and (dtype is None or a.dtype == dtype):
        return a
    check_devices([a])
    return wrap(np.ascontiguousarray(a._host, dtype))


OWN: dict[str, Callable[..., Any]] = {
    "array": _array, "asarray": _asarray, "empty": _empty, "empty_like": _empty_like, "take": _take,
    "take_along_axis": _take_along_axis, "broadcast_to": _broadcast_to, "from_dlpack": _from_dlpack,
    "may_share_memory": _may_share_memory, "shares_memory": _may_share_memory,
    "ascontiguousarray": _ascontiguousarray, "asnumpy": lambda a, *_, **__: a.get(),
    "lib.stride_tricks.as_strided": _as_strided,
    **{n: _view_of(n) for n in (
        "moveaxis", "swapaxes", "transpose", "expand_dims", "squeeze", "flip", "ravel", "reshape", "real", "imag",
        "atleast_1d", "atleast_2d", "rollaxis", "array_split", "split", "diagonal", "matrix_transpose",
    ) if hasattr(np, n)},
}  # fmt: skip
_COUNTED = ("nonzero", "flatnonzero", "argwhere", "unique", "bincount", "histogram")


def _in_float(name: str) -> Callable[..., Any]:
    """Sums of float16, which CuPy makes in float32."""
    twin = getattr(np, name)

    def function(a: Any, *args: Any, **kwargs: Any) -> Any:
        half = isinstance(a, np.ndarray) and a.dtype == np.float16 and kwargs.get("dtype") in (None, np.float16)
        if not half:
            return twin(a, *args, **kwargs)
        kwargs.pop("dtype", None)
        return twin(a.astype(np.float32), *args, **kwargs).astype(np.float16)

    function.__name__ = name
    return function


_HALF = {name: _in_float(name) for name in ("sum", "mean")}


def find(name: str, real: Any) -> Callable[..., Any]:
    """The simulation of a callable of CuPy's, by its name without "cupy."."""
    own = OWN.get(name)
    if own is not None:

        def bound(*args: Any, **kwargs: Any) -> Any:
            _bound(name, real, args, kwargs)
            return own(*args, **kwargs)

        bound.__name__ = name.rpartition(".")[2]
        return bound
    twin: Any = np
    for part in name.split("."):
        twin = getattr(twin, part, None)
    if twin is None:

        def missing(*args: Any, **kwargs: Any) -> Any:
            raise NotImplementedError(f"the simulation has no {name}")

        return missing
    if isinstance(twin, np.ufunc) and hasattr(real, "types") and hasattr(real, "nin"):
        return ufunc(name, real, twin)
    made = by_numpy(name, real, _HALF.get(name, twin))
    return _counted(name, made) if name in _COUNTED else made
