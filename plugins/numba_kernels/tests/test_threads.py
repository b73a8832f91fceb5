"""Threads: their number, that results do not depend on it, forked processes, errors."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

pluggrad_numba = pytest.importorskip("pluggrad_numba")
threads = pytest.importorskip("pluggrad_numba.threads")
compiled = pytest.importorskip("pluggrad_numba.compiled_elementwise")
steps = pytest.importorskip("pluggrad_numba.compiled_steps")


@pytest.fixture(autouse=True)
def as_before():
    count = pluggrad_numba.get_num_threads()
    yield
    pluggrad_numba.set_num_threads(count)


def results():
    x = np.random.default_rng(0).standard_normal(1_000_003).astype(np.float32)
    out = np.empty_like(x)
    threads.run(compiled.tanh_all, (x, out))
    p, m, v = x.copy(), np.zeros_like(x), np.zeros_like(x)
    numbers = map(np.float32, (0.1, 0.99, 0.01, 0.01, 1e-8, 1.0, 0.1, 1.0))
    threads.run(steps.adam, (p, out, m, v), *numbers)
    return out, p, m, v


def test_results_do_not_depend_on_the_number_of_threads():
    found = []
    for count in (1, 2, 3, 7):
        pluggrad_numba.set_num_threads(count)
        assert pluggrad_numba.get_num_threads() == count
        found.append(results())
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert np.array_equal(a, b)


def test_several_callers_at_once():
    pluggrad_numba.set_num_threads(3)
    expected, found = results(), []
    callers = [threading.Thread(target=lambda: found.append(results())) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 4 and all(np.array_equal(expected[1], one[1]) for one in found)


def test_an_error_in_a_part_is_raised():
    pluggrad_numba.set_num_threads(2)

    def broken(x):
        if x[0] > 0:
            raise ZeroDivisionError("the second part")

    with pytest.raises(ZeroDivisionError, match="the second part"):
        threads.run(broken, (np.arange(1 << 20, dtype=np.float32),))


def _in_a_child(queue):
    queue.put((pluggrad_numba.get_num_threads(), float(results()[0].sum())))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_works_on_one_thread():
    pluggrad_numba.set_num_threads(2)
    expected = float(results()[0].sum())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_a_child, args=(queue,))
    child.start()
    assert queue.get(timeout=120) == (1, expected)
    child.join(timeout=60)
    assert child.exitcode == 0


@pytest.mark.parametrize(
    ("variables", "count"),
    [({"PLUGGRAD_NUM_THREADS": "3", "OMP_NUM_THREADS": "1"}, "3"), ({"OMP_NUM_THREADS": "5"}, "5")],
)
def test_the_environment_says_how_many(variables, count):
    environment = {k: v for k, v in os.environ.items() if k not in ("PLUGGRAD_NUM_THREADS", "OMP_NUM_THREADS")}
    code = "import pluggrad_numba; print(pluggrad_numba.get_num_threads())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, **variables}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == count


@pytest.mark.parametrize("count", [0, -1, 1.5, "2"])
def test_mistakes(count):
    with pytest.raises(ValueError, match="need a positive integer"):
        pluggrad_numba.set_num_threads(count)


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
