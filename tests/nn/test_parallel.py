"""Wrappers that programs put around modules for several devices."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad import nn
from pluggrad.errors import DeviceError


def test_data_parallel_is_the_module() -> None:
    inner = nn.Linear(2, 3)
    net = nn.DataParallel(inner)
    x = pluggrad.randn(4, 2)
    assert net(x).equal(inner(x)) and net.module is inner
    assert list(net.state_dict()) == ["module.weight", "module.bias"]
    assert nn.parallel.data_parallel(inner, x).equal(inner(x))


def test_several_devices_are_refused() -> None:
    with pytest.raises(DeviceError, match="one device"):
        nn.DataParallel(nn.Linear(2, 3), device_ids=["cpu", "cuda"])


def test_several_processes_are_refused() -> None:
    with pytest.raises(RuntimeError, match="has not been initialized"):
        nn.parallel.DistributedDataParallel(nn.Linear(2, 3))
