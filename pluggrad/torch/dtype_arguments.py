"""Which dtypes PyTorch's functions refuse that pluggrad's take: tensors of two dtypes, and kinds that have no result.

The functions of :mod:`pluggrad` promote where the array API standard promotes, and where PyTorch does not. A program
that relies on PyTorch's error, which most often finds a forgotten ``.float()``, gets it here, in functions; operators
and modules promote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.autocast import AUTOCAST
from ..errors import DTypeError
from ..tensor import Tensor

#: Functions whose tensors must have one dtype: those at the given places.
SAME: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot", "vdot", "inner", "tensordot", "cross", "vecdot"), (0, 1)),
    **dict.fromkeys(("addmm", "addmv", "addbmm", "baddbmm", "ormqr", "linear", "bilinear", "layer_norm"), (0, 1, 2, 3)),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), (0, 1, 2)),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), (0, 1, 2)),
    **dict.fromkeys(("solve", "solve_ex", "solve_triangular", "tensorsolve", "lstsq", "cholesky_solve"), (0, 1)),
    **dict.fromkeys(("triangular_solve", "householder_product", "prelu", "lerp", "heaviside", "histogram"), (0, 1)),
    **dict.fromkeys(("allclose", "isclose", "binary_cross_entropy", "complex", "polar"), (0, 1)),
    **dict.fromkeys(("index_add", "index_copy", "index_reduce", "scatter_add", "scatter_reduce", "scatter"), (0, 3)),
    **dict.fromkeys(("index_put", "index_put_", "masked_scatter", "put"), (0, 2)), "lu_solve": (0, 1),
}  # fmt: skip
SAME_IN_LINALG: dict[str, tuple[int, ...]] = {"lu_solve": (0, 2)}

_INTEGERS = frozenset(("bool", "signed integer", "unsigned integer"))
_BOOL, _COMPLEX = frozenset(("bool",)), frozenset(("complex floating",))
#: Functions that refuse kinds of dtypes in their first two arguments.
REFUSED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("std", "var", "std_mean", "var_mean", "nanmean", "frexp", "normalize"), _INTEGERS),
    **dict.fromkeys(("norm", "vector_norm", "renorm", "vecdot"), _INTEGERS),
    **dict.fromkeys(("quantile", "nanquantile", "cdist", "pdist", "kl_div"), _INTEGERS | _COMPLEX),
    **dict.fromkeys(("view_as_complex", "complex", "polar"), _INTEGERS | _COMPLEX),
    **dict.fromkeys(("argmax", "argmin", "topk", "cov", "corrcoef", "isin", "trapz", "trapezoid", "mvlgamma"), _BOOL),
    **dict.fromkeys(("cumulative_trapezoid", "neg", "negative", "positive", "sub", "subtract", "relu", "relu6"), _BOOL),
    **dict.fromkeys(("hardtanh", "softmin", "tanhshrink", "vander"), _BOOL),
    **dict.fromkeys(("cosine_similarity", "nansum"), _COMPLEX),
}  # fmt: skip


def dtype_check(name: str, module: str) -> Callable[[Sequence[Any], dict[str, Any]], None] | None:
    """What PyTorch's function checks of its tensors' dtypes; None if nothing."""
    places = SAME_IN_LINALG.get(name) if module == "linalg" else None
    places = SAME.get(name, ()) if places is None else places
    refused = frozenset() if (name, module) == ("vander", "") else REFUSED.get(name, frozenset())
    if not places and not refused:
        return None

    def check(args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        if AUTOCAST:  # which brings them to one dtype
            return
        if places:
            _check_same(name, args, places)
        for value in args[:2] if refused else ():
            if isinstance(value, Tensor) and value.dtype.kind in refused and kwargs.get("dtype") is None:
                raise DTypeError(f"{name}(): dtype {value.dtype.name} is not supported; convert it, as in x.float()")

    return check


def _check_same(name: str, args: Sequence[Any], places: tuple[int, ...]) -> None:
    found = [args[i].dtype for i in places if i < len(args) and isinstance(args[i], Tensor)]
    if any(dtype is not found[0] for dtype in found[1:]):
        names = ", ".join(dtype.name for dtype in found)
        raise DTypeError(f"{name}(): expected tensors of the same dtype, got {names}; convert one, as in x.to(y.dtype)")
