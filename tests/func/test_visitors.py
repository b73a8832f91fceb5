"""Writing values of a transform into tensors that are not of it, and what graphs have saved across levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import pluggrad
from pluggrad.autograd import forward_ad
from pluggrad.autograd.transforms import LevelError
from pluggrad.func import grad, hessian, jacfwd, jacrev, jvp, vmap

Array = Any


def at_an_index(lib: Any, u: Array) -> Array:
    y = lib.zeros(2)
    y[0] += u.sum()
    y[1] = u[1] * 2
    return y * y


def then_whole(lib: Any, u: Array) -> Array:
    y = lib.zeros(2)
    y[0] += u.sum()
    y.mul_(u)
    return y


def through_a_view(lib: Any, u: Array) -> Array:
    y = lib.zeros(2)
    v = y[1:]
    v.add_(u[1])
    y.add_(u)
    return v * v + y.sum()


def copied_over(lib: Any, u: Array) -> Array:
    y = lib.zeros(2)
    y.copy_(u * u)
    y[0] = 5.0
    return y * u


def saved_before(lib: Any, u: Array) -> Array:
    y = lib.ones(2)
    z = y * 3
    y.mul_(u)
    return y * z


def at_index_tensors(lib: Any, u: Array) -> Array:
    y = lib.zeros(3)
    y.index_add_(0, lib.tensor([0, 2]), u)
    return y * y


def filled_and_masked(lib: Any, u: Array) -> Array:
    y = lib.zeros(2)
    y.add_(u.sum())
    y.sub_(u)
    y[lib.tensor([True, False])] = u[1]
    return y * u


def in_slices(lib: Any, u: Array) -> Array:
    y = lib.zeros(2, 2)
    y[:, 0] = u
    y[1] /= u + 1
    y.T[1].sub_(u)
    y **= 2
    return y


def of_a_part_of_what_is_gone(lib: Any, u: Array) -> Array:
    y = lib.ones(3, 2)[1]
    y *= u
    return y * u


def of_parts_of_a_part(lib: Any, u: Array) -> Array:
    y = lib.arange(6.0).reshape(2, 3)[:, 1:]
    row, column = y[1], y.T[1]
    row *= u
    column += u
    return y * u + row * column


def with_tangents_of_its_own(lib: Any, u: Array) -> Array:
    y = u.clone()
    part = y[1:]
    part *= u[0]
    return y * y * part


PROGRAMS = [
    at_an_index, then_whole, through_a_view, copied_over, saved_before, at_index_tensors, filled_and_masked, in_slices,
    of_a_part_of_what_is_gone, with_tangents_of_its_own,
]  # fmt: skip

POINT, TANGENT = [1.0, 2.0], [3.0, 4.0]


def every_way(func: Any, f: Callable[[Any], Any], x: Any, t: Any) -> list[Any]:
    """The derivatives of a function by each transform and nesting of them."""
    return [
        *func.jvp(f, (x,), (t,)), func.grad(lambda u: f(u).sum())(x), func.jacfwd(f)(x), func.jacrev(f)(x),
        func.hessian(lambda u: f(u).sum())(x), *func.jvp(func.grad(lambda u: f(u).sum()), (x,), (t,)),
        func.grad(lambda u: func.jvp(f, (u,), (t,))[1].sum())(x),
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("program", PROGRAMS)
def test_in_every_transform_as_pytorch(program: Callable[[Any, Any], Any]) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for lib in (pluggrad, torch):
        x, t = lib.tensor(POINT), lib.tensor(TANGENT)
        found.append(
            [(v + lib.zeros(1)).tolist() for v in every_way(lib.func, lambda u, lib=lib: program(lib, u), x, t)]
        )
    for got, want in zip(*found, strict=True):
        assert bool(pluggrad.all(pluggrad.isclose(pluggrad.tensor(got), pluggrad.tensor(want), rtol=1e-5)))


@pytest.mark.parametrize("program", PROGRAMS[:-1])
def test_vmap_still_refuses(program: Callable[[Any, Any], Any]) -> None:
    """A value that differs over the batch does not fit into memory that all share, as in PyTorch."""
    rows = pluggrad.tensor([POINT, TANGENT])
    with pytest.raises(LevelError, match="vmap: inplace arithmetic is not possible"):
        vmap(lambda u: program(pluggrad, u))(rows)


def test_a_tensor_from_outside_keeps_the_value() -> None:
    """It has a tangent until the level is over, as with PyTorch's dual tensors, and its views with it."""
    x, t = pluggrad.tensor(POINT), pluggrad.tensor(TANGENT)
    y = pluggrad.zeros(2)
    part = y[1:]
    with forward_ad.dual_level():
        y.add_(forward_ad.make_dual(x, t))
        assert forward_ad.unpack_dual(y).tangent.tolist() == TANGENT
        assert forward_ad.unpack_dual(part * 2).tangent.tolist() == [8.0]
    assert (y.tolist(), part.tolist()) == (POINT, [2.0])
    part.zero_()
    assert (y + 1).tolist() == [2.0, 1.0]


