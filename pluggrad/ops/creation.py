"""Creation: tensors from data, from other libraries' arrays, and from a shape."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.operands import SCALARS
from ..autograd.transforms.levels import LevelType
from ..backends import ArrayType, plugins
from ..backends.accelerator import pinned
from ..device import Device, get_default_device
from ..dtypes import DType
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor, make
from .declare import composite
from .dtype_functions import _astype
from .transfer import to_device

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_dlpack", "from_numpy", "full",
    "full_like", "linspace", "ones", "ones_like", "tensor", "zeros", "zeros_like",
]  # fmt: skip


@composite(name="copy", alias="clone", result="same", vjp=lambda xp, g: g)
def _copy(xp: Any, x: Any, /) -> Any:
    """A new tensor with the same values, contiguous."""
    return xp.namespace.asarray(x, copy=True)


@composite(name="new_zeros", result="same")
def _new_zeros(xp: Any, x: Any, /, *, shape: Sequence[int]) -> Any:
    """Zeros of another shape, of the dtype and on the device of ``x``: for derivative rules."""
    return xp.zeros(tuple(shape), dtype=x.dtype, device=xp.native_device(x))


def _stack_arrays(xp: Any, g: Any, axis: int, needs: tuple[bool, ...]) -> tuple[Any, ...]:
    before = (slice(None),) * axis
    return tuple([g[(*before, i, ...)] if need else None for i, need in enumerate(needs)])


@composite(name="stack", result="same", vjp=_stack_arrays)
def _stack(xp: Any, *arrays: Any, axis: int) -> Any:
    return xp.namespace.stack(arrays, axis=axis)


def _array_type(dtype: DType | None, device: Device | str | None, default: DType | None = None) -> ArrayType:
    dtype = default or dtypes.get_default_dtype() if dtype is None else dtype
    return plugins.array_type(get_default_device() if device is None else device, dtype)


def _finish(array: Any, array_type: ArrayType, requires_grad: bool, pin_memory: bool = False) -> Tensor:
    x = make(pinned(array, array_type.device.type) if pin_memory else array, array_type)
    if requires_grad:
        x.requires_grad = True
    return x


def _shape(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as ints or as one sequence (or one int)."""
    if len(shape) == 1 and not isinstance(shape[0], int) and not (isinstance(shape[0], Tensor) and not shape[0].ndim):
        shape = tuple(shape[0])
    try:
        dims = tuple(d.__index__() for d in shape)
    except AttributeError:
        raise TypeError(f"a shape is made of ints, got {shape}") from None
    if any(d < 0 for d in dims):
        raise ShapeError(f"a shape has no negative sizes, got {dims}")
    return dims


# -- from data -----------------------------------------------------------------------------------


def _has_arrays(obj: Any) -> bool:
    """Whether nested sequences hold tensors or arrays rather than Python scalars alone."""
    if isinstance(obj, list | tuple):
        return any(type(item) not in SCALARS and _has_arrays(item) for item in obj)
    # A scalar of NumPy may be a Python float, too; but it has a dtype of its own.
    return not isinstance(obj, SCALARS) or hasattr(obj, "dtype")


def _scalar_dtype(obj: Any) -> DType:
    """The dtype that nested sequences of Python scalars ask for; the default float for empty ones."""
    found: set[type] = set()

    def visit(item: Any) -> None:
        if isinstance(item, list | tuple):
            for inner in item:
                visit(inner)
        else:
            found.add(type(item))

    visit(obj)
    for cls in (complex, float, int, bool):
        if any(issubclass(c, cls) and (cls is bool or c is not bool) for c in found):  # bool is a subclass of int
            return dtypes.of_scalar(cls(0))
    return dtypes.get_default_dtype()


def _has_negative(obj: Any) -> bool:
    """Whether nested sequences of integers hold a negative one."""
    return any(map(_has_negative, obj)) if isinstance(obj, list | tuple) else obj < 0


