"""The interface of a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Backend(Protocol):
    """An array library, as pluggrad needs it: **a namespace and a list of devices**.

    Any object with these attributes will do. Besides them it may have

    ``kernels`` : Mapping[str, Callable]
        Functions on raw arrays that it does better than the default, by the name of the function:
        those of the standard, those of :func:`pluggrad.function.functions` (``conv2d``, ``softmax``)
        and those of :mod:`pluggrad.backends.defaults` (``copy``, ``strides``, ``tolist``,
        ``random_bits``). Called with the arrays by position and the parameters by keyword.
    ``device_labels`` : Sequence[str]
        What stands behind the colon in the names of ``devices``; their positions by default, and nothing if there is
        but one. An empty one names the device by its type alone.
    ``narrow_dtypes`` : Mapping[str, tuple[Any, str, Collection[str]]]
        Data types, such as bfloat16, that its arrays can have and its functions cannot compute in, by their names: the
        library's own object for it, the name of the type to compute in, and the names of functions that need no
        other. See :mod:`pluggrad.backends.narrow`.
    ``dtype_hints`` : Mapping[str, str]
        What to do to get a data type that it may lack, by the type's name; said in errors.
    ``accelerator`` : :class:`pluggrad.backends.accelerator.Accelerator`
        Memory, streams and events of devices that have their own, and the calling thread's current device: that
        which the bare device type names. :mod:`pluggrad.cuda` asks it.
    ``wrap_kernel`` : Callable[[str, Callable], Callable]
        Is given each kernel, its own or composed, when it is first looked up, and returns the one to use: to run it on
        the device of its arguments, or to say in its errors what was called.
    ``use_errors`` : Callable[[module], None]
        Is given :mod:`pluggrad.errors` when the backend is loaded, so that its errors can be of these classes though
        it does not import pluggrad.
    ``set_num_threads`` : Callable[[int], None]
        Limits the library's own threads; those of BLAS need nothing. Is called when the backend is loaded, if a
        number was asked for by then, and at each :func:`pluggrad.set_num_threads`; in a forked process with 1.
    """

    @property
    def namespace(self) -> Any:
        """A namespace that follows the array API standard."""

    @property
    def devices(self) -> Sequence[Any]:
        """The library's own device objects, the default one first."""


def kernels_of(backend: Backend) -> Mapping[str, Callable[..., Any]]:
    """The kernels that a backend brings."""
    return getattr(backend, "kernels", {})