def test_its_graph_is_kept() -> None:
    x, t = pluggrad.tensor(POINT), pluggrad.tensor(TANGENT)
    w = pluggrad.tensor([1.0, 1.0], requires_grad=True)
    y = w * 3
    with pluggrad.no_grad(), forward_ad.dual_level():
        y.add_(forward_ad.make_dual(x, t))
    (y * y).sum().backward()
    assert w.grad.tolist() == [24.0, 30.0]  # 2 y · 3, with y = 3 + x
    running = pluggrad.zeros(2)

    def normalised(u: pluggrad.Tensor) -> pluggrad.Tensor:
        running.mul_(0.5).add_(u)
        return u - running

    for _ in range(2):
        _, slope = jvp(normalised, (x,), (t,))
        assert slope.tolist() == [0.0, 0.0]
    assert running.tolist() == [1.5, 3.0]


def test_in_nested_levels() -> None:
    x = pluggrad.tensor(POINT)
    kept = []

    def f(u: pluggrad.Tensor) -> pluggrad.Tensor:
        y = pluggrad.zeros(2)
        kept.append(y)
        y[0] = u[0] * u[1]
        y[1] += y[0] * u[1]
        return y.sum()

    h = jacfwd(jacfwd(f))(x)
    assert h.tolist() == [[0.0, 5.0], [5.0, 2.0]] == hessian(f)(x).tolist() == jacrev(jacrev(f))(x).tolist()
    assert all(y.tolist() == [2.0, 4.0] for y in kept[:1])


def test_parts_of_a_part_of_what_is_gone() -> None:
    """What the others are views of stands for the whole. (PyTorch takes the tangent for a leaf here.)"""
    x, t = pluggrad.tensor(POINT), pluggrad.tensor(TANGENT)
    _, slope = jvp(lambda u: of_parts_of_a_part(pluggrad, u), (x,), (t,))

    def written_out(u: pluggrad.Tensor) -> pluggrad.Tensor:
        corner = 5 * u[1] + u[1]  # of both parts
        y = pluggrad.stack([pluggrad.stack([pluggrad.tensor(1.0), 2 + u[0]]), pluggrad.stack([4 * u[0], corner])])
        return y * u + y[1] * y[:, 1]

    assert of_parts_of_a_part(pluggrad, x).tolist() == written_out(x).tolist()
    assert slope.tolist() == jvp(written_out, (x,), (t,))[1].tolist()


def test_a_tangent_takes_what_more_levels_give() -> None:
    """A tangent that a batch shares, until one of each member's own is written into a view."""
    rows = pluggrad.tensor([POINT, TANGENT])

    def f(u: pluggrad.Tensor) -> pluggrad.Tensor:
        return (with_tangents_of_its_own(pluggrad, u) * u).sum()

    want = pluggrad.stack([hessian(f)(row) for row in rows])
    for transform in (hessian, lambda f: jacfwd(jacfwd(f)), lambda f: jacrev(jacfwd(f))):
        assert bool(pluggrad.all(pluggrad.isclose(vmap(transform(f))(rows), want)))


def test_a_part_of_several_without_the_whole() -> None:
    one, other = pluggrad.zeros(2, 2).unbind()
    with pytest.raises(LevelError, match="one of several views of a tensor that is no longer there"):
        jvp(lambda u: one.add_(u), (pluggrad.tensor(POINT),), (pluggrad.tensor(TANGENT),))
    assert other.tolist() == [0.0, 0.0]


def test_outside_of_the_function_what_was_saved_is_safe() -> None:
    """A graph inside has saved tensors from outside; a write to these breaks no gradient."""
    rows = pluggrad.tensor([POINT, TANGENT])

    def f(u: pluggrad.Tensor) -> pluggrad.Tensor:
        y = pluggrad.ones(2)
        z = y * u
        y.add_(1.0)
        return (z * u).sum()

    assert vmap(grad(f))(rows).tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert jvp(grad(f), (rows[0],), (rows[1],))[1].tolist() == [6.0, 8.0]


def test_results_that_share_memory_with_arguments() -> None:
    w = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    x = pluggrad.ones(2, 2)
    same = vmap(lambda row: row)(x)
    value, _ = jvp(lambda a: a, (x,), (x,))
    total = (w * same).sum() + (w * value).sum()
    x.add_(5.0)
    total.backward()
    assert w.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_out_of_place_functions_take_values_of_a_transform() -> None:
    x, t = pluggrad.tensor(POINT), pluggrad.tensor(TANGENT)
    index, mask = pluggrad.tensor([0, 2]), pluggrad.tensor([True, False, True])
    y = pluggrad.zeros(3)
    for f in (
        lambda u: pluggrad.index_add(y, 0, index, u),
        lambda u: pluggrad.index_copy(y, 0, index, u),
        lambda u: y.scatter(0, index, u),
        lambda u: y.masked_fill(mask, u[1]),
        lambda u: pluggrad.masked_scatter(y, mask, u),
        lambda u: y.index_put((index,), u),
    ):
        assert jvp(f, (x,), (t,))[1].tolist() == f(t).tolist()
