"""``out=``: results written into tensors that are there."""

from __future__ import annotations

import warnings
from typing import Any

from ..autograd.inplace import assign
from ..errors import ArgumentError, DTypeError, GradientError
from ..tensor import Tensor

#: Functions whose ``out=`` must have the very dtype of the result; others convert it to the dtype of ``out``.
EXACT = frozenset((
    "addbmm", "addmm", "addmv", "amax", "amin", "aminmax", "baddbmm", "bmm", "bucketize", "ceil", "cholesky_ex",
    "complex", "conj_physical", "cross", "cummax", "cummin", "det", "diag", "diff", "dot", "eigh", "eigvalsh",
    "floor", "frac", "frexp", "gather", "heaviside", "histc", "histogram", "index_add", "index_copy",
    "index_reduce", "index_select", "inner", "inv", "inv_ex", "kthvalue", "ldl_factor", "ldl_factor_ex",
    "ldl_solve", "log_softmax", "logcumsumexp", "lu_factor", "lu_factor_ex", "lu_solve", "lu_unpack",
    "masked_select", "matmul", "matrix_norm", "mm", "mode", "msort", "multi_dot", "multinomial", "mv", "nan_to_num",
    "nanquantile", "narrow_copy", "neg", "norm", "ormqr", "qr", "quantile", "renorm", "round", "scatter",
    "scatter_add", "scatter_reduce", "sgn", "sign", "slice_scatter", "slogdet", "softmax", "solve", "solve_ex",
    "solve_triangular", "sort", "svd", "svdvals", "take", "take_along_dim", "tensordot", "topk", "triangular_solve",
    "tril", "triu", "trunc", "vdot", "vecdot", "vector_norm",
))  # fmt: skip


def write_out(name: str, out: Any, result: Any) -> Any:
    """Write results into the tensors that ``out=`` names, and return these.

    A tensor of another shape is resized, with a warning unless it is empty, as in PyTorch.

    Raises
    ------
    GradientError : a result has a gradient, which ``out=`` cannot carry
    DTypeError : a result of a higher kind than the tensor holds, such as a float for an int; another dtype, where
        PyTorch converts none
    ArgumentError : elements of the tensor share memory, as in one that was expanded
    TypeError : another number of tensors than of results
    """
    if isinstance(result, Tensor):
        return _write(name, out, result)
    if not isinstance(out, tuple | list) or len(out) != len(result):
        raise TypeError(f"{name}(): out must be a tuple of {len(result)} tensors, got {type(out).__name__}")
    written = [_write(name, o, r) for o, r in zip(out, result, strict=True)]
    return type(result)(*written) if hasattr(result, "_fields") else tuple(written)


def _write(name: str, out: Any, result: Tensor) -> Tensor:
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if name in EXACT and out.dtype is not result.dtype:
        raise DTypeError(
            f"{name}(): expected out tensor to have dtype {result.dtype.name}, got {out.dtype.name} instead"
        )
    if out.numel() and any(step == 0 and size > 1 for step, size in zip(out.stride(), out.shape, strict=True)):
        raise ArgumentError(
            f"{name}(): unsupported operation: more than one element of the written-to tensor refers to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )
    if result.requires_grad or out.requires_grad:
        raise GradientError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    if out.shape != result.shape:
        if out.numel():
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not "
                f"match the required output shape {list(result.shape)}. Resize it first, as in out.resize_(0).",
                UserWarning,
                stacklevel=4,
            )
        out.resize_(result.shape)
    return assign(out, result)
