"""The names that mean one thing in the array API standard, and so in :mod:`pluggrad`, and another in PyTorch.

One table, :data:`CONFLICTS`. Tensor's methods follow PyTorch throughout, so most of its entries are methods. Any
other function of :mod:`pluggrad` means in PyTorch what it means there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

import pluggrad

from .. import dtypes
from ..autograd.mode import no_grad
from ..autograd.operands import SCALARS, wrap
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ops.ranges import spaced
from ..tensor import Tensor
from .saving import SAVING, SERIALIZATION


def method(name: str) -> Callable[..., Any]:
    """Tensor's method as a function whose first argument is the tensor."""
    return getattr(Tensor, name)


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input + alpha * other``; one of both may be a number."""
    return input.add(other, alpha=alpha) if isinstance(input, Tensor) else pluggrad.add(input, other * alpha)


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input - alpha * other``; one of both may be a number."""
    return input.sub(other, alpha=alpha) if isinstance(input, Tensor) else pluggrad.subtract(input, other * alpha)


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``other - alpha * input``."""
    return sub(other, input, alpha=alpha)


def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: DType | None = None, **words: Any) -> Tensor:
    """Arithmetic mean over axes; of floating-point tensors only, as in PyTorch.

    Raises
    ------
    DTypeError : integers or bools, and no ``dtype``; a ``dtype`` that has no fractions
    """
    kind, result = ("Input", input.dtype) if dtype is None else ("Optional", dtype)
    if not result.is_differentiable:
        raise DTypeError(
            f"mean(): could not infer output dtype. {kind} dtype must be either a floating point or complex dtype. "
            f"Got: {result.name}"
        )
    return input.mean(dim, keepdim, dtype=dtype, **words)


def sign(input: Tensor) -> Tensor:
    """The sign of each element; 0 for NaN, as in PyTorch. Complex numbers have :func:`sgn`.

    Raises
    ------
    DTypeError : complex
    """
    if input.dtype.is_complex:
        raise DTypeError("Unlike NumPy, torch.sign doesn't allow complex numbers; use torch.sgn")
    out = pluggrad.sign(input)
    return pluggrad.where(pluggrad.isnan(input), 0, out) if input.dtype.is_floating_point else out


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element brought into the range from ``min`` to ``max``; a float bound makes integers floats.

    Raises
    ------
    RuntimeError : no bound
    TypeError : one bound a tensor, the other a number
    """
    if min is not None and max is not None and isinstance(min, Tensor) != isinstance(max, Tensor):
        raise TypeError(
            f"clamp() takes two tensors or two numbers, got min={type(min).__name__}, max={type(max).__name__}"
        )
    if any(isinstance(bound, float) for bound in (min, max)) and not input.dtype.is_differentiable:
        input = input.to(dtypes.get_default_dtype())
    return input.clamp(min, max)


def sgn(input: Tensor) -> Tensor:
    """The sign of each element, of a complex one ``x / abs(x)``; 0 for a real NaN, as in PyTorch."""
    return sign(input) if input.dtype.is_floating_point else pluggrad.sgn(input)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient, as it is or rounded: see :func:`pluggrad.divide`, and :func:`floor_divide` for "floor"."""
    if rounding_mode == "floor":
        return floor_divide(input, other)
    return pluggrad.divide(input, other, rounding_mode=rounding_mode)


def floor_divide(input: Any, other: Any) -> Tensor:
    """The quotient rounded down; at infinities and zeros PyTorch's values, which are C's and Python's.

    An infinity divided is NaN (the remainder of which it is computed is), a number divided by an infinity of the
    other sign -1, and what is divided by zero the true quotient. (The standard has infinities and zeros there.)
    """
    out = pluggrad.floor_divide(input, other)
    if not out.dtype.is_floating_point:
        return out
    with no_grad():
        a, b = wrap_like(input, out), wrap_like(other, out)
        special = pluggrad.isinf(a) | pluggrad.isinf(b) | (b == 0)
        rest = pluggrad.fmod(a, b)
        quotient = (a - rest) / b - ((rest != 0) & ((b < 0) != (rest < 0))).to(out.dtype)
        quotient = pluggrad.where(b == 0, a / b, pluggrad.floor(quotient))
    return pluggrad.where(special, quotient, out)


def wrap_like(value: Any, like: Tensor) -> Tensor:
    """A number or tensor as a tensor of the dtype of another."""
    return like.new_tensor(value) if isinstance(value, SCALARS) else value.to(like.dtype)


def remainder(input: Any, other: Any) -> Tensor:
    """The remainder with the sign of the divisor; one of zero has the sign of what was divided, as in PyTorch."""
    out = pluggrad.remainder(input, other)
    if not out.dtype.is_floating_point:
        return out
    dividend = wrap_like(input, out)
    return pluggrad.where(out == 0, pluggrad.copysign(out.detach(), dividend.detach()), out)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates as grids, by default in the order of a matrix's axes; also of one list of tensors."""
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        tensors = tuple(tensors[0])
    return tuple(pluggrad.meshgrid(*tensors, indexing=indexing))


