"""The loader: batches of a dataset's samples, made in this process or in others."""

from __future__ import annotations

import multiprocessing
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ...random import Generator
from .dataset import IterableDataset
from .epoch import Epoch, WorkersEpoch
from .fetch import Recipe
from .pool import WorkerPool
from .progress import Progress, generators_of, place, put
from .sampler import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader"]

#: What batches and their order are made of; a change would come too late.
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader:
    """Batches of a dataset.

    Parameters
    ----------
    dataset : Dataset, or any object with ``__getitem__`` and ``__len__``, or IterableDataset
    batch_size : samples to a batch; None: samples as they are
    shuffle : a random order, new in each epoch
    sampler, batch_sampler : which numbers to take in which order, instead of ``shuffle`` (and ``batch_size``)
    num_workers : processes that load ahead; 0: this one does, when a batch is asked for
    collate_fn : makes a batch of a list of samples; default: :func:`default_collate`. Without batches, it is given each
        sample; default: :func:`default_convert`
    pin_memory : give batches in pinned memory, which ``batch.to("cuda", non_blocking=True)`` copies while Python goes
        on; without an accelerator a warning, and no more. A batch of a class of one's own is given by its method
        ``pin_memory()``, if it has one
    drop_last : leave out a last batch that is not full
    timeout : seconds to wait for workers before giving up; 0: for ever, though not for one that has ended
    worker_init_fn : called first in each worker, with its number
    multiprocessing_context : how workers are started: "fork", "spawn", "forkserver", or a context of
        :mod:`multiprocessing`; None: Python's default
    generator : the random numbers of ``shuffle``, and the seed of the workers; default: drawn from the default
        generator at each epoch
    prefetch_factor : batches that each worker may have ready; default 2
    persistent_workers : keep the processes for the next epoch
    pin_memory_device : accepted for PyTorch's sake: the memory is pinned for this machine's accelerator
    in_order : False: give batches as they come from the workers

    Raises
    ------
    ValueError : options that exclude each other
    RuntimeError : while iterating: a worker was killed or has exited, or ``timeout`` has passed. An exception in a
        worker is raised here, with its class and its traceback in its text

    Notes
    -----
    Batches are the same, in the same order, for any number of workers, unless the dataset draws random numbers: each
    worker has generators of its own (``random``, NumPy's, pluggrad's), seeded anew in each epoch by a number that the
    loader draws, plus the number of the worker.

    >>> import pluggrad
    >>> for batch in DataLoader(range(5), batch_size=2):
    ...     print(batch)
    tensor([0, 1])
    tensor([2, 3])
    tensor([4])
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None, batch_sampler: Iterable[Any] | None = None, num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None, pin_memory: bool = False, drop_last: bool = False,
        timeout: float = 0, worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None, generator: Generator | None = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True,
    ) -> None:  # fmt: skip
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        _check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.num_workers, self.pin_memory, self.drop_last = dataset, num_workers, pin_memory, drop_last
        self.generator, self.timeout, self.worker_init_fn = generator, timeout, worker_init_fn
        self.pin_memory_device, self.in_order, self.persistent_workers = pin_memory_device, in_order, persistent_workers
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers else prefetch_factor
        self.multiprocessing_context = multiprocessing_context
        self.batch_size = None if batch_sampler is not None else batch_size
        self.sampler: Iterable[Any] | None = sampler
        if sampler is None and batch_sampler is None and not isinstance(dataset, IterableDataset):
            self.sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None and self.sampler is not None:
            batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn
        self._announced: int | None = None  # the length that was given for a stream
        self._progress: Progress | None = None  # of the latest epoch
        self._resumes = False  # whether the next epoch goes on from it
        self._pool: WorkerPool | None = None  # workers that persist
        self._fixed = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and self.__dict__.get("_fixed"):
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How workers are started."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None:
            if not self.num_workers:
                raise ValueError(
                    "multiprocessing_context can only be used with multi-process loading (num_workers > 0), "
                    f"but got num_workers={self.num_workers}"
                )
            methods = multiprocessing.get_all_start_methods()
            if isinstance(context, str) and context not in methods:
                raise ValueError(f"multiprocessing_context should be one of {methods}, but got {context!r}")
            if not isinstance(context, str | multiprocessing.context.BaseContext):
                raise TypeError(
                    "multiprocessing_context should be a valid context object or a string specifying the start method, "
                    f"but got {type(context).__name__}"
                )
        self._multiprocessing_context = context

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    @property
    def _stateful_sampler(self) -> Any:
        """The sampler that tells its state by ``state_dict()``, or None."""
        samplers = (self.batch_sampler, getattr(self.batch_sampler, "sampler", None), self.sampler)
        return next((sampler for sampler in samplers if hasattr(sampler, "state_dict")), None)

    @property
    def _recipe(self) -> Recipe:
        batched = self.batch_sampler is not None or (self.sampler is None and self.batch_size is not None)
        return Recipe(self.dataset, batched, self.batch_size, self.drop_last, self.collate_fn)

    @property
    def _prefetch(self) -> int:
        return self.prefetch_factor or 2

    def _workers(self) -> WorkerPool:
        """Worker processes for an epoch: those of the last one, if they persist."""
        if self._pool is not None and self._pool.alive:
            return self._pool
        if self._pool is not None:
            self._pool.shut_down(grace=0)
        pool = WorkerPool(
            self._recipe, self.num_workers, self._prefetch, self.worker_init_fn, self.multiprocessing_context
        )
        if self.persistent_workers:
            self._pool = pool
            weakref.finalize(self, pool.shut_down)
        return pool

    def __iter__(self) -> Iterator[Any]:
        progress = self._progress if self._resumes else None
        self._resumes = False
        epoch = (WorkersEpoch if self.num_workers else Epoch)(self, progress)
        self._progress = epoch.progress
        return epoch

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            n = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is not None:
                n = n // self.batch_size if self.drop_last else -(-n // self.batch_size)
            self._announced = n
            return n
        return len(self._index_sampler)

    # -- state -----------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """How far the loader has come: plain data, of some kilobytes, for :meth:`load_state_dict` and for files.

        Called between two batches it is about the batches that have been given; those that workers have ready are made
        again. With the random state of the process (:mod:`pluggrad.utils.random_state`), a program goes on as if it had
        not stopped.

        >>> loader = DataLoader(range(6), batch_size=2, shuffle=True)
        >>> batches = iter(loader)
        >>> first = next(batches)
        >>> state = loader.state_dict()
        >>> rest = [batch.tolist() for batch in batches]
        >>> again = DataLoader(range(6), batch_size=2, shuffle=True)
        >>> again.load_state_dict(state)
        >>> [batch.tolist() for batch in again] == rest
        True
        """
        progress = self._progress
        if progress is not None and not progress.finished and not self.num_workers:
            tell = getattr(self.dataset, "state_dict", None) if isinstance(self.dataset, IterableDataset) else None
            progress.workers[0].stream = None if tell is None else tell()
        sampler = self._stateful_sampler
        return {
            "epoch": None if progress is None or progress.finished else progress.to_dict(),
            "batch_size": self.batch_size,
            "generators": place(generators_of(self)),
            "sampler": None if sampler is None else sampler.state_dict(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Let the next iteration go on where another loader of the same dataset and options was.

        Raises
        ------
        ValueError : it was taken from a loader with other batches or generators; for a dataset that draws random
            numbers, and for a stream, also with another number of workers (when the iteration begins)
        """
        if state_dict["batch_size"] != self.batch_size:
            raise ValueError(
                f"the state was taken from a loader with batch_size={state_dict['batch_size']}, this one has "
                f"batch_size={self.batch_size}"
            )
        put(generators_of(self), state_dict["generators"])
        if state_dict["sampler"] is not None:
            self._stateful_sampler.load_state_dict(state_dict["sampler"])
        epoch = state_dict["epoch"]
        self._progress = None if epoch is None else Progress.from_dict(epoch)
        self._resumes = epoch is not None


def _check_workers(num_workers: int, timeout: float, prefetch: int | None, persistent: bool) -> None:
    """Refuse options of workers that do not go together."""
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing, "
            f"got num_workers={num_workers}"
        )
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, got timeout={timeout}")
    if num_workers == 0 and prefetch is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing: "
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None"
        )
    if prefetch is not None and prefetch < 1:
        raise ValueError(f"prefetch_factor option should be at least 1, got prefetch_factor={prefetch}")
    if persistent and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_order(
    dataset: Any, batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    """Refuse options of what batches are made of that exclude each other."""
    if isinstance(dataset, IterableDataset) and (shuffle or sampler is not None or batch_sampler is not None):
        raise ValueError(
            "DataLoader with IterableDataset: expected no shuffle, sampler or batch_sampler: it sets its own order"
        )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_size is None and batch_sampler is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
    if not isinstance(dataset, IterableDataset) or batch_size is None:
        return
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
        raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
