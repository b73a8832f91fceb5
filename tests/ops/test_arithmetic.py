"""Arithmetic against PyTorch: operators, scalars, dtypes, edges."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluggrad
from pluggrad.errors import DTypeError

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, assert_same, compare, ours, params

torch = pytest.importorskip("torch")

NUMERIC = (*FLOATS, *COMPLEX, *INTEGERS)
REAL = (*FLOATS, *INTEGERS)
ANY = (-3.0, 3.0)
AWAY = (0.4, 5.0)
EDGES = (-2.5, -1.0, -0.0, 0.0, 2.0, math.inf, -math.inf, math.nan)


def torch_sign(t: Any) -> Any:
    """Zero for zero, and NaN for NaN, of which PyTorch's sign is 0."""
    out = torch.sgn(t)
    return torch.where(torch.isnan(t), t.detach(), out) if t.is_floating_point() else out


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(n, (ANY, ANY), (*NUMERIC, "bool"), special=EDGES) for n in ("add", "multiply")),
        Case("subtract", (ANY, ANY), NUMERIC, special=EDGES),
        Case("divide", (ANY, AWAY), (*NUMERIC, "bool"), special=(-2.5, -1.0, 2.0, math.nan), tolerance=3),
        Case("remainder", (ANY, (1.0, 5.0)), REAL, special=(-2.5, -1.0, 2.0, math.nan)),
        Case("fmod", (ANY, (1.0, 5.0)), REAL, special=(-2.5, -1.0, 2.0, 7.0, math.nan)),
        Case("floor_divide", (ANY, (1.0, 5.0)), REAL, special=(-2.5, -1.0, 2.0, math.nan), gradient=False),
        Case("negative", (ANY,), NUMERIC, special=EDGES),
        Case("positive", (ANY,), NUMERIC, special=EDGES),
        Case("square", (ANY,), NUMERIC, special=EDGES),
        Case("reciprocal", (AWAY,), NUMERIC, special=EDGES, tolerance=2),
        Case("abs", (ANY,), NUMERIC, special=EDGES[:-1]),
        Case("sign", (ANY,), NUMERIC, special=EDGES, theirs=torch_sign),
        *(Case(n, (ANY, ANY), (*REAL, "bool"), special=EDGES) for n in ("maximum", "minimum")),
        Case("pow", (AWAY, ANY), (*FLOATS, *COMPLEX), tolerance=20),
        Case("pow", (ANY, (0.0, 3.0)), INTEGERS),
        Case("float_power", (AWAY, ANY), FLOATS, tolerance=20),
        Case("lerp", (ANY, ANY, ANY), (*FLOATS, *COMPLEX), special=(-1.0, 0.0, 0.25, 0.5, 0.75, 1.0), tolerance=2),
        Case("addcmul", (ANY, ANY, ANY), NUMERIC, tolerance=2),
        Case("addcdiv", (ANY, ANY, AWAY), (*FLOATS, *COMPLEX), tolerance=4),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 5, 7, -1, -2, -3, 0.5, -0.5, 1.5, 2.5, 2.0, 0.0])
def test_constant_powers(exponent: float, dtype: str) -> None:
    # Where PyTorch takes roots (0.5, -0.5, and 1.5 in backward) it differs at -0.0 and -inf from pow.
    edges = [math.inf, 0.0, math.nan] if abs(exponent) in (0.5, 1.5) else [-math.inf, -0.0, 0.0, math.inf, math.nan]
    for values in (np.linspace(-3, 3, 41), np.linspace(0, 4, 5000), np.asarray(edges)):
        array = values.astype(dtype)
        x, t = ours(array).requires_grad_(), torch.tensor(array, requires_grad=True)
        y, u = x**exponent, t**exponent
        assert_same(y, u, 1e-6 if dtype == "float32" else 1e-14)
        y.backward(pluggrad.ones_like(y))
        u.backward(torch.ones_like(u))
        assert_same(x.grad, t.grad, 2e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize("exponent", [0.5, -0.5, 2, 3, 4, -1, -3, 1.5])
def test_constant_powers_are_those_of_the_standard_at_edges(exponent: float) -> None:
    for x in (-math.inf, -0.0, 0.0, math.inf):
        try:
            expected = math.pow(x, exponent)
        except ValueError:  # 0 to a negative power
            expected = math.copysign(math.inf, x) if exponent % 2 == 1 else math.inf
        assert str((pluggrad.asarray([x]) ** exponent).item()) == str(expected)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, -1.0])
