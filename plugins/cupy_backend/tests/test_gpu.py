"""On a GPU, for whoever has one: ``pytest -m gpu plugins/cupy_backend``. Elsewhere it is skipped, with the reason.

Nobody has run it yet.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

import pluggrad

_REASON = pluggrad.cuda.unavailable_reason()
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(_REASON is not None, reason=str(_REASON))]
needs_two = pytest.mark.skipif(pluggrad.cuda.device_count() < 2, reason="one GPU")


def test_conformance() -> None:
    done = subprocess.run([sys.executable, "-m", "pluggrad", "conformance", "--device", "cuda"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_random_numbers_are_those_of_the_cpu() -> None:
    for dtype in (pluggrad.float32, pluggrad.float64):
        for draw in (pluggrad.rand, pluggrad.randn):
            pluggrad.manual_seed(3)
            expected = draw(100_001, dtype=dtype)
            pluggrad.manual_seed(3)
            assert (draw(100_001, dtype=dtype, device="cuda").cpu() == expected).all()


def test_training() -> None:
    nn = pluggrad.nn
    ends = []
    for device in ("cpu", "cuda"):
        pluggrad.manual_seed(0)
        net = nn.Sequential(nn.Linear(2, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, 1)).to(device)
        optimizer = pluggrad.optim.AdamW(net.parameters(), lr=1e-2)
        x = pluggrad.randn(64, 2).to(device)
        y = (x[:, :1] * x[:, 1:]).detach()
        before = pluggrad.cuda.host_copies()
        for _ in range(200):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
        assert pluggrad.cuda.host_copies() == before
        ends.append(loss.item())
    assert ends[1] < 0.1
    assert ends[1] == pytest.approx(ends[0], rel=0.2)


def test_streams_and_events() -> None:
    stream = pluggrad.cuda.Stream()
    start, end = (pluggrad.cuda.Event(enable_timing=True) for _ in range(2))
    with pluggrad.cuda.stream(stream):
        start.record()
        x = pluggrad.ones(1000, 1000, device="cuda")
        for _ in range(10):
            x = x @ x / 1000.0
        end.record()
    pluggrad.cuda.current_stream().wait_stream(stream)
    assert x.sum().item() == 1e6
    end.synchronize()
    assert start.elapsed_time(end) > 0


def test_memory() -> None:
    before = pluggrad.cuda.memory_allocated()
    x = pluggrad.zeros(1 << 20, device="cuda")
    assert pluggrad.cuda.memory_allocated() >= before + (1 << 22)
    del x
    assert pluggrad.cuda.memory_allocated() == before
    with pytest.raises(pluggrad.cuda.OutOfMemoryError, match="were asked for"):
        pluggrad.zeros(1 << 42, device="cuda")


def test_indices_out_of_range_leave_the_process_whole() -> None:
    x = pluggrad.zeros(3, device="cuda")
    x[pluggrad.asarray([5], device="cuda")]
    with pytest.raises(IndexError, match="index 5"):
        pluggrad.cuda.synchronize()
    assert (x + 1.0).sum().item() == 3.0


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


@pytest.mark.parametrize("causal", [False, True])
def test_attention_in_tiles(causal: bool) -> None:
    attend = pluggrad.nn.functional.scaled_dot_product_attention
    given = [pluggrad.randn(2, 3, 200, 40) for _ in range(3)]
    found = []
    for device in ("cpu", "cuda"):
        q, k, v = (x.detach().to(device).requires_grad_() for x in given)
        out = attend(q, k, v, is_causal=causal)
        out.square().sum().backward()
        found.append([out.detach().cpu(), *[x.grad.cpu() for x in (q, k, v)]])
    for expected, got in zip(*found, strict=True):
        assert pluggrad.allclose(got, expected, rtol=1e-4, atol=1e-4)


@needs_two
def test_two_devices() -> None:
    x = pluggrad.randn(5, 5, device="cuda:0", requires_grad=True)
    y = (x.to("cuda:1") @ x.detach().to("cuda:1")).sum()
    y.backward()
    assert y.device == "cuda:1"
    assert x.grad is not None
    assert x.grad.device == "cuda:0"
    assert pluggrad.cuda.current_device() == 0


@pytest.mark.parametrize("name", ["matmul", "softmax", "gelu", "layer_norm", "attention"])
def test_time_beside_pytorch(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints times; asserts none."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this PyTorch has no CUDA")
    functions = {
        "matmul": lambda m, x: x @ x, "softmax": lambda m, x: m.softmax(x, -1),
        "gelu": lambda m, x: m.nn.functional.gelu(x),
        "layer_norm": lambda m, x: m.nn.functional.layer_norm(x, (2048,)),
        "attention": lambda m, x: m.nn.functional.scaled_dot_product_attention(*[x.reshape(32, 2048, 64)] * 3),
    }  # fmt: skip
    times = []
    for module in (pluggrad, torch):
        x = module.ones(2048, 2048, device="cuda")
        for turn in range(2):  # the first compiles
            module.cuda.synchronize()
            start = time.perf_counter()
            for _ in range(50):
                functions[name](module, x)
            module.cuda.synchronize()
            times += [(time.perf_counter() - start) / 50] if turn else []
    with capsys.disabled():
        print(f"\n{name}: pluggrad {times[0] * 1e6:.0f} µs, PyTorch {times[1] * 1e6:.0f} µs")
