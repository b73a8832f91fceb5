"""Writes, views and moves inside transforms: the memory is that of the tensors outside, and no gradient is lost."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import pluggrad  # noqa: E402

LIBS = pytest.mark.parametrize("lib", [torch, pluggrad], ids=["torch", "pluggrad"])
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")


def weights(lib: ModuleType) -> Any:
    return lib.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


@LIBS
def test_a_write_inside_vmap_is_one_of_the_tensor_outside(lib: ModuleType) -> None:
    w = weights(lib)
    y = w * w
    lib.vmap(lambda row: row.mul_(3.0))(y)
    assert y.tolist() == [[3.0, 12.0], [27.0, 48.0]]
    assert lib.autograd.grad(y.sum(), w)[0].tolist() == [[6.0, 12.0], [18.0, 24.0]]


@pytest.mark.parametrize("in_dims", [0, 1, (0,)])
@pytest.mark.parametrize("through", ["itself", "a view"])
def test_a_write_inside_vmap_breaks_no_gradient(in_dims: Any, through: str) -> None:
    w = weights(pluggrad)
    y = w * 1
    z = (y * y).sum()  # saves y; PyTorch answers that it was modified
    pluggrad.vmap(lambda row: (row if through == "itself" else row[:]).mul_(2.0), in_dims=in_dims)(y)
    assert pluggrad.autograd.grad(z + y.sum(), w)[0].tolist() == [[4.0, 6.0], [8.0, 10.0]]  # 2 w + 2


def test_a_write_to_what_is_the_same_for_all_members() -> None:
    w, rows = weights(pluggrad), pluggrad.zeros(3, 2)
    y = w * 1
    z = (y * y).sum()
    pluggrad.vmap(lambda row, y: (y.mul_(2.0), row)[1], in_dims=(0, None))(rows, y)
    assert pluggrad.autograd.grad(z + y.sum(), w)[0].tolist() == [[4.0, 6.0], [8.0, 10.0]]


@LIBS
def test_a_leaf_may_not_be_written_inside_vmap(lib: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        lib.vmap(lambda row: row.mul_(2.0))(weights(lib))


def test_a_write_in_forward_mode_keeps_what_the_graph_saved() -> None:
    w = weights(pluggrad)
    y = w * 1
    z = (y * y).sum()
    with pluggrad.no_grad():
        pluggrad.func.jvp(lambda y: y.mul_(2.0), (y,), (pluggrad.ones(2, 2),))
    assert pluggrad.autograd.grad(z, w)[0].tolist() == [[2.0, 4.0], [6.0, 8.0]]


VIEWS = {
    "through a view": lambda y, u: y[:1].add_(u[:1]),
    "through a view of a view": lambda y, u: y.view(2, 1)[:1].add_(u[:1]),
    "copied": lambda y, u: y[:1].copy_(u[:1]),
    "assigned": lambda y, u: y.__setitem__(slice(0, 1), u[:1]),
}


@LIBS
@pytest.mark.parametrize("how", VIEWS)
@pytest.mark.parametrize("constant", [False, True])
def test_a_write_through_a_view_keeps_the_tangent(lib: ModuleType, how: str, constant: bool) -> None:
    def f(u: Any) -> Any:
        y = lib.zeros_like(u) if constant else u * 0
        before = y[:1]
        VIEWS[how](y, u)
        return y * 2 + before

    out, slope = lib.func.jvp(f, (lib.tensor([3.0, 4.0]),), (lib.tensor([1.0, 5.0]),))
    assert out.tolist() == [9.0, 3.0] and slope.tolist() == [3.0, 1.0]


def test_a_dtype_without_tangents_and_back() -> None:
    def f(u: Any) -> Any:
        y = (u > 0).to(u.dtype)  # dual, without a tangent
        y[:1] += u[:1]
        return y

    x = pluggrad.tensor([3.0, 4.0])
    assert pluggrad.func.jvp(f, (x,), (pluggrad.tensor([1.0, 5.0]),))[1].tolist() == [1.0, 0.0]


@LIBS
def test_detach_drops_the_tangent(lib: ModuleType) -> None:
    x, t = lib.tensor([3.0, 4.0]), lib.tensor([1.0, 5.0])
    assert lib.func.jvp(lambda u: u.detach() * u, (x,), (t,))[1].tolist() == [3.0, 20.0]
    assert lib.func.hessian(lambda u: (u.detach() * u * u).sum())(x).tolist() == [[6.0, 0.0], [0.0, 8.0]]


def test_values_beside_gradients_keep_their_tangents() -> None:
    x, t = pluggrad.tensor([3.0, 4.0]), pluggrad.tensor([1.0, 5.0])
    slope = pluggrad.func.jvp(lambda u: pluggrad.func.grad_and_value(lambda u: (u**2).sum())(u), (x,), (t,))[1]
    assert slope[0].tolist() == [2.0, 10.0] and slope[1].item() == 46.0


@pytest.mark.parametrize("move", [
    lambda u: u.to(u.device), lambda u: u.type_as(pluggrad.zeros(1)), lambda u: u.to(pluggrad.get_default_device()),
    lambda u: pluggrad.asarray(u, device=str(u.device)), pytest.param(lambda u: u.cpu(), marks=pytest.mark.cpu),
])  # fmt: skip
def test_moving_to_where_it_is_keeps_the_tangent(move: Any) -> None:
    x, t = pluggrad.tensor([3.0, 4.0]), pluggrad.tensor([1.0, 5.0])
    assert pluggrad.func.jvp(lambda u: move(u) * 2, (x,), (t,))[1].tolist() == [2.0, 10.0]
    assert pluggrad.vmap(lambda u: move(u) * 2)(x).tolist() == [6.0, 8.0]


@pytest.mark.cpu  # other devices are named in the text
@LIBS
def test_printing(lib: ModuleType) -> None:
    texts: list[str] = []

    def show(u: Any) -> Any:
        texts.append(str(u))
        return u

    lib.vmap(show)(lib.ones(2, 2))
    lib.vmap(lib.vmap(show))(lib.ones(2, 2))
    assert texts == [
        "BatchedTensor(lvl=1, bdim=0, value=\n    tensor([[1., 1.],\n            [1., 1.]])\n)",
        (
            "BatchedTensor(lvl=2, bdim=0, value=\n    BatchedTensor(lvl=1, bdim=0, value=\n"
            "        tensor([[1., 1.],\n                [1., 1.]])\n    )\n)"
        ),
    ]


FILLS = {
    "uniform_": lambda x: x.uniform_(),
    "normal_": lambda x: x.normal_(),
    "bernoulli_": lambda x: x.bernoulli_(0.5),
    "random_": lambda x: x.random_(0, 1000),
    "exponential_": lambda x: x.exponential_(),
    "geometric_": lambda x: x.geometric_(0.01),
}


@LIBS
@pytest.mark.parametrize("name", FILLS)
def test_fills_obey_randomness(lib: ModuleType, name: str) -> None:
    rows, fill = lib.zeros(3, 40), FILLS[name]

    def own(row: Any) -> Any:
        return fill(lib.zeros_like(row))

    def shared(row: Any) -> Any:
        return fill(lib.zeros(40)) + row

    for f in (own, shared):
        with pytest.raises(RuntimeError, match="randomness error mode"):
            lib.vmap(f)(rows)
    different = lib.vmap(own, randomness="different")(rows).tolist()
    assert different[0] != different[1] and different[1] != different[2]
    with pytest.raises(RuntimeError, match="different (inplace randomness|random numbers in place)"):
        lib.vmap(shared, randomness="different")(rows)
    for f in (own, shared):
        same = lib.vmap(f, randomness="same")(rows).tolist()
        assert same[0] == same[1] == same[2] and any(same[0])


@LIBS
@pytest.mark.parametrize("replacement", [True, False])
def test_multinomial(lib: ModuleType, replacement: bool) -> None:
    weights = lib.tensor([[1.0, 0.0, 0.0, 2.0], [0.0, 3.0, 1.0, 0.0], [5.0, 0.0, 0.0, 1.0]])
    draw = lib.vmap(lambda w: lib.multinomial(w, 2, replacement=replacement), randomness="different")
    for row, allowed in zip(draw(weights).tolist(), [{0, 3}, {1, 2}, {0, 3}], strict=True):
        assert set(row) <= allowed and (replacement or set(row) == allowed)
