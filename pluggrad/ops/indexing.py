"""Indexing: ``x[key]`` and ``x[key] = value``.

A key is taken apart as PyTorch does it: first what is basic (integers, slices, ``None``, ``...``), which gives
a view; then, on that view, integer tensors and masks, which copy. Several of these broadcast together; their
axes come where they stood if they were neighbours, else first.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from .. import function
from ..autograd.inplace import assign, check_writable, rebase
from ..autograd.mode import is_grad_enabled
from ..autograd.operands import SCALARS, cast, constant, is_operand, wrap
from ..autograd.transforms.levels import LEVELS, depth_of, lift, lift_all, varies
from ..autograd.transforms.visitors import on_one_level
from ..backends import ArrayType
from ..dtypes import COMPLEX, FLOATING, INTEGRAL, bool_, int64
from ..errors import DeviceError, DTypeError, ShapeError
from ..tensor import Buffer, Node, Tensor, inference, make, memory
from .advanced_indexing import ALL, Indices, _index, _take
from .creation import asarray
from .manipulation import _flip
from .transfer import to_device
from .views import _broadcast_to, _expand_dims, _getitem

__all__: list[str] = []


# -- keys ------------------------------------------------------------------------------------------


def parse_key(x: Tensor, key: Any) -> tuple[tuple[Any, ...], list[Tensor | None] | None]:
    """A key taken apart: the basic key that leads to a view, and the index tensors into it, None if there are none.

    The basic key is canonical: a tuple with an ellipsis, integers in range, slices that end where the axis ends.

    Raises
    ------
    IndexError : an integer out of range, too many indices, a mask of another shape, or what is no index
    """
    if key.__class__ is not tuple:
        key = (key,)
    shape = x._array.shape
    ndim = len(shape)
    basic: list[Any] = []
    advanced: list[Tensor | None] = []
    axis = 0
    has_ellipsis = found = False
    for position, item in enumerate(key):
        cls = item.__class__
        if cls is slice:
            if axis >= ndim:
                raise too_many(key, shape)
            basic.append(_canonical_slice(item, shape[axis]))
            advanced.append(None)
            axis += 1
            continue
        if item is None:
            basic.append(None)
            advanced.append(None)
            continue
        if item is Ellipsis:
            if has_ellipsis:
                raise IndexError("an index can only have a single ellipsis ('...')")
            has_ellipsis = True
            skipped = ndim - axis - sum(_axes_of(other) for other in key[position + 1 :])
            if skipped < 0:
                raise too_many(key, shape)
            basic.append(Ellipsis)
            advanced += [None] * skipped
            axis += skipped
            continue
        if cls is not int:
            item = _index_item(item, x._type)
        if item.__class__ is int:
            if axis >= ndim:
                raise too_many(key, shape)
            n = shape[axis]
            if not -n <= item < n:
                raise IndexError(f"index {item} is out of bounds for axis {axis} with size {n}")
            basic.append(item)
            axis += 1
            continue
        found = True
        if item.__class__ is bool:  # a new axis, of size 1 or 0
            basic.append(None)
            advanced.append(_expand_dims(constant(x._type.with_dtype(bool_), item), axis=(0,)))
            continue
        is_mask = item._type.dtype.kind == "bool"
        taken = item._array.ndim if is_mask else 1
        if axis + taken > ndim:
            raise too_many(key, shape)
        over = tuple(shape[axis : axis + taken])
        if is_mask and tuple(item._array.shape) != over:
            # As in NumPy and the standard's suite, a mask of size 0 along an axis fits any size: it picks nothing.
            if any(m not in (n, 0) for m, n in zip(item._array.shape, over, strict=True)):
                raise IndexError(
                    f"the shape of the mask {list(item.shape)} at index {position} does not match the shape of the "
                    f"indexed tensor {list(shape)} at axis {axis}"
                )
            item = make(item._type.kernels.new_zeros(item._array, shape=over), item._type)
        basic += [ALL] * taken
        advanced.append(item)
        axis += taken
    if not has_ellipsis:
        basic.append(Ellipsis)
    return tuple(basic), advanced if found else None


def indices_of(tensors: Sequence[Tensor | None]) -> Indices:
    """Index tensors as a parameter of :func:`index`."""
    return Indices([None if t is None else held(t) for t in tensors])


def held(index: Tensor) -> Buffer:
    """The Buffer of an index tensor, for :class:`Indices`."""
    if not inference.is_inference(index):
        return memory.hold(index)
    # A graph may save these indices, and nobody would freeze them before a write in inference mode.
    array = index._array
    return Buffer(array if inference.INSIDE.get() else index._type.kernels.copy(array))


def too_many(key: tuple[Any, ...], shape: tuple[int, ...]) -> IndexError:
    """The error for a key that names more axes than there are."""
    if not shape and len(key) == 1:
        return IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` to convert it to a number")
    return IndexError(
        f"too many indices for tensor of dimension {len(shape)}: the key names {sum(map(_axes_of, key))} axes, "
        f"the shape is {list(shape)}"
    )


def _axes_of(item: Any) -> int:
    """How many axes one item of a key uses up."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    dtype = getattr(item, "dtype", None)
    if dtype is not None:
        return item.ndim if wrap(item)._type.dtype.kind == "bool" else 1
    if isinstance(item, list | tuple):
        depth, first = 0, item
        while isinstance(first, list | tuple) and first:
            depth, first = depth + 1, first[0]
        return depth if isinstance(first, bool) else 1
    return 1


