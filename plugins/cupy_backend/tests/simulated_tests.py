"""The plugin on the simulation; run by test_simulation.py, in the simulation's process."""

from __future__ import annotations

from typing import Any

import cupy
import numpy as np
import pytest
from simulation import arrays, devices

import pluggrad

F = pluggrad.nn.functional


# -- the simulation refuses what CuPy refuses -------------------------------------------------------------------------


def test_it_refuses_what_cupy_lacks() -> None:
    with pytest.raises(AttributeError):
        cupy.vecdot  # noqa: B018
    with pytest.raises(TypeError):
        cupy.zeros(3, device=0)


def test_it_refuses_implicit_conversion() -> None:
    x = cupy.zeros(3)
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(x)
    with pytest.raises(TypeError):
        cupy.add(x, np.ones(3))
    with pytest.raises(ValueError, match="numpy"):
        x[:] = np.ones(3)
    with pytest.raises(TypeError):
        range(cupy.zeros((), int))


def test_it_refuses_two_devices() -> None:
    x = cupy.zeros(3)
    with cupy.cuda.Device(1):
        y = cupy.zeros(3)
        with pytest.raises(ValueError, match="current device"):
            cupy.add(x, y)
    with pytest.raises(ValueError, match="current device"):
        y + 1


# -- the plugin ---------------------------------------------------------------------------------------------------


