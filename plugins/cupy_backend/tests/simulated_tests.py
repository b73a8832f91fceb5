"""The plugin on the simulation; run by test_simulation.py, in the simulation's process."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

import cupy
import numpy as np
import pytest
from simulation import arrays, devices

import pluggrad
from pluggrad.function import functions
from pluggrad.testing.conformance.inputs import arrays_of, fitting, tensors_of
from pluggrad.testing.samples import samples_of

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


#: What takes objects that hold arrays of their own; the tests of indexing are about them.
_OF_OBJECTS = {"index", "index_put"}


@pytest.mark.parametrize("name", [n for n in functions() if n not in _OF_OBJECTS])
def test_no_copy_to_the_host_goes_uncounted(name: str) -> None:
    """Of any function, forward and backward: what the simulation sees the plugin counts, too."""
    function = pluggrad.function.get(name)
    dtypes = [d for d in (pluggrad.float32, pluggrad.complex64, pluggrad.int64) if d.kind in function.kinds]
    for dtype, sample in [(d, s) for d in dtypes[:2] for s in islice(fitting(function, samples_of(name), d), 1)]:
        given = tensors_of(function, sample, arrays_of(function, sample, dtype), dtype, pluggrad.device("cuda:0"))
        for x in given:
            if x is not None and x.dtype.is_differentiable:
                x.requires_grad_()
        before = sum(arrays.host_copies.values()), sum(pluggrad.cuda.host_copies().values())
        outputs = function.call(*given, **sample.parameters)
        outputs = [y for y in (outputs if isinstance(outputs, tuple) else (outputs,)) if y.requires_grad]
        if outputs and name not in ("eig", "eigh", "svd"):  # of which complex vectors have no gradient
            pluggrad.autograd.backward(outputs, [pluggrad.ones_like(y) for y in outputs])
        after = sum(arrays.host_copies.values()), sum(pluggrad.cuda.host_copies().values())
        assert (after[0] > before[0]) <= (after[1] > before[1]), f"{dtype}: {dict(arrays.host_copies)}"


def test_a_planted_copy_to_the_host_is_found() -> None:
    """``error_if_nonfinite`` looks at the norm; a plain ``float`` of CuPy's array is seen by the simulation alone."""
    training = Training(Images, "cuda:0")
    training.step()
    clip = nn.utils.clip_grad_norm_
    nn.utils.clip_grad_norm_ = lambda *args: clip(*args, error_if_nonfinite=True)
    try:
        assert training.steps(1) == ({"tolist": 1}, {"get": 2})
        nn.utils.clip_grad_norm_ = lambda *args: float(clip(*args)._array)
        assert training.steps(1) == ({}, {"float": 1})
    finally:
        nn.utils.clip_grad_norm_ = clip


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
    """Which call asked, for how much, what the GPU has and what is free, what this process holds."""
    pluggrad.cuda.empty_cache()
    x = pluggrad.ones(1 << 17, device="cuda:1")
    used = pluggrad.cuda.memory_allocated(1)
    pluggrad.cuda.set_per_process_memory_fraction(1 / 2**14, device=1)  # 1 MiB
    said = (
        r"on cuda:1: CUDA out of memory: 4 MiB were asked for. The GPU has 16 GiB, of which it may use 1 MiB, .* GiB "
        r"free; this process holds .*, of which .* are in use. Smaller batches need less; pluggrad.cuda.empty_cache\(\)"
    )
    try:
        with pytest.raises(pluggrad.cuda.OutOfMemoryError, match=r"zeros\(\(1048576,\).*" + said):
            pluggrad.zeros(1 << 20, device="cuda:1")
        with pytest.raises(pluggrad.cuda.OutOfMemoryError, match=r"exp\(float32\[131072\]\) on cuda:1: .*512 KiB were"):
            pluggrad.exp(x).exp()
    finally:
        pluggrad.cuda.set_per_process_memory_fraction(1.0, device=1)
    assert pluggrad.cuda.memory_allocated(1) == used
    assert pluggrad.exp(x).sum().item() > 0  # the process goes on
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


