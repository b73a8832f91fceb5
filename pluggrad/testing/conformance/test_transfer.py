"""Transfer: values go to the host and back, by DLPack, and between the backend's own devices; never by aliasing."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.device import Device
from pluggrad.dtypes import DType
from pluggrad.errors import DeviceError
from pluggrad.tensor import make

from .inputs import LAYOUTS
from .reference import numpy, on_reference, reference
from .target import Target, lacks, only
from .test_creation import extremes, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def flat(x: pluggrad.Tensor) -> list[Any]:
    """All values, in order."""
    return x.reshape(-1).tolist()


def check_same(x: pluggrad.Tensor, y: pluggrad.Tensor) -> None:
    """Assert that two tensors are alike but for their devices."""
    assert (y.dtype, y.shape) == (x.dtype, x.shape)
    assert y._type.backend.type_of(y._array).dtype is x.dtype
    assert all(map(same, flat(y), flat(x))), f"{flat(x)} became {flat(y)} on the way from {x.device} to {y.device}"


def check_apart(x: pluggrad.Tensor, y: pluggrad.Tensor) -> None:
    """Assert that a write to one of two tensors is not seen in the other."""
    before = flat(y)
    with pluggrad.no_grad():
        x[...] = 1
        assert all(map(same, flat(y), before)), (
            f"a write to the tensor on {x.device} changed that on {y.device}: they share memory"
        )
        before = flat(x)
        y[...] = 0
        assert all(map(same, flat(x), before)), (
            f"a write to the tensor on {y.device} changed that on {x.device}: they share memory"
        )


def elsewhere(target: Target) -> list[Device]:
    """The host, and the backend's other devices."""
    places = [d for d in target.loaded.devices if d is not target.device]
    host = pluggrad.backends.plugins.backend("cpu").devices[0]
    return places if host is target.device else [host, *places]


def test_there_and_back(target: Target, dtype: DType) -> None:
    places = elsewhere(target)
    if not places:
        lacks("another device: it is the host")
    host = pluggrad.backends.plugins.backend("cpu")
    for place in places:
        if place.type == "cpu" and dtype not in host.dtypes:
            continue
        x = pluggrad.asarray(extremes(dtype), dtype=dtype, device=target.device)
        for shape in ((-1,), (1, -1, 1)):
            there = x.reshape(shape).to(place)
            assert there.device == place
            check_same(x.reshape(shape), there)
            back = there.to(target.device)
            assert back.device is target.device
            check_same(there, back)
        for empty in ((), (0,), (2, 0, 3)):
            zeros = pluggrad.zeros(empty, dtype=dtype, device=target.device)
            check_same(zeros, zeros.to(place))
            check_same(zeros, zeros.to(place).to(target.device))


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_memory_layouts(target: Target, layout: str) -> None:
    places = elsewhere(target)
    if not places:
        lacks("another device: it is the host")
    array = numpy().arange(12.0).reshape(3, 4)
    for place in places:
        for source, end in ((target.device, place), (place, target.device)):
            x = LAYOUTS[layout](array, pluggrad.float64, source)
            moved = x.to(end)
            assert moved.device == end
            assert moved.tolist() == array.tolist()


def test_the_copy_has_memory_of_its_own(target: Target) -> None:
    places = elsewhere(target)
    if not places:
        lacks("another device: it is the host")
    for place in places:
        for source, end in ((target.device, place), (place, target.device)):
            for dtype in (pluggrad.float64, pluggrad.float32, pluggrad.int64):
                x = pluggrad.asarray([[3, 4], [5, 6]], dtype=dtype, device=source)
                check_apart(x, x.to(end))
                check_apart(x[1], x[1].to(end))
            # With a cast on the way, too.
            x = pluggrad.asarray([3, 4], dtype=pluggrad.float64, device=source)
            check_apart(x, x.to(end, pluggrad.float32))


def test_the_gradient_takes_the_way_back(target: Target) -> None:
    places = elsewhere(target)
    if not places:
        lacks("another device: it is the host")
    for place in places:
        x = pluggrad.tensor([1.0, 2.0], dtype=pluggrad.float64, device=target.device, requires_grad=True)
        y = (x * 3.0).to(place)
        (y * y).sum().backward()
        assert x.grad is not None
        assert x.grad.device is target.device
        assert x.grad.tolist() == [18.0, 36.0]


@only(lambda dtype: dtype.name != "bfloat16")
def test_dlpack_to_numpy(target: Target, dtype: DType) -> None:
    """Another library takes the tensor over DLPack, where it can read the device's memory."""
    np = numpy()
    x = pluggrad.asarray([[1, 0], [0, 1]], dtype=dtype, device=target.device)
    try:
        array = np.from_dlpack(x)
    except (AttributeError, BufferError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        lacks(f"DLPack to NumPy of {dtype.name} ({type(error).__name__})")
    assert array.dtype.name == dtype.name
    assert array.tolist() == x.tolist()


@only(lambda dtype: dtype.name != "bfloat16")  # NumPy has none
def test_dlpack_from_numpy(target: Target, dtype: DType) -> None:
    """The backend's namespace takes a NumPy array over DLPack, where it can read the host's memory."""
    np = numpy()
    array = np.asarray([[1, 0], [0, 1]], dtype=dtype.name)
    try:
        raw = target.loaded.namespace.from_dlpack(array)
    except (AttributeError, BufferError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        lacks(f"DLPack from NumPy of {dtype.name} ({type(error).__name__})")
    x = make(raw, target.loaded.type_of(raw))
    assert x.dtype is dtype
    assert x.tolist() == array.tolist()


def test_dlpack_between_tensors(target: Target, dtype: DType) -> None:
    x = pluggrad.asarray([1, 0, 1], dtype=dtype, device=target.device)
    try:
        y = pluggrad.from_dlpack(x)
    except (BufferError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        lacks(f"DLPack of {dtype.name} ({type(error).__name__})")
    assert y.dtype is dtype
    assert y.tolist() == x.tolist()


def test_dlpack_refuses_a_gradient(target: Target) -> None:
    """A tensor that requires a gradient is not handed out: whoever takes it would lose the gradient unawares."""
    x = pluggrad.ones(2, device=target.device, requires_grad=True)
    with pytest.raises((BufferError, RuntimeError), match="grad"):
        numpy().from_dlpack(x)


def test_to_its_own_device_is_itself(target: Target) -> None:
    x = pluggrad.ones(2, device=target.device)
    assert x.to(target.device) is x


def test_devices_do_not_mix(target: Target) -> None:
    """An operation on tensors of two devices is an error that names both."""
    x = pluggrad.ones(2, dtype=pluggrad.float64, device=target.device)
    others = [pluggrad.ones(2, dtype=pluggrad.float64, device=d) for d in elsewhere(target)]
    others.append(on_reference(numpy().ones(2)))
    assert others[-1].device.type == reference().device_type
    for y in others:
        for a, b in ((x, y), (y, x)):
            with pytest.raises(DeviceError) as caught:
                a + b
            assert repr(str(a.device)) in str(caught.value)
            assert repr(str(b.device)) in str(caught.value)