@pytest.mark.parametrize("base", [0.0, 2.0, -2.0])
def test_gradients_of_powers_at_edges(base: float, exponent: float) -> None:
    x, e = (pluggrad.tensor(v, requires_grad=True) for v in (base, exponent))
    t, f = (torch.tensor(v, requires_grad=True) for v in (base, exponent))
    (x**e).backward()
    (t**f).backward()
    for got, expected in ((x.grad, t.grad), (e.grad, f.grad)):
        np.testing.assert_equal(got.item(), expected.item())


def test_the_gradient_of_a_power_of_zero_differentiates_again() -> None:
    x = pluggrad.tensor([0.0, 2.0], requires_grad=True)
    (g,) = pluggrad.autograd.grad((x**2).sum(), x, create_graph=True)
    (h,) = pluggrad.autograd.grad(g.sum(), x)
    assert (g.tolist(), h.tolist()) == ([0.0, 4.0], [2.0, 2.0])


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8", "complex64"])
@pytest.mark.parametrize("scalar", [3, 2.5, True, 1 + 2j])
@pytest.mark.parametrize("op", OPERATORS, ids=lambda f: f.__name__)
def test_operators_with_scalars(op: Any, scalar: Any, dtype: str) -> None:
    is_complex = isinstance(scalar, complex) or dtype.startswith("complex")
    if is_complex and op in (operator.floordiv, operator.mod):
        with pytest.raises(DTypeError, match=r"complex\d+ is not supported"):
            op(pluggrad.ones(1, dtype=getattr(pluggrad, dtype)), scalar)
        return
    if scalar is True and op is operator.sub:
        pytest.skip("PyTorch refuses")
    array = np.asarray([[1, 2, 5], [4, 3, 7]]).astype(dtype)
    x, t = ours(array), torch.tensor(array)
    tolerance = 2e-6
    assert_same(op(x, scalar), op(t, scalar), tolerance)
    assert_same(op(scalar, x), op(scalar, t), tolerance)


@pytest.mark.parametrize("op", OPERATORS, ids=lambda f: f.__name__)
def test_operators_leave_what_they_do_not_know_to_the_other(op: Any) -> None:
    class Other:
        def answer(self, other: Any) -> str:
            return "mine"

        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = answer

    x = pluggrad.ones(1)
    assert op(x, Other()) == "mine"
    with pytest.raises(TypeError, match="unsupported operand"):
        op(x, {})


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow"])
def test_in_place(name: str) -> None:
    array = np.asarray([[1.5, -2.0], [3.0, 4.0]])
    x, t = ours(array.copy()), torch.tensor(array)
    other = np.asarray([2.0, 3.0])
    assert getattr(x, f"{name}_")(ours(other)) is x
    getattr(t, f"{name}_")(torch.tensor(other))
    assert_same(x, t, 1e-14)


@pytest.mark.parametrize("mode", [None, "floor", "trunc"])
@pytest.mark.parametrize("dtype", REAL)
def test_rounding_modes(mode: str | None, dtype: str) -> None:
    unsigned = dtype.startswith("u")
    a, b = np.meshgrid(np.arange(15) if unsigned else np.arange(-7, 8), [1, 2, 3] if unsigned else [-3, -2, 1, 2, 5])
    a, b = a.astype(dtype), b.astype(dtype)
    expected = torch.div(torch.tensor(a), torch.tensor(b), rounding_mode=mode)
    assert_same(pluggrad.div(ours(a), ours(b), rounding_mode=mode), expected, 1e-6)
    assert_same(ours(a).div(ours(b), rounding_mode=mode), expected, 1e-6)


def test_an_unknown_rounding_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="rounding_mode must be None, 'trunc' or 'floor', got 'ceil'"):
        pluggrad.divide(pluggrad.ones(1), 2, rounding_mode="ceil")


