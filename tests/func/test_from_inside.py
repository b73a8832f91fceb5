"""Gradients that are taken inside of a transform, by tensors outside of it: they are of the transform, too."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.autograd import Function, forward_ad
from pluggrad.autograd.transforms import LevelError
from pluggrad.func import grad, jvp, vmap


def points(*shape: int) -> tuple[pluggrad.Tensor, pluggrad.Tensor, pluggrad.Tensor]:
    x, t, w = pluggrad.rand(3, *shape, dtype=pluggrad.float64, generator=pluggrad.Generator().manual_seed(1)).unbind()
    return x, t, w.requires_grad_()


def assert_close(got: pluggrad.Tensor, want: pluggrad.Tensor) -> None:
    assert bool(pluggrad.all(pluggrad.isclose(got, want.detach(), rtol=1e-10))), (got, want)


def by_w(x: pluggrad.Tensor, *ws: pluggrad.Tensor) -> tuple[pluggrad.Tensor, ...]:
    """Gradients by tensors that the function has from outside, and by an intermediate one."""
    w = ws[0]
    inner = (x * w).sin()
    return pluggrad.autograd.grad((inner * w * w).sum() + inner[0], [*ws, inner], allow_unused=True)


def test_of_forward_mode() -> None:
    x, t, w = points(3)
    values, slopes = jvp(lambda x: by_w(x, w), (x,), (t,))
    eps = 1e-6
    for value, slope, want, high, low in zip(
        values, slopes, by_w(x, w), by_w(x + eps * t, w), by_w(x - eps * t, w), strict=True
    ):
        assert_close(value, want)
        assert bool(pluggrad.all(pluggrad.isclose(slope, (high - low) / (2 * eps), rtol=1e-6)))


def test_of_a_batch() -> None:
    x, _, w = points(4, 3)
    w = w[0].detach().requires_grad_()
    found = vmap(lambda row: by_w(row, w))(x)
    for k, g in enumerate(found):
        assert_close(g, pluggrad.stack([by_w(row, w)[k] for row in x]))


def test_through_a_graph_outside() -> None:
    x, t, w = points(3)
    v = (w * 2.0).exp()  # made outside, of w
    values, slopes = jvp(lambda x: pluggrad.autograd.grad((x * v * v).sum(), [w], retain_graph=True)[0], (x,), (t,))
    assert_close(values, 4 * x * v * v)
    assert_close(slopes, 4 * t * v * v)
    rows = vmap(lambda x: pluggrad.autograd.grad((x * v * v).sum(), w, retain_graph=True)[0])(pluggrad.stack([x, t]))
    assert_close(rows, pluggrad.stack([4 * x * v * v, 4 * t * v * v]))


def test_in_nested_transforms() -> None:
    x, t, w = points(2, 3)
    w = w[0].detach().requires_grad_()

    def one(x: pluggrad.Tensor) -> pluggrad.Tensor:
        return pluggrad.autograd.grad((x * w * w).sin().sum(), w, create_graph=True)[0]

    values, slopes = vmap(lambda x, t: jvp(one, (x,), (t,)))(x, t)
    assert_close(values, pluggrad.stack([one(row) for row in x]))
    assert_close(slopes, pluggrad.stack([jvp(one, (a,), (b,))[1] for a, b in zip(x, t, strict=True)]))
    values, slopes = jvp(vmap(one), (x,), (t,))
    assert_close(slopes, pluggrad.stack([jvp(one, (a,), (b,))[1] for a, b in zip(x, t, strict=True)]))


def test_and_further_derivatives_of_them() -> None:
    x, t, w = points(3)
    with forward_ad.dual_level():
        a = forward_ad.make_dual(x, t)
        (g,) = pluggrad.autograd.grad((a * w * w * w).sum(), w, create_graph=True)
        value, slope = forward_ad.unpack_dual(g)
        assert_close(slope, 3 * t * w * w)
        assert_close(pluggrad.autograd.grad(slope.sum(), w, retain_graph=True)[0], 6 * t * w)
        assert_close(pluggrad.autograd.grad(value.sum(), w)[0], 6 * x * w)


def test_cotangents_and_several_outputs() -> None:
    x, t, w = points(3)

    def f(x: pluggrad.Tensor) -> Any:
        return pluggrad.autograd.grad([x * w, w * w], [w], [x, x * 2.0])[0]  # one output is not of the transform

    value, slope = jvp(f, (x,), (t,))
    assert_close(value, x * x + 4 * x * w)
    assert_close(slope, 2 * x * t + 4 * t * w)
    assert_close(vmap(f)(pluggrad.stack([x, t])), pluggrad.stack([f(x), f(t)]))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_by_the_value_of_a_dual_tensor_as_pytorch() -> None:
    torch = pytest.importorskip("torch")
    given = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    found = []
    for lib, fw in ((pluggrad, forward_ad), (torch, torch.autograd.forward_ad)):
        x, t, w = (lib.tensor(v, requires_grad=True) for v in given)
        with fw.dual_level():
            a = fw.make_dual(x, t)
            gs = lib.autograd.grad((a * a * w * w).sum(), [x, w, t], allow_unused=True)
            assert gs[2] is None
            found.append([[part.tolist() for part in fw.unpack_dual(g)] for g in gs[:2]])
    assert found[0] == found[1]


class Squared(Function):
    """Its rules for the transforms are its own."""

    @staticmethod
    def forward(x: Any) -> Any:
        return x * x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2.0 * g * ctx.saved_tensors[0]

    @staticmethod
    def jvp(ctx: Any, t: Any) -> Any:
        return 2.0 * t * ctx.saved_tensors[0]

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Any) -> Any:
        return Squared.apply(x), in_dims[0]


def test_through_a_function_with_rules_of_its_own() -> None:
    x, t, w = points(3)

    def f(x: pluggrad.Tensor) -> pluggrad.Tensor:
        return pluggrad.autograd.grad(Squared.apply(x * w).sum(), w, create_graph=True)[0]

    value, slope = jvp(f, (x,), (t,))
    assert_close(value, 2 * x * x * w)
    assert_close(slope, 4 * x * t * w)
    assert_close(vmap(f)(pluggrad.stack([x, t])), pluggrad.stack([f(x), f(t)]))


def test_what_has_no_answer_is_an_error() -> None:
    x, t, w = points(3)
    rows = pluggrad.stack([x, t]).requires_grad_()
    with pytest.raises(LevelError, match="there is no gradient by the whole of it"):
        vmap(lambda row: pluggrad.autograd.grad((row * row).sum(), rows)[0])(rows)

    class Scaled(Squared):
        @staticmethod
        def vmap(info: Any, in_dims: Any, x: Any) -> Any:
            return x * w, in_dims[0]

    with pytest.raises(LevelError, match="give that tensor to the transform as an argument"):
        vmap(lambda row: pluggrad.autograd.grad(Scaled.apply(row * w).sum(), w)[0])(pluggrad.stack([x, t]))


@pytest.mark.parametrize("transform", [vmap, lambda f: lambda x: jvp(f, (x,), (x,))])
def test_backward_adds_nothing_to_tensors_outside(transform: Any) -> None:
    x, t, w = points(3)

    def f(x: pluggrad.Tensor) -> pluggrad.Tensor:
        (x * w).sum().backward()
        return x

    with pytest.raises(LevelError, match=r"backward\(\) called inside of a transform"):
        transform(f)(pluggrad.stack([x, t]))
    assert w.grad is None

    def inside(x: pluggrad.Tensor) -> pluggrad.Tensor:
        leaf = pluggrad.zeros_like(x).requires_grad_()
        (x * (leaf + w.detach())).sum().backward()
        return leaf.grad

    rows = pluggrad.stack([x, t])
    found = transform(inside)(rows)
    assert_close(found[0] if isinstance(found, tuple) else found, rows)


def test_functions_of_functions_are_as_before() -> None:
    """A tensor from outside that is an argument of ``grad`` inside is of the transform."""
    x, t, w = points(3)
    w = w.detach()
    rows = vmap(lambda x: grad(lambda w: (x * w * w).sum())(w))(pluggrad.stack([x, t]))
    assert_close(rows, pluggrad.stack([2 * x * w, 2 * t * w]))
