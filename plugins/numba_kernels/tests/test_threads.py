"""Threads: their number is pluggrad's, results do not depend on it, forked processes, errors."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import pluggrad

crew = pytest.importorskip("pluggrad_numba.crew")
threads = pytest.importorskip("pluggrad_numba.threads")
tasks = pytest.importorskip("pluggrad_numba.tasks")
kernels = pytest.importorskip("pluggrad_numba.elementwise_tasks")
steps = pytest.importorskip("pluggrad_numba.compiled_steps")

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")


@pytest.fixture(autouse=True)
def as_before():
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin has been asked for its kernels
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def results():
    x = np.random.default_rng(0).standard_normal(1_000_003).astype(np.float32)
    out = np.empty_like(x)
    tasks.perform(kernels.tanh_all, (x, out))
    p, m, v = x.copy(), np.zeros_like(x), np.zeros_like(x)
    numbers = map(np.float32, (0.1, 0.99, 0.01, 0.01, 1e-8, 1.0, 0.1, 1.0))
    crew.together(steps.adam, (x.size,), p, out, m, v, *numbers)
    return out, p, m, v


def test_results_do_not_depend_on_the_number_of_threads():
    found = []
    for count in (1, 2, 3, 7):
        pluggrad.set_num_threads(count)
        assert pluggrad.get_num_threads() == count
        found.append(results())
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert np.array_equal(a, b)


def test_several_callers_at_once():
    pluggrad.set_num_threads(3)
    expected, found = results(), []
    callers = [threading.Thread(target=lambda: found.append(results())) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 4 and all(np.array_equal(expected[1], one[1]) for one in found)


def test_parts_are_those_of_the_whole():
    """Every element once, whatever the size: also of those in place."""
    pluggrad.set_num_threads(3)
    step = tasks.STEP
    for size in (2 * step, 2 * step + 1, 3 * step - 1, 10 * step + 7):
        x = np.zeros(size, np.float32)
        for _ in range(20):
            tasks.perform(kernels.add_number, (x, x), 1.0)
        assert np.array_equal(x, np.full(size, 20, np.float32))


def test_an_error_in_a_part_is_raised():
    pluggrad.set_num_threads(2)

    def broken(x):
        if x[0] > 0:
            raise ZeroDivisionError("the second part")

    with pytest.raises(ZeroDivisionError, match="the second part"):
        threads.run(broken, (np.arange(1 << 20, dtype=np.float32),))


def _in_a_child(queue):
    queue.put((pluggrad.get_num_threads(), float(results()[0].sum())))


@fork
def test_a_forked_process_works_on_one_thread():
    pluggrad.set_num_threads(2)
    expected = float(results()[0].sum())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_a_child, args=(queue,))
    child.start()
    assert queue.get(timeout=120) == (1, expected)
    child.join(timeout=60)
    assert child.exitcode == 0


@pytest.mark.cpu
@fork
def test_a_forked_process_may_choose_more():
    code = """
import os, numpy, pluggrad
from pluggrad_numba import crew
pluggrad.set_num_threads(2)
x = pluggrad.linspace(0, 1, 1_000_003)
expected = pluggrad.tanh(x).tolist()
assert crew._crew is not None and crew._crew.count == 2
child = os.fork()
if child == 0:
    pluggrad.set_num_threads(2)
    os._exit(0 if pluggrad.tanh(x).tolist() == expected else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run(
        [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", code], check=True, timeout=120
    )


def test_the_number_of_threads_is_obeyed():
    x, used = np.ones(1 << 20, dtype=np.float32), set()
    for count in (1, 2, 3):
        pluggrad.set_num_threads(count)
        used.clear()
        parts = []
        threads.run(lambda part: parts.append(part.size) or used.add(threading.get_ident()), (x,))  # noqa: B023
        assert sum(parts) == x.size and len(parts) == count and len(used) <= count


@pytest.mark.cpu
def test_numba_is_imported_only_for_large_arrays():
    code = """
import sys, pluggrad
x = pluggrad.ones(100, 100, requires_grad=True)
optimizer = pluggrad.optim.Adam([pluggrad.ones(10, requires_grad=True), x][:1])
pluggrad.exp(x).sum().backward()
optimizer.step()
assert "pluggrad_numba" in sys.modules and "numba" not in sys.modules
big = pluggrad.zeros(200, 200, requires_grad=True)
big.grad = pluggrad.ones(200, 200)
pluggrad.optim.Adam([big], lr=0.5).step()
assert "numba" in sys.modules and round(big[0, 0].item(), 4) == -0.5
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
