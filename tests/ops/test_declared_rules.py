"""Forward-mode and batching rules that come with a declaration: used by the transforms, and checked where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import pluggrad
from pluggrad.autograd import gradcheck, gradgradcheck
from pluggrad.autograd.gradcheck import GradcheckError
from pluggrad.errors import PluginError, ShapeError
from pluggrad.func import grad, hessian, jacfwd, jacrev, jvp, linearize, vmap
from pluggrad.function import get
from pluggrad.ops import contributed
from pluggrad.testing.conformance import test_functions, test_gradients
from pluggrad.testing.conformance.target import Target
from pluggrad.testing.samples import spec

DTYPES = [pluggrad.float64, pluggrad.complex128]
calls: list[str] = []


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    calls.clear()
    yield
    for name in ("tst_ratio", "tst_power", "tst_joined", "tst_cubes"):
        spec._samples.pop(name, None)
        if (found := get(name)) is not None:
            contributed.forget(found)


def noted(word: str, value: Any) -> Any:
    calls.append(word)
    return value


def ratio(**changes: Any) -> Any:
    """The quotient and the product of two arrays; complex, with several outputs and every rule."""

    def whole(xp: Any, batched: tuple[bool, ...], x: Any, y: Any, /, *, by: float) -> Any:
        calls.append(f"batch {batched}")
        x = x if batched[0] else xp.expand_dims(x, axis=(0,))
        y = y if batched[1] else xp.expand_dims(y, axis=(0,))
        return x / y * by, x * y

    rules = {
        "vjp": [
            lambda xp, g, y, by: g[0] * by / xp.conj(y) + g[1] * xp.conj(y),
            lambda xp, g, x, y, by: -g[0] * by * xp.conj(x / (y * y)) + g[1] * xp.conj(x),
        ],
        "jvp": [
            lambda xp, t, y, by: noted("x", (t / y * by, t * y)),
            lambda xp, t, x, y, quotient: noted("y", (-t * quotient / y, t * x)),
        ],
        "batching": whole,
    }

    @pluggrad.register_function(name="tst_ratio", outputs=("quotient", "product"), **{**rules, **changes})
    def body(xp: Any, x: Any, y: Any, /, *, by: float = 1.0) -> Any:
        return x / y * by, x * y

    spec.add("tst_ratio", spec.call(spec.positive(2, 3), spec.positive(2, 3)),
             spec.call(spec.positive(4), spec.positive(4), by=2.5))  # fmt: skip
    return body


def some(dtype: pluggrad.dtype, *shape: int) -> pluggrad.Tensor:
    generator = pluggrad.Generator().manual_seed(sum(shape))
    return pluggrad.rand(*shape, dtype=dtype, generator=generator) + 0.5


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_transforms_use_them(dtype: pluggrad.dtype) -> None:
    f = ratio()
    x, y, t, u = (some(dtype, n, 2).T[0] for n in (3, 3, 3, 3))
    y, u = y + 1.0, u * 2.0 - 1.5
    values, slopes = jvp(lambda x, y: f(x, y, by=2.0), (x, y), (t, u))
    assert calls == ["x", "y"]
    for got, want in zip((*values, *slopes), (x / y * 2, x * y, (t - x * u / y) / y * 2, t * y + x * u), strict=True):
        assert bool(pluggrad.all(pluggrad.isclose(got, want)))
    _, slopes = jvp(lambda x: f(x, y), (x,), (t,))
    assert calls[2:] == ["x"]  # the rule of an array without a tangent is not run
    calls.clear()
    rows = pluggrad.stack([x, 2 * x])
    quotient, product = vmap(f, in_dims=(0, None))(rows, y)
    assert calls == ["batch (True, False)"] and bool(pluggrad.all(quotient == rows / y))
    assert product.shape == (2, 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_in_any_nesting(dtype: pluggrad.dtype) -> None:
    f = ratio()
    x, y = some(dtype, 3), some(dtype, 3) + 1.0
    for k in (0, 1):
        forward, reverse = jacfwd(f, argnums=k)(x, y), jacrev(f, argnums=k)(x, y)
        for a, b in zip(forward, reverse, strict=True):
            assert bool(pluggrad.all(pluggrad.isclose(a, b.conj() if dtype.is_complex else b)))
    _, push = linearize(f, x, y)
    for a, b in zip(push(y, x), jvp(f, (x, y), (y, x))[1], strict=True):
        assert bool(pluggrad.all(pluggrad.isclose(a, b)))

    def energy(x: pluggrad.Tensor) -> pluggrad.Tensor:
        quotient, product = f(x, y.abs() + x * 0)
        return pluggrad.real(quotient * product * x).sum()

    if not dtype.is_complex:
        rows = pluggrad.stack([x, y])
        want = pluggrad.stack([jacrev(grad(energy))(row) for row in rows])
        assert bool(pluggrad.all(pluggrad.isclose(vmap(hessian(energy))(rows), want)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_they_pass_the_checks(dtype: pluggrad.dtype) -> None:
    f = ratio()
    points = [some(dtype, 2).requires_grad_(), (some(dtype, 2) + 1.0).requires_grad_()]
    assert gradcheck(f, points, check_forward_ad=True, check_batched_forward_grad=True, check_batched_grad=True)
    assert gradgradcheck(f, points, check_fwd_over_rev=True)
    target, declared = Target(str(pluggrad.get_default_device())), get("tst_ratio")
    test_gradients.forward_mode(target, declared, dtype)
    test_functions.test_batches(target, declared)


WRONG_JVP = [lambda xp, t, y, by: (t / y * by, t * y), lambda xp, t, x, y, quotient: (t * quotient / y, t * x)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wrong_forward_rule_is_caught(dtype: pluggrad.dtype) -> None:
    f = ratio(jvp=WRONG_JVP)
    points = [some(dtype, 2).requires_grad_(), (some(dtype, 2) + 1.0).requires_grad_()]
    assert gradcheck(f, points)  # backward is right
    with pytest.raises(GradcheckError, match="forward"):
        gradcheck(f, points, check_forward_ad=True)
    target, declared = Target(str(pluggrad.get_default_device())), get("tst_ratio")
    with pytest.raises(AssertionError, match=r"tst_ratio: the tangent by arguments \[1\]"):
        test_gradients.forward_mode(target, declared, dtype)


def test_a_wrong_batching_rule_is_caught() -> None:
    def first_alone(xp: Any, batched: tuple[bool, ...], x: Any, y: Any, /, *, by: float) -> Any:
        whole = xp.expand_dims((x[0, ...] if batched[0] else x) / (y[0, ...] if batched[1] else y) * by, axis=(0,))
        size = x.shape[0] if batched[0] else y.shape[0]
        return (xp.broadcast_to(whole, shape=(size, *whole.shape[1:])),) * 2

    ratio(batching=first_alone)
    target = Target(str(pluggrad.get_default_device()))
    with pytest.raises(AssertionError, match="tst_ratio.* under vmap, a batch of the arguments"):
        test_functions.test_batches(target, get("tst_ratio"))


def test_words_for_batching() -> None:
    x = some(pluggrad.float64, 4, 3)

    @pluggrad.register_function(name="tst_cubes", batching="elementwise", vjp=lambda xp, g, x: g * 3 * x * x)
    def cubes(xp: Any, x: Any, /) -> Any:
        calls.append("elements")
        return x * x * x

    @pluggrad.register_function(name="tst_power", batching="leading")
    def power(xp: Any, x: Any, y: Any, /) -> Any:
        calls.append("leading")
        return xp.sum(x * y, axis=(-1,), keepdims=False)

    @pluggrad.register_function(name="tst_joined", batching="forward")
    def joined(xp: Any, *arrays: Any) -> Any:
        calls.append("forward")
        return xp.concat(*arrays, axis=0)

    assert bool(pluggrad.all(vmap(cubes)(x) == x * x * x))
    assert vmap(power, in_dims=(0, None))(x, x[0]).tolist() == pytest.approx((x * x[0]).sum(1).tolist())
    assert bool(pluggrad.all(vmap(lambda a: joined(a, a))(x) == pluggrad.cat([x, x], 1)))
    assert calls == ["elements", "leading", "forward"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_number_of_arrays(dtype: pluggrad.dtype) -> None:
    def vjp(xp: Any, g: Any, arrays: tuple[Any, ...], needs: tuple[bool, ...]) -> Any:
        return tuple([2.0 * g * xp.conj(a) for a in arrays])

    def tangent(xp: Any, t: tuple[Any, ...], arrays: tuple[Any, ...]) -> Any:
        return sum(2.0 * s * a for s, a in zip(t, arrays, strict=True) if s is not None)

    @pluggrad.register_function(name="tst_joined", vjp=vjp, jvp=tangent)
    def squares(xp: Any, *arrays: Any) -> Any:
        return sum(a * a for a in arrays)

    x, y = some(dtype, 2), some(dtype, 2) * 2.0
    _, slope = jvp(lambda x: squares(x, y, x), (x,), (y,))
    assert bool(pluggrad.all(pluggrad.isclose(slope, 4.0 * x * y)))
    assert gradcheck(squares, [x.requires_grad_(), y.requires_grad_()], check_forward_ad=True)


def test_what_a_rule_gives_must_fit() -> None:
    x = some(pluggrad.float64, 3)
    f = ratio(
        jvp=[lambda xp, t, y: (t[:1], t), lambda xp, t: t], batching=lambda xp, batched, x, y, by: (x[:1, ...], y)
    )
    with pytest.raises(ShapeError, match=r"tangent of shape \(1,\) for an output of shape \(3,\)"):
        jvp(lambda x: f(x, x.detach()), (x,), (x,))
    with pytest.raises(pluggrad.errors.GradientError, match="gives 1 tangents for 2 outputs"):
        jvp(lambda y: f(x, y), (x,), (x,))
    with pytest.raises(ShapeError, match=r"the batch, here of size 2; got an array of shape \(1, 3\)"):
        vmap(f)(pluggrad.stack([x, x]), pluggrad.stack([x, x]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jvp": lambda xp, t: t}, "1 forward-mode rules for the 2 arrays"),
        ({"jvp": [lambda xp, g: g, None]}, r"a forward-mode rule starts with \(xp, t, ...\), got \('xp', 'g'\)"),
        ({"jvp": [lambda xp, t, z: t, None]}, r"a forward-mode rule names \['z'\]"),
        ({"jvp": [lambda xp, t: (t, t), None]}, r"give both vjp and jvp, or neither, for \['y'\]"),
        ({"jvp": 3}, "'jvp' of function 'tst_ratio' must be a forward-mode rule"),
        ({"batching": "columns"}, "'batching' of function 'tst_ratio' must be one of"),
    ],
)
def test_a_wrong_declaration(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        ratio(**changes)
