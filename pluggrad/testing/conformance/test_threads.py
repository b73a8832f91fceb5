"""Threads: several at once compute what one after the other would."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pluggrad
from pluggrad.backends import plugins

from .target import Target

THREADS = 4


def together(work: Any, count: int = 16) -> list[Any]:
    """What ``work(i)`` gives for each i, computed by several threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(count)))


def train(target: Target, seed: int) -> list[Any]:
    """Some steps of gradient descent on a small network."""
    x = pluggrad.sin(pluggrad.arange(40.0, device=target.device).reshape(10, 4) + float(seed))
    w1 = pluggrad.cos(pluggrad.arange(12.0, device=target.device).reshape(4, 3)).requires_grad_()
    w2 = pluggrad.cos(pluggrad.arange(3.0, device=target.device).reshape(3, 1)).requires_grad_()
    for _ in range(5):
        loss = ((pluggrad.tanh(x @ w1) @ w2 - 1.0) ** 2).mean()
        loss.backward()
        with pluggrad.no_grad():
            for w in (w1, w2):
                w -= w.grad * 0.1
                w.grad = None
    return [loss.item(), w1.tolist(), w2.tolist()]


def test_forward_and_backward(target: Target) -> None:
    alone = [train(target, i) for i in range(16)]
    assert together(lambda i: train(target, i)) == alone


def test_the_first_call_of_a_kernel(target: Target) -> None:
    """Kernels are looked up at their first use: by two threads at once it comes to the same."""
    kernels = plugins.backend(target.name).kernels
    for name in ("exp", "sin", "sqrt", "multiply", "add"):
        vars(kernels).pop(name, None)
        pluggrad.function.functions()[name].table.clear()
    x = pluggrad.asarray([0.25, 0.5], dtype=pluggrad.float64, device=target.device)
    results = together(lambda i: (pluggrad.exp(x) * pluggrad.sin(x) + pluggrad.sqrt(x)).tolist())
    assert all(r == results[0] for r in results)


def test_a_shared_leaf(target: Target) -> None:
    """Gradients from several threads add up."""
    w = pluggrad.ones(100, dtype=pluggrad.float64, device=target.device, requires_grad=True)
    together(lambda i: (w * float(i)).sum().backward(), 32)
    assert w.grad is not None
    assert w.grad.tolist() == [float(sum(range(32)))] * 100


def test_default_devices_are_the_threads_own(target: Target) -> None:
    devices = [target.device, *target.loaded.devices]

    def work(i: int) -> bool:
        device = devices[i % len(devices)]
        with device:
            return all(pluggrad.zeros(1).device is device for _ in range(20))

    assert all(together(work))


def test_no_grad_is_the_threads_own(target: Target) -> None:
    w = pluggrad.ones(2, device=target.device, requires_grad=True)

    def work(i: int) -> bool:
        if i % 2:
            with pluggrad.no_grad():
                return all(not (w * 2.0).requires_grad for _ in range(50))
        return all((w * 2.0).requires_grad for _ in range(50))

    assert all(together(work))
