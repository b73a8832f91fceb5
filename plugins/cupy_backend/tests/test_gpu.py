"""On a GPU, for whoever has one: ``pytest -m gpu plugins/cupy_backend``. Elsewhere it is skipped, with the reason.

Nobody has run it yet. So that it does not fail for silly reasons when somebody does, it runs on the simulation in CI
(``test_simulation.py``), but for what needs a real GPU.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import kernel_cases
import numpy as np
import pytest
from kernel_cases import Launch, Table

import pluggrad

nn, F = pluggrad.nn, pluggrad.nn.functional
ROOT = Path(__file__).parents[3]
_REASON = pluggrad.cuda.unavailable_reason()
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(_REASON is not None, reason=str(_REASON))]
SIMULATED = _REASON is None and pluggrad.cuda.get_device_name() == "simulated device"
needs_two = pytest.mark.skipif(pluggrad.cuda.device_count() < 2, reason=str(_REASON or "there is one GPU"))
needs_real = pytest.mark.skipif(SIMULATED, reason="this is a simulation, not a GPU")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own."""
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ | environment
    )


# -- all functions --------------------------------------------------------------------------------------------------


@needs_real
@pytest.mark.timeout(3600)
def test_conformance() -> None:
    done = run("-m", "pluggrad", "conformance", "--device", "cuda")
    assert done.returncode == 0, done.stdout[-3000:]


@needs_real
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not (ROOT / "tests" / "nn").is_dir(), reason="the tests of pluggrad are not at hand")
@pytest.mark.parametrize("folder", ["tests/ops", "tests/nn", "tests/optim", "tests/amp", "tests/backends"])
def test_the_suite_of_the_core(folder: str) -> None:
    """With its tensors on the GPU. Errors are looked for at the call: hence CUDA_LAUNCH_BLOCKING."""
    done = run("-m", "pytest", "-q", "--device", "cuda", "-m", "not slow", folder, CUDA_LAUNCH_BLOCKING="1")
    assert done.returncode == 0, done.stdout[-5000:]


# -- kernels: the launches that run on the host in CI, here on the GPU -----------------------------------------------


class OnDevice:
    """The arrays of a launch, copied to the GPU."""

    def __init__(self, made: Launch) -> None:
        import cupy

        self.arrays = {id(a): cupy.asarray(a) for x in made.args for a in getattr(x, "arrays", [x])
                       if isinstance(a, np.ndarray)}  # fmt: skip
        self.args = [
            cupy.asarray(np.array([self.arrays[id(a)].data.ptr for a in x.arrays], np.int64))
            if isinstance(x, Table)
            else self.arrays.get(id(x), x)
            for x in made.args
        ]

    def __call__(self, array: np.ndarray) -> Any:
        return self.arrays[id(array)].get()


def _kernels() -> list[tuple[str, str, str]]:
    if _REASON is not None:
        return [("", "", "")]
    from pluggrad_cupy import launch

    return [(file, name, dtype) for file, name in kernel_cases.KERNELS for dtype in launch.types_of(file)]


@pytest.mark.parametrize(("file", "name", "dtype"), _kernels())
def test_kernels_give_what_numpy_gives(file: str, name: str, dtype: str) -> None:
    from pluggrad_cupy import launch

    made = kernel_cases.KERNELS[file, name](dtype)
    found = OnDevice(made)
    launch._function(file, name, dtype, 0)((made.blocks, made.rows), (made.threads,), tuple(found.args))
    made.check(found, dtype)


@pytest.mark.parametrize("name", sorted(kernel_cases.POINTWISE))
def test_elementwise_kernels_give_what_numpy_gives(name: str) -> None:
    from pluggrad_cupy.pointwise import POINTWISE

    kernel = POINTWISE[name]
    for dtype in kernel.dtypes:
        made = kernel_cases.typed(kernel, dtype)
        found = OnDevice(made)
        raw = kernel.outputs.startswith("raw")
        kernel(*found.args, **({"size": made.threads} if raw else {}))
        made.check(found, dtype)


@pytest.mark.parametrize("name", sorted(kernel_cases.REDUCTIONS))
def test_reductions_give_what_numpy_gives(name: str) -> None:
    from pluggrad_cupy.reducing import REDUCTIONS

    reduction = REDUCTIONS[name]
    for dtype in reduction.dtypes:
        made = kernel_cases.REDUCTIONS[name](dtype)
        arrays = [a for a in made.args if isinstance(a, np.ndarray)]
        given = [OnDevice(made).arrays[id(a)] for a in arrays[:-1]]
        for strided in (False, True):  # CuPy has two ways
            inputs = [x.T.copy().T for x in given] if strided else given
            out = reduction(*inputs, axis=0)
            made.check(lambda array, out=out: out.get(), dtype)


