"""Comparing tensors in tests: ``assert_close``; and making some: ``make_tensor``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pluggrad

from .. import dtypes
from ..dtypes import DType
from ..tensor import Tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

#: Relative and absolute tolerance by dtype, PyTorch's.
TOLERANCES: dict[DType, tuple[float, float]] = {
    dtypes.float16: (1e-3, 1e-5), dtypes.bfloat16: (1.6e-2, 1e-5), dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7), dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
    check_stride: bool = False, msg: str | Callable[[str], str] | None = None,
) -> None:  # fmt: skip
    """Raise an AssertionError if ``actual`` and ``expected`` differ by more than ``atol + rtol * abs(expected)``.

    Parameters
    ----------
    actual, expected : tensors, numbers, arrays, or sequences and mappings of such
    rtol, atol : both or neither; default: by the dtype (of two, the larger)
    equal_nan : let NaN equal NaN
    check_device, check_dtype : also compare these, of tensors
    check_stride : also compare the strides
    allow_subclasses, check_layout : accepted; all tensors are strided
    msg : what to say instead, or what makes it of what would have been said

    Raises
    ------
    AssertionError : they differ
    TypeError : they are nothing that can be compared
    ValueError : only one of ``rtol`` and ``atol``

    >>> import pluggrad.torch as torch
    >>> torch.testing.assert_close(torch.tensor([1.0, 1e-7]), torch.tensor([1.0, 0.0]))
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    options = {
        "rtol": rtol, "atol": atol, "equal_nan": equal_nan, "device": check_device, "dtype": check_dtype,
        "stride": check_stride,
    }  # fmt: skip
    difference = _difference(actual, expected, options, "")
    if difference is not None:
        raise AssertionError(difference if msg is None else msg(difference) if callable(msg) else msg)


