"""``torch.save`` and ``torch.load``: also of objects of a class, such as whole modules, which PyTorch pickles.

:func:`pluggrad.save` keeps data and refuses the rest. Programs written for PyTorch save whole modules; here they are
pickled as in PyTorch, the tensors apart. To load them runs the code of their classes, so it is allowed as in PyTorch:
by the classes that :func:`safe_globals` names, or by ``weights_only=False``, for a file from a source that is trusted.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from ..nn import Module
from ..tensor import Tensor
from ..utils import serialization

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]

#: The key of the pickle in the file, beside the tensors.
PICKLE = "pluggrad.torch.pickle"
#: What every pickle may name: containers, and pluggrad's functions of tensors and descriptions.
HARMLESS = frozenset((
    ("collections", "OrderedDict"), ("collections", "defaultdict"), ("builtins", "set"), ("builtins", "frozenset"),
    ("builtins", "complex"), ("builtins", "slice"), ("pluggrad.dtypes", "by_name"), ("pluggrad.device", "Device"),
    ("pluggrad.tensor.size", "Size"),
))  # fmt: skip
_safe: list[Any] = []


def add_safe_globals(safe_globals: Sequence[Any]) -> None:
    """Let :func:`load` build objects of these classes, and call these functions.

    Parameters
    ----------
    safe_globals : classes and functions, or pairs of one and its full name in the file
    """
    _safe.extend(safe_globals)


def get_safe_globals() -> list[Any]:
    """What :func:`add_safe_globals` was given."""
    return list(_safe)


def clear_safe_globals() -> None:
    """Forget what :func:`add_safe_globals` was given."""
    _safe.clear()


@contextmanager
def safe_globals(safe_globals: Sequence[Any]) -> Iterator[None]:
    """:func:`add_safe_globals` within a ``with`` block."""
    before = list(_safe)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe[:] = before


class _Pickler(pickle.Pickler):
    """Puts tensors aside: they are kept as data, beside the pickle."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=4)
        self.tensors: list[Tensor] = []
        self._numbers: dict[int, int] = {}

    def persistent_id(self, obj: Any) -> int | None:
        if not isinstance(obj, Tensor):
            return None
        if id(obj) not in self._numbers:
            self._numbers[id(obj)] = len(self.tensors)
            self.tensors.append(obj)
        return self._numbers[id(obj)]


class _Unpickler(pickle.Unpickler):
    """Names only what is harmless or was called safe; anything, if ``trusted``."""

    def __init__(self, data: bytes, tensors: Sequence[Tensor], trusted: bool) -> None:
        super().__init__(io.BytesIO(data))
        self._tensors, self._trusted = tensors, trusted

    def persistent_load(self, pid: Any) -> Tensor:
        return self._tensors[pid]

    def find_class(self, module: str, name: str) -> Any:
        if self._trusted or (module, name) in HARMLESS:
            return super().find_class(module, name)
        for safe in _safe:
            if isinstance(safe, tuple):
                if safe[1] == f"{module}.{name}":
                    return safe[0]
            elif (getattr(safe, "__module__", None), getattr(safe, "__qualname__", None)) == (module, name):
                return safe
        if module.startswith(("pluggrad.nn.", "pluggrad.ops.neural.", "pluggrad.torch.nn.functional")):
            found = super().find_class(module, name)
            if "." not in name and getattr(found, "__module__", None) == module and _is_layer(found):
                return found
        raise pickle.UnpicklingError(
            f"Weights only load failed: the file holds an object of {module}.{name}, whose code loading would run. "
            f"Name the class, as in torch.serialization.add_safe_globals([{name}]); or, if you trust the source of the "
            "file, call torch.load(f, weights_only=False)"
        )


def _is_layer(value: Any) -> bool:
    """Whether it is one of pluggrad's own modules, or functions of tensors."""
    return issubclass(value, Module) if isinstance(value, type) else callable(value)


def save(
    obj: Any, f: str | os.PathLike[str] | IO[bytes], pickle_module: Any = None, pickle_protocol: int | None = None,
    _use_new_zipfile_serialization: bool = True,
) -> None:  # fmt: skip
    """Write an object to a file: data as :func:`pluggrad.save` does, anything else pickled, with its tensors as data.

    Parameters
    ----------
    obj : data, a module, an optimiser, or what else can be pickled
    f : path, or file open for writing
    pickle_module, pickle_protocol, _use_new_zipfile_serialization : accepted for PyTorch's sake

    Raises
    ------
    pickle.PicklingError, AttributeError, TypeError : it cannot be pickled, as a lambda
    ImportError : safetensors is not installed

    >>> import io
    >>> import pluggrad.torch as torch
    >>> file = io.BytesIO()
    >>> torch.save(torch.nn.Linear(2, 1), file)
    >>> torch.load(io.BytesIO(file.getvalue()))
    Linear(in_features=2, out_features=1, bias=True)
    """
    try:
        serialization.save(obj, f)
        return
    except TypeError:
        if not isinstance(f, str | os.PathLike) and not hasattr(f, "write"):
            raise
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(obj)
    serialization.save({PICKLE: file.getvalue(), "tensors": pickler.tensors}, f)


def load(
    f: str | os.PathLike[str] | IO[bytes], map_location: Any = None, pickle_module: Any = None, *,
    weights_only: bool = True, mmap: bool | None = None, **pickle_load_args: Any,
) -> Any:  # fmt: skip
    """Read what :func:`save` wrote, and what :func:`pluggrad.load` reads.

    Parameters
    ----------
    f : path, or file open for reading
    map_location : where tensors go, as for :func:`pluggrad.load`
    weights_only : of a file that holds objects of classes, refuse all that are neither pluggrad's modules nor named by
        :func:`safe_globals`. **False runs the code that the file names**: only for files whose source is trusted
    pickle_module, mmap, pickle_load_args : accepted for PyTorch's sake

    Raises
    ------
    CheckpointError : the file is truncated, altered, or of another kind
    pickle.UnpicklingError : it holds an object of a class that was not called safe
    """
    data = serialization.load(f, map_location, mmap=mmap)
    if not isinstance(data, dict) or set(data) != {PICKLE, "tensors"}:
        return data
    return _Unpickler(data[PICKLE], data["tensors"], trusted=not weights_only).load()


#: The names that ``torch`` and ``torch.serialization`` have from here.
SAVING: dict[str, Callable[..., Any]] = {"save": save, "load": load}
SERIALIZATION: dict[str, Callable[..., Any]] = SAVING | {
    "safe_globals": safe_globals, "add_safe_globals": add_safe_globals, "clear_safe_globals": clear_safe_globals,
    "get_safe_globals": get_safe_globals,
}  # fmt: skip