# -- numbers --------------------------------------------------------------------------------------------------------


def test_random_numbers_are_those_of_the_cpu() -> None:
    for dtype in (pluggrad.float32, pluggrad.float64):
        for draw in (pluggrad.rand, pluggrad.randn):
            pluggrad.manual_seed(3)
            expected = draw(100_001, dtype=dtype)
            pluggrad.manual_seed(3)
            assert (draw(100_001, dtype=dtype, device="cuda").cpu() == expected).all()


@pytest.mark.parametrize("causal", [False, True])
def test_attention_in_tiles(causal: bool) -> None:
    size = 40 if SIMULATED else 200
    given = [pluggrad.randn(2, 3, size, 40) for _ in range(3)]
    found = []
    for device in ("cpu", "cuda"):
        q, k, v = (x.detach().to(device).requires_grad_() for x in given)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        out.square().sum().backward()
        found.append([out.detach().cpu(), *[x.grad.cpu() for x in (q, k, v)]])
    for expected, got in zip(*found, strict=True):
        assert pluggrad.allclose(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("groups", [1, 2])
def test_convolution(groups: int) -> None:
    given = [pluggrad.randn(3, 4, 9, 8), pluggrad.randn(6, 4 // groups, 3, 3), pluggrad.randn(6)]
    found = []
    for device in ("cpu", "cuda"):
        x, w, b = (t.detach().to(device).requires_grad_() for t in given)
        out = F.conv2d(x, w, b, stride=2, padding=1, groups=groups)
        out.square().sum().backward()
        found.append([out.detach().cpu(), *[t.grad.cpu() for t in (x, w, b)]])
    for expected, got in zip(*found, strict=True):
        assert pluggrad.allclose(got, expected, rtol=1e-4, atol=1e-3)


def test_linear_algebra_failures_are_raised() -> None:
    for f in (pluggrad.linalg.inv, pluggrad.linalg.cholesky):
        with pytest.raises(pluggrad.linalg.LinAlgError):
            f(pluggrad.zeros(2, 2, device="cuda"))
    x = pluggrad.tensor([[4.0, 1.0], [1.0, 3.0]])
    assert pluggrad.allclose(pluggrad.linalg.inv(x.cuda()).cpu(), pluggrad.linalg.inv(x))


def test_bfloat16() -> None:
    if not pluggrad.cuda.is_bf16_supported():
        pytest.skip("ml_dtypes is not installed")
    x = pluggrad.randn(33, 20)
    found = [x.to(device, pluggrad.bfloat16) @ x.to(device, pluggrad.bfloat16).T for device in ("cpu", "cuda")]
    assert found[1].dtype is pluggrad.bfloat16
    assert pluggrad.allclose(found[1].float().cpu(), found[0].float(), rtol=2e-2, atol=2e-2)


# -- training -------------------------------------------------------------------------------------------------------


def _net(name: str) -> Any:
    if name == "MLP":
        return nn.Sequential(nn.Linear(2, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, 1))
    images = nn.Unflatten(1, (1, 1, 2))
    return nn.Sequential(images, nn.Conv2d(1, 16, 1), nn.BatchNorm2d(16), nn.SiLU(), nn.Flatten(), nn.Linear(32, 1))


@pytest.mark.parametrize("name", ["MLP", "CNN"])
def test_training(name: str) -> None:
    """The same losses as on the CPU, step by step, and no copy to the host."""
    losses = []
    for device in ("cpu", "cuda"):
        pluggrad.manual_seed(0)
        net = _net(name).to(device)
        optimizer = pluggrad.optim.AdamW(net.parameters(), lr=1e-2)
        x = pluggrad.randn(64, 2).to(device)
        y = (x[:, :1] * x[:, 1:]).detach()
        before, seen = pluggrad.cuda.host_copies(), []
        for _ in range(20 if SIMULATED else 200):
            optimizer.zero_grad()
            loss = F.mse_loss(net(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            seen.append(loss.detach())
        assert pluggrad.cuda.host_copies() == before
        losses.append([s.item() for s in seen])
    assert losses[1][:10] == pytest.approx(losses[0][:10], rel=1e-3)
    assert losses[1][-1] < losses[1][0] / 2 or SIMULATED


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_training_in_mixed_precision(half: str) -> None:
    if half == "bfloat16" and not pluggrad.cuda.is_bf16_supported():
        pytest.skip("ml_dtypes is not installed")
    pluggrad.manual_seed(0)
    net = _net("MLP").cuda()
    optimizer, scaler = pluggrad.optim.SGD(net.parameters(), lr=0.05, momentum=0.9), pluggrad.amp.GradScaler("cuda")
    x = pluggrad.randn(64, 2).cuda()
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        with pluggrad.autocast("cuda", dtype=getattr(pluggrad, half)):
            loss = F.mse_loss(net(x), x[:, :1] * 2.0)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


# -- streams, memory, errors ------------------------------------------------------------------------------------------


def test_streams_and_events() -> None:
    stream, n = pluggrad.cuda.Stream(), 50 if SIMULATED else 1000
    start, end = (pluggrad.cuda.Event(enable_timing=True) for _ in range(2))
    with pluggrad.cuda.stream(stream):
        start.record()
        x = pluggrad.ones(n, n, device="cuda")
        for _ in range(10):
            x = x @ x / float(n)
        end.record()
    pluggrad.cuda.current_stream().wait_stream(stream)
    x.record_stream(pluggrad.cuda.current_stream())
    assert x.sum().item() == float(n * n)
    end.synchronize()
    assert start.elapsed_time(end) > 0
    assert stream.query()


def test_memory_that_another_stream_uses_is_kept() -> None:
    """A tensor is thrown away while another stream has yet to read it; what is made then does not take its place."""
    stream, n = pluggrad.cuda.Stream(), 1 << 10 if SIMULATED else 1 << 22
    for _ in range(3):
        x = pluggrad.ones(n, device="cuda")
        stream.wait_stream(pluggrad.cuda.current_stream())
        with pluggrad.cuda.stream(stream):
            slow = pluggrad.ones(64, 64, device="cuda")
            for _ in range(50):
                slow = slow @ slow / 64.0
            y = x * slow[0, 0]
        x.record_stream(stream)
        del x
        other = pluggrad.zeros(n, device="cuda")
        pluggrad.cuda.current_stream().wait_stream(stream)
        assert (y == 1.0).all().item()
        assert not other.any().item()


def test_memory() -> None:
    before = pluggrad.cuda.memory_allocated()
    x = pluggrad.zeros(1 << 20, device="cuda")
    assert pluggrad.cuda.memory_allocated() >= before + (1 << 22)
    assert pluggrad.cuda.max_memory_allocated() >= before + (1 << 22)
    del x
    assert pluggrad.cuda.memory_allocated() == before
    pluggrad.cuda.empty_cache()
    _, total = pluggrad.cuda.mem_get_info()
    with pytest.raises(pluggrad.cuda.OutOfMemoryError, match=r"on cuda:0: CUDA out of memory: .* were asked for"):
        pluggrad.empty(total // 4 + (1 << 20), device="cuda")
    assert pluggrad.ones(3, device="cuda").sum().item() == 3.0


def test_indices_out_of_range_leave_the_process_whole() -> None:
    x = pluggrad.zeros(3, device="cuda")
    x[pluggrad.asarray([5], device="cuda")]
    with pytest.raises(IndexError, match="index 5"):
        pluggrad.cuda.synchronize()
    assert (x + 1.0).sum().item() == 3.0


_FAILS = """
import cupy, pluggrad
x = pluggrad.ones(3, device="cuda")
cupy.RawKernel('extern "C" __global__ void wild(float* p) { p[1ll << 44] = 1; }', "wild")((1,), (1,), (x._array,))
try:
    x.sum().item()
except RuntimeError as error:
    print(error)
"""


@needs_real
def test_a_kernel_that_fails_is_told_where_python_waits() -> None:
    """In a process of its own: CUDA's state is lost with it."""
    done = run("-c", _FAILS)
    assert "on cuda:0: cudaError" in done.stdout, done.stdout + done.stderr
    assert "the kernel that failed may be an earlier one than this" in done.stdout


def test_pinned_memory() -> None:
    host = pluggrad.arange(1 << 20, dtype=pluggrad.float32).pin_memory()
    assert host.is_pinned()
    before = pluggrad.cuda.host_copies()
    x = host.to("cuda", non_blocking=True)
    back = (x + 1.0).to("cpu", non_blocking=True)
    assert pluggrad.cuda.host_copies() == before
    pluggrad.cuda.synchronize()
    assert (back == host + 1.0).all()
    waited = host.to("cuda")
    host.zero_()
    assert waited[-1].item() == float((1 << 20) - 1)
    assert pluggrad.empty(3, pin_memory=True).is_pinned()


def test_the_profiler_is_told() -> None:
    pluggrad.cuda.nvtx.mark("here")
    with pluggrad.cuda.nvtx.range("a span"):
        assert pluggrad.cuda.get_device_properties().total_memory > 0
    assert "MiB" in pluggrad.cuda.memory_summary()
    assert len(pluggrad.cuda.get_device_capability()) == 2


# -- several GPUs -----------------------------------------------------------------------------------------------------


@needs_two
def test_two_devices() -> None:
    x = pluggrad.randn(5, 5, device="cuda:0", requires_grad=True)
    y = (x.to("cuda:1") @ x.detach().to("cuda:1")).sum()
    y.backward()
    assert y.device == "cuda:1"
    assert x.grad is not None
    assert x.grad.device == "cuda:0"
    assert pluggrad.cuda.current_device() == 0
    with pytest.raises(RuntimeError, match="cuda:0.*cuda:1"):
        x + y
    moved = x.detach().to("cuda:1")
    assert (moved.cpu() == x.detach().cpu()).all()
    assert isinstance(pluggrad.cuda.can_device_access_peer(0, 1), bool)


@needs_two
def test_a_network_over_two_devices() -> None:
    first, second = nn.Linear(3, 4).to("cuda:0"), nn.Linear(4, 1).to("cuda:1")
    optimizer = pluggrad.optim.Adam([*first.parameters(), *second.parameters()], lr=0.05)
    x = pluggrad.randn(16, 3)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        out = second(first(x.to("cuda:0")).relu().to("cuda:1"))
        loss = (out - x[:, :1].to("cuda:1")).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_([*first.parameters(), *second.parameters()], 10.0)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


# -- times ------------------------------------------------------------------------------------------------------------


def _adam_step(lib: Any, x: Any) -> Any:
    """What takes one step of 40 parameters."""
    parameters = [lib.zeros(256, 256, device="cuda").requires_grad_() for _ in range(40)]
    for p in parameters:
        p.grad = lib.ones(256, 256, device="cuda")
    return lib.optim.Adam(parameters).step


TIMED: dict[str, Any] = {
    "matmul": lambda lib, x: lambda: x @ x,
    "x + x": lambda lib, x: lambda: x + x,
    "softmax": lambda lib, x: lambda: lib.softmax(x, -1),
    "gelu": lambda lib, x: lambda: lib.nn.functional.gelu(x),
    "layer_norm": lambda lib, x: lambda: lib.nn.functional.layer_norm(x, x.shape[-1:]),
    "mse_loss": lambda lib, x: lambda: lib.nn.functional.mse_loss(x, x),
    "attention": lambda lib, x: lambda: lib.nn.functional.scaled_dot_product_attention(
        *[x.reshape(x.shape[0] // 64, -1, 64)] * 3
    ),
    "conv2d": lambda lib, x: lambda: lib.nn.functional.conv2d(
        x.reshape(-1, 16, 16, 16), x.flatten()[:2304].reshape(16, 16, 3, 3)
    ),
    "Adam": _adam_step,
}  # fmt: skip


@pytest.mark.parametrize("name", list(TIMED))
def test_time_beside_pytorch(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints times; asserts none. Without PyTorch for CUDA, its own alone."""
    libraries: list[Any] = [pluggrad]
    if not SIMULATED:
        try:
            import torch
        except ImportError:
            pass
        else:
            libraries += [torch] if torch.cuda.is_available() else []
    size, times = (64, 1) if SIMULATED else (2048, 50), []
    for lib in libraries:
        call = TIMED[name](lib, lib.ones(size[0], size[0], device="cuda"))
        for turn in range(2):  # the first compiles
            lib.cuda.synchronize()
            start = time.perf_counter()
            for _ in range(size[1]):
                call()
            lib.cuda.synchronize()
            times += [(time.perf_counter() - start) / size[1]] if turn else []
    with capsys.disabled():
        of = ", ".join(f"{lib.__name__} {t * 1e6:.0f} µs" for lib, t in zip(libraries, times, strict=True))
        print(f"\n{name}: {of}{' (a simulation: says nothing)' if SIMULATED else ''}")
