"""The simulated array: a NumPy array behind a fence, on a make-believe device."""

from __future__ import annotations

import ctypes
import operator
from collections import Counter
from typing import Any

import numpy as np

from . import devices
from .devices import Device, MemoryPointer

#: What copied to the host, by the method that did.
host_copies: Counter[str] = Counter()
_SCALARS = (bool, int, float, complex)
_DTYPES = "?bhilqBHILQefdFDE"  # the last is bfloat16, of ml_dtypes


def _waits(method: str) -> None:
    """A copy to the host, for which Python waits."""
    host_copies[method] += 1
    devices.land()


def refuse_host(values: Any) -> None:
    """What CuPy does not take: arrays of NumPy."""
    for v in values:
        if isinstance(v, np.ndarray) or (isinstance(v, list | tuple) and any(isinstance(a, np.ndarray) for a in v)):
            raise TypeError(f"Unsupported type {np.ndarray}")


def check_devices(values: Any) -> None:
    """All arrays must be on the current device: real CuPy reads a peer's, or raises; here it is always an error."""
    for v in values:
        if isinstance(v, list | tuple):
            check_devices(v)
        elif isinstance(v, ndarray) and v._device != devices.state.device:
            raise ValueError(
                f"Array device must be same as the current device: array device = {v._device} while current = "
                f"{devices.state.device}"
            )


def unwrap(value: Any) -> Any:
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, list | tuple):
        return type(value)([unwrap(v) for v in value]) if type(value) in (list, tuple) else [unwrap(v) for v in value]
    return value


def wrap(value: Any) -> Any:
    """What NumPy gave, as CuPy would: 0-D arrays for scalars, on the current device, in memory of the pool."""
    if isinstance(value, np.ndarray | np.generic):
        return ndarray._fresh(np.asarray(value))
    if isinstance(value, tuple | list):
        return tuple(wrap(v) for v in value) if isinstance(value, tuple) else [wrap(v) for v in value]
    return value


class _Flags:
    def __init__(self, flags: Any, owns: bool) -> None:
        self.c_contiguous, self.f_contiguous, self.owndata = flags.c_contiguous, flags.f_contiguous, owns
        self.forc, self.fnc = flags.forc, flags.fnc

    def __getitem__(self, name: str) -> bool:
        return getattr(self, name.lower())


