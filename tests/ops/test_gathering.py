"""Gathering and scattering against PyTorch: values and gradients; in place; what a mistake gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

#: Shapes of x and y; an expression in them, the library m, i (an integer tensor) and b (a mask).
CASES = [
    ([(4, 3)], "m.gather(x, 0, i([[0, 1, 2], [3, 0, 0]]))"),
    ([(4, 3)], "x.gather(1, i([[0, 0, 1, 2]]))"),
    ([(2, 3, 4)], "m.gather(x, -1, i([[[0], [3]]]))"),
    ([()], "x.gather(0, i(0))"),
    ([(3,)], "x.gather(0, i([]))"),
    ([(4, 3)], "m.take(x, i([[0, 11], [5, 5]]))"),
    ([(4, 3)], "x.take(i(7))"),
    ([(4, 3)], "m.index_select(x, 0, i([3, 0, 0]))"),
    ([(4, 3)], "x.index_select(-1, i([2]))"),
    ([(4, 3)], "x.index_select(1, i(0))"),
    ([()], "x.index_select(0, i([0]))"),
    ([(4, 3)], "m.take_along_dim(x, i([[0, 0, 3]]), 0)"),
    ([(4, 3)], "m.take_along_dim(x, i([[0, 2], [1, 1], [0, 0], [2, 1]]), 1)"),
    ([(4, 3)], "m.take_along_dim(x, i([0, 11]))"),
    ([(4, 3), (2, 3)], "m.index_add(x, 0, i([1, 1]), y)"),
    ([(4, 3), (4, 2)], "x.index_add(1, i([0, 2]), y, alpha=-2)"),
    ([(4, 3), (2, 3)], "x.index_copy(0, i([3, 1]), y)"),
    ([(4, 3)], "x.index_fill(1, i([0, 2]), 7.0)"),
    ([(4, 3), ()], "m.index_fill(x, 0, i([0, 0]), y)"),
    ([(4, 3), (2,)], "m.index_put(x, (i([0, 0]), i([1, 1])), y, accumulate=True)"),
    ([(4, 3), (2, 3)], "x.index_put((i([3, 1]),), y)"),
    ([(4, 3), ()], "x.index_put((b([True, False, True, True]),), y)"),
    ([(4, 3), (2, 4)], "m.scatter(x, 0, i([[0, 1, 2], [3, 2, 0]]), y[:, :3])"),
    ([(4, 3), (4, 2)], "x.scatter(1, i([[2], [0]]), y[:2, 1:])"),
    ([(4, 3)], "x.scatter(1, i([[2], [0]]), 5.0)"),
    ([(4, 3)], "x.scatter(1, i([[2, 1], [0, 2]]), value=5.0)"),
    ([(4, 3), (3, 3)], "m.scatter_add(x, 0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y)"),
    ([(4, 3), (5, 5)], "x.scatter_add(1, i([[2, 2, 2, 0]]), y[4:, :4])"),
    ([(), ()], "x.scatter_add(0, i(0), y)"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'sum')"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'sum', include_self=False)"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'mean')"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'mean', include_self=False)"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'prod')"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'prod', include_self=False)"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'amax')"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'amin', include_self=False)"),
    ([(4, 3), (3, 3)], "x.scatter_reduce(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), m.ones_like(y), 'amax')"),
    ([(4, 3)], "m.masked_fill(x, b([True, False, True]), 3.0)"),
    ([(4, 3), ()], "x.masked_fill(x > 0, y)"),
    ([(3,)], "x.masked_fill(b([[True, False, True], [False, False, True]]), 1.5)"),
    ([(4, 3)], "m.masked_select(x, x > 0)"),
    ([(4, 3)], "x.masked_select(b([True, False, True]))"),
    ([(4, 3), (12,)], "x.masked_scatter(x > 0, y)"),
    ([(4, 3), (3, 4)], "m.masked_scatter(x, b([True, False, True]), y)"),
    ([(4, 3), (3,)], "m.select_scatter(x, y, 0, -1)"),
    ([(4, 3), (4,)], "x.select_scatter(y, 1, 0)"),
    ([(4, 3), (2, 3)], "m.slice_scatter(x, y, 0, 1, 4, 2)"),
    ([(4, 3), (4, 1)], "x.slice_scatter(y, 1, start=-1)"),
    ([(4, 3), (3,)], "m.diagonal_scatter(x, y)"),
    ([(4, 3), (2,)], "x.diagonal_scatter(y, -2)"),
    ([(2, 4, 3), (4, 2)], "x.diagonal_scatter(y, 1, 0, 2)"),
    ([(4, 3), (2,)], "x.put(i([1, 11]), y)"),
    ([(4, 3), (2, 2)], "x.put(i([[1, 1], [0, 5]]), y, accumulate=True)"),
]

IN_PLACE = [
    ([(4, 3), (2, 3)], "x.index_add_(0, i([1, 1]), y)"),
    ([(4, 3), (4, 2)], "x.index_add_(1, i([0, 2]), y, alpha=3)"),
    ([(4, 3), (2, 3)], "x.index_copy_(0, i([3, 1]), y)"),
    ([(4, 3)], "x.index_fill_(1, i([0, 2]), 7.0)"),
    ([(4, 3), (2,)], "x.index_put_((i([0, 0]), i([1, 1])), y, accumulate=True)"),
    ([(4, 3), (2, 4)], "x.scatter_(0, i([[0, 1, 2], [3, 2, 0]]), y[:, :3])"),
    ([(4, 3)], "x.scatter_(1, i([[2], [0]]), 5.0)"),
    ([(4, 3), (3, 3)], "x.scatter_add_(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y)"),
    ([(4, 3), (3, 3)], "x.t().scatter_add_(1, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y)"),
    ([(4, 3), (3, 3)], "x.scatter_reduce_(0, i([[0, 1, 2], [0, 1, 0], [0, 0, 3]]), y, 'mean')"),
    ([(4, 3)], "x.masked_fill_(b([True, False, True]), 3.0)"),
    ([(4, 3), ()], "x[1:, 0].masked_fill_(b([True, False, True]), y)"),
    ([(4, 3), (12,)], "x.masked_scatter_(b([True, False, True]), y)"),
    ([(4, 3), (2,)], "x.put_(i([1, 11]), y)"),
    ([(4, 3)], "x.fill_(2.0)"),
    ([(4, 3), ()], "x[1].fill_(y)"),
    ([(4, 3)], "x[:, 1].zero_()"),
    ([(4, 3)], "x.fill_diagonal_(9.0)"),
    ([(7, 3)], "x.fill_diagonal_(9.0, wrap=True)"),
    ([(3, 3, 3)], "x.fill_diagonal_(9.0)"),
    ([(4, 4)], "x.tril_()"),
    ([(4, 4)], "x.triu_(1)"),
]


def evaluate(expression: str, library: Any, *arguments: Any) -> Any:
    asarray = library.asarray

    def integers(values: Any) -> Any:
        return asarray(values, dtype=library.int64)

    return eval(expression, {"m": library, "i": integers, "b": asarray, **dict(zip("xy", arguments, strict=False))})


@pytest.mark.parametrize(("shapes", "expression"), CASES)
def test_as_torch(shapes: list[tuple[int, ...]], expression: str, same_as_torch: Any, rng: np.random.Generator) -> None:
    values = [rng.standard_normal(shape) for shape in shapes]
    same_as_torch(
        lambda *xs: evaluate(expression, pluggrad, *xs), lambda *ts: evaluate(expression, torch, *ts), *values
    )


@pytest.mark.parametrize(("shapes", "expression"), [c for c in CASES if "x > 0" not in c[1]])
def test_integers_as_torch(
    shapes: list[tuple[int, ...]], expression: str, same_as_torch: Any, rng: np.random.Generator
) -> None:
    values = [rng.integers(-9, 10, shape) for shape in shapes]
    expression = expression.replace("7.0", "7").replace("5.0", "5").replace("3.0", "3").replace("1.5", "1")
    same_as_torch(
        lambda *xs: evaluate(expression, pluggrad, *xs), lambda *ts: evaluate(expression, torch, *ts), *values
    )


@pytest.mark.parametrize(("shapes", "expression"), [c for c in IN_PLACE if c[1] != "x.fill_(2.0)"])
def test_in_place_as_torch(
    shapes: list[tuple[int, ...]], expression: str, same_as_torch: Any, rng: np.random.Generator
) -> None:
    values = [rng.standard_normal(shape) for shape in shapes]

    def run(library: Any) -> Any:
        def program(x: Any, *others: Any) -> Any:
            x = x * 2.0
            result = evaluate(expression, library, x, *others)
            return x, result * 1.0

        return program

    same_as_torch(run(pluggrad), run(torch), *values)


@pytest.mark.parametrize(("shapes", "expression"), IN_PLACE)
def test_in_place_without_graph(shapes: list[tuple[int, ...]], expression: str, rng: np.random.Generator) -> None:
    values = [rng.standard_normal(shape) for shape in shapes]
    xs = [pluggrad.asarray(v.tolist(), dtype=pluggrad.float64) for v in values]
    ts = [torch.tensor(v) for v in values]
    evaluate(expression, pluggrad, *xs)
    evaluate(expression, torch, *ts)
    np.testing.assert_allclose(xs[0].tolist(), ts[0].tolist(), rtol=1e-12)


def test_in_place_keeps_what_the_graph_saved() -> None:
    leaf = pluggrad.ones(3, requires_grad=True)
    mask = pluggrad.asarray([True, False, True])
    for write in ("v.zero_()", "v.masked_fill_(mask, 9.0)", "v.index_fill_(0, pluggrad.asarray([1]), 9.0)"):
        leaf.grad = None
        v = leaf * 2.0
        saved = v * v
        eval(write, {"v": v, "mask": mask, "pluggrad": pluggrad})
        saved.sum().backward()
        assert leaf.grad.tolist() == [8.0, 8.0, 8.0]


def test_a_smaller_index_than_source_gives_the_rest_no_gradient() -> None:
    x, src = pluggrad.zeros(4, requires_grad=True), pluggrad.ones(5, requires_grad=True)
    x.scatter_add(0, pluggrad.asarray([1, 1]), src).sum().backward()
    assert src.grad.tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]


def test_index_put_of_whole_axes() -> None:
    x = pluggrad.index_put(pluggrad.zeros(2, 3), (None, pluggrad.asarray([1])), pluggrad.asarray([[1.0], [2.0]]))
    assert x.tolist() == [[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]]


def test_graph_keeps_the_index_it_saw() -> None:
    x = pluggrad.zeros(3, requires_grad=True)
    index = pluggrad.asarray([0, 0])
    y = x.gather(0, index)
    z = x * 1.0
    z.scatter_add_(0, index, pluggrad.ones(2))
    z.index_fill_(0, index, 0.0)
    index[:] = 2
    (y.sum() + z.sum()).backward()
    assert x.grad.tolist() == [2.0, 1.0, 1.0]


def test_standard_take() -> None:
    x = pluggrad.arange(6).reshape(2, 3)
    assert pluggrad.take(x, pluggrad.asarray([2, 0]), axis=1).tolist() == [[2, 0], [5, 3]]
    assert pluggrad.take(x, pluggrad.asarray([[1], [-1]]), axis=0).tolist() == [[[3, 4, 5]], [[3, 4, 5]]]
    assert pluggrad.take(x[0], pluggrad.asarray([1])).tolist() == [1]
    indices = pluggrad.asarray([[0], [1]])
    assert pluggrad.take_along_axis(x, indices, axis=1).tolist() == [[0], [4]]
    assert pluggrad.take_along_axis(x, indices[:1], axis=1).tolist() == [[0], [3]]


def test_unequal_ties_share_evenly_in_scatter_reduce() -> None:
    x = pluggrad.tensor([1.0, 0.0], requires_grad=True)
    src = pluggrad.tensor([1.0, 1.0, -1.0], requires_grad=True)
    x.scatter_reduce(0, pluggrad.asarray([0, 0, 1]), src, "amax").sum().backward()
    np.testing.assert_allclose(x.grad.tolist(), [1 / 3, 1.0], rtol=1e-6)
    np.testing.assert_allclose(src.grad.tolist(), [1 / 3, 1 / 3, 0.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        ("x.gather(0, i([0]))", RuntimeError, "same number of dimensions"),
        ("x.gather(0, i([[0, 0, 0, 0]]))", RuntimeError, "no larger than self"),
        ("x.gather(0, i([[2]]))", IndexError, "index 2 is out of bounds for (dimension|axis) 0 with size 2"),
        ("x.gather(0, m.asarray([[0.5]]))", TypeError, "integer dtype, got float32"),
        ("x.gather(2, i([[0]]))", IndexError, "axis 2 is out of range"),
        ("x.index_select(0, i([[0]]))", RuntimeError, "supposed to be a vector"),
        ("x.index_select(0, i([2]))", IndexError, "out of bounds"),
        ("m.take(x, i([6]))", IndexError, "out of bounds"),
        ("x.index_add(0, i([0]), x)", RuntimeError, r"1 indices along axis 0 of shape \[2, 3\] need \[1, 3\]"),
        ("x.index_fill(0, i([0]), x)", RuntimeError, "0-d tensor"),
        ("x.index_put((0.5,), x)", IndexError, "got float"),
        ("x.index_put((0,), x)", TypeError, "tuple of integer or bool tensors"),
        ("x.scatter(0, i([[0, 0, 0], [1, 1, 1]]), x[:1])", RuntimeError, "no larger than src"),
        ("x.scatter(0, i([[2, 0, 0]]), x)", IndexError, "out of bounds"),
        ("x.scatter(0, i([[0]]), x, reduce='max')", ValueError, "'add' or 'multiply'"),
        ("x.scatter_reduce(0, i([[0]]), x, 'max')", ValueError, "one of sum"),
        ("x.masked_fill(x, 1.0)", TypeError, "bool dtype, got"),
        ("x.masked_fill(x > 0, x)", RuntimeError, "0-dimensional value"),
        ("x.masked_fill(x > 0, 1j)", TypeError, "complex value"),
        ("x.masked_select(b([True, False]))", ValueError, "sizes 3 and 2 differ"),
        ("x.masked_scatter(x == 0, x[0])", RuntimeError, "source has 3 elements, the mask is true at 6"),
        ("m.select_scatter(x, x, 0, 0)", RuntimeError, r"src has shape \[2, 3\], the part to replace has \[3\]"),
        ("m.diagonal_scatter(x, x)", RuntimeError, r"src has shape \[2, 3\], the part to replace has \[2\]"),
        ("m.put(x, i([0]), x)", RuntimeError, "6 values for 1 indices"),
        ("x.fill_(x)", RuntimeError, "0-dimension value"),
        ("x[0].fill_diagonal_(1.0)", RuntimeError, "needs a matrix"),
        ("m.take_along_axis(x, i([0]))", ValueError, "as many axes"),
    ],
)
def test_errors(expression: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        evaluate(expression, pluggrad, pluggrad.zeros(2, 3))