def _canonical_slice(item: slice, n: int) -> slice:
    """The same slice with bounds that lie within the axis: the standard leaves others open."""
    if item.start is None and item.stop is None and item.step is None:
        return item
    start, stop, step = item.indices(n)
    if step > 0:
        return slice(start, max(start, stop), step)
    return slice(start, None if stop < 0 else stop, step) if start > stop else slice(0, 0, 1)


def _index_item(item: Any, array_type: ArrayType) -> Any:
    """An item that is not of the basic kinds, as an int, a bool, or an integer or bool tensor on the right device."""
    if isinstance(item, bool):
        return item
    if not isinstance(item, Tensor):
        if isinstance(item, list | tuple | range):
            item = (
                asarray(list(item) if isinstance(item, range) else item, device=array_type.device)
                if item
                else asarray(item, dtype=int64, device=array_type.device)
            )
        elif is_operand(item) and not isinstance(item, SCALARS):
            item = wrap(item)
        elif hasattr(item, "__index__"):
            return operator.index(item)
        else:
            raise IndexError(
                f"only integers, slices (`:`), ellipsis (`...`), None and integer or bool tensors, arrays and lists "
                f"are valid indices, got {type(item).__name__}"
            )
    dtype = item._type.dtype
    if dtype.kind != "bool" and dtype.kind not in INTEGRAL:
        raise IndexError(f"tensors used as indices must be of integer or bool dtype, got {dtype.name}")
    if not item._array.ndim and not varies(item._array):
        return item._type.kernels.tolist(item._array)
    if item._type.device != array_type.device:
        if item._type.device.type != "cpu":
            raise DeviceError(
                f"indices are on {str(item.device)!r}, the indexed tensor is on {str(array_type.device)!r}; "
                f"move one, as in index.to({str(array_type.device)!r})"
            )
        item = to_device(item, array_type.device)
    return item


def getitem(self: Tensor, key: Any) -> Tensor:
    """The part of a tensor that a key names.

    Parameters
    ----------
    key : an int, a slice (of any step), ``None`` (a new axis), ``...``: the result is a view; or an integer tensor,
        a mask, a list or an array of these: the result is a copy; or a tuple of such items. Integers that stand
        beside tensors are applied first, as in PyTorch. (A negative step gives a copy where the backend's library
        knows no negative strides: PyTorch.)

    Raises
    ------
    IndexError : an index out of range, too many indices, a mask of another shape

    >>> import pluggrad
    >>> x = pluggrad.asarray([[1, 2, 3], [4, 5, 6]])
    >>> x[1], x[:, ::-1][0, 0], x[x > 4], x[[0, 1], [2, 0]]
    (tensor([4, 5, 6]), tensor(3), tensor([5, 6]), tensor([3, 4]))
    """
    if key.__class__ is int:
        shape = self._array.shape
        if shape and -shape[0] <= key < shape[0]:
            return _getitem(self, key=(key, ...))
    basic, tensors = parse_key(self, key)
    if tensors is None:
        return _part(self, basic)
    if LEVELS.get():
        self, *tensors = lift_all([self, *tensors])
    if any(item is not Ellipsis and item != ALL for item in basic):
        self = _part(self, basic)
    only = [(axis, t) for axis, t in enumerate(tensors) if t is not None]
    if len(only) == 1 and only[0][1]._type.dtype.kind != "bool" and only[0][1]._array.ndim:
        return _take(self, only[0][1], axis=only[0][0])
    return _index(self, indices=indices_of(tensors))


