"""The worker processes of a loader, seen from the loader: started, sent to, listened to, and ended.

Each worker has a pipe of its own, and there is no lock and no queue that a killed one could leave locked. The loader
waits for pipes and processes at once, so a worker's end is news like a batch is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import secrets
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.util import register_after_fork
from typing import Any

from ..forking import FORKING
from .blocks import Inbox
from .fetch import Recipe
from .worker import Answer, Begin, Fetch, WorkerState, run

__all__ = ["WorkerPool"]

#: Seconds that workers are given to end by themselves, and seconds after which a stopped one is killed.
GRACE, PATIENCE = 5.0, 2.0


@dataclass(slots=True)
class _Worker:
    process: Any
    connection: Connection
    inbox: Inbox
    free: list[int]
    tasks: set[int] = field(default_factory=set)


class WorkerPool:
    """Worker processes that make batches by one recipe.

    Parameters
    ----------
    recipe : how batches are made
    num_workers : how many processes
    prefetch : batches that a worker may be asked for at once
    init : called first in each, with its number
    context : start method, or a context of :mod:`multiprocessing`; None: Python's default
    """

    def __init__(
        self, recipe: Recipe, num_workers: int, prefetch: int, init: Callable[[int], None] | None, context: Any
    ) -> None:
        self._owner = os.getpid()
        self._workers: list[_Worker] = []
        self._next_task = 0
        self._closed = False
        self.epoch: object = None  #: of the epoch that uses it now
        context = multiprocessing.get_context(context) if context is None or isinstance(context, str) else context
        try:
            for number in range(num_workers):
                prefix = f"pg-{self._owner:x}-{secrets.token_hex(2)}"
                with FORKING:
                    resource_tracker.ensure_running()  # for all: a worker's own would remove its blocks when it ends
                    mine, theirs = context.Pipe()
                    register_after_fork(mine, Connection.close)  # so that no other worker holds it open
                    process = context.Process(
                        target=run,
                        args=(theirs, recipe, number, num_workers, init, prefix),
                        name=f"DataLoader worker {number}",
                        daemon=True,
                    )
                    try:
                        process.start()
                    except BaseException:
                        mine.close()
                        raise
                    finally:
                        theirs.close()
                self._workers.append(_Worker(process, mine, Inbox(prefix, prefetch), list(range(prefetch))))
        except BaseException:
            self.shut_down(grace=0)
            raise

        self._by_connection = {worker.connection: worker for worker in self._workers}

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return [worker.process.pid for worker in self._workers]

    @property
    def alive(self) -> bool:
        """Whether it can be used."""
        return not self._closed and all(worker.process.is_alive() for worker in self._workers)

    def begin(self, base_seed: int, states: Sequence[WorkerState], skips: Sequence[int]) -> None:
        """Begin an epoch, after what is left of the one before has been made."""
        while any(worker.tasks for worker in self._workers):
            self.receive(None)
        for number, worker in enumerate(self._workers):
            self._send(worker, Begin(base_seed, states[number], skips[number]))

    def submit(self, worker: int, index: Any) -> int:
        """Ask a worker, of whom fewer than ``prefetch`` are being asked, for a batch; the number of the task."""
        self._check_open()
        task, self._next_task = self._next_task, self._next_task + 1
        chosen = self._workers[worker]
        chosen.tasks.add(task)
        self._send(chosen, Fetch(task, chosen.free.pop(), index))
        return task

    def _send(self, worker: _Worker, message: Begin | Fetch) -> None:
        try:
            worker.connection.send(message)
        except OSError:
            self._raise_death(worker)

    def receive(self, timeout: float | None) -> list[tuple[int, Answer]]:
        """What has come; waits for something, for ``timeout`` seconds at most.

        Raises
        ------
        RuntimeError : a worker has ended
        """
        self._check_open()
        deadline = None if timeout is None else time.monotonic() + timeout
        connections = self._by_connection
        waited: list[Any] = [*connections, *(worker.process.sentinel for worker in self._workers)]
        while True:
            # A sentinel says nothing while a process that the worker has forked lives: so look, now and then.
            left = 5.0 if deadline is None else max(0.0, min(5.0, deadline - time.monotonic()))
            ready = wait(waited, left)
            answers = [answer for one in ready if one in connections for answer in self._read(connections[one])]
            if answers or (deadline is not None and time.monotonic() >= deadline):
                return answers
            for worker in self._workers:
                if not worker.process.is_alive() and not worker.connection.poll():
                    self._raise_death(worker)

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the workers of this DataLoader have ended; iterate over it again to start new ones")

    def _read(self, worker: _Worker) -> list[tuple[int, Answer]]:
        try:
            task, slot, packed = worker.connection.recv()
        except (EOFError, OSError):
            self._raise_death(worker)
        worker.tasks.discard(task)
        worker.free.append(slot)
        return [(task, worker.inbox.unpack(slot, packed))]

    def _raise_death(self, worker: _Worker) -> Any:
        process = worker.process
        process.join(PATIENCE)
        pid, code = process.pid, process.exitcode
        self.shut_down(grace=0)
        raise RuntimeError(f"DataLoader worker (pid {pid}) {_how_it_ended(code)}")

    def shut_down(self, grace: float = GRACE) -> None:
        """End the workers: by themselves within ``grace`` seconds, or by force. Nothing of them is left."""
        if self._closed or os.getpid() != self._owner:  # a forked process has copies of what is not its own
            return
        self._closed = True
        with FORKING:
            for worker in self._workers:
                worker.connection.close()
        processes = [worker.process for worker in self._workers]
        try:
            _join(processes, grace)
            for process in processes:
                process.terminate()
            _join(processes, PATIENCE)
        finally:  # also if a second Ctrl-C comes meanwhile
            for process in processes:
                process.kill()
            _join(processes, PATIENCE)
            for worker in self._workers:
                worker.inbox.remove()
                with contextlib.suppress(ValueError):  # not even a kill has ended it: it is in the kernel
                    worker.process.close()


def _join(processes: Sequence[Any], seconds: float) -> None:
    """Wait until all have ended, for so many seconds at most."""
    deadline = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "has closed its connection and does not end"
    if code >= 0:
        return f"exited unexpectedly with exit code {code}"
    try:
        number = signal.Signals(-code)
        name = f"{signal.strsignal(number)} ({number.name})"
    except ValueError:
        number, name = None, f"signal {-code}"
    hint = ""
    if number is getattr(signal, "SIGBUS", 0):
        hint = ". The shared memory (/dev/shm) may be full: use smaller batches, fewer workers, less prefetch_factor"
    elif number is getattr(signal, "SIGKILL", 0):
        hint = ". The system kills processes so when memory runs out"
    return f"is killed by signal: {name}{hint}"