def _from_scalars(obj: Any, dtype: DType | None, device: Device | str | None) -> Tensor:
    given = _scalar_dtype(obj)
    array_type = _array_type(dtype, device, default=given)
    asarray_ = array_type.kernels.namespace.asarray
    direct = array_type.dtype.kind == given.kind or array_type.dtype.kind in dtypes.FLOATING
    # Half of uint64 is beyond int64.
    if direct or (array_type.dtype is dtypes.uint64 and given is dtypes.int64 and not _has_negative(obj)):
        return make(asarray_(obj, dtype=array_type.native, device=array_type.native_device), array_type)
    # A cast that loses something (float to int): made by astype, the same way on every backend.
    wide = array_type.with_dtype(
        {"real floating": dtypes.float64, "complex floating": dtypes.complex128}.get(given.kind, given)
    )
    raw = make(asarray_(obj, dtype=wide.native, device=wide.native_device), wide)
    return _astype(raw, dtype=array_type.dtype)


def _from_sequence(obj: Sequence[Any], dtype: DType | None, device: Device | str | None) -> Tensor:
    items = [asarray(item, dtype=dtype, device=device) for item in obj]
    if len({tuple(item._array.shape) for item in items}) > 1:
        shapes = ", ".join(str(list(item.shape)) for item in items)
        raise ShapeError(f"asarray: a sequence of arrays needs them of one shape, got {shapes}")
    return _stack(*items, axis=0)


def _foreign(obj: Any) -> Tensor | None:
    """A tensor over another library's memory: of a backend's array, or of one with DLPack or NumPy's protocols."""
    backend = plugins.owner(obj)
    if backend is not None:
        return make(obj, backend.type_of(obj))
    host = plugins.backend("cpu")
    if hasattr(obj, "__dlpack__"):
        array = host.namespace.from_dlpack(obj)
    elif any(hasattr(obj, name) for name in ("__array__", "__array_interface__", "__buffer__")) or isinstance(
        obj, bytes | bytearray | memoryview
    ):
        array = host.namespace.asarray(obj if not isinstance(obj, bytes | bytearray) else memoryview(obj))
    else:
        return None
    return make(array, host.type_of(array))


