"""What goes wrong in worker processes: it is an error that says so, nothing hangs, and nothing is left behind."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pluggrad.utils import data

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc and /dev/shm"),
]


def blocks(pid: int | None = None) -> set[str]:
    """The blocks of shared memory of a process's loaders."""
    return {name for name in os.listdir("/dev/shm") if name.startswith(f"pg-{pid or os.getpid():x}-")}


def children(pid: int | None = None) -> set[int]:
    """The processes whose parent this one is, zombies among them, but for multiprocessing's own helpers."""
    parent = os.getpid() if pid is None else pid
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(fields[1]) == parent and b"tracker" not in command:
                found.add(int(entry.name))
    return found


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before, open_files = children(), len(os.listdir("/proc/self/fd"))
    yield
    gc.collect()
    assert children() <= before
    assert not blocks()
    assert len(os.listdir("/proc/self/fd")) <= open_files + 2  # the tracker's pipe stays


def loader(dataset: Any, num_workers: int = 2, batch_size: int | None = None, **options: Any) -> data.DataLoader:
    return data.DataLoader(dataset, batch_size, num_workers=num_workers, multiprocessing_context="fork", **options)


class Calls:
    """Calls a function for one of its samples; the others are large enough for shared memory."""

    def __init__(self, action: Callable[[], Any], at: int = 3) -> None:
        self.action, self.at = action, at

    def __len__(self) -> int:
        return 12

    def __getitem__(self, i: int) -> Any:
        return self.action() if i == self.at else np.full(50_000, i)


def raises(error: BaseException) -> Callable[[], Any]:
    def action() -> Any:
        raise error

    return action


# -- exceptions --------------------------------------------------------------------------------------------


