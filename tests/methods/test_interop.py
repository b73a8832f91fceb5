"""What other libraries ask a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

pytestmark = pytest.mark.cpu


def test_array_protocol() -> None:
    x = pluggrad.arange(3.0)
    a = np.asarray(x)
    assert type(a) is np.ndarray and a.dtype == np.float32
    a[0] = 5
    assert x[0].item() == 5  # shared
    b = np.array(x)
    b[0] = 7
    assert x[0].item() == 5
    assert np.asarray(x, dtype=np.int64).dtype == np.int64
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float64, copy=False)
    np.testing.assert_array_equal(x, [5, 1, 2])
    np.testing.assert_allclose(pluggrad.ones(2, 2), 1)


def test_refusals_of_what_requires_a_gradient() -> None:
    w = pluggrad.ones(2, requires_grad=True)
    for x in (w, w * 2):
        with pytest.raises(RuntimeError, match="Can't call numpy\\(\\) on Tensor that requires grad"):
            np.asarray(x)
        with pytest.raises(BufferError, match="Can't export tensors that require gradient, use tensor.detach\\(\\)"):
            np.from_dlpack(x)
    assert np.from_dlpack(w.detach()).tolist() == [1, 1]


def test_arrays_as_operands() -> None:
    x, a = pluggrad.arange(3.0), np.array([1.0, 2.0, 3.0], dtype=np.float32)
    for y in (a + x, x + a, a - x, x - a, a * x, x / a, np.float32(2) * x, x * np.float64(2), np.int64(3) + x):
        assert isinstance(y, pluggrad.Tensor)
    assert (a - x).tolist() == [1, 1, 1] and (a > x).tolist() == [True] * 3
    # A NumPy float64 is a Python float, so it is weak, as in PyTorch; other NumPy scalars have their dtype.
    assert (np.float64(2) * x).dtype is pluggrad.float32 and (np.arange(3.0) * x).dtype is pluggrad.float64
    w = pluggrad.ones(3, requires_grad=True)
    (a * w).sum().backward()
    assert w.grad.tolist() == [1, 2, 3]
    b = a
    b += x  # NumPy leaves it to the tensor, which makes a new one; the array is not written
    assert isinstance(b, pluggrad.Tensor) and b.tolist() == [1, 3, 5] and a.tolist() == [1, 2, 3]


def test_functions_of_numpy_give_tensors_back() -> None:
    x = pluggrad.arange(3.0)
    assert isinstance(np.sin(x), pluggrad.Tensor)
    np.testing.assert_allclose(np.sin(x).numpy(), np.sin([0, 1, 2]), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "complex64"])
def test_dlpack_both_ways(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    x = pluggrad.ones(2, 3, dtype=getattr(pluggrad, dtype))
    t = torch.from_dlpack(x)
    t[0, 0] = 0
    assert x[0, 0].item() == 0 and x.__dlpack_device__() == (1, 0)
    y = pluggrad.from_dlpack(t)
    assert y.dtype is x.dtype and y.tolist() == x.tolist()
    y[1, 1] = 0
    assert t[1, 1].item() == 0
    assert torch.from_dlpack(x.T).shape == (3, 2)


def test_dlpack_keywords() -> None:
    x = pluggrad.arange(3.0)
    a = np.from_dlpack(x, copy=True)
    a[0] = 9
    assert x[0].item() == 0
    assert np.from_dlpack(x, device="cpu", copy=False).tolist() == [0, 1, 2]
    assert x.__dlpack__(max_version=(1, 0), dl_device=(1, 0), copy=None, stream=None) is not None


@pytest.mark.parametrize("version", ["2021.12", "2022.12", "2023.12", "2024.12", "2025.12", None])
def test_array_namespace(version: Any) -> None:
    assert pluggrad.ones(2).__array_namespace__(api_version=version) is pluggrad


def test_unknown_version_of_the_standard() -> None:
    with pytest.raises(ValueError, match=r"unsupported array API version '2019.1'; supported are 2021.12, .*2025.12"):
        pluggrad.ones(2).__array_namespace__(api_version="2019.1")


def test_namespace_info() -> None:
    info = pluggrad.__array_namespace_info__()
    assert pluggrad.__array_api_version__ == "2025.12"
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
    assert info.default_device() == "cpu" == str(pluggrad.zeros(1).device)
    assert info.default_dtypes() == {
        "real floating": pluggrad.float32, "complex floating": pluggrad.complex64, "integral": pluggrad.int64,
        "indexing": pluggrad.int64,
    }  # fmt: skip
    assert info.default_dtypes(device="cpu") == info.default_dtypes()
    pluggrad.set_default_dtype(pluggrad.float64)
    assert info.default_dtypes()["complex floating"] is pluggrad.complex128
    assert pluggrad.device("cpu") in info.devices()
    for device in info.devices():
        assert pluggrad.zeros(1, device=device).device is device


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("bool", "bool"), ("signed integer", "int8 int16 int32 int64"),
        ("unsigned integer", "uint8 uint16 uint32 uint64"),
        ("integral", "int8 int16 int32 int64 uint8 uint16 uint32 uint64"), ("real floating", "float32 float64"),
        ("complex floating", "complex64 complex128"), (("bool", "real floating"), "bool float32 float64"),
        ("numeric", "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"),
    ],
)  # fmt: skip
def test_namespace_info_dtypes(kind: Any, names: str) -> None:
    info = pluggrad.__array_namespace_info__()
    found = info.dtypes(kind=kind)
    assert found == {name: getattr(pluggrad, name) for name in names.split()}
    assert set(found) <= set(info.dtypes(device="cpu")) and len(info.dtypes()) == 13


def test_namespace_info_of_an_unknown_kind() -> None:
    with pytest.raises(ValueError, match="unknown kind 'float'"):
        pluggrad.__array_namespace_info__().dtypes(kind="float")


def test_array_api_compat_sees_a_namespace() -> None:
    compat = pytest.importorskip("array_api_compat")
    assert compat.array_namespace(pluggrad.ones(2)) is pluggrad
