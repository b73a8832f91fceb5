"""Conversions, and constructors of one data type, compared with PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.cpu

DTYPES = (
    "float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "complex128",
)  # fmt: skip
BOTH = pytest.mark.parametrize("library", [pluggrad, torch], ids=["pluggrad", "torch"])


def same(ours: Any, theirs: Any) -> None:
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
    assert tuple(ours.shape) == tuple(theirs.shape) and ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize(
    "cast",
    ["float", "double", "half", "long", "int", "short", "char", "byte", "bool", "cfloat", "cdouble"],
)
@pytest.mark.filterwarnings("ignore:Casting complex values:UserWarning", "ignore::pytest.PytestWarning")
def test_casts(source: str, cast: str) -> None:
    values = np.array([0, 1, 2, 100]).astype(source)
    ours, theirs = pluggrad.asarray(values), torch.from_numpy(values)
    out = getattr(ours, cast)()
    same(out, getattr(theirs, cast)())
    assert (out is ours) == (getattr(theirs, cast)() is theirs)


FORMS = (
    lambda m, x: x.to(m.float64),
    lambda m, x: x.to("cpu"),
    lambda m, x: x.to(m.device("cpu")),
    lambda m, x: x.to("cpu", m.int32),
    lambda m, x: x.to(device="cpu", dtype=m.int32),
    lambda m, x: x.to(dtype=m.int8),
    lambda m, x: x.to(device="cpu"),
    lambda m, x: x.to(m.zeros(1, dtype=m.complex64)),
    lambda m, x: x.to(m.float64, True, True),
    lambda m, x: x.to("cpu", m.float32, False, True),
    lambda m, x: x.to(m.float32, copy=True),
    lambda m, x: x.to(m.float32, non_blocking=True),
    lambda m, x: x.to(None, m.int32),
    lambda m, x: x.to(device=None, dtype=None),
    lambda m, x: x.to(m.zeros(2), copy=True),
    lambda m, x: x.cpu(),
    lambda m, x: x.type_as(m.zeros(1, dtype=m.int16)),
    lambda m, x: x.type(m.int16),
    lambda m, x: x.type(f"{m.__name__}.DoubleTensor"),
    lambda m, x: x.type(m.LongTensor),
)


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_to(form: Any) -> None:
    ours, theirs = (m.tensor([1.5, -2.5]) for m in (pluggrad, torch))
    a, b = form(pluggrad, ours), form(torch, theirs)
    same(a, b)
    assert (a is ours) == (b is theirs)


@BOTH
def test_gradients_take_the_way_back(library: Any) -> None:
    w = library.tensor([1.0, 2.0], requires_grad=True)
    y = w.to(library.float64)
    assert y.grad_fn.name() == "ToCopyBackward0"
    (y * y).sum().backward()
    assert w.grad.dtype is library.float32 and w.grad.tolist() == [2, 4]
    w.grad = None
    w.to("cpu", copy=True).sum().backward()
    assert w.grad.tolist() == [1, 1]
    assert not w.long().requires_grad


def test_to_another_backend() -> None:
    pytest.importorskip("array_api_strict")
    w = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    y = w.to("strict:device1", pluggrad.float64)
    assert str(y.device) == "strict:device1" and y.dtype is pluggrad.float64
    assert y.to(w).dtype is pluggrad.float32 and str(y.to(w).device) == "cpu"
    (y * y).sum().backward()
    assert w.grad.tolist() == [2, 4] and str(w.grad.device) == "cpu"
    assert str(w.detach().to_device("strict").device).startswith("strict")
    with pytest.raises(TypeError, match="can't convert strict:device1 device type tensor to numpy. Use Tensor.cpu"):
        y.detach().numpy()
    assert y.numpy(force=True).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.to(3.5), r"the first argument is a dtype, a device or a tensor, got float"),
        (lambda x: x.to("cpu", "float32"), r"to\(\) takes \(dtype\), \(device\).*got \(str, str\)"),
        (lambda x: x.to("nowhere"), "no backend has the device 'nowhere'"),
        (lambda x: x.to(dtype="float32"), "a dtype is one of pluggrad.float32, .*got 'float32'"),
        (lambda x: x.type("pluggrad.FancyTensor"), "invalid type: 'pluggrad.FancyTensor'; known are pluggrad.Fl"),
        (lambda x: x.to_device("cpu", stream=1), "stream must be None"),
    ],
)
def test_mistakes(call: Any, message: str) -> None:
    with pytest.raises((TypeError, RuntimeError, ValueError), match=message):
        call(pluggrad.zeros(2))


def test_type_names() -> None:
    for dtype in DTYPES:
        theirs = torch.zeros(1, dtype=getattr(torch, dtype)).type()
        assert pluggrad.zeros(1, dtype=getattr(pluggrad, dtype)).type() == theirs.replace("torch.", "pluggrad.")


@BOTH
def test_questions(library: Any) -> None:
    x = library.zeros(2)
    assert x.is_floating_point() and library.is_floating_point(x) and not x.is_complex()
    assert library.is_complex(library.zeros(1, dtype=library.complex64)) and x.is_signed()
    assert not library.zeros(1, dtype=library.uint8).is_signed()
    assert library.is_tensor(x) and not library.is_tensor([1])
    assert x.get_device() == -1 and x.is_cpu and not x.is_cuda and not x.is_pinned()


# -- NumPy ---------------------------------------------------------------------------------------------


@BOTH
def test_numpy_shares_memory(library: Any) -> None:
    x = library.zeros(2, 3)
    a = x.numpy()
    a[0, 0] = 5
    x[1, 1] = 7
    assert x.tolist() == a.tolist() == [[5, 0, 0], [0, 7, 0]]
    assert x.T.numpy().shape == (3, 2)
    back = library.from_numpy(a)
    back.add_(1)
    assert a[0, 0] == 6 and x[0, 0].item() == 6


@BOTH
def test_numpy_refuses_what_requires_a_gradient(library: Any) -> None:
    w = library.ones(2, requires_grad=True)
    for x in (w, w * 2):
        with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad. Use tensor.det"):
            x.numpy()
        assert x.numpy(force=True).tolist() == x.tolist()


# -- constructors of one data type -----------------------------------------------------------------------

CONSTRUCTORS = {
    "FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16", "LongTensor": "int64",
    "IntTensor": "int32", "ShortTensor": "int16", "CharTensor": "int8", "ByteTensor": "uint8", "BoolTensor": "bool",
}  # fmt: skip


@pytest.mark.parametrize(("name", "dtype"), CONSTRUCTORS.items())
def test_constructors(name: str, dtype: str) -> None:
    ours, theirs = getattr(pluggrad, name), getattr(torch, name)
    for arguments in ([0, 2],), ([[1, 0], [0, 1]],), ((1, 1),), ([1.0, 0.0],):
        same(ours(*arguments), theirs(*arguments))
    for arguments in (), (2, 3), (4,), (0,):
        assert ours(*arguments).dtype.name == dtype and tuple(ours(*arguments).shape) == tuple(theirs(*arguments).shape)
    assert ours(pluggrad.Size([2, 2])).shape == theirs(torch.Size([2, 2])).shape
    assert ours(np.array([1, 0])).tolist() == [1, 0]
    assert ours.dtype is getattr(pluggrad, dtype)
    x = pluggrad.zeros(1, dtype=getattr(pluggrad, dtype))
    assert isinstance(x, ours) and not isinstance(x.cdouble(), ours) and not isinstance([1.0], ours)
    assert repr(ours) == f"<class 'pluggrad.{name}'>"


def test_constructors_share_tensors_of_their_type() -> None:
    x = pluggrad.arange(3.0)
    assert pluggrad.FloatTensor(x).data_ptr() == x.data_ptr()
    with pytest.raises(TypeError, match=r"takes a tensor of its own type, got float32 on cpu; convert it, as in x.to"):
        pluggrad.LongTensor(x)
    with pytest.raises(TypeError, match="takes sizes or a sequence of values, got float"):
        pluggrad.FloatTensor(3.5)