def _part(x: Tensor, key: tuple[Any, ...]) -> Tensor:
    """The view that a basic key leads to; a copy where a step is negative and the library has no negative strides."""
    try:
        return _getitem(x, key=key)
    except ValueError:
        if not _steps_back(key):
            raise
        key, axes, _ = forwards(key, x._array.ndim)
        return _flip(_getitem(x, key=key), axis=axes)


def _steps_back(key: tuple[Any, ...]) -> bool:
    """Whether a basic key has a negative step."""
    return any(item.__class__ is slice and item.step is not None and item.step < 0 for item in key)


def forwards(key: tuple[Any, ...], ndim: int) -> tuple[tuple[Any, ...], tuple[int, ...], int]:
    """A canonical basic key that names the same elements by positive steps; the axes then in reverse, of how many."""
    out: list[Any] = []
    axes = []
    at = 0
    for item in key:
        if item is Ellipsis:
            at += ndim - sum(other.__class__ in (int, slice) for other in key)
        elif item.__class__ is slice and item.step is not None and item.step < 0:
            last = range(item.start, -1 if item.stop is None else item.stop, item.step)[-1]
            item = slice(last, item.start + 1, -item.step)
            axes.append(at)
        out.append(item)
        at += item is None or item.__class__ is slice
    return tuple(out), tuple(axes), at


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """Write ``value``, broadcast and cast, into the part of a tensor that a key names.

    Parameters
    ----------
    key : as for reading
    value : Tensor, array, nested lists or Python scalar; a float is truncated for an integer tensor

    Raises
    ------
    IndexError : as for reading
    ShapeError : ``value`` does not broadcast to the part
    DTypeError : a complex value for a real tensor
    GradientError : the tensor is a leaf that requires a gradient

    >>> import pluggrad
    >>> x = pluggrad.zeros(2, 3)
    >>> x[0, 1:] = 7.0
    >>> x[1, [0, 2]] = pluggrad.asarray([1.0, 2.0])
    >>> x
    tensor([[0., 7., 7.],
            [1., 0., 2.]])
    """
    check_writable(self)
    basic, tensors = parse_key(self, key)
    value = on_one_level(self, as_value(value, self._type))
    if tensors is not None and LEVELS.get():
        tensors = [None if t is None else on_one_level(self, t) for t in tensors]
        tensors = [None if t is None else lift(t, self._type) for t in tensors]
        value = lift(value, self._type)
    records = is_grad_enabled() and (self._node is not None or value._node is not None)
    if tensors is None:
        if _steps_back(basic):
            basic, axes, ndim = forwards(basic, self._array.ndim)
            value = _reverse_value(value, axes, ndim)
        if records:
            view = _getitem(self, key=basic)
            assign(view, fit(value, view._array.shape))
            return
        part = self._array[basic]
        check_fits(value._array.shape, part.shape)
        memory.release(self)
        self._type.kernels.write(part, ..., drop_leading(value._array, part.ndim))
        return
    view = self if all(item is Ellipsis or item == ALL for item in basic) else _part(self, basic)
    if view._view is None and view is not self:
        raise IndexError(
            f"writing at index tensors beside a negative step needs negative strides, which backend "
            f"{self._type.backend.name!r} does not have; use a positive step and flip the value"
        )
    put(view, value, indices_of(tensors), accumulate=False)


def _reverse_value(value: Tensor, axes: tuple[int, ...], ndim: int) -> Tensor:
    """``value`` in reverse along those of its axes that will be broadcast to ``axes`` of ``ndim``."""
    lead = ndim - value._array.ndim
    own = tuple([a - lead for a in axes if a >= lead and value._array.shape[a - lead] != 1])
    return _flip(value, axis=own) if own else value


