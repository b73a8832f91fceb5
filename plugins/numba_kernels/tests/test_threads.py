"""Threads: their number is pluggrad's, results do not depend on it, forked processes, errors."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time

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


def test_parts_within_parts():
    """A task that shares work itself: whoever waits does the parts that no other thread has come to."""
    pluggrad.set_num_threads(2)
    done = []
    threads.share(lambda outer: threads.share(lambda inner: done.append((outer, inner)), 5), 4)
    assert sorted(done) == [(outer, inner) for outer in range(4) for inner in range(5)]


def test_an_error_in_one_part_waits_for_the_others():
    """What is raised comes when nobody writes into the arrays any more."""
    pluggrad.set_num_threads(2)
    ended = []

    def task(number):
        if number == 0:
            raise KeyboardInterrupt
        time.sleep(0.02)
        ended.append(number)

    with pytest.raises(KeyboardInterrupt):
        threads.share(task, 6)
    count = len(ended)
    time.sleep(0.05)
    assert len(ended) == count
    assert results()[0].size  # and the next job finds its threads


def test_the_number_changes_while_others_compute():
    expected, found, stop = results(), [], threading.Event()

    def compute():
        while not stop.is_set():
            found.append(all(np.array_equal(a, b) for a, b in zip(results(), expected, strict=True)))

    callers = [threading.Thread(target=compute) for _ in range(2)]
    for caller in callers:
        caller.start()
    for count in (1, 2, 5, 3, 1, 17, 2):
        pluggrad.set_num_threads(count)
        time.sleep(0.03)
    stop.set()
    for caller in callers:
        caller.join(timeout=60)
        assert not caller.is_alive()
    assert found and all(found)


def test_autograd_in_two_threads_at_once():
    """Forward and backward, of all kinds of kernels: those of a crew, of the pool, of NumPy."""
    pluggrad.set_num_threads(2)
    F = pluggrad.nn.functional

    def gradients(seed):
        pluggrad.manual_seed(0)
        x = pluggrad.linspace(-2, 2, 8 * 8 * 64 * 64, device="cpu").reshape(8, 8, 64, 64).requires_grad_()
        w = pluggrad.linspace(-1, 1, 8 * 8 * 9, device="cpu").reshape(8, 8, 3, 3).requires_grad_()
        y = F.max_pool2d(F.silu(F.conv2d(x, w, padding=1)), 2)
        F.layer_norm(F.elu(y).sin(), y.shape[-1:]).square().mul(seed).sum().backward()
        return x.grad.numpy(), w.grad.numpy()

    expected, found = [gradients(1.0), gradients(2.0)], [[], []]
    callers = [
        threading.Thread(target=lambda i=i: found[i].extend(gradients(i + 1.0) for _ in range(5))) for i in range(2)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=120)
    for several, once in zip(found, expected, strict=True):
        assert len(several) == 5
        for pair in several:
            for a, b in zip(pair, once, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4)


PROGRAM = """
import atexit, os, signal, sys, threading, time
import pluggrad
F = pluggrad.nn.functional
def work(n=1_000_003):
    x = pluggrad.linspace(0, 1, n)  # kernels of the crew, of the pool, of rows
    rows = F.softmax(x[:1 << 19].reshape(512, -1), 1)
    return [pluggrad.tanh(x).tolist()[::997], x.sin().tolist()[::997], rows[0].tolist()]
"""


def run_program(code, *, prefix=(), check=True):
    done = subprocess.run(
        [*prefix, sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", PROGRAM + code],
        check=False, timeout=240, capture_output=True, text=True,
    )  # fmt: skip
    assert not check or (done.returncode, done.stderr) == (0, "")
    return done


@pytest.mark.cpu
def test_what_is_computed_at_the_exit_of_a_program_is_right():
    run_program("""
pluggrad.set_num_threads(2)
expected = work()
atexit.register(lambda: os._exit(0 if work() == expected else 3))
""")


@pytest.mark.cpu
def test_a_program_ends_while_another_thread_computes():
    run_program("""
pluggrad.set_num_threads(3)
work()
def for_ever():
    while True:
        work()
threading.Thread(target=for_ever, daemon=True).start()
time.sleep(0.1)
""")


@pytest.mark.cpu
@fork
@pytest.mark.parametrize("count", [1, 2])
def test_forks_while_another_thread_computes(count):
    """The crew, the pool and their locks are in the middle of something; new processes begin their own."""
    run_program(f"""
pluggrad.set_num_threads(2)
expected, stop = work(), threading.Event()
def until():
    while not stop.is_set():
        assert work() == expected
other = threading.Thread(target=until)
other.start()
for _ in range(4):
    time.sleep(0.02)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        if {count} > 1:
            pluggrad.set_num_threads({count})
        os._exit(0 if work() == expected else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stop.set()
other.join()
""")


@pytest.mark.cpu
@fork
def test_a_fork_waits_for_a_kernel_that_another_thread_compiles(tmp_path):
    """Numba's lock would be locked for ever in the new process."""
    run_program(f"""
os.environ["NUMBA_CACHE_DIR"] = {str(tmp_path)!r}
x = pluggrad.linspace(-1, 1, 1 << 16)
F.hardtanh(x)  # Numba is imported
other = threading.Thread(target=lambda: (F.elu(x), F.softplus(x)))
other.start()
time.sleep(0.05)
child = os.fork()
if child == 0:
    signal.alarm(60)
    F.hardswish(x)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
other.join()
""")


@pytest.mark.cpu
@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_after_an_interruption_it_goes_on():
    run_program("""
pluggrad.set_num_threads(2)
expected, interrupted = work(), 0
for delay in (0.01, 0.02, 0.03, 0.05):
    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        while True:
            work()
    except KeyboardInterrupt:
        interrupted += 1
    assert work() == expected
assert interrupted == 4
""")


@pytest.mark.cpu
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process can't be kept to one core here")
def test_one_core_and_more_threads_than_cores():
    run_program("""
expected = work()
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
for count in (1, 2, 9):
    pluggrad.set_num_threads(count)
    assert work() == expected
""")