@given(st.floats(width=32), st.floats(width=32))
def test_floor_divide_rounds_the_true_quotient_at_infinities(a: float, b: float) -> None:
    x, y = (pluggrad.asarray([v], dtype=pluggrad.float32) for v in (a, b))
    got = (x // y).item()
    if math.isinf(a) or math.isinf(b):
        quotient = (x / y).item()
        assert str(got) == str(quotient if math.isnan(quotient) or math.isinf(quotient) else quotient * 0)
    else:
        with np.errstate(all="ignore"):
            np.testing.assert_equal(got, float(np.floor_divide(np.float32(a), np.float32(b))))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_fmod_is_exact(a: float, b: float) -> None:
    x, y = (pluggrad.asarray([v], dtype=pluggrad.float64) for v in (a, b))
    got = pluggrad.fmod(x, y).item()
    if b == 0:
        assert math.isnan(got)
    else:
        assert str(got) == str(math.fmod(a, b))


def test_fmod_of_the_least_integer() -> None:
    assert pluggrad.fmod(pluggrad.asarray([-128], dtype=pluggrad.int8), 3).tolist() == [-2]


@pytest.mark.parametrize("value", [1, -0.5, 2 + 1j])
@pytest.mark.parametrize("name", ["addcmul", "addcdiv"])
def test_scaled_products(name: str, value: Any, rng: Any) -> None:
    dtype = "complex128" if isinstance(value, complex) else "float64"
    arrays = [rng.normal(size=s).astype(dtype) for s in ((2, 3), (3,), (2, 1))]
    xs, ts = [ours(a).requires_grad_() for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]
    y, u = getattr(pluggrad, name)(*xs, value=value), getattr(torch, name)(*ts, value=value)
    assert_same(y, u, 1e-12)
    y.backward(pluggrad.ones_like(y))
    u.backward(torch.ones_like(u))
    for x, t in zip(xs, ts, strict=True):
        assert_same(x.grad, t.grad, 1e-12)


def test_lerp_with_a_number() -> None:
    x, y = pluggrad.tensor([1.0, 2.0]), pluggrad.tensor([3.0, 10.0])
    for weight in (0, 0.25, 0.75, 1, 2.5):
        expected = torch.lerp(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 10.0]), weight)
        assert_same(pluggrad.lerp(x, y, weight), expected, 1e-6)


@pytest.mark.parametrize(("x1", "x2"), [(3, 2), (2.0, pluggrad.asarray([3, 4])), (pluggrad.asarray([1j]), 2)])
def test_float_power_is_double(x1: Any, x2: Any) -> None:
    if not any(isinstance(x, pluggrad.Tensor) for x in (x1, x2)):
        with pytest.raises(TypeError, match="float_power: at least one argument must be a Tensor, got int, int"):
            pluggrad.float_power(x1, x2)
        return
    theirs = [torch.tensor(x.tolist()) if isinstance(x, pluggrad.Tensor) else x for x in (x1, x2)]
    assert_same(pluggrad.float_power(x1, x2), torch.float_power(*theirs), 1e-14)


def test_names() -> None:
    assert pluggrad.div is pluggrad.divide
    assert pluggrad.sgn is pluggrad.sign
    assert pluggrad.true_divide(pluggrad.asarray([1]), 2).tolist() == [0.5]
    x = pluggrad.asarray([3.0], requires_grad=True)
    names = {n: getattr(x, n)(2).grad_fn.name() for n in ("mul", "div", "sub", "fmod")}
    assert names == {"mul": "MulBackward0", "div": "DivBackward0", "sub": "SubBackward0", "fmod": "FmodBackward0"}


def test_abs_and_sign_of_complex_differentiate_as_in_torch(rng: Any) -> None:
    array = rng.normal(size=5) + 1j * rng.normal(size=5)
    array[0] = 0
    for name in ("abs", "sgn"):
        x, t = ours(array).requires_grad_(), torch.tensor(array, requires_grad=True)
        y, u = getattr(pluggrad, name)(x), getattr(torch, name)(t)
        assert_same(y, u, 1e-14)
        y.backward(pluggrad.ones_like(y))
        u.backward(torch.ones_like(u))
        assert_same(x.grad, t.grad, 1e-13)
