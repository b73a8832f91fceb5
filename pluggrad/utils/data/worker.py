"""A worker process: it is sent numbers of samples, and answers with batches."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from ... import threads
from ..random_state import get_random_state, seed_worker, set_random_state
from .blocks import Outbox
from .fetch import END, Fetcher, Recipe, StreamFetcher, fetcher_of

__all__ = ["Answer", "Begin", "Failure", "Fetch", "WorkerInfo", "WorkerState", "get_worker_info", "run"]

#: Seconds that a worker without a loader gives the dataset to come to an end.
GRACE = 10.0


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker process may want to know of itself.

    Attributes
    ----------
    id : its number, from 0
    num_workers : how many there are
    seed : what its random numbers were seeded with: ``base_seed + id``
    dataset : this process's copy of the dataset
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """What this worker process is, for a dataset or a ``worker_init_fn``; None in the main process.

    >>> get_worker_info() is None
    True
    """
    return _info


# -- what is sent --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkerState:
    """Where a worker was after a batch, so that another can go on from there.

    ``random`` : its generators, if they were drawn from; ``stream`` : its dataset's own ``state_dict()``, if it has one
    """

    random: dict[str, Any] | None = None
    stream: Any = None


@dataclass(frozen=True, slots=True)
class Begin:
    """To a worker: a new epoch begins, or one goes on ``skip`` batches (of a stream) after its beginning."""

    base_seed: int
    state: WorkerState
    skip: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """To a worker: make a batch, and put it into a slot."""

    task: int
    slot: int
    index: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception of a worker. The class is None if the loader's process cannot know it."""

    cls: type[BaseException] | None
    text: str

    @staticmethod
    def of(error: BaseException, worker: int) -> Failure:
        """The failure that an exception is, with its traceback."""
        cls: type[BaseException] | None = type(error)
        try:
            pickle.loads(pickle.dumps(cls))  # noqa: S301 (just made)
        except Exception:
            cls = None
        original = "".join(traceback.format_exception(error))
        name = type(error).__name__
        return Failure(cls, f"Caught {name} in DataLoader worker process {worker}.\nOriginal {original}")

    def error(self) -> BaseException:
        """An exception of the same class, if that can be made of a text, whose text has the traceback."""
        text = _Quoted(self.text) if self.cls is not None and issubclass(self.cls, KeyError) else self.text
        # A StopIteration would end the loop as if all were well.
        if self.cls is not None and not issubclass(self.cls, StopIteration):
            with contextlib.suppress(Exception):
                return self.cls(text)
        return RuntimeError(text)


class _Quoted(str):
    """A text that ``KeyError``, which shows its argument's repr, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """From a worker: a batch, END, or a Failure; and where the worker is now."""

    value: Any
    state: WorkerState


# -- the process ---------------------------------------------------------------------------------------


def run(
    connection: Connection, recipe: Recipe, worker: int, num_workers: int, init: Callable[[int], None] | None,
    prefix: str,
) -> None:  # fmt: skip
    """What a worker process does until the loader closes the connection, or is no more."""
    # Ctrl-C is sent to all processes of a terminal: the loader's decides what becomes of this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threads.use(1)  # there is a process for each core already
    inbox: queue.SimpleQueue[Begin | Fetch | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox), name="listen", daemon=True).start()
    outbox = Outbox(prefix)
    session = _Session(recipe, worker, num_workers, init)
    while (message := inbox.get()) is not None:
        if isinstance(message, Begin):
            session.begin(message)
            continue
        answer = session.fetch(message.index)
        try:
            packed = outbox.pack(message.slot, answer)
        except Exception as error:  # the batch cannot be pickled
            packed = outbox.pack(message.slot, Answer(Failure.of(error, worker), WorkerState()))
        try:
            connection.send((message.task, message.slot, packed))
        except OSError:  # nobody listens any more
            break
    outbox.close()


def _listen(connection: Connection, inbox: queue.SimpleQueue[Any]) -> None:
    """Take messages off the pipe as they come, so that the loader never waits to send one; end with the loader."""
    parent = os.getppid()
    with contextlib.suppress(EOFError, OSError):
        while True:
            # The pipe also ends when the loader's process does, unless another that it has forked holds it open.
            while not connection.poll(5):
                if os.getppid() != parent:
                    raise EOFError
            inbox.put(connection.recv())
    inbox.put(None)
    time.sleep(GRACE)
    os._exit(1)  # the dataset is stuck, and nobody will read what it makes


class _Session:
    """A worker's dataset through its epochs."""

    def __init__(self, recipe: Recipe, worker: int, num_workers: int, init: Callable[[int], None] | None) -> None:
        self._recipe, self._worker, self._num_workers, self._init = recipe, worker, num_workers, init
        self._fetcher: Fetcher | StreamFetcher | None = None
        self._failure: Failure | None = None
        self._seeded: dict[str, Any] = {}

    def begin(self, message: Begin) -> None:
        """Begin an epoch. An exception is kept, and given in answer to what is asked next."""
        global _info
        seed_worker(message.base_seed, self._worker)
        _info = WorkerInfo(self._worker, self._num_workers, message.base_seed + self._worker, self._recipe.dataset)
        self._failure, self._fetcher = None, None
        try:
            if self._init is not None:
                self._init(self._worker)
                self._init = None
            self._seeded = get_random_state()
            self._fetcher = fetcher_of(self._recipe, message.state.stream)
            if self._recipe.is_stream and message.state.stream is None:
                for _ in range(message.skip):
                    self._fetcher(None)
            if message.state.random is not None:
                set_random_state(message.state.random)
        except Exception as error:
            self._failure = Failure.of(error, self._worker)

    def fetch(self, index: Any) -> Answer:
        """The answer to a Fetch."""
        if self._failure is not None:
            return Answer(self._failure, WorkerState())
        assert self._fetcher is not None
        try:
            value = self._fetcher(index)
            state = END if value is END else self._fetcher.state_dict()
        except Exception as error:
            return Answer(Failure.of(error, self._worker), WorkerState())
        drawn = get_random_state()
        return Answer(value, WorkerState(None if drawn == self._seeded else drawn, None if value is END else state))
