"""How a user's own :class:`pluggrad.autograd.Function` behaves in a region of mixed precision."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ..autograd.autocast import autocast, get_autocast_dtype, is_autocast_enabled
from ..dtypes import DType, float64
from ..tensor import Tensor

__all__ = ["custom_bwd", "custom_fwd"]


def custom_fwd(
    fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: DType | None = None
) -> Callable[..., Any]:
    """Decorate ``forward`` of a Function: it runs in the region around its call, and ``backward`` will, too.

    Parameters
    ----------
    fwd : the static method; without it a decorator is returned
    device_type : str, "cpu" or "cuda" or the type of another backend's devices
    cast_inputs : in a region, cast real floating tensors but float64 to this dtype, and switch casting off inside

    Raises
    ------
    ValueError : ``device_type`` is no string

    >>> import pluggrad
    >>> class Product(pluggrad.autograd.Function):
    ...     @staticmethod
    ...     @custom_fwd(device_type="cpu")
    ...     def forward(ctx, a, b):
    ...         ctx.save_for_backward(a, b)
    ...         return a @ b
    ...
    ...     @staticmethod
    ...     @custom_bwd(device_type="cpu")
    ...     def backward(ctx, g):
    ...         a, b = ctx.saved_tensors
    ...         return g @ b.T, a.T @ g
    >>> with pluggrad.autocast("cpu", dtype=pluggrad.float16):
    ...     Product.apply(pluggrad.ones(2, 2), pluggrad.ones(2, 2)).dtype
    pluggrad.float16
    """
    _check(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        context, inside = args[0], is_autocast_enabled(device_type)
        context._dtype = get_autocast_dtype(device_type)
        context._fwd_used_autocast = inside and cast_inputs is None
        if not inside or cast_inputs is None:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Callable[..., Any]:
    """Decorate ``backward`` of a Function whose ``forward`` has :func:`custom_fwd`: it runs as forward did.

    Parameters
    ----------
    bwd : the static method; without it a decorator is returned
    device_type : str, as for :func:`custom_fwd`

    Raises
    ------
    ValueError : ``device_type`` is no string
    """
    _check(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        context = args[0]
        with autocast(device_type, dtype=context._dtype, enabled=context._fwd_used_autocast):
            return bwd(*args, **kwargs)

    return backward


def _check(device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")


def _cast(value: Any, device_type: str, dtype: DType) -> Any:
    """Tensors in ``dtype``, inside lists, tuples and dicts, too."""
    if isinstance(value, Tensor):
        old = value.dtype
        eligible = old.kind == "real floating" and old is not float64 and value.device.type == device_type
        return value.to(dtype) if eligible else value
    if isinstance(value, Mapping):
        return {k: _cast(v, device_type, dtype) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cast(v, device_type, dtype) for v in value)
    return value
