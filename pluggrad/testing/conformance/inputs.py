"""Inputs of a function: the arrays of a sample in a dtype, on the device under test, in several memory layouts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ...device import Device
from ...dtypes import FLOATING, DType, float16, int64
from ...dtypes import bool_ as boolean
from ...function import Function
from ...ops.creation import asarray, from_numpy
from ...ops.reductions import accumulation_dtype
from ...ops.views import permute_dims
from ...tensor import Tensor
from ..samples import Sample, Spec, samples_of
from .reference import numpy

#: Functions that the standard leaves undefined for negative integers.
_NON_NEGATIVE_INTEGERS = {"pow"}
#: Parameters that count axes, positions or steps, and so may be negative in any dtype.
_POSITIONS = ("axis", "axis1", "axis2", "by", "k", "offset", "shift", "decimals", "ord", "diagonal")
_FEW = 64
#: Functions of contiguous arrays only: the public ones refuse others.
CONTIGUOUS = ("as_strided",)


def dtype_of(function: Function, position: int, spec: Spec, tested: DType) -> DType:
    """The dtype of one array argument of a call in the dtype ``tested``."""
    if spec.floating:
        return tested
    name = function.arrays[0 if function.variadic else position]
    if name in function.promoted and not FLOATING & function.kinds:  # of bitwise functions, say
        return tested
    return int64 if spec.kind == "integer" else boolean


def takes_dtype(function: Function) -> bool:
    """Whether any argument of a function has the dtype under test: not those of indices alone, say."""
    samples = samples_of(function.name)
    return any(
        dtype_of(function, i, spec, float16) is float16
        for s in samples
        for i, spec in enumerate(s.arrays)
        if spec is not None
    )


def _unfit(name: str, value: Any, dtype: DType) -> bool:
    """Whether a parameter stands for a number that an integer dtype lacks: 0.5, or -1 for an unsigned one."""
    if isinstance(value, float):
        return name not in ("rtol", "atol")
    return type(value) is int and value < 0 and not dtype.is_signed and name not in _POSITIONS


def fitting(function: Function, samples: Iterable[Sample], tested: DType) -> Iterator[Sample]:
    """The samples that make sense in a dtype, as the public functions would call them."""
    for sample in samples:
        if not tested.is_differentiable and any(_unfit(n, v, tested) for n, v in sample.parameters.items()):
            continue
        if not tested.is_differentiable and "dtype" in function.parameters and "dtype" not in sample.parameters:
            sample = Sample(sample.arrays, sample.parameters | {"dtype": accumulation_dtype(tested)})
        yield sample


def values_of(function: Function, position: int, spec: Spec, tested: DType, seed: int = 0) -> Any:
    """The values of one array argument, as a NumPy array of its dtype (bfloat16: as float32)."""
    np = numpy()
    dtype = dtype_of(function, position, spec, tested)
    flat = _flat(spec, dtype, 131 * seed + position)
    if dtype.kind.endswith("integer") and (function.name in _NON_NEGATIVE_INTEGERS or not dtype.is_signed):
        flat = np.abs(flat)
    return _round(np.reshape(flat, spec.shape), dtype)


def _flat(spec: Spec, dtype: DType, seed: int) -> Any:
    np = numpy()
    count = math.prod(spec.shape)
    if spec.kind == "definite":
        return np.asarray(spec.values(seed, dtype.is_complex)).reshape(-1)
    # A large array repeats the values of a small one: that it is large is what matters. 251 is prime, so
    # that no kernel's blocks repeat with it.
    drawn = min(count, 251) if spec.kind != "distinct" else count
    flat = np.asarray(Spec(spec.kind, (drawn,), spec.low, spec.high).values(seed, dtype.is_complex))
    if drawn < count:
        flat = np.resize(flat, count)
    if dtype.kind == "bool":
        return flat if flat.dtype.kind == "b" else flat > 0
    if dtype.kind.endswith("integer") and spec.kind == "distinct":
        return np.round((flat - spec.low) * 10)
    if dtype.kind.endswith("integer") and spec.kind == "real":
        # Away from 0 where the sample is, which may be a divisor.
        return 1 + np.floor(flat * 2) if spec.low >= 0 else np.round(flat * 1.5)
    return flat


def _round(array: Any, dtype: DType) -> Any:
    """An array in a dtype, exactly as the device will hold it."""
    np = numpy()
    if dtype.name == "bfloat16":  # the upper half of a float32
        return (np.asarray(array, dtype="float32").view("uint32") & 0xFFFF0000).view("float32")
    return np.asarray(array).astype(dtype.name)


def arrays_of(function: Function, sample: Sample, tested: DType, seed: int = 0) -> list[Any]:
    """The values of all arguments of a call as NumPy arrays, None for one that is left out."""
    return [
        None if spec is None else values_of(function, i, spec, tested, seed) for i, spec in enumerate(sample.arrays)
    ]


def on_device(array: Any, dtype: DType, device: Device) -> Tensor:
    """A contiguous tensor with the values of a NumPy array."""
    if array.size <= _FEW:  # from lists: so that a wrong transfer does not make every function look wrong
        return asarray(array.tolist(), dtype=dtype, device=device).reshape(array.shape)
    return from_numpy(array.copy()).to(device).to(dtype)


def tensors_of(
    function: Function, sample: Sample, arrays: list[Any], tested: DType, device: Device, layout: str = "contiguous"
) -> list[Tensor | None]:
    """The arguments of a call on the device, in a layout."""
    arrange = LAYOUTS[layout]
    out: list[Tensor | None] = []
    for i, (spec, array) in enumerate(zip(sample.arrays, arrays, strict=True)):
        out.append(None if array is None else arrange(array, dtype_of(function, i, spec, tested), device))
    return out


def _strided(array: Any, dtype: DType, device: Device) -> Tensor:
    """Every other element of a larger array."""
    if not array.ndim:
        return _offset(array, dtype, device)
    doubled = numpy().repeat(array, 2, axis=-1)
    doubled[..., 1::2] = 1  # so that reading the wrong element shows
    return on_device(doubled, dtype, device)[..., ::2]


def _transposed(array: Any, dtype: DType, device: Device) -> Tensor:
    """The axes in the reverse order in memory."""
    order = tuple(reversed(range(array.ndim)))
    return permute_dims(on_device(numpy().transpose(array).copy(), dtype, device), order)


def _reversed(array: Any, dtype: DType, device: Device) -> Tensor:
    """The elements backwards in memory."""
    return on_device(array[::-1].copy(), dtype, device)[::-1] if array.ndim else on_device(array, dtype, device)


def _offset(array: Any, dtype: DType, device: Device) -> Tensor:
    """A part of a larger array, which begins one element later."""
    flat = numpy().concatenate([numpy().ones(1, array.dtype), array.reshape(-1)])
    return on_device(flat, dtype, device)[1:].view(*array.shape) if array.ndim else on_device(flat, dtype, device)[1]


LAYOUTS: dict[str, Callable[[Any, DType, Device], Tensor]] = {
    "contiguous": on_device,
    "strided": _strided,
    "transposed": _transposed,
    "reversed": _reversed,
    "offset": _offset,
}


def sizes_of(function: Function, sample: Sample) -> Iterator[Sample]:
    """An elementwise call on other shapes: empty, of one element, broadcast, large."""
    if len(sample.arrays) == 1:
        shapes: tuple[tuple[tuple[int, ...], ...], ...] = (((0,),), ((2, 0, 3),), ((1, 1),), ((7, 3, 5),), ((20_011,),))
    else:
        shapes = (
            ((0,), (1,)), ((2, 0, 3), (3,)), ((), (0, 2)), ((3, 1, 2), (4, 1)), ((20_011,), (20_011,)),
            ((151, 1), (1, 133)),
        )  # fmt: skip
    for first in shapes:
        pattern = first if len(sample.arrays) < 3 else (first[0], first[1], first[0])
        specs = [s for s in sample.arrays if s is not None]
        yield Sample(
            tuple(Spec(s.kind, shape, s.low, s.high) for s, shape in zip(specs, pattern, strict=True)),
            sample.parameters,
        )


#: Numbers at which functions are often wrong.
SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, math.inf, -math.inf, math.nan)


def special_arrays(count: int, dtype: DType) -> list[Any]:
    """Every combination of special numbers, as arrays for ``count`` arguments."""
    np = numpy()
    grids = np.meshgrid(*[np.asarray(SPECIAL)] * count, indexing="ij")
    return [_round(grid.reshape(-1), dtype) for grid in grids]