def asarray(
    obj: Any, /, *, dtype: DType | None = None, device: Device | str | None = None, copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of ``obj``, sharing its memory where it can.

    Parameters
    ----------
    obj : Tensor (its graph is kept), array of a known library, object with ``__dlpack__`` or ``__array__``,
        Python scalar, or nested sequences of these
    dtype : default: that of ``obj``; for Python scalars bool, int64, or the default float or complex type
    device : default: that of ``obj``; for Python scalars the default device
    copy : True: always; False: never, ValueError if needed; None: if needed
    requires_grad : whether the result is a leaf that requires a gradient

    Raises
    ------
    TypeError : ``obj`` holds something else, such as strings
    ValueError : sequences of differing lengths; a copy that ``copy=False`` forbids

    >>> import pluggrad
    >>> pluggrad.asarray([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(obj, Tensor):
        source: Tensor | None = obj
    elif isinstance(obj, list | tuple) and _has_arrays(obj):
        source = None
        out = _from_sequence(obj, dtype, device)
    elif isinstance(obj, (*SCALARS, list, tuple)) and not hasattr(obj, "dtype"):
        source = None
        out = _from_scalars(obj, dtype, device)
    else:
        source = _foreign(obj)
        if source is None and isinstance(obj, Sequence) and not isinstance(obj, str | bytes | bytearray):
            return asarray(list(obj), dtype=dtype, device=device, copy=copy, requires_grad=requires_grad)
        if source is None:
            raise TypeError(
                f"asarray: cannot make a tensor of {type(obj).__name__!r}; "
                "give numbers, nested lists of them, or arrays"
            )
    if source is None:
        if copy is False:
            raise ValueError(f"asarray: a tensor of {type(obj).__name__!r} needs a copy, which copy=False forbids")
    else:
        out = source
        if device is not None:
            out = to_device(out, device)
        if dtype is not None and out.dtype is not dtype:
            out._type.backend.native_dtype(dtype)
            out = _astype(out, dtype=dtype)
        if out is not source and copy is False:
            raise ValueError(
                f"asarray: {source.dtype} on {source.device} to {out.dtype} on {out.device} needs a copy, "
                "which copy=False forbids"
            )
        if out is source and copy:
            out = _copy(out)
    if requires_grad:
        out = out.detach() if out._node is not None else out
        out.requires_grad = True
    return out


def tensor(
    data: Any, *, dtype: DType | None = None, device: Device | str | None = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A new leaf tensor with a copy of ``data``.

    Parameters
    ----------
    data : Python scalar, nested sequences, array or Tensor
    dtype : default: as in :func:`asarray`
    device : default: that of a Tensor; the default device for anything else
    requires_grad : whether it requires a gradient
    pin_memory : a tensor on the CPU in memory that a GPU reads by itself, if there is one: see ``Tensor.pin_memory``

    >>> import pluggrad
    >>> pluggrad.tensor([1.5, 2], requires_grad=True)
    tensor([1.5000, 2.0000], requires_grad=True)
    """
    if isinstance(data, Tensor):
        data = data.detach()
    elif device is None:
        device = get_default_device()
    out = asarray(data, dtype=dtype, device=device, copy=None if isinstance(data, (*SCALARS, list, tuple)) else True)
    if out._node is not None and not pin_memory:
        return asarray(out.detach(), requires_grad=requires_grad)
    return _finish(out._array, out._type, requires_grad, pin_memory)


def as_tensor(data: Any, dtype: DType | None = None, device: Device | str | None = None) -> Tensor:
    """A tensor of ``data`` that shares memory and keeps the graph where it can: PyTorch's name for :func:`asarray`.

    >>> import pluggrad
    >>> pluggrad.as_tensor([1, 2])
    tensor([1, 2])
    """
    return asarray(data, dtype=dtype, device=device)


def from_numpy(ndarray: Any, /) -> Tensor:
    """A tensor over the memory of a NumPy array: writing one changes the other.

    Raises
    ------
    TypeError : not a NumPy array, or of a dtype such as strings

    >>> import numpy, pluggrad
    >>> a = numpy.zeros(2)
    >>> pluggrad.from_numpy(a).add_(1)
    tensor([1., 1.], dtype=pluggrad.float64)
    >>> a
    array([1., 1.])
    """
    host = plugins.backend("cpu")
    if not isinstance(ndarray, host.array_class):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return make(ndarray, host.type_of(ndarray))


def from_dlpack(x: Any, /, *, device: Device | str | None = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of an object that speaks DLPack.

    Parameters
    ----------
    x : object with ``__dlpack__`` and ``__dlpack_device__``
    device : where to; default: the CPU's backend for host memory, else the backend of that kind of device
    copy : True: always; False: never, ValueError if needed; None: if needed

    Raises
    ------
    TypeError : ``x`` does not speak DLPack
    ValueError, BufferError : a copy is needed and ``copy=False``

    >>> import numpy, pluggrad
    >>> pluggrad.from_dlpack(numpy.arange(3))
    tensor([0, 1, 2])
    """
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"from_dlpack: {type(x).__name__!r} object has no __dlpack__")
    if isinstance(x, Tensor):
        return asarray(x.detach(), device=device, copy=copy)
    on_host = int(x.__dlpack_device__()[0]) in (1, 3)  # kDLCPU, kDLCUDAHost
    backend = plugins.owner(x) or plugins.backend("cpu" if on_host else "cuda")
    if type(x) is backend.array_class:
        out = make(x, backend.type_of(x))
    else:
        array = backend.namespace.from_dlpack(x)
        out = make(array, backend.type_of(array))
    return asarray(out, device=device, copy=copy)


# -- from a shape -----------------------------------------------------------------------------------


def _filled(
    name: str, shape: tuple[Any, ...], dtype: DType | None, device: Any, requires_grad: bool, pin_memory: bool
) -> Tensor:
    array_type = _array_type(dtype, device)
    create = getattr(array_type.kernels.namespace, name)
    array = create(_shape(shape), dtype=array_type.native, device=array_type.native_device)
    return _finish(array, array_type, requires_grad, pin_memory)


def zeros(
    shape: Any = (), *more: int, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False, pin_memory: bool = False, size: Any = None,
) -> Tensor:  # fmt: skip
    """Zeros of a shape given as ints or one tuple.

    >>> import pluggrad
    >>> pluggrad.zeros(2, 3, dtype=pluggrad.int64)
    tensor([[0, 0, 0],
            [0, 0, 0]])
    """
    return _filled("zeros", _sizes(shape, more, size), dtype, device, requires_grad, pin_memory)


def _sizes(shape: Any, more: tuple[int, ...], size: Any) -> tuple[Any, ...]:
    """The shape, given as ints or one sequence, or as ``size=``, PyTorch's name for it."""
    if size is not None:
        return (size,)
    return (shape, *more)


def ones(
    shape: Any = (), *more: int, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False, pin_memory: bool = False, size: Any = None,
) -> Tensor:  # fmt: skip
    """Ones of a shape given as ints or one tuple.

    >>> import pluggrad
    >>> pluggrad.ones(2)
    tensor([1., 1.])
    """
    return _filled("ones", _sizes(shape, more, size), dtype, device, requires_grad, pin_memory)


def empty(
    shape: Any = (), *more: int, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False, pin_memory: bool = False, size: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of a shape given as ints or one tuple, whose values are whatever the memory held.

    >>> import pluggrad
    >>> pluggrad.empty(2, 3).shape
    pluggrad.Size([2, 3])
    """
    return _filled("empty", _sizes(shape, more, size), dtype, device, requires_grad, pin_memory)


def full(
    shape: Any, fill_value: bool | int | float | complex, *, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of one value; its dtype defaults to that of the value.

    >>> import pluggrad
    >>> pluggrad.full((2,), 7)
    tensor([7, 7])
    """
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    array_type = _array_type(dtype, device, default=dtypes.of_scalar(fill_value))
    dims = _shape((shape,)) if not isinstance(shape, int) else (shape,)
    array = array_type.kernels.namespace.full(
        dims, fill_value, dtype=array_type.native, device=array_type.native_device
    )
    return _finish(array, array_type, requires_grad, pin_memory)


def _like(x: Tensor, dtype: DType | None, device: Device | str | None) -> ArrayType:
    if not isinstance(x, Tensor):
        raise TypeError(f"expected a Tensor, got {type(x).__name__}")
    if device is None:
        return x._type if dtype is None else x._type.with_dtype(dtype)
    return plugins.array_type(device, dtype or x.dtype)


def _filled_like(name: str, x: Tensor, dtype: DType | None, device: Any, requires_grad: bool) -> Tensor:
    array_type = _like(x, dtype, device)
    if isinstance(x._type, LevelType) and array_type is x._type:  # inside a transform: a batch like that of x
        return _finish(getattr(array_type.kernels.namespace, f"{name}_like")(x._array), array_type, requires_grad)
    create = getattr(array_type.kernels.namespace, name)
    array = create(tuple(x._array.shape), dtype=array_type.native, device=array_type.native_device)
    return _finish(array, array_type, requires_grad)


def zeros_like(
    x: Tensor, /, *, dtype: DType | None = None, device: Device | str | None = None, requires_grad: bool = False
) -> Tensor:
    """Zeros of the shape and, unless given, the dtype and device of ``x``.

    >>> import pluggrad
    >>> pluggrad.zeros_like(pluggrad.ones(2))
    tensor([0., 0.])
    """
    return _filled_like("zeros", x, dtype, device, requires_grad)


def ones_like(
    x: Tensor, /, *, dtype: DType | None = None, device: Device | str | None = None, requires_grad: bool = False
) -> Tensor:
    """Ones of the shape and, unless given, the dtype and device of ``x``.

    >>> import pluggrad
    >>> pluggrad.ones_like(pluggrad.zeros(2))
    tensor([1., 1.])
    """
    return _filled_like("ones", x, dtype, device, requires_grad)


def empty_like(
    x: Tensor, /, *, dtype: DType | None = None, device: Device | str | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor like ``x`` whose values are whatever the memory held.

    >>> import pluggrad
    >>> pluggrad.empty_like(pluggrad.zeros(2)).shape
    pluggrad.Size([2])
    """
    return _filled_like("empty", x, dtype, device, requires_grad)


def full_like(
    x: Tensor, /, fill_value: bool | int | float | complex, *, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of one value, of the shape and, unless given, the dtype and device of ``x``.

    >>> import pluggrad
    >>> pluggrad.full_like(pluggrad.zeros(2), 3)
    tensor([3., 3.])
    """
    array_type = _like(x, dtype, device)
    return full(
        tuple(x.shape), fill_value, dtype=array_type.dtype, device=array_type.device, requires_grad=requires_grad
    )


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Ones on a diagonal, zeros elsewhere; ``k`` > 0 is above the main diagonal.

    >>> import pluggrad
    >>> pluggrad.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    array_type = _array_type(dtype, device)
    array = array_type.kernels.namespace.eye(
        n_rows, n_cols, k=k, dtype=array_type.native, device=array_type.native_device
    )
    return _finish(array, array_type, requires_grad)


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


def arange(
    start: int | float, /, stop: int | float | None = None, step: int | float = 1, *, end: int | float | None = None,
    dtype: DType | None = None, device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Evenly spaced values in [start, stop); with one argument, in [0, start).

    Parameters
    ----------
    start, stop, step : int or float; ``end`` is PyTorch's name for ``stop``
    dtype : default int64 if all are ints, else the default float type

    Raises
    ------
    ValueError : ``step`` is 0

    >>> import pluggrad
    >>> pluggrad.arange(1.0, 6.0)
    tensor([1., 2., 3., 4., 5.])
    """
    stop = end if stop is None else stop
    first, last, step = _number(start), _number(stop), _number(step)
    if step == 0:
        raise ArgumentError("arange: step must not be 0")
    if last is None:
        first, last = 0, first
    integers = builtins.all(isinstance(v, int) for v in (first, last, step))
    array_type = _array_type(dtype, device, default=dtypes.int64 if integers else dtypes.get_default_dtype())
    array = array_type.kernels.namespace.arange(
        first, last, step, dtype=array_type.native, device=array_type.native_device
    )
    return _finish(array, array_type, requires_grad)


def linspace(
    start: float | complex, stop: float | complex | None = None, /, num: int | None = None, *, steps: int | None = None,
    end: float | complex | None = None, dtype: DType | None = None, device: Device | str | None = None,
    endpoint: bool = True, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``num`` (PyTorch: ``steps``) evenly spaced values from ``start`` to ``stop``, included unless ``endpoint=False``.

    >>> import pluggrad
    >>> pluggrad.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    stop = end if stop is None else stop
    num = steps if num is None else num
    if stop is None or num is None:
        raise TypeError("linspace: start, stop and num (or steps) are required")
    if num < 0:
        raise ArgumentError(f"linspace: num must not be negative, got {num}")
    start, stop = (v.item() if isinstance(v, Tensor) else v for v in (start, stop))
    is_complex = isinstance(start, complex) or isinstance(stop, complex)
    default = dtypes.get_default_dtype().to_complex() if is_complex else None
    array_type = _array_type(dtype, device, default=default)
    array = array_type.kernels.namespace.linspace(
        start, stop, num, dtype=array_type.native, device=array_type.native_device, endpoint=endpoint
    )
    return _finish(array, array_type, requires_grad)
