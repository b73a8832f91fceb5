"""Several cotangents at once: ``is_grads_batched``, and ``vmap`` or forward mode over a vjp taken outside of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import pluggrad
from pluggrad import Tensor
from pluggrad.autograd import grad
from pluggrad.autograd.transforms import LevelError
from pluggrad.func import jvp, vjp, vmap


def plain(x: Tensor) -> Tensor:
    return (x * x).sin() * x.sum()


def with_transforms(x: Tensor) -> Tensor:
    """The same function, its graph full of crossings; its inner batch is as large as the batch of cotangents."""
    inner = vmap(lambda e: jvp(lambda u: (u * u).sin() * 0.5, (e,), (e * 2,))[0])(x)
    return inner * 2 * vjp(lambda x: x.sum(), x)[0]


FUNCTIONS = pytest.mark.parametrize("f", [plain, with_transforms])


def point() -> Tensor:
    return pluggrad.tensor([1.0, 2.0, 3.0], dtype=pluggrad.float64, requires_grad=True)


def jacobian(f: Callable[[Tensor], Tensor]) -> Tensor:
    x = point()
    y = f(x)
    return pluggrad.stack([grad(y[i], x, retain_graph=True)[0] for i in range(3)])


@FUNCTIONS
def test_is_grads_batched(f: Callable[[Tensor], Tensor]) -> None:
    x = point()
    (rows,) = grad(f(x), x, pluggrad.eye(3, dtype=pluggrad.float64), is_grads_batched=True)
    assert pluggrad.allclose(rows, jacobian(plain)) and not rows.requires_grad


@FUNCTIONS
def test_second_derivatives_through_it(f: Callable[[Tensor], Tensor]) -> None:
    x = point()
    (rows,) = grad(f(x), x, pluggrad.eye(3, dtype=pluggrad.float64), create_graph=True, is_grads_batched=True)
    (second,) = grad((rows * rows).sum(), x)
    x = point()
    y = plain(x)
    loop = pluggrad.stack([grad(y[i], x, create_graph=True)[0] for i in range(3)])
    assert pluggrad.allclose(second, grad((loop * loop).sum(), x)[0])


@FUNCTIONS
def test_vmap_of_a_vjp_from_outside(f: Callable[[Tensor], Tensor]) -> None:
    _, pull = vjp(f, point().detach())
    eye = pluggrad.eye(3, dtype=pluggrad.float64)
    assert pluggrad.allclose(vmap(pull)(eye)[0], jacobian(plain))
    nested = vmap(vmap(lambda g: pull(g)[0]))(pluggrad.stack([eye, 2 * eye]))
    assert pluggrad.allclose(nested, pluggrad.stack([jacobian(plain), 2 * jacobian(plain)]))
    assert pluggrad.allclose(vmap(pull)(eye[:0])[0], eye[:0])


@FUNCTIONS
def test_forward_mode_through_a_vjp_from_outside(f: Callable[[Tensor], Tensor]) -> None:
    _, pull = vjp(f, point().detach())
    g, t = (pluggrad.tensor(v, dtype=pluggrad.float64) for v in ([1.0, -1.0, 2.0], [0.5, 3.0, 0.0]))
    out, slope = jvp(lambda g: pull(g)[0], (g,), (t,))
    assert pluggrad.allclose(out, g @ jacobian(plain)) and pluggrad.allclose(slope, t @ jacobian(plain))


def test_a_cotangent_from_outside_of_the_transform() -> None:
    ones = pluggrad.ones(2, dtype=pluggrad.float64)
    rows = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=pluggrad.float64)
    assert pluggrad.allclose(vmap(lambda x: vjp(lambda x: x**2, x)[1](ones)[0])(rows), 2 * rows)


def test_an_input_that_is_not_used() -> None:
    x, z = point(), pluggrad.ones(2, requires_grad=True)
    eye = pluggrad.eye(3, dtype=pluggrad.float64)
    gx, gz = grad(plain(x), (x, z), eye, allow_unused=True, is_grads_batched=True)
    assert gz is None and gx.shape == (3, 3)
    with pytest.raises(RuntimeError, match="not have been used"):
        grad(plain(x), (x, z), eye, is_grads_batched=True)
    assert grad(plain(x), (x, z), eye, is_grads_batched=True, materialize_grads=True)[1].tolist() == [[0.0, 0.0]] * 3


def test_backward_does_not_leave_a_batched_gradient() -> None:
    x = point()
    y = plain(x)
    with pytest.raises(LevelError, match="cannot be added to the grad of tensors outside"):
        vmap(lambda g: y.backward(g))(pluggrad.eye(3, dtype=pluggrad.float64))
    assert x.grad is None


@pytest.mark.parametrize("vectorize", [False, True])
def test_functional_with_create_graph(vectorize: bool) -> None:
    x = point()
    rows = pluggrad.autograd.functional.jacobian(plain, x, create_graph=True, vectorize=vectorize)
    (got,) = grad((rows * rows).sum(), x)
    x = point()
    y = plain(x)
    loop = pluggrad.stack([grad(y[i], x, create_graph=True)[0] for i in range(3)])
    assert pluggrad.allclose(got, grad((loop * loop).sum(), x)[0])
