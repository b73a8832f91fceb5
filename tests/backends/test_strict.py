"""array-api-strict as a backend: the core keeps to the standard, and its devices do not mix."""

from __future__ import annotations

import array_api_strict
import numpy as np
import pytest

import pluggrad
from pluggrad.backends import plugins
from pluggrad.errors import DeviceError

DEVICES = ("strict", "strict:device1", "strict:device2")


def test_it_is_listed_with_its_devices() -> None:
    (line,) = [s for s in pluggrad.backends.status() if s.name == "strict"]
    assert str(line) == "strict (device 'strict') from plugin 'strict': usable"
    assert tuple(map(str, pluggrad.backends.plugins.backend("strict").devices)) == DEVICES


def test_it_brings_no_kernel() -> None:
    """All that is not in the standard comes from the core's defaults."""
    from pluggrad_strict.plugin import StrictBackend

    assert not hasattr(StrictBackend(), "kernels")


@pytest.mark.parametrize("device", DEVICES)
def test_operations_and_gradients_stay_on_their_device(device: str) -> None:
    x = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]], device=device, requires_grad=True)
    w = pluggrad.tensor([0.5, -1.0], device=device, requires_grad=True)
    y = (x * w - x + 2.0 * w).sum()
    assert str(y.device) == device
    y.backward()
    for leaf, expected in ((x, [[-0.5, -2.0], [-0.5, -2.0]]), (w, [8.0, 10.0])):
        assert leaf.grad is not None
        assert str(leaf.grad.device) == device
        assert isinstance(leaf.grad._array, array_api_strict.ones(1).__class__)
        assert leaf.grad.tolist() == expected


def test_second_order() -> None:
    x = pluggrad.tensor([1.0, 2.0], device="strict:device2", requires_grad=True)
    (g,) = pluggrad.autograd.grad((x * x * x).sum(), x, create_graph=True)
    (h,) = pluggrad.autograd.grad(g.sum(), x)
    assert h.tolist() == [6.0, 12.0]
    assert h.device == "strict:device2"


def test_a_device_chosen_by_context_and_as_default() -> None:
    with pluggrad.device("strict:device1"):
        x = pluggrad.zeros(2)
        with pluggrad.device("cpu"):
            y = pluggrad.zeros(2)
    pluggrad.set_default_device("strict:device2")
    z = pluggrad.zeros(2)
    assert [str(t.device) for t in (x, y, z)] == ["strict:device1", "cpu", "strict:device2"]


@pytest.mark.parametrize("source", ["cpu", *DEVICES])
@pytest.mark.parametrize("target", ["cpu", *DEVICES])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint64", "bool", "complex64"])
def test_a_transfer_copies_and_keeps_values_and_dtype(source: str, target: str, dtype: str) -> None:
    x = pluggrad.tensor([0, 1, 1], dtype=getattr(pluggrad, dtype), device=source)
    y = x.to(target)
    assert str(y.device) == target
    assert y.dtype is x.dtype
    assert y.tolist() == x.tolist()
    if source == target:
        assert y is x
    else:
        y[0] = 1
        assert x.tolist() == pluggrad.tensor([0, 1, 1], dtype=x.dtype).tolist(), "the transfer shares memory"


@pytest.mark.parametrize("target", ["strict", "strict:device2", "cpu"])
def test_a_gradient_takes_the_way_back(target: str) -> None:
    x = pluggrad.tensor([1.0, 2.0], device="strict:device1", requires_grad=True)
    y = x.to(target)
    (y * y).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 4.0]
    assert x.grad.device == "strict:device1"


def test_a_gradient_of_a_gradient_takes_the_way_back() -> None:
    x = pluggrad.tensor([1.0, 2.0], device="strict:device1", requires_grad=True)
    y = x.to("cpu")
    (g,) = pluggrad.autograd.grad((y * y * y).sum(), x, create_graph=True)
    (h,) = pluggrad.autograd.grad(g.sum(), x)
    assert h.tolist() == [6.0, 12.0]


@pytest.mark.parametrize("other", ["cpu", "strict", "strict:device2"])
def test_devices_do_not_mix(other: str) -> None:
    x = pluggrad.ones(2, device="strict:device1")
    y = pluggrad.ones(2, device=other)
    message = rf"arguments on two devices, 'strict:device1' and '{other}'; move one, as in x\.to\('strict:device1'\)"
    with pytest.raises(DeviceError, match=f"add: {message}"):
        x + y
    with pytest.raises(RuntimeError, match=f"matmul: {message}"):
        x @ y
    with pytest.raises(DeviceError, match="two devices, 'strict:device1' and"):
        pluggrad.stack([x, y])


def test_a_library_array_becomes_a_tensor_on_its_device() -> None:
    device = array_api_strict.Device("device2")
    raw = array_api_strict.asarray([1.0, 2.0], dtype=array_api_strict.float64, device=device)
    x = pluggrad.asarray(raw)
    assert x.device == "strict:device2"
    assert x.dtype is pluggrad.float64
    assert (x + raw).tolist() == [2.0, 4.0]


def test_its_values_reach_numpy() -> None:
    x = pluggrad.tensor([[1.0, 2.0]], device="strict:device1")
    np.testing.assert_array_equal(x.cpu().numpy(), [[1.0, 2.0]])


def test_it_prints_its_device() -> None:
    assert repr(pluggrad.zeros(2, device="strict:device1")) == "tensor([0., 0.], device='strict:device1')"
    assert repr(pluggrad.zeros(2, device="strict")) == "tensor([0., 0.], device='strict')"


def test_a_kernel_that_real_arrays_called_first_still_conjugates() -> None:
    """Composed kernels are looked up once for real and complex arrays alike."""
    kernels = plugins.backend("strict").kernels
    vars(kernels).pop("linear_weight", None)
    for dtype in (pluggrad.float64, pluggrad.complex128):
        w = pluggrad.ones(1, 1, dtype=dtype, device="strict", requires_grad=True)
        x = pluggrad.ones(1, 1, dtype=dtype, device="strict") * (1j if dtype.is_complex else 1)
        (g,) = pluggrad.autograd.grad(pluggrad.nn.functional.linear(x, w), w, pluggrad.ones_like(w))
        assert g.item() == (-1j if dtype.is_complex else 1)
