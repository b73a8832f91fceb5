"""Functions: every registered one equals the reference, in every dtype, shape and memory layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ... import autograd
from ...autograd.transforms import vmap
from ...device import Device
from ...dtypes import REAL_FLOATING, DType, float32, float64
from ...function import Function, functions
from ...ops.joining import stack
from ...tensor import Tensor, make
from ..samples import Sample, samples_of
from ..samples.spec import larger_samples_of
from . import compare
from .inputs import CONTIGUOUS, LAYOUTS, arrays_of, fitting, sizes_of, special_arrays, tensors_of
from .inputs import on_device as put
from .reference import evaluate, host, is_elementwise, numpy, widen
from .target import Target, excuse, is_computable, lacks, only

# Overflow and division by zero are among what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def takes_special_numbers(function: Function) -> bool:
    """Whether the arguments of an elementwise function are all real numbers."""
    if not is_elementwise(function) or not function.kinds >= REAL_FLOATING or function.name in NOT_AT_SPECIAL_NUMBERS:
        return False
    return all(s is not None and s.floating for s in samples_of(function.name)[0].arrays)


#: Functions that the standard leaves open there.
NOT_AT_SPECIAL_NUMBERS: set[str] = set()


def run(
    function: Function, tensors: list[Tensor | None], parameters: dict[str, Any], device: Device
) -> tuple[Tensor, ...]:
    """The outputs of a call on the device."""
    with autograd.no_grad(), device:
        outputs = function.call(*tensors, **parameters)
    return outputs if isinstance(outputs, tuple) else (outputs,)


def expect(function: Function, arrays: list[Any], sample: Sample) -> tuple[Any, ...]:
    """The reference's outputs."""
    return evaluate(function, [None if a is None else widen(a) for a in arrays], sample.parameters)


def shown(sample: Sample) -> str:
    """A call, for a message."""
    shapes = ", ".join("None" if s is None else str(list(s.shape)) for s in sample.arrays)
    return ", ".join([shapes, *(f"{k}={v!r}" for k, v in sample.parameters.items())])


def compare_on(
    target: Target,
    function: Function,
    dtype: DType,
    samples: Iterator[Sample] | list[Sample],
    layouts: tuple[str, ...] = ("contiguous",),
) -> None:
    """Run samples on the device and compare them with the reference."""
    for sample in fitting(function, samples, dtype):
        arrays = arrays_of(function, sample, dtype)
        expected = expect(function, arrays, sample)
        for layout in layouts:
            tensors = tensors_of(function, sample, arrays, dtype, target.device, layout)
            what = f"{function.name}({shown(sample)}), {dtype.name}" + (f", {layout}" if layout != "contiguous" else "")
            try:
                outputs = run(function, tensors, sample.parameters, target.device)
            except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
                if function.view and layout != "contiguous" and isinstance(error, ValueError):
                    continue  # a view that this layout cannot have
                excuse(error, dtype, function)
            compare.check(function, outputs, expected, dtype, sample.parameters, what)


def test_values(target: Target, function: Function, dtype: DType) -> None:
    compare_on(target, function, dtype, samples_of(function.name))


@only(lambda f: f.name not in CONTIGUOUS)
def test_memory_layouts(target: Target, function: Function, dtype: DType) -> None:
    """Strided, transposed, reversed and offset inputs have the same result."""
    compare_on(target, function, dtype, samples_of(function.name), tuple(LAYOUTS)[1:])


@only(is_elementwise)
def test_sizes(target: Target, function: Function, dtype: DType) -> None:
    """Empty, broadcast and large arrays."""
    compare_on(target, function, dtype, sizes_of(function, samples_of(function.name)[0]))


@only(lambda f: bool(larger_samples_of(f.name)))
def test_larger(target: Target, function: Function, dtype: DType) -> None:
    """Functions that are not elementwise, on empty and large arrays."""
    compare_on(target, function, dtype, larger_samples_of(function.name))


@only(takes_special_numbers)
def test_special_numbers(target: Target, function: Function) -> None:
    """Zeros of both signs, infinities, NaN."""
    arrays = special_arrays(len(function.arrays), float64)
    (expected,) = evaluate(function, arrays, {})
    for dtype in (float32, float64):
        (out,) = run(function, [put(a, dtype, target.device) for a in arrays], {}, target.device)
        compared = dtype if out.dtype.is_differentiable else out.dtype
        compare.check_values(host(out), expected, compared, f"{function.name} of special numbers, {dtype.name}")


def test_types(target: Target, function: Function) -> None:
    """The array under a Tensor has the dtype, the device and the class that the Tensor tells."""
    for dtype in (d for d in target.dtypes if d.kind in function.kinds):
        for sample in fitting(function, samples_of(function.name), dtype):
            arrays = arrays_of(function, sample, dtype)
            tensors = tensors_of(function, sample, arrays, dtype, target.device)
            try:
                outputs = run(function, tensors, sample.parameters, target.device)
            except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
                excuse(error, dtype, function)
            compare.check_types(
                function, outputs, expect(function, arrays, sample), dtype, target.device, sample.parameters
            )


def _tested_dtype(target: Target, function: Function) -> DType:
    """float64, where a function takes it."""
    return float64 if float64.kind in function.kinds else next(d for d in target.dtypes if d.kind in function.kinds)


