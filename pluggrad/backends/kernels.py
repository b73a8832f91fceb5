"""The kernels of a backend, by name, with all defaults filled in."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import function
from ..dtypes import DType
from ..errors import PluginError
from . import defaults, updates
from .protocol import Backend, kernels_of

#: Replacements of kernels by other plugins: by function name, in the order in which they wrap, with the plugin's name.
Wrappers = Mapping[str, Sequence[tuple[str, Callable[[Any], Any]]]]


class Kernels:
    """The functions of a backend on raw arrays, by name: its own kernels, else a composed default, else its namespace.

    Looked up once: the attribute is set on first use. It serves as ``xp`` in forwards and derivative rules.
    """

    def __init__(
        self,
        name: str,
        plugin: str,
        backend: Backend,
        native_dtype: Callable[[DType], Any],
        type_of: Callable[[Any], Any],
    ) -> None:
        self._name, self._plugin = name, plugin
        self.namespace = backend.namespace
        #: The library's own object for a neutral dtype.
        self.native_dtype = native_dtype
        #: The ArrayType of a raw array.
        self.type_of = type_of
        self._own = kernels_of(backend)
        self._wrap = getattr(backend, "wrap_kernel", None)
        self._wrappers: Wrappers = {}
        # What composed kernels call. Not whichever view of these kernels looks one up first: see for_real_arrays.
        self._plain = self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kernel = self._find(name)
        if self._wrap is not None and callable(kernel):
            kernel = _wrapped(self._plugin, f"wrap_kernel({name!r}, ...)", self._wrap, name, kernel)
        for plugin, wrapper in self._wrappers.get(name, ()):
            kernel = _wrapped(plugin, f"its wrapper of {name!r}", wrapper, kernel)
        setattr(self, name, kernel)
        return kernel

    def replace_wrappers(self, wrappers: Wrappers) -> None:
        """Let other plugins replace kernels, by name; each is looked up again at its next use."""
        self._wrappers = wrappers
        kept = {"namespace", "native_dtype", "type_of", "_name", "_plugin", "_own", "_wrap", "_wrappers", "_plain"}
        for name in set(self.__dict__) - kept:
            delattr(self, name)

    def brings(self, name: str) -> bool:
        """Whether the backend, or a plugin for it, has a kernel of its own for a function."""
        return name in self._own or name in self._wrappers

    def _find(self, name: str) -> Any:
        own = self._own.get(name)
        if own is not None:
            return own
        declared = function.get(name)
        if declared is not None and self._name in declared.kernels:
            return declared.kernels[self._name]
        if declared is not None and declared.forward is not None:
            return functools.partial(declared.forward, self._plain)
        for module in (defaults, updates):
            default = getattr(module, name, None)
            if default is not None and default.__module__ == module.__name__:
                return functools.partial(default, self._plain)
        try:
            return getattr(self.namespace, name)
        except AttributeError:
            raise AttributeError(
                f"the namespace {getattr(self.namespace, '__name__', self.namespace)!r} has no {name!r}, "
                f"which the array API standard asks for, and no kernel of that name is registered"
            ) from None


def _wrapped(plugin: str, what: str, wrap: Callable[..., Any], *args: Any) -> Any:
    try:
        wrapped = wrap(*args)
    except Exception as error:
        raise PluginError(f"plugin {plugin!r}: exception in {what}: {type(error).__name__}: {error}") from error
    if not callable(wrapped):
        raise PluginError(f"plugin {plugin!r}: {what} must return a kernel, got {wrapped!r}")
    return wrapped


#: Elements below which arrays are few: what plugins put around kernels for the sake of large arrays is passed by.
FEW = 4096


class KernelsOfType:
    """The kernels for a rule all of whose arrays have one type.

    Those that choose by dtype have chosen, and of a real type ``conj`` gives back what it is given.

    ``of_few`` : those for arrays of fewer elements than FEW
    """

    def __init__(self, kernels: Any, native: Any, is_complex: bool, of_few: bool = False) -> None:
        self._kernels, self._native, self._is_complex, self._of_few = kernels, native, is_complex, of_few
        self.forget()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kernel = of_dtype(getattr(self._kernels, name), self._native)
        if self._of_few:
            kernel = of_few(kernel)
        setattr(self, name, kernel)
        return kernel

    def forget(self) -> None:
        """Look each kernel up again at its next use."""
        for name in set(self.__dict__) - {"_kernels", "_native", "_is_complex", "_of_few"}:
            delattr(self, name)
        if not self._is_complex:
            self.conj = _itself


class Overwriting:
    """Kernels for a rule whose cotangent nobody else needs: those that can write their result over their first array.

    Such a kernel has an attribute ``over``, which is called as the kernel itself is.
    """

    __slots__ = ("_kernels",)

    def __init__(self, kernels: Any) -> None:
        self._kernels = kernels

    def __getattr__(self, name: str) -> Any:
        kernel = getattr(self._kernels, name)
        return getattr(kernel, "over", kernel)


def of_dtype(kernel: Any, native: Any) -> Any:
    """What a kernel that chooses by dtype chooses for one; any other kernel as it is."""
    return kernel.for_dtype(native) if hasattr(kernel, "for_dtype") else kernel


def of_few(kernel: Any) -> Any:
    """What is called for arrays of few elements: the kernel itself, or what lies within wrappers that say so."""
    while hasattr(kernel, "of_few"):
        kernel = kernel.of_few
    return kernel


def _itself(x: Any) -> Any:
    return x