class ndarray:
    """As cupy.ndarray."""

    _host: np.ndarray
    _device: int
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: Any, dtype: Any = float, memptr: Any = None, strides: Any = None, order: str = "C"):
        if memptr is not None:
            raise NotImplementedError("the simulation makes no arrays of addresses")
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if size > devices.TOTAL // 2:  # no such array is made here only to be refused
            devices.allocator(size)
            raise NotImplementedError(f"the simulation makes no arrays of {size} bytes")
        fresh = np.empty(shape, dtype, order)  # type: ignore[call-overload]
        ctypes.memset(fresh.ctypes.data, 0xCD, fresh.nbytes)  # whatever lay there
        self._own(fresh)

    def _own(self, host: np.ndarray) -> None:
        if host.dtype.char not in _DTYPES:
            raise ValueError(f"Unsupported dtype {host.dtype}")
        self._host, self._device, self.base = host, devices.state.device, None
        self.data = devices.allocator(host.nbytes)
        self.data.ptr = host.ctypes.data  # kernels that are given tables of addresses read there

    @classmethod
    def _fresh(cls, host: np.ndarray) -> ndarray:
        """A new array on the current device. (Memory that NumPy shares is another's: it is copied.)"""
        self = object.__new__(cls)
        self._own(host if host.base is None and host.flags.writeable else host.copy(order="K"))
        return self

    def _view(self, host: np.ndarray) -> ndarray:
        """A view of this array."""
        out = object.__new__(ndarray)
        base = self if self.base is None else self.base
        out._host, out._device, out.base = host, self._device, base
        offset = host.__array_interface__["data"][0] - base._host.__array_interface__["data"][0]
        out.data = MemoryPointer(base.data.mem, offset)
        out.data.ptr = host.ctypes.data
        return out

    # -- what it is ---------------------------------------------------------------------------------

    dtype = property(lambda self: self._host.dtype)
    shape = property(lambda self: self._host.shape)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    itemsize = property(lambda self: self._host.itemsize)
    nbytes = property(lambda self: self._host.nbytes)
    strides = property(lambda self: self._host.strides)
    flags = property(lambda self: _Flags(self._host.flags, self.base is None))
    device = property(lambda self: Device(self._device))
    T = property(lambda self: self._view(self._host.T))
    mT = property(lambda self: self._view(self._host.mT))

    @property
    def real(self) -> ndarray:
        return self._view(self._host.real) if self.dtype.kind == "c" else self

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> ndarray:
        return self._view(self._host.imag) if self.dtype.kind == "c" else ndarray._fresh(np.zeros_like(self._host))

    @imag.setter
    def imag(self, value: Any) -> None:
        self.imag[...] = value

    # -- to the host, and not to it -------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy "
                        "array explicitly.")  # fmt: skip

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"numpy.{ufunc.__name__} was given a CuPy array: call CuPy's")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} was given a CuPy array: call CuPy's")

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray:
        if blocking:
            _waits("get")
        if out is None:
            return np.array(self._host, order=order if order in "CF" else "C")  # type: ignore[call-overload]
        if not (isinstance(out, np.ndarray) and out.dtype == self.dtype and out.shape == self.shape):
            raise ValueError("get: out must be a NumPy array of the same dtype and shape")
        if not (self._host.flags.c_contiguous and out.flags.c_contiguous):
            raise RuntimeError("get: with out, both must be contiguous in the same order")
        if blocking or not devices.is_pinned(out):
            out[...] = self._host
        else:
            devices.written_later(out, self._host.copy())
        return out

    def item(self, *args: Any) -> Any:
        _waits("item")
        return self._host.item(*args)

    def tolist(self) -> Any:
        _waits("tolist")
        return self._host.tolist()

    def __bool__(self) -> bool:
        _waits("bool")
        return bool(self._host)

    def __int__(self) -> int:
        _waits("int")
        return int(self._host)

    def __float__(self) -> float:
        _waits("float")
        return float(self._host)

    def __complex__(self) -> complex:
        _waits("complex")
        return complex(self._host)

    def __repr__(self) -> str:
        return repr(self._host)

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self._device

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        raise BufferError("the simulation has no memory of a GPU to export")

    # -- views and copies -----------------------------------------------------------------------------

    def reshape(self, *shape: Any, order: str = "C") -> ndarray:
        shape = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        out = self._host.reshape(shape, order=order)
        return self._view(out) if np.shares_memory(out, self._host) else self._new(out)

    def _new(self, host: np.ndarray) -> ndarray:
        check_devices([self])
        return ndarray._fresh(host)

    def ravel(self, order: str = "C") -> ndarray:
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> ndarray:
        return self._new(self._host.flatten(order))

    def transpose(self, *axes: Any) -> ndarray:
        return self._view(self._host.transpose(*axes))

    def swapaxes(self, axis1: int, axis2: int) -> ndarray:
        return self._view(self._host.swapaxes(axis1, axis2))

    def squeeze(self, axis: Any = None) -> ndarray:
        return self._view(self._host.squeeze(axis))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
        out = self._host.diagonal(offset, axis1, axis2)
        out.flags.writeable = True
        return self._view(out)

    def view(self, dtype: Any = None) -> ndarray:
        return self._view(self._host.view(self.dtype if dtype is None else dtype))

    def copy(self, order: str = "C") -> ndarray:
        return ndarray._fresh(self._host.copy(order))  # from any device to the current one

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True
    ) -> ndarray:
        if not copy and self.dtype == dtype:
            return self
        check_devices([self])
        with np.errstate(all="ignore"):
            return ndarray._fresh(self._host.astype(dtype))

    def fill(self, value: Any) -> None:
        self[...] = value

    def _method(self, name: str, args: Any, kwargs: Any) -> Any:
        refuse_host([*args, *kwargs.values()])
        check_devices([self, *args, *kwargs.values()])
        with np.errstate(all="ignore"):
            return wrap(getattr(self._host, name)(*unwrap(args), **{k: unwrap(v) for k, v in kwargs.items()}))

    # -- indexing -------------------------------------------------------------------------------------

    def _key(self, key: Any) -> tuple[Any, bool]:
        """The key for NumPy, and whether it copies. Indices out of range wrap, as in CuPy: nothing tells."""
        items = key if isinstance(key, tuple) else (key,)
        advanced = any(isinstance(k, ndarray | list | np.ndarray) for k in items)
        refuse_host(items)
        check_devices([k for k in items if isinstance(k, ndarray)] if advanced else [])
        out: list[Any] = []
        consumed = sum(k.ndim if isinstance(k, ndarray) and k.dtype == np.bool_ else 1
                       for k in items if k is not None and k is not Ellipsis)  # fmt: skip
        axis = 0
        for k in items:
            if k is None:
                out.append(k)
                continue
            if k is Ellipsis:
                axis += self.ndim - consumed
                out.append(k)
                continue
            if isinstance(k, ndarray):
                host = k._host
                if host.dtype == np.bool_:
                    host_copies["mask"] += 1
                    axis += host.ndim - 1
                elif host.dtype.kind not in "iu":
                    raise IndexError("arrays used as indices must be of integer or boolean type")
                else:
                    n = self.shape[axis] if axis < self.ndim else 1
                    host = host.astype(np.int64) % n if n else host
                out.append(host)
            else:
                out.append(k if isinstance(k, slice) else operator.index(k))
            axis += 1
        return tuple(out), advanced

    def __getitem__(self, key: Any) -> ndarray:
        host, advanced = self._key(key)
        if not advanced:
            found = self._host[host]
            return self._view(found if isinstance(found, np.ndarray) else self._host[(*host, ...)])
        check_devices([self])
        return ndarray._fresh(np.array(self._host[host]))

    def __setitem__(self, key: Any, value: Any) -> None:
        host, advanced = self._key(key)
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        if isinstance(value, list | tuple):
            raise ValueError("setting an array element with a sequence")
        check_devices([self, value])
        value = unwrap(value)
        with np.errstate(all="ignore"):
            if advanced and isinstance(value, np.ndarray):
                # Places named twice get any of the values: here the order is turned around.
                at = np.arange(self.size).reshape(self.shape)[host]
                values = np.broadcast_to(value, at.shape)
                flat = self._host.reshape(-1) if self._host.flags.c_contiguous else self._host.flat
                flat[at.reshape(-1)[::-1]] = values.reshape(-1)[::-1].astype(self.dtype)
            else:
                self._host[host] = value


