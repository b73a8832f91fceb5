"""What other libraries ask a tensor: NumPy's protocols, DLPack, the array API namespace.

``__array__`` and ``__dlpack__`` refuse a tensor that requires a gradient, as PyTorch's do: a silent detach
would give wrong gradients to whoever differentiates the code that calls them.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ..backends import plugins
from ..ops import creation
from ..tensor import Tensor
from .attach import method
from .conversion import numpy

#: The versions of the array API standard that the namespace follows.
API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")


@method()
def __array__(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    """A NumPy array, sharing memory where ``dtype`` and ``copy`` (as NumPy gives them) allow."""
    return plugins.backend("cpu").namespace.asarray(numpy(self), dtype=dtype, copy=copy)


@method()
def __array_wrap__(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
    """What a NumPy function that was called with a tensor returns: a tensor again."""
    return creation.asarray(array)


@method()
def __array_namespace__(self: Tensor, *, api_version: str | None = None) -> ModuleType:
    """The namespace of functions for tensors: :mod:`pluggrad`.

    Raises
    ------
    ValueError : a version of the standard that it does not follow

    >>> import pluggrad
    >>> pluggrad.ones(2).__array_namespace__() is pluggrad
    True
    """
    if api_version is not None and api_version not in API_VERSIONS:
        raise ValueError(f"unsupported array API version {api_version!r}; supported are {', '.join(API_VERSIONS)}")
    return sys.modules[__name__.partition(".")[0]]


@method()
def __dlpack__(
    self: Tensor,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[Any, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """A DLPack capsule over this tensor's memory, made by its backend's library.

    Raises
    ------
    BufferError : the tensor requires a gradient, or the library cannot export it as asked
    """
    if self._node is not None:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    given = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
    return self._array.__dlpack__(**{name: value for name, value in given.items() if value is not None})


@method()
def __dlpack_device__(self: Tensor) -> tuple[Any, int]:
    """The kind and number of the device in DLPack's terms."""
    return self._array.__dlpack_device__()
