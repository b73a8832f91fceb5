"""Whether outputs are what the reference says: dtype, shape, device, and values within the rounding of their dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...device import Device
from ...dtypes import DType, finfo
from ...function import Function
from ...tensor import Tensor
from ..samples import determined
from .reference import expected_dtype, host, numpy, reference, widen

#: How many roundings a result may be off, where the problem itself magnifies them. Elsewhere: _ROUNDINGS.
_ROUNDINGS = 64
_ILL_CONDITIONED = {
    "cholesky", "cofactors", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "matrix_exp", "pinv", "qr", "slogdet",
    "solve", "solve_triangular", "svd", "svdvals",
}  # fmt: skip


def roundings(function: str) -> int:
    """How many roundings, relative to the largest value, the result of a function may be off."""
    return 40 * _ROUNDINGS if function in _ILL_CONDITIONED else _ROUNDINGS


def check(
    function: Function,
    outputs: Sequence[Tensor],
    expected: Sequence[Any],
    tested: DType,
    parameters: dict[str, Any],
    what: str,
) -> None:
    """Assert that the outputs of a call equal the reference's."""
    np = numpy()
    assert len(outputs) == len(expected), f"{what}: {len(outputs)} outputs, expected {len(expected)}"
    got = []
    for out, want in zip(outputs, expected, strict=True):
        assert tuple(out.shape) == want.shape, f"{what}: shape {tuple(out.shape)}, expected {want.shape}"
        got.append(widen(host(out)))
    for one, want in zip(determined(function.name, got), determined(function.name, expected), strict=True):
        dtype = expected_dtype(reference().type_of(np.asarray(want)).dtype, tested, parameters)
        # A result of a wider type is no more precise than the arguments' type, in which it is computed.
        coarse = (
            tested
            if dtype.is_differentiable and tested.is_differentiable and finfo(tested).eps > finfo(dtype).eps
            else dtype
        )
        check_values(np.asarray(one), np.asarray(want), coarse, what, roundings(function.name))


def check_types(
    function: Function,
    outputs: Sequence[Tensor],
    expected: Sequence[Any],
    tested: DType,
    device: Device,
    parameters: dict[str, Any],
) -> None:
    """Assert that each output is an array of the backend, on the device, and of the dtype that the Tensor tells."""
    call = f"{function.name}({tested.name})"
    for out, want in zip(outputs, expected, strict=True):
        backend = out._type.backend
        array = out._array
        assert type(array) is backend.array_class, (
            f"{call}: the array is a {type(array)}, expected {backend.array_class}"
        )
        actual = backend.type_of(array)
        assert actual.dtype is out.dtype, (
            f"{call} gives an array of {actual.dtype.name}, the Tensor over it says {out.dtype.name}; "
            f"a kernel must return {out.dtype.name} here"
        )
        assert actual.device is out.device is device, (
            f"{call}: the array is on {actual.device}, the Tensor says {out.device}, the arguments are on {device}"
        )
        dtype = expected_dtype(reference().type_of(want).dtype, tested, parameters)
        assert out.dtype is dtype, f"{call} gives {out.dtype.name}, expected {dtype.name}"


def check_values(got: Any, want: Any, dtype: DType, what: str, allowed: int = _ROUNDINGS) -> None:
    """Assert that two NumPy arrays are equal up to the rounding of a dtype; NaN equals NaN."""
    np = numpy()
    if not dtype.is_differentiable:
        same = got == want
    else:
        got, want = widen(got), widen(want)
        finite = np.isfinite(want)
        scale = np.max(np.abs(want), where=finite, initial=0.0)
        with np.errstate(all="ignore"):
            near = (
                np.abs(got - want) <= allowed * finfo(dtype).eps * (np.abs(want) + scale) + finfo(dtype).smallest_normal
            )
            overflow = np.isinf(got) & (np.abs(want) > finfo(dtype).max)
        same = np.where(finite, near | overflow, _same_special(got, want))
    if not np.all(same):
        worst = tuple(int(i) for i in np.argwhere(~np.asarray(same))[0])
        raise AssertionError(
            f"{what}: {int(np.sum(~np.asarray(same)))} of {np.size(want)} values differ; at {list(worst)} "
            f"got {got[worst]!r}, expected {want[worst]!r}"
        )


def _same_special(got: Any, want: Any) -> Any:
    """Whether infinities and NaNs agree. Of a complex number with one in it, only that it has one is asked."""
    np = numpy()
    if want.dtype.kind == "c":
        return ~np.isfinite(got)
    return (got == want) | (np.isnan(got) & np.isnan(want))