class Net(pluggrad.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        nn = pluggrad.nn
        self.embedding, self.linear, self.norm = nn.Embedding(20, 16), nn.Linear(16, 16), nn.LayerNorm(16)
        self.conv, self.batch, self.out = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Linear(128, 20)

    def forward(self, x: pluggrad.Tensor) -> pluggrad.Tensor:
        h = self.norm(F.dropout(F.gelu(self.linear(self.embedding(x))), 0.1))
        images = h.reshape(x.shape[0], 1, -1, 16)
        return self.out(F.max_pool2d(F.relu(self.batch(self.conv(images))), 2).flatten(1)[:, :128])


@pytest.mark.parametrize("device", ["cuda:0", "cuda:1"])
def test_a_training_step_copies_nothing_to_the_host(device: str) -> None:
    pluggrad.manual_seed(0)
    net = Net().to(device)
    optimizer = pluggrad.optim.AdamW(net.parameters(), lr=1e-2)
    x, y = pluggrad.randint(0, 20, (3, 8)).to(device), pluggrad.randint(0, 20, (3,)).to(device)

    def step() -> pluggrad.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss

    first = step().item()
    before, counted = pluggrad.cuda.host_copies(), dict(arrays.host_copies)
    for _ in range(20):
        loss = step()
    assert pluggrad.cuda.host_copies() == before
    assert dict(arrays.host_copies) == counted  # the simulation's own counter, which nobody can forget to raise
    assert loss.item() < first / 2
    assert pluggrad.cuda.host_copies() != before


def test_running_statistics_follow_their_device() -> None:
    for norm in (pluggrad.nn.BatchNorm1d(3), pluggrad.nn.InstanceNorm1d(3, track_running_stats=True)):
        x = pluggrad.randn(4, 3, 5)
        norm(x)
        mean = norm.running_mean.clone()
        norm.reset_running_stats()
        norm.to("cuda:1")(x.to("cuda:1"))  # while cuda:0 is current
        assert norm.running_mean.device == "cuda:1"
        assert pluggrad.allclose(norm.running_mean.cpu(), mean, atol=1e-6)


def test_sync_debug_mode() -> None:
    x = pluggrad.ones(2, device="cuda")
    pluggrad.cuda.set_sync_debug_mode("error")
    try:
        with pytest.raises(RuntimeError, match="copies to the host"):
            x.sum().item()
        assert pluggrad.cuda.get_sync_debug_mode() == 2
    finally:
        pluggrad.cuda.set_sync_debug_mode(0)


def test_indices_out_of_range_are_told_late() -> None:
    table = pluggrad.zeros(3, 2, device="cuda")
    F.embedding(pluggrad.asarray([7], device="cuda"), table)
    with pytest.raises(IndexError, match=r"embedding: index 7 .* size 3.* CUDA_LAUNCH_BLOCKING"):
        pluggrad.cuda.synchronize()
    pluggrad.cuda.synchronize()
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        F.binary_cross_entropy(table + 2.0, table).item()


def test_out_of_memory() -> None:
    pluggrad.cuda.set_per_process_memory_fraction(1 / 2**14)  # 1 MiB
    try:
        with pytest.raises(pluggrad.cuda.OutOfMemoryError, match=r"cuda:0: .*4 MiB were asked for.* free.* holds"):
            pluggrad.zeros(1 << 20, device="cuda:0")
    finally:
        pluggrad.cuda.set_per_process_memory_fraction(1.0)
    assert issubclass(pluggrad.cuda.OutOfMemoryError, RuntimeError)


def test_memory_is_counted() -> None:
    pluggrad.cuda.reset_peak_memory_stats()
    before = pluggrad.cuda.memory_allocated()
    x = pluggrad.zeros(1 << 16, device="cuda:0")
    assert pluggrad.cuda.memory_allocated() >= before + (1 << 18)
    del x
    assert pluggrad.cuda.memory_allocated() == before
    assert pluggrad.cuda.max_memory_allocated() >= before + (1 << 18)
    assert "MiB" in pluggrad.cuda.memory_summary()


# -- pinned memory ------------------------------------------------------------------------------------------------


def test_pinned_memory() -> None:
    x = pluggrad.arange(6).reshape(2, 3)
    pinned = x.pin_memory()
    assert not x.is_pinned()
    assert pinned.is_pinned()
    assert pinned[0].is_pinned()
    assert pinned.pin_memory() is pinned
    assert (pinned == x).all()
    assert not x.to("cuda").is_pinned()
    with pytest.raises(pluggrad.errors.DeviceError, match="cuda:0"):
        x.to("cuda").pin_memory()
    w = pluggrad.ones(3, requires_grad=True)
    w.pin_memory().to("cuda", non_blocking=True).sum().backward()
    assert w.grad.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("move", [lambda x, **how: x.to("cuda", **how), lambda x, **how: x.cuda(1, **how)])
def test_copies_from_pinned_memory(move: Any) -> None:
    pinned = pluggrad.ones(3).pin_memory()
    waited = move(pinned)
    pinned.zero_()  # allowed at once
    assert waited.tolist() == [1.0, 1.0, 1.0]
    before = pluggrad.cuda.host_copies()
    going = move(pinned, non_blocking=True)
    pluggrad.cuda.synchronize()
    pinned.fill_(2)  # allowed now
    assert pluggrad.cuda.host_copies() == before
    assert going.tolist() == [0.0, 0.0, 0.0]
    move(pinned, non_blocking=True)
    pinned.zero_()  # planted: too early
    with pytest.raises(RuntimeError, match="while it was being copied"):
        pluggrad.cuda.synchronize()


def test_copies_to_pinned_memory() -> None:
    x = pluggrad.arange(3, dtype=pluggrad.float32, device="cuda")
    before = pluggrad.cuda.host_copies()
    host = x.to("cpu", non_blocking=True)
    assert pluggrad.cuda.host_copies() == before
    assert host.is_pinned()
    assert host.tolist() != [0.0, 1.0, 2.0]  # read too early
    pluggrad.cuda.synchronize()
    assert host.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loader_pins_its_batches(workers: int) -> None:
    data = pluggrad.utils.data
    dataset = [{"x": pluggrad.full((2,), float(i)), "name": str(i)} for i in range(4)]
    loader = data.DataLoader(dataset, batch_size=2, pin_memory=True, num_workers=workers)
    counted = dict(arrays.host_copies)
    for i, batch in enumerate(loader):
        assert batch["x"].is_pinned()
        assert batch["name"] == [str(2 * i), str(2 * i + 1)]
        batch["x"].to("cuda", non_blocking=True)
    assert dict(arrays.host_copies) == counted
    pluggrad.cuda.synchronize()


def test_an_asynchronous_error_says_so() -> None:
    real = devices.ERRORS
    assert real is not None
    devices.pending.append(cupy.cuda.runtime.CUDARuntimeError(700))
    with pytest.raises(RuntimeError, match=r"synchronize.*on cuda:0"):
        pluggrad.cuda.synchronize(0)


def test_devices_streams_and_events() -> None:
    assert pluggrad.cuda.device_count() == 2
    assert pluggrad.cuda.current_device() == 0
    with pluggrad.cuda.device(1):
        assert pluggrad.zeros(1, device="cuda").device == "cuda:1"
    assert pluggrad.zeros(1, device="cuda").device == "cuda:0"
    stream = pluggrad.cuda.Stream(device=1)
    with pluggrad.cuda.stream(stream):
        assert pluggrad.cuda.current_stream() == stream
        assert pluggrad.cuda.current_device() == 1
    assert pluggrad.cuda.current_stream(1) != stream
    start, end = (pluggrad.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    end.record()
    end.synchronize()
    assert start.elapsed_time(end) >= 0
    stream.wait_stream(pluggrad.cuda.current_stream(1))
    assert pluggrad.cuda.get_device_name(1) == "simulated device"


def test_random_numbers_are_those_of_the_cpu() -> None:
    for dtype in (pluggrad.float32, pluggrad.float64):
        for draw in (pluggrad.rand, pluggrad.randn):
            pluggrad.manual_seed(3)
            expected = draw(1001, dtype=dtype)
            pluggrad.manual_seed(3)
            assert (draw(1001, dtype=dtype, device="cuda:1").cpu() == expected).all()


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "NAdam", "ASGD"])
@pytest.mark.parametrize("dtype", [pluggrad.float32, pluggrad.complex64])
def test_optimisers_take_the_cpus_steps(name: str, dtype: pluggrad.dtype) -> None:
    ends = []
    for device in ("cpu", "cuda:1"):
        pluggrad.manual_seed(0)
        parameters = [pluggrad.randn(s, dtype=dtype).to(device).requires_grad_() for s in ((3, 4), (5000,), (), (0,))]
        options = {"momentum": 0.9, "nesterov": True} if name == "SGD" else {}
        optimizer = getattr(pluggrad.optim, name)(parameters, lr=0.01, **options)
        for i in range(4):
            for p in parameters:
                p.grad = p.detach() * 0.3 + i
            optimizer.step()
        ends.append([p.detach().cpu() for p in parameters])
    for x, y in zip(*ends, strict=True):
        assert pluggrad.allclose(x, y, rtol=1e-5, atol=1e-6)


def test_linear_algebra_failures_are_raised() -> None:
    with pytest.raises(pluggrad.linalg.LinAlgError):
        pluggrad.linalg.inv(pluggrad.zeros(2, 2, device="cuda"))
