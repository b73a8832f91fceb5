"""One pass of a loader over its dataset: an iterator of batches, made in this process or by workers."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from ... import random
from ..random_state import preserved
from .fetch import END, fetcher_of
from .pinning import pin_memory, pins
from .pool import WorkerPool
from .progress import Progress
from .worker import Answer, Failure, WorkerState

if TYPE_CHECKING:
    from .dataloader import DataLoader

__all__ = ["Epoch", "WorkersEpoch"]


class Epoch:
    """An iterator of batches, made in this process.

    Parameters
    ----------
    loader : DataLoader
    progress : how far another epoch had come, to go on from there; None: begin
    """

    def __init__(self, loader: DataLoader, progress: Progress | None = None) -> None:
        self._loader, self._recipe = loader, loader._recipe
        self._given = 0
        self._pins = pins(loader.pin_memory)
        if progress is None:
            self.progress = Progress.begin(loader)
            self._begin()
        else:
            self.progress = progress
            progress.fit(max(1, loader.num_workers), self._recipe.is_stream)
            with preserved():
                progress.go_back(loader)
                self._begin()

    def _begin(self) -> None:
        numbers: Iterator[Any] = count() if self._recipe.is_stream else iter(self._loader._index_sampler)
        # Drawn in any case, so that the numbers are the same with and without workers.
        self._base_seed = int(random.randint(0, 2**63 - 1, (), generator=self._loader.generator, device="cpu").item())
        self._indices = self._remaining(numbers)
        self._go()

    def _remaining(self, numbers: Iterator[Any]) -> Iterator[tuple[int, Any]]:
        """The batches that have not been given: their own numbers, and those of their samples."""
        passed, besides = self.progress.batches, set(self.progress.besides)
        for batch, index in enumerate(numbers):
            if batch >= passed and batch not in besides:
                yield batch, index

    def _go(self) -> None:
        progress, stream = self.progress, self._recipe.is_stream
        self._fetcher = fetcher_of(self._recipe, progress.workers[0].stream if stream else None)
        if stream and progress.workers[0].stream is None:
            for _ in range(progress.workers[0].batches):
                self._fetcher(None)
        self._upcoming = next(self._indices, None) if progress.batches else None

    def __iter__(self) -> Epoch:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        if self.progress.finished:
            raise StopIteration
        batch = self._next()
        if batch is END:
            self.progress.finished = True
            self._close()
            raise StopIteration
        self._given += 1
        if self._recipe.is_stream:
            self._check_length()
        return pin_memory(batch) if self._pins else batch

    def _next(self) -> Any:
        upcoming, self._upcoming = self._upcoming or next(self._indices, None), None
        if upcoming is None:
            return END
        batch = self._fetcher(upcoming[1])
        if batch is not END:
            self.progress.note(upcoming[0])
            self.progress.workers[0].batches += 1
        return batch

    def _close(self) -> None:
        """Called behind the last batch."""

    def _check_length(self) -> None:
        length = self._loader._announced
        if length is not None and self._given == length + 1:
            warnings.warn(
                f"the length of the loader of {self._recipe.dataset!r} was given as {length}, and there are more "
                f"batches: its __len__ is wrong or, with workers, each gives all samples and not its part of them "
                f"(see pluggrad.utils.data.get_worker_info)",
                UserWarning,
                stacklevel=3,
            )


class WorkersEpoch(Epoch):
    """An iterator of batches, made by worker processes.

    Batch number ``i`` is made by worker ``i % num_workers``, and given when its turn comes. So what each worker draws
    at random is the same in each run, whichever is faster.
    """

    def _go(self) -> None:
        loader, progress = self._loader, self.progress
        self._turn = progress.turn  # of a stream: the worker that is asked next
        self._upcoming: tuple[int, Any] | None = None
        self._tasks: dict[int, tuple[int, int]] = {}  # asked for and not given, in order: the worker, and the batch
        self._held = [0] * loader.num_workers  # how many of them each worker has
        self._answers: dict[int, Answer] = {}
        self._pool: WorkerPool = loader._workers()
        self._token = self._pool.epoch = object()
        if not loader.persistent_workers:
            weakref.finalize(self, self._pool.shut_down)
        states = [WorkerState(worker.random, worker.stream) for worker in progress.workers]
        self._pool.begin(self._base_seed, states, [worker.batches for worker in progress.workers])
        self._top_up()

    def _top_up(self) -> None:
        """Ask workers for batches, as many as each may have ready."""
        while True:
            if self._upcoming is None:
                self._upcoming = next(self._indices, None)
            if self._upcoming is None:
                return
            batch, index = self._upcoming
            worker = self._choose(batch)
            if worker is None or self._held[worker] >= self._loader._prefetch:
                return
            self._tasks[self._pool.submit(worker, index)] = worker, batch
            self._held[worker] += 1
            self._turn, self._upcoming = worker + 1, None

    def _choose(self, batch: int) -> int | None:
        """The worker that makes a batch; None: the streams of all have ended."""
        n = len(self._held)
        live = [worker for worker in range(n) if not self.progress.workers[worker].ended]
        if not live:
            return None
        if not self._loader.in_order:
            return min(live, key=self._held.__getitem__)
        if self._recipe.is_stream:
            return min(live, key=lambda worker: (worker - self._turn) % n)
        return batch % n

    def _next(self) -> Any:
        while True:
            if self._pool.epoch is not self._token:
                raise RuntimeError("a later iteration over this DataLoader, whose workers persist, has ended this one")
            self._top_up()
            if not self._tasks:
                return END
            task = next(iter(self._tasks)) if self._loader.in_order else next(iter(self._answers), None)
            if task not in self._answers:
                self._wait()
                continue
            assert task is not None
            value = self._take(task)
            if value is END:
                continue
            self._top_up()
            if isinstance(value, Failure):
                raise value.error()
            return value

    def _wait(self) -> None:
        timeout = self._loader.timeout
        answers = self._pool.receive(timeout or None)
        if not answers:
            self._pool.shut_down(grace=0)
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
        self._answers.update(answers)

    def _take(self, task: int) -> Any:
        """The answer to a task, noted as given."""
        answer = self._answers.pop(task)
        worker, batch = self._tasks.pop(task)
        self._held[worker] -= 1
        of_worker = self.progress.workers[worker]
        if answer.value is END:
            of_worker.ended = True
            return END
        self.progress.note(batch if not self._recipe.is_stream else self.progress.batches)
        self.progress.turn = (worker + 1) % len(self._held)
        of_worker.batches += 1
        if not isinstance(answer.value, Failure):
            of_worker.random, of_worker.stream = answer.state.random, answer.state.stream
        return answer.value

    def _close(self) -> None:
        if not self._loader.persistent_workers:
            self._pool.shut_down()
