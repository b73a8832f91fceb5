"""Data type functions: casting and inspection."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..autograd.operands import SCALARS, is_operand, wrap
from ..device import Device
from ..dtypes import DType
from ..errors import DTypeError
from ..tensor import Tensor
from .declare import composite
from .transfer import to_device

__all__ = ["astype", "can_cast", "isdtype", "result_type"]


def _astype_x(xp: Any, g: Any, x_dtype: DType) -> Any:
    """Back to the dtype of x; of a complex gradient for a real x, the real part (as in PyTorch)."""
    if xp.isdtype(g.dtype, "complex floating") and not x_dtype.is_complex:
        g = xp.real(g)
    return xp.astype(g, dtype=x_dtype)


@composite(name="astype", alias="ToCopy", vjp=_astype_x)
def _astype(xp: Any, x: Any, /, *, dtype: DType) -> Any:
    if xp.isdtype(x.dtype, "complex floating") and not dtype.is_complex:
        # The standard leaves this cast open; as in PyTorch the imaginary part is dropped.
        if dtype.kind == "bool":
            return x != 0
        x = xp.real(x)
    return xp.namespace.astype(x, xp.native_dtype(dtype))


def astype(x: Tensor, dtype: DType, /, *, copy: bool = True, device: Device | str | None = None) -> Tensor:
    """``x`` in another data type.

    Parameters
    ----------
    x : Tensor, any shape
    dtype : the target; a float is truncated toward zero for an integer, a complex loses its imaginary part
    copy : False: give ``x`` itself if it has that dtype already
    device : where to; default: where ``x`` is

    Returns
    -------
    Tensor, same shape

    >>> import pluggrad
    >>> pluggrad.astype(pluggrad.asarray([1.7, -1.7]), pluggrad.int32)
    tensor([ 1, -1], dtype=pluggrad.int32)
    """
    if device is not None:
        x = to_device(x, device)
    if not copy and x.dtype is dtype:
        return x
    x._type.backend.native_dtype(dtype)  # raises for what is no dtype, or one the backend lacks
    return _astype(x, dtype=dtype)


def can_cast(from_: Tensor | DType, to: DType, /) -> bool:
    """Whether one type promotes to another.

    >>> import pluggrad
    >>> pluggrad.can_cast(pluggrad.int8, pluggrad.int16), pluggrad.can_cast(pluggrad.float64, pluggrad.float32)
    (True, False)
    """
    source = from_.dtype if isinstance(from_, Tensor) else from_
    for dtype in (source, to):
        if not isinstance(dtype, DType):
            raise TypeError(f"can_cast: expected a tensor or a dtype, got {dtype!r}")
    try:
        return dtypes.promote(source, to) is to
    except DTypeError:
        return False


def isdtype(dtype: DType, kind: str | DType | tuple[str | DType, ...]) -> bool:
    """Whether a data type is of a kind: 'bool', 'signed integer', 'unsigned integer', 'integral', 'real floating',
    'complex floating', 'numeric', a data type, or a tuple of these, any of which will do.

    >>> import pluggrad
    >>> pluggrad.isdtype(pluggrad.float32, "real floating")
    True
    """
    return dtypes.is_kind(dtype, kind)


def result_type(*arrays_and_dtypes: Tensor | DType | bool | int | float | complex) -> DType:
    """The data type that promoting all arguments gives; Python scalars are weak.

    Raises
    ------
    DTypeError : types that do not promote (uint64 with a signed integer)
    ValueError : no argument

    >>> import pluggrad
    >>> pluggrad.result_type(pluggrad.int8, pluggrad.float32, 1j)
    pluggrad.complex64
    """
    if not arrays_and_dtypes:
        raise ValueError("result_type: at least one array, dtype or scalar is required")
    strong, weak = [], []
    for item in arrays_and_dtypes:
        if isinstance(item, DType):
            strong.append(item)
        elif isinstance(item, SCALARS):
            weak.append(item)
        elif is_operand(item):
            strong.append(wrap(item).dtype)
        else:
            raise TypeError(f"result_type: expected tensors, dtypes or scalars, got {type(item).__name__}")
    dtype = dtypes.promote(*strong) if strong else dtypes.promote(*(dtypes.of_scalar(w) for w in weak))
    for item in weak:
        dtype = dtypes.promote_scalar(dtype, item)
    return dtype