def _difference(actual: Any, expected: Any, options: Mapping[str, Any], where: str) -> str | None:
    """How they differ, None if they do not."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if set(actual) != set(expected):
            return f"The keys of the mappings do not match{where}: {sorted(map(str, set(actual) ^ set(expected)))}"
        pairs = [(key, actual[key], expected[key]) for key in expected]
    elif _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch{where}: {len(actual)} != {len(expected)}"
        pairs = [(i, *pair) for i, pair in enumerate(zip(actual, expected, strict=True))]
    else:
        return _difference_of_tensors(actual, expected, options, where)
    for key, one, other in pairs:
        found = _difference(one, other, options, f"{where} at item [{key}]")
        if found is not None:
            return found
    return None


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _tensor(value: Any) -> Tensor:
    try:
        return value if isinstance(value, Tensor) else pluggrad.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(value).__name__}") from error


def _difference_of_tensors(actual: Any, expected: Any, options: Mapping[str, Any], where: str) -> str | None:
    numbers = not isinstance(actual, Tensor) and not isinstance(expected, Tensor)
    if actual is None or expected is None:
        return None if actual is expected else f"None mismatch{where}: {actual} is not {expected}"
    a, b = _tensor(actual).detach(), _tensor(expected).detach()
    if a.shape != b.shape:
        return f"The values for attribute 'shape' do not match{where}: {a.shape} != {b.shape}."
    if options["device"] and a.device != b.device:
        return f"The values for attribute 'device' do not match{where}: {a.device} != {b.device}."
    if options["dtype"] and a.dtype != b.dtype and not numbers:
        return f"The values for attribute 'dtype' do not match{where}: {a.dtype} != {b.dtype}."
    if options["stride"] and a.stride() != b.stride():
        return f"The values for attribute 'stride()' do not match{where}: {a.stride()} != {b.stride()}."
    known = [TOLERANCES.get(t.dtype, (0.0, 0.0)) for t in (a, b)]
    rtol = max(r for r, _ in known) if options["rtol"] is None else options["rtol"]
    atol = max(t for _, t in known) if options["atol"] is None else options["atol"]
    a = a.to(b.device)
    wide = dtypes.complex128 if a.dtype.is_complex or b.dtype.is_complex else dtypes.float64
    whole = not (a.dtype.is_differentiable or b.dtype.is_differentiable) and not rtol and not atol
    if not whole:
        a, b = a.to(wide), b.to(wide)
    close = a == b if whole else pluggrad.isclose(a, b, rtol, atol, options["equal_nan"])
    if bool(close.all()):
        return None
    return _described(a, b, close, rtol, atol, where)


def _described(a: Tensor, b: Tensor, close: Tensor, rtol: float, atol: float, where: str) -> str:
    kind = "equal" if not rtol and not atol else "close"
    if not a.ndim:
        allowed = "" if kind == "equal" else f" (up to {atol} allowed absolutely, up to {rtol} relatively)"
        return f"Scalars are not {kind}{where}!\n\nExpected {b.item()} but got {a.item()}.{allowed}"
    wrong = pluggrad.argwhere(~close)
    wide = dtypes.complex128 if a.dtype.is_complex else dtypes.float64
    absolute = (a.to(wide) - b.to(wide)).abs()
    relative = absolute / b.to(wide).abs()
    share = f"{wrong.shape[0]} / {a.numel()} ({wrong.shape[0] / a.numel():.1%})"
    lines = [f"Tensor-likes are not {kind}{where}!", "", f"Mismatched elements: {share}"]
    for name, size, limit in (("absolute", absolute, atol), ("relative", relative, rtol)):
        size = pluggrad.where(~close, size, 0.0).nan_to_num(nan=float("inf"))
        at = pluggrad.unravel_index(size.argmax(), tuple(size.shape))
        place = tuple(int(i) for i in at)
        allowed = "" if kind == "equal" else f" (up to {limit} allowed)"
        lines.append(f"Greatest {name} difference: {size.max().item()} at index {place}{allowed}")
    return "\n".join(lines)


def assert_allclose(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True,
    msg: str = "",
) -> None:  # fmt: skip
    """The older :func:`assert_close`: it compares neither dtypes nor devices, and NaN equals NaN.

    >>> import pluggrad.torch as torch
    >>> torch.testing.assert_allclose([1.0], torch.ones(1, dtype=torch.float64))
    """
    if not isinstance(actual, Tensor):
        actual = pluggrad.tensor(actual)
    if not isinstance(expected, Tensor):
        expected = pluggrad.tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        rtol, atol = TOLERANCES.get(actual.dtype, (0.0, 0.0))
    assert_close(
        actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_device=True, check_dtype=False,
        msg=msg or None,
    )  # fmt: skip


def make_tensor(
    *shape: Any, dtype: DType, device: Any = "cpu", low: float | None = None, high: float | None = None,
    requires_grad: bool = False, noncontiguous: bool = False, exclude_zero: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of random values in [low, high): by default, of integers, small ones, and of floats from -9 to 9.

    Parameters
    ----------
    shape : ints, or one sequence
    noncontiguous : let its elements lie apart in memory
    exclude_zero : put a small number, or 1, in place of zeros

    >>> import pluggrad.torch as torch
    >>> torch.testing.make_tensor(2, 3, dtype=torch.float32).shape
    pluggrad.Size([2, 3])
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    if noncontiguous and pluggrad.numel(pluggrad.empty(sizes)) > 1:
        sizes = (*sizes[:-1], sizes[-1] * 2)
    if dtype is dtypes.bool_:
        out = pluggrad.randint(0, 2, sizes, device=device).to(dtype)
    elif not dtype.is_differentiable:
        bottom = 0 if dtype.kind == "unsigned integer" else -9
        least, most = bottom if low is None else int(low), 10 if high is None else int(high)
        out = pluggrad.randint(least, most, sizes, device=device).to(dtype)
    else:
        least_, most_ = -9.0 if low is None else low, 9.0 if high is None else high
        real = pluggrad.rand(sizes, dtype=dtypes.float64, device=device) * (most_ - least_) + least_
        if dtype.is_complex:
            other = pluggrad.rand(sizes, dtype=dtypes.float64, device=device) * (most_ - least_) + least_
            real = pluggrad.complex(real, other)
        out = real.to(dtype)
    if exclude_zero:
        tiny = pluggrad.finfo(dtype).tiny if dtype.is_differentiable else 1
        out = pluggrad.where(out == 0, pluggrad.full_like(out, tiny), out)
    if noncontiguous and out.numel() > 1:
        out = out[..., ::2]
    return out.requires_grad_(requires_grad) if requires_grad else out
