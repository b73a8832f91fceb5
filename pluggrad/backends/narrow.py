"""Data types that a library's arrays can have and that its functions cannot compute in: bfloat16 on NumPy.

A backend names them (:class:`~.protocol.Backend`, ``narrow_dtypes``), each with a wider one. What is computed from such
arrays is computed in the wider type and rounded, once for each function, as PyTorch's kernels do it: sums and products
of matrices are added up in the wider type. Views, copies and writes work on the arrays as they are. Backward does the
same: :mod:`pluggrad.autograd.narrow`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from .. import function
from . import updates
from .kernels import Kernels, of_dtype

#: Not empty once a kernel for such a type was asked for: what backward looks at.
USED: list[None] = []


class NarrowKernels:
    """The kernels for arrays of a narrow type: those of the library, through the wide type.

    ``as_they_are`` : names of registered functions that need no wider type
    """

    def __init__(self, kernels: Kernels, narrow: Any, wide: Any, as_they_are: Collection[str]) -> None:
        self._kernels, self._narrow, self._wide, self._as_they_are = kernels, narrow, wide, as_they_are
        self.namespace, self.native_dtype = kernels.namespace, kernels.native_dtype

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not USED:
            USED.append(None)
        kernel = getattr(self._kernels, name)
        declared = function.get(name)
        if declared is not None and not declared.view and name not in self._as_they_are:
            return self._through(kernel)
        if hasattr(getattr(updates, name, None), "rule"):
            return self._step_through(kernel)
        return kernel

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """Whether a dtype is of one of the standard's kinds."""
        return self._kernels.isdtype(self._wide if dtype == self._narrow else dtype, kind)

    def to_host(self, x: Any) -> Any:
        """The values for another library, which may not know the narrow type."""
        return self._kernels.to_host(self.widen(x))

    def _through(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        kernel = of_dtype(kernel, self._wide)

        def through(*arrays: Any, **parameters: Any) -> Any:
            out = kernel(*map(self.widen, arrays), **parameters)
            if parameters.get("dtype") is not None:  # the result is asked for in that type
                return out
            return [self.round(a) for a in out] if isinstance(out, (tuple, list)) else self.round(out)

        return through

    def _step_through(self, kernel: Callable[..., None]) -> Callable[..., None]:
        """The step of an optimiser, which writes over the arrays that it is given."""

        def through(*lists: Sequence[Any] | None, **options: Any) -> None:
            wide = [None if arrays is None else [self.widen(a) for a in arrays] for arrays in lists]
            kernel(*wide, **options)
            for i, (old, new) in enumerate(zip(lists, wide, strict=True)):
                if i != 1 and old is not None and new is not None:  # the second are the gradients
                    for x, y in zip(old, new, strict=True):
                        if y is not x:
                            self._kernels.write(x, ..., self.round(y))

        return through

    def widen(self, x: Any) -> Any:
        """``x`` in the wide type, if it is an array of the narrow one; anything else as it is."""
        if getattr(x, "dtype", None) == self._narrow:
            return self.namespace.astype(x, self._wide)
        return x

    def round(self, x: Any) -> Any:
        """An array of the wide type in the narrow one."""
        return self.namespace.astype(x, self._narrow) if getattr(x, "dtype", None) == self._wide else x
