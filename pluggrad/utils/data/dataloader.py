"""The loader: batches of a dataset's samples, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from ...random import Generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader"]


class DataLoader:
    """Batches of a dataset.

    Parameters
    ----------
    dataset : Dataset, or any object with ``__getitem__`` and ``__len__``, or IterableDataset
    batch_size : samples to a batch; None: samples as they are
    shuffle : a random order, new in each epoch
    sampler, batch_sampler : which numbers to take in which order, instead of ``shuffle`` (and ``batch_size``)
    num_workers : processes that load; 0, the only number so far: this one
    collate_fn : makes a batch of a list of samples; default: :func:`default_collate`. Without batches, it is given each
        sample; default: :func:`default_convert`
    pin_memory : accepted for PyTorch's sake; host memory of a backend is what it is
    drop_last : leave out a last batch that is not full
    timeout, worker_init_fn, multiprocessing_context, prefetch_factor, persistent_workers, in_order : of worker
        processes; without these they have no effect, or are refused where PyTorch refuses them
    generator : the random numbers of ``shuffle``; default: drawn from the default generator at each epoch
    pin_memory_device : accepted for PyTorch's sake

    Raises
    ------
    ValueError : options that exclude each other; worker processes, which are not there yet

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
        if num_workers != 0:
            raise ValueError(f"num_workers={num_workers}: worker processes are not supported yet; use num_workers=0")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if prefetch_factor is not None:
            raise ValueError("prefetch_factor option could only be specified in multiprocessing: with num_workers > 0")
        if persistent_workers:
            raise ValueError("persistent_workers option needs num_workers > 0")
        if multiprocessing_context is not None:
            raise ValueError("multiprocessing_context can only be used with multi-process loading (num_workers > 0)")
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
        if batch_size is None and batch_sampler is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if isinstance(dataset, IterableDataset) and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "DataLoader with IterableDataset: expected no shuffle, sampler or batch_sampler: it sets its own order"
            )
        self.dataset, self.num_workers, self.pin_memory, self.drop_last = dataset, num_workers, pin_memory, drop_last
        self.generator, self.timeout, self.worker_init_fn = generator, timeout, worker_init_fn
        self.batch_size = None if batch_sampler is not None else batch_size
        self.sampler: Iterable[Any] | None = sampler
        if sampler is None and batch_sampler is None and not isinstance(dataset, IterableDataset):
            self.sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None and self.sampler is not None:
            batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn

    def _collate(self, samples: list[Any]) -> Any:
        return (self.collate_fn or default_collate)(samples)

    def _convert(self, sample: Any) -> Any:
        return (self.collate_fn or default_convert)(sample)

    def _fetch(self, numbers: list[int]) -> Any:
        """The batch of the samples with these numbers."""
        dataset = self.dataset
        if type(dataset) is TensorDataset and self.collate_fn is None:
            # One indexing for the batch instead of one for each sample, with the same result.
            return list(dataset[numbers])
        if hasattr(dataset, "__getitems__"):
            return self._collate(dataset.__getitems__(numbers))
        return self._collate([dataset[i] for i in numbers])

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.dataset, IterableDataset):
            yield from self._iterate()
        elif self.batch_sampler is not None:
            for numbers in self.batch_sampler:
                yield self._fetch(list(numbers))
        else:
            assert self.sampler is not None
            for number in self.sampler:
                yield self._convert(self.dataset[number])

    def _iterate(self) -> Iterator[Any]:
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self._convert, samples)
            return
        while batch := list(islice(samples, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self._collate(batch)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            n = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return n
            return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
        return len(self.batch_sampler if self.batch_sampler is not None else self.sampler)  # type: ignore[arg-type]