def put(x: Tensor, values: Tensor, indices: Indices, *, accumulate: bool) -> Tensor:
    """Write ``values`` at the indices into ``x``, in place and on record: only what is named is written.

    Parameters
    ----------
    x : Tensor
    values : Tensor of the type of ``x``, broadcasting to the shape that the indices read
    accumulate : add to what is there; elements named several times take the sum
    """
    check_writable(x)
    values = on_one_level(x, values)
    node = None
    records = is_grad_enabled() and (x._node is not None or values._node is not None)
    if records:
        known = {"indices": indices, "accumulate": accumulate, "values_shape": values._array.shape}
        declared = function.functions()["index_put"]
        saved = tuple(known[name] for name in declared.saved_names)
        node = Node(declared, (x._node, values._node), saved, x._array.shape, x._type)
    memory.release(x)
    try:
        x._type.kernels.write_index(x._array, indices, values._array, accumulate)
    except ValueError as error:
        raise ShapeError(
            f"shape mismatch: value of shape {list(values.shape)} does not fit the part it is written to: {error}"
        ) from None
    if records:
        rebase(x, node)
    return x


def as_value(value: Any, array_type: ArrayType) -> Tensor:
    """``value`` as a tensor of a type, cast as an assignment casts: floats are truncated for integers.

    Raises
    ------
    DTypeError : complex for a real tensor
    """
    dtype = array_type.dtype
    if isinstance(value, Tensor) and value._type.device is not array_type.device:  # perhaps at another level
        if depth_of(value._type) > depth_of(array_type):
            if value.dtype.is_complex and not dtype.is_complex:
                raise _complex_into_real(dtype.name)
            return cast(value, dtype)
        value = lift(value, array_type)
    if isinstance(value, SCALARS):
        if isinstance(value, complex) and dtype.kind not in COMPLEX:
            raise _complex_into_real(dtype.name)
        if dtype.kind in INTEGRAL and isinstance(value, float):
            value = math.trunc(value)
        elif dtype.kind == "bool":
            value = bool(value)
        elif dtype.kind in FLOATING:
            value = complex(value) if dtype.is_complex else float(value)  # type: ignore[arg-type]  # no complex here
        return constant(array_type, value)
    if not isinstance(value, Tensor):
        value = wrap(value) if is_operand(value) else asarray(value, device=array_type.device)
    if value._type is array_type:
        return value
    if value._type.device is not array_type.device:
        if value._array.ndim:
            raise DeviceError(
                f"the value is on {str(value.device)!r}, the tensor is on {str(array_type.device)!r}; "
                f"move it, as in value.to({str(array_type.device)!r})"
            )
        value = to_device(value, array_type.device)
    if value._type.dtype.is_complex and not dtype.is_complex:
        raise _complex_into_real(dtype.name)
    return cast(value, dtype)


def _complex_into_real(name: str) -> DTypeError:
    return DTypeError(f"a complex value cannot be written into a tensor of dtype {name}; take .real or .abs() first")


def check_fits(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    """Refuse a value that does not broadcast to ``target``.

    Leading axes of size 1 may be too many, as in NumPy and PyTorch.

    Raises
    ------
    ShapeError
    """
    extra = len(shape) - len(target)
    if extra > 0 and all(n == 1 for n in shape[:extra]):
        shape = shape[extra:]
        extra = 0
    if extra > 0 or any(n not in (1, t) for n, t in zip(shape[::-1], target[::-1], strict=False)):
        raise ShapeError(
            f"shape mismatch: value of shape {list(shape)} cannot be broadcast to the indexed part of shape "
            f"{list(target)}"
        )


def drop_leading(array: Any, ndim: int) -> Any:
    """``array`` without the leading axes (of size 1) that are more than ``ndim``."""
    return array[(0,) * (array.ndim - ndim) + (...,)] if array.ndim > ndim else array


def fit(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``value`` broadcast to ``shape``, for an assignment."""
    check_fits(value._array.shape, shape)
    extra = value._array.ndim - len(shape)
    if extra > 0:
        value = _getitem(value, key=((0,) * extra) + (...,))
    return value if value._array.shape == shape else _broadcast_to(value, shape=tuple(shape))


Tensor.__getitem__ = getitem  # type: ignore[method-assign]
Tensor.__setitem__ = setitem  # type: ignore[method-assign]
