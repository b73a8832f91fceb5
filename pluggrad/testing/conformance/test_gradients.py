"""Gradients: every derivative equals central differences, and that of the derivative, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ... import autograd
from ...autograd import forward_ad
from ...dtypes import COMPLEX, REAL_FLOATING, DType, complex64, complex128, finfo, float32, float64
from ...function import Function
from ...tensor import Tensor
from ..samples import samples_of
from .compare import check_values, roundings
from .differences import Problem, along
from .inputs import CONTIGUOUS, on_device
from .reference import host, numpy, widen
from .target import Target, only

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def differentiable(kinds: frozenset[str]) -> Callable[[Function], bool]:
    """Whether a function has a derivative for these kinds of dtypes."""
    return lambda f: f.differentiable and bool(f.kinds & kinds)


def first_order(target: Target, function: Function, dtype: DType) -> None:
    for sample in samples_of(function.name):
        problem = Problem.of(function, sample, dtype, target)
        if not problem.active:
            continue
        leaves = problem.leaves()
        gradients = problem.gradients(leaves)
        for i in problem.active:  # each alone: a rule that is never reached would hide in the sum
            g, x = gradients[i], problem.inputs[i]
            if g is None:
                continue
            assert (g.dtype, g.device, g.shape) == (x.dtype, x.device, x.shape)
            assert target.loaded.type_of(g._array).dtype is x.dtype, (
                f"the gradient's array is {target.loaded.type_of(g._array)!r}"
            )
            direction = [d if i == j else None for j, d in enumerate(problem.direction(0.2))]
            expected = problem.difference(problem.value, direction)
            predicted = along(gradients, direction)
            assert predicted is not None
            assert predicted.item() == pytest.approx(expected, rel=2e-5, abs=2e-6), (
                f"{function.name}: the gradient by argument {i} of {sample} is wrong"
            )


def second_order(target: Target, function: Function, dtype: DType) -> None:
    """The derivative of the slope along one direction, along another."""
    problem = next((p for s in samples_of(function.name) if (p := Problem.of(function, s, dtype, target)).active), None)
    if problem is None:
        return
    direction, other = problem.direction(0.2), problem.direction(1.1)

    def slope(inputs: list[Tensor]) -> Tensor | None:
        with autograd.enable_grad():
            leaves = [x.detach().requires_grad_() if i in problem.active else x for i, x in enumerate(inputs)]
            return along(problem.gradients(leaves, create_graph=True), direction)

    leaves = problem.leaves()
    first = along(problem.gradients(leaves, create_graph=True), direction)
    predicted = 0.0  # of a function that is linear in all arguments
    if first is not None and first.requires_grad:
        with target.device:
            seconds = autograd.grad(first, [leaves[i] for i in problem.active], materialize_grads=True)
        total = along(seconds, [other[i] for i in problem.active])
        assert total is not None
        predicted = total.item()
    expected = problem.difference(slope, other)
    assert predicted == pytest.approx(expected, rel=2e-4, abs=5e-5), f"{function.name}: the second derivative is wrong"


@only(differentiable(REAL_FLOATING))
def test_first_order(target: Target, function: Function) -> None:
    first_order(target, function, float64)


@only(differentiable(COMPLEX))
def test_first_order_complex(target: Target, function: Function) -> None:
    first_order(target, function, complex128)


@only(differentiable(REAL_FLOATING))
def test_second_order(target: Target, function: Function) -> None:
    second_order(target, function, float64)


@only(differentiable(COMPLEX))
def test_second_order_complex(target: Target, function: Function) -> None:
    second_order(target, function, complex128)


@only(differentiable(REAL_FLOATING | COMPLEX))
def test_single_precision(target: Target, function: Function) -> None:
    """The gradient in float32 and complex64 is that in float64, and of its own dtype."""
    for narrow, wide in ((float32, float64), (complex64, complex128)):
        if narrow.kind not in function.kinds:
            continue
        for sample in samples_of(function.name):
            problem = Problem.of(function, sample, narrow, target)
            exact = Problem.of(function, sample, wide, target)
            # From the very same numbers, which the narrow type rounded.
            exact.inputs = [
                e if x is None or not x.dtype.is_differentiable else x.to(wide)
                for x, e in zip(problem.inputs, exact.inputs, strict=True)
            ]
            if not problem.active:
                continue
            got, want = problem.gradients(problem.leaves()), exact.gradients(exact.leaves())
            for i in problem.active:
                if got[i] is None:
                    continue
                assert got[i].dtype is narrow
                assert target.loaded.type_of(got[i]._array).dtype is narrow, (
                    f"the array is {target.loaded.type_of(got[i]._array)!r}"
                )
                what = f"{function.name}: the gradient by argument {i}, {narrow.name}"
                check_values(host(got[i]), widen(host(want[i])), narrow, what, 4 * roundings(function.name))


@only(lambda f: differentiable(REAL_FLOATING)(f) and f.name not in CONTIGUOUS)
def test_memory_layouts(target: Target, function: Function) -> None:
    """The gradient of strided inputs is that of contiguous ones."""
    for sample in samples_of(function.name):
        problem = Problem.of(function, sample, float64, target)
        if not problem.active:
            continue
        want = problem.gradients(problem.leaves())
        for layout in ("strided", "transposed"):
            arranged = Problem.of(function, sample, float64, target, layout)
            # The leaves are the arranged views themselves: a copy would be contiguous again.
            leaves = [x.detach().requires_grad_() if i in arranged.active else x for i, x in enumerate(arranged.inputs)]
            try:
                got = arranged.gradients(leaves)
            except ValueError:
                if function.view:
                    continue  # a view that this layout cannot have
                raise
            for i in problem.active:
                if got[i] is not None:
                    check_values(
                        host(got[i]),
                        host(want[i]),
                        float64,
                        f"{function.name}: argument {i}, {layout}",
                        roundings(function.name),
                    )


def forward_mode(target: Target, function: Function, dtype: DType) -> None:
    """The tangents of the outputs, by each argument alone and by all together, along one direction."""
    for sample in samples_of(function.name):
        problem = Problem.of(function, sample, dtype, target)
        whole = problem.direction(0.2)
        for chosen in (*([i] for i in problem.active), problem.active):
            direction = [d if i in chosen else None for i, d in enumerate(whole)]
            with forward_ad.dual_level():
                value = problem.value(
                    [
                        x if d is None else forward_ad.make_dual(x, d)
                        for x, d in zip(problem.inputs, direction, strict=True)
                    ]
                )
                slope = None if value is None else forward_ad.unpack_dual(value).tangent
            found = 0.0 if slope is None else slope.item()
            assert found == pytest.approx(problem.difference(problem.value, direction), rel=2e-5, abs=2e-6), (
                f"{function.name}: the tangent by arguments {list(chosen)} of {sample} is wrong"
            )


@only(lambda f: bool(f.tangents) and differentiable(REAL_FLOATING)(f))
def test_forward_mode(target: Target, function: Function) -> None:
    """The forward-mode rules that a declaration gives."""
    forward_mode(target, function, float64)


@only(lambda f: bool(f.tangents) and differentiable(COMPLEX)(f))
def test_forward_mode_complex(target: Target, function: Function) -> None:
    """The same for complex numbers."""
    forward_mode(target, function, complex128)


def test_float64_is_precise(target: Target) -> None:
    """Central differences of a cube are right to many digits: float64 is what it says, and not something narrower."""
    assert finfo(float64).eps < 1e-15
    t = on_device(numpy().asarray([1.0, 2.0, 3.0]), float64, target.device)
    with autograd.no_grad():
        slope = ((t + 1e-6) ** 3 - (t - 1e-6) ** 3) / 2e-6
    assert slope.tolist() == pytest.approx([3.0, 12.0, 27.0], rel=1e-8)
