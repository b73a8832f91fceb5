"""The one setting for threads: what it tells BLAS, array libraries and kernels; the environment; forked processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.backends import Plugins
from pluggrad.errors import PluginError
from pluggrad.utils import data

pools = pytest.importorskip("threadpoolctl")

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
VARIABLES = ("PLUGGRAD_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    pluggrad.zeros(1, device="cpu")
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def of_blas() -> set[int]:
    """How many threads each BLAS of this process may use."""
    return {pool["num_threads"] for pool in pools.threadpool_info() if pool["user_api"] == "blas"}


def printed(code: str, **variables: str) -> list[str]:
    """What a new interpreter prints, with no variables of threads but these."""
    environment = {k: v for k, v in os.environ.items() if k not in VARIABLES} | variables
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    return (done.stdout if done.returncode == 0 else done.stderr.splitlines()[-1]).split("\n")


BLAS = """
import pluggrad, threadpoolctl
pluggrad.zeros(1, device="cpu")
blas = [p["num_threads"] for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]
print(pluggrad.get_num_threads(), *sorted(set(blas)) or ["none"])
"""


@pytest.mark.parametrize("count", [1, 2])
def test_blas_is_told(count: int) -> None:
    pluggrad.set_num_threads(count)
    assert pluggrad.get_num_threads() == count
    assert of_blas() <= {count}


def test_blas_is_told_where_its_number_can_be_read() -> None:
    if not of_blas():
        pytest.skip("threadpoolctl knows no BLAS of this machine")
    pluggrad.set_num_threads(2)
    assert of_blas() == {2}
    pluggrad.set_num_threads(1)
    assert of_blas() == {1}


def test_the_environment_says_how_many() -> None:
    known = bool(of_blas())
    assert printed(BLAS, PLUGGRAD_NUM_THREADS="2", OMP_NUM_THREADS="1")[0] == ("2 2" if known else "2 none")
    assert printed(BLAS, PLUGGRAD_NUM_THREADS="1")[0] == ("1 1" if known else "1 none")


@pytest.mark.parametrize(("text", "count"), [("5", "5"), ("3,2", "3"), ("zero", None), ("0", None)])
def test_openmps_variable_counts_where_nothing_else_is_said(text: str, count: str | None) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    code = "import pluggrad; print(pluggrad.get_num_threads())"
    assert printed(code, OMP_NUM_THREADS=text)[0] == (count or str(cores))


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_a_mistake_in_the_environment(text: str) -> None:
    (line,) = printed("import pluggrad", PLUGGRAD_NUM_THREADS=text)
    assert line.endswith(f"the environment variable PLUGGRAD_NUM_THREADS must be a positive integer, got {text!r}")


def test_libraries_are_left_as_they_are_until_a_number_is_asked_for() -> None:
    code = "import pluggrad, sys; pluggrad.zeros(1, device='cpu'); print('threadpoolctl' in sys.modules)"
    assert printed(code)[0] == "False"
    assert printed(code, PLUGGRAD_NUM_THREADS="1")[0] == "True"


def test_without_threadpoolctl_it_says_so() -> None:
    hidden = "import sys; sys.modules['threadpoolctl'] = None\nimport pluggrad\n"
    (line,) = printed(hidden + "pluggrad.set_num_threads(2)")
    assert line == (
        "UserWarning: 2 threads for compiled kernels, but not for matrix products, whose BLAS is told by "
        "threadpoolctl: pip install threadpoolctl, or set OMP_NUM_THREADS before Python starts"
    )
    (line,) = printed(hidden + "pluggrad.zeros(1, device='cpu')", PLUGGRAD_NUM_THREADS="1")
    assert line.startswith("UserWarning: 1 thread for compiled kernels, but not")


@pytest.mark.parametrize("count", [0, -1])
def test_numbers_that_are_none(count: int) -> None:
    for error in (ValueError, RuntimeError):  # NumPy's habit and PyTorch's class
        with pytest.raises(error, match=f"set_num_threads: expected a positive integer, got {count}"):
            pluggrad.set_num_threads(count)


@pytest.mark.parametrize("count", [1.0, "2", None, True])
def test_what_is_no_number(count: Any) -> None:
    with pytest.raises(TypeError, match="set_num_threads: expected an int, got"):
        pluggrad.set_num_threads(count)


def test_results_do_not_depend_on_the_number() -> None:
    found = []
    for count in (1, 2, 3):
        pluggrad.set_num_threads(count)
        pluggrad.manual_seed(0)
        x = pluggrad.randn(300, 700, device="cpu", requires_grad=True)
        y = pluggrad.nn.functional.gelu(x).tanh()
        (y @ y.mT).sum().backward()
        found.append((y.detach().numpy(), x.grad.numpy()))
    for y, grad in found[1:]:
        np.testing.assert_array_equal(y, found[0][0])  # elementwise functions: to the bit
        np.testing.assert_allclose(grad, found[0][1], rtol=1e-5, atol=1e-3)  # matrix products: but for rounding


class Library:
    """A backend with threads of its own."""

    devices = ("cpu",)
    told: list[int]

    def __init__(self) -> None:
        import array_api_compat.numpy

        self.namespace, self.told = array_api_compat.numpy, []

    def set_num_threads(self, count: int) -> None:
        self.told.append(count)


def plugins_with(library: Library) -> Plugins:
    import pluggy

    class Plugin:
        @pluggy.HookimplMarker("pluggrad")
        def pluggrad_backends(self) -> Any:
            return [{"name": "own", "device_type": "own", "load": lambda: library}]

        @pluggy.HookimplMarker("pluggrad")
        def pluggrad_kernels(self, backend: str, get_num_threads: Any) -> Any:
            return {"add": lambda plain: lambda x, y: get_num_threads()}

    plugins = Plugins(list)
    plugins.register(Plugin(), "own")
    return plugins


def test_a_library_is_told_and_a_kernel_asks() -> None:
    library = Library()
    plugins = plugins_with(library)
    pluggrad.set_num_threads(2)
    assert library.told == []  # not loaded
    loaded = plugins.backend("own")
    assert library.told == [2] and loaded.kernels.add(1, 1) == 2
    pluggrad.set_num_threads(3)
    assert library.told == [2, 3] and loaded.kernels.add(1, 1) == 3


def test_a_library_that_fails_is_named() -> None:
    library = Library()
    plugins = plugins_with(library)
    plugins.backend("own")
    library.told = ()  # type: ignore[assignment]
    with pytest.raises(PluginError, match=r"plugin 'own': exception in set_num_threads\(2\) of backend 'own': Attr"):
        pluggrad.set_num_threads(2)
    library.told = []


@pytest.mark.torch
def test_pytorch_is_told() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("pluggrad_torch")
    pluggrad.zeros(1, device="torch")
    for count in (2, 1):
        pluggrad.set_num_threads(count)
        assert torch.get_num_threads() == count


def test_pluggrad_torch_has_the_same_setting() -> None:
    import pluggrad.torch as pt

    assert pt.set_num_threads is pluggrad.set_num_threads and pt.get_num_threads is pluggrad.get_num_threads
    pt.set_num_interop_threads(4)
    assert pt.get_num_interop_threads() == 1
    with pytest.raises(RuntimeError, match="positive"):
        pt.set_num_interop_threads(0)
    assert not hasattr(pluggrad, "set_num_interop_threads")


# -- processes -----------------------------------------------------------------------------------------


def _report(queue: Any) -> None:
    first = pluggrad.get_num_threads(), of_blas()
    pluggrad.set_num_threads(2)
    queue.put((first, (pluggrad.get_num_threads(), of_blas())))


@fork
def test_a_forked_process_has_one_thread_until_it_asks_for_more() -> None:
    pluggrad.set_num_threads(3)
    known = bool(of_blas())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_report, args=(queue,))
    child.start()
    first, second = queue.get(timeout=60)
    child.join(timeout=60)
    assert child.exitcode == 0
    assert first == (1, {1} if known else set())
    assert second == (2, {2} if known else set())
    assert pluggrad.get_num_threads() == 3 and of_blas() <= {3}


class Threads(data.Dataset):
    """How many threads a worker may use."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, i: int) -> Any:
        return pluggrad.get_num_threads()


@fork
def test_workers_of_a_loader_have_one_thread() -> None:
    pluggrad.set_num_threads(3)
    loader = data.DataLoader(Threads(), batch_size=None, num_workers=2, multiprocessing_context="fork")
    assert list(loader) == [1, 1]
    assert pluggrad.get_num_threads() == 3
