"""Views, manipulation and joining against PyTorch: values, dtypes, gradients, and what shares memory with what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import AxisError, ShapeError

torch = pytest.importorskip("torch")

#: Shapes of the arguments x, y, z; an expression in them and the library m; whether PyTorch's result shares memory.
CASES = [
    ([(2, 3)], "m.reshape(x, (3, 2))", True),
    ([(2, 3)], "x.reshape(3, -1)", True),
    ([(2, 3)], "x.reshape([6])", True),
    ([(2, 3)], "x.t().reshape(6)", False),
    ([(2, 3)], "x.reshape_as(m.zeros(3, 2))", True),
    ([(2, 3)], "x.view(-1)", True),
    ([(2, 3)], "x.view_as(m.zeros(6))", True),
    ([(2, 3, 4)], "m.permute(x, (2, 0, 1))", True),
    ([(2, 3, 4)], "x.permute(2, 0, -2)", True),
    ([(2, 3, 4)], "x.permute([1, 2, 0])", True),
    ([(2, 3, 4)], "m.transpose(x, 0, -1)", True),
    ([(2, 3, 4)], "x.transpose(-2, 0)", True),
    ([(2, 3, 4)], "x.swapaxes(0, 1)", True),
    ([(2, 3, 4)], "m.swapdims(x, 0, 1)", True),
    ([(2, 3, 4)], "m.movedim(x, 0, 2)", True),
    ([(2, 3, 4)], "x.moveaxis((0, 1), (-1, 0))", True),
    ([(2, 3)], "x.t()", True),
    ([(3,)], "m.t(x)", True),
    ([(2, 3)], "x.T", True),
    ([(2, 2, 3)], "x.mT", True),
    ([(2, 3)], "x.H", True),
    ([(2, 2, 3)], "x.adjoint()", True),
    ([()], "x.reshape(1, 1)", True),
    ([(1, 2, 1)], "m.squeeze(x)", True),
    ([(1, 2, 1)], "x.squeeze(0)", True),
    ([(1, 2, 1)], "x.squeeze(1)", True),
    ([(1, 2, 1)], "x.squeeze((0, 1, 2))", True),
    ([()], "x.squeeze(0)", True),
    ([(2, 3)], "m.unsqueeze(x, -1)", True),
    ([(2, 3)], "x.unsqueeze(1)", True),
    ([(2, 1)], "x.expand(3, -1, 4)", True),
    ([()], "x.expand(2, 2)", True),
    ([(2, 1)], "x.expand_as(m.zeros(2, 2))", True),
    ([(2, 1)], "m.broadcast_to(x, (2, 3))", True),
    ([(2, 1), (3,)], "m.broadcast_tensors(x, y)", True),
    ([(2, 3)], "x.flatten()", True),
    ([(2, 3, 4)], "m.flatten(x, 1)", True),
    ([(2, 3, 4)], "x.flatten(0, -2)", True),
    ([()], "x.flatten()", True),
    ([(2, 12)], "m.unflatten(x, 1, (3, -1))", True),
    ([(2, 3)], "x.ravel()", True),
    ([(4, 3)], "m.diagonal(x)", True),
    ([(4, 3)], "x.diagonal(1)", True),
    ([(4, 3)], "x.diagonal(-2)", True),
    ([(4, 3)], "x.diagonal(7)", True),
    ([(2, 4, 3)], "x.diagonal(-1, 2, 0)", True),
    ([(2, 4, 3)], "x.diagonal(0, -2, -1)", True),
    ([(4, 3)], "x.select(1, -1)", True),
    ([(4, 3)], "m.select(x, 0, 2)", True),
    ([(4, 3)], "m.narrow(x, 0, 1, 2)", True),
    ([(4, 3)], "x.narrow(1, -2, 2)", True),
    ([(7,)], "x.unfold(0, 3, 2)", True),
    ([(2, 6, 2)], "x.unfold(1, 2, 1)", True),
    ([(2, 6)], "x.unfold(-1, 6, 1)", True),
    ([(5, 2)], "m.split(x, 2)", True),
    ([(5, 2)], "x.split([1, 0, 4])", True),
    ([(2, 5)], "x.split(5, -1)", True),
    ([(5, 2)], "m.chunk(x, 3)", True),
    ([(5, 2)], "x.chunk(4)", True),
    ([(2, 3)], "m.chunk(x, 2, 1)", True),
    ([(5, 2)], "m.tensor_split(x, 3)", True),
    ([(5, 2)], "x.tensor_split((1, 3))", True),
    ([(5,)], "m.tensor_split(x, (3, 1, 9))", True),
    ([(2, 4)], "m.hsplit(x, 2)", True),
    ([(4, 2)], "x.vsplit((1, 2))", True),
    ([(2, 2, 4)], "m.dsplit(x, 2)", True),
    ([(2, 3)], "m.unbind(x)", True),
    ([(2, 3)], "x.unbind(1)", True),
    ([(2, 3)], "m.flip(x, (0, 1))", False),
    ([(2, 3)], "x.flip(1)", False),
    ([(2, 3)], "x.flip([0])", False),
    ([(2, 3)], "m.fliplr(x)", False),
    ([(2, 3)], "x.flipud()", False),
    ([(2, 3)], "m.roll(x, 1)", False),
    ([(2, 3)], "x.roll((1, -2), (0, 1))", False),
    ([(2, 3)], "x.roll(4, 1)", False),
    ([(2, 3)], "m.rot90(x)", False),
    ([(2, 3)], "x.rot90(2)", False),
    ([(2, 3, 4)], "m.rot90(x, 3, (2, 0))", False),
    ([(2, 3)], "m.rot90(x, 4)", False),
    ([(2, 3)], "x.repeat(2, 1, 3)", False),
    ([(3,)], "x.repeat(0)", False),
    ([(2, 3)], "m.tile(x, (2,))", False),
    ([(2, 3)], "x.tile(2, 1, 1)", False),
    ([(2, 3)], "m.repeat_interleave(x, 2)", False),
    ([(2, 3)], "x.repeat_interleave(2, 1)", False),
    ([(2, 3)], "m.repeat_interleave(x, m.tensor([2, 0, 1]), 1)", False),
    ([(2, 3)], "m.tril(x)", False),
    ([(2, 3)], "x.triu(1)", False),
    ([(2, 4, 3)], "x.tril(-1)", False),
    ([(3,)], "m.diag(x)", False),
    ([(3,)], "x.diag(-1)", False),
    ([(2, 3)], "m.diag(x, 1)", False),
    ([(2, 3)], "m.diag_embed(x)", False),
    ([(2, 3)], "m.diag_embed(x, 1, 0, 2)", False),
    ([(2, 3)], "m.diag_embed(x, -1, 2, 0)", False),
    ([(2, 2)], "m.diagflat(x, 1)", False),
    ([(2, 3), (2, 3)], "m.stack([x, y])", False),
    ([(2, 3), (2, 3)], "m.stack((x, y), dim=-1)", False),
    ([(2, 3), (1, 3)], "m.cat([x, y])", False),
    ([(2, 3), (2, 1), (2, 0)], "m.concat((x, y, z), dim=1)", False),
    ([(2, 3), (0,)], "m.cat([x, y])", False),
    ([(2,), (3,)], "m.hstack([x, y])", False),
    ([(2, 1), (2, 2)], "m.hstack([x, y])", False),
    ([(2,), (2,)], "m.vstack([x, y])", False),
    ([(2,), (2,)], "m.dstack([x, y])", False),
    ([(2,), (2, 3)], "m.column_stack([x, y])", False),
    ([(2, 2), (), (3,)], "m.block_diag(x, y, z)", False),
    ([(2,), (3,), (2,)], "m.cartesian_prod(x, y, z)", False),
    ([(4,)], "m.combinations(x, 3)", False),
    ([(3,)], "m.combinations(x, 2, with_replacement=True)", False),
    ([(2, 1), (3,)], "m.kron(x, y)", False),
    ([(), (2, 2)], "m.kron(x, y)", False),
    ([(), (2,), (2, 3)], "m.atleast_1d(x, y, z)", True),
    ([(), (2,), (2, 3)], "m.atleast_2d(x, y, z)", True),
    ([(), (2,), (2, 3)], "m.atleast_3d(x, y, z)", True),
]


def evaluate(expression: str, library: Any, *arguments: Any) -> Any:
    return eval(expression, {"m": library, **dict(zip("xyz", arguments, strict=False))})


@pytest.mark.parametrize(("shapes", "expression"), [(s, e) for s, e, _ in CASES])
def test_as_torch(shapes: list[tuple[int, ...]], expression: str, same_as_torch: Any, rng: np.random.Generator) -> None:
    values = [rng.standard_normal(shape) for shape in shapes]
    same_as_torch(
        lambda *xs: evaluate(expression, pluggrad, *xs), lambda *ts: evaluate(expression, torch, *ts), *values
    )


@pytest.mark.parametrize(("shapes", "expression"), [(s, e) for s, e, _ in CASES if "m.zeros" not in e])
def test_complex_and_integers_as_torch(
    shapes: list[tuple[int, ...]], expression: str, same_as_torch: Any, rng: np.random.Generator
) -> None:
    for dtype in ("complex128", "int32", "bool"):
        values = [(rng.standard_normal(shape) * 3 + 1j).astype(dtype) if dtype == "complex128"
                  else (rng.standard_normal(shape) * 3).astype(dtype) for shape in shapes]  # fmt: skip
        if dtype == "bool" and "kron" in expression:
            continue
        same_as_torch(
            lambda *xs: evaluate(expression, pluggrad, *xs), lambda *ts: evaluate(expression, torch, *ts), *values
        )


@pytest.mark.cpu
@pytest.mark.parametrize(
    ("shapes", "expression", "shares"), [c for c in CASES if "expand" not in c[1] and "broadcast" not in c[1]]
)
def test_views_share_memory_where_torch_does(shapes: list[tuple[int, ...]], expression: str, shares: bool) -> None:
    arrays = [np.zeros(shape) for shape in shapes]
    tensors = [pluggrad.from_numpy(a) for a in arrays]
    result = evaluate(expression, pluggrad, *tensors)
    for part in result if isinstance(result, tuple) else (result,):
        if not part.size:
            continue
        for a in arrays:
            a[...] = 0.0
        if shares and (part.is_view or any(part is t for t in tensors)):
            part[...] = 1.0
            assert any(a.any() for a in arrays)
        else:
            assert not shares
            part.add_(1.0)
            assert not any(a.any() for a in arrays)


def test_expanded_memory_is_shared_and_not_written() -> None:
    x = pluggrad.zeros(2, 1)
    y = x.expand(2, 3)
    x[0, 0] = 5.0
    assert y.tolist() == [[5.0] * 3, [0.0] * 3]


@pytest.mark.cpu
@pytest.mark.parametrize(
    "expression",
    ["x.permute(1, 0)[0]", "x.t().select(0, 1)", "x.split(1)[1]", "x.unbind(1)[0]", "x.diagonal()", "x.unfold(0, 2, 2)",
     "x.view(-1)[2:]", "x.unsqueeze(0).squeeze(0)[1]", "x.chunk(2, 1)[0]"],
)  # fmt: skip
def test_writes_through_views_are_on_record(expression: str) -> None:
    a = np.arange(9.0).reshape(3, 3) + 1
    results = []
    for library in (pluggrad, torch):
        w = library.tensor(a.tolist(), dtype=library.float64, requires_grad=True)
        x = w * 2.0
        # PyTorch lets nobody write into one of several views that a function gave.
        alone = {
            "x.split(1)[1]": "x.narrow(0, 1, 1)",
            "x.unbind(1)[0]": "x.select(1, 0)",
            "x.chunk(2, 1)[0]": "x.narrow(1, 0, 2)",
        }
        part = evaluate(alone.get(expression, expression) if library is torch else expression, library, x)
        part.mul_(0.1).exp_()
        (x * x).sum().backward()
        results.append((x.tolist(), w.grad.tolist()))
    np.testing.assert_allclose(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1])


@pytest.mark.parametrize(
    "expression",
    ["x.unsqueeze_(1)", "x.t_()", "x.transpose_(0, 1)", "x.swapaxes_(0, 1)", "x[:1].squeeze_(0)", "x.squeeze_()"],
)
def test_shape_in_place(expression: str) -> None:
    shapes, grads = [], []
    for library in (pluggrad, torch):
        w = library.arange(6.0, dtype=library.float64).reshape(2, 3).requires_grad_()
        x = w * 2.0
        y = evaluate(expression, library, x)
        y.mul_(3.0)
        (y * y).sum().backward()
        shapes.append((tuple(x.shape), tuple(y.shape), x.tolist(), y.tolist()))
        grads.append(w.grad.tolist())
    assert shapes[0] == shapes[1]
    np.testing.assert_allclose(grads[0], grads[1])


def test_shape_in_place_keeps_other_views_right() -> None:
    x = pluggrad.zeros(2, 3)
    row = x[0]
    x.t_()
    x[2, 0] = 7.0
    assert row.tolist() == [0.0, 0.0, 7.0] and x.shape == (3, 2)


def test_shape_in_place_of_a_leaf() -> None:
    w = pluggrad.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        w.t_()
    with pluggrad.no_grad():
        w.t_()
    assert w.is_leaf and w.requires_grad
    (w * 2.0).sum().backward()
    assert w.grad.shape == (3, 2)


def test_standard_signatures() -> None:
    x = pluggrad.arange(6).reshape(2, 3)
    assert pluggrad.concat([x, x], axis=None).shape == (12,)
    assert pluggrad.expand_dims(x, axis=(0, -1)).shape == (1, 2, 3, 1)
    assert pluggrad.flip(x).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert pluggrad.repeat(x, pluggrad.asarray([1, 2]), axis=0).tolist() == [[0, 1, 2], [3, 4, 5], [3, 4, 5]]
    assert pluggrad.repeat(x, 2).shape == (12,)
    assert pluggrad.tile(x, (2,)).shape == (2, 6)
    assert [t.tolist() for t in pluggrad.unstack(x, axis=1)] == [[0, 3], [1, 4], [2, 5]]
    assert pluggrad.permute_dims(x, (-1, -2)).shape == (3, 2)
    assert pluggrad.squeeze(x[None], 0).shape == (2, 3)
    assert pluggrad.moveaxis(x, 0, 1).shape == (3, 2)
    assert pluggrad.roll(x, 1, axis=0).tolist() == [[3, 4, 5], [0, 1, 2]]
    assert pluggrad.tril(x, k=-1).tolist() == [[0, 0, 0], [3, 0, 0]]
    assert pluggrad.broadcast_shapes((2, 1), (3,), ()) == (2, 3)
    assert pluggrad.broadcast_shapes((None, 1), (3,)) == (None, 3)
    copied = pluggrad.reshape(x, (6,), copy=True)
    copied[0] = 9
    assert x[0, 0] == 0


def test_concat_promotes() -> None:
    parts = [pluggrad.asarray([1, 2]), pluggrad.asarray([0.5]), pluggrad.asarray([1j])]
    assert pluggrad.concat(parts).dtype is pluggrad.complex64
    assert pluggrad.stack([pluggrad.asarray(1), pluggrad.asarray(True)]).dtype is pluggrad.int64


def test_views_of_the_parts_of_a_split_take_part_in_one_node() -> None:
    x = pluggrad.ones(4, requires_grad=True) * 1.0
    a, b = x.split(2)
    assert a.grad_fn is b.grad_fn and a.is_view
    c, d = x.unbind()[:2]
    assert c.grad_fn is d.grad_fn


def test_T_of_other_than_matrices_warns() -> None:
    with pytest.warns(UserWarning, match=r"x\.T"):
        assert pluggrad.zeros(2, 3, 4).T.shape == (4, 3, 2)


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        ("x.view(4)", ShapeError, r"shape \[4\] is invalid for input of shape \[2, 3\] with 6 elements"),
        ("x.t().view(6)", ShapeError, r"view size is not compatible .* Use \.reshape"),
        ("m.reshape(x.t(), (6,), copy=False)", ValueError, "without a copy"),
        ("x.reshape(-1, 4)", ShapeError, "shape .* is invalid for input of shape"),
        ("x.reshape(-1, -1)", ShapeError, "only one size can be inferred"),
        ("x.permute(0, 0)", ValueError, "is not a permutation"),
        ("x.permute(0)", ValueError, "is not a permutation"),
        ("x.transpose(0, 2)", IndexError, "axis 2 is out of range"),
        ("m.squeeze(x, 0)", ValueError, "axis 0 of shape .* has size 2"),
        ("x.squeeze(5)", AxisError, "axis 5 is out of range"),
        ("x.unsqueeze(4)", IndexError, "axis 4 is out of range"),
        ("x.expand(3)", RuntimeError, r"number of sizes provided \(1\)"),
        ("x.expand(2, 4)", RuntimeError, r"expanded size of the tensor \(4\) must match the existing size \(3\)"),
        ("x.expand(-1, 2, 3)", RuntimeError, "leading, non-existing dimension"),
        ("m.broadcast_to(x, (2, 4))", ValueError, "does not broadcast"),
        ("m.broadcast_shapes((2,), (3,))", ValueError, "sizes 2 and 3 differ"),
        ("x.flatten(1, 0)", RuntimeError, "start_dim 1 cannot come after end_dim 0"),
        ("m.moveaxis(x, (0, 1), 0)", ValueError, "2 source axes"),
        ("x[None].t()", RuntimeError, r"expects a tensor with <= 2 dimensions"),
        ("m.matrix_transpose(x[0])", ValueError, "needs a matrix"),
        ("x[0].H", RuntimeError, "only supported on matrices"),
        ("x.diagonal(0, 1, 1)", ValueError, "dim1 and dim2 must differ"),
        ("x.narrow(0, 1, 3)", RuntimeError, r"start \(1\) \+ length \(3\) exceeds dimension size \(2\)"),
        ("x.select(0, 2)", IndexError, "index 2 is out of bounds for axis 0 with size 2"),
        ("x.unfold(1, 4, 1)", RuntimeError, "maximum size for tensor at dimension 1 is 3 but size is 4"),
        ("x.unfold(1, 1, 0)", RuntimeError, "step is 0"),
        ("x.split([1, 2])", RuntimeError, r"sum exactly to 2 .* \[1, 2\]"),
        ("x.split(0)", RuntimeError, "split_size to be positive"),
        ("x.chunk(0)", RuntimeError, "greater than 0"),
        ("m.hsplit(x, 2)", RuntimeError, "not divisible"),
        ("m.vsplit(x[0], 2)", RuntimeError, "at least 2 dimensions"),
        ("m.asarray(1.0).unbind()", IndexError, "0-dim tensor"),
        ("m.cat([x, x[:, :2]])", RuntimeError, r"Expected size 3 but got size 2 in dimension 1 for tensor number 1"),
        ("m.cat([x, x[0]])", RuntimeError, "same number of dimensions"),
        ("m.cat([])", ValueError, "non-empty list"),
        ("m.cat(x)", TypeError, "tuple or list of Tensors"),
        ("m.cat([m.asarray(1.0)])", RuntimeError, "zero-dimensional"),
        ("m.stack([x, x[0]])", RuntimeError, r"equal size, but got \[2, 3\] at entry 0 and \[3\] at entry 1"),
        ("m.roll(x, (1, 2), axis=0)", RuntimeError, "must align"),
        ("x.repeat(2)", RuntimeError, "can not be smaller"),
        ("m.repeat(x, -1)", ValueError, "must not be negative, got -1"),
        ("m.repeat(x, m.asarray([1, 2, 3, 4]), axis=1)", ValueError, "one for each of the 3 elements"),
        ("m.repeat(x, m.asarray([0.5]))", TypeError, "integers, got float32"),
        ("m.tril(x[0])", RuntimeError, "at least 2 dimensions"),
        ("m.diag(x[None])", RuntimeError, "1-d and 2-d"),
        ("m.combinations(x)", RuntimeError, "1-d tensor"),
        ("m.cartesian_prod(x)", RuntimeError, "1-d tensors"),
    ],
)
def test_errors(expression: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        evaluate(expression, pluggrad, pluggrad.zeros(2, 3))