def _binary(name: str) -> Any:
    def forward(self: ndarray, other: Any) -> Any:
        import cupy

        if not isinstance(other, (ndarray, np.generic, *_SCALARS)):
            return NotImplemented
        return getattr(cupy, name)(self, other)

    def reflected(self: ndarray, other: Any) -> Any:
        import cupy

        if not isinstance(other, (ndarray, np.generic, *_SCALARS)):
            return NotImplemented
        return getattr(cupy, name)(other, self)

    def in_place(self: ndarray, other: Any) -> Any:
        import cupy

        value = getattr(cupy, name)(self, other)
        if not np.can_cast(value.dtype, self.dtype, "same_kind"):
            raise TypeError(f"output (typecode {value.dtype.char!r}) could not be coerced to {self.dtype.char!r}")
        self[...] = value
        return self

    return forward, reflected, in_place


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "left_shift", "rshift": "right_shift", "matmul": "matmul",
}  # fmt: skip
for _name, _function in _OPERATORS.items():
    _f, _r, _i = _binary(_function)
    setattr(ndarray, f"__{_name}__", _f)
    setattr(ndarray, f"__r{_name}__", _r)
    if _name != "matmul":
        setattr(ndarray, f"__i{_name}__", _i)
for _name, _function in {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
                         "ne": "not_equal"}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _binary(_function)[0])


def _unary(name: str) -> Any:
    def method(self: ndarray) -> Any:
        import cupy

        return getattr(cupy, name)(self)

    return method


for _name, _function in {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}.items():
    setattr(ndarray, f"__{_name}__", _unary(_function))


def _named_method(name: str) -> Any:
    def method(self: ndarray, *args: Any, **kwargs: Any) -> Any:
        return self._method(name, args, kwargs)

    method.__name__ = name
    return method


for _name in (
    "all any argmax argmin argsort clip conj cumprod cumsum dot max mean min nonzero prod ptp repeat round std sum "
    "take trace var"
).split():
    if not hasattr(ndarray, _name):
        setattr(ndarray, _name, _named_method(_name))
ndarray.__module__ = "cupy"