def eye(n: int, m: int | None = None, **words: Any) -> Tensor:
    """The identity matrix, ``n`` by ``m``.

    Raises
    ------
    ArgumentError : a negative number of rows or columns
    """
    for name, count in (("n", n), ("m", n if m is None else m)):
        if count < 0:
            raise ArgumentError(f"{name} must be greater or equal to 0, got {count}")
    return pluggrad.eye(n, m, **words)


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Elements of ``input`` where the condition holds, else of ``other``; of the condition alone, its indices."""
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if isinstance(input, SCALARS) and isinstance(other, SCALARS):
        dtype = dtypes.promote(dtypes.of_scalar(input), dtypes.of_scalar(other))
        input = pluggrad.full((), input, dtype=dtype, device=condition.device)
    if condition.dtype != dtypes.bool_:
        if condition.dtype is not dtypes.uint8:
            raise DTypeError(
                f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype}"
            )
        condition = condition.to(dtypes.bool_)
    return pluggrad.where(condition, input, other)


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype of an operation on two tensors or numbers, for which a 0-D tensor is weak beside one with axes."""
    with_axes: list[DType] = []
    without: list[DType] = []
    scalars: list[Any] = []
    for value in (tensor1, tensor2):
        if isinstance(value, SCALARS):
            scalars.append(value)
        elif isinstance(value, DType):
            raise TypeError("result_type(): arguments must be tensors or numbers; for dtypes call promote_types")
        else:
            (with_axes if wrap(value).ndim else without).append(wrap(value).dtype)
    return dtypes.promote_by_rank(with_axes, without, scalars)


def can_cast(from_: DType, to: DType) -> bool:
    """Whether PyTorch's casting rules allow it: not from complex to real, nor from float to integer, nor to bool."""
    order = ("bool", "integer", "real floating", "complex floating")
    low, high = (order.index("integer" if d.kind.endswith("integer") else d.kind) for d in (from_, to))
    return low <= high


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that both promote to."""
    return dtypes.promote(type1, type2)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A diagonal of a matrix, or the matrix that has a vector as its diagonal.

    Raises
    ------
    ArgumentError : neither a vector nor a matrix
    """
    if input.ndim not in (1, 2):
        raise ArgumentError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return pluggrad.diag(input, diagonal)


def arange(start: Any, end: Any = None, step: Any = 1, **words: Any) -> Tensor:
    """Evenly spaced values in [start, end); with one argument, in [0, start).

    Raises
    ------
    ArgumentError : a step that leads away from the end, or of 0; an infinite bound
    """
    first, last = (0, start) if end is None else (start, end)
    if step == 0:
        raise ArgumentError("step must be nonzero")
    if any(isinstance(bound, float) and not isfinite(bound) for bound in (first, last)):
        raise ArgumentError(f"unsupported range: {first} -> {last}")
    if (last - first) / step < 0:
        raise ArgumentError("upper bound and lower bound inconsistent with step sign")
    return pluggrad.arange(first, last, step, **words)


def linspace(start: Any, end: Any, steps: int, **words: Any) -> Tensor:
    """``steps`` evenly spaced values from ``start`` to ``end``; of an integer dtype cut off towards 0."""
    dtype = words.pop("dtype", None)
    numbers = isinstance(start, int | float) and isinstance(end, int | float)
    if numbers and (dtypes.get_default_dtype() if dtype is None else dtype) is dtypes.float32 and steps > 1:
        return spaced(start, end, steps, words.get("device")).requires_grad_(words.get("requires_grad", False))
    if dtype is None or dtype.is_differentiable:
        return pluggrad.linspace(start, end, steps, dtype=dtype, **words)
    return pluggrad.linspace(start, end, steps, dtype=dtypes.float64, **words).to(dtype)


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Any = 0) -> Tensor:
    """A constant around the last axes: two numbers of elements for each, before and behind, the last axis first."""
    return pluggrad.nn.functional.pad(input, tuple(pad), "constant", value)


def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """Each element, but ``value`` where it is not above ``threshold``."""
    return pluggrad.where(input > threshold, input, value)


def batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    training: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Tensor:  # fmt: skip
    """:func:`pluggrad.nn.functional.batch_norm` with its arguments in the order of ``torch.batch_norm``."""
    return pluggrad.nn.functional.batch_norm(
        input, running_mean, running_var, weight, bias, training=training, momentum=momentum, eps=eps
    )


