"""The plugin on the simulation; run by test_simulation.py, in the simulation's process."""

from __future__ import annotations

from collections import Counter
from typing import Any

import cupy
import numpy as np
import pytest
from simulation import arrays, devices

import pluggrad

nn, F = pluggrad.nn, pluggrad.nn.functional


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


class Images(nn.Module):
    """A convolution network with batch normalisation."""

    data = (pluggrad.randn(4, 1, 8, 8), pluggrad.randint(0, 10, (4,)))

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, groups=2),
            nn.BatchNorm2d(4), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(4, 10),
        )  # fmt: skip

    def forward(self, x: pluggrad.Tensor) -> pluggrad.Tensor:
        return self.body(x)


class Words(nn.Module):
    """A language model with two layers of LSTM."""

    data = (pluggrad.randint(0, 20, (3, 6)), pluggrad.randint(0, 20, (3, 6)))

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(20, 8, padding_idx=0), nn.Linear(8, 20)
        self.recurrent = nn.LSTM(8, 8, num_layers=2, batch_first=True, dropout=0.1)

    def forward(self, x: pluggrad.Tensor) -> pluggrad.Tensor:
        return self.out(self.recurrent(self.embedding(x))[0]).flatten(0, 1)


class Transformer(nn.Module):
    """A causal transformer."""

    data = Words.data

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.place, self.out = nn.Embedding(20, 8), nn.Parameter(pluggrad.zeros(6, 8)), nn.Linear(8, 20)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: pluggrad.Tensor) -> pluggrad.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], device=x.device)
        return self.out(self.encoder(self.embedding(x) + self.place, mask=mask, is_causal=True)).flatten(0, 1)


class Training:
    """Steps of a network as a careful user writes them: clipped gradients, a schedule, perhaps mixed precision."""

    def __init__(self, kind: Any, device: str, optimizer: str = "AdamW", half: Any = None, **options: Any) -> None:
        pluggrad.manual_seed(0)
        self.net, self.half = kind().to(device), half
        self.optimizer = getattr(pluggrad.optim, optimizer)(self.net.parameters(), lr=2e-2, **options)
        self.schedule = pluggrad.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, 100)
        self.scaler = pluggrad.amp.GradScaler("cuda", enabled=half is not None)
        self.x, self.y = (t.to(device) for t in kind.data)

    def step(self) -> pluggrad.Tensor:
        self.optimizer.zero_grad()
        with pluggrad.autocast("cuda", dtype=self.half, enabled=self.half is not None):
            loss = F.cross_entropy(self.net(self.x), self.y.flatten(), label_smoothing=0.05)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        return loss.detach()

    def steps(self, count: int) -> tuple[dict[str, int], dict[str, int]]:
        """Copies to the host in some steps: by the plugin's counter, and by the simulation's, which sees them all."""
        before = Counter(pluggrad.cuda.host_copies()), Counter(arrays.host_copies)
        for _ in range(count):
            self.step()
        after = Counter(pluggrad.cuda.host_copies()), Counter(arrays.host_copies)
        return dict(after[0] - before[0]), dict(after[1] - before[1])


@pytest.mark.parametrize(
    ("kind", "device"), [(Images, "cuda:0"), (Images, "cuda:1"), (Words, "cuda:1"), (Transformer, "cuda:1")]
)
def test_a_training_step_copies_nothing_to_the_host(kind: Any, device: str) -> None:
    training = Training(kind, device)
    first = training.step().item()
    assert training.steps(6) == ({}, {})
    assert training.step().item() < first
    assert training.steps(1) == ({}, {})


@pytest.mark.parametrize("half", [pluggrad.float16, pluggrad.bfloat16])
def test_a_scaler_looks_once_at_each_step(half: pluggrad.dtype) -> None:
    """Whether to take the step is for Python to know: one copy for all gradients (and the note of wrong indices)."""
    training = Training(Transformer, "cuda:1", half=half)
    training.step()
    assert training.steps(3) == ({"tolist": 3}, {"get": 6})


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        ("SGD", {"momentum": 0.9}), ("Adam", {"fused": True}), ("AdamW", {"capturable": True}), ("NAdam", {}),
        ("RAdam", {}), ("Adamax", {}), ("Adadelta", {}), ("Adagrad", {}), ("RMSprop", {}), ("Rprop", {}), ("ASGD", {}),
        ("Adafactor", {}),
    ],
)  # fmt: skip
def test_optimisers_copy_nothing_to_the_host(optimizer: str, options: dict[str, Any]) -> None:
    training = Training(Images, "cuda:0", optimizer, **options)
    assert training.steps(2) == ({}, {})


def test_numbers_on_the_gpu_that_a_user_writes() -> None:
    """The host remembers the count of steps, unless somebody else wrote it."""
    ends = []
    for device in ("cpu", "cuda:1"):
        w = pluggrad.ones(2, device=device, requires_grad=True)
        optimizer = pluggrad.optim.Adam([w], capturable=device != "cpu")
        for i in range(6):
            w.grad = w.detach() + i
            optimizer.step()
            step = optimizer.state[w]["step"]
            assert step.device == device
            if i == 1:
                step.fill_(40.0)
            if i == 3:
                step[...] += 1.0
            if i == 4:
                optimizer.load_state_dict(optimizer.state_dict())
        ends.append([step.item(), *w.tolist()])
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)
    assert ends[0][0] == 45.0


def test_a_class_out_of_range_is_told_late() -> None:
    """Cross entropy looks at the classes on the GPU: no copy, and the error at the next point where Python waits."""
    x = pluggrad.zeros(3, 5, device="cuda", requires_grad=True)
    counted = dict(arrays.host_copies)
    F.cross_entropy(x, pluggrad.tensor([1, 7, 2], device="cuda")).backward()
    assert dict(arrays.host_copies) == counted
    with pytest.raises(IndexError, match=r"cross_entropy: index 7 .* size 5.* CUDA_LAUNCH_BLOCKING"):
        pluggrad.cuda.synchronize()
    assert x.grad.tolist()[1] == [0.0] * 5


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