@pytest.mark.parametrize(
    "create",
    [
        lambda lib, **how: lib.tensor([1.0, 2.0], **how), lambda lib, **how: lib.zeros(3, **how),
        lambda lib, **how: lib.ones((3,), **how), lambda lib, **how: lib.empty(3, **how),
        lambda lib, **how: lib.full((3,), 2.0, **how), lambda lib, **how: lib.rand(3, **how),
        lambda lib, **how: lib.randn(3, **how), lambda lib, **how: lib.randint(0, 9, (3,), **how),
        lambda lib, **how: lib.randperm(3, **how), lambda lib, **how: lib.normal(0.0, 1.0, (3,), **how),
    ],
)  # fmt: skip
def test_tensors_are_made_in_pinned_memory(create: Any) -> None:
    import pluggrad.torch as torch

    for lib in (pluggrad, torch):
        pluggrad.manual_seed(0)
        plain = create(lib)
        pluggrad.manual_seed(0)
        pinned = create(lib, pin_memory=True)
        assert not plain.is_pinned()
        assert pinned.is_pinned()
        assert pinned.dtype is plain.dtype
        assert create is None or pinned.shape == plain.shape
        assert not create(lib, pin_memory=True, device="cuda").is_pinned()
    assert torch.arange(3, pin_memory=True).is_pinned()
    assert pluggrad.zeros(2, pin_memory=True, requires_grad=True).is_leaf


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


# -- errors of kernels, which come late ---------------------------------------------------------------------------


_LATE = r"on cuda:[01]: cudaErrorIllegalAddress.*the kernel that failed may be an earlier one.*CUDA_LAUNCH_BLOCKING=1"


@pytest.mark.parametrize(
    ("wait", "name"),
    [
        (lambda x, stream, event: pluggrad.cuda.synchronize(0), "synchronize"),
        (lambda x, stream, event: stream.synchronize(), "Stream.synchronize"),
        (lambda x, stream, event: event.synchronize(), "Event.synchronize"),
        (lambda x, stream, event: x.sum().item(), r"tolist\(float32\[\]\)"),
        (lambda x, stream, event: x.tolist(), r"tolist\(float32\[2, 3\]\)"),
        (lambda x, stream, event: bool(x.sum()), r"tolist\(float32\[\]\)"),
        (lambda x, stream, event: x.cpu(), r"to_host\(float32\[2, 3\]"),
        (lambda x, stream, event: x.to("cuda:1").tolist(), r"tolist\(float32\[2, 3\]\)"),
    ],
)
def test_an_asynchronous_error_is_raised_where_python_waits(wait: Any, name: str) -> None:
    """What every kind of waiting for the GPU says of a kernel that failed before."""
    x = pluggrad.ones(2, 3, device="cuda:0")
    stream, event = pluggrad.cuda.current_stream(), pluggrad.cuda.Event()
    event.record()
    devices.pending.append(cupy.cuda.runtime.CUDARuntimeError(700))
    with pytest.raises(RuntimeError, match="(?s)^" + name + ".*" + _LATE):
        wait(x, stream, event)
    pluggrad.cuda.synchronize(0)


def test_an_error_of_a_call_names_its_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise cupy.cuda.runtime.CUDARuntimeError(1)

    from pluggrad_cupy import errors

    matmul = errors.guarded("matmul", fails)
    x, y = (pluggrad.zeros(*s, device="cuda:1")._array for s in ((2, 3), (3, 4)))
    with pytest.raises(
        RuntimeError, match=r"^matmul\(float32\[2, 3\], float32\[3, 4\]\) on cuda:1: cudaError"
    ) as caught:
        matmul(x, y)
    assert "earlier" not in str(caught.value)
    assert pluggrad.cuda.current_device() == 0


# -- memory that a stream still uses ------------------------------------------------------------------------------