class NeedsTwo(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(one, two)


@pytest.mark.parametrize(
    ("error", "cls"),
    [
        (ValueError("seven"), ValueError), (KeyError("seven"), KeyError), (OSError(2, "seven"), FileNotFoundError),
        (NeedsTwo(1, 7), RuntimeError), (StopIteration("seven"), RuntimeError),
        (UnicodeDecodeError("utf8", b"a", 0, 1, "seven"), RuntimeError),
        (type("Local", (Exception,), {})("seven"), RuntimeError),
    ],
    ids=lambda value: getattr(type(value), "__name__", ""),
)  # fmt: skip
@pytest.mark.parametrize("num_workers", [1, 2])
def test_an_exception_is_raised_in_its_turn_with_its_traceback(
    error: Exception, cls: type[Exception], num_workers: int
) -> None:
    batches = iter(loader(Calls(raises(error)), num_workers))
    assert [next(batches)[0].item() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(cls) as caught:
        next(batches)
    assert type(caught.value) is cls
    text = str(caught.value)
    assert text.startswith(
        f"Caught {type(error).__name__} in DataLoader worker process {3 % num_workers}.\nOriginal Tr"
    )
    assert "in __getitem__" in text
    assert "seven" in text or "7" in text
    assert [batch[0].item() for batch in batches] == [4, 5, 6, 7, 8, 9, 10, 11]  # it goes on, as in PyTorch


def test_exceptions_elsewhere_in_a_worker() -> None:
    class BadStream(data.IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            yield 1
            raise LookupError("in the stream")

    class BadIter(data.IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            raise LookupError("at the beginning")

    batches = iter(loader(BadStream(), 1))
    assert next(batches) == 1
    with pytest.raises(LookupError, match="in the stream"):
        next(batches)
    with pytest.raises(LookupError, match="at the beginning"):
        next(iter(loader(BadIter())))
    with pytest.raises(ValueError, match="in the init"):
        next(iter(loader(range(4), worker_init_fn=lambda worker: raises(ValueError("in the init"))())))
    with pytest.raises(ValueError, match="in collation"):
        next(iter(loader(range(4), batch_size=2, collate_fn=lambda batch: raises(ValueError("in collation"))())))
    with pytest.raises((AttributeError, TypeError, RuntimeError), match="pickle|local object"):
        next(iter(loader(range(4), collate_fn=lambda sample: lambda: sample)))


# -- ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGBUS"])
@pytest.mark.parametrize("persistent", [False, True])
def test_a_killed_worker(name: str, persistent: bool) -> None:
    def die() -> None:
        faulthandler.disable()  # which pytest has enabled: no report of this one
        os.kill(os.getpid(), getattr(signal, name))

    killed = loader(Calls(die), persistent_workers=persistent)
    batches = iter(killed)
    with pytest.raises(
        RuntimeError, match=rf"DataLoader worker \(pid \d+\) is killed by signal: .*\({name}\)"
    ) as caught:
        list(batches)
    assert ("/dev/shm" in str(caught.value)) == (name == "SIGBUS")
    with pytest.raises(RuntimeError, match="the workers of this DataLoader have ended"):
        next(batches)
    killed.dataset.at = -1
    assert len(list(killed)) == 12  # new workers


@pytest.mark.parametrize(("action", "code"), [(lambda: os._exit(3), 3), (lambda: sys.exit(4), 4)])
def test_a_worker_that_exits(action: Callable[[], Any], code: int) -> None:
    with pytest.raises(RuntimeError, match=rf"\(pid \d+\) exited unexpectedly with exit code {code}"):
        list(loader(Calls(action)))


def test_a_worker_killed_from_outside_at_any_moment() -> None:
    class Busy:
        def __len__(self) -> int:
            return 400

        def __getitem__(self, i: int) -> Any:
            return np.full(40_000 + 400 * (i % 7), i)

    for k in range(8):
        batches = iter(loader(Busy()))
        for _ in range(3 * k):
            next(batches)
        time.sleep(0.001 * k)
        os.kill(batches._pool.pids[k % 2], signal.SIGKILL)  # type: ignore[attr-defined]
        with pytest.raises(RuntimeError, match=r"is killed by signal: Killed \(SIGKILL\)"):
            for _ in batches:
                pass
        del batches
        gc.collect()
        assert not blocks()


def test_a_worker_whose_child_lives_on() -> None:
    """The child holds the worker's pipe open: its end is found all the same."""

    def action() -> None:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(RuntimeError, match="is killed by signal"):
        list(loader(Calls(action), 1))


# -- time ----------------------------------------------------------------------------------------------------


def test_timeout() -> None:
    batches = iter(loader(Calls(lambda: time.sleep(1000), at=2), timeout=0.5))
    assert next(batches)[0].item() == 0
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.5 seconds"):
        list(batches)


@pytest.mark.slow
def test_a_stuck_worker_is_ended_when_the_loader_is_dropped() -> None:
    def stuck() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)

    batches = iter(loader(Calls(stuck, at=1), 2))
    next(batches)
    time.sleep(0.2)
    del batches  # closes, waits, terminates, kills


# -- the consumer --------------------------------------------------------------------------------------------


def test_dropped_in_mid_epoch() -> None:
    for persistent in (False, True):
        for batch in loader(Calls(lambda: 0), persistent_workers=persistent):
            assert batch[0].item() == 0
            break


def test_a_consumer_that_raises() -> None:
    def consume() -> None:
        for _ in loader(Calls(lambda: 0)):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume()


def test_workers_in_a_worker() -> None:
    with pytest.raises(AssertionError, match="daemonic processes are not allowed to have children"):
        list(loader(Calls(lambda: list(loader(range(3), 1))), 1))


def test_a_dataset_that_cannot_be_forked_with_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def failing(self: Any) -> None:
        if started:
            raise OSError("no more processes")
        started.append(self)
        original(self)

    from multiprocessing.context import ForkProcess

    original = ForkProcess.start
    monkeypatch.setattr(ForkProcess, "start", failing)
    with pytest.raises(OSError, match="no more processes"):
        iter(loader(range(4)))


# -- programs that end --------------------------------------------------------------------------------------------

PROGRAM = """
import os, signal, sys, time
import numpy as np
from pluggrad.utils.data import DataLoader

signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever tests in the background inherit

class D:
    def __len__(self): return 1000
    def __getitem__(self, i):
        {in_worker}
        return np.full(50_000, i)

loader = DataLoader(D(), 4, num_workers=2, multiprocessing_context="fork", persistent_workers={persistent})
batches = iter(loader)
next(batches)
print("pids", *batches._pool.pids, flush=True)
{then}
"""


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Start]:
    """Starts the program; it is ended and its pipes are closed behind the test."""
    started: list[subprocess.Popen[str]] = []

    def start(then: str, in_worker: str = "pass", persistent: bool = False) -> subprocess.Popen[str]:
        path = tmp_path / "program.py"
        path.write_text(PROGRAM.format(then=then, in_worker=in_worker, persistent=persistent))
        process = subprocess.Popen(
            [sys.executable, "-W", "error", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=20)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(pid) for pid in process.stdout.readline().split()[1:]]


def assert_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, f"workers live on: {pids}"
        time.sleep(0.05)


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("then", ["pass", "raise SystemExit", "list(batches)"])
def test_a_program_ends_with_its_loader(program: Start, then: str, persistent: bool) -> None:
    process = program(then, persistent=persistent)
    pids = workers_of(process)
    assert process.wait(30) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert_gone(pids)


def test_ctrl_c(program: Start) -> None:
    process = program("print('go', flush=True)\nfor _ in batches: time.sleep(0.01)", "time.sleep(0.001)")
    pids = workers_of(process)
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all
    assert process.wait(30) in (1, -signal.SIGINT)
    assert process.stderr is not None
    error = process.stderr.read()
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert error.count("Traceback") == 1  # the workers say nothing
    assert_gone(pids)


@pytest.mark.parametrize(
    "in_worker", ["pass", pytest.param("time.sleep(1000) if i == 8 else None", marks=pytest.mark.slow)]
)
def test_a_killed_program_takes_its_workers_along(program: Start, in_worker: str) -> None:
    process = program("print('go', flush=True)\ntime.sleep(1000)", in_worker)
    pids = workers_of(process)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait(10)
    assert_gone(pids)
    deadline = time.monotonic() + 20
    while blocks(process.pid):  # multiprocessing's tracker removes them
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_forked_child_does_not_touch_its_parents_workers(program: Start) -> None:
    then = (
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    del batches, loader\n"
        "    import gc; gc.collect()\n"
        "    os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "print(len(list(batches)))"
    )
    process = program(then)
    workers_of(process)
    out, error = process.communicate(timeout=40)
    assert (out.strip(), error) == ("249", "")
