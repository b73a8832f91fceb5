"""What CuPy makes of a reduction: its kernel, with the tree of sums that the threads of a block go through.

From CuPy's private functions, as :mod:`cubin` has them: hence the pinned CuPy. For contiguous arrays CuPy may take
CUB's reduction of a block instead, around the same expressions; that text is had on a GPU only.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from pluggrad_cupy.reducing import Reduction

#: Threads of a block, as CuPy's default.
BLOCK = 512
_ARRAY, _INDEXER, _SCALAR = 1, 2, 3


def reduction_text(
    reduction: Reduction, dtype: str, ndim: int = 2, contiguous: bool = True, block: int = BLOCK,
    module: Callable[[str], Any] = importlib.import_module,
) -> str:  # fmt: skip
    """The kernel over arrays of so many axes, without headers; ``module`` finds CuPy's modules."""
    cupy, kernel, scalar = module("cupy"), module("cupy._core._kernel"), module("cupy._core._scalar")
    made = cupy.ReductionKernel(**reduction.arguments)
    kind = np.dtype(dtype)
    info = kernel._ArgInfo
    args = tuple(info(_ARRAY, cupy.ndarray, kind, ndim, contiguous, True) for _ in range(made.nin))
    args += (info(_ARRAY, cupy.ndarray, kind, 1, True, True),)
    indexer = module("cupy._core._carray").Indexer
    args += tuple(info(_INDEXER, indexer, None, n, True, True) for n in (ndim, 1))
    args += (info(_SCALAR, scalar.CScalar, np.dtype("int32"), 0, True, True),)
    types = kernel._TypeMap((("IndexT", np.dtype("int32")), ("T", kind)))
    return module("cupy._core._reduction")._ReductionKernel_get_cached_function_code(
        made.nin, 1, made._params, args, types, made.name, block, made.reduce_type, made.identity, made.map_expr,
        made.reduce_expr, made.post_map_expr, made.preamble, made.options,
    )  # fmt: skip


def parts(
    reductions: Iterable[Reduction], dtypes: Sequence[str] | None = None, block: int = BLOCK,
    module: Callable[[str], Any] = importlib.import_module,
) -> tuple[tuple[str, str, str], ...]:  # fmt: skip
    """Reductions in each of their dtypes, as :mod:`host` takes them: a namespace, the kernel's name, its text."""
    return tuple(
        (f"{r.name}_{dtype}", r.arguments["name"], reduction_text(r, dtype, block=block, module=module))
        for r in reductions
        for dtype in (r.dtypes if dtypes is None else dtypes)
    )
