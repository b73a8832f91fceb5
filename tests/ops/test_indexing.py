"""Indexing against PyTorch and NumPy. With ``--device strict``, the defaults composed from the standard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.tensor import Tensor

torch = pytest.importorskip("torch")

#: Shape and key, as text: `i(...)` is an integer tensor, `b(...)` a mask.
KEYS = [
    ((4, 3), "0"),
    ((4, 3), "-1"),
    ((4, 3), "i(2)"),
    ((4, 3), "1, 2"),
    ((4, 3), "..., 1"),
    ((4, 3), "1, ..."),
    ((4, 3), "1, ..., 2"),
    ((4, 3), "None, 1, None, ..., None"),
    ((4, 3), "slice(1, 3)"),
    ((4, 3), "slice(-9, 9), slice(None, None, 2)"),
    ((4, 3), "slice(3, 1)"),
    ((4, 3), "slice(7, 9)"),
    ((), "..."),
    ((), "None"),
    ((), "()"),
    ((0, 3), "slice(0, 5), 1"),
    ((4, 3), "i([0, 2, 0])"),
    ((4, 3), "[0, -1]"),
    ((4, 3), "i([[0, 1], [1, 2]])"),
    ((4, 3), "i([[0], [1]]), i([2, 1])"),
    ((4, 3), "slice(1, 3), i([2, 1])"),
    ((4, 3), "..., i([2, 1])"),
    ((4, 3), "1, i([2, 1])"),
    ((4, 3), "None, i([2, 1])"),
    ((4, 3), "i([2, 1]), None, i([0, 1])"),
    ((2, 3, 4), "0, slice(None), i([2, 1])"),
    ((2, 3, 4), "i([0, 1, 1]), slice(None), i([2, 1, 0])"),
    ((2, 3, 4), "slice(None), i([0, 1, 1]), i([2, 1, 0])"),
    ((2, 3, 4), "slice(None), i([[0], [1]]), i([2, 1, 0])"),
    ((2, 3, 4), "i([0, 1]), ..., i([2, 1])"),
    ((2, 3, 4, 2), "slice(None), i([0, 1]), slice(1), i([1, 1])"),
    ((4, 3), "b([True, False, True, True])"),
    ((4, 3), "b([True, False, True, True]), 1"),
    ((4, 3), "slice(None), b([True, False, True])"),
    ((2, 2), "b([[True, False], [True, True]])"),
    ((2, 2, 3), "b([[True, False], [True, True]])"),
    ((2, 2, 3), "b([[True, False], [True, True]]), i([0, 1, 1])"),
    ((2, 2, 3), "slice(None), b([[True, False, True], [True, True, False]])"),
    ((2, 2), "b([[False, False], [False, False]])"),
    ((4, 3), "i([])"),
    ((4, 3), "[]"),
    ((4, 3), "True"),
    ((4, 3), "False"),
    ((4, 3), "b(True)"),
    ((4, 3), "[True, False, False, True]"),
    ((), "True"),
]


def keys_of(text: str) -> tuple[Any, Any]:
    """The key for pluggrad and for PyTorch."""
    ours = eval(text, {"i": lambda v: pluggrad.asarray(v, dtype=pluggrad.int64), "b": pluggrad.asarray})
    theirs = eval(text, {"i": lambda v: torch.tensor(v, dtype=torch.int64), "b": torch.tensor})
    return ours, theirs


def both(shape: tuple[int, ...], requires_grad: bool = False) -> tuple[Tensor, Any]:
    values = np.random.default_rng(3).standard_normal(shape)
    ours = pluggrad.asarray(values.tolist(), dtype=pluggrad.float64).reshape(shape)
    theirs = torch.from_numpy(np.array(values))
    return ours.requires_grad_(requires_grad), theirs.requires_grad_(requires_grad)


def assert_same(ours: Any, theirs: Any) -> None:
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(np.asarray(ours.detach().tolist()), np.asarray(theirs.detach().tolist()), rtol=1e-12)


@pytest.mark.parametrize(("shape", "text"), KEYS)
def test_getitem_and_its_gradient(shape: tuple[int, ...], text: str) -> None:
    (x, t), (key, tkey) = both(shape, True), keys_of(text)
    y, u = x[key], t[tkey]
    assert_same(y, u)
    pluggrad.sum(y * y * 3.0).backward()
    (u * u * 3.0).sum().backward()
    assert_same(x.grad, t.grad)


@pytest.mark.parametrize(("shape", "text"), KEYS)
@pytest.mark.parametrize("kind", ["scalar", "0-d", "full", "leading one"])
def test_setitem_and_its_gradients(shape: tuple[int, ...], text: str, kind: str) -> None:
    (x, t), (key, tkey) = both(shape, True), keys_of(text)
    part = tuple(t[tkey].shape)
    value_shape = {"scalar": (), "0-d": (), "full": part, "leading one": (1, *part)}[kind]
    v, w = both(value_shape, True) if kind != "scalar" else (2.5, 2.5)
    if isinstance(v, Tensor) and v.ndim > 0:
        v, w = pluggrad.broadcast_to(v, v.shape), w.expand(w.shape)  # not leaves: the same in both
    y, u = x * 2.0, t * 2.0
    y[key] = v
    u[tkey] = w
    assert_same(y, u)
    if "i([0, 2, 0])" in text and kind != "scalar":
        return  # a place written twice: PyTorch calls the result undefined
    pluggrad.sum(y * y).backward()
    (u * u).sum().backward()
    assert_same(x.grad, t.grad)


@pytest.mark.parametrize(("shape", "text"), KEYS)
def test_setitem_without_graph(shape: tuple[int, ...], text: str) -> None:
    (x, t), (key, tkey) = both(shape), keys_of(text)
    v, w = both(tuple(t[tkey].shape))
    x[key] = v
    t[tkey] = w
    assert_same(x, t)


@pytest.mark.cpu
@pytest.mark.parametrize(
    "key",
    [
        (slice(None, None, -1),),
        (slice(None), slice(5, 0, -2)),
        (-2, slice(-9, None, -1)),
        (slice(0, 3, -1),),
        (0, slice(-20, -10, -1)),
    ],
)
def test_negative_steps_as_numpy(key: Any) -> None:
    a = np.arange(12.0).reshape(4, 3)
    x = pluggrad.from_numpy(a)
    np.testing.assert_array_equal(np.asarray(x[key].tolist()).reshape(a[key].shape), a[key])
    if x[key].size:
        x[key][...] = -1.0
        assert (a[key] == -1).all()


@pytest.mark.cpu
@pytest.mark.parametrize("text", [t for s, t in KEYS if "[" not in t and "True" not in t and "False" not in t])
def test_basic_keys_share_memory(text: str) -> None:
    shape = next(s for s, t in KEYS if t == text)
    a = np.arange(float(np.prod(shape))).reshape(shape)
    x = pluggrad.from_numpy(a)
    y = x[keys_of(text)[0]]
    assert y.is_view
    if y.size:
        y[...] = -5.0
        assert (a == -5).sum() == y.size


def test_advanced_keys_copy() -> None:
    x = pluggrad.zeros(3)
    y = x[[0, 1]]
    y[...] = 1.0
    assert x.tolist() == [0.0, 0.0, 0.0] and not y.is_view


def test_numpy_arrays_and_numpy_integers_are_indices() -> None:
    x = pluggrad.reshape(pluggrad.arange(6), (2, 3))
    assert x[np.int64(1), np.asarray([0, 2])].tolist() == [3, 5]
    assert x[np.asarray([[True, False, False], [False, False, True]])].tolist() == [0, 5]
    assert x[np.asarray(1)].tolist() == [3, 4, 5]


def test_graph_keeps_the_indices_it_saw() -> None:
    w = pluggrad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    index = pluggrad.asarray([0, 0, 1])
    mask = pluggrad.asarray([True, False, True])
    y = w[index]
    z = w * 1.0
    z[mask] = 5.0
    index[0] = 2
    mask[1] = True
    (pluggrad.sum(y) + pluggrad.sum(z)).backward()
    assert w.grad.tolist() == [2.0, 2.0, 0.0]


def test_setitem_casts_as_pytorch() -> None:
    x = pluggrad.zeros(4, dtype=pluggrad.int64)
    x[0] = 1.7
    x[1] = pluggrad.asarray(-2.9)
    x[2:] = [3.9, True]
    assert x.tolist() == [1, -2, 3, 1]
    mask = pluggrad.zeros(2, dtype=pluggrad.bool)
    mask[0] = 3
    assert mask.tolist() == [True, False]
    z = pluggrad.zeros(2, dtype=pluggrad.complex64)
    z[0] = 2
    assert z.tolist() == [2 + 0j, 0j]


def test_overlapping_assignment_reads_before_it_writes() -> None:
    x = pluggrad.arange(5)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]
    y = pluggrad.arange(5)
    y[[0, 1, 2]] = y[2:]
    assert y.tolist() == [2, 3, 4, 3, 4]


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (5, IndexError, "index 5 is out of bounds for axis 0 with size 2"),
        ((0, -4), IndexError, "index -4 is out of bounds for axis 1 with size 3"),
        (
            (0, 0, 0),
            IndexError,
            r"too many indices for tensor of dimension 2: the key names 3 axes, the shape is \[2, 3\]",
        ),
        ((..., 0, 0, 0), IndexError, "too many indices"),
        ((..., 0, ...), IndexError, "single ellipsis"),
        (1.5, IndexError, "are valid indices, got float"),
        ("a", IndexError, "are valid indices, got str"),
        ([0.5], IndexError, "integer or bool dtype, got float32"),
        ([0, 5], IndexError, "index 5 is out of bounds for axis 0 with size 2"),
        ([True, False, True], IndexError, r"shape of the mask \[3\] at index 0 does not match .* \[2, 3\] at axis 0"),
        (([0, 1], [0, 1, 2]), IndexError, "broadcast"),
        ((slice(None, None, 0),), ValueError, "step cannot be zero"),
    ],
)
def test_bad_keys(key: Any, error: type[Exception], message: str) -> None:
    x = pluggrad.zeros(2, 3)
    with pytest.raises(error, match=message):
        x[key]
    with pytest.raises(error, match=message):
        x[key] = 1.0


def test_index_of_a_scalar_tensor() -> None:
    with pytest.raises(IndexError, match=r"invalid index of a 0-dim tensor. Use `tensor.item\(\)`"):
        pluggrad.asarray(1.0)[0]


@pytest.mark.parametrize("key", [0, [0, 1], (slice(None), [0])])
def test_bad_values(key: Any) -> None:
    x = pluggrad.zeros(2, 3)
    with pytest.raises(ValueError, match=r"value of shape \[4\]"):
        x[key] = pluggrad.zeros(4)
    with pytest.raises(TypeError, match="complex value cannot be written into a tensor of dtype float32"):
        x[key] = 1j
    with pytest.raises(TypeError, match="complex value cannot be written"):
        x[key] = pluggrad.asarray(1j)
    assert not any(map(any, x.tolist()))


def test_leaf_that_requires_grad_is_not_written() -> None:
    x = pluggrad.zeros(2, requires_grad=True)
    for key in (0, [0, 1]):
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            x[key] = 1.0
    with pluggrad.no_grad():
        x[0] = 1.0
        x[[1]] = 2.0
    assert x.tolist() == [1.0, 2.0]