def instance_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Tensor:  # fmt: skip
    """:func:`pluggrad.nn.functional.instance_norm` with its arguments in the order of ``torch.instance_norm``."""
    return pluggrad.nn.functional.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats=use_input_stats, momentum=momentum, eps=eps
    )


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """:func:`pluggrad.nn.functional.embedding` with its arguments in the order of ``torch.embedding``."""
    padding = None if padding_idx < 0 else padding_idx
    return pluggrad.nn.functional.embedding(
        indices, weight, padding_idx=padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse
    )


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudoinverse of each matrix."""
    return input.pinverse(rcond)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The solution X of ``A @ X = B``; ``B`` may also be a batch of vectors, of the batch shape of ``A``."""
    if left and B.ndim > 1 and A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1]):
        return pluggrad.linalg.solve(A, B[..., None])[..., 0]
    return pluggrad.linalg.solve(A, B, left=left)


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross product of vectors of three elements along an axis; of tensors of the same number of axes.

    Raises
    ------
    ShapeError : differing numbers of axes
    """
    if input.ndim != other.ndim:
        raise ShapeError(
            f"linalg.cross: inputs must have the same number of dimensions, got {input.ndim} and {other.ndim}"
        )
    return pluggrad.linalg.cross(input, other, dim=dim)


def finfo(type: DType | None = None) -> Any:
    """The limits of a floating-point type, by default the default one; ``dtype`` is its name, as in PyTorch."""
    found = dtypes.finfo(dtypes.get_default_dtype() if type is None else type)
    return replace(found, dtype=found.dtype.name)  # type: ignore[arg-type]


def iinfo(type: DType) -> Any:
    """The limits of an integer type; ``dtype`` is its name, as in PyTorch."""
    found = dtypes.iinfo(type)
    return replace(found, dtype=found.dtype.name)  # type: ignore[arg-type]


def _methods(*names: str) -> dict[str, Callable[..., Any]]:
    return {name: method(name) for name in names}


#: What the function is, by its name in ``torch``.
CONFLICTS: dict[str, Callable[..., Any]] = {
    # two meanings, the method's being PyTorch's
    **_methods(
        "all", "any", "argmax", "argmin", "argsort", "count_nonzero", "cumprod", "cumsum", "diff", "equal", "max",
        "median", "min", "nansum", "nonzero", "norm", "prod", "quantile", "sort", "squeeze", "std", "sum", "svd",
        "trace", "var",
    ),
    # two meanings, PyTorch's written here
    "mean": mean, "sign": sign, "sgn": sgn, "div": div, "divide": div, "clamp": clamp, "clip": clamp,
    "floor_divide": floor_divide, "remainder": remainder, "meshgrid": meshgrid, "where": where,
    "result_type": result_type, "can_cast": can_cast, "eye": eye, "diag": diag,
    # the same meaning, other arguments or results
    "finfo": finfo, "iinfo": iinfo,
    "add": add, "sub": sub, "subtract": sub, "pinverse": pinverse, "arange": arange,
    "linspace": linspace,
    "batch_norm": batch_norm, "instance_norm": instance_norm, "embedding": embedding,
    **SAVING,
    # PyTorch's alone
    "promote_types": promote_types, "rsub": rsub, "constant_pad_nd": constant_pad_nd, "threshold": threshold,
}  # fmt: skip


def conflicts_in(module: str) -> dict[str, Any]:
    """What functions of a submodule are, where they are not pluggrad's of the same name."""
    if module == "linalg":
        return {"solve": solve, "cross": cross}
    if module in ("autograd", "autograd.variable"):
        from .variable import Variable

        return {"Variable": Variable}
    if module == "serialization":
        return SERIALIZATION
    if module == "special":
        from .polynomials import POLYNOMIALS

        return POLYNOMIALS | {name: getattr(pluggrad.special, other) for name, other in SPECIAL_NAMES.items()}
    return {}


#: Names of ``torch.special`` that are others in SciPy, and so in :mod:`pluggrad.special`.
SPECIAL_NAMES = {
    "bessel_j0": "j0", "bessel_j1": "j1", "bessel_y0": "y0", "bessel_y1": "y1", "modified_bessel_i0": "i0",
    "modified_bessel_i1": "i1", "modified_bessel_k0": "k0", "modified_bessel_k1": "k1",
    "scaled_modified_bessel_k0": "k0e", "scaled_modified_bessel_k1": "k1e",
}  # fmt: skip

__all__: Sequence[str] = ["CONFLICTS", "SPECIAL_NAMES", "conflicts_in"]
