"""Datasets: what a loader draws its samples from."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

from ... import random
from ...errors import ExpectationError
from ...random import Generator
from ...tensor import Tensor

__all__ = [
    "ChainDataset", "ConcatDataset", "Dataset", "IterableDataset", "StackDataset", "Subset", "TensorDataset",
    "random_split",
]  # fmt: skip

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """Samples by number: subclass it with ``__getitem__`` and ``__len__``.

    ``__getitems__(numbers)``, if a subclass has it, gives a list of samples at once.
    """

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """Samples one after another: subclass it with ``__iter__``.

    Each worker process of a loader has a copy of its own, and gives what it iterates over: let ``__iter__`` choose its
    part by :func:`get_worker_info`. With ``state_dict`` and ``load_state_dict``, if a subclass has them, a loader goes
    on from a state at once; without them it passes over the samples again.
    """

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError("Subclasses of IterableDataset should implement __iter__.")

    def __add__(self, other: Dataset[Any]) -> ChainDataset[Any]:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is the tuple of ``tensor[i]`` of each tensor.

    Raises
    ------
    ValueError : tensors of different lengths

    >>> import pluggrad
    >>> TensorDataset(pluggrad.arange(3), pluggrad.arange(3) * 2)[1]
    (tensor(1), tensor(2))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors or any(len(t) != len(tensors[0]) for t in tensors):
            raise ExpectationError(
                f"Size mismatch between tensors: TensorDataset needs tensors of one length, "
                f"got {[tuple(t.shape) for t in tensors]}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def _take(self, numbers: list[int]) -> list[Tensor] | None:
        """The batch that default_collate would make of these samples, by one indexing; None: not of this dataset."""
        return list(self[numbers]) if type(self) is TensorDataset and type(numbers[0]) is int else None


class StackDataset(Dataset[Any]):
    """Several datasets side by side: sample i is a tuple of their samples i or, of named ones, a dict.

    Raises
    ------
    ValueError : no datasets, named ones besides others, or datasets of different lengths

    >>> StackDataset(x=[1, 2], y=["a", "b"])[1]
    {'x': 2, 'y': 'b'}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError("StackDataset takes datasets by position, for tuples, or by name, for dicts; not both")
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        lengths = [len(dataset) for dataset in args or kwargs.values()]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: StackDataset needs one length, got {lengths}")
        self.datasets = args or kwargs
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        """The samples with these numbers, which each dataset gives at once if it can."""
        parts = [_samples(dataset, indices) for dataset in _values(self.datasets)]
        if isinstance(self.datasets, dict):
            return [dict(zip(self.datasets, sample, strict=True)) for sample in zip(*parts, strict=True)]
        return list(zip(*parts, strict=True))

    def __len__(self) -> int:
        return self._length


def _values(datasets: tuple[Any, ...] | dict[str, Any]) -> list[Any]:
    return list(datasets.values() if isinstance(datasets, dict) else datasets)


def _samples(dataset: Any, indices: list[Any]) -> list[Any]:
    """The samples with these numbers."""
    if not callable(getattr(dataset, "__getitems__", None)):
        return [dataset[i] for i in indices]
    samples = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ValueError(
            f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(samples)} from __getitems__ of "
            f"{type(dataset).__name__}"
        )
    return list(samples)


class Subset(Dataset[T]):
    """The samples of a dataset at the given numbers."""

    def __init__(self, dataset: Dataset[T], indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> T:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T]:
        """The samples with these numbers, which the dataset gives at once if it can."""
        return _samples(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)

    def _take(self, numbers: list[int]) -> list[Tensor] | None:
        """As that of TensorDataset."""
        take = getattr(self.dataset, "_take", None)
        return take([self.indices[i] for i in numbers]) if type(self) is Subset and take is not None else None


class ConcatDataset(Dataset[T]):
    """Several datasets, one behind the other.

    Raises
    ------
    ValueError : no dataset
    TypeError : an IterableDataset, which has no numbers
    """

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ExpectationError("datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise ExpectationError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(accumulate(len(d) for d in self.datasets))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for a dataset of {len(self)} samples")
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


class ChainDataset(IterableDataset[T]):
    """Several streams, one behind the other.

    Raises
    ------
    ExpectationError : while iterating: a dataset that is no IterableDataset

    >>> class Stream(IterableDataset):
    ...     def __iter__(self):
    ...         return iter("ab")
    >>> list(Stream() + Stream())
    ['a', 'b', 'a', 'b']
    """

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[T]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise ExpectationError(f"ChainDataset only supports IterableDataset, got {type(dataset).__name__}")
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)  # type: ignore[misc, arg-type]


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Split a dataset at random into parts of the given lengths, or of the given shares if they sum to 1.

    Raises
    ------
    ValueError : lengths that do not sum to that of the dataset

    >>> import pluggrad
    >>> [len(part) for part in random_split(TensorDataset(pluggrad.arange(10)), [0.7, 0.3])]
    [7, 3]
    """
    total = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 and any(isinstance(n, float) for n in lengths):
        if any(not 0 <= share <= 1 for share in lengths):
            raise ValueError(f"random_split: each share must be between 0 and 1, got {list(lengths)}")
        whole = [math.floor(total * share) for share in lengths]
        for i in range(total - sum(whole)):
            whole[i % len(whole)] += 1
        lengths = whole
    if sum(lengths) != total:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset: {list(lengths)} for {total} samples"
        )
    order = random.randperm(total, generator=generator, device="cpu").tolist()
    ends = list(accumulate(int(n) for n in lengths))
    return [Subset(dataset, order[end - int(n) : end]) for end, n in zip(ends, lengths, strict=True)]
