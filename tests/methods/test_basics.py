"""Memory, copies and Python scalars, as PyTorch has them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

BOTH = pytest.mark.parametrize("library", [pluggrad, torch], ids=["pluggrad", "torch"])


def outcome(call: Any) -> Any:
    """The value of a call, or the class and text of its error: to be the same in both libraries."""
    try:
        return call()
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        return error


VALUES: tuple[Any, ...] = (
    3, -2.5, True, False, 0, [4], [[2.5]], [1, 2], [], float("nan"), float("inf"), 1e30, 1 + 2j, [True],
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize(
    "convert", [bool, int, float, complex, lambda x: x.item(), lambda x: x.tolist(), lambda x: [10, 20, 30, 40, 50][x]],
    ids=["bool", "int", "float", "complex", "item", "tolist", "index"],
)  # fmt: skip
def test_python_scalars(value: Any, convert: Any) -> None:
    ours, theirs = (outcome(lambda m=m: convert(m.tensor(value))) for m in (pluggrad, torch))
    if isinstance(theirs, Exception):
        # Errors of the same class, or one that PyTorch's and NumPy's users both catch.
        assert isinstance(ours, type(theirs)), (ours, theirs)
    else:
        assert type(ours) is type(theirs)
        np.testing.assert_equal(ours, theirs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: bool(x), r"Boolean value of Tensor with more than one value is ambiguous; use any\(\)"),
        (lambda x: bool(x[:0]), "Boolean value of Tensor with no values is ambiguous"),
        (lambda x: float(x), r"only one element tensors can be converted to Python scalars, got shape \(3,\)"),
        (lambda x: x.item(), "a Tensor with 3 elements cannot be converted to Scalar"),
        (lambda x: float(x[0] * 1j), r"float\(\) of a complex tensor is ambiguous"),
        (lambda x: [1, 2][x[1]], "only integer tensors of a single element can be converted to an index, got float32"),
        (lambda x: iter(x[0]), "iteration over a 0-d tensor"),
        (lambda x: len(x[0]), "len\\(\\) of a 0-d tensor"),
        (lambda x: "a" in x, "Tensor.__contains__ only supports Tensor or scalar, but you passed in a <class 'str'>."),
    ],
)
def test_errors_of_scalars(call: Any, message: str) -> None:
    with pytest.raises((RuntimeError, TypeError), match=message):
        call(pluggrad.arange(3.0))


@pytest.mark.cpu
@BOTH
def test_format(library: Any) -> None:
    x = library.tensor([1.0, 2.0])
    assert f"{x[1]:.3f}" == "2.000" and f"{library.tensor(7):>4}" == "   7" and f"{x[0]}" == "1.0"
    assert f"{x}" == str(x) == "tensor([1., 2.])"
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{x:.3f}"


@BOTH
def test_iteration(library: Any) -> None:
    x = library.arange(6).reshape(3, 2)
    rows = list(x)
    assert [row.tolist() for row in rows] == [[0, 1], [2, 3], [4, 5]] and len(x) == 3
    rows[1].add_(10)  # rows are views
    assert x.tolist() == [[0, 1], [12, 13], [4, 5]]
    assert next(iter(reversed(x))).tolist() == [4, 5]
    a, b = library.tensor([1.0, 2.0], requires_grad=True)
    (a * b).backward()
    assert 12 in x and 99 not in x and x[0, 0] in x and True in x


@BOTH
def test_iteration_has_gradients(library: Any) -> None:
    w = library.tensor([2.0, 3.0], requires_grad=True)
    a, b = w
    (a * a * b).backward()
    assert w.grad.tolist() == [12.0, 4.0]


@BOTH
def test_sizes(library: Any) -> None:
    x = library.zeros(2, 3, dtype=library.float64)
    assert x.numel() == x.nelement() == library.numel(x) == 6
    assert x.dim() == x.ndimension() == x.ndim == 2
    assert x.element_size() == x.itemsize == 8 and x.nbytes == 48
    assert x.is_same_size(library.ones(2, 3)) and not x.is_same_size(library.ones(3, 2))


# -- data --------------------------------------------------------------------------------------------


@pytest.mark.cpu
@BOTH
def test_data_shares_memory_and_takes_no_part_in_the_graph(library: Any) -> None:
    w = library.ones(3, requires_grad=True)
    assert not w.data.requires_grad and w.data.data_ptr() == w.data_ptr()
    w.data.mul_(3)
    w.data[0] = 7
    assert w.tolist() == [7, 3, 3] and w.is_leaf and w.requires_grad
    (w * w).sum().backward()
    assert w.grad.tolist() == [14, 6, 6]
    w.grad.data.zero_()
    assert w.grad.tolist() == [0, 0, 0]
    (w * w).sum().backward()
    assert w.grad.tolist() == [14, 6, 6]


@BOTH
def test_data_is_replaced_in_place(library: Any) -> None:
    w = library.ones(2, requires_grad=True)
    same = w
    new = library.tensor([5.0, 6.0, 7.0])
    w.data = new
    assert same is w and w.requires_grad and w.is_leaf and w.tolist() == [5, 6, 7]
    new[0] = 1
    assert w.tolist() == [1, 6, 7]  # the memory is shared
    (w * w).sum().backward()
    assert w.grad.tolist() == [2, 12, 14]
    w.data = library.zeros(2, dtype=library.float64)
    assert w.dtype is library.float64
    w.grad = None
    (w + 1).sum().backward()
    assert w.grad.tolist() == [1, 1] and w.grad.dtype is library.float64


def test_replaced_data_breaks_no_gradient() -> None:
    w = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    view, y = w[0:1], w * w
    w.data = pluggrad.tensor([10.0, 20.0])
    y.sum().backward()
    assert w.grad.tolist() == [2, 4]  # by the values that the graph saw
    assert view.tolist() == [1]
    with pluggrad.no_grad():
        w.mul_(2)
    assert w.tolist() == [20, 40] and view.tolist() == [1]
    assert (w * 3)[0].item() == 60


def test_writes_through_data_keep_saved_values() -> None:
    w = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    y = w * w
    w.data.mul_(100)
    y.sum().backward()
    assert w.grad.tolist() == [2, 4]


@pytest.mark.cpu
def test_mistakes_with_data() -> None:
    w = pluggrad.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="data must be set to a Tensor, got int"):
        w.data = 3
    with pytest.raises(RuntimeError, match="must be floating point or complex dtype"):
        w.data = pluggrad.zeros(2, dtype=pluggrad.int64)
    y = w * 2
    with pytest.raises(RuntimeError, match=r"of a computed tensor.*it is \[2\] float32 on cpu, got \[3\] float32"):
        y.data = pluggrad.zeros(3)
    y.data = pluggrad.zeros(2)
    assert y.tolist() == [0, 0] and y.grad_fn is not None


# -- memory layout -----------------------------------------------------------------------------------


@pytest.mark.cpu
def test_contiguity() -> None:
    for make in (
        lambda m: m.zeros(2, 3), lambda m: m.zeros(2, 3).T, lambda m: m.zeros(4, 4)[:, 1:3],
        lambda m: m.zeros(4, 1)[::2],
        lambda m: m.zeros(1, 4).T, lambda m: m.zeros(0, 3).T, lambda m: m.zeros(3)[None, :], lambda m: m.zeros(()),
        lambda m: m.zeros(3, 1).expand(3, 2), lambda m: m.zeros(2, 3, 4).transpose(0, 2),
    ):  # fmt: skip
        ours, theirs = make(pluggrad), make(torch)
        assert ours.is_contiguous() == theirs.is_contiguous(), theirs.shape
        assert ours.contiguous().is_contiguous() and (ours.contiguous() is ours) == ours.is_contiguous()
        assert ours.contiguous().tolist() == theirs.contiguous().tolist()


@pytest.mark.cpu
@BOTH
def test_contiguous_copies_on_record(library: Any) -> None:
    w = library.arange(6.0).reshape(2, 3).requires_grad_()
    y = w.T.contiguous()
    assert y.data_ptr() != w.data_ptr() and y.grad_fn.name() == "CloneBackward0"
    (y * library.arange(6.0).reshape(3, 2)).sum().backward()
    assert w.grad.tolist() == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.cpu
@BOTH
def test_addresses(library: Any) -> None:
    x = library.zeros(4, 4)
    assert x[1].data_ptr() == x.data_ptr() + 16 and x.clone().data_ptr() != x.data_ptr()


# -- copies ------------------------------------------------------------------------------------------


@pytest.mark.cpu
@BOTH
def test_copy_shares_and_deepcopy_does_not(library: Any) -> None:
    w = library.ones(2, requires_grad=True)
    (w * 3).sum().backward()
    shallow, deep = copy.copy(w), copy.deepcopy(w)
    assert shallow.data_ptr() == w.data_ptr() and deep.data_ptr() != w.data_ptr()
    assert shallow.requires_grad and deep.requires_grad and deep.is_leaf
    assert deep.grad.tolist() == [3, 3] and deep.grad is not w.grad
    with library.no_grad():
        w.zero_()
    assert shallow.tolist() == [0, 0] and deep.tolist() == [1, 1]
    a, b = copy.deepcopy([w, w])
    assert a is b
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(w * 2)
    assert not copy.deepcopy(library.zeros(2)).requires_grad


class Named(pluggrad.Tensor):
    pass


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "values", [[[1.5, 2.0], [3.0, 4.0]], 3, [True, False], [1 + 2j], [], [[], []]], ids=str
)  # fmt: skip
def test_pickling(values: Any, protocol: int) -> None:
    x = pluggrad.tensor(values)
    y = pickle.loads(pickle.dumps(x, protocol))
    assert y.dtype is x.dtype and y.device is x.device and y.shape == x.shape and y.tolist() == x.tolist()


def test_pickling_of_views_leaves_and_subclasses() -> None:
    x = pluggrad.arange(100.0).reshape(10, 10)
    y = pickle.loads(pickle.dumps(x[::2, 3]))
    assert y.tolist() == [3, 23, 43, 63, 83]
    assert len(pickle.dumps(x[0])) < 400  # what is shown, not the memory that it is part of
    w = pluggrad.ones(2, requires_grad=True)
    loaded, computed = pickle.loads(pickle.dumps((w, w * 2)))
    assert loaded.requires_grad and loaded.is_leaf and loaded.grad is None
    assert computed.requires_grad and computed.is_leaf and computed.tolist() == [2, 2]
    named = Named(pluggrad.ones(2), requires_grad=True)
    named.name = "weight"
    for other in (pickle.loads(pickle.dumps(named)), copy.copy(named), copy.deepcopy(named)):
        assert type(other) is Named and other.name == "weight" and other.requires_grad
    assert pickle.loads(pickle.dumps(pluggrad.float16)) is pluggrad.float16


def test_pickling_keeps_the_device() -> None:
    pytest.importorskip("array_api_strict")
    x = pluggrad.zeros(0, 3, device="strict")
    y = pickle.loads(pickle.dumps(x))
    assert y.device == x.device and y.shape == (0, 3)


@pytest.mark.cpu
def test_view_of_a_dtype() -> None:
    x = pluggrad.ones(2, 2)
    same = x.view(pluggrad.float32)
    same[0, 0] = 5.0
    assert same is not x and x[0, 0] == 5.0
    with pytest.raises(NotImplementedError, match=r"cannot be read as pluggrad.int32; .*numpy\(\).view"):
        x.view(pluggrad.int32)
    assert pluggrad.from_numpy(x.numpy().view("int32")).dtype is pluggrad.int32