def test_inputs_are_kept(target: Target, function: Function) -> None:
    """A kernel writes into no array that it was given."""
    dtype = _tested_dtype(target, function)
    for sample in fitting(function, samples_of(function.name), dtype):
        arrays = arrays_of(function, sample, dtype)
        for layout in ("contiguous",) if function.name in CONTIGUOUS else ("contiguous", "strided"):
            tensors = tensors_of(function, sample, arrays, dtype, target.device, layout)
            try:
                run(function, tensors, sample.parameters, target.device)
            except ValueError:
                if function.view and layout != "contiguous":
                    continue  # a view that this layout cannot have
                raise
            for i, (tensor, array) in enumerate(zip(tensors, arrays, strict=True)):
                if tensor is not None:
                    assert numpy().array_equal(host(tensor), array, equal_nan=array.dtype.kind in "fc"), (
                        f"{function.name}({shown(sample)}) changed its argument {i}, {layout}"
                    )


def test_written_over(target: Target) -> None:
    """The form of a kernel that writes over its first array gives what the kernel does, and changes no other array."""

    def values(array: Any) -> Any:
        return host(make(array, target.loaded.type_of(array)))

    for function in functions().values():
        kernel = getattr(target.loaded.kernels, function.name)
        if not hasattr(kernel, "over"):
            continue
        for dtype in (d for d in target.dtypes if d.kind in function.kinds):
            samples = [*samples_of(function.name), *larger_samples_of(function.name)]
            if is_elementwise(function):
                samples += sizes_of(function, samples[0])
            for sample in fitting(function, samples, dtype):
                arrays = arrays_of(function, sample, dtype)
                for layout in ("contiguous", "strided"):
                    one, two = ([None if t is None else t._array for t in tensors_of(
                        function, sample, arrays, dtype, target.device, layout)] for _ in range(2))  # fmt: skip
                    what = f"{function.name}({shown(sample)}), {dtype.name}, {layout}, over its first array"
                    expected, found = kernel(*one, **sample.parameters), kernel.over(*two, **sample.parameters)
                    assert found.__class__ is expected.__class__ and found.dtype == expected.dtype, what
                    compare.check_values(values(found), values(expected), dtype, what)
                    for before, after in zip(one[1:], two[1:], strict=True):
                        assert values(after).tobytes() == values(before).tobytes(), what


#: Functions that add values to one place in any order, which parallel hardware does as it comes.
ACCUMULATING = ("index_put", "index_add", "scatter", "bincount")


def test_repeatable(target: Target, function: Function) -> None:
    """The same call gives the same bits again."""
    dtype = _tested_dtype(target, function)
    for sample in (*fitting(function, samples_of(function.name), dtype), *larger_samples_of(function.name)[:1]):
        arrays = arrays_of(function, sample, dtype)
        runs = []
        for _ in range(3):
            tensors = tensors_of(function, sample, arrays, dtype, target.device)
            runs.append([host(o) for o in run(function, tensors, sample.parameters, target.device)])
        for again in runs[1:]:
            for k, (one, two) in enumerate(zip(runs[0], again, strict=True)):
                if one.tobytes() == two.tobytes():
                    continue
                if any(word in function.name for word in ACCUMULATING):
                    compare.check_values(two, widen(one), dtype, f"{function.name}({shown(sample)}), called again")
                    lacks(f"sums in the same order each time in {function.name}")
                raise AssertionError(f"{function.name}({shown(sample)}): output {k} differs from call to call")


def test_on_another_device(target: Target, function: Function, other: Device) -> None:
    """The result is on the device of the arguments, and the same."""
    dtype = _tested_dtype(target, function)
    for sample in fitting(function, samples_of(function.name), dtype):
        arrays = arrays_of(function, sample, dtype)
        tensors = tensors_of(function, sample, arrays, dtype, other)
        with autograd.no_grad(), other:
            outputs = function.call(*tensors, **sample.parameters)
        expected = expect(function, arrays, sample)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        for out in outputs:
            assert target.loaded.type_of(out._array).device is other is out.device, (
                f"{function.name} on {other}: the result is on {target.loaded.type_of(out._array).device}"
            )
        compare.check(function, outputs, expected, dtype, sample.parameters, f"{function.name} on {other}")


def test_none_is_left_out(target: Target) -> None:
    """Most special functions are compared with SciPy's."""
    if not all(is_computable(f) for f in functions().values()):
        lacks("the special functions that SciPy computes: it is not installed")


@only(lambda f: f.batching is not None)
def test_batches(target: Target, function: Function) -> None:
    """The batching rule that a declaration gives: a batch at once is what its members give one by one."""
    dtype = next(d for d in (float64, float32, *target.dtypes) if d in target.dtypes and d.kind in function.kinds)
    size = 3
    for sample in samples_of(function.name):
        arrays = arrays_of(function, sample, dtype)
        tensors = tensors_of(function, sample, arrays, dtype, target.device, "contiguous")
        places = [i for i, t in enumerate(tensors) if t is not None]
        shuffled = [[None if t is None else t.roll(m) for t in tensors] for m in range(size)]

        def of_some(*some: Tensor, places: list[int] = places, sample: Sample = sample) -> Any:
            given: list[Any] = [None] * len(sample.arrays)
            for i, x in zip(places, some, strict=True):
                given[i] = x
            return function.call(*given, **sample.parameters)

        for mapped in (places, *([i] for i in places if len(places) > 1)):
            members: list[list[Any]] = [
                [s if i in mapped else t for i, (s, t) in enumerate(zip(row, tensors, strict=True))] for row in shuffled
            ]
            batch: list[Any] = [stack([row[i] for row in members]) if i in mapped else tensors[i] for i in places]
            found = vmap(of_some, in_dims=tuple(0 if i in mapped else None for i in places))(*batch)
            found = found if isinstance(found, tuple) else (found,)
            each = [run(function, row, sample.parameters, target.device) for row in members]
            for k, out in enumerate(found):
                what = f"{function.name}({shown(sample)}) under vmap, a batch of the arguments {mapped}, output {k}"
                want = host(stack([outs[k] for outs in each]))
                compare.check_values(host(out), want, out.dtype, what, compare.roundings(function.name))
