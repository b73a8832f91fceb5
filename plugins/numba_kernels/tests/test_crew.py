"""Crews: all parts are done once, whoever does them; several callers, forked processes, the end of a program."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import pluggrad

crew = pytest.importorskip("pluggrad_numba.crew")
pooling = pytest.importorskip("pluggrad_numba.compiled_pooling")

PLANES, SIZE = 96, 32


@pytest.fixture(autouse=True)
def as_before():
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin has been asked for its kernels
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def pooled(x: np.ndarray) -> np.ndarray:
    out = np.full((PLANES, SIZE // 2, SIZE // 2), np.nan, x.dtype)
    crew.together(pooling.max_pool, (PLANES,), x.reshape(-1), SIZE, SIZE, out.reshape(-1))
    return out


def given(dtype=np.float32):
    x = np.random.default_rng(0).standard_normal((PLANES, SIZE, SIZE)).astype(dtype)
    return x, x.reshape(PLANES, SIZE // 2, 2, SIZE // 2, 2).max((2, 4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_all_parts_are_done(count, dtype):
    pluggrad.set_num_threads(count)
    x, expected = given(dtype)
    for pause in (0, 0, 0.02):  # after which the helpers sleep
        time.sleep(pause)
        assert np.array_equal(pooled(x), expected)


def test_parts_cover_what_is_counted():
    for threads in (1, 2, 5):
        for counts in ((1,), (3,), (100,), (2, 50), (1, 7), (3, 1)):
            times = np.zeros(counts, int)
            for part in crew.ranges(threads, *counts):
                times[tuple(slice(*part[i : i + 2]) for i in range(0, len(part), 2))] += 1
            assert (times == 1).all()


def test_several_callers_at_once():
    pluggrad.set_num_threads(3)
    x, expected = given()
    found = []
    callers = [threading.Thread(target=lambda: found.extend(pooled(x) for _ in range(50))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 200 and all(np.array_equal(expected, one) for one in found)


def test_arguments_are_not_kept_and_not_lost():
    pluggrad.set_num_threads(3)
    x, _ = given()
    out = np.empty((PLANES, SIZE // 2, SIZE // 2), x.dtype)
    flat, to = x.reshape(-1), out.reshape(-1)
    crew.together(pooling.max_pool, (PLANES,), flat, SIZE, SIZE, to)
    before = sys.getrefcount(flat), sys.getrefcount(to)
    for _ in range(100):
        crew.together(pooling.max_pool, (PLANES,), flat, SIZE, SIZE, to)
    assert (sys.getrefcount(flat), sys.getrefcount(to)) == before


def test_another_number_of_threads_ends_the_helpers():
    pluggrad.set_num_threads(5)
    x, expected = given()
    pooled(x)
    pluggrad.set_num_threads(2)
    assert np.array_equal(pooled(x), expected)
    names = [thread.name for thread in threading.enumerate()]
    assert sum(name.startswith("pluggrad-crew-") for name in names) == 1


PROGRAM = """
import os, sys, threading
import numpy as np
import pluggrad
pluggrad.set_num_threads(3)
x = pluggrad.rand(8, 16, 32, 32)
pool = pluggrad.nn.MaxPool2d(2)
expected = pool(x).tolist()
"""


def run(code: str) -> None:
    subprocess.run(
        [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", PROGRAM + code], check=True, timeout=120
    )


@pytest.mark.cpu
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_has_a_crew_of_its_own():
    run("""
child = os.fork()
if child == 0:
    pluggrad.set_num_threads(3)
    os._exit(0 if pool(x).tolist() == expected else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""")


@pytest.mark.cpu
def test_a_program_ends_while_helpers_look_for_work():
    run("pool(x)")


@pytest.mark.cpu
def test_a_program_ends_while_helpers_sleep():
    run("import time; time.sleep(0.1)")


def test_what_is_made_of_different_kernels_and_types_has_names_of_its_own():
    """Where they are kept on disk by several programs, LLVM takes the first of two functions of one name."""
    sharing = pytest.importorskip("pluggrad_numba.compiled_sharing")
    kernels = [pooling._max_pool, pooling._max_pool_input, pooling._larger]
    names = [sharing._name_of(kernel, *kinds) for kernel in kernels for kinds in ((), ("a",), ("b",), ("a", "b"))]
    assert len(set(names)) == 12