def test_memory_that_another_stream_uses_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = pluggrad.cuda.Stream(device=1)
    monkeypatch.setattr(devices.Event, "done", False)
    before = pluggrad.cuda.memory_allocated(1)
    x = pluggrad.ones(1 << 12, device="cuda:1")
    view = x[3:]
    view.record_stream(stream)
    del x
    assert pluggrad.cuda.memory_allocated(1) > before
    del view
    assert pluggrad.cuda.memory_allocated(1) == before + (1 << 14)  # gone, but the stream may still read it
    monkeypatch.setattr(devices.Event, "done", True)
    y = pluggrad.ones(2, device="cuda:1")
    y.record_stream(stream)
    del y
    assert pluggrad.cuda.memory_allocated(1) <= before + 512
    plain = pluggrad.ones(1 << 12, device="cuda:1")
    del plain
    assert pluggrad.cuda.memory_allocated(1) <= before + 512
    with pytest.raises(pluggrad.errors.DeviceError, match="on cpu"):
        pluggrad.ones(2).record_stream(stream)


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
    stream.wait_stream(pluggrad.cuda.current_stream(1))
    assert pluggrad.cuda.get_device_name(1) == "simulated device"


def test_the_time_between_events(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([2.0, 2.25])
    monkeypatch.setattr(devices.time, "perf_counter", lambda: next(clock))
    start, end = (pluggrad.cuda.Event(enable_timing=True) for _ in range(2))
    for event in (start, end):
        with pytest.raises(ValueError, match="recorded first"):
            start.elapsed_time(end)
        event.record()
    end.synchronize()
    assert (start.query(), end.query()) == (True, True)
    assert start.elapsed_time(end) == 250.0  # milliseconds
    assert end.elapsed_time(start) == -250.0
    with pytest.raises(ValueError, match="enable_timing=True"):
        start.elapsed_time(pluggrad.cuda.Event())
    with pytest.raises(ValueError, match="event of cuda:0, and cannot be recorded on cuda:1"):
        start.record(pluggrad.cuda.Stream(device=1))


def test_random_numbers_are_those_of_the_cpu() -> None:
    for dtype in (pluggrad.float32, pluggrad.float64):
        for draw in (pluggrad.rand, pluggrad.randn):
            pluggrad.manual_seed(3)
            expected = draw(1001, dtype=dtype)
            pluggrad.manual_seed(3)
            assert (draw(1001, dtype=dtype, device="cuda:1").cpu() == expected).all()


def test_the_state_of_the_generator() -> None:
    """It is saved and put back as on the CPU, whose numbers it gives; a tensor of bytes, on the CPU."""
    cuda = pluggrad.cuda
    cuda.manual_seed(11)
    pluggrad.randn(7, device="cuda:0")
    state = cuda.get_rng_state()
    assert (state.dtype, state.device) == (pluggrad.uint8, "cpu")
    assert (cuda.get_rng_state("cuda:1") == state).all()
    assert [bool((s == state).all()) for s in cuda.get_rng_state_all()] == [True, True]

    def draw(device: str) -> list[list[float]]:
        cuda.set_rng_state(state, device="cuda:1")
        calls = (pluggrad.rand, pluggrad.randn, pluggrad.randperm)
        drawn = [call(5, device=device).tolist() for call in calls]
        return [*drawn, pluggrad.nn.functional.dropout(pluggrad.ones(40, device=device)).tolist()]

    first = draw("cuda:0")
    assert first == draw("cuda:1") == draw("cpu")
    after = cuda.get_rng_state()
    assert not (after == state).all()
    cuda.set_rng_state_all([state, state])
    assert pluggrad.rand(5, device="cuda").tolist() == first[0]
    pluggrad.set_rng_state(after)
    assert (cuda.get_rng_state() == after).all()
    cuda.manual_seed_all(11)
    assert cuda.initial_seed() == pluggrad.initial_seed() == 11
    with pytest.raises((TypeError, ValueError)):
        cuda.set_rng_state(pluggrad.zeros(3))


@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "NAdam", "RAdam", "Adamax", "Adadelta", "ASGD"]
)
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
